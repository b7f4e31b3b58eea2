//! The inputs in the journal that an opened input may be, or may be a copy of.

use super::entry::InputId;
use super::heads::Beginning;
use crate::input::Position;

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
