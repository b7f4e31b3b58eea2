//! Traces of events in lines that are not read as events.

use bumpalo::Bump;
use memchr::memmem;

use super::marker::has_marker;
use crate::json::Value;

/// Keys that every event has.
const KEYS: [&str; 2] = ["event_type", "event_source"];

/// The endings of what stands before a key: a quote, also within a text in JSON, or one that is escaped by its number.
const QUOTES: [&[u8]; 5] = [b"\"", b"'", b"u0022", b"x22", b"&quot;"];

/// Returns whether a line that is not read as an event may hold one, as JSON within a text, or may have held one.
/// Statements and Caliper events, which have a context, too, do not count.
pub fn may_hold_event(line: &[u8]) -> bool {
    let has = |key| has_quoted(line, key);
    KEYS.into_iter().any(has)
        || has("context") && !has("verb") && !has("@context")
        || is_journal_entry_without_text(line)
}

/// Returns whether a line that is not read as an event was most likely one: it has the marker of the tracking logger, or
/// both keys that every event has. Tracebacks and messages of other programs may have one of the keys.
pub fn was_event(line: &[u8]) -> bool {
    has_marker(line) || KEYS.into_iter().all(|key| has_quoted(line, key))
}

/// Returns whether a line has a source and a context, at whatever key. All tracking events have a source and a context.
pub fn has_source_and_context(line: &[u8]) -> bool {
    ["event_source", "context"]
        .into_iter()
        .all(|key| has_quoted(line, key))
}

/// Returns whether a line of JSON may hold an event at one of its keys, as an object or as text: the line has the key
/// `event_source`, but not at its top.
pub fn has_nested_event(line: &[u8]) -> bool {
    const KEY: &[u8] = b"event_source";

    memmem::find_iter(line, KEY).any(|at| {
        let (before, after) = (&line[..at], &line[at + KEY.len()..]);
        match (before.strip_suffix(b"\""), after.strip_prefix(b"\"")) {
            (Some(before), Some(after)) if !before.ends_with(b"\\") => closing_brackets(after) > 1,
            _ => QUOTES.iter().any(|quote| before.ends_with(quote)),
        }
    })
}

/// Returns how many more brackets a piece of JSON closes than it opens. The piece begins outside of a text.
fn closing_brackets(json: &[u8]) -> i64 {
    let (mut closing, mut in_text, mut bytes) = (0, false, json.iter());
    while let Some(byte) = bytes.next() {
        match byte {
            b'"' => in_text = !in_text,
            b'\\' if in_text => {
                bytes.next();
            }
            b'{' | b'[' if !in_text => closing -= 1,
            b'}' | b']' if !in_text => closing += 1,
            _ => {}
        }
    }
    closing
}

/// Returns whether a line has a text or a key that begins like this.
fn has_quoted(line: &[u8], key: &str) -> bool {
    let mut found = memmem::find_iter(line, key);
    found.any(|at| QUOTES.iter().any(|quote| line[..at].ends_with(quote)))
}

/// Returns whether a line is an entry of journald whose message is null or an array of bytes. Such a message is long, or has
/// colours.
fn is_journal_entry_without_text(line: &[u8]) -> bool {
    const KEY: &[u8] = b"\"MESSAGE\"";

    memmem::find(line, KEY).is_some_and(|at| {
        let value = line[at + KEY.len()..].trim_ascii_start();
        let value = value.strip_prefix(b":").unwrap_or(value).trim_ascii_start();
        value.starts_with(b"[") || value.starts_with(b"null")
    })
}

/// Returns whether a line is JSON: one value after the other.
pub fn is_json_sequence(line: &[u8]) -> bool {
    let Ok(text) = std::str::from_utf8(line) else {
        return false;
    };
    let mut rest = text.trim();
    while !rest.is_empty() {
        let arena = Bump::new();
        let Ok((_, length)) = Value::parse_start(rest, &arena) else {
            return false;
        };
        rest = rest[length..].trim_start();
    }
    true
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_with_keys_of_events_are_told_from_other_lines() {
        for (line, expected) in [
            (r#"{"event_type": "x""#, true),
            (r#"{"log":"INFO {\"context\": {}}"}"#, true),
            (
                r#"{"log":"{\"message\":\"{\\\"event_source\\\": 1}\"}"}"#,
                true,
            ),
            (r#"1,"{""context"": {}}""#, true),
            (r#"{"log":"{\u0022event_type\u0022: 1}"}"#, true),
            ("{'event_source': 'server'", true),
            (r#"{"MESSAGE" : [ 27, 91 ]}"#, true),
            (r#"{"MESSAGE":null}"#, true),
            (r#"{"MESSAGE":"Running migrations"}"#, false),
            (r#"{"verb": {}, "context": {}}"#, false),
            (r#"{"verb": {}, "context": {}, "event_type": 1}"#, true),
            ("{&quot;event_type&quot;: 1", true),
            ("GET /event?event_type=x&context=y HTTP/1.1", false),
            ("starting gunicorn", false),
        ] {
            assert_eq!(may_hold_event(line.as_bytes()), expected, "{line}");
        }
    }

    #[test]
    fn a_key_of_events_below_the_top_of_a_line_is_found() {
        for (line, expected) in [
            (r#"{"event_source":"server","event":{"a":"}}"}}"#, false),
            (r#"{"event":{"a":1},"event_source":"server"}"#, false),
            (r#"{"event":{"id":"event_source"},"name":"a"}"#, true),
            (r#"{"event":{"event_source":"server"},"name":"a"}"#, true),
            (r#"{"data":"{\"event_source\": 1}","name":"a"}"#, true),
            (r#"{"data":[{"event_source":1}],"event_source":1}"#, true),
            (r#"{"event":"the event_source","name":"a"}"#, false),
        ] {
            assert_eq!(has_nested_event(line.as_bytes()), expected, "{line}");
        }
    }

    #[test]
    fn a_line_of_several_json_values_is_json() {
        for (line, expected) in [
            (r#"{"a":1}{"b":2}"#, true),
            (r#" {"a":1} {"b":[2]} "#, true),
            (r#"INFO {"a":1}"#, false),
            (r#"{"a":1}{"b":"#, false),
            (r#"{"a":1},"#, false),
        ] {
            assert_eq!(is_json_sequence(line.as_bytes()), expected, "{line}");
        }
    }
}
