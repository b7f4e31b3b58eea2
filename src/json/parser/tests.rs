use jiter::JsonValue;
use proptest::prelude::*;

use super::*;

/// Returns the debug text of the value that this parser reads. The debug text of 1.0 differs from that of 1, and that
/// of -0.0 from that of 0.0.
fn parsed(text: &str) -> Option<String> {
    let arena = Bump::new();
    let value = Value::parse(text, &arena).ok()?;
    Some(format!("{value:?}"))
}

/// Returns the debug text of the value that jiter reads. Jiter is the JSON parser of Pydantic, and reads the same texts
/// as Python.
fn expected(text: &str) -> Option<String> {
    let arena = Bump::new();
    let value = JsonValue::parse(text.as_bytes(), true).ok()?;
    Some(format!("{:?}", copy(&value, &arena)))
}

fn copy<'a>(value: &JsonValue<'_>, arena: &'a Bump) -> Value<'a> {
    match value {
        JsonValue::Null => Value::Null,
        JsonValue::Bool(value) => Value::Bool(*value),
        JsonValue::Int(value) => Value::Int(*value),
        JsonValue::BigInt(value) => Value::BigInt(arena.alloc_str(&value.to_string())),
        JsonValue::Float(value) => Value::Float(*value),
        JsonValue::Str(text) => Value::Str(arena.alloc_str(text)),
        JsonValue::Array(items) => {
            let items: Vec<_> = items.iter().map(|item| copy(item, arena)).collect();
            Value::Array(arena.alloc_slice_copy(&items))
        }
        JsonValue::Object(members) => {
            let members = members.iter();
            let members = members.map(|(key, value)| (&*arena.alloc_str(key), copy(value, arena)));
            let mut members: Vec<_> = members.collect();
            Value::Object(JsonObject::from_members(&mut members, arena))
        }
    }
}

#[test]
fn texts_are_read_as_python_reads_them() {
    for text in [
        "null",
        " [ true , false , null ] ",
        "{}",
        "[]",
        "{\"a\" : {\"\" : []}, \"b\":[{}]}",
        "{\n  \"a\"  :\t\n[  1  ,  \"b\"\r\n ]\n}  ",
        "[0,1,-1,-0,9223372036854775807,-9223372036854775808]",
        "[9223372036854775808,-9223372036854775809,100000000000000000000000]",
        "[0.5,-0.5,-0.0,1.0,1e3,1E-3,1e+2,123456789.123456789,5e-324,0.1e1,2.2250738585072011e-308]",
        "[1e22,1e400,-1e400,9223372036854775808.5,123456789012345678901.5]",
        "[NaN,Infinity,-Infinity]",
        r#"["\"\\\/\b\f\n\r\t\u00fc\ud83d\ude00é","\u0000","\u20aC"]"#,
        "\t\r\n\"\u{7f}\u{2028}\"",
    ] {
        assert!(parsed(text).is_some(), "{text}");
        assert_eq!(parsed(text), expected(text), "{text}");
    }
}

#[test]
fn errors_name_the_problem_and_the_byte() {
    let digits = "1".repeat(4301);
    for (text, problem, at) in [
        ("", "unexpected end of the JSON text", 0),
        ("[1", "unexpected end of the JSON text", 2),
        ("\"\\", "unexpected end of the JSON text", 2),
        ("nul", "expected a value", 0),
        ("+1", "expected a value", 0),
        (".5", "expected a value", 0),
        ("'a'", "expected a value", 0),
        ("/**/1", "expected a value", 0),
        ("\u{feff}1", "expected a value", 0),
        ("[,1]", "expected a value", 1),
        ("[1,]", "expected a value", 3),
        ("{\"a\":}", "expected a value", 5),
        ("[1 2]", "expected `,` or `]`", 3),
        ("[01]", "expected `,` or `]`", 2),
        ("{\"a\":1 \"b\":2}", "expected `,` or `}`", 7),
        ("{\"a\":1,}", "expected a key in double quotes", 7),
        ("{1:2}", "expected a key in double quotes", 1),
        ("{\"a\" 1}", "expected `:`", 5),
        ("1 2", "unexpected text after the end of the JSON text", 2),
        ("nulll", "unexpected text after the end of the JSON text", 4),
        ("\"\n\"", "unescaped control character in a string", 1),
        ("\"\\n\0\"", "unescaped control character in a string", 3),
        ("\"\\x\"", "invalid escape", 2),
        ("\"\\u12g4\"", "invalid escape", 3),
        ("\"\\ud800\"", "escape of half a surrogate pair", 7),
        ("\"\\udc00\"", "escape of half a surrogate pair", 7),
        ("\"\\ud800\\u0041\"", "escape of half a surrogate pair", 13),
        ("-", "unexpected end of the JSON text", 1),
        ("-NaN", "invalid number", 1),
        ("1.e3", "invalid number", 2),
        ("[1e+]", "invalid number", 4),
        (&digits, "integer of more than 4,300 digits", 0),
        (&"[".repeat(901), "nesting deeper than 900", 900),
    ] {
        let error = Value::parse(text, &Bump::new()).unwrap_err();
        assert_eq!(error, JsonError { problem, at }, "{text}");
    }
}

#[test]
fn long_numbers_and_deep_texts_are_read_up_to_the_limits() {
    let nested = |depth| format!("{}{}", "[".repeat(depth), "]".repeat(depth));
    let digits = "9".repeat(MAX_DIGITS);
    let float = format!("-{}.5", "9".repeat(5000));
    for (text, is_read) in [
        (nested(MAX_DEPTH), true),
        (nested(MAX_DEPTH + 1), false),
        (digits.clone(), true),
        (format!("-{digits}"), true),
        (format!("{digits}9"), false),
        (format!("[{float},{float}e-5000]"), true),
    ] {
        assert_eq!(parsed(&text).is_some(), is_read, "{text}");
    }
}

/// Pieces of JSON in any order. Most of these texts are not JSON.
fn pieces() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        prop::sample::select(vec![
            "{",
            "}",
            "[",
            "]",
            ",",
            ":",
            "\"",
            "\"a\"",
            "\"b\":",
            "\\",
            "\\u00",
            "\\ud83d\\ude00",
            "null",
            "true",
            "1",
            "-",
            "0",
            ".5",
            "e3",
            "NaN",
            "Infinity",
            " ",
            "\n",
            "é",
        ])
        .prop_map(str::to_owned),
        any::<i64>().prop_map(|number| number.to_string()),
        any::<f64>().prop_map(|number| format!("{number:e}")),
        "-?[0-9]{1,400}",
    ];
    prop::collection::vec(piece, 0..12).prop_map(|pieces| pieces.concat())
}

/// JSON texts, with and without escapes.
fn whole() -> impl Strategy<Value = String> {
    let leaf =
        prop_oneof![
        prop::sample::select(vec!["null", "true", "false", "NaN", "-Infinity", "-0", "1e400"])
            .prop_map(str::to_owned),
        any::<i64>().prop_map(|value| value.to_string()),
        any::<f64>()
            .prop_filter("JSON has no other", |value| value.is_finite())
            .prop_map(|value| serde_json::to_string(&value).unwrap_or_default()),
        "-?[1-9][0-9]{0,400}",
        "-?[1-9][0-9]{0,24}\\.[0-9]{1,24}(e-?[0-9]{1,2})?",
        "\\PC{0,40}".prop_map(|text| serde_json::to_string(&text).unwrap_or_default()),
        "([ -!#-\\[\\]-~é]|\\\\[\"\\\\/bfnrt]|\\\\u00[0-9a-fA-F]{2}|\\\\ud83d\\\\ude0[0-9]){0,30}"
            .prop_map(|text| format!("\"{text}\"")),
    ];
    leaf.prop_recursive(4, 64, 6, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..6)
                .prop_map(|items| format!("[{}]", items.join(" , "))),
            prop::collection::vec(inner, 0..6).prop_map(|values| {
                let members = values.iter().enumerate();
                let members = members.map(|(nth, value)| format!("\"k{nth}\":{value}"));
                format!("{{{}}}", members.collect::<Vec<_>>().join(", "))
            }),
        ]
    })
}

proptest! {
    #[test]
    fn any_text_is_read_as_jiter_reads_it(text in prop_oneof![pieces(), whole()]) {
        prop_assert_eq!(parsed(&text), expected(&text), "{}", text);
    }

    #[test]
    fn floats_are_read_to_the_bit(value in any::<f64>()) {
        let text = format!("{value:e}");
        let arena = Bump::new();
        if let Ok(Value::Float(read)) = Value::parse(&text, &arena) {
            prop_assert_eq!(read.to_bits(), value.to_bits(), "{}", text);
        }
    }
}
