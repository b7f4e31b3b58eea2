//! Python's text of values and its parsing of numbers, where the reference's output depends on them.
//!
//! Sources: CPython 3.11, `str()`, `repr()`, `float()`, `int()` and `json.dumps`.

use std::fmt::Write;

use crate::json::Value;

/// `str.isspace`: Unicode white space and the four ASCII separators.
pub fn is_space(c: char) -> bool {
    c.is_whitespace() || ('\u{1c}'..='\u{1f}').contains(&c)
}

/// `str(value)`.
pub fn write_str(value: Value<'_>, out: &mut String) {
    match value {
        Value::Str(text) => out.push_str(text),
        _ => write_repr(value, out),
    }
}

/// `repr(value)`.
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
        Value::Int(value) => push(out, format_args!("{value}")),
        Value::BigInt(digits) => out.push_str(digits),
        Value::Float(value) if value.is_nan() => out.push_str("nan"),
        Value::Float(value) if value.is_infinite() => {
            out.push_str(if value > 0.0 { "inf" } else { "-inf" })
        }
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

/// `repr(value)` of a finite float: the shortest digits that are parsed as the same float, with an exponent below 1e-4 and
/// from 1e16.
///
/// zmij finds the digits. If two shortest texts are equally near it takes the even one, as Python does and the standard
/// library does not.
pub(super) fn write_float(value: f64, out: &mut String) {
    let mut buffer = zmij::Buffer::new();
    let shortest = buffer.format_finite(value.abs());
    let (mantissa, exponent) = shortest.split_once('e').unwrap_or((shortest, "0"));
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let all_digits = format!("{whole}{fraction}");
    let digits = all_digits.trim_start_matches('0');
    let leading_zeros = all_digits.len() - digits.len();
    let digits = digits.trim_end_matches('0');
    let digits = if digits.is_empty() { "0" } else { digits };
    // The exponent of the number written with one digit before the dot.
    let exponent = match exponent.parse::<i32>() {
        Ok(exponent) if value != 0.0 => exponent + whole.len() as i32 - leading_zeros as i32 - 1,
        _ => 0,
    };
    if value.is_sign_negative() {
        out.push('-');
    }
    match exponent {
        -4..0 => {
            out.push_str("0.");
            out.extend(std::iter::repeat_n(
                '0',
                exponent.unsigned_abs() as usize - 1,
            ));
            out.push_str(digits);
        }
        0..16 => {
            let whole = exponent as usize + 1;
            match digits
                .split_at_checked(whole)
                .filter(|(_, fraction)| !fraction.is_empty())
            {
                Some((whole, fraction)) => push(out, format_args!("{whole}.{fraction}")),
                None => {
                    out.push_str(digits);
                    out.extend(std::iter::repeat_n('0', whole - digits.len()));
                    out.push_str(".0");
                }
            }
        }
        _ => {
            let (first, rest) = digits.split_at(1);
            let dot = if rest.is_empty() { "" } else { "." };
            push(out, format_args!("{first}{dot}{rest}e{exponent:+03}"));
        }
    }
}

/// `repr(text)`, in double quotes only if the text has single quotes and no double ones. Characters that cannot be printed
/// are escaped.
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
                code @ 0..=0xff => push(out, format_args!("\\x{code:02x}")),
                code @ 0x100..=0xffff => push(out, format_args!("\\u{code:04x}")),
                code => push(out, format_args!("\\U{code:08x}")),
            },
        }
    }
    out.push(quote);
}

/// `str.isprintable`. The standard library has the same table for `Debug`: after the first character of a string, it
/// escapes those that are not printable, quotes and backslashes.
fn is_printable(c: char) -> bool {
    if c.is_ascii() {
        return !c.is_ascii_control();
    }
    let mut buffer = [b'a'; 5];
    let end = 1 + c.encode_utf8(&mut buffer[1..]).len();
    std::str::from_utf8(&buffer[..end]).is_ok_and(|text| text.escape_debug().nth(1) == Some(c))
}

/// `float(text)`, which takes white space at the ends (not the four ASCII separators of `str.isspace`), a sign, underscores
/// between digits, and the words for infinity and NaN.
pub fn parse_float(text: &str) -> Option<f64> {
    let text = text.trim();
    let unsigned = text.strip_prefix(['+', '-']).unwrap_or(text);
    let is_word = ["inf", "infinity", "nan"]
        .iter()
        .any(|word| unsigned.eq_ignore_ascii_case(word));
    let starts_a_number = unsigned.starts_with(|c: char| c.is_ascii_digit() || c == '.');
    if !is_word && !starts_a_number {
        return None;
    }
    without_underscores(text)?.parse().ok()
}

/// `int(text)`, which takes white space at the ends, a sign, and underscores between digits. Integers past 64 bits, which
/// are no ids, are not parsed.
pub fn parse_int(text: &str) -> Option<i64> {
    let text = text.trim();
    let unsigned = text.strip_prefix(['+', '-']).unwrap_or(text);
    if !unsigned.starts_with(|c: char| c.is_ascii_digit()) {
        return None;
    }
    without_underscores(text)?.parse().ok()
}

/// Removes underscores, each of which must be between two digits.
fn without_underscores(text: &str) -> Option<std::borrow::Cow<'_, str>> {
    if !text.contains('_') {
        return Some(text.into());
    }
    let bytes = text.as_bytes();
    let is_digit = |at: Option<usize>| {
        at.and_then(|at| bytes.get(at))
            .is_some_and(u8::is_ascii_digit)
    };
    let is_between_digits = |(at, _)| is_digit(usize::checked_sub(at, 1)) && is_digit(Some(at + 1));
    text.match_indices('_')
        .all(is_between_digits)
        .then(|| text.replace('_', "").into())
}

fn push(out: &mut String, text: std::fmt::Arguments<'_>) {
    // Writing to a String cannot fail.
    let _ = out.write_fmt(text);
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
            assert_eq!(parse_float(text), Some(value), "{text}");
        }
        assert!(parse_float("-Infinity").is_some_and(f64::is_infinite));
        for text in [
            "", "_1", "1_", "1__0", "1_.5", "0x10", "e5", ".", "1 2", "infin", "--1", "+-1",
            "\u{1c}1",
        ] {
            assert_eq!(parse_float(text), None, "{text}");
        }
        for (text, value) in [
            ("6", 6),
            ("+6", 6),
            (" -6\u{a0}", -6),
            ("1_0", 10),
            ("007", 7),
        ] {
            assert_eq!(parse_int(text), Some(value), "{text}");
        }
        for text in ["", "6.0", "six", "\u{1c}6", "1__0", "_1", "+", "+_1"] {
            assert_eq!(parse_int(text), None, "{text}");
        }
    }
}
