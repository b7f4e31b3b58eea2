//! The delivery of the rejects file, if it is an input of the run. Lines that are emitted leave the file, but only at the
//! end of the run, and only if all of them are delivered.

use std::collections::BTreeSet;

use crate::input::Source;

/// The inputs of a run that are its rejects file.
#[derive(Default)]
pub struct RejectsInput {
    /// The number of these inputs. It is larger than 1 if the file is an argument several times.
    inputs: usize,
    /// The numbers of the inputs that were read to their end and delivered.
    delivered: BTreeSet<usize>,
}

impl RejectsInput {
    pub fn of(sources: &[Source]) -> Self {
        let is_own_rejects = |source: &&Source| source.is_own_rejects;
        Self {
            inputs: sources.iter().filter(is_own_rejects).count(),
            delivered: BTreeSet::new(),
        }
    }

    /// Returns whether the rejects file is an input.
    pub fn exists(&self) -> bool {
        self.inputs > 0
    }

    /// Notes that an input which is the rejects file was read to its end and written to the destination.
    pub fn note_delivered(&mut self, input: usize) {
        self.delivered.insert(input);
    }

    /// Notes that records of an input were not delivered, because sending was stopped.
    pub fn note_stopped(&mut self, input: usize) {
        self.delivered.remove(&input);
    }

    /// Returns whether all lines of the rejects file that were emitted are delivered.
    pub fn is_delivered(&self) -> bool {
        self.delivered.len() == self.inputs
    }
}
