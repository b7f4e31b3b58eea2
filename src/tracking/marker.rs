//! The marker `[tracking]`, the name of the logger that stands before the event in many logs. The marker tells lines of
//! the tracking log from lines of other programs and loggers in the output of a container.

use memchr::memmem;

const MARKER: &[u8] = b"[tracking]";

/// The markers of the loggers to which the reference writes the statements and Caliper events that it makes.
const OUTPUT_MARKERS: [&[u8]; 2] = [b"[xapi_tracking]", b"[caliper_tracking]"];

/// The beginnings of keys that every event has. A line with one of these keys may be a damaged event.
const KEYS: [&[u8]; 3] = [b"\"event_type", b"\"event_source", b"\"context"];

/// Returns whether a line tells that the events of its input have the marker: `true` if the line has an event with the
/// marker, `false` if the line has an event without the marker, `None` if the line does not look like an event. An
/// event wrapped by a log driver counts, too.
pub fn marks_events(line: &[u8]) -> Option<bool> {
    let marker = memmem::find(line, MARKER);
    if let Some(start) = marker {
        let later = &line[start + MARKER.len()..];
        // The prefix of the event has no quotes, unlike an event whose text happens to contain the marker.
        let found = memchr::memchr2(b'{', b'"', later);
        return found.is_some_and(|at| later[at] == b'{').then_some(true);
    }
    let text = object_in(line)?;
    (is_event(text) && !has_output_marker(line)).then_some(false)
}

/// Returns whether a line may be an event without the marker, or an object of another program.
pub fn may_be_event(line: &[u8]) -> bool {
    object_in(line).is_some_and(has_key)
}

/// Returns the text of a line from its first brace on, if the line ends with a brace.
fn object_in(line: &[u8]) -> Option<&[u8]> {
    let text = line.trim_ascii();
    let start = memchr::memchr(b'{', text).filter(|_| text.ends_with(b"}"))?;
    Some(&text[start..])
}

/// Returns whether an object has the keys of an event: those that the LMS gives to each event, or those without which
/// nothing is emitted. Objects of other programs and the reference's own output may have some of the keys.
fn is_event(object: &[u8]) -> bool {
    let has = |name: &str| has_whole_key(object, name.as_bytes());
    has("event_type") && has("event_source")
        || has("name") && has("context") && (has("event") || has("data"))
}

/// Returns whether a text has a key of this name. The quotes of a key are escaped if the object is within a text.
fn has_whole_key(text: &[u8], name: &[u8]) -> bool {
    memmem::find_iter(text, name).any(|at| {
        let after = text[at + name.len()..].iter();
        let mut after = after.skip_while(|byte| **byte == b'\\');
        text[..at].ends_with(b"\"")
            && after.next() == Some(&b'"')
            && after.find(|byte| !byte.is_ascii_whitespace()) == Some(&b':')
    })
}

/// Returns whether a line without an event comes from another logger or program, in an input whose events have the
/// marker. A line with NUL bytes is damage, such as text in UTF-16 that was appended to the log.
pub(super) fn is_of_other_logger(line: &str) -> bool {
    let line = line.as_bytes();
    let is_other = !has_marker(line) && (has_output_marker(line) || !has_key(line));
    is_other && memchr::memchr(0, line).is_none()
}

/// Returns whether a line has the marker.
pub fn has_marker(line: &[u8]) -> bool {
    memmem::find(line, MARKER).is_some()
}

fn has_output_marker(line: &[u8]) -> bool {
    OUTPUT_MARKERS
        .iter()
        .any(|marker| memmem::find(line, marker).is_some())
}

/// Returns whether a line has a key that every event has.
pub(super) fn has_key(line: &[u8]) -> bool {
    KEYS.iter().any(|key| memmem::find(line, key).is_some())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_event_tells_whether_events_have_the_marker() {
        for (line, expected) in [
            (
                r#"INFO 17 [tracking] [user 7] - {"event_type": "x"}"#,
                Some(true),
            ),
            (r#"INFO 17 [tracking] [user 7] - {"event_ty"#, Some(true)),
            (
                r#"{"log":"INFO [tracking] - {\"event_type\": \"x\"}\n"}"#,
                Some(true),
            ),
            (
                r#"{"name": "x", "event_source": "server", "event_type": "x"}"#,
                Some(false),
            ),
            (
                r#"{"log":"{\"event_source\" : 1, \"event_type\":1}\n"}"#,
                Some(false),
            ),
            (
                r#"Mar 5 lms: {"event_type":1,"event_source": "server"}"#,
                Some(false),
            ),
            (
                r#"{"name": "x", "context": {}, "event": "", "time": ""}"#,
                Some(false),
            ),
            (
                r#"{"log":"{\"data\":{},\"context\":{},\"name\":1}\n"}"#,
                Some(false),
            ),
            // Lines of other programs, and a statement.
            (r#"{"name": "x", "context": {}, "database": 1}"#, None),
            (r#"{"event_source": "server"}"#, None),
            (r#"{"level":"info","msg":"start","contextual":1}"#, None),
            (r#"{"event_types": 1, "event_source": 1}"#, None),
            (r#"{"msg": "event_type\", \"event_source: 1"}"#, None),
            (
                r#"{"id": "x", "actor": {}, "context": {"extensions": {}}}"#,
                None,
            ),
            (
                r#"{"title": "[tracking]", "event_type": 1, "event_source": 1}"#,
                None,
            ),
            (r#"e": 1}, "event_source": "server", "event_type": 1"#, None),
            (
                r#"INFO [xapi_tracking] - {"event_type": 1, "event_source": 1}"#,
                None,
            ),
            ("INFO [tracking] cut", None),
            ("GET /event", None),
            ("", None),
        ] {
            assert_eq!(marks_events(line.as_bytes()), expected, "{line}");
        }
    }

    #[test]
    fn a_line_with_the_marker_or_a_key_of_events_is_damage() {
        for (line, expected) in [
            ("GET /event?event_type=x&context=y", true),
            ("KeyError: 'context'", true),
            (r#"INFO [xapi_tracking] - {"context": {}}"#, true),
            ("INFO [tracking] cut", false),
            (
                r#"INFO [xapi_tracking] - {"id"2024 INFO [tracking] - {"context": {}}"#,
                false,
            ),
            (r#"e": 1}, "event_source": "server"}"#, false),
            (r#"{"log":"cut, \"context\": {"}"#, false),
            ("\0G\0E\0T", false),
            ("\0", false),
        ] {
            assert_eq!(is_of_other_logger(line), expected, "{line}");
        }
    }
}
