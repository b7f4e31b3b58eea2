//! Texts for people: numbers and counts, and words of shell commands.

use std::borrow::Cow;
use std::ffi::OsStr;
use std::fmt::Write;

use unicode_width::UnicodeWidthStr;

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

/// Returns a text in lines of at most `columns`, which end between pieces. The first line begins with `label`, the others
/// with `indent` spaces. A piece that is wider than a line is not broken.
pub fn wrapped<'p>(
    pieces: impl Iterator<Item = &'p str>,
    label: &str,
    indent: usize,
    columns: usize,
) -> String {
    let mut text = String::new();
    let mut line = label.to_owned();
    for (nth, piece) in pieces.enumerate() {
        if nth > 0 && line.width() + piece.trim_end().width() > columns {
            text.push_str(line.trim_end());
            text.push('\n');
            line = " ".repeat(indent);
        }
        line.push_str(piece);
    }
    text + line.trim_end() + "\n"
}

/// Returns whether a character does not show, or changes how the characters after it are shown.
pub fn is_unseen(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{ad}' | '\u{61c}' | '\u{180e}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}')
        || matches!(c, '\u{2060}'..='\u{206f}' | '\u{fe00}'..='\u{fe0f}' | '\u{feff}' | '\u{fff0}'..='\u{fffb}')
        || matches!(c, '\u{e0000}'..='\u{e0fff}')
}

/// Returns the start of a text that is longer than `most` characters, with an ellipsis.
pub fn shortened(text: &str, most: usize) -> Cow<'_, str> {
    match text.char_indices().nth(most) {
        Some((end, _)) => format!("{}…", &text[..end]).into(),
        None => text.into(),
    }
}

/// Returns a text as one word of a shell command: in quotes if the shell would change it.
pub fn shell_word(text: &str) -> Cow<'_, str> {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || "-_./:@%+=,".contains(c);
    if text.contains(is_unseen) {
        return shell_bytes(text.as_bytes()).into();
    }
    match text.chars().all(is_plain) && !text.is_empty() {
        true => text.into(),
        false => format!("'{}'", text.replace('\'', r"'\''")).into(),
    }
}

/// Returns an argument, which may be no valid text, as one word of a shell command.
pub fn shell_argument(argument: &OsStr) -> Cow<'_, str> {
    match argument.to_str() {
        Some(text) => shell_word(text),
        None => shell_bytes(argument.as_encoded_bytes()).into(),
    }
}

/// Returns bytes as a word of bash, zsh or ksh that has escapes for the bytes that a terminal does not show.
fn shell_bytes(bytes: &[u8]) -> String {
    let mut word = "$'".to_owned();
    for chunk in bytes.utf8_chunks() {
        for c in chunk.valid().chars() {
            match c {
                '\'' | '\\' => word.extend(['\\', c]),
                c if is_unseen(c) => push_escaped(&mut word, c.encode_utf8(&mut [0; 4]).as_bytes()),
                c => word.push(c),
            }
        }
        push_escaped(&mut word, chunk.invalid());
    }
    word + "'"
}

/// Appends bytes in octal. The shell reads three digits at most, so that a digit may follow.
fn push_escaped(word: &mut String, bytes: &[u8]) {
    for byte in bytes {
        let _ = write!(word, "\\{byte:03o}");
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
            ("esc\u{1b}[31m.log", r"$'esc\033[31m.log'"),
            ("it's\n1\\", r"$'it\'s\0121\\'"),
            ("a\u{202e}b", r"$'a\342\200\256b'"),
        ] {
            assert_eq!(shell_word(text), word);
        }
    }

    #[cfg(unix)]
    #[test]
    fn a_shell_reads_a_word_as_the_bytes_of_a_name() {
        use std::os::unix::ffi::OsStrExt;

        let name = OsStr::from_bytes(b"non\xff utf.log");
        assert_eq!(shell_argument(name), r"$'non\377 utf.log'");
    }

    #[test]
    fn a_long_text_is_shortened() {
        assert_eq!(shortened("日本語", 3), "日本語");
        assert_eq!(shortened("日本語", 2), "日本…");
    }
}
