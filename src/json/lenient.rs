//! The second reader: jiter, the JSON parser behind Pydantic, for the texts that the first one refuses.
//!
//! Python's `json` takes NaN and Infinity, numbers that overflow a float, and integers of any size (to 4,300 digits);
//! so does jiter. It is the slower of the two, so it sees only what the first one gave back, broken lines among them:
//! its word on those is the one that is reported.

use bumpalo::Bump;
use jiter::JsonValue;

use super::value::{JsonObject, NotJson, Value};

/// Parses a JSON text into an arena.
pub(super) fn parse<'a>(text: &str, arena: &'a Bump) -> Result<Value<'a>, NotJson> {
    match JsonValue::parse(text.as_bytes(), true) {
        Ok(value) => Ok(copy(&value, arena)),
        Err(error) => Err(NotJson {
            problem: error.error_type.to_string(),
            at: error.index,
        }),
    }
}

fn copy<'a>(value: &JsonValue<'_>, arena: &'a Bump) -> Value<'a> {
    match value {
        JsonValue::Null => Value::Null,
        JsonValue::Bool(value) => Value::Bool(*value),
        JsonValue::Int(value) => Value::Int(*value),
        JsonValue::BigInt(value) => Value::BigInt(arena.alloc_str(&value.to_string())),
        JsonValue::Float(value) => Value::Float(*value),
        JsonValue::Str(text) => Value::Str(arena.alloc_str(text)),
        JsonValue::Array(items) => {
            Value::Array(arena.alloc_slice_fill_iter(items.iter().map(|item| copy(item, arena))))
        }
        JsonValue::Object(members) => {
            let copied = members
                .iter()
                .map(|(key, value)| (&*arena.alloc_str(key), copy(value, arena)));
            Value::Object(JsonObject::from_members(
                &mut copied.collect::<Vec<_>>(),
                arena,
            ))
        }
    }
}
