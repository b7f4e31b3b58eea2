//! The lines of a run by their outcomes.

use std::collections::BTreeMap;

use super::{Details, grouped};
use crate::conversion::Conversion;
use crate::dedupe::Sifted;
use crate::outcome::{Outcome, Reason};

/// How many lines had which outcome. Each line that is not blank has one, so the outcomes add up to the lines.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    pub emitted: u64,
    /// What would have been emitted a second time.
    pub duplicate: u64,
    pub unsupported: u64,
    pub filtered: u64,
    pub rejected: u64,
    pub unparsable: u64,
    /// Statements, or Caliper events.
    pub written: u64,
    /// Events with the id of another and other content, whether they are emitted or rejected.
    pub collisions: u64,
    pub reasons: BTreeMap<Reason, u64>,
    /// What only a report tells.
    pub details: Details,
}

impl Tally {
    /// Counts one line.
    pub fn count(&mut self, conversion: &Conversion<'_>) {
        *match conversion.outcome {
            Outcome::Emitted => &mut self.emitted,
            Outcome::Unsupported(_) => &mut self.unsupported,
            Outcome::Filtered(_) => &mut self.filtered,
            Outcome::Rejected(_) => &mut self.rejected,
            Outcome::Unparsable(_) => &mut self.unparsable,
        } += 1;
        self.written += conversion.written.len() as u64;
        if let Some((reason, _)) = conversion.outcome.fault() {
            *self.reasons.entry(reason).or_default() += 1;
        }
    }

    /// Moves lines that were counted as emitted to what became of them.
    pub(crate) fn sift(&mut self, sifted: &Sifted) {
        self.emitted -= sifted.duplicates + sifted.rejected;
        self.duplicate += sifted.duplicates;
        self.rejected += sifted.rejected;
        self.written -= sifted.dropped_values;
        self.collisions += sifted.collisions.len() as u64;
        if sifted.rejected > 0 {
            *self.reasons.entry(Reason::Collision).or_default() += sifted.rejected;
        }
    }

    /// Adds the lines of another tally.
    pub fn add(&mut self, other: &Self) {
        self.emitted += other.emitted;
        self.duplicate += other.duplicate;
        self.unsupported += other.unsupported;
        self.filtered += other.filtered;
        self.rejected += other.rejected;
        self.unparsable += other.unparsable;
        self.written += other.written;
        self.collisions += other.collisions;
        for (&reason, count) in &other.reasons {
            *self.reasons.entry(reason).or_default() += count;
        }
        self.details.add(&other.details);
    }

    /// All lines that are not blank.
    pub fn lines(&self) -> u64 {
        let delivered = self.emitted + self.duplicate;
        delivered + self.unsupported + self.filtered + self.rejected + self.unparsable
    }

    /// The collisions that are not among the rejected lines.
    pub(super) fn emitted_collisions(&self) -> u64 {
        let rejected = self.reasons.get(&Reason::Collision);
        self.collisions - rejected.copied().unwrap_or_default()
    }

    /// The reasons of one outcome with their counts, most frequent first.
    pub(super) fn reasons_of(&self, unparsable: bool) -> String {
        let of_outcome = self
            .reasons
            .iter()
            .filter(|(reason, _)| reason.is_unparsable() == unparsable);
        let mut reasons: Vec<_> = of_outcome.collect();
        reasons.sort_by_key(|(reason, count)| (std::cmp::Reverse(**count), **reason));
        let texts: Vec<_> = reasons
            .iter()
            .map(|(reason, count)| format!("{} {}", reason.code(), grouped(**count)))
            .collect();
        texts.join(", ")
    }
}
