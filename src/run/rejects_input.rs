//! The delivery of the rejects file, if it is an input of the run. Lines that are emitted leave the file, but only at the
//! end of the run, and only if all of them are delivered.

use crate::input::Source;

/// The input of a run that is its rejects file.
#[derive(Default)]
pub struct RejectsInput {
    exists: bool,
    /// The number of the input, if it was read to its end and delivered.
    delivered: Option<usize>,
}

impl RejectsInput {
    pub fn of(sources: &[Source]) -> Self {
        Self {
            exists: sources.iter().any(|source| source.is_own_rejects),
            delivered: None,
        }
    }

    /// Returns whether the rejects file is an input.
    pub fn exists(&self) -> bool {
        self.exists
    }

    /// Notes that an input which is the rejects file was read to its end and written to the destination.
    pub fn note_delivered(&mut self, input: usize) {
        self.delivered = Some(input);
    }

    /// Notes that records of an input were not delivered, because sending was stopped.
    pub fn note_stopped(&mut self, input: usize) {
        self.delivered.take_if(|delivered| *delivered == input);
    }

    /// Returns whether all lines of the rejects file that were emitted are delivered.
    pub fn is_delivered(&self) -> bool {
        self.delivered.is_some() == self.exists
    }
}
