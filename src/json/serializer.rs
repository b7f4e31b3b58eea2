//! Writing values as compact JSON: the same bytes as serde_json's, faster.
//!
//! serde_json looks at each byte of a string by itself and hands each piece on to a writer. Here strings are looked at in
//! blocks, and all goes straight into a buffer. What statements and events never hold is left to serde_json.

use std::fmt::{self, Display};

use serde::ser::{self, Impossible, Serialize, SerializeMap, SerializeSeq, SerializeStruct};

use super::buffer::JsonBuffer;

/// Appends a value to a buffer, which may get so long; `false`, and what was written is to be dropped, when that is not
/// enough or there is something that is not known here.
pub(crate) fn append(value: &impl Serialize, out: &mut Vec<u8>, full: usize) -> bool {
    let mut compact = Compact {
        buffer: JsonBuffer::at_end_of(out),
        full,
    };
    let is_written = value.serialize(&mut compact).is_ok();
    is_written && compact.buffer.length() <= full
}

/// A string that stands in the program, with nothing in it that JSON escapes: it is written without being looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Word(pub &'static str);

impl Serialize for Word {
    /// As the name of a unit variant, which is all of this, too.
    fn serialize<S: ser::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_unit_variant("Word", 0, self.0)
    }
}

/// Writes a field as a [`Word`], for `serialize_with`.
pub(crate) fn word<S: ser::Serializer>(
    word: &&'static str,
    serializer: S,
) -> Result<S::Ok, S::Error> {
    Word(word).serialize(serializer)
}

struct Compact<'o> {
    buffer: JsonBuffer<'o>,
    full: usize,
}

/// An array or object on its way.
struct Open<'c, 'o> {
    compact: &'c mut Compact<'o>,
    is_empty: bool,
    end: u8,
}

/// The value is serde_json's to write, or to refuse.
#[derive(Debug)]
struct NotHere;

impl Display for NotHere {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("the value cannot be written here")
    }
}

impl std::error::Error for NotHere {}

impl ser::Error for NotHere {
    fn custom<T: Display>(_: T) -> Self {
        Self
    }
}

impl<'o> Compact<'o> {
    fn open<'c>(&'c mut self, start: u8, end: u8) -> Open<'c, 'o> {
        self.buffer.byte(start);
        Open {
            compact: self,
            is_empty: true,
            end,
        }
    }

    #[inline]
    fn string(&mut self, text: &str) -> Result<(), NotHere> {
        // So that it does not grow far past the limit before the end, where that is looked at.
        if text.len() > self.full.saturating_sub(self.buffer.length()) {
            return Err(NotHere);
        }
        self.buffer.string(text);
        Ok(())
    }
}

impl Open<'_, '_> {
    #[inline]
    fn next(&mut self) {
        if !self.is_empty {
            self.compact.buffer.byte(b',');
        }
        self.is_empty = false;
    }

    fn close(self) {
        self.compact.buffer.byte(self.end);
    }
}

/// What no statement or event has.
macro_rules! not_here {
    ($($method:ident($($argument:ty),*) -> $written:ty;)*) => {
        $(fn $method(self, $(_: $argument),*) -> Result<$written, NotHere> {
            Err(NotHere)
        })*
    };
}

impl<'c, 'o> ser::Serializer for &'c mut Compact<'o> {
    type Ok = ();
    type Error = NotHere;
    type SerializeSeq = Open<'c, 'o>;
    type SerializeTuple = Open<'c, 'o>;
    type SerializeTupleStruct = Impossible<(), NotHere>;
    type SerializeTupleVariant = Impossible<(), NotHere>;
    type SerializeMap = Open<'c, 'o>;
    type SerializeStruct = Open<'c, 'o>;
    type SerializeStructVariant = Impossible<(), NotHere>;

    fn serialize_bool(self, value: bool) -> Result<(), NotHere> {
        let word: &[u8] = if value { b"true" } else { b"false" };
        self.buffer.bytes(word);
        Ok(())
    }

    fn serialize_i64(self, value: i64) -> Result<(), NotHere> {
        self.buffer
            .bytes(itoa::Buffer::new().format(value).as_bytes());
        Ok(())
    }

    fn serialize_f64(self, value: f64) -> Result<(), NotHere> {
        if !value.is_finite() {
            return Err(NotHere);
        }
        // What serde_json writes floats with, too.
        let mut buffer = zmij::Buffer::new();
        self.buffer.bytes(buffer.format_finite(value).as_bytes());
        Ok(())
    }

    fn serialize_str(self, text: &str) -> Result<(), NotHere> {
        self.string(text)
    }

    fn serialize_unit(self) -> Result<(), NotHere> {
        self.buffer.bytes(b"null");
        Ok(())
    }

    fn serialize_none(self) -> Result<(), NotHere> {
        self.serialize_unit()
    }

    fn serialize_some<T: Serialize + ?Sized>(self, value: &T) -> Result<(), NotHere> {
        value.serialize(self)
    }

    fn serialize_unit_variant(
        self,
        _: &'static str,
        _: u32,
        variant: &'static str,
    ) -> Result<(), NotHere> {
        // No name of a variant has anything to escape.
        self.buffer.plain_string(variant);
        Ok(())
    }

    fn serialize_seq(self, _: Option<usize>) -> Result<Open<'c, 'o>, NotHere> {
        Ok(self.open(b'[', b']'))
    }

    fn serialize_tuple(self, _: usize) -> Result<Open<'c, 'o>, NotHere> {
        Ok(self.open(b'[', b']'))
    }

    fn serialize_map(self, _: Option<usize>) -> Result<Open<'c, 'o>, NotHere> {
        Ok(self.open(b'{', b'}'))
    }

    fn serialize_struct(self, name: &'static str, _: usize) -> Result<Open<'c, 'o>, NotHere> {
        // serde_json's words for JSON text that is to be written as it is begin with a dollar.
        if name.starts_with('$') {
            return Err(NotHere);
        }
        Ok(self.open(b'{', b'}'))
    }

    not_here! {
        serialize_i8(i8) -> ();
        serialize_i16(i16) -> ();
        serialize_i32(i32) -> ();
        serialize_u8(u8) -> ();
        serialize_u16(u16) -> ();
        serialize_u32(u32) -> ();
        serialize_u64(u64) -> ();
        serialize_f32(f32) -> ();
        serialize_char(char) -> ();
        serialize_bytes(&[u8]) -> ();
        serialize_unit_struct(&'static str) -> ();
        serialize_tuple_struct(&'static str, usize) -> Self::SerializeTupleStruct;
        serialize_tuple_variant(&'static str, u32, &'static str, usize) -> Self::SerializeTupleVariant;
        serialize_struct_variant(&'static str, u32, &'static str, usize) -> Self::SerializeStructVariant;
    }

    fn serialize_newtype_struct<T: Serialize + ?Sized>(
        self,
        _: &'static str,
        _: &T,
    ) -> Result<(), NotHere> {
        Err(NotHere)
    }

    fn serialize_newtype_variant<T: Serialize + ?Sized>(
        self,
        _: &'static str,
        _: u32,
        _: &'static str,
        _: &T,
    ) -> Result<(), NotHere> {
        Err(NotHere)
    }
}

impl SerializeSeq for Open<'_, '_> {
    type Ok = ();
    type Error = NotHere;

    fn serialize_element<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), NotHere> {
        self.next();
        value.serialize(&mut *self.compact)
    }

    fn end(self) -> Result<(), NotHere> {
        self.close();
        Ok(())
    }
}

impl ser::SerializeTuple for Open<'_, '_> {
    type Ok = ();
    type Error = NotHere;

    fn serialize_element<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), NotHere> {
        SerializeSeq::serialize_element(self, value)
    }

    fn end(self) -> Result<(), NotHere> {
        SerializeSeq::end(self)
    }
}

impl SerializeMap for Open<'_, '_> {
    type Ok = ();
    type Error = NotHere;

    /// Only a string can be a key.
    fn serialize_key<T: Serialize + ?Sized>(&mut self, key: &T) -> Result<(), NotHere> {
        self.next();
        let start = self.compact.buffer.length();
        key.serialize(&mut *self.compact)?;
        if self.compact.buffer.has_at(start, b'"') {
            Ok(())
        } else {
            Err(NotHere)
        }
    }

    fn serialize_value<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), NotHere> {
        self.compact.buffer.byte(b':');
        value.serialize(&mut *self.compact)
    }

    fn end(self) -> Result<(), NotHere> {
        self.close();
        Ok(())
    }
}

impl SerializeStruct for Open<'_, '_> {
    type Ok = ();
    type Error = NotHere;

    /// In place, where the key is known.
    #[inline(always)]
    fn serialize_field<T: Serialize + ?Sized>(
        &mut self,
        key: &'static str,
        value: &T,
    ) -> Result<(), NotHere> {
        self.compact.buffer.plain_key(key, self.is_empty);
        self.is_empty = false;
        value.serialize(&mut *self.compact)
    }

    fn end(self) -> Result<(), NotHere> {
        self.close();
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use bumpalo::Bump;
    use proptest::prelude::*;

    use super::*;
    use crate::json::Value;

    fn written(value: &impl Serialize) -> Option<String> {
        let mut out = Vec::new();
        append(value, &mut out, usize::MAX).then(|| String::from_utf8(out).unwrap())
    }

    #[test]
    fn what_is_not_known_is_left_to_serde_json() {
        let arena = Bump::new();
        for text in ["NaN", "[1e400]", "{\"a\":[9223372036854775808]}"] {
            assert_eq!(
                written(&Value::parse(text, &arena).unwrap()),
                None,
                "{text}"
            );
        }
        assert_eq!(
            written(&std::collections::BTreeMap::from([(true, 1)])),
            None
        );
        assert_eq!(written(&1_u8), None);
    }

    #[test]
    fn the_limit_is_the_length_of_all_that_there_is() {
        for (value, length) in [("\n\n", 6), ("", 2), ("1234567890", 12)] {
            for start in [0, 7] {
                let append = |full| append(&value, &mut vec![b' '; start], full);
                assert!(
                    append(start + length) && !append(start + length - 1),
                    "{value}"
                );
            }
        }
    }

    proptest! {
        #[test]
        fn the_bytes_are_those_of_serde_json(
            texts in proptest::collection::vec(any::<String>(), 0..4),
            plain in "[ -~\u{80}-\u{ff}\t\"\\\\]{0,60}",
            integer in any::<i64>(),
            float in any::<f64>(),
            flag in any::<Option<bool>>(),
        ) {
            #[derive(serde::Serialize)]
            struct All<'a> {
                texts: &'a [String],
                #[serde(rename = "@context", skip_serializing_if = "str::is_empty")]
                plain: &'a str,
                number: [Value<'a>; 2],
                flag: Option<bool>,
                nothing: (),
                map: std::collections::BTreeMap<&'a str, &'a str>,
            }

            let all = All {
                texts: &texts,
                plain: &plain,
                number: [Value::Int(integer), Value::Float(float)],
                flag,
                nothing: (),
                map: texts.iter().map(|text| (text.as_str(), plain.as_str())).collect(),
            };
            prop_assert_eq!(written(&all), serde_json::to_string(&all).ok());
        }
    }
}
