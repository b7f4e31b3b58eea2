//! The entries of the journal, as the README tells of them.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use super::history::Trail;
use crate::input::{self, Position};

/// An input, by the order in which the journal came to know it.
pub type InputId = u64;

/// An entry. Numbers of bytes are of the unpacked input; hashes are XXH3, 128 bits, as 32 hexadecimal digits.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Entry {
    /// The first.
    EventRouterState { version: u32 },
    /// An input that was not known before.
    Input {
        input: InputId,
        /// What it was called then, for people.
        name: String,
        /// So many of its first bytes have this hash.
        head_bytes: u64,
        #[serde(with = "input::hex")]
        head_hash: u128,
    },
    /// A temporary file that is removed if the run does not.
    Writing { file: PathBuf },
    /// An output is about to get its name. If it has, all is as if it was delivered.
    Delivering {
        input: InputId,
        to: String,
        progress: Progress,
        /// The temporary file, which is gone when the output has its name.
        part: PathBuf,
        /// The output, and how long it is.
        file: PathBuf,
        file_bytes: u64,
    },
    /// All before a place is delivered.
    Delivered {
        input: InputId,
        to: String,
        progress: Progress,
    },
}

/// How far an input is delivered to a destination.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Progress {
    #[serde(flatten)]
    pub position: Position,
    /// Where files are written, the first of them, after which the later ones are named.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub first_file: Option<PathBuf>,
    /// The number of the last one.
    #[serde(skip_serializing_if = "is_zero", default)]
    pub files: u64,
    /// The input ended there when it was read.
    #[serde(skip_serializing_if = "std::ops::Not::not", default)]
    pub ended: bool,
    /// Places that were passed before, where no other entry tells of them.
    #[serde(skip_serializing_if = "Trail::is_empty", default)]
    pub trail: Trail,
}

impl Progress {
    /// As far as a place, without files.
    pub fn to(position: Position) -> Self {
        Self {
            position,
            first_file: None,
            files: 0,
            ended: false,
            trail: Trail::default(),
        }
    }

    /// The same after more was delivered, or after something that was delivered before, as a part of it.
    pub fn and(self, other: Self) -> Self {
        let (before, mut last) = if other.position.offset < self.position.offset {
            (other, self)
        } else {
            (self, other)
        };
        last.trail.add(&before.trail);
        if before.position != last.position {
            last.trail.push(before.position, before.ended);
        }
        last.ended |= before.ended && before.position == last.position;
        last.first_file = last.first_file.or(before.first_file);
        last.files = last.files.max(before.files);
        last
    }
}

fn is_zero(number: &u64) -> bool {
    *number == 0
}
