//! The inputs and files that the journal knows.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use super::entry::{Day, DeliveryProgress, Entry, InputId};
use crate::input::FileStamp;
use crate::output_names::nth_file;

/// The input of files without lines, in [`Entry::File`].
pub const EMPTY_INPUT: InputId = 0;

/// An input in the journal.
#[derive(Debug)]
pub struct KnownInput {
    /// The [`Entry::Input`] that added the input.
    pub entry: Entry,
    /// The progress at each destination.
    pub delivered: Deliveries,
    /// The last day of a run that found the input, or 0 if it is not recorded.
    pub seen: Day,
}

impl KnownInput {
    /// Returns the output files of the input.
    pub fn output_files(&self) -> Vec<PathBuf> {
        let progress = self.delivered.values();
        let files = progress.flat_map(|progress| {
            let first = progress.first_file.iter();
            first.flat_map(|first| (1..=progress.files).map(|nth| nth_file(first, nth)))
        });
        files.collect()
    }
}

/// The progress of an input at each destination, by the name of the destination. Most inputs have one destination, so a
/// list takes less time and memory than a map.
#[derive(Debug, Default)]
pub struct Deliveries(Vec<(Arc<str>, DeliveryProgress)>);

impl Deliveries {
    pub fn get(&self, to: &str) -> Option<&DeliveryProgress> {
        let mut deliveries = self.iter();
        deliveries.find_map(|(name, progress)| (name == to).then_some(progress))
    }

    pub fn remove(&mut self, to: &str) -> Option<DeliveryProgress> {
        let index = self.0.iter().position(|(name, _)| **name == *to)?;
        Some(self.0.swap_remove(index).1)
    }

    /// Adds the progress at a destination that the list does not have.
    pub fn insert(&mut self, to: Arc<str>, progress: DeliveryProgress) {
        self.0.reserve_exact(1);
        self.0.push((to, progress));
    }

    pub fn iter(&self) -> impl Iterator<Item = (&str, &DeliveryProgress)> {
        self.0.iter().map(|(to, progress)| (&**to, progress))
    }

    pub fn values(&self) -> impl Iterator<Item = &DeliveryProgress> {
        self.0.iter().map(|(_, progress)| progress)
    }

    pub fn values_mut(&mut self) -> impl Iterator<Item = &mut DeliveryProgress> {
        self.0.iter_mut().map(|(_, progress)| progress)
    }

    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

/// A file that was read to its end. Its fields are those of [`Entry::File`].
#[derive(Clone, Debug)]
pub struct KnownFile {
    pub input: InputId,
    pub lines: u64,
    pub to: Vec<usize>,
    pub packed: bool,
    pub stamp: FileStamp,
}

impl KnownFile {
    /// Returns whether nothing will be appended to the file.
    pub fn is_complete(&self, now: SystemTime) -> bool {
        const WEEK: Duration = Duration::from_secs(7 * 86_400);

        let week_ago = now.checked_sub(WEEK);
        self.packed || week_ago.is_some_and(|time| self.stamp.shows_changes_after(time))
    }

    pub fn entry(&self) -> Entry {
        Entry::File {
            input: self.input,
            lines: self.lines,
            to: self.to.clone(),
            packed: self.packed,
            stamp: self.stamp,
        }
    }
}

/// Returns the most files of an input that are kept. A log that is packed leaves the stamp of a file that no longer exists,
/// and so does a file system that gets another device number when it is mounted again.
pub fn most_files(input: InputId) -> usize {
    if input == EMPTY_INPUT { 1 << 16 } else { 4 }
}
