//! The hashes of the first lines of an input. By these hashes, a copy of the input is recognized that is shorter than the
//! recorded first bytes.

use std::fmt::Write;

use serde::{Deserialize, Serialize};

/// For each of the first lines of an input, the hash of all bytes up to the end of the line: 16 hexadecimal digits each.
/// So the text of a shorter copy is the start of the text of the input.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct HeadLines(pub Box<str>);

/// The most lines that have a hash. Most tracking lines are so long that the first bytes of an input hold fewer.
const MOST_LINES: usize = 12;

const HASH_DIGITS: usize = 16;

impl HeadLines {
    /// Returns the hashes of the first lines in the first bytes of a log.
    pub fn of(bytes: &[u8]) -> Self {
        let mut text = String::new();
        let ends = memchr::memchr_iter(b'\n', bytes).take(MOST_LINES);
        for end in ends {
            let hash = xxhash_rust::xxh3::xxh3_64(&bytes[..=end]);
            // Writing to a string cannot fail.
            let _ = write!(text, "{hash:016x}");
        }
        Self(text.into())
    }

    /// Returns the number of lines that have a hash.
    pub fn count(&self) -> usize {
        self.0.len() / HASH_DIGITS
    }

    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Returns whether two inputs begin with the same line.
    pub fn begin_like(&self, other: &Self) -> bool {
        let first = self.0.get(..HASH_DIGITS);
        first.is_some() && first == other.0.get(..HASH_DIGITS)
    }

    /// Returns whether an input with these first lines begins with all lines of a shorter input.
    pub fn start_with(&self, shorter: &Self) -> bool {
        self.0.starts_with(&*shorter.0)
    }
}
