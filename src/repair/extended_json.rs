//! Values in MongoDB's Extended JSON, such as `{"$date": …}` in place of a time.

use bumpalo::Bump;

use crate::json::{JsonObject, Value};
use crate::time::Timestamp;
use crate::tracking::TrackingEvent;

/// Returns the event with plain values.
pub fn repaired<'a>(event: &TrackingEvent<'a>, arena: &'a Bump) -> Option<JsonObject<'a>> {
    plain(Value::Object(event.root()), arena)?.as_object()
}

/// Returns the plain form of a value, or `None` if the value is plain.
fn plain<'a>(value: Value<'a>, arena: &'a Bump) -> Option<Value<'a>> {
    match value {
        Value::Object(object) => match object.members() {
            [(key, inner)] if key.starts_with('$') => extended(key, *inner, arena),
            members => {
                let repaired = plain_items(members, |(_, inner)| inner, arena)?;
                Some(Value::Object(JsonObject::from_unique(repaired)))
            }
        },
        Value::Array(items) => plain_items(items, |item| item, arena).map(Value::Array),
        _ => None,
    }
}

/// Returns the items with plain values, or `None` if all of them are plain. The items are copied only if one is not. Adapters
/// of iterators would take several frames of the stack for each level of a deep value.
fn plain_items<'a, T: Copy>(
    items: &[T],
    value_of: impl Fn(&mut T) -> &mut Value<'a>,
    arena: &'a Bump,
) -> Option<&'a [T]> {
    let mut repaired: Option<&'a mut [T]> = None;
    for (nth, item) in items.iter().enumerate() {
        let mut item = *item;
        if let Some(value) = plain(*value_of(&mut item), arena) {
            let repaired = repaired.get_or_insert_with(|| arena.alloc_slice_copy(items));
            *value_of(&mut repaired[nth]) = value;
        }
    }
    repaired.map(|repaired| &*repaired)
}

/// Returns the value of an object with a single key, which begins with `$`.
fn extended<'a>(key: &str, inner: Value<'a>, arena: &'a Bump) -> Option<Value<'a>> {
    match (key, inner) {
        ("$oid", Value::Str(_)) => Some(inner),
        ("$numberInt" | "$numberLong", Value::Str(digits)) => digits.parse().ok().map(Value::Int),
        ("$numberDouble" | "$numberDecimal", Value::Str(digits)) => {
            digits.parse().ok().map(Value::Float)
        }
        // The time is printed as the LMS prints times, so that its forms of all versions give the same text.
        ("$date", Value::Str(text)) => {
            let time = Timestamp::parse(text).map(Timestamp::in_utc);
            Some(Value::Str(time.map_or(text, |time| time.printed(arena))))
        }
        ("$timestamp", Value::Object(time)) => {
            let seconds = time.get("t")?;
            let seconds = plain(seconds, arena).unwrap_or(seconds);
            let Value::Int(seconds) = seconds else {
                return None;
            };
            Timestamp::from_unix(seconds).map(|time| Value::Str(time.printed(arena)))
        }
        ("$date", Value::Int(milliseconds)) => {
            Timestamp::from_unix_millis(milliseconds).map(|time| Value::Str(time.printed(arena)))
        }
        ("$date", Value::Object(_)) => extended(key, plain(inner, arena)?, arena),
        _ => None,
    }
}
