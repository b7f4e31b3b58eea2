//! Checking that a record can be written, without writing the record.

use std::{fmt, io};

use serde::ser::{self, Impossible, Serialize, SerializeMap, SerializeSeq, SerializeStruct};

use super::serializer::unsupported;

/// Returns whether a value can surely be written as JSON of at most `max_length` bytes. In doubt, `false` is returned.
pub(crate) fn can_be_written(value: &(impl Serialize + ?Sized), max_length: usize) -> bool {
    let mut checker = Checker { length: 0 };
    value.serialize(&mut checker).is_ok() && checker.length <= max_length
}

/// Returns whether JSON can represent a value, which NaN and the infinities keep it from. Unlike [`can_be_written`], this
/// looks at values of all kinds.
pub(crate) fn is_representable(value: &(impl Serialize + ?Sized)) -> bool {
    can_be_written(value, usize::MAX) || serde_json::to_writer(io::sink(), value).is_ok()
}

/// A serializer that only measures. Fails with [`fmt::Error`] if the value may not be written.
struct Checker {
    /// The most bytes that the JSON of the value may have so far.
    length: usize,
}

impl Checker {
    /// Adds a token with a comma or colon.
    #[inline]
    fn add(&mut self, length: usize) -> fmt::Result {
        self.length = self.length.saturating_add(length + 1);
        Ok(())
    }

    /// Adds a string, in which each byte may become an escape such as `\u001f`.
    #[inline]
    fn add_text(&mut self, text: &str) -> fmt::Result {
        self.add(text.len().saturating_mul(6).saturating_add(2))
    }
}

impl<'c> ser::Serializer for &'c mut Checker {
    type Ok = ();
    type Error = fmt::Error;
    type SerializeSeq = &'c mut Checker;
    type SerializeTuple = &'c mut Checker;
    type SerializeTupleStruct = Impossible<(), fmt::Error>;
    type SerializeTupleVariant = Impossible<(), fmt::Error>;
    type SerializeMap = &'c mut Checker;
    type SerializeStruct = &'c mut Checker;
    type SerializeStructVariant = Impossible<(), fmt::Error>;

    fn serialize_bool(self, _: bool) -> fmt::Result {
        self.add("false".len())
    }

    fn serialize_i64(self, _: i64) -> fmt::Result {
        self.add(20)
    }

    fn serialize_f64(self, value: f64) -> fmt::Result {
        match value.is_finite() {
            true => self.add(32),
            false => Err(fmt::Error),
        }
    }

    fn serialize_str(self, text: &str) -> fmt::Result {
        self.add_text(text)
    }

    fn serialize_unit(self) -> fmt::Result {
        self.add("null".len())
    }

    fn serialize_none(self) -> fmt::Result {
        self.serialize_unit()
    }

    fn serialize_some<T: Serialize + ?Sized>(self, value: &T) -> fmt::Result {
        value.serialize(self)
    }

    fn serialize_unit_variant(self, _: &'static str, _: u32, variant: &'static str) -> fmt::Result {
        self.add_text(variant)
    }

    fn serialize_seq(self, _: Option<usize>) -> Result<Self, fmt::Error> {
        self.add("[]".len()).map(|()| self)
    }

    fn serialize_tuple(self, _: usize) -> Result<Self, fmt::Error> {
        self.serialize_seq(None)
    }

    fn serialize_map(self, _: Option<usize>) -> Result<Self, fmt::Error> {
        self.serialize_seq(None)
    }

    fn serialize_struct(self, name: &'static str, _: usize) -> Result<Self, fmt::Error> {
        // The text of raw JSON is not looked at.
        match name.starts_with('$') {
            true => Err(fmt::Error),
            false => self.serialize_seq(None),
        }
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

impl SerializeSeq for &mut Checker {
    type Ok = ();
    type Error = fmt::Error;

    fn serialize_element<T: Serialize + ?Sized>(&mut self, value: &T) -> fmt::Result {
        value.serialize(&mut **self)
    }

    fn end(self) -> fmt::Result {
        Ok(())
    }
}

impl ser::SerializeTuple for &mut Checker {
    type Ok = ();
    type Error = fmt::Error;

    fn serialize_element<T: Serialize + ?Sized>(&mut self, value: &T) -> fmt::Result {
        value.serialize(&mut **self)
    }

    fn end(self) -> fmt::Result {
        Ok(())
    }
}

impl SerializeMap for &mut Checker {
    type Ok = ();
    type Error = fmt::Error;

    /// Measures a key. The keys of all records are strings.
    fn serialize_key<T: Serialize + ?Sized>(&mut self, key: &T) -> fmt::Result {
        key.serialize(&mut **self)
    }

    fn serialize_value<T: Serialize + ?Sized>(&mut self, value: &T) -> fmt::Result {
        value.serialize(&mut **self)
    }

    fn end(self) -> fmt::Result {
        Ok(())
    }
}

impl SerializeStruct for &mut Checker {
    type Ok = ();
    type Error = fmt::Error;

    #[inline]
    fn serialize_field<T: Serialize + ?Sized>(
        &mut self,
        key: &'static str,
        value: &T,
    ) -> fmt::Result {
        self.add_text(key)?;
        value.serialize(&mut **self)
    }

    fn end(self) -> fmt::Result {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use bumpalo::Bump;

    use super::*;
    use crate::json::{Value, append};

    #[test]
    fn a_value_that_can_be_written_is_no_longer_than_measured() {
        let arena = Bump::new();
        let texts = [
            r#"{"a": [1, -9223372036854775808, 1.7976931348623157e308, true, false, null, "\u0000é\""], "b": {}, "": []}"#,
            r#""\u001f\u001f""#,
            "[[[[]]]]",
        ];
        for text in texts {
            let value = Value::parse(text, &arena).unwrap();
            let mut written = Vec::new();
            assert!(append(&value, &mut written, 1_000));
            assert!(can_be_written(&value, 1_000));
            assert!(!can_be_written(&value, written.len() - 1));
        }
    }

    #[test]
    fn in_doubt_a_value_cannot_be_written() {
        let arena = Bump::new();
        for text in ["[NaN]", "{\"a\": 1e400}", "12345678901234567890"] {
            let value = Value::parse(text, &arena).unwrap();
            assert!(!can_be_written(&value, 1_000), "{text}");
        }
    }
}
