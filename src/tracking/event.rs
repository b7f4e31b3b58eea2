//! A tracking event and its field access.

use bumpalo::Bump;

use crate::json::{JsonError, JsonObject, Value};
use crate::outcome::{Fault, Reason};

/// An event, with the field access of the reference's `BaseTransformerMixin.get_data`. An event in a log (the log form)
/// has its payload in `event`. An event as the LMS emits it to the reference (the emitted form) has its payload in
/// `data`.
#[derive(Clone, Copy, Debug)]
pub struct TrackingEvent<'a> {
    /// The event as logged: fields that are strings of JSON are still strings.
    source: JsonObject<'a>,
    /// The event as logged, except that a `context` that is a string of JSON is decoded.
    root: JsonObject<'a>,
    /// The field `event` as logged. In the emitted form: the decoded field `data`.
    event: Value<'a>,
    /// The field `event` or, in the emitted form, `data`, decoded if it is a string of JSON.
    data: Value<'a>,
    /// Whether the blocks of courses with slash ids have the keys that they had (the repair `legacy-ids`).
    pub(super) has_legacy_keys: bool,
    /// Whether the event was in a JSON object that a log driver put around the line.
    pub is_unwrapped: bool,
}

impl<'a> TrackingEvent<'a> {
    /// Creates an event from a JSON object in the log form or, if it has no `event`, in the emitted form.
    ///
    /// # Errors
    /// Returns `NoEvent` if the object has neither field, and the errors of [`decoded`].
    pub fn of_object(source: JsonObject<'a>, arena: &'a Bump) -> Result<Self, Fault> {
        let (event, data) = match (source.get("event"), source.get("data")) {
            (Some(event), _) => (event, decoded("event", event, arena)?),
            (None, Some(data)) => {
                let data = decoded("data", data, arena)?;
                (data, data)
            }
            (None, None) => {
                let detail = "the line has neither `event` nor `data`";
                return Err(Fault::new(Reason::NoEvent, detail));
            }
        };
        let root = match source.get("context") {
            Some(context @ Value::Str(_)) => {
                source.with("context", decoded("context", context, arena)?, arena)
            }
            _ => source,
        };
        Ok(Self {
            source,
            root,
            event,
            data,
            has_legacy_keys: false,
            is_unwrapped: false,
        })
    }

    /// The whole event, with a decoded `context`.
    pub fn root(&self) -> JsonObject<'a> {
        self.root
    }

    /// The key of the payload: `event` or, in the emitted form, `data`.
    pub fn data_key(&self) -> &'static str {
        match self.source.get("event") {
            Some(_) => "event",
            None => "data",
        }
    }

    /// Gives the blocks of this event the keys that they had if the id of the course is ORG/COURSE/RUN. Returns whether
    /// the event names a block in the form that needs this.
    pub fn use_legacy_keys(&mut self) -> bool {
        let course = self.context("course_id").and_then(Value::as_str);
        self.has_legacy_keys = course.is_some_and(|course| !course.contains(':'));
        self.has_legacy_keys && names_legacy_block(self.data)
    }

    /// The whole event as logged: fields that are strings of JSON are still strings.
    pub fn source(&self) -> Value<'a> {
        Value::Object(self.source)
    }

    /// The name, if it is a string and not empty.
    pub fn name(&self) -> Option<&'a str> {
        let name = self.root.get("name")?.as_str();
        name.filter(|name| !name.is_empty())
    }

    /// Whether the event has a name of any kind.
    pub fn has_name(&self) -> bool {
        self.root.get("name").is_some_and(Value::is_present)
    }

    /// The field that old events have in place of `name`: a name, or the path of a URL. Browser events have a name
    /// since about 2016, server events since mid-2020.
    pub fn event_type(&self) -> Option<&'a str> {
        self.root.get("event_type")?.as_str()
    }

    /// The fields `timestamp` and `time`, if the event has both.
    pub(super) fn both_times(&self) -> Option<[Value<'a>; 2]> {
        Some([self.root.get("timestamp")?, self.root.get("time")?])
    }

    /// The whole of `data`, if it is present.
    pub fn whole_data(&self) -> Option<Value<'a>> {
        Some(self.data).filter(|data| data.is_present())
    }

    /// The field `data.KEY`.
    pub fn data(&self, key: &str) -> Option<Value<'a>> {
        field(self.data, key)
    }

    /// The field `data.OUTER.KEY`.
    pub fn data_within(&self, outer: &str, key: &str) -> Option<Value<'a>> {
        field(self.data(outer)?, key)
    }

    /// The field `event.KEY`. Unlike [`data`](Self::data), the field is absent if a log has `event` as a string of
    /// JSON.
    pub fn event(&self, key: &str) -> Option<Value<'a>> {
        field(self.event, key)
    }

    /// The field `context.KEY`.
    pub fn context(&self, key: &str) -> Option<Value<'a>> {
        field(self.root.get("context")?, key)
    }

    /// The value at a dotted key such as `context.course_id`, even if it counts as absent, such as null or an empty
    /// string.
    pub fn walk(&self, dotted_key: &str) -> Option<Value<'a>> {
        let mut keys = dotted_key.split('.');
        let first = match keys.next()? {
            "event" => Some(self.event),
            key => self.top_level(key),
        };
        keys.try_fold(first?, |value, key| value.as_object()?.get(key))
    }

    /// Returns the value of a field with this dotted key.
    ///
    /// # Errors
    /// Returns `MissingField` if the field is absent.
    pub(crate) fn required(
        &self,
        dotted_key: &str,
        value: Option<Value<'a>>,
    ) -> Result<Value<'a>, Fault> {
        value.ok_or_else(|| self.missing(dotted_key))
    }

    /// Returns the fault of a field that a transformer needs and that is absent.
    pub(crate) fn missing(&self, dotted_key: &str) -> Fault {
        match self.obstacle(dotted_key) {
            Some(obstacle) => Fault::new(Reason::MissingField, obstacle),
            None => Fault::missing(dotted_key),
        }
    }

    /// Returns the reason why a field cannot be reached, such as "`context` is a text, not an object": the outermost
    /// value on the way to the field that is not an object.
    pub(crate) fn obstacle(&self, dotted_key: &str) -> Option<String> {
        let ends = dotted_key.match_indices('.').map(|(end, _)| end);
        let mut outer = ends.map(|end| &dotted_key[..end]);
        outer.find_map(|key| {
            let value = self.walk(key)?;
            let kind = match value {
                Value::Object(_) => return None,
                Value::Str(_) => "a text",
                _ => value.kind(),
            };
            let is_log_form = self.data_key() == "event";
            let logged_key = match key.strip_prefix("data") {
                Some(rest) if is_log_form => format!("event{rest}"),
                _ => key.to_owned(),
            };
            Some(format!("`{logged_key}` is {kind}, not an object"))
        })
    }

    /// Searches the event for a key. If the top level has the key, nothing else is searched, even if the value there is
    /// null. Otherwise nested objects are searched depth first, in their order, and nulls are skipped. Returns `None`
    /// if the value that is found counts as absent, such as null or an empty string.
    pub fn find(&self, key: &str) -> Option<Value<'a>> {
        self.top_level(key)
            .or_else(|| self.search(key))
            .filter(|value| value.is_present())
    }

    fn top_level(&self, key: &str) -> Option<Value<'a>> {
        match key {
            "data" => Some(self.data),
            "timestamp" => self.root.get("timestamp").or_else(|| self.root.get("time")),
            _ => self.root.get(key),
        }
    }

    fn search(&self, key: &str) -> Option<Value<'a>> {
        let members = self.root.members().iter();
        let mut values =
            members.map(|&(name, value)| if name == "data" { self.data } else { value });
        // If the line has no `data`, the reference's parser appends it to the event. So `data` is then searched last.
        values
            .find_map(|value| search(value, key))
            .or_else(|| search(self.data, key))
    }
}

/// Returns whether a value is an object with the usual fields of a tracking event. Other JSON objects, such as those of
/// log shippers, may have a field `event` or `data`, too.
pub(super) fn is_event_like(value: Value<'_>) -> bool {
    let Value::Object(object) = value else {
        return false;
    };
    let has_any = |keys: &[&str]| keys.iter().any(|key| object.get(key).is_some());
    has_any(&["event", "data"]) && has_any(&["event_type", "event_source", "context"])
}

/// Returns whether the payload of a browser's event names a block by the id of its HTML element: that of a video, or of
/// the inputs of a problem.
fn names_legacy_block(data: Value<'_>) -> bool {
    match data {
        Value::Str(form) => form.starts_with("input_"),
        Value::Object(data) => match data.get("id") {
            Some(Value::Str(id)) => !id.contains("://") && !id.contains("block-v1:"),
            _ => false,
        },
        _ => false,
    }
}

/// Searches objects depth first, in their order. An object that has the key is not searched further, even if the value
/// is null.
fn search<'a>(value: Value<'a>, key: &str) -> Option<Value<'a>> {
    let object = value.as_object()?;
    match object.get(key) {
        Some(Value::Null) => None,
        Some(found) => Some(found),
        None => object
            .members()
            .iter()
            .find_map(|&(_, nested)| search(nested, key)),
    }
}

/// Returns a field of an object, or `None` if the field is absent or the value is not an object.
fn field<'a>(value: Value<'a>, key: &str) -> Option<Value<'a>> {
    value
        .as_object()?
        .get(key)
        .filter(|value| value.is_present())
}

/// Decodes a string of JSON. Strings that are not JSON, and values that are not strings, are returned unchanged.
///
/// # Errors
/// Returns `NotJson` if the JSON in the string is nested deeper than the parser reads. Also returns `NotJson` if
/// `event` has an integer that is too long, because the reference then loses all events of the batch. `data` and
/// `context` with such an integer stay strings.
fn decoded<'a>(field: &str, value: Value<'a>, arena: &'a Bump) -> Result<Value<'a>, Fault> {
    let Value::Str(text) = value else {
        return Ok(value);
    };
    match Value::parse(text, arena) {
        Err(error) if error.is_too_deep() || field == "event" && error.is_too_long() => {
            let JsonError { problem, at } = error;
            let detail = format!("{problem} at byte {} of the text of `{field}`", at + 1);
            Err(Fault::new(Reason::NotJson, detail))
        }
        decoded => Ok(decoded.unwrap_or(value)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn with_event(line: &str, check: impl FnOnce(TrackingEvent<'_>)) {
        let arena = Bump::new();
        check(
            crate::tracking::parse_line(line.as_bytes(), &arena)
                .unwrap()
                .unwrap(),
        );
    }

    #[test]
    fn a_top_level_null_ends_the_search_and_a_nested_null_does_not() {
        let line =
            r#"{"a":null,"context":{"a":1,"b":null,"c":""},"event":{"b":2,"c":3,"d":[{"e":1}]}}"#;
        with_event(line, |event| {
            assert_eq!(event.find("a"), None);
            assert_eq!(event.find("b"), Some(Value::Int(2)));
            assert_eq!(event.find("c"), None);
            assert_eq!(event.find("e"), None);
        });
    }

    #[test]
    fn zero_and_false_are_present_and_empty_values_are_absent() {
        with_event(
            r#"{"event":{"a":0,"b":false,"c":0.0,"d":"","e":[],"f":{}}}"#,
            |event| {
                assert!(["a", "b", "c"].iter().all(|key| event.data(key).is_some()));
                assert!(["d", "e", "f"].iter().all(|key| event.data(key).is_none()));
            },
        );
    }

    #[test]
    fn a_string_of_json_in_event_is_decoded_as_data_and_not_as_event() {
        with_event(r#"{"event":"{\"id\":\"v\"}","time":"t"}"#, |event| {
            assert_eq!(event.data("id"), Some(Value::Str("v")));
            assert_eq!(event.event("id"), None);
            assert_eq!(event.find("id"), Some(Value::Str("v")));
            assert_eq!(event.find("timestamp"), Some(Value::Str("t")));
        });
        with_event(r#"{"event":"{\"id\":"}"#, |event| {
            assert_eq!(event.whole_data(), Some(Value::Str("{\"id\":")))
        });
    }

    #[test]
    fn a_string_whose_json_exceeds_a_limit_makes_the_line_unparsable() {
        let digits = "1".repeat(4301);
        let nested = "[".repeat(901);
        for (line, detail) in [
            (
                format!("{{\"event\":\"{digits}\"}}"),
                "integer of more than 4,300 digits at byte 1 of the text of `event`",
            ),
            (
                format!("{{\"data\":1,\"context\":\"{nested}\"}}"),
                "nesting deeper than 900 at byte 901 of the text of `context`",
            ),
        ] {
            let arena = Bump::new();
            let fault = crate::tracking::parse_line(line.as_bytes(), &arena).unwrap_err();
            assert_eq!((fault.reason, &*fault.detail), (Reason::NotJson, detail));
        }
        with_event(&format!("{{\"data\":\"{digits}\"}}"), |event| {
            assert_eq!(event.whole_data(), Some(Value::Str(&digits)));
        });
        with_event(r#"{"event":"[\"\\ud800\"]"}"#, |event| {
            assert_eq!(event.whole_data(), Some(Value::Str("[\"\\ud800\"]")));
        });
    }

    #[test]
    fn a_context_that_is_a_string_of_json_is_decoded_in_both_forms() {
        with_event(
            r#"{"context":"{\"course_id\":\"c\",\"user_id\":7}","event":{}}"#,
            |event| {
                assert_eq!(event.context("course_id"), Some(Value::Str("c")));
                assert_eq!(event.walk("context.course_id"), Some(Value::Str("c")));
                assert_eq!(event.find("user_id"), Some(Value::Int(7)));
                assert_ne!(event.source().as_object().unwrap().get("context"), None);
            },
        );
        with_event(r#"{"context":"no JSON","event":{}}"#, |event| {
            assert_eq!(event.context("course_id"), None);
        });
        with_event(
            r#"{"data":"{\"id\":\"v\"}","context":"{\"course_id\":\"c\"}"}"#,
            |event| {
                assert_eq!(event.event("id"), Some(Value::Str("v")));
                assert_eq!(event.context("course_id"), Some(Value::Str("c")));
            },
        );
    }
}
