//! Hashes the records of an event, so that the content of two events can be compared.

use xxhash_rust::xxh3::xxh3_64;

/// Returns the hash of all records of a line. The hash is the same whether the records are written one a line or as an
/// indented document.
pub fn hash(text: &[u8]) -> u64 {
    let is_document = text.starts_with(b"{\n") || text.starts_with(b"[\n");
    if is_document {
        xxh3_64(&without_layout(text))
    } else {
        xxh3_64(text)
    }
}

/// Returns the objects of an indented document one a line, without white space. The records of a log are written in
/// this form. So two copies of an event are duplicates even if one copy was read from a log and the other from a
/// document.
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
    fn only_the_layout_is_ignored() {
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
        // White space inside a string is content.
        let [narrow, wide] = [" ", "  "].map(|text| format!("{:#}\n", json!({"a": text})));
        assert_ne!(hash(narrow.as_bytes()), hash(wide.as_bytes()));
    }
}
