//! Lines that a container log driver or a log shipper wrapped in JSON: each is an object that has the log line at some
//! key.

use bumpalo::Bump;

use super::event::TrackingEvent;
use super::line::{object_of, text_of};
use super::{line, skim};
use crate::json::Value;
use crate::outcome::{Fault, Reason};

/// The way in which the lines of a log are wrapped.
#[derive(Clone, Debug, Default)]
pub enum LineWrapper {
    /// Lines are not wrapped.
    #[default]
    None,
    /// Lines are JSON objects, with the log line at a dotted key: `message.log` is the key `log` of the object at the
    /// key `message`.
    Json(String),
}

impl LineWrapper {
    /// Creates a wrapper with the line at a dotted key. Returns `None` if a part of the key is empty.
    pub fn json(key: &str) -> Option<Self> {
        let is_key = key.split('.').all(|part| !part.is_empty());
        is_key.then(|| Self::Json(key.to_owned()))
    }

    /// Returns whether the wrapper unwraps the rows of a rejects file, which have the line at the key `raw`.
    pub fn unwraps_rejects(&self) -> bool {
        matches!(self, Self::Json(key) if key == "raw")
    }

    /// Returns the name of the event if the name is found without parsing the line and is not wanted. A returned name
    /// guarantees that the parser would accept the line. Wrapped lines are always parsed.
    pub fn unwanted_name<'a>(
        &self,
        line: &'a [u8],
        is_wanted: impl Fn(&str) -> bool,
    ) -> Option<&'a str> {
        match self {
            Self::None => skim::unwanted_name(line, is_wanted),
            Self::Json(_) => None,
        }
    }

    /// Unwraps a line and parses it as [`parse_line`](super::parse_line) does, so a line has the same outcome whether
    /// it is wrapped or not. An object at the key is taken as the event, because some log shippers decode the JSON of
    /// the line.
    ///
    /// # Errors
    /// Returns the errors of `parse_line`, and [`Reason::NotWrapped`] if the wrapper has neither a string nor an object
    /// at the key.
    pub fn parse_line<'a>(
        &self,
        line: &'a [u8],
        arena: &'a Bump,
    ) -> Result<Option<TrackingEvent<'a>>, Fault> {
        let Self::Json(key) = self else {
            return line::parse_line(line, arena);
        };
        let wrapper = object_of(text_of(line)?, arena)
            .map_err(|fault| with_context("the line is not wrapped", fault))?;
        let Some(wrapper) = wrapper else {
            return Ok(None);
        };
        let inner = key
            .split('.')
            .try_fold(Value::Object(wrapper), |value, part| {
                value.as_object()?.get(part)
            });
        let event = match inner {
            None => return Err(not_wrapped(format!("the line has no key `{key}`"))),
            Some(Value::Object(event)) => Ok(Some(event)),
            Some(Value::Str(text)) => object_of(text, arena),
            Some(other) => {
                let kind = other.kind();
                let detail = format!("`{key}` is {kind}, neither a string nor an object");
                return Err(not_wrapped(detail));
            }
        };
        event
            .and_then(|event| {
                event
                    .map(|event| TrackingEvent::new(event, arena))
                    .transpose()
            })
            .map_err(|fault| with_context(&format!("in `{key}`"), fault))
    }
}

fn not_wrapped(detail: String) -> Fault {
    Fault::new(Reason::NotWrapped, detail)
}

fn with_context(context: &str, fault: Fault) -> Fault {
    Fault {
        detail: format!("{context}: {}", fault.detail).into(),
        ..fault
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Returns the name of the event, `blank`, or the reason code and its detail.
    fn parsed(key: &str, line: &str) -> String {
        let arena = Bump::new();
        let wrapper = LineWrapper::json(key).unwrap();
        match wrapper.parse_line(line.as_bytes(), &arena) {
            Ok(Some(event)) => event.name().unwrap_or("(no name)").to_owned(),
            Ok(None) => "blank".to_owned(),
            Err(fault) => format!("{}: {}", fault.reason.code(), fault.detail),
        }
    }

    #[test]
    fn a_wrapped_line_is_parsed_like_a_plain_line() {
        let prefixed = r#"{"log":"2024-03-05 INFO [tracking] - {\"name\": \"a\", \"event\": 1}\n","stream":"stdout"}"#;
        for (key, line, expected) in [
            ("log", prefixed, "a"),
            (
                "log",
                "<14> node: {\"log\":\"{\\\"name\\\":\\\"a\\\",\\\"event\\\":1}\"}\r",
                "a",
            ),
            (
                "message.log",
                r#"{"kubernetes":{},"message":{"log":"{\"name\":\"a\",\"event\":1}"}}"#,
                "a",
            ),
            ("log", r#"{"log":{"name":"a","event":"{}"}}"#, "a"),
            ("log", r#"{"log":"\n"}"#, "blank"),
            ("log", r#"{"log":""}"#, "blank"),
            ("log", " ", "blank"),
        ] {
            assert_eq!(parsed(key, line), expected, "{line}");
        }
    }

    #[test]
    fn errors_name_the_key_of_the_wrapper() {
        for (key, line, expected) in [
            (
                "log",
                "text",
                "not-json: the line is not wrapped: no JSON object at the end of the line",
            ),
            (
                "log",
                r#"{"log":"some text\n"}"#,
                "not-json: in `log`: no JSON object at the end of the line",
            ),
            (
                "log",
                r#"{"log":"x {\"a\" 1}"}"#,
                "not-json: in `log`: expected `:` at byte 8 of the line",
            ),
            (
                "log",
                r#"{"log":{}}"#,
                "no-event: in `log`: the line has neither `event` nor `data`",
            ),
            (
                "log",
                r#"{"name":"a","event":1}"#,
                "not-wrapped: the line has no key `log`",
            ),
            (
                "a.log",
                r#"{"a":[{"log":"x"}],"log":"x"}"#,
                "not-wrapped: the line has no key `a.log`",
            ),
            (
                "log",
                r#"{"log":null}"#,
                "not-wrapped: `log` is null, neither a string nor an object",
            ),
            (
                "log",
                r#"{"log":5}"#,
                "not-wrapped: `log` is an integer, neither a string nor an object",
            ),
        ] {
            assert_eq!(parsed(key, line), expected, "{line}");
        }
    }

    #[test]
    fn a_key_with_an_empty_part_is_refused() {
        for key in ["", ".", "a.", ".a", "a..b"] {
            assert!(LineWrapper::json(key).is_none(), "{key}");
        }
    }
}
