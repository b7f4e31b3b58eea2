//! Reading a field for what it is meant to be, with a reason when it is not.

use bumpalo::Bump;

use super::python;
use crate::json::Value;
use crate::outcome::Fault;

/// The value, unless Python's `or` would go on to the next.
pub(crate) fn truthy(value: Option<Value<'_>>) -> Option<Value<'_>> {
    value.filter(|value| value.is_truthy())
}

/// The value of a field without which nothing can be made of the event.
pub(crate) fn required<'a>(field: &str, value: Option<Value<'a>>) -> Result<Value<'a>, Fault> {
    value.ok_or_else(|| Fault::missing(field))
}

/// The text of a field of which nothing can be made when it is anything else.
pub(crate) fn str_of<'a>(field: &str, value: Value<'a>, wanted: &str) -> Result<&'a str, Fault> {
    value
        .as_str()
        .ok_or_else(|| Fault::wrong_type(field, value.kind(), wanted))
}

/// The text that the reference makes of a value where an id is wanted; an object or array has none.
pub(crate) fn id_text<'a>(
    field: &str,
    value: Value<'a>,
    arena: &'a Bump,
) -> Result<&'a str, Fault> {
    match value {
        Value::Str(text) => Ok(text),
        Value::Array(_) | Value::Object(_) => Err(Fault::wrong_type(field, value.kind(), "an id")),
        _ => {
            let mut text = String::new();
            python::write_str(value, &mut text);
            Ok(arena.alloc_str(&text))
        }
    }
}
