//! Lines that a container log driver or a log shipper wrapped in JSON: each is an object that has the log line at some
//! key.

use bumpalo::Bump;

use super::cri::CriLine;
use super::event::TrackingEvent;
use super::line::{NoObject, object_of, text_of};
use super::marker::is_of_other_logger;
use super::outline;
use super::skim;
use super::unwrapped::{
    TextAt, Unwrapped, not_wrapped, of_kind, text_of_bytes, texts_at, usual_key, value_at,
};
use crate::json::{JsonObject, Value};
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
    /// Lines may be JSON objects, with the log line at one of the usual keys.
    Auto,
}

impl LineWrapper {
    /// Creates a wrapper with the line at a dotted key, or at the usual keys if the key is `auto`. Returns `None` if a part of the key is empty.
    pub fn json(key: &str) -> Option<Self> {
        let is_key = key.split('.').all(|part| !part.is_empty());
        is_key.then(|| match key {
            "auto" => Self::Auto,
            key => Self::Json(key.to_owned()),
        })
    }

    /// Returns the dotted key at which the line is, if lines are wrapped.
    pub fn key(&self) -> Option<&str> {
        match self {
            Self::None | Self::Auto => None,
            Self::Json(key) => Some(key),
        }
    }

    /// Returns how the pieces of lines are joined: `true` if those of Docker are, too. `None` if lines are not wrapped.
    pub fn joins_pieces(&self) -> Option<bool> {
        match self {
            Self::None => None,
            Self::Json(key) => Some(key == "log"),
            Self::Auto => Some(true),
        }
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
            Self::Json(_) | Self::Auto => None,
        }
    }

    /// Returns the fields of an event that an inspection counts, as [`unwanted_name`](Self::unwanted_name) returns its name.
    pub fn unwanted_outline<'a>(
        &self,
        line: &'a [u8],
        is_wanted: impl Fn(&str) -> bool,
        arena: &'a Bump,
    ) -> Option<TrackingEvent<'a>> {
        match self {
            Self::None => {}
            Self::Auto if CriLine::parse(line).is_none() => {}
            Self::Json(_) | Self::Auto => return None,
        }
        outline::unwanted_outline(line, is_wanted, arena)
    }

    /// Unwraps a line and parses it as [`parse_line`](super::parse_line) does, so a line has the same outcome whether
    /// it is wrapped or not. An object at the key is taken as the event, because some log shippers decode the JSON of
    /// the line. `is_marked` tells that the events of the input have the marker `[tracking]`.
    ///
    /// # Errors
    /// Returns the errors of `parse_line`; [`Reason::NotWrapped`] if the wrapper has neither a string nor an object at
    /// the key; and [`Reason::NotTracking`] if the line is text without an event, and another logger wrote it.
    pub fn parse_line<'a>(
        &self,
        line: &'a [u8],
        arena: &'a Bump,
        is_marked: bool,
    ) -> Result<Option<TrackingEvent<'a>>, Fault> {
        let line = text_of(line)?;
        // `text` is the line, or the text at the key.
        let of_other_logger = |text: &str| {
            let is_other = is_marked && is_of_other_logger(line) && is_of_other_logger(text);
            is_other.then(|| Fault::new(Reason::NotTracking, NOT_TRACKING))
        };
        let object = |text: &'a str| {
            let fault = |error: NoObject<'_>| error.fault(text);
            object_of(text, arena)
                .map_err(|error| of_other_logger(text).unwrap_or_else(|| fault(error)))
        };
        let event = |object: Option<JsonObject<'a>>| {
            let event = object.map(|object| TrackingEvent::of_object(object, arena));
            event.transpose().map_err(|fault| match fault.reason {
                Reason::NoEvent => of_other_logger(line).unwrap_or(fault),
                _ => fault,
            })
        };
        if matches!(self, Self::None) {
            return object(line).and_then(event);
        }
        let (text, is_cri) = without_cri(line);
        let wrapper = match object(text) {
            Ok(wrapper) => wrapper,
            Err(fault) if is_cri || matches!(self, Self::Auto) => return Err(fault),
            Err(fault) => return Err(with_context(|| "the line is not wrapped".into(), fault)),
        };
        let Some(wrapper) = wrapper else {
            return Ok(None);
        };
        let key = match self {
            Self::Json(key) => key.as_str(),
            _ => match usual_key(wrapper) {
                Some(key) => key,
                None => return event(Some(wrapper)),
            },
        };
        let inner = match value_at(wrapper, key) {
            None if is_cri => return event(Some(wrapper)),
            None => {
                let detail = || not_wrapped(format!("the line has no key `{key}`"));
                return Err(of_other_logger(line).unwrap_or_else(detail));
            }
            Some(Unwrapped::Several) => {
                let detail = format!("`{key}` has no line, or several, in an array");
                return Err(not_wrapped(detail));
            }
            Some(Unwrapped::Value(value)) => value,
        };
        let event = |object: Option<JsonObject<'a>>| match self {
            Self::Auto => event(object.map(|object| innermost(object, arena))),
            _ => event(object),
        };
        let event = match inner {
            Value::Object(object) => event(Some(object)),
            Value::Str(text) => object(text).and_then(event),
            Value::Array(bytes) => match text_of_bytes(bytes, arena) {
                Some(text) => object(text).and_then(event),
                None => Err(Fault::new(Reason::NotUtf8, "the bytes are not UTF-8")),
            },
            other => return Err(not_wrapped(of_kind(key, other))),
        };
        let unwrapped = |mut event: TrackingEvent<'a>| {
            event.is_unwrapped = true;
            event
        };
        let event = event.map(|event| event.map(unwrapped));
        event.map_err(|fault| with_context(|| format!("in `{key}`"), fault))
    }

    /// Returns the lines that a line holds, if the lines are wrapped. Returns `None` if the line has none.
    #[cold]
    pub fn lines_in<'a>(&self, line: &'a str, arena: &'a Bump) -> Option<Vec<TextAt<'a>>> {
        let (text, is_cri) = without_cri(line);
        let object = object_of(text, arena).ok().flatten();
        let key = match self {
            Self::None => return None,
            Self::Json(key) => object
                .filter(|object| has_lines(*object, key))
                .map(|_| key.as_str()),
            Self::Auto => {
                object.and_then(|object| usual_key(object).filter(|key| has_lines(object, key)))
            }
        };
        match object.zip(key) {
            Some((object, key)) if matches!(self, Self::Auto) => {
                Some(innermost_texts(object, key, LAYERS, arena))
            }
            Some((object, key)) => Some(texts_at(object, key, arena)),
            None => is_cri.then(|| vec![TextAt::line(text)]),
        }
    }
}

/// The most layers of wrapping within the outermost that `--unwrap auto` looks through, such as Filebeat around Docker
/// around a JSON logger.
const LAYERS: usize = 2;

/// Returns the object in an object that wraps it, in several layers if need be. Returns any other object as it is.
fn innermost<'a>(mut object: JsonObject<'a>, arena: &'a Bump) -> JsonObject<'a> {
    for _ in 0..LAYERS {
        let value = usual_key(object).and_then(|key| value_at(object, key));
        let text = match value {
            Some(Unwrapped::Value(Value::Str(text))) => Some(text),
            Some(Unwrapped::Value(Value::Array(bytes))) => text_of_bytes(bytes, arena),
            _ => None,
        };
        let inner = match value {
            Some(Unwrapped::Value(Value::Object(inner))) => Some(inner),
            _ => text.and_then(|text| object_of(text, arena).ok().flatten()),
        };
        let Some(inner) = inner else { break };
        object = inner;
    }
    object
}

/// Returns the texts at a key of an object, or the texts within them, if they are wrapped, too.
fn innermost_texts<'a>(
    object: JsonObject<'a>,
    key: &str,
    layers: usize,
    arena: &'a Bump,
) -> Vec<TextAt<'a>> {
    let texts = texts_at(object, key, arena).into_iter();
    let within = texts.flat_map(|text| {
        let may_be_wrapped = layers > 0 && text.fault.is_none();
        let object = object_of(text.text, arena).ok().flatten();
        let object = object.filter(|_| may_be_wrapped);
        match object.and_then(|object| Some((object, usual_key(object)?))) {
            Some((object, key)) => innermost_texts(object, key, layers - 1, arena),
            None => vec![text],
        }
    });
    within.collect()
}

/// Returns the text of a line without what a container runtime has written before it, and whether there was such a prefix.
fn without_cri(line: &str) -> (&str, bool) {
    let text = CriLine::parse(line.as_bytes()).map(|cri| &line[line.len() - cri.text.len()..]);
    (text.unwrap_or(line), text.is_some())
}

/// Returns whether an object has a text, an object or an array at a key.
fn has_lines(object: JsonObject<'_>, key: &str) -> bool {
    match value_at(object, key) {
        Some(Unwrapped::Value(value)) => {
            matches!(value, Value::Str(_) | Value::Object(_) | Value::Array(_))
        }
        value => value.is_some(),
    }
}

/// The detail of a line that another logger wrote.
const NOT_TRACKING: &str = "another program or logger wrote the line: it has neither the name of the tracking logger nor a key of events";

fn with_context(context: impl FnOnce() -> String, fault: Fault) -> Fault {
    if fault.reason == Reason::NotTracking {
        return fault;
    }
    Fault {
        detail: format!("{}: {}", context(), fault.detail).into(),
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
        match wrapper.parse_line(line.as_bytes(), &arena, false) {
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
                "not-wrapped: `a.log` has no line, or several, in an array",
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
