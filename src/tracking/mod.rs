//! One log line → [`TrackingEvent`].
//!
//! A line is a JSON object behind an optional logger prefix. What the reference's parser
//! (`management/commands/helpers/event_log_parser.py`) makes of it is kept: `event`, which browsers send as a string of
//! JSON, is decoded into `data`, and `timestamp` falls back to `time`.

mod event;
pub(crate) mod field;
mod json;
mod lenient;
pub mod number;
pub mod python;
mod scan;
mod skim;
pub(crate) mod sorted_json;
mod strict;
pub(crate) mod usage_key;
mod wrapping;

use std::fmt::{self, Write};

use bumpalo::Bump;

pub use event::TrackingEvent;
pub use json::{Object, Value};
pub use wrapping::Wrapping;

use crate::outcome::{Fault, Reason};

/// Parses one line, given without its newline.
///
/// A line of white space only, with or without a byte-order mark, is nothing: `Ok(None)`.
///
/// # Errors
/// [`Reason::NotUtf8`], [`Reason::NotJson`] or [`Reason::NoEvent`].
pub fn parse_line<'a>(line: &'a [u8], arena: &'a Bump) -> Result<Option<TrackingEvent<'a>>, Fault> {
    let root = object_of(text_of(line)?, arena)?;
    root.map(|root| event_of(root, arena)).transpose()
}

fn text_of(line: &[u8]) -> Result<&str, Fault> {
    simdutf8::compat::from_utf8(line).map_err(|error| {
        let detail = format!("byte {} of the line is not UTF-8", error.valid_up_to() + 1);
        Fault::new(Reason::NotUtf8, detail)
    })
}

/// The JSON object at the end of a line, if the line is not blank.
fn object_of<'a>(line: &'a str, arena: &'a Bump) -> Result<Option<Object<'a>>, Fault> {
    let Some(text) = json_part(line) else {
        if is_blank(line) {
            return Ok(None);
        }
        return Err(Fault::new(
            Reason::NotJson,
            "no JSON object at the end of the line",
        ));
    };
    let value = Value::parse(text, arena).map_err(|error| {
        let prefix = text.as_ptr() as usize - line.as_ptr() as usize;
        let detail = format!(
            "{} at byte {} of the line",
            error.problem,
            prefix + error.at + 1
        );
        Fault::new(Reason::NotJson, detail)
    })?;
    let not_an_object = || Fault::new(Reason::NotJson, "the line is not a JSON object");
    value.as_object().map(Some).ok_or_else(not_an_object)
}

fn event_of<'a>(root: Object<'a>, arena: &'a Bump) -> Result<TrackingEvent<'a>, Fault> {
    TrackingEvent::new(root, arena)
        .ok_or_else(|| Fault::new(Reason::NoEvent, "the line has neither `event` nor `data`"))
}

/// From the first `{` to the last `}`, if only white space follows.
fn json_part(line: &str) -> Option<&str> {
    let start = memchr::memchr(b'{', line.as_bytes())?;
    let end = memchr::memrchr(b'}', line.as_bytes())? + 1;
    (start < end && line[end..].chars().all(python::is_space)).then(|| &line[start..end])
}

/// Formats a text that lives as long as the event.
pub(crate) fn format_in<'a>(arena: &'a Bump, text: fmt::Arguments<'_>) -> &'a str {
    let mut formatted = bumpalo::collections::String::new_in(arena);
    // Writing to a string in memory cannot fail.
    let _ = formatted.write_fmt(text);
    formatted.into_bump_str()
}

/// Joins texts to one that lives as long as the event. What [`format_in`] could do, too, at several times the cost.
pub(crate) fn join_in<'a, const N: usize>(arena: &'a Bump, texts: [&str; N]) -> &'a str {
    let length = texts.iter().map(|text| text.len()).sum();
    let mut joined = bumpalo::collections::String::with_capacity_in(length, arena);
    for text in texts {
        joined.push_str(text);
    }
    joined.into_bump_str()
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
    fn a_prefix_and_white_space_around_the_object_are_normal() {
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
    fn a_blank_line_is_nothing() {
        for line in ["", " \t\r", "\u{feff}", "\u{feff} ", "\u{1f}\u{2003}"] {
            assert!(
                matches!(parse_line(line.as_bytes(), &Bump::new()), Ok(None)),
                "{line:?}"
            );
        }
    }

    #[test]
    fn a_line_without_event_or_data_has_no_event() {
        assert_eq!(reason("{\"name\":\"a\"}"), Some("no-event"));
        assert_eq!(reason("{\"data\":null}"), None);
        assert!(
            matches!(parse_line(b"\xff{}", &Bump::new()), Err(fault) if fault.reason == Reason::NotUtf8)
        );
    }
}
