//! Python's `json.dumps(value, sort_keys=True, ensure_ascii=False)`: one text for values that are the same.

use bumpalo::Bump;

use super::python;
use crate::json::{JsonBuffer, JsonObject, Value};

/// Appends the text. Unlike JSON it has words for NaN and the infinities.
pub fn append(value: Value<'_>, arena: &Bump, out: &mut Vec<u8>) {
    write(value, arena, &mut JsonBuffer::at_end_of(out));
}

fn write(value: Value<'_>, arena: &Bump, out: &mut JsonBuffer<'_>) {
    match value {
        Value::Str(text) => out.string(text),
        Value::Int(value) => out.bytes(itoa::Buffer::new().format(value).as_bytes()),
        Value::Object(object) => {
            out.byte(b'{');
            for (nth, (_, key, value)) in sorted(object, arena).iter().enumerate() {
                if nth > 0 {
                    out.bytes(b", ");
                }
                out.string(key);
                out.bytes(b": ");
                write(*value, arena, out);
            }
            out.byte(b'}');
        }
        Value::Array(items) => {
            out.byte(b'[');
            for (nth, item) in items.iter().enumerate() {
                if nth > 0 {
                    out.bytes(b", ");
                }
                write(*item, arena, out);
            }
            out.byte(b']');
        }
        Value::Null | Value::Bool(_) | Value::BigInt(_) | Value::Float(_) => {
            let mut text = String::new();
            python::write_json(value, &mut text);
            out.bytes(text.as_bytes());
        }
    }
}

/// The members of an object by their keys, each with the start of its key as a number: where these differ, they tell the
/// order, and comparing them is cheap.
fn sorted<'a>(object: JsonObject<'a>, arena: &'a Bump) -> &'a [(u64, &'a str, Value<'a>)] {
    let members = object.members().iter();
    let members = members.map(|&(key, value)| (start(key), key, value));
    let members = arena.alloc_slice_fill_iter(members);
    members.sort_unstable_by(|left, right| (left.0, left.1).cmp(&(right.0, right.1)));
    members
}

/// The first eight bytes, with zeros behind a shorter text.
fn start(key: &str) -> u64 {
    match key.as_bytes().first_chunk() {
        Some(start) => u64::from_be_bytes(*start),
        None => {
            let bytes = key.bytes().chain(std::iter::repeat(0)).take(8);
            bytes.fold(0, |start, byte| start << 8 | u64::from(byte))
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn keys_stand_in_the_order_of_their_characters() {
        let arena = Bump::new();
        let text = r#"{"b": 1, "a": {"aaaaaaaab": [true, null, -1.5, {}], "aaaaaaaa": "\n\u0001é"}, "": [], "a\u0000": 2, "é": 3, "\ud83d\ude00": 4, "\uffff": 5}"#;
        let mut out = b"x".to_vec();
        append(Value::parse(text, &arena).unwrap(), &arena, &mut out);
        assert_eq!(
            String::from_utf8(out).unwrap(),
            "x{\"\": [], \"a\": {\"aaaaaaaa\": \"\\n\\u0001é\", \"aaaaaaaab\": [true, null, -1.5, {}]}, \
             \"a\\u0000\": 2, \"b\": 1, \"é\": 3, \"\u{ffff}\": 5, \"😀\": 4}"
        );
    }

    proptest! {
        #[test]
        fn it_is_the_text_of_the_sorted_value(
            keys in prop::collection::vec("[ab\0é]{0,10}", 0..20),
            texts in prop::collection::vec(any::<String>(), 20),
        ) {
            let arena = Bump::new();
            let members: Vec<_> = keys.iter().zip(&texts).collect();
            let members: std::collections::HashMap<_, _> = members.into_iter().collect();
            let text = serde_json::to_string(&members).unwrap();
            let value = Value::parse(&text, &arena).unwrap();
            let (mut out, mut expected) = (Vec::new(), String::new());
            append(value, &arena, &mut out);
            python::write_json(value.sorted(&arena), &mut expected);
            prop_assert_eq!(String::from_utf8(out).unwrap(), expected);
        }
    }
}
