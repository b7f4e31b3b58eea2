//! Python's `json.dumps(value, ensure_ascii=False)`, with the keys of objects in their order in the parsed text, or
//! sorted.
//!
//! With sorted keys, values that differ only in the order of their keys have the same text. NaN and the infinities are
//! written as Python writes them, although JSON does not have them.

use bumpalo::Bump;

use super::python;
use crate::json::{JsonBuffer, JsonObject, Value};

/// `json.dumps(value, ensure_ascii=False)`.
pub(crate) fn dumps(value: Value<'_>) -> String {
    let mut text = Vec::new();
    let mut out = JsonBuffer::at_end_of(&mut text);
    write(value, false, &Bump::new(), &mut out);
    drop(out);
    // This cannot fail, since all strings in a value are UTF-8.
    String::from_utf8(text).unwrap_or_default()
}

/// Appends `json.dumps(value, ensure_ascii=False, sort_keys=True)`.
pub(crate) fn append_sorted(value: Value<'_>, arena: &Bump, out: &mut Vec<u8>) {
    write(value, true, arena, &mut JsonBuffer::at_end_of(out));
}

fn write(value: Value<'_>, is_sorted: bool, arena: &Bump, out: &mut JsonBuffer<'_>) {
    match value {
        Value::Null => out.bytes(b"null"),
        Value::Bool(true) => out.bytes(b"true"),
        Value::Bool(false) => out.bytes(b"false"),
        Value::Int(value) => out.bytes(itoa::Buffer::new().format(value).as_bytes()),
        Value::BigInt(digits) => out.bytes(digits.as_bytes()),
        Value::Float(f64::INFINITY) => out.bytes(b"Infinity"),
        Value::Float(f64::NEG_INFINITY) => out.bytes(b"-Infinity"),
        Value::Float(value) if value.is_nan() => out.bytes(b"NaN"),
        Value::Float(value) => write_float(value, out),
        Value::Str(text) => out.string(text),
        Value::Array(items) => {
            out.byte(b'[');
            for (nth, item) in items.iter().enumerate() {
                separate(nth, out);
                write(*item, is_sorted, arena, out);
            }
            out.byte(b']');
        }
        Value::Object(object) => {
            out.byte(b'{');
            let members = members(object, is_sorted, arena);
            for (nth, (_, key, value)) in members.iter().enumerate() {
                separate(nth, out);
                out.string(key);
                out.bytes(b": ");
                write(*value, is_sorted, arena, out);
            }
            out.byte(b'}');
        }
    }
}

fn separate(nth: usize, out: &mut JsonBuffer<'_>) {
    if nth > 0 {
        out.bytes(b", ");
    }
}

fn write_float(value: f64, out: &mut JsonBuffer<'_>) {
    let mut text = String::new();
    python::write_float(value, &mut text);
    out.bytes(text.as_bytes());
}

/// Returns the members of an object, sorted by key if `is_sorted`, each with the start of its key as a number.
/// Comparing these numbers first is cheaper than comparing keys. `cargo bench` shows the gain in the conversion to
/// Caliper, which computes the id of each event from the sorted text.
fn members<'a>(
    object: JsonObject<'a>,
    is_sorted: bool,
    arena: &'a Bump,
) -> &'a [(u64, &'a str, Value<'a>)] {
    let members = object.members().iter();
    let members = members.map(|&(key, value)| (start(key), key, value));
    let members = arena.alloc_slice_fill_iter(members);
    if is_sorted {
        members.sort_unstable_by(|left, right| (left.0, left.1).cmp(&(right.0, right.1)));
    }
    members
}

/// Returns the first eight bytes of a key as a number. A shorter key is filled up with zeros.
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
    fn keys_are_sorted_by_their_characters() {
        let arena = Bump::new();
        let text = r#"{"b": 1, "a": {"aaaaaaaab": [true, null, -1.5, {}], "aaaaaaaa": "\n\u0001é"}, "": [], "a\u0000": 2, "é": 3, "\ud83d\ude00": 4, "\uffff": 5}"#;
        let mut out = b"x".to_vec();
        append_sorted(Value::parse(text, &arena).unwrap(), &arena, &mut out);
        assert_eq!(
            String::from_utf8(out).unwrap(),
            "x{\"\": [], \"a\": {\"aaaaaaaa\": \"\\n\\u0001é\", \"aaaaaaaab\": [true, null, -1.5, {}]}, \
             \"a\\u0000\": 2, \"b\": 1, \"é\": 3, \"\u{ffff}\": 5, \"😀\": 4}"
        );
    }

    proptest! {
        #[test]
        fn sorting_while_writing_equals_sorting_before_writing(
            keys in prop::collection::vec("[ab\0é]{0,10}", 0..20),
            texts in prop::collection::vec(any::<String>(), 20),
        ) {
            let arena = Bump::new();
            let members: Vec<_> = keys.iter().zip(&texts).collect();
            let members: std::collections::HashMap<_, _> = members.into_iter().collect();
            let text = serde_json::to_string(&members).unwrap();
            let value = Value::parse(&text, &arena).unwrap();
            let mut out = Vec::new();
            append_sorted(value, &arena, &mut out);
            prop_assert_eq!(String::from_utf8(out).unwrap(), dumps(value.sorted(&arena)));
        }
    }
}
