//! Kinds of lines that cannot be read as events, for messages about inputs without an event.

use bumpalo::Bump;

use super::event::is_event_like;
use super::line::object_of;
use crate::json::{JsonObject, Value};

/// The kind of a line, guessed from its text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum LineKind {
    /// A tracking event.
    Event,
    /// A JSON object that has an event at a dotted key, which can be given to `--unwrap`.
    WrappedAt(String),
    /// A JSON object that has events where `--unwrap` cannot reach them, but this filter of jq can.
    FoundByJq(String),
    /// An xAPI statement or a Caliper envelope.
    Record,
    /// Any other JSON object.
    OtherObject,
    /// A piece of a JSON text that is laid out over several lines.
    PieceOfJson,
    /// A line of a web server's log of requests.
    Request,
    /// HTML or XML.
    Markup,
    /// NUL bytes only.
    Nuls,
    /// Text that is not UTF-8.
    NotUtf8,
    /// Bytes that are no text in any encoding.
    Binary,
    /// A line over the limit on the length of lines.
    TooLong,
    /// Any other text.
    OtherText,
}

impl LineKind {
    /// Returns the kind of a line that is not blank.
    pub fn of(line: &[u8]) -> Self {
        if line.iter().all(|&byte| byte == 0) {
            return Self::Nuls;
        }
        match std::str::from_utf8(line) {
            Ok(text) => match object_of(text, &Bump::new()) {
                Ok(Some(object)) => Self::of_object(object),
                _ => Self::of_text(text.trim()),
            },
            Err(_) if line.contains(&0) => Self::Binary,
            Err(_) => Self::NotUtf8,
        }
    }

    fn of_object(object: JsonObject<'_>) -> Self {
        let root = Value::Object(object);
        if is_event_like(root) {
            return Self::Event;
        }
        let mut path = Vec::new();
        if find_event(root, &mut path) {
            return kind_at(&path);
        }
        let has = |keys: [&str; 2]| keys.iter().all(|key| object.get(key).is_some());
        if has(["actor", "verb"]) || has(["sensor", "dataVersion"]) || has(["@context", "actor"]) {
            return Self::Record;
        }
        Self::OtherObject
    }

    fn of_text(text: &str) -> Self {
        let is_request = text.contains(" HTTP/1") || text.contains(" HTTP/2");
        match text.as_bytes() {
            [b'<', ..] => Self::Markup,
            _ if is_request => Self::Request,
            [b'{' | b'[' | b'}' | b']'] | [b'}' | b']', b','] => Self::PieceOfJson,
            [
                b'"',
                ..,
                b',' | b'{' | b'[' | b'"' | b'0'..=b'9' | b'e' | b'l',
            ] => Self::PieceOfJson,
            _ => Self::OtherText,
        }
    }
}

/// A step from a JSON value to a value in it.
#[derive(Clone, Copy)]
enum Step<'a> {
    Key(&'a str),
    /// The items of an array.
    Items,
}

/// Returns whether an event is found in a value, as an object or as text. Appends the steps to it.
fn find_event<'a>(value: Value<'a>, path: &mut Vec<Step<'a>>) -> bool {
    /// The number of steps that are tried.
    const DEEPEST: usize = 5;
    /// The number of items of an array that are examined.
    const ITEMS: usize = 3;

    if is_event_like(value) {
        return true;
    }
    let mut tried = |step, inner| {
        path.push(step);
        let is_found = path.len() <= DEEPEST && find_event(inner, path);
        if !is_found {
            path.pop();
        }
        is_found
    };
    match value {
        Value::Str(text) if text.contains('{') => {
            let arena = Bump::new();
            let object = object_of(text, &arena).ok().flatten();
            object.is_some_and(|object| is_event_like(Value::Object(object)))
        }
        Value::Array(items) => items
            .iter()
            .take(ITEMS)
            .any(|item| tried(Step::Items, *item)),
        Value::Object(object) => {
            let mut members = object.members().iter();
            members.any(|(key, inner)| tried(Step::Key(key), *inner))
        }
        _ => false,
    }
}

/// Returns the kind of an object that has an event at the end of these steps.
fn kind_at(path: &[Step<'_>]) -> LineKind {
    let keys = path.iter().map(|step| match step {
        Step::Key(key) if !key.is_empty() && !key.contains('.') => Some(*key),
        _ => None,
    });
    if let Some(keys) = keys.collect::<Option<Vec<_>>>() {
        return LineKind::WrappedAt(keys.join("."));
    }
    let mut filter = String::new();
    for step in path {
        match step {
            Step::Items if filter.is_empty() => filter.push_str(".[]"),
            Step::Items => filter.push_str("[]"),
            Step::Key(key) => {
                let is_word = !key.starts_with(|c: char| c.is_ascii_digit())
                    && key.chars().all(|c| c.is_ascii_alphanumeric() || c == '_');
                filter.push('.');
                match is_word && !key.is_empty() {
                    true => filter.push_str(key),
                    false => filter.push_str(&format!("{key:?}")),
                }
            }
        }
    }
    LineKind::FoundByJq(filter)
}

#[cfg(test)]
mod tests {
    use super::*;

    const EVENT: &str = r#"{"name":"a","event":{},"event_source":"server"}"#;

    fn wrapped(before: &str, after: &str) -> String {
        let text = serde_json::to_string(&format!("INFO - {EVENT}\n")).unwrap();
        format!("{before}{text}{after}")
    }

    #[test]
    fn the_place_of_a_wrapped_event_is_found() {
        let at = |key: &str| LineKind::WrappedAt(key.to_owned());
        let by_jq = |filter: &str| LineKind::FoundByJq(filter.to_owned());
        for (line, kind) in [
            (EVENT.to_owned(), LineKind::Event),
            (wrapped(r#"{"log":"#, r#","stream":"stdout"}"#), at("log")),
            (wrapped(r#"{"level":"info","event":"#, "}"), at("event")),
            (
                wrapped(r#"{"a":[],"message":{"log":"#, "}}"),
                at("message.log"),
            ),
            (
                format!(r#"{{"message":{{"log":{EVENT}}}}}"#),
                at("message.log"),
            ),
            (
                wrapped(r#"{"event.original":"#, "}"),
                by_jq(".\"event.original\""),
            ),
            (
                wrapped(r#"{"x":1,"logEvents":[{"message":"#, "}]}"),
                by_jq(".logEvents[].message"),
            ),
            (format!(r#"{{"Records":[{EVENT}]}}"#), by_jq(".Records[]")),
            (
                r#"{"log":"starting gunicorn"}"#.to_owned(),
                LineKind::OtherObject,
            ),
            (
                r#"{"event":{"id":1},"data":{}}"#.to_owned(),
                LineKind::OtherObject,
            ),
        ] {
            assert_eq!(LineKind::of(line.as_bytes()), kind, "{line}");
        }
    }

    #[test]
    fn lines_of_other_kinds_are_told_apart() {
        for (line, kind) in [
            (
                &br#"192.0.2.1 - - [05/Mar/2024:09:14:07 +0000] "GET / HTTP/1.1" 200 7"#[..],
                LineKind::Request,
            ),
            (
                b"<html><head><title>403 Forbidden</title>",
                LineKind::Markup,
            ),
            (b"  \"name\": \"play_video\",", LineKind::PieceOfJson),
            (b"{", LineKind::PieceOfJson),
            (b"  },\r", LineKind::PieceOfJson),
            (b"\0", LineKind::Nuls),
            (b"\xfcber", LineKind::NotUtf8),
            (b"\xfc\0\x01", LineKind::Binary),
            (b"id,username", LineKind::OtherText),
            (br#"{"actor":{},"verb":{},"object":{}}"#, LineKind::Record),
        ] {
            assert_eq!(
                LineKind::of(line),
                kind,
                "{}",
                String::from_utf8_lossy(line)
            );
        }
    }
}
