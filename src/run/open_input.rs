//! An input between its start and its end.

use std::io;
use std::time::Instant;

use crate::checkpoint::SameLines;
use crate::compression::Compression;
use crate::convert::Suspects;
use crate::destination::WrittenFile;
use crate::input::{Container, HeldBack, Source, with_name};
use crate::outcome::Tally;
use crate::report::{InputEnd, InputReport, ReadTo};

/// An input that has started and has not ended.
pub struct OpenInput {
    pub name: String,
    /// The number of lines that are skipped, because earlier runs delivered them.
    pub skipped_lines: u64,
    /// More lines that are skipped, because this run reads them from another input.
    pub same_lines: Option<SameLines>,
    /// The tally of the lines that were read. It is added to the run's tally only if the output is delivered.
    pub tally: Tally,
    /// The lines that are probably no events.
    pub suspects: Suspects,
    /// The errors of the input and of its output.
    pub errors: Vec<String>,
    /// The warnings about the input.
    pub warnings: Vec<String>,
    /// The reason why the input, or the rest of it, is left to the next run.
    pub held_back: Option<HeldBack>,
    /// Whether the file was renamed or packed before it was opened. Then another input has its lines.
    pub is_moved: bool,
    /// Whether the output could not be written.
    pub output_failed: bool,
    pub started: Instant,
}

impl OpenInput {
    pub fn start(source: &Source) -> Self {
        Self {
            name: source.name.clone(),
            skipped_lines: 0,
            same_lines: None,
            tally: Tally::default(),
            suspects: Suspects::default(),
            errors: Vec::new(),
            warnings: Vec::new(),
            held_back: None,
            is_moved: false,
            output_failed: false,
            started: Instant::now(),
        }
    }

    /// Returns the explanation of the error with which reading the input has ended.
    pub fn error(
        &self,
        source: &Source,
        result: &io::Result<()>,
        compression: Option<Compression>,
    ) -> Option<String> {
        let Some(foreign) = self.suspects.foreign else {
            let error = result.as_ref().err()?;
            return Some(with_name(&error.to_string(), &source.name));
        };
        let container = Container::of(!source.is_local_file(), compression);
        Some(with_name(&foreign.message(container), &source.name))
    }

    /// Returns the report on the input. `read_to` is `None` if the run stopped before the end of the input.
    pub fn end(self, read_to: Option<ReadTo>, output: Option<WrittenFile>) -> InputReport {
        let ended = match read_to {
            _ if !self.errors.is_empty() => InputEnd::Failed,
            Some(_) if self.is_moved => InputEnd::Moved,
            Some(_) if self.held_back.is_some() => InputEnd::HeldBack,
            Some(_) => InputEnd::Done,
            None => InputEnd::Stopped,
        };
        InputReport {
            name: self.name,
            ended,
            errors: self.errors,
            warnings: self.warnings,
            held_back: self.held_back.map(|reason| reason.to_string()),
            skipped_lines: self.skipped_lines,
            same_lines: self.same_lines,
            tally: self.tally,
            read_to,
            output,
            elapsed: self.started.elapsed(),
        }
    }
}
