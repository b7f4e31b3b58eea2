//! The tree that a JSON text is parsed into.
//!
//! The tree borrows its strings from the text. Strings that have escapes, and the lists of items and members, are
//! stored in an arena. So reading a field does not allocate, and values are passed by copy. The tree keeps what lookups
//! and output depend on: the order of keys, the difference between integers and floats, integers of any size, and every
//! bit of a float.

use std::collections::HashMap;
use std::collections::hash_map::Entry;

use bumpalo::Bump;
use serde::ser::{Error as _, Serialize, SerializeMap, SerializeSeq, Serializer};
use serde_json::value::RawValue;

/// A JSON value. Strings are unescaped.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Value<'a> {
    Null,
    Bool(bool),
    Int(i64),
    /// An integer that does not fit an `i64`, as decimal digits without leading zeros, after a minus sign if it is
    /// negative.
    BigInt(&'a str),
    /// A float, possibly NaN or infinite.
    Float(f64),
    Str(&'a str),
    Array(&'a [Value<'a>]),
    Object(JsonObject<'a>),
}

/// The members of a JSON object in the order of the text. If the text repeats a key, the last value is kept, at the
/// position of the first value, as in a Python dict.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct JsonObject<'a>(&'a [(&'a str, Value<'a>)]);

impl<'a> Value<'a> {
    /// The object, if the value is one.
    pub fn as_object(self) -> Option<JsonObject<'a>> {
        match self {
            Value::Object(object) => Some(object),
            _ => None,
        }
    }

    /// The text, if the value is a string.
    pub fn as_str(self) -> Option<&'a str> {
        match self {
            Value::Str(text) => Some(text),
            _ => None,
        }
    }

    /// Python's `bool(value)`: false for null, `false`, zero and everything empty.
    pub fn is_truthy(self) -> bool {
        match self {
            Value::Null => false,
            Value::Bool(value) => value,
            Value::Int(value) => value != 0,
            Value::BigInt(_) => true,
            Value::Float(value) => value != 0.0,
            Value::Str(text) => !text.is_empty(),
            Value::Array(items) => !items.is_empty(),
            Value::Object(object) => !object.0.is_empty(),
        }
    }

    /// Whether a field with this value counts as present. Null and the empty values `""`, `[]` and `{}` do not. `false`
    /// and zero do.
    pub fn is_present(self) -> bool {
        matches!(self, Value::Bool(_) | Value::Int(_) | Value::Float(_)) || self.is_truthy()
    }

    /// The same value with the keys of all its objects sorted.
    pub fn sorted(self, arena: &'a Bump) -> Self {
        match self {
            Value::Array(items) => {
                let items = copied(items, arena);
                for item in items.iter_mut() {
                    *item = item.sorted(arena);
                }
                Value::Array(items)
            }
            Value::Object(object) => {
                let members = copied(object.0, arena);
                for (_, value) in members.iter_mut() {
                    *value = value.sorted(arena);
                }
                members.sort_unstable_by_key(|(key, _)| *key);
                Value::Object(JsonObject(members))
            }
            _ => self,
        }
    }

    /// The kind of the value for messages, such as `a string`.
    pub fn kind(self) -> &'static str {
        match self {
            Value::Null => "null",
            Value::Bool(_) => "a boolean",
            Value::Int(_) | Value::BigInt(_) => "an integer",
            Value::Float(_) => "a float",
            Value::Str(_) => "a string",
            Value::Array(_) => "an array",
            Value::Object(_) => "an object",
        }
    }
}

impl<'a> JsonObject<'a> {
    /// Creates an object of members in the order of the text. Keys may be repeated.
    #[inline(never)]
    pub(super) fn from_members(members: &mut [(&'a str, Value<'a>)], arena: &'a Bump) -> Self {
        let kept = keep_last(members);
        Self(copied(&members[..kept], arena))
    }

    /// Creates an object of members whose keys all differ.
    pub(crate) fn from_unique(members: &'a [(&'a str, Value<'a>)]) -> Self {
        Self(members)
    }

    /// The value of a key.
    pub fn get(self, key: &str) -> Option<Value<'a>> {
        self.0
            .iter()
            .find(|(name, _)| *name == key)
            .map(|(_, value)| *value)
    }

    /// The object at a key. Returns an empty object if the key has none.
    pub(crate) fn object_at(self, key: &str) -> Self {
        let object = self.get(key).and_then(Value::as_object);
        object.unwrap_or(Self(&[]))
    }

    /// The members in order.
    pub fn members(self) -> &'a [(&'a str, Value<'a>)] {
        self.0
    }

    /// Returns a copy of the object in which `key` has this value.
    pub(crate) fn set(self, key: &'a str, value: Value<'a>, arena: &'a Bump) -> Self {
        match self.get(key) {
            Some(_) => self.with(key, value, arena),
            None => {
                let members = self.0.iter().copied().chain([(key, value)]);
                Self(bumpalo::collections::Vec::from_iter_in(members, arena).into_bump_slice())
            }
        }
    }

    /// Returns a copy of the object without `key`.
    pub(crate) fn without(self, key: &str, arena: &'a Bump) -> Self {
        let members = self.0.iter().copied().filter(|(name, _)| *name != key);
        Self(bumpalo::collections::Vec::from_iter_in(members, arena).into_bump_slice())
    }

    /// Returns a copy of the object in which the value of `key` is replaced.
    pub(crate) fn with(self, key: &str, value: Value<'a>, arena: &'a Bump) -> Self {
        let members = copied(self.0, arena);
        for (_, old) in members.iter_mut().filter(|(name, _)| *name == key) {
            *old = value;
        }
        Self(members)
    }
}

/// Copies items to an arena. This is a separate function because that keeps the stack frames of its recursive callers
/// small in debug builds.
#[inline]
pub(super) fn copied<'a, T: Copy>(items: &[T], arena: &'a Bump) -> &'a mut [T] {
    arena.alloc_slice_copy(items)
}

/// Removes repeated keys: moves the members to keep to the front and returns their number. Of a repeated key, the last
/// value is kept, at the position of the first value.
fn keep_last<'a>(members: &mut [(&'a str, Value<'a>)]) -> usize {
    /// The largest number of members whose keys are compared with each other. With so few members, comparing is cheaper
    /// than a hash table.
    const MAX_COMPARED: usize = 32;

    if members.len() > MAX_COMPARED {
        return keep_last_of_many(members);
    }
    let mut seen = 0_u64;
    for at in 0..members.len() {
        let bit = key_bit(members[at].0);
        if seen & bit != 0 && is_repeated(members[at].0, &members[..at]) {
            return keep_last_of_many(members);
        }
        seen |= bit;
    }
    members.len()
}

fn is_repeated(key: &str, earlier: &[(&str, Value<'_>)]) -> bool {
    earlier.iter().any(|(other, _)| *other == key)
}

#[cold]
fn keep_last_of_many<'a>(members: &mut [(&'a str, Value<'a>)]) -> usize {
    let mut kept = 0;
    let mut positions = HashMap::new();
    for at in 0..members.len() {
        let (key, value) = members[at];
        match positions.entry(key) {
            Entry::Occupied(first) => members[*first.get()] = (key, value),
            Entry::Vacant(vacant) => {
                vacant.insert(kept);
                members[kept] = (key, value);
                kept += 1;
            }
        }
    }
    kept
}

/// One of 64 bits, chosen by the length, the first byte and the last byte of a key. Few keys of an object share a bit,
/// so few pairs of keys must be compared.
fn key_bit(key: &str) -> u64 {
    let key = key.as_bytes();
    let first = key.first().copied().unwrap_or_default();
    let last = key.last().copied().unwrap_or_default();
    1 << ((key.len() * 5 + usize::from(last) * 9 + usize::from(first)) % 64)
}

/// Writes the value as JSON. Fails for NaN and the infinities, which JSON does not have.
impl Serialize for Value<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match *self {
            Value::Null => serializer.serialize_unit(),
            Value::Bool(value) => serializer.serialize_bool(value),
            Value::Int(value) => serializer.serialize_i64(value),
            Value::BigInt(digits) => serde_json::from_str::<&RawValue>(digits)
                .map_err(S::Error::custom)?
                .serialize(serializer),
            Value::Float(value) if value.is_finite() => serializer.serialize_f64(value),
            Value::Float(value) => Err(S::Error::custom(format!("{value} is not a JSON number"))),
            Value::Str(text) => serializer.serialize_str(text),
            Value::Array(items) => {
                let mut array = serializer.serialize_seq(Some(items.len()))?;
                for item in items {
                    array.serialize_element(item)?;
                }
                array.end()
            }
            Value::Object(object) => {
                let mut map = serializer.serialize_map(Some(object.0.len()))?;
                for (key, value) in object.0 {
                    map.serialize_entry(key, value)?;
                }
                map.end()
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn round_trip(text: &str) -> String {
        let arena = Bump::new();
        let value = Value::parse(text, &arena).unwrap_or_else(|error| panic!("{text}: {error:?}"));
        serde_json::to_string(&value).unwrap()
    }

    #[test]
    fn numbers_keep_their_value_and_their_kind() {
        for (text, written) in [
            ("[1,1.0,-0,-0.0]", "[1,1.0,0,-0.0]"),
            ("9223372036854775807", "9223372036854775807"),
            ("9223372036854775808", "9223372036854775808"),
            ("-100000000000000000000000", "-100000000000000000000000"),
            ("1e22", "1e+22"),
            ("0.1", "0.1"),
            ("5e-324", "5e-324"),
        ] {
            assert_eq!(round_trip(text), written, "{text}");
        }
    }

    #[test]
    fn the_last_value_of_a_repeated_key_has_the_position_of_the_first() {
        assert_eq!(
            round_trip(r#"{"a":1,"b":2,"a":3,"c":4,"b":5}"#),
            r#"{"a":3,"b":5,"c":4}"#
        );
        let many: String = (0..40).map(|n| format!(r#""k{n}":{n},"#)).collect();
        let written = round_trip(&format!(r#"{{{many}"k1":"last","k0":"also"}}"#));
        assert!(
            written.starts_with(r#"{"k0":"also","k1":"last","k2":2,"#),
            "{written}"
        );
        assert!(written.ends_with(r#""k39":39}"#), "{written}");
    }

    #[test]
    fn writing_nan_or_an_infinity_is_an_error() {
        let arena = Bump::new();
        for text in ["NaN", "[Infinity]", "{\"a\": -1e400}"] {
            let value = Value::parse(text, &arena).unwrap();
            assert!(serde_json::to_string(&value).is_err(), "{text}");
        }
    }
}
