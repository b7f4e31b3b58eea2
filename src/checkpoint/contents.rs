//! The contents of a journal: the sum of its entries.

use std::collections::BTreeMap;
use std::path::PathBuf;

use super::entry::{DeliveryProgress, Entry, InputId};
use crate::output_names::OutputNames;

/// The contents of a journal.
#[derive(Debug, Default)]
pub struct JournalContents {
    pub inputs: BTreeMap<InputId, KnownInput>,
    /// The inputs by the length of their head and its hash.
    pub heads: BTreeMap<u64, BTreeMap<u128, Vec<InputId>>>,
    /// The [`Entry::Delivering`] entries of files that may or may not have been renamed.
    pub delivering: Vec<Entry>,
    /// Temporary files that may still exist.
    pub writing: Vec<PathBuf>,
}

/// An input in the journal.
#[derive(Debug)]
pub struct KnownInput {
    /// The [`Entry::Input`].
    entry: Entry,
    /// The progress by destination.
    pub delivered: BTreeMap<String, DeliveryProgress>,
}

impl JournalContents {
    /// Adds an entry.
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

    /// Forgets a document whose output file was replaced by that of a new version of the document. The output of a log is
    /// never replaced, since a second log of the same name is written to files with other numbers.
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

    /// Returns the fewest entries with the same contents, after the files being written or delivered are settled.
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
