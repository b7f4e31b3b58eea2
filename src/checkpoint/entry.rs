//! The entries of the journal. The guide documents their keys.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use super::head_lines::HeadLines;
use super::history::{History, seconds_now};
use crate::input::{self, FileStamp, Position};

/// The number of an input in the journal. Inputs are numbered from 1, in the order in which they first appear in it.
pub type InputId = u64;

/// An entry. Byte counts refer to the decompressed input; hashes are XXH3, 128 bits, as 32 hexadecimal digits.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Entry {
    /// The first entry of a journal.
    EventRouterState { version: u32 },
    /// A new input.
    Input {
        input: InputId,
        /// The name of the input when it was first read. It is only for people who read the journal.
        name: String,
        /// The length of the input's head: the first bytes of the input, which have the hash `head_hash`.
        head_bytes: u64,
        #[serde(with = "input::hex")]
        head_hash: u128,
        /// The hashes of the first lines. Missing in journals of earlier versions.
        #[serde(skip_serializing_if = "HeadLines::is_empty", default)]
        head_lines: HeadLines,
    },
    /// A temporary file is about to be created. If the run is killed before it renames or removes the file, the next
    /// run removes the file.
    Writing { file: PathBuf },
    /// A temporary output file is about to be renamed to its final name. After a crash, the next run checks whether the
    /// file was renamed, and so whether its lines are delivered.
    Delivering {
        input: InputId,
        to: String,
        progress: DeliveryProgress,
        /// The temporary file, which does not exist after the rename.
        part: PathBuf,
        /// The final name of the output file. The next field is its length.
        file: PathBuf,
        file_bytes: u64,
    },
    /// All lines before a position are delivered.
    Delivered {
        input: InputId,
        to: String,
        progress: DeliveryProgress,
    },
    /// A destination, which later entries name by its number.
    Destination { destination: usize, to: String },
    /// A file of an input was read to its end, and all its lines are delivered. As long as the file has this stamp, it
    /// need not be opened again.
    File {
        input: InputId,
        lines: u64,
        /// The numbers of the destinations to which the lines are delivered.
        to: Vec<usize>,
        /// Whether the file is compressed, so nothing will be appended to it.
        #[serde(skip_serializing_if = "std::ops::Not::not", default)]
        packed: bool,
        stamp: FileStamp,
    },
    /// Runs of a day found these inputs, whether something was delivered or not.
    Seen {
        day: Day,
        /// The first and the last number of ranges of inputs.
        inputs: Vec<(InputId, InputId)>,
    },
}

/// A day, counted from 1 January 1970, in UTC.
pub type Day = u64;

/// The position up to which an input is delivered to a destination.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(from = "ProgressJson", into = "ProgressJson")]
pub struct DeliveryProgress {
    pub position: Position,
    /// The first output file of the input, if the destination writes files. The names of later output files are the
    /// name of the first with a number added.
    pub first_file: Option<PathBuf>,
    /// The number in the name of the last output file: the number of output files, or more if a number was skipped
    /// because the name was taken.
    pub files: u64,
    /// Whether the input ended at the position when it was read.
    pub ended: bool,
    /// The time at which the input ended at the position, in seconds since 1970. 0 if the input did not end there, and
    /// in journals of earlier versions.
    pub at: u64,
    /// Earlier positions that no other entry contains.
    pub history: History,
}

/// The form of [`DeliveryProgress`] in the journal. The fields of the position are not a struct of their own, because
/// serde reads a flattened struct several times as slowly.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct ProgressJson {
    line: u64,
    offset: u64,
    #[serde(with = "input::hex")]
    hash: u128,
    #[serde(skip_serializing_if = "std::ops::Not::not", default)]
    open: bool,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    first_file: Option<PathBuf>,
    #[serde(skip_serializing_if = "is_zero", default)]
    files: u64,
    #[serde(skip_serializing_if = "std::ops::Not::not", default)]
    ended: bool,
    #[serde(skip_serializing_if = "is_zero", default)]
    at: u64,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    trail: Option<Box<RawValue>>,
}

impl From<ProgressJson> for DeliveryProgress {
    fn from(json: ProgressJson) -> Self {
        let history = json.trail.map(|text| History::unread(text.into()));
        Self {
            position: Position {
                line: json.line,
                offset: json.offset,
                hash: json.hash,
                open: json.open,
            },
            first_file: json.first_file,
            files: json.files,
            ended: json.ended,
            at: json.at,
            history: history.unwrap_or_default(),
        }
    }
}

impl From<DeliveryProgress> for ProgressJson {
    fn from(progress: DeliveryProgress) -> Self {
        let Position {
            line,
            offset,
            hash,
            open,
        } = progress.position;
        let trail = (!progress.history.is_empty()).then(|| progress.history.text());
        Self {
            line,
            offset,
            hash,
            open,
            first_file: progress.first_file,
            files: progress.files,
            ended: progress.ended,
            at: progress.at,
            // The text is valid JSON, since it was written by serde_json or read as JSON.
            trail: trail.and_then(|text| RawValue::from_string(text.into()).ok()),
        }
    }
}

impl DeliveryProgress {
    /// Returns the progress of a delivery up to a position, without output files.
    pub fn to(position: Position) -> Self {
        Self {
            position,
            first_file: None,
            files: 0,
            ended: false,
            at: 0,
            history: History::default(),
        }
    }

    /// Returns the progress of a delivery up to the end of the input, if the input `ended` there just now.
    pub fn ending(self, ended: bool) -> Self {
        let at = if ended { seconds_now() } else { 0 };
        Self { ended, at, ..self }
    }

    /// Combines this progress with `other`, which was recorded later. The position with the larger offset becomes the
    /// current position, even if it was recorded earlier. The other position becomes history.
    pub fn merge(mut self, mut other: Self) -> Self {
        let mut history = std::mem::take(&mut self.history);
        history.add(&std::mem::take(&mut other.history));
        let (before, mut last) = if other.position.offset < self.position.offset {
            (other, self)
        } else {
            (self, other)
        };
        last.history = history;
        if before.position != last.position {
            match before.ended {
                true => last.history.push_end(before.position, before.at),
                false => last.history.push_passed(before.position),
            }
        } else if before.ended {
            (last.ended, last.at) = (true, last.at.max(before.at));
        }
        last.first_file = last.first_file.or(before.first_file);
        last.files = last.files.max(before.files);
        last
    }
}

fn is_zero(number: &u64) -> bool {
    *number == 0
}
