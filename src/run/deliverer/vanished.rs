//! Inputs that vanished between their listing and their opening, and inputs that were truncated while they were read. They
//! are failures unless their content turns up under another name.

use std::collections::HashSet;
use std::io::{self, ErrorKind};

use super::Deliverer;
use crate::input::{Source, SourceIndex, moved_to, not_opened};
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

    /// Reports the inputs that vanished. `listed` are the inputs that were found first.
    pub fn settle_vanished(&mut self, listed: &[Source], more: &MoreInputs) {
        let vanished = std::mem::take(&mut self.vanished.inputs);
        if vanished.is_empty() {
            return;
        }
        let numbers: HashSet<usize> = vanished.iter().map(|(input, ..)| *input).collect();
        let read = more.read.iter().enumerate();
        let read = read.filter(|(nth, _)| !numbers.contains(&(listed.len() + nth)));
        let read = SourceIndex::new(read.map(|(_, source)| source));
        let (listed, unread) = (SourceIndex::new(listed), SourceIndex::new(&more.unread));
        let elsewhere = SourceIndex::new(&more.in_other_shards);
        for (input, source, error) in vanished {
            let find = |later, reader| Some((moved_to(&source, &listed, later)?, reader));
            let moved = find(&read, "")
                .or_else(|| find(&unread, ", and the next run reads it"))
                .or_else(|| find(&elsewhere, ", and another shard reads it"));
            let Some((moved, reader)) = moved else {
                self.fail_to_open(input, &source, &error);
                continue;
            };
            let (from, to) = (&source.name, &moved.name);
            self.console.note(&format!(
                "note: `{from}` was moved to `{to}` during the run{reader}"
            ));
            let mut open = OpenInput::start(&source);
            open.is_moved = true;
            self.end(input, open, Some(ReadTo::default()), None);
        }
    }
}
