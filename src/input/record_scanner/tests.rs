//! Tests of the search for the ends of records.

use super::*;

/// Returns the records of a text, of which `step` more bytes are scanned at a time.
fn records(text: &str, step: usize) -> Vec<&str> {
    let mut scanner = RecordScanner::default();
    let (mut from, mut start, mut found) = (0, None, Vec::new());
    let mut length = 0;
    loop {
        let is_last = length >= text.len();
        let bytes = &text.as_bytes()[..length.min(text.len())];
        match scanner.next(bytes, from, start.unwrap_or(0), is_last) {
            Found::Start(at) => (from, start) = (at, Some(at)),
            Found::End(at) => {
                found.push(&text[start.take().unwrap()..at]);
                from = at;
            }
            Found::Nothing(_) if is_last => {
                found.extend(start.map(|start| &text[start..]));
                return found;
            }
            Found::Nothing(at) => (from, length) = (at, length + step),
        }
    }
}

#[test]
fn records_end_where_objects_end_however_many_bytes_are_read() {
    for (text, expected) in [
        (
            r#"{"a":"}\"{"}{"b":[1,{"c":{}}]} {}"#,
            vec![r#"{"a":"}\"{"}"#, r#"{"b":[1,{"c":{}}]}"#, "{}"],
        ),
        (
            "[\n  {\"a\": 1},\n  {\n  \"b\": [ true, null ]\n}]\n",
            vec![r#"{"a": 1}"#, "{\n  \"b\": [ true, null ]\n}"],
        ),
        (
            "INFO - {\"a\":1}\nGET /\n{}",
            vec!["INFO - {\"a\":1}", "GET /", "{}"],
        ),
        (
            "{\"a\": \"cut\n{\"b\":1}\n",
            vec!["{\"a\": \"cut", "{\"b\":1}"],
        ),
        (
            "{\"a\": 1, \"b{\"c\":1}\n{\"b\":1}",
            vec!["{\"a\": 1, \"b{\"c\":1}", "{\"b\":1}"],
        ),
        (
            "{\n  \"a\": {\n{\n  \"b\": 1\n}",
            vec!["{\n  \"a\": {", "{\n  \"b\": 1\n}"],
        ),
        (
            "[\n {\n  \"a\" 1,\n  \"n\": [\n   {\"x\": 1}\n  ]\n },\n {\"b\":1}\n]",
            vec![
                "{\n  \"a\" 1,\n  \"n\": [\n   {\"x\": 1}\n  ]\n },",
                "{\"b\":1}",
            ],
        ),
        (
            "{\"a\": \"cut\n2024 {\"b\":1}",
            vec!["{\"a\": \"cut", "2024 {\"b\":1}"],
        ),
        (
            r#"[{"n":"a","event":{},"context":{}}, {"n":"ho"nor"}, {"n":"b","event":{},"context":{}},{"n":1}]"#,
            vec![
                r#"{"n":"a","event":{},"context":{}}"#,
                r#"{"n":"ho"nor"}, "#,
                r#"{"n":"b","event":{},"context":{}}"#,
                r#"{"n":1}"#,
            ],
        ),
        (
            "{\"n\":\"ho\"nor\"\n,{\"event\":1,\"context\":{}}\n[2024] x\n",
            vec![
                "{\"n\":\"ho\"nor\"\n,",
                "{\"event\":1,\"context\":{}}",
                "2024] x",
            ],
        ),
        (
            "{\"n\":\"ho\"nor\"\n[2024] {\"event\":1}",
            vec!["{\"n\":\"ho\"nor\"", "2024] {\"event\":1}"],
        ),
        (
            r#"{"log":"a"}{"log":"b"c"}{"log":"d"}{"log":"e"}"#,
            vec![
                r#"{"log":"a"}"#,
                r#"{"log":"b"c"}"#,
                r#"{"log":"d"}"#,
                r#"{"log":"e"}"#,
            ],
        ),
        ("{\"a\":", vec!["{\"a\":"]),
        ("[]\n,", vec![]),
    ] {
        for step in [1, 2, 3, 1000] {
            assert_eq!(records(text, step), expected, "{text} {step}");
        }
    }
}
