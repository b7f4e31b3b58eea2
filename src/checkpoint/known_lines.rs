//! The ends of consecutive lines or records of an input, with their hashes: a row of the file `journal.lines`.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde::{Deserialize, Serialize};

use super::entry::InputId;
use crate::input::Position;

/// The number of bytes of a hash in the file. Two logs that differ have the same hash with a probability of 2⁻⁴⁸.
const HASH_BYTES: usize = 6;

/// The end of a line or record: the number of newlines and of bytes before it, and a part of the hash of these bytes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(from = "(u64, u64, u64)", into = "(u64, u64, u64)")]
pub struct LineEnd {
    pub line: u64,
    pub offset: u64,
    pub hash: u64,
}

/// A row of the file.
#[derive(Serialize, Deserialize)]
pub struct LinesRow<'a> {
    pub input: InputId,
    /// The end of the line before the first line.
    after: LineEnd,
    last: LineEnd,
    /// A part of the hash of the other fields. A damaged hash of a line would look like another line.
    check: u32,
    /// The ends of the lines, in Base64.
    ends: &'a str,
}

/// A row in the file.
#[derive(Clone, Copy, Debug)]
pub struct KnownLines {
    /// The end of the line before the first line.
    pub after: LineEnd,
    pub last: LineEnd,
    /// The offset and the length of the ends of the lines in the file.
    pub at: u64,
    pub length: usize,
}

impl LineEnd {
    pub fn of(position: &Position) -> Self {
        let [a, b, c, d, e, f, ..] = position.hash.to_le_bytes();
        Self {
            line: position.line,
            offset: position.offset,
            hash: hash_of([a, b, c, d, e, f]),
        }
    }
}

impl From<(u64, u64, u64)> for LineEnd {
    fn from((line, offset, hash): (u64, u64, u64)) -> Self {
        Self { line, offset, hash }
    }
}

impl From<LineEnd> for (u64, u64, u64) {
    fn from(end: LineEnd) -> Self {
        (end.line, end.offset, end.hash)
    }
}

impl KnownLines {
    /// Returns whether a line may end at an offset.
    pub fn may_end_at(&self, offset: u64) -> bool {
        self.after.offset < offset && offset <= self.last.offset
    }
}

impl LinesRow<'_> {
    /// Appends the row with the ends of lines of an input to a text.
    pub fn write(
        text: &mut Vec<u8>,
        input: InputId,
        after: LineEnd,
        ends: &[LineEnd],
    ) -> serde_json::Result<()> {
        let ends_text = STANDARD.encode(encode(after, ends));
        let mut row = LinesRow {
            input,
            after,
            last: ends.last().copied().unwrap_or(after),
            check: 0,
            ends: &ends_text,
        };
        row.check = row.checked();
        serde_json::to_writer(&mut *text, &row)?;
        text.push(b'\n');
        Ok(())
    }

    /// Returns the value of `check` if no field is damaged.
    fn checked(&self) -> u32 {
        let mut hash = xxhash_rust::xxh3::Xxh3::new();
        hash.update(&self.input.to_le_bytes());
        for end in [self.after, self.last] {
            for number in [end.line, end.offset, end.hash] {
                hash.update(&number.to_le_bytes());
            }
        }
        hash.update(self.ends.as_bytes());
        let [a, b, c, d, ..] = hash.digest().to_le_bytes();
        u32::from_le_bytes([a, b, c, d])
    }

    /// Returns the lines, given the offset in the file at which the row ends. Returns `None` if the row is damaged.
    pub fn known_lines(&self, row_end: u64) -> Option<KnownLines> {
        let length = self.ends.len();
        (self.check == self.checked()).then(|| KnownLines {
            after: self.after,
            last: self.last,
            at: row_end - "\"}\n".len() as u64 - length as u64,
            length,
        })
    }
}

/// Returns the bytes for the ends of lines: for each of them the length of the line, the number of its newlines unless
/// there is one, and the hash.
fn encode(after: LineEnd, ends: &[LineEnd]) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(ends.len() * (HASH_BYTES + 2));
    let mut before = after;
    for end in ends {
        let (lines, length) = (end.line - before.line, end.offset - before.offset);
        push_number(&mut bytes, length << 1 | u64::from(lines != 1));
        if lines != 1 {
            push_number(&mut bytes, lines);
        }
        bytes.extend_from_slice(&end.hash.to_le_bytes()[..HASH_BYTES]);
        before = *end;
    }
    bytes
}

/// Returns the ends of lines, given their text in the file.
pub fn decode(after: LineEnd, text: &[u8]) -> Option<Vec<LineEnd>> {
    let bytes = STANDARD.decode(text).ok()?;
    let mut bytes = &bytes[..];
    let mut ends = Vec::new();
    let mut before = after;
    while !bytes.is_empty() {
        let length = take_number(&mut bytes)?;
        let lines = match length & 1 {
            0 => 1,
            _ => take_number(&mut bytes)?,
        };
        before = LineEnd {
            line: before.line.checked_add(lines)?,
            offset: before.offset.checked_add(length >> 1)?,
            hash: hash_of(*bytes.split_off(..HASH_BYTES)?.first_chunk()?),
        };
        ends.push(before);
    }
    Some(ends)
}

fn hash_of([a, b, c, d, e, f]: [u8; HASH_BYTES]) -> u64 {
    u64::from_le_bytes([a, b, c, d, e, f, 0, 0])
}

/// Appends a number, seven bits in each byte. All bytes except the last have their highest bit set.
fn push_number(bytes: &mut Vec<u8>, mut number: u64) {
    while number >= 0x80 {
        bytes.push(number as u8 | 0x80);
        number >>= 7;
    }
    bytes.push(number as u8);
}

fn take_number(bytes: &mut &[u8]) -> Option<u64> {
    let mut number = 0;
    for shift in (0..u64::BITS).step_by(7) {
        let byte = *bytes.split_off_first()?;
        number |= u64::from(byte & 0x7f) << shift;
        if byte < 0x80 {
            return Some(number);
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_ends_of_lines_are_read_as_they_were_written() {
        let after = LineEnd::of(&Position::START);
        let end = |line, offset| LineEnd {
            line,
            offset,
            hash: offset.wrapping_mul(0x1234_5678) % (1 << 48),
        };
        // A record in the first line, lines of several lengths, and records that go over lines.
        let ends = [(0, 5), (1, 80), (1, 80), (2, 9000), (7, 1 << 40)].map(|(l, o)| end(l, o));
        let mut text = Vec::new();
        LinesRow::write(&mut text, 3, after, &ends).unwrap();
        let row: LinesRow<'_> = serde_json::from_slice(&text).unwrap();
        let known = row.known_lines(text.len() as u64).unwrap();
        let at = usize::try_from(known.at).unwrap();
        let read = decode(known.after, &text[at..at + known.length]);
        assert_eq!(read.unwrap(), ends);
        assert_eq!((known.after, known.last), (after, ends[4]));
    }

    #[test]
    fn a_row_with_a_changed_character_is_damaged() {
        let after = LineEnd::of(&Position::START);
        let mut text = Vec::new();
        LinesRow::write(&mut text, 1, after, &[LineEnd { line: 1, ..after }]).unwrap();
        for at in 0..text.len() {
            let mut damaged = text.clone();
            damaged[at] = if text[at] == b'1' { b'2' } else { b'1' };
            let row = serde_json::from_slice::<LinesRow<'_>>(&damaged).ok();
            let known = row.and_then(|row| row.known_lines(text.len() as u64));
            assert!(known.is_none(), "{at}");
        }
    }
}
