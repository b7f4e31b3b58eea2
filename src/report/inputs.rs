//! What came of each input.

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
    /// The lines of which the output is delivered.
    pub tally: Tally,
    /// Bytes read, as stored, where that is known.
    pub bytes: Option<u64>,
    pub elapsed: Duration,
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
            tally: Tally::default(),
            bytes: Some(0),
            elapsed: Duration::ZERO,
        });
        Self {
            reports: reports.collect(),
            current: None,
        }
    }

    /// The next one starts.
    pub fn start(&mut self, name: &str) {
        self.current = Some(Current {
            name: name.to_owned(),
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

    /// The one at hand ends. The bytes are known when it was read as far as it was to be.
    pub fn end(&mut self, tally: Tally, bytes: Option<u64>) {
        let Some(current) = self.current.take() else {
            return;
        };
        let ended = match bytes {
            _ if !current.errors.is_empty() => InputEnd::Failed,
            Some(_) => InputEnd::Done,
            None => InputEnd::Stopped,
        };
        self.reports.push(InputReport {
            name: current.name,
            ended,
            errors: current.errors,
            tally,
            bytes,
            elapsed: current.started.elapsed(),
        });
    }

    /// How many failed.
    pub fn failed(&self) -> usize {
        let failed = |report: &&InputReport| report.ended == InputEnd::Failed;
        self.reports.iter().filter(failed).count()
    }

    /// All of them.
    pub fn into_reports(self) -> Vec<InputReport> {
        self.reports
    }
}
