//! The statistics of a target.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use super::dead_letters::Undeliverable;
use super::send_batch::{BatchSlice, RecordOrigin};

/// The counts of a target's records by their outcome at the server, and of the requests.
#[derive(Clone, Debug, Default)]
pub struct TargetStatistics {
    /// Records that the server took.
    pub delivered: u64,
    /// Records that the server had already, or that repeat another record of their batch.
    pub duplicates: u64,
    /// Records among `duplicates` and `delivered` that only the server's answer confirms, because the server's copies
    /// could not be fetched or compared.
    pub unverified: u64,
    /// Records among `duplicates` that the server has stored although the insert failed or was not answered.
    pub of_failed_inserts: u64,
    /// Records that cannot be delivered. They are in dead letters, except records to which the router's overrides could
    /// not be applied.
    pub undeliverable: u64,
    /// The number of records in dead letters, by reason, including dead letters that are being written.
    pub reasons: BTreeMap<Undeliverable, u64>,
    pub requests: RequestStatistics,
    /// The first record, in the order of the inputs, that was not delivered when the target was stopped.
    pub first_left: Option<RecordOrigin>,
    /// The number of submitted records that have no outcome yet, by input.
    pending: BTreeMap<usize, u64>,
    /// The first record of each request that is being made.
    under_way: Vec<RecordOrigin>,
}

#[derive(Clone, Debug, Default)]
pub struct RequestStatistics {
    pub retries: u64,
    /// The bytes of all bodies, as they were sent.
    pub bytes: u64,
    first_start: Option<Instant>,
    last_end: Option<Instant>,
}

impl RequestStatistics {
    /// Counts the start of a request.
    pub fn start(&mut self, is_retry: bool) {
        self.retries += u64::from(is_retry);
        self.first_start.get_or_insert_with(Instant::now);
    }

    /// Counts the end of a request, with or without an answer.
    pub fn end(&mut self, bytes: usize) {
        self.bytes += bytes as u64;
        self.last_end = Some(Instant::now());
    }

    /// Returns the time from the start of the first request to the end of the last request.
    pub fn elapsed(&self) -> Duration {
        match (self.first_start, self.last_end) {
            (Some(first), Some(last)) => last.saturating_duration_since(first),
            _ => Duration::ZERO,
        }
    }
}

impl TargetStatistics {
    /// Counts records that were submitted to the target.
    pub fn submit(&mut self, records: BatchSlice<'_>) {
        for (item, _) in records.iter() {
            *self.pending.entry(item.origin.input).or_default() += 1;
        }
    }

    /// Counts records that the server took.
    pub fn add_delivered(&mut self, records: BatchSlice<'_>) {
        self.delivered += self.remove_pending(records);
    }

    /// Counts records that the server took without listing them in its answer, and that could not be looked up.
    pub fn add_unverified(&mut self, records: BatchSlice<'_>) {
        self.add_delivered(records);
        self.unverified += records.len() as u64;
    }

    /// Counts records that the server had already. They are `verified` if the server returned copies that are equal to
    /// the records.
    pub fn add_duplicates(&mut self, records: BatchSlice<'_>, verified: bool) {
        let count = self.remove_pending(records);
        self.duplicates += count;
        if !verified {
            self.unverified += count;
        }
    }

    /// Returns whether there would be too many records in dead letters if there were `more` of them. Without a limit, too
    /// many means over a thousand, and over half of the records that the server has answered.
    pub fn is_flood(&self, more: usize, reason: Undeliverable, limit: Option<u64>) -> bool {
        const USUAL_LIMIT: u64 = 1000;
        let of_reason = |reason| self.reasons.get(&reason).copied().unwrap_or_default();
        let dead = self.reasons.values().sum::<u64>() + more as u64;
        let answered = dead - of_reason(Undeliverable::Unavailable);
        match limit {
            Some(limit) => dead > limit,
            None if reason == Undeliverable::Unavailable => false,
            None => answered > USUAL_LIMIT && answered > self.delivered + self.duplicates,
        }
    }

    /// Counts the records of a dead letter that is about to be written.
    pub fn reserve_dead_letter(&mut self, records: usize, reason: Undeliverable) {
        *self.reasons.entry(reason).or_default() += records as u64;
    }

    /// Subtracts the records of a dead letter that could not be written.
    pub fn cancel_dead_letter(&mut self, records: usize, reason: Undeliverable) {
        if let Some(count) = self.reasons.get_mut(&reason) {
            *count -= records as u64;
        }
        self.reasons.retain(|_, count| *count > 0);
    }

    /// Counts records that were written to a dead letter.
    pub fn add_dead_letter(&mut self, records: BatchSlice<'_>) {
        self.undeliverable += self.remove_pending(records);
    }

    /// Subtracts records that now have an outcome from `pending`. Returns their number.
    fn remove_pending(&mut self, records: BatchSlice<'_>) -> u64 {
        for (item, _) in records.iter() {
            if let Some(pending) = self.pending.get_mut(&item.origin.input) {
                *pending -= 1;
            }
        }
        self.pending.retain(|_, count| *count > 0);
        records.len() as u64
    }

    /// Returns the number of records that have an outcome.
    pub fn settled(&self) -> u64 {
        self.delivered + self.duplicates + self.undeliverable
    }

    /// Returns the number of submitted records that have no outcome. After the run, these are the records that were not
    /// delivered because the target was stopped.
    pub fn left(&self) -> u64 {
        self.pending.values().sum()
    }

    /// Returns the numbers of the inputs with submitted records that have no outcome.
    pub fn inputs_left(&self) -> impl Iterator<Item = usize> {
        self.pending.keys().copied()
    }

    /// Notes records that stay undelivered because the target was stopped.
    pub fn leave(&mut self, records: BatchSlice<'_>) {
        // The workers call this in any order, so the earliest record is kept.
        let origins = records.iter().map(|(item, _)| &item.origin);
        if let Some(first) = origins.chain(&self.first_left).min() {
            self.first_left = Some(first.clone());
        }
    }

    /// Counts a record that is not submitted, because the target was stopped before.
    pub fn leave_unsubmitted(&mut self, origin: RecordOrigin) {
        *self.pending.entry(origin.input).or_default() += 1;
        if self.first_left.as_ref().is_none_or(|first| origin < *first) {
            self.first_left = Some(origin);
        }
    }

    /// Notes that a request with these records is being made.
    pub fn start(&mut self, records: BatchSlice<'_>) {
        let first = records.first();
        self.under_way.extend(first.map(|item| item.origin.clone()));
    }

    /// Notes that the request with these records has ended.
    pub fn end(&mut self, records: BatchSlice<'_>) {
        let first = records.first().map(|item| &item.origin);
        let mut under_way = self.under_way.iter();
        if let Some(nth) = under_way.position(|origin| Some(origin) == first) {
            self.under_way.swap_remove(nth);
        }
    }

    /// Notes that the records of requests without an answer stay undelivered, because the run waits no longer.
    pub fn leave_under_way(&mut self) {
        let origins = self.under_way.iter().chain(&self.first_left);
        self.first_left = origins.min().cloned();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dead_letters_that_are_being_written_count_towards_the_limit() {
        let mut statistics = TargetStatistics::default();
        let reason = Undeliverable::Refused;
        statistics.reserve_dead_letter(2, reason);
        assert!(!statistics.is_flood(1, reason, Some(3)));
        assert!(statistics.is_flood(2, reason, Some(3)));
        statistics.cancel_dead_letter(2, reason);
        assert!(!statistics.is_flood(3, reason, Some(3)));
        assert!(statistics.reasons.is_empty());
    }
}
