//! An input that has started and has not ended.

use std::path::PathBuf;
use std::time::Instant;

use crate::input::Source;
use crate::outcome::Tally;
use crate::report::{InputEnd, InputReport, ReadTo};

/// An input that has started and has not ended.
pub struct OpenInput {
    name: String,
    /// The number of lines that are not read again, because earlier runs delivered them.
    skipped_lines: u64,
    /// The lines that were read. They count if the output is delivered.
    pub tally: Tally,
    /// The errors of the input and of its output.
    pub errors: Vec<String>,
    /// Whether the output could not be written.
    pub output_failed: bool,
    started: Instant,
}

impl OpenInput {
    pub fn start(source: &Source, skipped_lines: u64) -> Self {
        Self {
            name: source.name.clone(),
            skipped_lines,
            tally: Tally::default(),
            errors: Vec::new(),
            output_failed: false,
            started: Instant::now(),
        }
    }

    /// Ends the input. Without `read_to`, the run ended before the input did.
    pub fn end(self, read_to: Option<ReadTo>, output: Option<PathBuf>) -> InputReport {
        let ended = match read_to {
            _ if !self.errors.is_empty() => InputEnd::Failed,
            Some(_) => InputEnd::Done,
            None => InputEnd::Stopped,
        };
        InputReport {
            name: self.name,
            ended,
            errors: self.errors,
            skipped_lines: self.skipped_lines,
            tally: self.tally,
            read_to,
            output,
            elapsed: self.started.elapsed(),
        }
    }
}
