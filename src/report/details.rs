//! What is told of lines beside their outcomes: the names of events, their times, and which lines there were.

use jiff::civil::DateTime;

use crate::conversion::Conversion;
use crate::outcome::Outcome;

/// The details of some lines. They take the same little memory however many lines there are.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Details {
    /// By the place of the name among those that have a transformer; what is missing at the end is 0.
    known: Vec<u64>,
    pub other: OtherEvents,
    /// When the first and the last event happened that were emitted, in UTC.
    pub times: Option<(DateTime, DateTime)>,
    /// The numbers of the first and the last line that is not blank.
    pub lines: Option<(u64, u64)>,
}

/// How many events have no transformer. Their names are not kept: they are anybody's words, without end, and where they
/// are URLs they name persons.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct OtherEvents {
    /// Named after the path of a request, as the LMS logs each.
    pub implicit: u64,
    /// With any other name.
    pub named: u64,
    /// Without a name.
    pub unnamed: u64,
}

impl Details {
    /// Adds a line.
    pub fn count(&mut self, line: u64, conversion: &Conversion<'_>) {
        self.lines = widened(self.lines, Some((line, line)));
        match (conversion.known, conversion.name) {
            _ if matches!(conversion.outcome, Outcome::Unparsable(_)) => {}
            (Some(nth), _) => {
                if self.known.len() <= nth {
                    self.known.resize(nth + 1, 0);
                }
                self.known[nth] += 1;
            }
            (None, Some(name)) if name.starts_with('/') => self.other.implicit += 1,
            (None, Some(_)) => self.other.named += 1,
            (None, None) => self.other.unnamed += 1,
        }
        let time = conversion.time;
        self.times = widened(self.times, time.map(|time| (time, time)));
    }

    /// Adds other lines.
    pub fn add(&mut self, other: &Self) {
        if self.known.len() < other.known.len() {
            self.known.resize(other.known.len(), 0);
        }
        for (count, more) in self.known.iter_mut().zip(&other.known) {
            *count += more;
        }
        self.other.implicit += other.other.implicit;
        self.other.named += other.other.named;
        self.other.unnamed += other.other.unnamed;
        self.times = widened(self.times, other.times);
        self.lines = widened(self.lines, other.lines);
    }

    /// The events that have a transformer and were there, given the names of all that have one.
    pub fn known<'n>(&self, names: &[&'n str]) -> impl Iterator<Item = (&'n str, u64)> {
        let counts = names.iter().copied().zip(self.known.iter().copied());
        counts.filter(|&(_, count)| count > 0)
    }
}

fn widened<T: Ord + Copy>(range: Option<(T, T)>, other: Option<(T, T)>) -> Option<(T, T)> {
    match (range, other) {
        (Some((first, last)), Some((start, end))) => Some((first.min(start), last.max(end))),
        (range, other) => range.or(other),
    }
}
