//! The parts of a batch that wait to be sent.

use std::collections::BTreeSet;

use super::kept_back::{KeptBack, MAX_REPETITIONS, WaitingRecords};
use super::send_batch::BatchSlice;

/// Consecutive records that are sent in one request.
#[derive(Clone, Copy)]
pub struct Part<'b> {
    pub records: BatchSlice<'b>,
    /// The number of requests that were made for the records so far.
    pub attempts: u64,
    /// The most retries of the next request if the server fails.
    pub max_retries: u32,
    /// Whether the records are sent once more: an earlier answer did not list them, and a lookup did not find them all.
    pub is_repeated: bool,
    /// The number of times that the records were given up because the server failed.
    pub times_failed: u32,
    pub known: KnownOfPart,
}

impl Part<'_> {
    /// Returns whether the part is a single record that has failed at all its repetitions but one. If the server fails once
    /// more, and takes a known record right before and after, the record is bad.
    pub fn is_last_attempt(&self) -> bool {
        self.times_failed >= MAX_REPETITIONS && self.records.len() == 1
    }
}

/// The results of lookups in a part that the server has refused for a conflict.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum KnownOfPart {
    #[default]
    Nothing,
    /// The server does not hold the first record.
    FirstIsMissing,
    /// Lookups do not help, for example because the credentials do not allow reading.
    LookupsFail,
}

/// The parts of a batch that were not sent yet.
pub struct Parts<'b> {
    /// The last part is sent next.
    waiting: Vec<Part<'b>>,
    /// The single records that a trial of the server sends, if they are chosen.
    trial: Option<Vec<Part<'b>>>,
}

impl<'b> Parts<'b> {
    pub fn new(kept: &'b KeptBack, max_retries: u32) -> Self {
        let part = |waiting: &WaitingRecords| Part {
            records: kept.batch.numbered(waiting.records.clone()),
            attempts: waiting.attempts,
            max_retries,
            is_repeated: false,
            times_failed: waiting.times_failed,
            known: KnownOfPart::Nothing,
        };
        Self {
            waiting: kept.rest.waiting.iter().map(part).collect(),
            trial: None,
        }
    }

    pub fn push(&mut self, part: Part<'b>) {
        self.waiting.push(part);
    }

    /// Adds a part that is sent after all other parts.
    pub fn push_last(&mut self, part: Part<'b>) {
        self.waiting.insert(0, part);
    }

    /// Adds the halves of a part, which are sent after all other parts.
    pub fn push_halves_last(&mut self, part: Part<'b>) {
        let (first, second) = part.records.split_at(part.records.len() / 2);
        for records in [first, second] {
            self.push_last(Part { records, ..part });
        }
    }

    /// Adds the halves of a part that has two or more records.
    pub fn push_halves(&mut self, part: Part<'b>) {
        let (first, second) = part.records.split_at(part.records.len() / 2);
        self.waiting.push(Part {
            records: second,
            known: match part.known {
                KnownOfPart::FirstIsMissing => KnownOfPart::Nothing,
                known => known,
            },
            ..part
        });
        self.waiting.push(Part {
            records: first,
            ..part
        });
    }

    /// Takes the part that is sent next.
    pub fn pop(&mut self) -> Option<Part<'b>> {
        self.waiting.extend(self.trial.take().into_iter().flatten());
        self.waiting.pop()
    }

    /// Takes the part that is sent after this number of failed requests in a row. The first, the largest and the last part
    /// take turns, so that records are soon accepted: small parts if the size of the requests is the reason, and the two ends if
    /// a row of bad records is.
    pub fn pop_after(&mut self, failures: u32) -> Option<Part<'b>> {
        self.waiting.extend(self.trial.take().into_iter().flatten());
        let start = |part: &Part<'_>| part.records.numbers_in_batch().start;
        let parts = self.waiting.iter().enumerate();
        let (nth, _) = match failures % 3 {
            1 => parts.min_by_key(|(_, part)| start(part))?,
            2 => parts.max_by_key(|(_, part)| (part.records.len(), start(part)))?,
            _ => parts.max_by_key(|(_, part)| start(part))?,
        };
        Some(self.waiting.remove(nth))
    }

    /// Takes the last record, which is sent alone after another record of the batch was not answered in time. The last
    /// record is the farthest from the other one, since bad records may be neighbours.
    pub fn pop_last(&mut self) -> Option<Part<'b>> {
        let end = |part: &Part<'_>| part.records.numbers_in_batch().end;
        let parts = self.waiting.iter().enumerate();
        let (nth, _) = parts.max_by_key(|(_, part)| end(part))?;
        let part = self.waiting.remove(nth);
        let (before, records) = part.records.split_at(part.records.len() - 1);
        if !before.is_empty() {
            self.waiting.push(Part {
                records: before,
                ..part
            });
        }
        Some(Part { records, ..part })
    }

    /// Allows no retries of the waiting parts if the server fails.
    pub fn allow_no_retries(&mut self) {
        for part in &mut self.waiting {
            part.max_retries = 0;
        }
    }

    /// Takes the single record that a trial sends next. `choose` chooses the records by their numbers in the batch,
    /// given the numbers and texts of all records, when it is called for the first time.
    pub fn pop_for_trial(
        &mut self,
        choose: impl FnOnce(&mut dyn Iterator<Item = (usize, &'b [u8])>) -> BTreeSet<usize>,
    ) -> Option<Part<'b>> {
        if self.trial.is_none() && !self.waiting.is_empty() {
            self.waiting
                .sort_by_key(|part| part.records.numbers_in_batch().start);
            let mut records = self.waiting.iter().flat_map(|part| {
                let texts = part.records.iter().map(|(_, text)| text);
                part.records.numbers_in_batch().zip(texts)
            });
            let chosen = choose(&mut records);
            self.trial = Some(self.take_out(&chosen));
        }
        self.trial.as_mut()?.pop()
    }

    /// Takes single records out of the waiting parts, which are sorted.
    fn take_out(&mut self, chosen: &BTreeSet<usize>) -> Vec<Part<'b>> {
        let (mut taken, mut left) = (Vec::new(), Vec::new());
        for part in self.waiting.drain(..) {
            let mut rest = part.records;
            for nth in chosen.range(rest.numbers_in_batch()) {
                let (before, from) = rest.split_at(nth - rest.numbers_in_batch().start);
                let (records, after) = from.split_at(1);
                taken.push(Part { records, ..part });
                left.push(Part {
                    records: before,
                    ..part
                });
                rest = after;
            }
            left.push(Part {
                records: rest,
                ..part
            });
        }
        left.retain(|part| !part.records.is_empty());
        left.reverse();
        self.waiting = left;
        taken
    }

    /// Returns the records of the parts that were not sent.
    pub fn into_waiting(self) -> Vec<WaitingRecords> {
        let parts = self.waiting.iter().chain(self.trial.iter().flatten());
        let waiting = parts.map(|part| WaitingRecords {
            records: part.records.numbers_in_batch(),
            attempts: part.attempts,
            times_failed: part.times_failed,
        });
        waiting.collect()
    }
}

#[cfg(test)]
mod tests {
    use super::super::send_batch::tests::{batch_of, joined};
    use super::*;

    #[test]
    fn after_failures_the_first_the_largest_and_the_last_part_take_turns() {
        let kept = KeptBack::whole(batch_of(None, &["0", "1", "2", "3", "4", "5", "6", "7"]));
        let mut parts = Parts::new(&kept, 0);
        let all = parts.pop().unwrap();
        parts.push_halves(all);
        let mut taken = Vec::new();
        for failures in 1.. {
            let Some(part) = parts.pop_after(failures) else {
                break;
            };
            taken.push(joined(part.records));
            if taken.len() == 1 {
                parts.push_halves(part);
            }
        }
        assert_eq!(taken, ["0,1,2,3", "4,5,6,7", "2,3", "0,1"]);
    }

    #[test]
    fn a_trial_takes_records_out_and_leaves_the_others_in_order() {
        let kept = KeptBack::whole(batch_of(None, &["0", "1", "2", "3", "4", "5"]));
        let mut parts = Parts::new(&kept, 0);
        let all = parts.pop().unwrap();
        parts.push_halves(all);
        let text = |part: Option<Part<'_>>| part.map(|part| joined(part.records));
        let choose = |records: &mut dyn Iterator<Item = (usize, &[u8])>| {
            assert_eq!(records.count(), 6);
            BTreeSet::from([1, 4])
        };
        assert_eq!(text(parts.pop_for_trial(choose)).unwrap(), "4");
        // The trial ends: the other chosen record is sent with the rest.
        assert_eq!(text(parts.pop()).unwrap(), "1");
        let rest = std::iter::from_fn(|| text(parts.pop()));
        assert_eq!(rest.collect::<Vec<_>>(), ["0", "2", "3", "5"]);
    }
}
