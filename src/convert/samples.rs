//! The first of the lines of an input that have something in common, with their guessed kinds.

use crate::text::line_text;
use crate::tracking::LineKind;

/// The number of lines whose kinds are guessed.
const SAMPLES: usize = 100;

/// A line with its guessed kind.
#[derive(Clone, Debug)]
pub struct Sample {
    pub kind: LineKind,
    pub line: FirstLine,
}

/// The first of several lines with the same fault.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FirstLine {
    /// The number of the line in the input, from 1.
    pub number: u64,
    /// The number of the byte of the line, from 1, at which the record begins. `None` for the first byte.
    pub byte: Option<u64>,
    /// The detail of the fault.
    pub detail: String,
}

impl FirstLine {
    /// Returns the position as in "line 7", or "byte 742 of line 7".
    pub fn position(&self) -> String {
        line_text(self.number, self.byte)
    }
}

/// The number of lines, and the first of them. Which lines these are does not depend on the parts that are added.
#[derive(Clone, Debug, Default)]
pub struct Samples {
    pub lines: u64,
    first: Vec<Sample>,
}

impl Samples {
    /// Counts a line. Calls `sample`, which guesses its kind, only if it is one of the first lines.
    pub fn note(&mut self, sample: impl FnOnce() -> Sample) {
        self.lines += 1;
        if self.first.len() < SAMPLES {
            self.first.push(sample());
        }
    }

    /// Adds the lines of a later part of the input.
    pub fn add(&mut self, later: Self) {
        self.lines += later.lines;
        let missing = SAMPLES - self.first.len();
        self.first.extend(later.first.into_iter().take(missing));
    }

    /// Returns the first lines.
    pub fn first(&self) -> &[Sample] {
        &self.first
    }

    /// Returns about how many of all lines are of some kind, in proportion to the first lines.
    pub fn count(&self, is_counted: impl Fn(&LineKind) -> bool) -> u64 {
        let counted = self.first.iter().filter(|sample| is_counted(&sample.kind));
        let (counted, all) = (counted.count() as u128, self.first.len().max(1) as u128);
        u64::try_from(u128::from(self.lines) * counted / all).unwrap_or(u64::MAX)
    }

    /// Returns whether all lines are among the first.
    pub fn has_all(&self) -> bool {
        self.lines == self.first.len() as u64
    }
}
