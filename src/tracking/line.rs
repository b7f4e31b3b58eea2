//! Parsing a log line.

use bumpalo::Bump;

use super::event::TrackingEvent;
use super::framing::framing_fault;
use super::json_cause::{fault, no_object};
use super::python;
use crate::json::{JsonObject, Value};
use crate::outcome::{Fault, Reason};

/// Parses a line without its newline. Returns `None` if the line is blank: white space only, apart from a byte-order
/// mark.
///
/// # Errors
/// Returns [`Reason::NotUtf8`] if the line is not UTF-8, [`Reason::NotJson`] if no JSON object is at its end, and
/// [`Reason::NoEvent`] if the object has neither `event` nor `data`.
pub fn parse_line<'a>(line: &'a [u8], arena: &'a Bump) -> Result<Option<TrackingEvent<'a>>, Fault> {
    let root = object_of(text_of(line)?, arena)?;
    root.map(|root| TrackingEvent::new(root, arena)).transpose()
}

pub(super) fn text_of(line: &[u8]) -> Result<&str, Fault> {
    simdutf8::compat::from_utf8(line).map_err(|error| {
        let detail = format!("byte {} of the line is not UTF-8", error.valid_up_to() + 1);
        Fault::new(Reason::NotUtf8, detail)
    })
}

/// Parses the JSON object at the end of a line. Returns `None` if the line is blank.
pub(super) fn object_of<'a>(
    line: &'a str,
    arena: &'a Bump,
) -> Result<Option<JsonObject<'a>>, Fault> {
    let Some(text) = json_part(line) else {
        if is_blank(line) {
            return Ok(None);
        }
        let no_object = || Fault::new(Reason::NotJson, no_object(line));
        return Err(framing_fault(line).unwrap_or_else(no_object));
    };
    let value = Value::parse(text, arena).map_err(|error| {
        let prefix = text.as_ptr() as usize - line.as_ptr() as usize;
        framing_fault(line).unwrap_or_else(|| fault(text, prefix, &error))
    })?;
    let not_an_object = || Fault::new(Reason::NotJson, "the line is not a JSON object");
    value.as_object().map(Some).ok_or_else(not_an_object)
}

/// Returns the text from the first `{` to the last `}` if only white space follows.
pub(super) fn json_part(line: &str) -> Option<&str> {
    let start = memchr::memchr(b'{', line.as_bytes())?;
    let end = memchr::memrchr(b'}', line.as_bytes())? + 1;
    (start < end && line[end..].chars().all(python::is_space)).then(|| &line[start..end])
}

fn is_blank(line: &str) -> bool {
    line.trim_start_matches('\u{feff}')
        .chars()
        .all(python::is_space)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reason(line: &str) -> Option<&'static str> {
        parse_line(line.as_bytes(), &Bump::new())
            .err()
            .map(|fault| fault.reason.code())
    }

    #[test]
    fn a_prefix_before_and_white_space_after_the_object_are_ignored() {
        for line in [
            "{\"event\":1}",
            "2023-05-23 INFO [tracking] logger.py:41 - {\"event\":1}\r",
            "\u{feff}{\"event\":1}\u{a0}\u{1c}",
        ] {
            assert_eq!(reason(line), None, "{line}");
        }
        for line in [
            "{\"event\":1} x",
            "a { b {\"event\":1}",
            "} {",
            "text",
            "[1]",
            "{\"event\":1}]",
        ] {
            assert_eq!(reason(line), Some("not-json"), "{line}");
        }
    }

    #[test]
    fn a_blank_line_has_no_event() {
        for line in ["", " \t\r", "\u{feff}", "\u{feff} ", "\u{1f}\u{2003}"] {
            assert!(
                matches!(parse_line(line.as_bytes(), &Bump::new()), Ok(None)),
                "{line:?}"
            );
        }
    }

    #[test]
    fn a_line_without_event_and_data_has_the_reason_no_event() {
        assert_eq!(reason("{\"name\":\"a\"}"), Some("no-event"));
        assert_eq!(reason("{\"data\":null}"), None);
        assert!(
            matches!(parse_line(b"\xff{}", &Bump::new()), Err(fault) if fault.reason == Reason::NotUtf8)
        );
    }
}
