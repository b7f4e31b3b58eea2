//! Texts in UTF-16 and UTF-32.

use super::description::Description::{self, Noun};
use super::text::{holds_json_text, is_binary};

/// Recognizes UTF-16 and UTF-32, by their byte-order mark or by the zeros of ASCII characters. Returns the encoding and
/// the command that converts it to UTF-8.
pub fn wide_encoding(start: &[u8]) -> Option<(Description, &'static str)> {
    const UTF_16LE: (Description, &str) = (Noun("UTF-16 text"), "iconv -f UTF-16LE -t UTF-8 FILE");
    const UTF_16BE: (Description, &str) = (Noun("UTF-16 text"), "iconv -f UTF-16BE -t UTF-8 FILE");
    const UTF_32LE: (Description, &str) = (Noun("UTF-32 text"), "iconv -f UTF-32LE -t UTF-8 FILE");
    const UTF_32BE: (Description, &str) = (Noun("UTF-32 text"), "iconv -f UTF-32BE -t UTF-8 FILE");

    match start {
        [0xff, 0xfe, 0, 0, ..] => Some(UTF_32LE),
        [0, 0, 0xfe, 0xff, ..] => Some(UTF_32BE),
        [0xff, 0xfe, text @ ..] if !holds_json_text(text) => Some(UTF_16LE),
        [0xfe, 0xff, text @ ..] if !holds_json_text(text) => Some(UTF_16BE),
        _ if is_mostly_ascii_in(start, [false, true, true, true]) => Some(UTF_32LE),
        _ if is_mostly_ascii_in(start, [true, true, true, false]) => Some(UTF_32BE),
        _ if is_mostly_ascii_in(start, [false, true]) => Some(UTF_16LE),
        _ if is_mostly_ascii_in(start, [true, false]) => Some(UTF_16BE),
        _ => None,
    }
}

/// Returns whether more than half of the characters are ASCII, each in `N` bytes of which those in `zeros` are zero. At
/// least two of them are needed, since a single zero may also be damage at the start of a log.
fn is_mostly_ascii_in<const N: usize>(start: &[u8], zeros: [bool; N]) -> bool {
    let (units, _) = start.as_chunks::<N>();
    let is_ascii = |unit: &&[u8; N]| {
        let mut bytes = unit.iter().zip(zeros);
        bytes.all(|(&byte, is_zero)| match is_zero {
            true => byte == 0,
            false => byte.is_ascii() && !is_binary(&[byte]),
        })
    };
    let ascii = units.iter().filter(is_ascii).count();
    ascii >= 2 && ascii > units.len() / 2
}
