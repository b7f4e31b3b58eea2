//! The results of the inputs of a run, for the summary and the JSON report.

use std::collections::{BTreeMap, HashMap};
use std::time::Duration;

use serde::Serialize;

use crate::checkpoint::SameLines;
use crate::destination::WrittenFile;
use crate::input::NotFound;
use crate::outcome::Tally;

/// The result of one input.
#[derive(Debug, Default)]
pub struct InputReport {
    pub name: String,
    pub ended: InputEnd,
    /// The errors of the input and of its output.
    pub errors: Vec<String>,
    /// The warnings about the lines of the input.
    pub warnings: Vec<String>,
    /// The reason why the input, or the rest of it, is left to the next run.
    pub held_back: Option<String>,
    /// The number of lines that were not read again, because earlier runs read them.
    pub skipped_lines: u64,
    /// More lines that were not read, because this run read them from another input.
    pub same_lines: Option<SameLines>,
    /// The counts of the lines whose output is delivered.
    pub tally: Tally,
    /// How many bytes were read, and how many were left to the next run. `None` if the run ended before the input did.
    pub read_to: Option<ReadTo>,
    /// The output file, if the input has one of its own.
    pub output: Option<WrittenFile>,
    pub elapsed: Duration,
}

impl InputReport {
    /// Returns whether the output file replaced another.
    pub fn has_replaced(&self) -> bool {
        self.output.as_ref().is_some_and(|output| output.replaced)
    }
}

/// How much of an input was read.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ReadTo {
    /// The number of bytes read, before decompression.
    pub bytes: u64,
    /// The number of bytes of an incomplete last line, which is not converted but left to the next run.
    pub held_back: u64,
}

/// The numbers of inputs: all inputs of the run, those that were delivered completely, those that are left to the next
/// run, those that failed, and those whose output files replaced others. A replaced rejects file is added to the last.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct InputCounts {
    pub all: usize,
    pub done: usize,
    /// The number of done inputs that were not opened.
    pub unchanged: usize,
    pub held_back: usize,
    pub failed: usize,
    pub replaced: usize,
}

impl InputCounts {
    /// Returns whether the run ended before the last input did.
    pub fn is_stopped(self) -> bool {
        self.done + self.held_back + self.failed < self.all
    }
}

/// The way in which an input ended.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum InputEnd {
    /// The whole input is delivered.
    Done,
    /// The input, or the rest of it, is left to the next run, because it is still being written.
    HeldBack,
    /// The file was renamed or packed before it was opened, so another input has its lines.
    Moved,
    /// The input could not be read to its end, or its output could not be written.
    Failed,
    /// The run ended before the input did.
    #[default]
    Stopped,
}

/// An input with lines that the run read from another input.
#[derive(Clone, Copy, Debug)]
pub struct Repeated<'a> {
    pub input: &'a str,
    pub same: &'a SameLines,
}

/// The inputs that were not opened, because earlier runs delivered all their lines and they have not changed since. There
/// may be tens of thousands of such inputs, so they are only counted.
#[derive(Clone, Copy, Debug, Default)]
pub struct UnchangedInputs {
    pub count: usize,
    pub lines: u64,
}

/// The reports of all inputs of a run, in order.
#[derive(Debug, Default)]
pub struct InputReports {
    not_found: Vec<InputReport>,
    pub unchanged: UnchangedInputs,
    /// The reports of the inputs that were found, by the number of the input.
    found: BTreeMap<usize, InputReport>,
}

impl InputReports {
    /// Returns the reports of the inputs that were not found. The caller adds the report of each other input when that
    /// input has ended.
    pub fn new(not_found: &[NotFound]) -> Self {
        let not_found = not_found.iter().map(|missing| InputReport {
            name: missing.name.clone(),
            ended: InputEnd::Failed,
            errors: vec![missing.to_string()],
            read_to: Some(ReadTo::default()),
            ..InputReport::default()
        });
        Self {
            not_found: not_found.collect(),
            unchanged: UnchangedInputs::default(),
            found: BTreeMap::new(),
        }
    }

    /// Adds the report of the input with this number.
    pub fn add(&mut self, input: usize, report: InputReport) {
        self.found.insert(input, report);
    }

    /// Changes the end of an input from `Done` to `Stopped`. The input was read to its end, but sending was stopped
    /// before all its records were delivered.
    pub fn stop(&mut self, input: usize) {
        if let Some(report) = self.found.get_mut(&input)
            && matches!(report.ended, InputEnd::Done | InputEnd::HeldBack)
        {
            report.ended = InputEnd::Stopped;
            report.read_to = None;
        }
    }

    /// Forgets the counts of the lines of all inputs, because the output was discarded.
    pub fn forget_lines(&mut self) {
        for report in self.found.values_mut() {
            report.tally = Tally::default();
        }
    }

    /// Finds the inputs that are the same as another input. Their lines are counted like those of the other input: without
    /// blank lines, which only reading tells from others.
    pub fn find_copies(&mut self) {
        if self
            .found
            .values()
            .all(|report| report.same_lines.is_none())
        {
            return;
        }
        let reports = self.found.values();
        let lines = reports.map(|report| (report.name.clone(), report.tally.lines()));
        let lines: HashMap<String, u64> = lines.collect();
        for report in self.found.values_mut() {
            let has_others = report.tally.lines() > 0;
            if let Some(same) = report.same_lines.as_mut().filter(|_| !has_others)
                && let Some(&of_other) = lines.get(&same.input)
            {
                same.is_whole = same.lines >= of_other;
                same.lines = same.lines.min(of_other);
            }
        }
    }

    /// Counts the inputs that are done and the inputs that failed. `all` is the number of inputs of the run.
    pub fn counts(&self, all: usize) -> InputCounts {
        let ended = |end| self.reports().filter(|report| report.ended == end).count();
        InputCounts {
            all,
            done: ended(InputEnd::Done) + ended(InputEnd::Moved) + self.unchanged.count,
            unchanged: self.unchanged.count,
            held_back: ended(InputEnd::HeldBack),
            failed: ended(InputEnd::Failed),
            replaced: self
                .reports()
                .filter(|report| report.has_replaced())
                .count(),
        }
    }

    /// Returns the output files without records that replaced files with records.
    pub fn emptied(&self) -> impl Iterator<Item = &WrittenFile> {
        let empty = self.reports().filter(|report| report.tally.records == 0);
        let outputs = empty.filter_map(|report| report.output.as_ref());
        outputs.filter(|output| output.replaced)
    }

    /// Returns the number of lines of all inputs that were not read again, because earlier runs read them.
    pub fn skipped_lines(&self) -> u64 {
        let opened = self.reports().map(|report| report.skipped_lines);
        self.unchanged.lines + opened.sum::<u64>()
    }

    /// Returns the inputs with lines that the run read from other inputs.
    pub fn repeated(&self) -> Vec<Repeated<'_>> {
        let repeated = self.reports().filter_map(|report| {
            let same = report.same_lines.as_ref()?;
            Some(Repeated {
                input: &report.name,
                same,
            })
        });
        repeated.collect()
    }

    /// Returns the reports of the inputs that were not found, and then those of the inputs that were opened, in order.
    pub fn reports(&self) -> impl Iterator<Item = &InputReport> {
        self.not_found.iter().chain(self.found.values())
    }
}
