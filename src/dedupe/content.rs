//! Whether two events have the same content, by a hash of what was written for them.

use xxhash_rust::xxh3::xxh3_64;

/// The hash of all values of a line, whether they stand one a line or in an indented document.
pub fn hash(text: &[u8]) -> u64 {
    let is_document = text.starts_with(b"{\n") || text.starts_with(b"[\n");
    if is_document {
        xxh3_64(&without_layout(text))
    } else {
        xxh3_64(text)
    }
}

/// A document, which is an object or an array of objects, as it would be with one object a line. A run may read an
/// event from a log and once more from a document, and it is the same event.
fn without_layout(document: &[u8]) -> Vec<u8> {
    let is_array = document.starts_with(b"[");
    let mut lines = Vec::with_capacity(document.len());
    let (mut in_string, mut is_escaped, mut depth) = (false, false, 0);
    for &byte in document {
        if in_string {
            lines.push(byte);
            in_string = byte != b'"' || is_escaped;
            is_escaped = byte == b'\\' && !is_escaped;
            continue;
        }
        match byte {
            b'{' | b'[' => depth += 1,
            b'}' | b']' => depth -= 1,
            b'"' => in_string = true,
            _ => {}
        }
        match byte {
            byte if byte.is_ascii_whitespace() => {}
            b'[' if is_array && depth == 1 => {}
            b']' if is_array && depth == 0 => {}
            b',' if is_array && depth == 1 => lines.push(b'\n'),
            byte => lines.push(byte),
        }
    }
    lines.push(b'\n');
    lines
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn hash_of(values: &[Value]) -> u64 {
        let lines: String = values.iter().map(|value| format!("{value}\n")).collect();
        hash(lines.as_bytes())
    }

    #[test]
    fn the_layout_does_not_count_and_all_else_does() {
        let one = json!({"a": [1, 2.5, [], {}], "b": "x, \"y\" \\", "c": "\" [ {", "d": "\\"});
        let two = json!({"a": null});
        let document = format!("{one:#}\n");
        assert_eq!(
            hash(document.as_bytes()),
            hash_of(std::slice::from_ref(&one))
        );
        let document = format!("{:#}\n", json!([one, two]));
        assert_eq!(
            hash(document.as_bytes()),
            hash_of(&[one.clone(), two.clone()])
        );
        for others in [
            vec![two.clone(), one.clone()],
            vec![one.clone()],
            vec![json!([one.clone(), two.clone()])],
        ] {
            assert_ne!(hash(document.as_bytes()), hash_of(&others));
        }
        // White space within a text is content.
        let [narrow, wide] = [" ", "  "].map(|text| format!("{:#}\n", json!({"a": text})));
        assert_ne!(hash(narrow.as_bytes()), hash(wide.as_bytes()));
    }
}
