//! The details of the lines of a run: the names of events, their times, and the range of lines.

use std::collections::BTreeMap;

use jiff::civil::DateTime;

use super::frequent_texts::FrequentTexts;
use super::rejected_events::RejectedEvents;
use super::repair::{RepairCounts, RepairSet};
use super::unsupported_events::UnsupportedEvents;

/// Counts other than those of the outcomes. Their size does not depend on the number of lines.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Details {
    /// The number of events of each name that has a transformer, in the order of the list of these names. The counts
    /// may end before the list does; the missing counts are 0.
    known: Vec<u64>,
    /// The UTC times of the first and the last event that was emitted.
    pub times: Option<(DateTime, DateTime)>,
    /// The numbers of the first and the last line that is not blank.
    pub lines: Option<(u64, u64)>,
    /// The unsupported events by the kind of their names.
    pub unsupported: UnsupportedEvents,
    /// Whether an event has the root URL of the LMS.
    pub has_root_url: bool,
    /// The addresses of the LMS in some events, as long as no event had the root URL.
    pub sites: FrequentTexts,
    /// The emitted events without a time. Their ids may be equal.
    pub without_time: u64,
    /// The emitted events with a `time` and a `timestamp` that differ.
    pub two_times: u64,
    /// The repairs with which events with two times have `time`.
    pub repairs_of_two_times: RepairSet,
    /// The emitted events with derived ids because their users have no external id in the users table.
    pub derived_ids: u64,
    /// The emitted events with derived ids because their users are not in the users table.
    pub derived_unknown_ids: u64,
    /// The statements for ClickHouse that have the verb `evaluated` and no attempt-id.
    pub without_attempt_id: u64,
    /// The lines that were rows of a rejects file.
    pub rows: u64,
    /// The emitted events that repairs have changed, by repair.
    pub repaired: RepairCounts,
    /// The events that are not emitted and would be with more repairs, by the repairs that are missing.
    pub repairable: BTreeMap<RepairSet, u64>,
    /// The rejected events that no repair would convert.
    pub rejected: RejectedEvents,
}

impl Details {
    /// Counts the event of a line that could be parsed. `nth` is the index of its name in the list of names that have a
    /// transformer.
    pub fn count_known(&mut self, nth: usize) {
        if self.known.len() <= nth {
            self.known.resize(nth + 1, 0);
        }
        self.known[nth] += 1;
    }

    /// Returns the number of events whose names have a transformer.
    pub(super) fn all_known(&self) -> u64 {
        self.known.iter().sum()
    }

    /// Widens the range of lines, and the range of times if the line was emitted with a time.
    pub fn count_line(&mut self, line: u64, time: Option<DateTime>) {
        self.lines = widened(self.lines, Some((line, line)));
        self.times = widened(self.times, time.map(|time| (time, time)));
    }

    /// Adds the details of other lines.
    pub fn add(&mut self, other: &Self) {
        if self.known.len() < other.known.len() {
            self.known.resize(other.known.len(), 0);
        }
        for (count, more) in self.known.iter_mut().zip(&other.known) {
            *count += more;
        }
        self.times = widened(self.times, other.times);
        self.lines = widened(self.lines, other.lines);
        self.unsupported.add(&other.unsupported);
        self.has_root_url |= other.has_root_url;
        self.sites.add(&other.sites);
        self.without_time += other.without_time;
        self.two_times += other.two_times;
        self.repairs_of_two_times.extend(other.repairs_of_two_times);
        self.derived_ids += other.derived_ids;
        self.derived_unknown_ids += other.derived_unknown_ids;
        self.without_attempt_id += other.without_attempt_id;
        self.rows += other.rows;
        self.repaired.add(&other.repaired);
        for (&repairs, count) in &other.repairable {
            *self.repairable.entry(repairs).or_default() += count;
        }
        self.rejected.add(&other.rejected);
    }

    /// Returns the names that occurred, with their counts. `names` is the list of all names that have a transformer.
    pub fn known<'n>(&self, names: &[&'n str]) -> impl Iterator<Item = (&'n str, u64)> {
        let counts = names.iter().copied().zip(self.known.iter().copied());
        counts.filter(|&(_, count)| count > 0)
    }
}

/// Returns the smallest range that contains both ranges.
pub(super) fn widened<T: Ord + Copy>(
    range: Option<(T, T)>,
    other: Option<(T, T)>,
) -> Option<(T, T)> {
    match (range, other) {
        (Some((first, last)), Some((start, end))) => Some((first.min(start), last.max(end))),
        (range, other) => range.or(other),
    }
}
