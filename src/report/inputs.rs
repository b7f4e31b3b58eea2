//! What came of each input.

use std::path::PathBuf;
use std::time::{Duration, Instant};

use super::Tally;
use crate::input::NotFound;

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
    reports: Vec<InputReport>,
    current: Option<Current>,
}

/// The input at hand.
#[derive(Debug)]
struct Current {
    name: String,
    passed_over: u64,
    errors: Vec<String>,
    started: Instant,
}

impl InputReports {
    /// Some were not even found.
    pub fn new(not_found: &[NotFound]) -> Self {
        let reports = not_found.iter().map(|missing| InputReport {
            name: missing.name.clone(),
            ended: InputEnd::Failed,
            errors: vec![missing.to_string()],
            passed_over: 0,
            tally: Tally::default(),
            end: Some(ReadTo::default()),
            output: None,
            elapsed: Duration::ZERO,
        });
        Self {
            reports: reports.collect(),
            current: None,
        }
    }

    /// The next one starts. Of so many lines it is known that they are delivered.
    pub fn start(&mut self, name: &str, passed_over: u64) {
        self.current = Some(Current {
            name: name.to_owned(),
            passed_over,
            errors: Vec::new(),
            started: Instant::now(),
        });
    }

    /// Something of the one at hand failed.
    pub fn fail(&mut self, message: &str) {
        if let Some(current) = &mut self.current {
            current.errors.push(message.to_owned());
        }
    }

    /// The one at hand ends. Without an end of its own, the run ended within it.
    pub fn end(&mut self, tally: Tally, end: Option<ReadTo>, output: Option<PathBuf>) {
        let Some(current) = self.current.take() else {
            return;
        };
        let ended = match end {
            _ if !current.errors.is_empty() => InputEnd::Failed,
            Some(_) => InputEnd::Done,
            None => InputEnd::Stopped,
        };
        self.reports.push(InputReport {
            name: current.name,
            ended,
            errors: current.errors,
            passed_over: current.passed_over,
            tally,
            end,
            output,
            elapsed: current.started.elapsed(),
        });
    }

    /// How many of all inputs ended how.
    pub fn counts(&self, all: usize) -> InputCounts {
        let ended = |as_this| {
            let reports = self.reports.iter();
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
        self.reports.iter().map(|report| report.passed_over).sum()
    }

    /// All of them.
    pub fn reports(&self) -> &[InputReport] {
        &self.reports
    }
}
