//! The inputs in the journal that an opened input may be, or may be a copy of.

use super::destinations::Destinations;
use super::entry::InputId;
use super::fingerprint::Head;
use super::heads::Beginning;
use super::history::History;
use super::memory::Memory;
use super::state_directory::StateDirectory;
use crate::input::{Position, Shape, Source};

/// An input in the journal that may begin with the same lines as the opened input.
pub struct Candidate {
    pub input: InputId,
    pub beginning: Beginning,
    /// For each destination of this run, all recorded positions up to which it has received the input, earlier
    /// positions included.
    pub passed: Vec<Vec<Position>>,
    /// The positions up to which other destinations have received the input. They only tell that the opened input is
    /// this input, so that all destinations record their progress for the same input.
    pub elsewhere: Vec<Position>,
}

impl Candidate {
    /// Returns the inputs in the journal that may begin like an opened input with this head.
    pub fn all(
        directory: &StateDirectory,
        destinations: &Destinations,
        source: &Source,
        head: &Head,
    ) -> Vec<Self> {
        let mut memory = directory.memory();
        let alike = memory.contents.heads().alike(head);
        for input in alike.keys() {
            memory.contents.read_input(*input);
        }
        let alike = alike.into_iter();
        let candidates = alike.filter_map(|(input, beginning)| {
            Self::of(&memory, destinations, source, head, input, beginning)
        });
        candidates.collect()
    }

    /// Returns the candidate for an input in the journal.
    fn of(
        memory: &Memory,
        destinations: &Destinations,
        source: &Source,
        head: &Head,
        input: InputId,
        beginning: Beginning,
    ) -> Option<Self> {
        let known = memory.contents.inputs.get(&input)?;
        // Lines that this run has already read from `input` count as delivered, since this run will deliver them to
        // all destinations.
        let read = || {
            let shapes = [Shape::Log, Shape::Document].into_iter();
            let shapes = shapes.filter(|shape| destinations.counts_read(source, *shape));
            let histories = shapes.filter_map(|shape| memory.read.get(&(input, shape)));
            histories.flat_map(History::positions)
        };
        let passed = destinations.names.iter().map(|to| {
            let progress = known.delivered.get(to).into_iter();
            let progress = progress.filter(|progress| destinations.counts(source, progress));
            let delivered = progress.flat_map(|progress| {
                let earlier = progress.history.positions();
                earlier.chain([&progress.position])
            });
            let mut passed: Vec<Position> = delivered.chain(read()).copied().collect();
            if beginning == Beginning::AllLines && !head.ends_within_object() {
                let end = head.end_of_lines();
                let is_passed = passed.iter().any(|passed| passed.offset >= end.offset);
                passed.extend(is_passed.then_some(end));
            }
            passed
        });
        let passed = passed.collect();
        let others = known.delivered.iter();
        let others = others.filter(|(to, progress)| {
            !destinations.names.iter().any(|name| name == to)
                && destinations.may_be_same(source, progress)
        });
        Some(Self {
            input,
            beginning,
            passed,
            elsewhere: others.map(|(_, progress)| progress.position).collect(),
        })
    }

    /// Returns whether the opened input may have the recorded positions of the input.
    pub fn may_have_same_positions(&self) -> bool {
        self.beginning != Beginning::FirstLines
    }

    /// Returns whether the recorded first bytes of the input are enough to know that the opened input begins with the same
    /// lines.
    pub fn begins_alike(&self) -> bool {
        self.beginning != Beginning::SameBytes
    }

    pub fn positions(&self) -> impl Iterator<Item = &Position> {
        self.passed.iter().flatten()
    }

    /// Returns the last position of each destination that has received lines of the input, also in other runs.
    pub fn reached(&self) -> impl Iterator<Item = &Position> {
        let passed = self.passed.iter();
        let last =
            passed.filter_map(|positions| positions.iter().max_by_key(|position| position.offset));
        last.chain(&self.elsewhere)
    }
}
