//! Positions between the lines of an input.

use std::io;

use serde::{Deserialize, Serialize};
use xxhash_rust::xxh3::Xxh3;

/// A position between two lines of a decompressed input or at its end, identified by all bytes before it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Position {
    /// The number of newlines before the position. A document counts as one line.
    pub line: u64,
    /// The number of bytes before the position.
    pub offset: u64,
    /// The 128-bit XXH3 hash of all bytes before the position.
    #[serde(with = "hex")]
    pub hash: u128,
    /// Whether the position is after a last line without a newline, or after pieces of a line whose last piece is missing.
    /// If more was appended to this line, the line is another line, so an input contains this position only if the line
    /// still ends here.
    #[serde(skip_serializing_if = "std::ops::Not::not", default)]
    pub open: bool,
}

impl Position {
    /// The start of any input, with the hash of no bytes.
    pub const START: Self = Self {
        line: 0,
        offset: 0,
        hash: 0x99aa_06d3_0147_98d8_6001_c324_468d_497f,
        open: false,
    };
}

/// Computes positions while an input is read. The default is the start of an input.
#[derive(Clone, Default)]
pub struct PositionTracker {
    pub line: u64,
    pub offset: u64,
    pub hash: Box<Xxh3>,
    pub open: bool,
    /// The offset of the start of the current line, in inputs whose records may be within lines.
    pub line_start: u64,
}

impl PositionTracker {
    pub fn position(&self) -> Position {
        Position {
            line: self.line,
            offset: self.offset,
            hash: self.hash.digest128(),
            open: self.open,
        }
    }
}

/// Adds bytes to the offset and to the hash. The caller counts the lines.
impl io::Write for PositionTracker {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.hash.update(bytes);
        if let Some(newline) = memchr::memrchr(b'\n', bytes) {
            self.line_start = self.offset + newline as u64 + 1;
        }
        self.offset += bytes.len() as u64;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Writes and reads a hash as hexadecimal digits, because most JSON readers cannot represent numbers of 128 bits.
pub mod hex {
    use std::fmt;

    use serde::de::{Error, Visitor};
    use serde::{Deserializer, Serializer};

    pub fn serialize<S: Serializer>(hash: &u128, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(&format_args!("{hash:032x}"))
    }

    pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<u128, D::Error> {
        struct Digits;

        impl Visitor<'_> for Digits {
            type Value = u128;

            fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.write_str("hexadecimal digits")
            }

            fn visit_str<E: Error>(self, text: &str) -> Result<u128, E> {
                u128::from_str_radix(text, 16).map_err(E::custom)
            }
        }

        deserializer.deserialize_str(Digits)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_start_position_has_the_hash_of_no_bytes() {
        assert_eq!(PositionTracker::default().position(), Position::START);
    }
}
