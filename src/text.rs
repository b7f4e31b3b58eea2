//! Texts for people: numbers and counts, and words of shell commands.

use std::borrow::Cow;

/// Returns a number with commas between its thousands.
pub fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::new();
    for (nth, digit) in digits.chars().enumerate() {
        if nth > 0 && (digits.len() - nth).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// Returns a size with its unit, such as `1.2 GB`. The units are powers of 1,000.
pub fn size_text(bytes: f64) -> String {
    const UNITS: [&str; 5] = ["B", "kB", "MB", "GB", "TB"];

    let mut size = bytes;
    let mut units = UNITS.into_iter();
    let mut unit = units.next();
    while size >= 999.5
        && let Some(larger) = units.next()
    {
        (size, unit) = (size / 1000.0, Some(larger));
    }
    let decimals = usize::from(bytes >= 999.5 && size < 99.95);
    format!("{size:.decimals$} {}", unit.unwrap_or_default())
}

/// Returns the ending of a noun after a number: `s` unless the number is 1.
pub fn plural(count: u64) -> &'static str {
    if count == 1 { "" } else { "s" }
}

/// Returns a plural noun that ends in `s`, or its singular after the number 1.
pub fn noun(count: u64, nouns: &str) -> &str {
    match count {
        1 => nouns.strip_suffix('s').unwrap_or(nouns),
        _ => nouns,
    }
}

/// Returns a number and the words after it, in the singular if the number is 1, else in the plural.
pub fn counted(count: u64, one: &str, several: &str) -> String {
    let words = if count == 1 { one } else { several };
    format!("{} {words}", grouped(count))
}

/// Returns a position in an input as in `a.log:7`, or `a.log:7:742` if a byte of the line is given.
pub fn position_text(file: &str, line: u64, byte: Option<u64>) -> String {
    match byte {
        Some(byte) => format!("{file}:{line}:{byte}"),
        None => format!("{file}:{line}"),
    }
}

/// Returns a position in an input as in "line 7", or "byte 742 of line 7" if a byte of the line is given.
pub fn line_text(line: u64, byte: Option<u64>) -> String {
    match byte {
        Some(byte) => format!("byte {byte} of line {line}"),
        None => format!("line {line}"),
    }
}

/// Returns a text as one word of a shell command: in single quotes if the shell would change it.
pub fn shell_word(text: &str) -> Cow<'_, str> {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || "-_./:@%+=,".contains(c);
    match text.chars().all(is_plain) && !text.is_empty() {
        true => text.into(),
        false => format!("'{}'", text.replace('\'', r"'\''")).into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_have_two_or_three_digits_and_a_unit() {
        for (bytes, text) in [
            (0.0, "0 B"),
            (999.0, "999 B"),
            (999.6, "1.0 kB"),
            (98_760.0, "98.8 kB"),
            (123_456_789.0, "123 MB"),
            (2.5e15, "2500 TB"),
        ] {
            assert_eq!(size_text(bytes), text);
        }
    }

    #[test]
    fn a_shell_reads_a_word_as_the_text() {
        for (text, word) in [
            ("a.b-c", "a.b-c"),
            ("", "''"),
            ("my key", "'my key'"),
            ("it's $x", r"'it'\''s $x'"),
            ("~", "'~'"),
        ] {
            assert_eq!(shell_word(text), word);
        }
    }
}
