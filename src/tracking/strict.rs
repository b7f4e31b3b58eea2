//! The first reader: serde_json, the faster of the two, straight into the arena.
//!
//! It refuses whatever it cannot read exactly, which then is [`super::lenient`]'s to judge.

use std::cell::RefCell;
use std::fmt;

use bumpalo::Bump;
use serde::de::{DeserializeSeed, Deserializer, MapAccess, SeqAccess, Visitor};

use super::json::{Object, Value};

/// Parses a JSON text into an arena.
pub(super) fn parse<'a>(text: &'a str, arena: &'a Bump) -> serde_json::Result<Value<'a>> {
    let builder = Builder {
        arena,
        items: RefCell::default(),
        members: RefCell::new(Vec::with_capacity(USUAL_MEMBERS)),
    };
    let mut deserializer = serde_json::Deserializer::from_str(text);
    let value = Tree(&builder).deserialize(&mut deserializer)?;
    deserializer.end().map(|()| value)
}

/// As many members as the objects of a line have that stand within one another, for nearly all lines.
const USUAL_MEMBERS: usize = 32;

/// Where a tree grows. What an array or object has so far stands on a stack, and goes to the arena when it is whole and
/// its size is known: however odd a line is, its tree takes no more than it needs.
struct Builder<'a> {
    arena: &'a Bump,
    items: RefCell<Vec<Value<'a>>>,
    members: RefCell<Vec<(&'a str, Value<'a>)>>,
}

/// Builds a [`Value`].
struct Tree<'b, 'a>(&'b Builder<'a>);

impl<'a> DeserializeSeed<'a> for Tree<'_, 'a> {
    type Value = Value<'a>;

    fn deserialize<D: Deserializer<'a>>(self, deserializer: D) -> Result<Value<'a>, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'a> Visitor<'a> for Tree<'_, 'a> {
    type Value = Value<'a>;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a JSON value")
    }

    fn visit_unit<E>(self) -> Result<Value<'a>, E> {
        Ok(Value::Null)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Value<'a>, E> {
        Ok(Value::Bool(value))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Value<'a>, E> {
        Ok(Value::Int(value))
    }

    fn visit_u64<E: serde::de::Error>(self, value: u64) -> Result<Value<'a>, E> {
        i64::try_from(value)
            .map(Value::Int)
            .map_err(|_| E::custom("an integer past 64 bits"))
    }

    /// serde_json gives `-0` and integers past 64 bits as floats too, so whatever may have been one is refused.
    fn visit_f64<E: serde::de::Error>(self, value: f64) -> Result<Value<'a>, E> {
        const TWO_TO_63: f64 = 9_223_372_036_854_775_808.0;
        if value.abs() >= TWO_TO_63 || (value == 0.0 && value.is_sign_negative()) {
            return Err(E::custom("an integer or a float"));
        }
        Ok(Value::Float(value))
    }

    fn visit_borrowed_str<E>(self, text: &'a str) -> Result<Value<'a>, E> {
        Ok(Value::Str(text))
    }

    fn visit_str<E>(self, text: &str) -> Result<Value<'a>, E> {
        Ok(Value::Str(self.0.arena.alloc_str(text)))
    }

    fn visit_seq<A: SeqAccess<'a>>(self, mut access: A) -> Result<Value<'a>, A::Error> {
        let Builder { arena, items, .. } = self.0;
        let start = items.borrow().len();
        while let Some(item) = access.next_element_seed(Tree(self.0))? {
            items.borrow_mut().push(item);
        }
        let array = arena.alloc_slice_copy(&items.borrow()[start..]);
        items.borrow_mut().truncate(start);
        Ok(Value::Array(array))
    }

    fn visit_map<A: MapAccess<'a>>(self, mut access: A) -> Result<Value<'a>, A::Error> {
        let Builder { arena, members, .. } = self.0;
        let start = members.borrow().len();
        while let Some(key) = access.next_key_seed(Key(arena))? {
            let value = access.next_value_seed(Tree(self.0))?;
            members.borrow_mut().push((key, value));
        }
        let object = Object::from_members(&mut members.borrow_mut()[start..], arena);
        members.borrow_mut().truncate(start);
        Ok(Value::Object(object))
    }
}

/// Reads an object key.
struct Key<'a>(&'a Bump);

impl<'a> DeserializeSeed<'a> for Key<'a> {
    type Value = &'a str;

    fn deserialize<D: Deserializer<'a>>(self, deserializer: D) -> Result<&'a str, D::Error> {
        deserializer.deserialize_str(self)
    }
}

impl<'a> Visitor<'a> for Key<'a> {
    type Value = &'a str;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("an object key")
    }

    fn visit_borrowed_str<E>(self, text: &'a str) -> Result<&'a str, E> {
        Ok(text)
    }

    fn visit_str<E>(self, text: &str) -> Result<&'a str, E> {
        Ok(self.0.alloc_str(text))
    }
}
