//! The files that a run has read to their end. When all their lines are delivered, later runs need not open them.

use std::collections::BTreeMap;

use super::contents::JournalContents;
use super::entry::{Entry, InputId};
use super::known::EMPTY_INPUT;
use super::line_hashes::LineHashes;
use crate::input::{FileStamp, Position};

/// A file that this run has read to its end.
#[derive(Debug)]
pub struct ReadFile {
    pub input: InputId,
    /// The position at the end of the file.
    pub end: Position,
    pub packed: bool,
    /// Whether the journal need not have the end, because a longer log has the same lines.
    pub is_copy: bool,
    /// The stamp that the file had when it was opened and when its end was read.
    pub stamp: FileStamp,
}

/// The files that this run has read to their end and that have lines that are not delivered yet.
#[derive(Debug, Default)]
pub struct ReadFiles {
    /// The names of the destinations of the run.
    pub destinations: Vec<String>,
    files: BTreeMap<InputId, Vec<ReadFile>>,
}

impl ReadFiles {
    /// Adds a file, and returns its input.
    pub fn add(&mut self, mut file: ReadFile) -> InputId {
        if file.end.offset == 0 {
            file.input = EMPTY_INPUT;
        }
        let input = file.input;
        self.files.entry(input).or_default().push(file);
        input
    }

    /// Returns the inputs of the files.
    pub fn inputs(&self) -> Vec<InputId> {
        self.files.keys().copied().collect()
    }

    /// Removes the files of an input whose lines all destinations have. Returns the entries to record, except those that
    /// the journal has.
    pub fn take_delivered(
        &mut self,
        input: InputId,
        contents: &mut JournalContents,
        lines: &mut LineHashes,
    ) -> Vec<Entry> {
        let Some(files) = self.files.get_mut(&input) else {
            return Vec::new();
        };
        let destinations = &self.destinations;
        contents.read_input(input);
        let is_delivered = |file: &mut ReadFile| {
            let mut has_end = |to: &String| {
                contents.is_delivered(input, to, &file.end)
                    || file.is_copy && {
                        let delivered = contents.delivered_positions(input, to);
                        lines.have(input, &delivered, &file.end)
                    }
            };
            file.end.offset == 0 || destinations.iter().all(&mut has_end)
        };
        let delivered: Vec<ReadFile> = files.extract_if(.., is_delivered).collect();
        if files.is_empty() {
            self.files.remove(&input);
        }
        if delivered.is_empty() {
            return Vec::new();
        }
        let (mut entries, numbers) = number(destinations, contents);
        for file in delivered {
            let known = contents.unchanged_file(&file.stamp);
            let known = known.filter(|known| known.input == file.input);
            let mut to = known.map_or_else(Vec::new, |known| known.to.clone());
            if numbers.iter().all(|number| to.contains(number)) && known.is_some() {
                continue;
            }
            to.extend(&numbers);
            to.sort_unstable();
            to.dedup();
            let entry = Entry::File {
                input: file.input,
                lines: file.end.line,
                to,
                packed: file.packed,
                stamp: file.stamp,
            };
            contents.apply(entry.clone(), 0);
            entries.push(entry);
        }
        entries
    }
}

/// Returns the numbers of destinations, and the entries that give numbers to new destinations.
fn number(destinations: &[String], contents: &mut JournalContents) -> (Vec<Entry>, Vec<usize>) {
    let mut entries = Vec::new();
    let mut numbers = Vec::new();
    for to in destinations {
        let number = contents.destination(to).unwrap_or_else(|| {
            let destination = contents.next_destination();
            let entry = Entry::Destination {
                destination,
                to: to.clone(),
            };
            contents.apply(entry.clone(), 0);
            entries.push(entry);
            destination
        });
        numbers.push(number);
    }
    (entries, numbers)
}
