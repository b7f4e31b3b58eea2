//! Fields that must be present or of a certain kind.

use bumpalo::Bump;

use super::python;
use crate::json::Value;
use crate::outcome::Fault;

/// The value if Python's `bool(value)` is true.
pub(crate) fn truthy(value: Option<Value<'_>>) -> Option<Value<'_>> {
    value.filter(|value| value.is_truthy())
}

/// Returns the value of a field.
///
/// # Errors
/// Returns `MissingField` if the field is absent.
pub(crate) fn required<'a>(field: &str, value: Option<Value<'a>>) -> Result<Value<'a>, Fault> {
    value.ok_or_else(|| Fault::missing(field))
}

/// Returns the text of a field.
///
/// # Errors
/// Returns `WrongType`, which names what is `wanted`, if the value is not a string.
pub(crate) fn str_of<'a>(field: &str, value: Value<'a>, wanted: &str) -> Result<&'a str, Fault> {
    value
        .as_str()
        .ok_or_else(|| Fault::wrong_type(field, value.kind(), wanted))
}

/// Returns the text of a field that is an id, as the reference writes it.
///
/// # Errors
/// Returns `WrongType` if the value is an object or an array.
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
