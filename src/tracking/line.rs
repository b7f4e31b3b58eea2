//! Parsing a log line.

use bumpalo::Bump;

use super::event::TrackingEvent;
use super::framing::framing_fault;
use super::json_cause::{fault, no_object};
use super::python;
use crate::json::{JsonError, JsonObject, Value};
use crate::outcome::{Fault, Flaw, Reason};

/// Parses a line without its newline. Returns `None` if the line is blank: white space only, apart from a byte-order
/// mark.
///
/// # Errors
/// Returns [`Reason::NotUtf8`] if the line is not UTF-8, [`Reason::NotJson`] if no JSON object is at its end, and
/// [`Reason::NoEvent`] if the object has neither `event` nor `data`.
pub fn parse_line<'a>(line: &'a [u8], arena: &'a Bump) -> Result<Option<TrackingEvent<'a>>, Fault> {
    let text = text_of(line)?;
    let root = object_of(text, arena).map_err(|error| error.fault(text))?;
    root.map(|root| TrackingEvent::of_object(root, arena))
        .transpose()
}

pub(super) fn text_of(line: &[u8]) -> Result<&str, Fault> {
    simdutf8::compat::from_utf8(line).map_err(|error| {
        let detail = format!("byte {} of the line is not UTF-8", error.valid_up_to() + 1);
        Fault {
            flaw: Some(Flaw::NotUtf8),
            ..Fault::new(Reason::NotUtf8, detail)
        }
    })
}

/// The error that a line does not end with a JSON object. Finding its cause takes longer than parsing the line, so the
/// cause is found only where it is shown.
#[derive(Clone, Copy, Debug)]
pub(super) enum NoObject<'a> {
    /// The line has no text from a `{` to a `}` at its end.
    NoBraces,
    /// The text from the first `{` does not parse.
    Json(&'a str, JsonError),
    /// The text from the first `{` is not an object.
    OtherValue,
}

impl NoObject<'_> {
    /// Returns the fault of the line.
    #[cold]
    pub fn fault(self, line: &str) -> Fault {
        let of_framing = match self {
            Self::NoBraces | Self::Json(..) => framing_fault(line),
            Self::OtherValue => None,
        };
        of_framing.unwrap_or_else(|| match self {
            Self::NoBraces => no_object(line),
            Self::Json(text, error) => {
                let prefix = text.as_ptr() as usize - line.as_ptr() as usize;
                fault(text, prefix, &error)
            }
            Self::OtherValue => Fault::new(Reason::NotJson, "the line is not a JSON object"),
        })
    }
}

/// Parses the JSON object at the end of a line. Returns `None` if the line is blank.
pub(super) fn object_of<'a>(
    line: &'a str,
    arena: &'a Bump,
) -> Result<Option<JsonObject<'a>>, NoObject<'a>> {
    let Some(text) = json_part(line) else {
        return if is_blank(line) {
            Ok(None)
        } else {
            Err(NoObject::NoBraces)
        };
    };
    let value = Value::parse(text, arena).map_err(|error| NoObject::Json(text, error))?;
    value.as_object().map(Some).ok_or(NoObject::OtherValue)
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
