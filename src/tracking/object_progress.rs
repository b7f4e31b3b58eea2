//! How far a text has come in a JSON object. The text may come in pieces.

/// How far a text has come in its first JSON object. The default is the start of a text.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ObjectProgress {
    /// The object has not begun.
    #[default]
    Before,
    /// The object has begun, and nothing shows that the text is not JSON.
    Within {
        /// The number of objects and arrays that have no end.
        depth: usize,
        is_in_string: bool,
        /// Whether the next character of the string follows a backslash.
        is_escaped: bool,
    },
    /// The object has ended, and only white space follows.
    Complete,
    /// The text is not JSON, or more text follows the object.
    Broken,
}

impl ObjectProgress {
    /// Returns the progress after more text.
    pub fn after(self, text: &[u8]) -> Self {
        let (mut rest, mut depth, mut is_in_string, mut is_escaped) = match self {
            Self::Before => match memchr::memchr(b'{', text) {
                None => return self,
                Some(start) => (&text[start + 1..], 1, false, false),
            },
            Self::Within {
                depth,
                is_in_string,
                is_escaped,
            } => (text, depth, is_in_string, is_escaped),
            Self::Complete if text.trim_ascii().is_empty() => return self,
            Self::Complete | Self::Broken => return Self::Broken,
        };
        while let [byte, later @ ..] = rest {
            rest = later;
            match byte {
                _ if is_escaped => is_escaped = false,
                b'"' => is_in_string = !is_in_string,
                b'\\' if is_in_string => is_escaped = true,
                _ if is_in_string => {
                    let end = memchr::memchr2(b'"', b'\\', rest).unwrap_or(rest.len());
                    rest = &rest[end..];
                }
                b'{' | b'[' => depth += 1,
                b'}' | b']' if depth == 1 => return Self::Complete.after(rest),
                b'}' | b']' => depth -= 1,
                byte if is_between_strings(*byte) => {}
                _ => return Self::Broken,
            }
        }
        Self::Within {
            depth,
            is_in_string,
            is_escaped,
        }
    }

    /// Returns whether the object has begun and may go on.
    pub fn is_within(self) -> bool {
        matches!(self, Self::Within { .. })
    }
}

/// Returns whether a byte may stand outside of strings, apart from brackets: in `true`, `false`, `null`, a number, and also
/// in `NaN` and `Infinity`, which Python writes.
fn is_between_strings(byte: u8) -> bool {
    matches!(
        byte,
        b' ' | b'\t'..=b'\r' | b',' | b':' | b'0'..=b'9' | b'+' | b'-' | b'.' | b'E' | b'I' | b'N'
    ) || b"truefalsny".contains(&byte)
        || byte == b'i'
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_progress_is_the_same_however_a_text_is_divided() {
        for (text, expected) in [
            (r#"INFO - {"a": "}\"{", "b": [1, {"c": null}]}"#, "Complete"),
            ("{\"a\": 1} \r", "Complete"),
            (r#"{"a": NaN, "b": -Infinity}"#, "Complete"),
            (r#"{"a": {}"#, "Within"),
            (r#"{"a\"#, "Within"),
            ("{", "Within"),
            ("GET /", "Before"),
            (r#"{"a": 1} x"#, "Broken"),
            (r#"{"a": "b" GET"#, "Broken"),
            (r#"{"a{"name": "b"}"#, "Broken"),
        ] {
            for cut in 0..=text.len() {
                let (first, last) = text.as_bytes().split_at(cut);
                let progress = ObjectProgress::default().after(first).after(last);
                let progress = format!("{progress:?}");
                assert!(progress.starts_with(expected), "{text} {cut}: {progress}");
            }
        }
    }
}
