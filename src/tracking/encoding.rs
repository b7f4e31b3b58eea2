//! Lines that are events in an encoding other than JSON, as queues, log services and web servers write them.

use base64::Engine;
use base64::alphabet::{STANDARD, URL_SAFE};
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use memchr::memmem;

use super::marker::has_key;
use crate::outcome::Flaw;

/// The beginning of a text in base64 of gzip data.
const GZIP: &str = "H4sI";

/// The beginnings of the texts in base64 of an opening brace before a quote, a blank or a newline.
const JSON: [&str; 3] = ["eyJ", "eyA", "ewo"];

/// The keys of an event in the encoding of URLs.
const URL_KEYS: [&[u8]; 2] = [b"%22event_type%22", b"%22event_source%22"];

/// Returns the encoding of a line: base64 or that of URLs. Returns `None` if the line is not encoded, or stands for
/// anything else than gzip data, JSON, or an event behind a prefix.
pub fn encoding_of(line: &str) -> Option<Flaw> {
    /// The length of the shortest text that is examined. A shorter text may be a word.
    const SHORTEST: usize = 32;

    let text = line.trim();
    let is_digit = |byte: u8| byte.is_ascii_alphanumeric() || b"+/=-_".contains(&byte);
    if text.len() < SHORTEST {
        return None;
    }
    if !text.bytes().all(is_digit) {
        let has = |key: &&[u8]| memmem::find(text.as_bytes(), key).is_some();
        let is_url = !text.contains(' ') && URL_KEYS.iter().any(has);
        return is_url.then_some(Flaw::UrlEncoded);
    }
    if text.starts_with(GZIP) {
        return Some(Flaw::GzipInBase64);
    }
    let is_json = JSON.iter().any(|begin| text.starts_with(begin))
        || decoded(text).is_some_and(|bytes| has_key(&bytes));
    is_json.then_some(Flaw::JsonInBase64)
}

/// Returns the bytes that a text in base64 stands for, with or without the `=` at its end.
pub(super) fn decoded(text: &str) -> Option<Vec<u8>> {
    let config = GeneralPurposeConfig::new();
    let config = config.with_decode_padding_mode(DecodePaddingMode::Indifferent);
    let decode = |alphabet| GeneralPurpose::new(alphabet, config).decode(text).ok();
    decode(&STANDARD).or_else(|| decode(&URL_SAFE))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn encoded_events_are_told_from_other_texts() {
        let event = r#"INFO [tracking] - {"event_type": "a", "context": {"x": "?????~~~~~"}}"#;
        let [standard, url_safe] = [&STANDARD, &URL_SAFE].map(|alphabet| {
            GeneralPurpose::new(alphabet, GeneralPurposeConfig::new()).encode(event)
        });
        assert_ne!(standard, url_safe);
        for (line, expected) in [
            (
                "H4sIAAAAAAAAA6tWykvMTVWyUlBKVKoFAJ6W8CQOAAAA",
                Some(Flaw::GzipInBase64),
            ),
            (
                "eyJuYW1lIjogImEiLCAiZXZlbnQiOiB7fX0=\r",
                Some(Flaw::JsonInBase64),
            ),
            (&standard, Some(Flaw::JsonInBase64)),
            (url_safe.trim_end_matches('='), Some(Flaw::JsonInBase64)),
            (
                "%7B%22name%22%3A%22a%22%2C%22event_type%22%3A%22a%22%7D",
                Some(Flaw::UrlEncoded),
            ),
            ("GET /?q=%7B%22event_type%22%3A%22a%22%7D HTTP/1.1", None),
            ("ewold", None),
            ("0123456789abcdef0123456789abcdef0123456789abcdef", None),
        ] {
            assert_eq!(encoding_of(line), expected, "{line}");
        }
    }
}
