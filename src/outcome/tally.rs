//! The lines of a run, counted by outcome.

use std::collections::BTreeMap;

use serde::Serialize;

use super::details::Details;
use super::filtered::FilteredEvents;
use super::line_outcome::Outcome;
use super::reason::Reason;

/// The number of lines with each outcome. A line that is not blank has exactly one outcome, so the counts add up to the
/// number of lines.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    pub emitted: u64,
    /// Lines whose event this run has already emitted.
    pub duplicate: u64,
    pub unsupported: u64,
    pub filtered: FilteredEvents,
    pub rejected: u64,
    pub unparsable: u64,
    /// The records of the emitted lines: statements, or Caliper events.
    pub records: u64,
    /// Events with the id of an earlier event and different content, whether they are emitted or rejected.
    pub collisions: u64,
    pub reasons: BTreeMap<Reason, u64>,
    /// The other counts.
    pub details: Details,
}

/// The number of events without a transformer. The names are not kept, because there may be any number of names, and
/// names that are URLs can identify persons.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct OtherEvents {
    /// Events named after the path of a request. The LMS logs one for each request.
    pub implicit: u64,
    /// Events with any other name.
    pub named: u64,
    /// Events without a name.
    pub unnamed: u64,
}

/// The numbers of lines that were counted as emitted before deduplication gave them another outcome.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Reclassified {
    /// Lines that are duplicates.
    pub duplicates: u64,
    /// Lines that are rejected as collisions.
    pub rejected: u64,
    /// Records of these duplicate and rejected lines.
    pub records: u64,
    /// Collisions ([`Tally::collisions`]), including those that stay emitted.
    pub collisions: u64,
}

impl Tally {
    /// Counts one line, with the number of its records.
    pub fn count(&mut self, outcome: &Outcome, records: usize) {
        match outcome {
            Outcome::Emitted => self.emitted += 1,
            Outcome::Unsupported(_) => self.unsupported += 1,
            Outcome::Filtered(by) => self.filtered.count(*by),
            Outcome::Rejected(_) => self.rejected += 1,
            Outcome::Unparsable(_) => self.unparsable += 1,
        }
        self.records += records as u64;
        if let Some((reason, _)) = outcome.fault() {
            // An earlier run has found the collision, and this run has read the line from the rejects file.
            self.collisions += u64::from(reason == Reason::Collision);
            *self.reasons.entry(reason).or_default() += 1;
        }
    }

    /// Moves lines that were counted as emitted to the outcomes that deduplication gave them.
    pub fn reclassify(&mut self, lines: Reclassified) {
        self.emitted -= lines.duplicates + lines.rejected;
        self.duplicate += lines.duplicates;
        self.rejected += lines.rejected;
        self.records -= lines.records;
        self.collisions += lines.collisions;
        if lines.rejected > 0 {
            *self.reasons.entry(Reason::Collision).or_default() += lines.rejected;
        }
    }

    /// Returns the number of events that are supported and that no filter left out.
    pub fn wanted(&self) -> u64 {
        self.emitted + self.duplicate + self.rejected
    }

    /// Returns the number of unparsable lines that may be damaged events. Lines of other loggers are left out where the
    /// input has the marker `[tracking]`. In other inputs they cannot be told from damage, so they are counted.
    pub fn damaged(&self) -> u64 {
        let of_other_loggers = self.reasons.get(&Reason::NotTracking);
        self.unparsable - of_other_loggers.copied().unwrap_or(0)
    }

    /// Returns whether lines were read and nothing was emitted. A run that reads only rejected lines of earlier runs is
    /// not empty.
    pub fn is_empty_run(&self) -> bool {
        self.emitted == 0 && self.lines() > self.details.rows
    }

    /// Returns the number of events without a transformer, if the events with one are counted by name.
    pub fn other_events(&self) -> OtherEvents {
        let unsupported = &self.details.unsupported;
        let implicit = unsupported.implicit - unsupported.implicit_by_type;
        let named = unsupported.named - unsupported.known;
        let parsed = self.lines() - self.unparsable;
        OtherEvents {
            implicit,
            named,
            unnamed: parsed - self.details.all_known() - implicit - named,
        }
    }

    /// Adds the lines of another tally.
    pub fn add(&mut self, other: &Self) {
        self.emitted += other.emitted;
        self.duplicate += other.duplicate;
        self.unsupported += other.unsupported;
        self.filtered.add(&other.filtered);
        self.rejected += other.rejected;
        self.unparsable += other.unparsable;
        self.records += other.records;
        self.collisions += other.collisions;
        for (&reason, count) in &other.reasons {
            *self.reasons.entry(reason).or_default() += count;
        }
        self.details.add(&other.details);
    }

    /// Returns the outcomes in the order of reports, with the number of lines of each.
    pub fn outcomes(&self) -> [(&'static str, u64); 6] {
        [
            ("emitted", self.emitted),
            ("duplicate", self.duplicate),
            ("unsupported", self.unsupported),
            ("filtered", self.filtered.total()),
            ("rejected", self.rejected),
            ("unparsable", self.unparsable),
        ]
    }

    /// Returns the number of lines that are not blank.
    pub fn lines(&self) -> u64 {
        self.outcomes().iter().map(|(_, count)| count).sum()
    }

    /// Returns the number of collisions that are emitted, not rejected.
    pub fn emitted_collisions(&self) -> u64 {
        let rejected = self.reasons.get(&Reason::Collision);
        self.collisions - rejected.copied().unwrap_or_default()
    }
}
