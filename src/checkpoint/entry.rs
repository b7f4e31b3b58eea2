//! The entries of the journal, and what all entries together say about the inputs. The guide documents the keys of the
//! entries.

use std::collections::BTreeMap;
use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use super::history::{History, seconds_now};
use crate::input::{self, Position};
use crate::output_names::OutputNames;

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
}

/// The position up to which an input is delivered to a destination.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DeliveryProgress {
    #[serde(flatten)]
    pub position: Position,
    /// The first output file of the input, if the destination writes files. The names of later output files are the
    /// name of the first with a number added.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub first_file: Option<PathBuf>,
    /// The number in the name of the last output file: the number of output files, or more if a number was skipped
    /// because the name was taken.
    #[serde(skip_serializing_if = "is_zero", default)]
    pub files: u64,
    /// Whether the input ended at the position when it was read.
    #[serde(skip_serializing_if = "std::ops::Not::not", default)]
    pub ended: bool,
    /// The time at which the input ended at the position, in seconds since 1970. 0 if the input did not end there, and
    /// in journals of earlier versions.
    #[serde(skip_serializing_if = "is_zero", default)]
    pub at: u64,
    /// Earlier positions that no other entry contains.
    #[serde(rename = "trail", skip_serializing_if = "History::is_empty", default)]
    pub history: History,
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
    pub fn merge(self, other: Self) -> Self {
        let (before, mut last) = if other.position.offset < self.position.offset {
            (other, self)
        } else {
            (self, other)
        };
        last.history.add(&before.history);
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

/// The state of all inputs after all entries of a journal.
#[derive(Debug, Default)]
pub struct JournalContents {
    pub inputs: BTreeMap<InputId, KnownInput>,
    /// The inputs, first by the length of their head (their first bytes), then by the hash of their head.
    pub heads: BTreeMap<u64, BTreeMap<u128, Vec<InputId>>>,
    /// The [`Entry::Delivering`] entries of files that may or may not have been renamed.
    pub delivering: Vec<Entry>,
    /// Temporary files that may still exist.
    pub writing: Vec<PathBuf>,
}

/// An input in the journal.
#[derive(Debug)]
pub struct KnownInput {
    /// The [`Entry::Input`] that added the input.
    entry: Entry,
    /// The progress at each destination, by the name of the destination.
    pub delivered: BTreeMap<String, DeliveryProgress>,
}

impl JournalContents {
    /// Changes the contents as the next entry of the journal says.
    pub fn apply(&mut self, entry: Entry) {
        match entry {
            Entry::EventRouterState { .. } => {}
            Entry::Input {
                input,
                head_bytes,
                head_hash,
                ..
            } => {
                let delivered = BTreeMap::new();
                self.inputs.insert(input, KnownInput { entry, delivered });
                let alike = self.heads.entry(head_bytes).or_default();
                alike.entry(head_hash).or_default().push(input);
            }
            Entry::Writing { file } => self.writing.push(file),
            delivering @ Entry::Delivering { .. } => self.delivering.push(delivering),
            Entry::Delivered {
                input,
                to,
                progress,
            } => {
                let is_done = |entry: &Entry| matches!(entry, Entry::Delivering { input: i, to: t, .. } if (*i, t) == (input, &to));
                self.delivering.retain(|entry| !is_done(entry));
                self.forget_replaced(input, &to, &progress);
                if let Some(known) = self.inputs.get_mut(&input) {
                    let progress = match known.delivered.remove(&to) {
                        Some(earlier) => earlier.merge(progress),
                        None => progress,
                    };
                    known.delivered.insert(to, progress);
                }
            }
        }
    }

    /// Forgets the progress of a document whose output file was replaced by the output of the changed document `by`.
    /// The output of a log is never replaced: the output of a second log with the same name gets a number.
    fn forget_replaced(&mut self, by: InputId, to: &str, progress: &DeliveryProgress) {
        let file = progress.first_file.as_deref();
        if !file.is_some_and(OutputNames::is_of_document) {
            return;
        }
        let is_replaced = |other: &DeliveryProgress| {
            (other.first_file.as_deref(), other.files) == (file, progress.files)
        };
        for (&input, known) in &mut self.inputs {
            if input != by && known.delivered.get(to).is_some_and(is_replaced) {
                known.delivered.remove(to);
            }
        }
    }

    /// Returns the shortest list of entries that yields these contents. The list does not include
    /// [`delivering`](Self::delivering) and [`writing`](Self::writing), so the caller handles both before the call.
    pub fn entries(&self) -> impl Iterator<Item = Entry> {
        let inputs = self.inputs.iter();
        let inputs = inputs.filter(|(_, known)| !known.delivered.is_empty());
        inputs.flat_map(|(&input, known)| {
            let delivered = known.delivered.iter();
            let delivered = delivered.map(move |(to, progress)| Entry::Delivered {
                input,
                to: to.clone(),
                progress: progress.clone(),
            });
            std::iter::once(known.entry.clone()).chain(delivered)
        })
    }
}
