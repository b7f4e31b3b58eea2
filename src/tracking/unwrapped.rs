//! The values at a key of a JSON object.

use bumpalo::Bump;

use super::event::is_event_like;
use super::python_json;
use crate::json::{JsonObject, Value};

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
            let mut values = Vec::new();
            values_at(array, &key[dot + 1..], &mut values);
            (!values.is_empty()).then_some(Unwrapped::Several)
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

/// Returns the texts of all values at a key, in order. Values other than texts are returned as JSON.
#[cold]
pub fn texts_at<'a>(object: JsonObject<'a>, key: &str, arena: &'a Bump) -> Vec<&'a str> {
    let mut values = Vec::new();
    values_at(Value::Object(object), key, &mut values);
    let texts = values.into_iter().map(|value| match value {
        Value::Str(text) => text,
        value => match value {
            Value::Array(items) => text_of_bytes(items, arena),
            _ => None,
        }
        .unwrap_or_else(|| arena.alloc_str(&python_json::dumps(value))),
    });
    texts.collect()
}

fn values_at<'a>(value: Value<'a>, key: &str, values: &mut Vec<Value<'a>>) {
    match value {
        Value::Array(items) => items.iter().for_each(|item| values_at(*item, key, values)),
        Value::Object(object) => match object.get(key) {
            Some(Value::Array(items)) if !is_bytes(items) => values.extend(items),
            Some(value) => values.push(value),
            None => {
                let dots = memchr::memchr_iter(b'.', key.as_bytes());
                let mut within = dots.filter_map(|dot| Some((object.get(&key[..dot])?, dot)));
                if let Some((value, dot)) = within.next() {
                    values_at(value, &key[dot + 1..], values);
                }
            }
        },
        _ => {}
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
