//! What came of each input.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use crate::input::NotFound;
use crate::outcome::Tally;

/// What came of one input.
#[derive(Debug)]
pub struct InputReport {
    pub name: String,
    pub ended: InputEnd,
    /// What failed of it.
    pub errors: Vec<String>,
    /// Lines that were not read again, since earlier runs delivered them.
    pub passed_over: u64,
    /// The lines of which the output is delivered.
    pub tally: Tally,
    pub end: Option<ReadTo>,
    /// The file that came of it.
    pub output: Option<PathBuf>,
    pub elapsed: Duration,
}

/// How far an input was read, when that was as far as it was to be.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ReadTo {
    /// Bytes read, as stored.
    pub bytes: u64,
    /// Bytes of a line without an end that are left to the next run.
    pub held_back: u64,
}

/// How many inputs there are, and how many ended how.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct InputCounts {
    pub all: usize,
    pub done: usize,
    pub failed: usize,
}

impl InputCounts {
    /// Whether the run ended before the last of them.
    pub fn is_stopped(self) -> bool {
        self.done + self.failed < self.all
    }
}

/// How an input ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum InputEnd {
    /// All of it is delivered.
    Done,
    /// It could not be read to its end, or its output not be written.
    Failed,
    /// The run ended within it.
    Stopped,
}

/// Those of a run, in order.
#[derive(Debug, Default)]
pub struct InputReports {
    not_found: Vec<InputReport>,
    /// By the number of the input.
    found: BTreeMap<usize, InputReport>,
}

/// An input that is being read.
#[derive(Debug)]
pub struct InputInHand {
    name: String,
    passed_over: u64,
    errors: Vec<String>,
    started: Instant,
}

impl InputInHand {
    /// One that is begun. Of so many lines it is known that they are delivered.
    pub fn start(name: &str, passed_over: u64) -> Self {
        Self {
            name: name.to_owned(),
            passed_over,
            errors: Vec::new(),
            started: Instant::now(),
        }
    }

    /// Something of it failed.
    pub fn fail(&mut self, message: &str) {
        self.errors.push(message.to_owned());
    }

    /// It ends. Without an end of its own, the run ended within it.
    pub fn end(self, tally: Tally, end: Option<ReadTo>, output: Option<PathBuf>) -> InputReport {
        let ended = match end {
            _ if !self.errors.is_empty() => InputEnd::Failed,
            Some(_) => InputEnd::Done,
            None => InputEnd::Stopped,
        };
        InputReport {
            name: self.name,
            ended,
            errors: self.errors,
            passed_over: self.passed_over,
            tally,
            end,
            output,
            elapsed: self.started.elapsed(),
        }
    }
}

impl InputReports {
    /// Some were not even found.
    pub fn new(not_found: &[NotFound]) -> Self {
        let not_found = not_found.iter().map(|missing| {
            let mut input = InputInHand::start(&missing.name, 0);
            input.fail(&missing.to_string());
            let end = ReadTo::default();
            InputReport {
                elapsed: Duration::ZERO,
                ..input.end(Tally::default(), Some(end), None)
            }
        });
        Self {
            not_found: not_found.collect(),
            found: BTreeMap::new(),
        }
    }

    /// Adds what came of the input of this number.
    pub fn add(&mut self, input: usize, report: InputReport) {
        self.found.insert(input, report);
    }

    /// Not all of the input is delivered after all, since the run was stopped.
    pub fn stopped(&mut self, input: usize) {
        if let Some(report) = self.found.get_mut(&input)
            && report.ended == InputEnd::Done
        {
            report.ended = InputEnd::Stopped;
            report.end = None;
        }
    }

    /// How many of all inputs ended how.
    pub fn counts(&self, all: usize) -> InputCounts {
        let ended = |as_this| {
            let reports = self.reports();
            reports.filter(|report| report.ended == as_this).count()
        };
        InputCounts {
            all,
            done: ended(InputEnd::Done),
            failed: ended(InputEnd::Failed),
        }
    }

    /// How many lines were passed over.
    pub fn passed_over(&self) -> u64 {
        self.reports().map(|report| report.passed_over).sum()
    }

    /// All of them.
    pub fn reports(&self) -> impl Iterator<Item = &InputReport> {
        self.not_found.iter().chain(self.found.values())
    }
}
