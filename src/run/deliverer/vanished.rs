//! Inputs that vanished between their listing and their opening, and inputs that were truncated while they were read. They
//! are failures unless their content turns up under another name.

use std::collections::{HashMap, HashSet};
use std::io::{self, ErrorKind};
use std::time::SystemTime;

use super::Deliverer;
use crate::checkpoint::{InputId, StateDirectory};
use crate::input::{MovedTo, Source, SourceIndex, moved_to, not_opened};
use crate::report::ReadTo;
use crate::run::open_input::OpenInput;

/// The inputs of a run that vanished or were truncated.
#[derive(Default)]
pub struct Vanished {
    /// Whether the inputs may turn up under other names, so that they are no failures yet.
    pub may_turn_up: bool,
    /// The numbers of the inputs, the inputs, and the errors.
    inputs: Vec<(usize, Source, io::Error)>,
    /// The copies of inputs that were truncated while they were read.
    pub(super) copies: Vec<Source>,
    /// The inputs in the journal that the files which this run has opened have, by device and inode.
    opened: HashMap<(u64, u64), InputId>,
}

impl Vanished {
    /// Notes which input in the journal a file has.
    pub(super) fn note_opened(&mut self, source: &Source, input: InputId) {
        if let Some(stamp) = source.stamp {
            self.opened.insert(stamp.file(), input);
        }
    }

    /// Returns the input in the journal that a file has, if this run has opened the file.
    fn opened(&self, source: &Source) -> Option<InputId> {
        self.opened.get(&source.stamp?.file()).copied()
    }
}

/// The inputs that were found during a run.
#[derive(Default)]
pub struct MoreInputs {
    /// The inputs that the run has read, or tried to read.
    pub read: Vec<Source>,
    /// The inputs that the next run reads.
    pub unread: Vec<Source>,
    /// The inputs that runs of other shards read.
    pub in_other_shards: Vec<Source>,
}

impl Deliverer<'_> {
    /// Fails an input that could not be opened, or notes it as vanished.
    pub(super) fn fail_or_await(&mut self, input: usize, source: &Source, error: io::Error) {
        if self.vanished.may_turn_up && error.kind() == ErrorKind::NotFound {
            self.vanished.inputs.push((input, source.clone(), error));
        } else {
            self.fail_to_open(input, source, &error);
        }
    }

    fn fail_to_open(&mut self, input: usize, source: &Source, error: &io::Error) {
        let mut open = OpenInput::start(source);
        let message = not_opened(&source.name, error);
        self.input_failed(&mut open, message);
        self.end(input, open, Some(ReadTo::default()), None);
    }

    /// Returns the inputs that vanished between their listing and their opening.
    pub fn vanished(&self) -> Vec<&Source> {
        self.vanished
            .inputs
            .iter()
            .map(|(_, source, _)| source)
            .collect()
    }

    /// Takes the copies of inputs that were truncated while they were read.
    pub fn take_copies(&mut self) -> Vec<Source> {
        std::mem::take(&mut self.vanished.copies)
    }

    /// Reports the inputs that vanished. `listed` are the inputs that were found first, when the run had `started`.
    pub fn settle_vanished(&mut self, listed: &[Source], more: &MoreInputs, started: SystemTime) {
        let vanished = std::mem::take(&mut self.vanished.inputs);
        if vanished.is_empty() {
            return;
        }
        let numbers: HashSet<usize> = vanished.iter().map(|(input, ..)| *input).collect();
        let read = more.read.iter().enumerate();
        let read = read.filter(|(nth, _)| !numbers.contains(&(listed.len() + nth)));
        let read: Vec<&Source> = read.map(|(_, source)| source).collect();
        let contents = self.contents(listed, &read);
        let read = SourceIndex::new(read);
        let (listed, unread) = (SourceIndex::new(listed), SourceIndex::new(&more.unread));
        let elsewhere = SourceIndex::new(&more.in_other_shards);
        let find = |source: &Source| {
            let is_content = |file: &Source| contents.is_of(file, source);
            let find = |later, reader| {
                let moved = moved_to(source, &listed, later, started, is_content)?;
                Some((moved, reader))
            };
            let known = contents.read_elsewhere(source);
            let is_guess = false;
            let known = known.map(|file| (MovedTo { file, is_guess }, ""));
            known
                .or_else(|| find(&read, ""))
                .or_else(|| find(&unread, ", and the next run reads it"))
                .or_else(|| find(&elsewhere, ", and another shard reads it"))
        };
        let moved: Vec<_> = vanished.iter().map(|(_, source, _)| find(source)).collect();
        for ((input, source, error), moved) in vanished.iter().zip(moved) {
            match moved {
                Some((moved, reader)) => self.note_moved(*input, source, moved, reader),
                None => self.fail_to_open(*input, source, error),
            }
        }
    }

    fn note_moved(&mut self, input: usize, source: &Source, moved: MovedTo<'_>, reader: &str) {
        let mut open = OpenInput::start(source);
        let (from, to) = (&source.name, &moved.file.name);
        if moved.is_guess {
            let warning = format!(
                "`{from}` vanished before it was opened, and `{to}` is taken for it because of its name and time{reader}; if you removed `{from}`, its new lines are lost"
            );
            self.console.warn(&warning);
            open.warnings.push(warning);
        } else {
            self.console.note(&format!(
                "note: `{from}` was moved to `{to}` during the run{reader}"
            ));
        }
        open.is_moved = true;
        self.end(input, open, Some(ReadTo::default()), None);
    }

    fn contents<'s>(&self, listed: &'s [Source], read: &[&'s Source]) -> Contents<'s, '_> {
        let state = self.state.as_deref();
        let files = listed.iter().chain(read.iter().copied());
        let opened = files.filter_map(|file| Some((self.vanished.opened(file)?, file)));
        let known = |file: &'s Source| Some((state?.input_of_file(file.stamp.as_ref()?)?, file));
        Contents {
            state,
            vanished: &self.vanished,
            opened: opened.collect(),
            known: listed.iter().filter_map(known).collect(),
        }
    }
}

/// The inputs in the journal that the files of a run have.
struct Contents<'s, 'v> {
    state: Option<&'v StateDirectory>,
    vanished: &'v Vanished,
    /// The files that this run has opened, by their inputs.
    opened: HashMap<InputId, &'s Source>,
    /// The files that were found first, by the inputs that they had in earlier runs.
    known: HashMap<InputId, &'s Source>,
}

impl<'s> Contents<'s, '_> {
    /// Returns the input that a file had in earlier runs.
    fn input_of(&self, file: &Source) -> Option<InputId> {
        self.state?.input_of_file(file.stamp.as_ref()?)
    }

    /// Returns the other file from which this run has read everything that a vanished file had when it was found.
    fn read_elsewhere(&self, vanished: &Source) -> Option<&'s Source> {
        let input = self.input_of(vanished)?;
        let file = self.opened.get(&input)?;
        let has_read = self.state?.has_read_until(input, vanished.stamp?.size);
        (has_read && file.path() != vanished.path()).then_some(*file)
    }

    /// Returns whether a file has the content of a vanished file, if that is known. A new log may
    /// have got the inode of a deleted file, so the input of the vanished file is certain only if no other file has it.
    fn is_of(&self, file: &Source, vanished: &Source) -> Option<bool> {
        let content = self.vanished.opened(file).or_else(|| self.input_of(file))?;
        let is_other = |other: &&&Source| ![file.path(), vanished.path()].contains(&other.path());
        let input = self.input_of(vanished);
        if input == Some(content) {
            return Some(true);
        }
        let has_other = |input: &InputId| {
            let files = [&self.opened, &self.known].map(|files| files.get(input));
            files.into_iter().flatten().any(|other| is_other(&other))
        };
        let is_certain = input.is_some_and(|input| !has_other(&input));
        (is_certain || has_other(&content)).then_some(false)
    }
}
