//! Serializing records as JSON without white space. The bytes are the same as those of serde_json, but are written
//! faster.
//!
//! serde_json looks at strings byte by byte and calls a writer for each piece of text. This serializer looks at strings
//! in blocks and writes to one buffer. If a record has a rare kind of value, the caller writes the record with
//! serde_json instead. `cargo bench` shows the gain in the rows of conversion to files.

use std::fmt;

use serde::ser::{self, Impossible, Serialize, SerializeMap, SerializeSeq, SerializeStruct};

use super::buffer::JsonBuffer;

/// Appends a value to a buffer, which may reach a length of `max_length`. Returns `false`, with part of the value
/// appended, if the value is too long or is left to serde_json.
pub(crate) fn append(value: &impl Serialize, out: &mut Vec<u8>, max_length: usize) -> bool {
    let mut serializer = JsonSerializer {
        buffer: JsonBuffer::at_end_of(out),
        max_length,
    };
    let is_written = value.serialize(&mut serializer).is_ok();
    is_written && serializer.buffer.length() <= max_length
}

/// A string constant without characters that JSON escapes, so its bytes need not be examined when it is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Word(pub &'static str);

impl Serialize for Word {
    /// Serializes the string as the name of a unit variant of an enum. serde passes such a name as a constant too, so
    /// `JsonSerializer` does not examine its bytes.
    fn serialize<S: ser::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_unit_variant("Word", 0, self.0)
    }
}

/// Serializes a field as a [`Word`], for `serialize_with`.
pub(crate) fn word<S: ser::Serializer>(
    word: &&'static str,
    serializer: S,
) -> Result<S::Ok, S::Error> {
    Word(word).serialize(serializer)
}

/// The serializer of a value. Fails with [`fmt::Error`] if the value is left to serde_json.
struct JsonSerializer<'o> {
    buffer: JsonBuffer<'o>,
    max_length: usize,
}

/// An array or object that is being written.
struct OpenContainer<'c, 'o> {
    serializer: &'c mut JsonSerializer<'o>,
    is_empty: bool,
    end: u8,
}

impl<'o> JsonSerializer<'o> {
    fn open<'c>(&'c mut self, start: u8, end: u8) -> OpenContainer<'c, 'o> {
        self.buffer.byte(start);
        OpenContainer {
            serializer: self,
            is_empty: true,
            end,
        }
    }
}

impl OpenContainer<'_, '_> {
    #[inline]
    fn next(&mut self) {
        if !self.is_empty {
            self.serializer.buffer.byte(b',');
        }
        self.is_empty = false;
    }

    fn close(self) {
        self.serializer.buffer.byte(self.end);
    }
}

/// Defines the methods for kinds of values that no record contains. These methods fail, so a value of such a kind is
/// left to serde_json.
macro_rules! unsupported {
    ($($method:ident $(<$value:ident>)? ($($argument:ty),*) -> $written:ty;)*) => {
        $(fn $method $(<$value: Serialize + ?Sized>)? (
            self,
            $(_: $argument),*
        ) -> Result<$written, fmt::Error> {
            Err(fmt::Error)
        })*
    };
}

pub(super) use unsupported;

impl<'c, 'o> ser::Serializer for &'c mut JsonSerializer<'o> {
    type Ok = ();
    type Error = fmt::Error;
    type SerializeSeq = OpenContainer<'c, 'o>;
    type SerializeTuple = OpenContainer<'c, 'o>;
    type SerializeTupleStruct = Impossible<(), fmt::Error>;
    type SerializeTupleVariant = Impossible<(), fmt::Error>;
    type SerializeMap = OpenContainer<'c, 'o>;
    type SerializeStruct = OpenContainer<'c, 'o>;
    type SerializeStructVariant = Impossible<(), fmt::Error>;

    fn serialize_bool(self, value: bool) -> fmt::Result {
        let word: &[u8] = if value { b"true" } else { b"false" };
        self.buffer.bytes(word);
        Ok(())
    }

    fn serialize_i64(self, value: i64) -> fmt::Result {
        self.buffer
            .bytes(itoa::Buffer::new().format(value).as_bytes());
        Ok(())
    }

    fn serialize_f64(self, value: f64) -> fmt::Result {
        if !value.is_finite() {
            return Err(fmt::Error);
        }
        // serde_json writes floats with this crate too, so the bytes are the same.
        let mut buffer = zmij::Buffer::new();
        self.buffer.bytes(buffer.format_finite(value).as_bytes());
        Ok(())
    }

    fn serialize_str(self, text: &str) -> fmt::Result {
        // `append` checks the limit at the end. This check here keeps a long text from growing the buffer far past the
        // limit.
        if text.len() > self.max_length.saturating_sub(self.buffer.length()) {
            return Err(fmt::Error);
        }
        self.buffer.string(text);
        Ok(())
    }

    fn serialize_unit(self) -> fmt::Result {
        self.buffer.bytes(b"null");
        Ok(())
    }

    fn serialize_none(self) -> fmt::Result {
        self.serialize_unit()
    }

    fn serialize_some<T: Serialize + ?Sized>(self, value: &T) -> fmt::Result {
        value.serialize(self)
    }

    fn serialize_unit_variant(self, _: &'static str, _: u32, variant: &'static str) -> fmt::Result {
        // The names of enum variants have no characters to escape.
        self.buffer.plain_string(variant);
        Ok(())
    }

    fn serialize_seq(self, _: Option<usize>) -> Result<OpenContainer<'c, 'o>, fmt::Error> {
        Ok(self.open(b'[', b']'))
    }

    fn serialize_tuple(self, _: usize) -> Result<OpenContainer<'c, 'o>, fmt::Error> {
        Ok(self.open(b'[', b']'))
    }

    fn serialize_map(self, _: Option<usize>) -> Result<OpenContainer<'c, 'o>, fmt::Error> {
        Ok(self.open(b'{', b'}'))
    }

    fn serialize_struct(
        self,
        name: &'static str,
        _: usize,
    ) -> Result<OpenContainer<'c, 'o>, fmt::Error> {
        // serde marks special values, such as raw JSON, as structs whose names start with a dollar. They are left to
        // serde_json.
        if name.starts_with('$') {
            return Err(fmt::Error);
        }
        Ok(self.open(b'{', b'}'))
    }

    unsupported! {
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
        serialize_newtype_struct<T>(&'static str, &T) -> ();
        serialize_newtype_variant<T>(&'static str, u32, &'static str, &T) -> ();
        serialize_tuple_struct(&'static str, usize) -> Self::SerializeTupleStruct;
        serialize_tuple_variant(&'static str, u32, &'static str, usize) -> Self::SerializeTupleVariant;
        serialize_struct_variant(&'static str, u32, &'static str, usize) -> Self::SerializeStructVariant;
    }
}

impl SerializeSeq for OpenContainer<'_, '_> {
    type Ok = ();
    type Error = fmt::Error;

    fn serialize_element<T: Serialize + ?Sized>(&mut self, value: &T) -> fmt::Result {
        self.next();
        value.serialize(&mut *self.serializer)
    }

    fn end(self) -> fmt::Result {
        self.close();
        Ok(())
    }
}

impl ser::SerializeTuple for OpenContainer<'_, '_> {
    type Ok = ();
    type Error = fmt::Error;

    fn serialize_element<T: Serialize + ?Sized>(&mut self, value: &T) -> fmt::Result {
        SerializeSeq::serialize_element(self, value)
    }

    fn end(self) -> fmt::Result {
        SerializeSeq::end(self)
    }
}

impl SerializeMap for OpenContainer<'_, '_> {
    type Ok = ();
    type Error = fmt::Error;

    /// Serializes a key, which must be a string.
    fn serialize_key<T: Serialize + ?Sized>(&mut self, key: &T) -> fmt::Result {
        self.next();
        let start = self.serializer.buffer.length();
        key.serialize(&mut *self.serializer)?;
        if self.serializer.buffer.has_at(start, b'"') {
            Ok(())
        } else {
            Err(fmt::Error)
        }
    }

    fn serialize_value<T: Serialize + ?Sized>(&mut self, value: &T) -> fmt::Result {
        self.serializer.buffer.byte(b':');
        value.serialize(&mut *self.serializer)
    }

    fn end(self) -> fmt::Result {
        self.close();
        Ok(())
    }
}

impl SerializeStruct for OpenContainer<'_, '_> {
    type Ok = ();
    type Error = fmt::Error;

    /// Inlined so that the key is a constant to the compiler.
    #[inline(always)]
    fn serialize_field<T: Serialize + ?Sized>(
        &mut self,
        key: &'static str,
        value: &T,
    ) -> fmt::Result {
        self.serializer.buffer.plain_key(key, self.is_empty);
        self.is_empty = false;
        value.serialize(&mut *self.serializer)
    }

    fn end(self) -> fmt::Result {
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
    fn nan_infinities_and_long_integers_are_left_to_serde_json() {
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
    fn the_limit_counts_what_was_in_the_buffer_before() {
        for (value, length) in [("\n\n", 6), ("", 2), ("1234567890", 12)] {
            for start in [0, 7] {
                let append = |max_length| append(&value, &mut vec![b' '; start], max_length);
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
