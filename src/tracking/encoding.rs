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

/// The lengths of full lines of a file in base64: those of `base64` and MIME, and of PEM.
const FULL: [usize; 2] = [76, 64];

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
    let is_full = FULL.contains(&text.len());
    if text.starts_with(GZIP) {
        return Some(match is_full {
            true => Flaw::FileInBase64,
            false => Flaw::GzipInBase64,
        });
    }
    let bytes = decoded(text);
    let is_json = JSON.iter().any(|begin| text.starts_with(begin))
        || bytes.as_ref().is_some_and(|bytes| has_key(bytes));
    let is_whole = bytes.is_some_and(|bytes| bytes.trim_ascii_end().ends_with(b"}"));
    is_json.then_some(match is_full && !is_whole {
        true => Flaw::FileInBase64,
        false => Flaw::JsonInBase64,
    })
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
            (&standard[..76], Some(Flaw::FileInBase64)),
            (
                &"H4sIAAAAAAAAA6tWykvMTVWyUlBKVKoF".repeat(2),
                Some(Flaw::FileInBase64),
            ),
            ("ewold", None),
            ("0123456789abcdef0123456789abcdef0123456789abcdef", None),
        ] {
            assert_eq!(encoding_of(line), expected, "{line}");
        }
    }
}
