//! The values at a key of a JSON object.

use bumpalo::Bump;

use super::event::is_event_like;
use super::python_json;
use crate::json::{JsonObject, Value};
use crate::outcome::{Fault, Reason};

/// The keys at which log drivers and shippers put lines: Docker, journald, Filebeat and the table `_tracking` of Aspects,
/// subscriptions of CloudWatch, Logstash.
const USUAL_KEYS: [&str; 5] = [
    "log",
    "MESSAGE",
    "message",
    "logEvents.message",
    "event.original",
];

/// The value at a key.
#[derive(Clone, Copy, Debug)]
pub enum Unwrapped<'a> {
    Value(Value<'a>),
    /// The key leads through an array, or to one, whose elements each have a value.
    Several,
}

/// Returns the value at a key of an object: at this very key or, if the key has dots, at a key of an object within.
pub fn value_at<'a>(object: JsonObject<'a>, key: &str) -> Option<Unwrapped<'a>> {
    if let Some(value) = object.get(key) {
        return Some(match value {
            Value::Array(items) if !is_bytes(items) => Unwrapped::Several,
            value => Unwrapped::Value(value),
        });
    }
    let mut dots = memchr::memchr_iter(b'.', key.as_bytes());
    dots.find_map(|dot| match object.get(&key[..dot])? {
        Value::Object(object) => value_at(object, &key[dot + 1..]),
        array @ Value::Array(_) => {
            let mut found = Vec::new();
            values_at(array, &key[dot + 1..], &mut found);
            let has_value = found.iter().any(|found| matches!(found, Found::Value(_)));
            has_value.then_some(Unwrapped::Several)
        }
        _ => None,
    })
}

/// Returns the key at which an object has a line, if the object is no event and this key is a usual one.
pub fn usual_key(object: JsonObject<'_>) -> Option<&'static str> {
    let has_line = |key: &&&str| match value_at(object, key) {
        Some(Unwrapped::Value(Value::Str(_) | Value::Array(_)) | Unwrapped::Several) => true,
        Some(Unwrapped::Value(Value::Null)) => **key == "MESSAGE",
        Some(Unwrapped::Value(value)) => is_event_like(value),
        None => false,
    };
    if is_event_like(Value::Object(object)) {
        return None;
    }
    // A JSON logger may have written the object at the key.
    let has_object = |key: &&&str| match value_at(object, key) {
        Some(Unwrapped::Value(Value::Object(object))) => usual_key(object).is_some(),
        _ => false,
    };
    let mut keys = USUAL_KEYS.iter();
    let key = keys.clone().find(has_line);
    key.or_else(|| keys.find(has_object)).copied()
}

/// A text at a key.
pub struct TextAt<'a> {
    pub text: &'a str,
    /// The fault of an element of an array without a line at the key. The text is the JSON of the element.
    pub fault: Option<Fault>,
}

impl<'a> TextAt<'a> {
    pub fn line(text: &'a str) -> Self {
        Self { text, fault: None }
    }
}

/// Returns the texts of all values at a key, in order. Objects are returned as JSON, and so are elements of arrays without
/// a text or an object at the key.
#[cold]
pub fn texts_at<'a>(object: JsonObject<'a>, key: &str, arena: &'a Bump) -> Vec<TextAt<'a>> {
    let mut found = Vec::new();
    values_at(Value::Object(object), key, &mut found);
    let json = |value| &*arena.alloc_str(&python_json::dumps(value));
    let texts = found.into_iter().map(|found| match found {
        Found::Value(Value::Str(text)) => TextAt::line(text),
        Found::Value(value @ Value::Object(_)) => TextAt::line(json(value)),
        Found::Value(value @ Value::Array(items)) => match text_of_bytes(items, arena) {
            Some(text) => TextAt::line(text),
            None => TextAt {
                text: json(value),
                fault: Some(match is_bytes(items) {
                    true => Fault::new(Reason::NotUtf8, "the bytes are not UTF-8"),
                    false => not_wrapped(of_kind(key, value)),
                }),
            },
        },
        Found::Value(value) => TextAt {
            text: json(value),
            fault: Some(not_wrapped(of_kind(key, value))),
        },
        Found::Lacking(element) => TextAt {
            text: json(element),
            fault: Some(not_wrapped(format!("the element has no key `{key}`"))),
        },
    });
    texts.collect()
}

pub fn not_wrapped(detail: String) -> Fault {
    Fault::new(Reason::NotWrapped, detail)
}

/// Describes a value at the key that is neither a string nor an object.
pub fn of_kind(key: &str, value: Value<'_>) -> String {
    let remedy = match value {
        Value::Null if key == "MESSAGE" => {
            ", as journald writes long texts: export them with `journalctl --all`"
        }
        _ => "",
    };
    format!(
        "`{key}` is {}, neither a string nor an object{remedy}",
        value.kind()
    )
}

/// The value of an object or of an element of an array.
enum Found<'a> {
    /// The value at the key.
    Value(Value<'a>),
    /// The element, which lacks the key.
    Lacking(Value<'a>),
}

fn values_at<'a>(value: Value<'a>, key: &str, found: &mut Vec<Found<'a>>) {
    let Value::Object(object) = value else {
        match value {
            Value::Array(items) => items.iter().for_each(|item| values_at(*item, key, found)),
            _ => found.push(Found::Lacking(value)),
        }
        return;
    };
    match object.get(key) {
        Some(Value::Array(items)) if !is_bytes(items) => {
            items.iter().for_each(|item| lines_of(*item, found));
        }
        Some(value) => found.push(Found::Value(value)),
        None => {
            let mut dots = memchr::memchr_iter(b'.', key.as_bytes());
            match dots.find_map(|dot| Some((object.get(&key[..dot])?, dot))) {
                Some((value, dot)) => values_at(value, &key[dot + 1..], found),
                None => found.push(Found::Lacking(value)),
            }
        }
    }
}

/// Appends the lines of an element of an array. An element may be an array of a time and a line, as Loki exports them.
fn lines_of<'a>(element: Value<'a>, found: &mut Vec<Found<'a>>) {
    let parts = match element {
        Value::Array(parts) if !is_bytes(parts) => parts,
        _ => &[],
    };
    let may_be_event = |part: &&Value<'a>| match part {
        Value::Str(text) => text.contains('{'),
        part => matches!(part, Value::Object(_)),
    };
    let before = found.len();
    let lines = parts.iter().filter(may_be_event);
    found.extend(lines.map(|line| Found::Value(*line)));
    if found.len() == before {
        found.push(Found::Value(element));
    }
}

/// Returns whether an array is a text given as bytes, as in the JSON of journald.
fn is_bytes(items: &[Value<'_>]) -> bool {
    let is_byte = |item: &Value<'_>| matches!(item, Value::Int(0..=255));
    !items.is_empty() && items.iter().all(is_byte)
}

/// Returns the text that an array of bytes stands for.
pub fn text_of_bytes<'a>(items: &[Value<'_>], arena: &'a Bump) -> Option<&'a str> {
    let bytes = items.iter().map(|item| match item {
        Value::Int(byte) => u8::try_from(*byte).ok(),
        _ => None,
    });
    let bytes = bytes.collect::<Option<Vec<u8>>>()?;
    let text = String::from_utf8(bytes).ok()?;
    (!text.is_empty()).then(|| &*arena.alloc_str(&text))
}
