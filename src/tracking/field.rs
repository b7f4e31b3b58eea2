//! Fields that must be present or of a certain kind.

use std::fmt::Display;

use bumpalo::Bump;

use super::python;
use crate::json::{JsonObject, Value};
use crate::outcome::Fault;

/// Returns the value if Python's `bool(value)` is true.
pub(crate) fn truthy(value: Option<Value<'_>>) -> Option<Value<'_>> {
    value.filter(|value| value.is_truthy())
}

/// Returns the value of a field.
///
/// # Errors
/// Returns `MissingField` if the field is absent.
pub(crate) fn required<'a>(
    field: impl Display,
    value: Option<Value<'a>>,
) -> Result<Value<'a>, Fault> {
    value.ok_or_else(|| Fault::missing(field))
}

/// Returns the text of a field.
///
/// # Errors
/// Returns `WrongType` if the value is not a string. The message says what is `wanted`, such as "a URL".
pub(crate) fn str_of<'a>(field: &str, value: Value<'a>, wanted: &str) -> Result<&'a str, Fault> {
    value
        .as_str()
        .ok_or_else(|| wrong_type(field, value, wanted))
}

/// Returns the object of a field.
///
/// # Errors
/// Returns `WrongType` if the value is not an object.
pub(crate) fn object_of<'a>(
    field: impl Display,
    value: Value<'a>,
) -> Result<JsonObject<'a>, Fault> {
    value
        .as_object()
        .ok_or_else(|| wrong_type(field, value, "an object"))
}

/// Returns the fault of a field whose value is not of the `wanted` kind, such as "an object".
pub(crate) fn wrong_type(field: impl Display, value: Value<'_>, wanted: &str) -> Fault {
    Fault::wrong_type(field, value.kind(), wanted)
}

/// Returns the text of a field that is an id. A value that is not a string becomes the text of Python's `str(value)`.
///
/// # Errors
/// Returns `WrongType` if the value is an object or an array.
pub(crate) fn id_text<'a>(
    field: impl Display,
    value: Value<'a>,
    arena: &'a Bump,
) -> Result<&'a str, Fault> {
    match value {
        Value::Str(text) => Ok(text),
        Value::Array(_) | Value::Object(_) => Err(wrong_type(field, value, "an id")),
        _ => {
            let mut text = String::new();
            python::write_str(value, &mut text);
            Ok(arena.alloc_str(&text))
        }
    }
}
