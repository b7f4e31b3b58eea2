//! The texts that Python makes of values, and Python's parsing of numbers, where the reference's output depends on
//! them.
//!
//! Sources: CPython 3.11, `str()`, `repr()`, `float()`, `int()` and `json.dumps`.

use std::str::FromStr;

use crate::json::Value;

/// Python's `str.isspace`: Unicode white space and the four ASCII separators (0x1c to 0x1f).
pub fn is_space(c: char) -> bool {
    c.is_whitespace() || ('\u{1c}'..='\u{1f}').contains(&c)
}

/// Appends Python's `str(value)`.
pub fn write_str(value: Value<'_>, out: &mut String) {
    match value {
        Value::Str(text) => out.push_str(text),
        _ => write_repr(value, out),
    }
}

/// Returns Python's `repr(value)`.
pub fn repr(value: Value<'_>) -> String {
    let mut text = String::new();
    write_repr(value, &mut text);
    text
}

fn write_repr(value: Value<'_>, out: &mut String) {
    match value {
        Value::Null => out.push_str("None"),
        Value::Bool(true) => out.push_str("True"),
        Value::Bool(false) => out.push_str("False"),
        Value::Int(value) => out.push_str(itoa::Buffer::new().format(value)),
        Value::BigInt(digits) => out.push_str(digits),
        Value::Float(value) if value.is_nan() => out.push_str("nan"),
        Value::Float(f64::INFINITY) => out.push_str("inf"),
        Value::Float(f64::NEG_INFINITY) => out.push_str("-inf"),
        Value::Float(value) => write_float(value, out),
        Value::Str(text) => write_quoted(text, out),
        Value::Array(items) => {
            out.push('[');
            for (nth, item) in items.iter().enumerate() {
                out.push_str(if nth == 0 { "" } else { ", " });
                write_repr(*item, out);
            }
            out.push(']');
        }
        Value::Object(object) => {
            out.push('{');
            for (nth, (key, value)) in object.members().iter().enumerate() {
                out.push_str(if nth == 0 { "" } else { ", " });
                write_quoted(key, out);
                out.push_str(": ");
                write_repr(*value, out);
            }
            out.push('}');
        }
    }
}

/// Appends `repr(value)` of a finite float: the shortest digits that are parsed as the same float. Numbers below 1e-4
/// and numbers from 1e16 on are written with an exponent.
///
/// The crate zmij finds the digits. If two shortest texts are equally near, it takes the one with an even last digit,
/// like Python and unlike the standard library. Unlike Python, it writes numbers from 1e-5 to 1e-4 without an exponent,
/// and `e-6` where Python writes `e-06`. Both are mended here.
pub(super) fn write_float(value: f64, out: &mut String) {
    let mut buffer = zmij::Buffer::new();
    let text = buffer.format_finite(value);
    let unsigned = text.trim_start_matches('-');
    if let Some(digits) = unsigned.strip_prefix("0.0000") {
        let sign = &text[..text.len() - unsigned.len()];
        let (first, rest) = digits.split_at(1);
        let dot = if rest.is_empty() { "" } else { "." };
        out.extend([sign, first, dot, rest, "e-05"]);
    } else if let Some((mantissa, exponent)) = text.split_once("e-") {
        out.push_str(&format!("{mantissa}e-{exponent:0>2}"));
    } else {
        out.push_str(text);
    }
}

/// Appends `repr(text)`, in double quotes only if the text has single quotes and no double quotes. Characters that
/// cannot be printed are escaped.
fn write_quoted(text: &str, out: &mut String) {
    let quote = if text.contains('\'') && !text.contains('"') {
        '"'
    } else {
        '\''
    };
    out.push(quote);
    for c in text.chars() {
        match c {
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            _ if c == quote => {
                out.push('\\');
                out.push(c);
            }
            _ if is_printable(c) => out.push(c),
            _ => match u32::from(c) {
                code @ 0..=0xff => out.push_str(&format!("\\x{code:02x}")),
                code @ 0x100..=0xffff => out.push_str(&format!("\\u{code:04x}")),
                code => out.push_str(&format!("\\U{code:08x}")),
            },
        }
    }
    out.push(quote);
}

/// Python's `str.isprintable`. For characters that are not ASCII, `str::escape_debug` escapes exactly those that Python
/// cannot print. Only at the start of a string does it escape combining characters too, so an `a` is put before `c`.
fn is_printable(c: char) -> bool {
    if c.is_ascii() {
        return !c.is_ascii_control();
    }
    let mut buffer = [b'a'; 5];
    let end = 1 + c.encode_utf8(&mut buffer[1..]).len();
    std::str::from_utf8(&buffer[..end]).is_ok_and(|text| text.escape_debug().nth(1) == Some(c))
}

/// Parses a text as Python's `float(text)` or `int(text)` does. Both accept white space at the ends (but not the four
/// ASCII separators of `str.isspace`), a sign, and underscores between digits. Floats may also be the words for
/// infinity and NaN. As an `i64`, larger integers are not parsed, since no id is so large.
pub fn parse_number<T: FromStr>(text: &str) -> Option<T> {
    let text = text.trim();
    if !text.contains('_') {
        return text.parse().ok();
    }
    let is_digit = |at: usize| text.as_bytes().get(at).is_some_and(u8::is_ascii_digit);
    let is_between_digits = |(at, _): (usize, _)| is_digit(at.wrapping_sub(1)) && is_digit(at + 1);
    let is_number = text.match_indices('_').all(is_between_digits);
    is_number.then(|| text.replace('_', "").parse().ok())?
}

#[cfg(test)]
mod tests {
    use bumpalo::Bump;

    use super::*;

    fn repr(json: &str) -> String {
        super::repr(Value::parse(json, &Bump::new()).unwrap())
    }

    #[test]
    fn containers_are_written_as_python_writes_them() {
        assert_eq!(
            repr(r#"{"a":["x",null,true,1.5,-3]}"#),
            "{'a': ['x', None, True, 1.5, -3]}"
        );
        assert_eq!(
            repr(r#"["it's","\"","'\"","\\n\n\u0000\u007f\u00a0é\u200b\u0301\ud83d\ude00\ue000"]"#),
            "[\"it's\", '\"', '\\'\"', '\\\\n\\n\\x00\\x7f\\xa0é\\u200b\u{301}😀\\ue000']"
        );
    }

    #[test]
    fn floats_are_written_as_python_writes_them() {
        for (json, python) in [
            ("1.0", "1.0"),
            ("0.0001", "0.0001"),
            ("0.00001", "1e-05"),
            ("-0.000012345", "-1.2345e-05"),
            ("0.00009999999999999999", "9.999999999999999e-05"),
            ("0.000009999999999999999", "9.999999999999999e-06"),
            ("1e-9", "1e-09"),
            ("-1e-10", "-1e-10"),
            ("9999999999999998.0", "9999999999999998.0"),
            ("1.5e-7", "1.5e-07"),
            ("1e15", "1000000000000000.0"),
            ("1e16", "1e+16"),
            ("1.2345e16", "1.2345e+16"),
            ("123456789012345.6", "123456789012345.6"),
            ("1e300", "1e+300"),
            ("-0.0", "-0.0"),
            ("0.0", "0.0"),
            ("120.0", "120.0"),
            ("-0.05", "-0.05"),
            ("2732177930600.53125", "2732177930600.5312"),
            ("84008200983286.625", "84008200983286.62"),
            ("1709630047.00390625", "1709630047.0039062"),
            ("5e-324", "5e-324"),
            ("1.7976931348623157e308", "1.7976931348623157e+308"),
            ("NaN", "nan"),
            ("-Infinity", "-inf"),
        ] {
            assert_eq!(repr(json), python);
        }
    }

    #[test]
    fn numbers_in_text_are_parsed_as_python_parses_them() {
        for (text, value) in [
            ("1", 1.0),
            (" 1_000.5\n", 1000.5),
            ("-.5", -0.5),
            ("5.", 5.0),
            ("1e3", 1000.0),
        ] {
            assert_eq!(parse_number::<f64>(text), Some(value), "{text}");
        }
        assert!(parse_number("-Infinity").is_some_and(f64::is_infinite));
        for text in [
            "", "_1", "1_", "1__0", "1_.5", "0x10", "e5", ".", "1 2", "infin", "--1", "+-1",
            "\u{1c}1",
        ] {
            assert_eq!(parse_number::<f64>(text), None, "{text}");
        }
        for (text, value) in [
            ("6", 6),
            ("+6", 6),
            (" -6\u{a0}", -6),
            ("1_0", 10),
            ("007", 7),
        ] {
            assert_eq!(parse_number::<i64>(text), Some(value), "{text}");
        }
        for text in ["", "6.0", "six", "\u{1c}6", "1__0", "_1", "+", "+_1"] {
            assert_eq!(parse_number::<i64>(text), None, "{text}");
        }
    }
}
