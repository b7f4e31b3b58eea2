//! Keys that `object_store` cannot represent. Its paths have no empty segments, and neither begin nor end with a slash. Such
//! keys are common, since programs join a prefix and a name with one slash too many. They are escaped in a form that its
//! paths keep, and the connector restores them in each request.

use object_store::path::Path;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};

/// The first character of escaped keys. It is for private use, and unlikely in a key.
const MARK: char = '\u{e000}';

/// The start of an escaped key in the path of a URL.
const MARK_IN_URL: &str = "/%EE%80%80";

/// The first character of the paths of keys that a request must not replace.
const NEW_MARK: char = '\u{e001}';

/// The start of such a path in a URL.
const NEW_MARK_IN_URL: &str = "/%EE%80%81";

/// The characters of a key that are encoded in the path of a URL, as signatures require.
const IN_URL: AsciiSet = NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'.')
    .remove(b'_')
    .remove(b'~')
    .remove(b'/');

/// Returns the path of a key, or why the key cannot be read.
pub fn path_of(key: &str) -> Result<Path, &'static str> {
    if key.split('/').any(|segment| [".", ".."].contains(&segment)) {
        return Err(
            "its key has a segment `.` or `..`, which HTTP clients remove; copy the object to another key",
        );
    }
    if key.chars().any(|letter| letter.is_ascii_control()) {
        return Err("its key has a control character; copy the object to another key");
    }
    let escaped = || format!("{MARK}{}", utf8_percent_encode(key, NON_ALPHANUMERIC));
    let path = Path::parse(key).ok();
    let path = path.filter(|path| path.as_ref() == key && !key.starts_with(MARK));
    Ok(path.unwrap_or_else(|| Path::parse(escaped()).unwrap_or_default()))
}

/// Returns the path of a key for a request that must not replace an object. The connector adds the condition.
pub fn path_to_create(key: &str) -> Path {
    let escaped = format!("{NEW_MARK}{}", utf8_percent_encode(key, NON_ALPHANUMERIC));
    Path::parse(escaped).unwrap_or_default()
}

/// Returns whether the path in a URL is one that [`path_to_create`] returns.
pub fn is_to_create(url: &str) -> bool {
    url.contains(NEW_MARK_IN_URL)
}

/// Returns the form of a key in lists that `object_store` parses: the key, or an escaped key.
pub fn in_list(key: &str) -> String {
    let path = Path::parse(key).ok();
    let path = path.filter(|path| path.as_ref() == key && !key.starts_with(MARK));
    match path {
        Some(_) => key.to_owned(),
        None => format!("{MARK}{}", utf8_percent_encode(key, NON_ALPHANUMERIC)),
    }
}

/// Returns the key of a path.
pub fn key_of(path: &Path) -> String {
    let text = path.as_ref();
    match text.strip_prefix(MARK) {
        Some(escaped) => decode(escaped),
        None => text.to_owned(),
    }
}

/// Returns the URL with the key, if the key in its path is escaped.
pub fn restore_in_url(url: &str) -> Option<String> {
    let marked = url.split_once(MARK_IN_URL);
    let (start, escaped) = marked.or_else(|| url.split_once(NEW_MARK_IN_URL))?;
    let (escaped, query) = match escaped.split_once('?') {
        Some((escaped, query)) => (escaped, Some(query)),
        None => (escaped, None),
    };
    let key = decode(&decode(escaped));
    let key = utf8_percent_encode(&key, &IN_URL);
    Some(match query {
        Some(query) => format!("{start}/{key}?{query}"),
        None => format!("{start}/{key}"),
    })
}

fn decode(text: &str) -> String {
    percent_decode_str(text).decode_utf8_lossy().into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_key_without_dot_segments_survives_the_path() {
        for key in [
            "a",
            "a b+%20%",
            "ü/ß",
            "a//b",
            "/a",
            "a/",
            "//",
            "a/b/",
            "\u{e000}x",
            "...",
            ".a",
        ] {
            let path = path_of(key).unwrap();
            assert_eq!(key_of(&path), key);
            assert_eq!(Path::parse(in_list(key)).unwrap(), path);
        }
        for key in ["a/./b", "..", "a/../b", "a\u{1}"] {
            assert!(path_of(key).is_err());
            assert_eq!(key_of(&Path::parse(in_list(key)).unwrap()), key);
        }
    }

    #[test]
    fn escaped_keys_are_restored_in_urls() {
        let path = path_of("a//b c+ü.log").unwrap();
        let encoded = utf8_percent_encode(path.as_ref(), &IN_URL);
        let url = format!("http://host/bucket/{encoded}?x=%2F");
        let new = utf8_percent_encode(path_to_create("a//b c+ü.log").as_ref(), &IN_URL).to_string();
        let new = format!("http://host/bucket/{new}?x=%2F");
        assert!(is_to_create(&new) && !is_to_create(&url));
        assert_eq!(restore_in_url(&new), restore_in_url(&url));
        let restored = "http://host/bucket/a//b%20c%2B%C3%BC.log?x=%2F";
        assert_eq!(restore_in_url(&url).unwrap(), restored);
        assert_eq!(restore_in_url("http://host/bucket/a/b?x"), None);
    }
}
