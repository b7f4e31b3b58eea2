//! The lines that earlier runs have delivered, and the lines that this run has read or delivered.

use std::collections::{BTreeMap, BTreeSet};
use std::mem::ManuallyDrop;
use std::path::PathBuf;

use anyhow::{Context, Result};

use super::contents::{JournalContents, add_to_ranges};
use super::entry::{Day, DeliveryProgress, Entry, InputId};
use super::history::{History, seconds_now};
use super::journal::Journal;
use super::known::KnownInput;
use super::line_hashes::{LineHashes, ReadLines};
use super::read_files::ReadFiles;
use crate::input::Shape;

/// The lines that earlier runs have delivered, and the lines that this run has read or delivered.
#[derive(Debug)]
pub struct Memory {
    pub journal: Journal,
    /// Not dropped: the program ends with the run, and for many inputs a drop takes a tenth of the time of a run with
    /// nothing new.
    pub contents: ManuallyDrop<JournalContents>,
    /// The hashes of the lines that runs have read.
    pub lines: LineHashes,
    /// The positions up to which this run has read each input, whether the lines are delivered yet or not. If a second
    /// input of the run has the same content, the second input resumes after these positions.
    pub read: BTreeMap<(InputId, Shape), History>,
    /// The inputs that the journal does not have, because no other entry names them yet.
    pub unwritten: BTreeSet<InputId>,
    /// Whether the files that this run finds are recorded.
    pub remembers: bool,
    /// The files that this run has read to their end.
    pub read_files: ReadFiles,
    pub seen: SeenInputs,
    /// The output files of all inputs, once they are needed.
    pub files: Option<BTreeSet<PathBuf>>,
    /// The first failure to record a delivery or an input. It is reported at the end of the run.
    pub failure: Option<anyhow::Error>,
}

/// The inputs that this run has found, and that no earlier run of this day has found.
#[derive(Debug)]
pub struct SeenInputs {
    pub inputs: BTreeSet<InputId>,
    pub today: Day,
}

impl Memory {
    /// Remembers that this run has read the next lines of an input. If the input is a file that `may_grow`, more positions
    /// are kept, since a part of it may be copied while it is written.
    pub fn has_read(&mut self, input: InputId, lines: ReadLines<'_>, may_grow: bool) {
        let shape = lines.shape;
        let history = self.read.entry((input, shape)).or_default();
        let positions = lines.positions;
        let Some((last, before)) = positions.split_last() else {
            return;
        };
        // The last line has no newline, or lacks pieces. In a copy of this input, that line may be longer. Then the position
        // after the line is not found in the copy, but the position before it is.
        let before = before.last().unwrap_or(&lines.before);
        if last.open && !before.open {
            history.push_end(*before, seconds_now());
        }
        if may_grow {
            history.push_lines(positions);
        } else {
            history.push_passed(*last);
        }
        if shape == Shape::Log && self.remembers {
            let hashes = &mut self.lines;
            if let Err(error) = hashes.append(input, &lines.before, positions) {
                let error = anyhow::Error::new(error).context(hashes.failed());
                self.failure.get_or_insert(error);
            }
        }
    }

    pub fn sync(&mut self) -> Result<()> {
        let synced = self.lines.sync();
        synced.with_context(|| self.lines.failed())?;
        for input in self.read_files.inputs() {
            self.record_files(input)?;
        }
        self.record_seen()?;
        self.journal.sync()
    }

    /// Appends entries that name an input, after the entry of the input if the journal does not have it.
    pub fn append(&mut self, input: InputId, entries: &[&Entry]) -> Result<()> {
        let known = self.contents.inputs.get(&input);
        let first = known.filter(|_| self.unwritten.contains(&input));
        let all: Vec<&Entry> = first
            .map(|known| &known.entry)
            .into_iter()
            .chain(entries.iter().copied())
            .collect();
        self.journal.append(&all)?;
        self.unwritten.remove(&input);
        Ok(())
    }

    /// Records the files of an input that were read to their end and whose lines are all delivered.
    pub fn record_files(&mut self, input: InputId) -> Result<()> {
        let (contents, lines) = (&mut self.contents, &mut self.lines);
        let entries = self.read_files.take_delivered(input, contents, lines);
        if entries.is_empty() {
            return Ok(());
        }
        let entries: Vec<&Entry> = entries.iter().collect();
        self.append(input, &entries)
    }

    /// Notes that this run has found an input.
    pub fn has_seen(&mut self, input: InputId) {
        let known = self.contents.inputs.get(&input);
        if known.is_some_and(|known| known.seen < self.seen.today) {
            self.seen.inputs.insert(input);
        }
    }

    /// Records which inputs this run has found, unless an earlier run of this day has found them.
    fn record_seen(&mut self) -> Result<()> {
        let day = self.seen.today;
        let mut inputs = Vec::new();
        for &input in self.seen.inputs.difference(&self.unwritten) {
            add_to_ranges(&mut inputs, input);
        }
        if inputs.is_empty() || !self.remembers {
            return Ok(());
        }
        self.journal.append(&[&Entry::Seen { day, inputs }])
    }

    /// Returns the output files of all inputs.
    pub fn files(&mut self) -> &mut BTreeSet<PathBuf> {
        let inputs = &self.contents.inputs;
        let files = || inputs.values().flat_map(KnownInput::output_files).collect();
        self.files.get_or_insert_with(files)
    }

    /// Adds the positions that this run has read before the position of `progress` to its history.
    pub fn add_read_positions(&self, input: InputId, progress: &mut DeliveryProgress) {
        if let Some(read) = self.read.get(&(input, Shape::Log)) {
            let history = &mut progress.history;
            history.add_before(read, progress.position.offset);
        }
    }
}
