//! Lines that are gzip data or JSON in base64, as queues and log services write them.

/// The data that a text in base64 stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Base64 {
    Gzip,
    Json,
}

impl Base64 {
    /// Returns the data that a text stands for. Returns `None` if the text is not in base64, or stands for anything else.
    pub fn of(text: &str) -> Option<Self> {
        let is_digit = |byte: u8| byte.is_ascii_alphanumeric() || b"+/=".contains(&byte);
        if !text.trim_end().bytes().all(is_digit) {
            return None;
        }
        // The first bytes of gzip data; and an opening brace before a quote, a blank or a newline.
        let begins = |beginnings: &[&str]| beginnings.iter().any(|begin| text.starts_with(begin));
        if begins(&["H4sI"]) {
            Some(Self::Gzip)
        } else {
            begins(&["eyJ", "eyA", "ewo"]).then_some(Self::Json)
        }
    }
}
