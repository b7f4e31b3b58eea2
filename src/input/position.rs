//! Places in inputs.

use serde::{Deserialize, Serialize};
use xxhash_rust::xxh3::Xxh3;

/// A place between two lines of an unpacked input, or behind its last one, with what comes before it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Position {
    /// How many lines that end with a newline. A document counts as one.
    pub line: u64,
    /// How many bytes.
    pub offset: u64,
    /// The XXH3 hash of those bytes, 128 bits.
    #[serde(with = "hex")]
    pub hash: u128,
    /// The last line has no newline: it is whole only if the input ends there.
    #[serde(skip_serializing_if = "std::ops::Not::not", default)]
    pub open: bool,
}

impl Position {
    /// Where an input begins.
    pub const START: Self = Self {
        line: 0,
        offset: 0,
        hash: 0x99aa_06d3_0147_98d8_6001_c324_468d_497f,
        open: false,
    };
}

/// Goes through an input and keeps the hash of what it has passed.
#[derive(Clone, Default)]
pub struct Follower {
    pub line: u64,
    pub offset: u64,
    pub hash: Box<Xxh3>,
    pub open: bool,
}

impl Follower {
    /// At the start of an input.
    pub fn new() -> Self {
        Self::default()
    }

    pub fn position(&self) -> Position {
        Position {
            line: self.line,
            offset: self.offset,
            hash: self.hash.digest128(),
            open: self.open,
        }
    }
}

/// Hashes as hexadecimal digits: JSON's numbers are too small for them in most programs.
pub mod hex {
    use std::borrow::Cow;

    use serde::de::Error;
    use serde::{Deserialize, Deserializer, Serializer};

    pub fn serialize<S: Serializer>(hash: &u128, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(&format_args!("{hash:032x}"))
    }

    pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<u128, D::Error> {
        let text = Cow::<str>::deserialize(deserializer)?;
        u128::from_str_radix(&text, 16).map_err(D::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_start_is_the_hash_of_nothing() {
        assert_eq!(Follower::new().position(), Position::START);
    }
}
