//! The outcome of records that a server reports as conflicts (409).

use std::sync::atomic::Ordering;

use super::conflict_lookups::Conflicts;
use super::dead_letters::Undeliverable;
use super::delivery_worker::DeliveryWorker;
use super::http::{Answer, Response};
use super::kept_back::GivenUp;
use super::parts::{KnownOfPart, Part};
use super::rate_limiter::Stopped;
use super::send_batch::BatchItem;
use super::server::{FinalAnswer, Lookup};

/// The most times that a record is looked up again if the server reports a conflict or does not list the record, and
/// yet the lookup does not find it. Some servers show new records late.
const REPETITIONS: u32 = 2;

/// The most records of a request that are looked up if none of them is found, and the server has not accepted any record
/// in this run: it probably stores nothing.
const LOOKUPS_IF_UNPROVEN: usize = 5;

impl<'r> DeliveryWorker<'r> {
    /// Looks up records of a part that the server reports as a conflict. The records that it does not hold are sent again
    /// in one request. If no record is found, halves the part.
    pub fn settle_conflicts(
        &mut self,
        part: &mut Part<'r>,
        last: &FinalAnswer,
    ) -> Result<(), Stopped> {
        let records = part.records;
        self.conflicts += 1;
        if self.failed_lookup.is_some() {
            part.known = KnownOfPart::LookupsFail;
        }
        let answer = (&last.answer, self.conflicts);
        let Conflicts {
            held,
            known,
            failure,
        } = self
            .requester
            .look_up_conflicts(records, part.known, answer)?;
        part.known = known;
        if let Some(answer) = failure {
            self.note_failed_lookup(&answer);
        }
        let is_proven = self.requester.target.breaker().is_proven();
        let is_useful = is_proven || held.iter().any(|(_, is_same)| *is_same);
        if held.is_empty() || !is_useful {
            if !held.is_empty() {
                // Other records under the same ids do not show that the server takes records. So single records are sent.
                part.known = KnownOfPart::LookupsFail;
            }
            self.halve(part, last.attempts, part.max_retries);
            return Ok(());
        }
        self.accepted(held[0].0);
        let kept = self.undelivered.given_up.len();
        for (record, is_same) in held {
            if is_same {
                let target = self.requester.target;
                target.statistics().add_duplicates(record, true);
            } else {
                let part = Part {
                    records: record,
                    ..*part
                };
                self.give_up(&part, Undeliverable::Conflict, last)?;
            }
            record.settle();
        }
        // Settled records are left out of dead letters that are written later.
        debug_assert_eq!(self.undelivered.given_up.len(), kept);
        if !records.is_empty() {
            self.parts.push(Part {
                attempts: part.attempts + last.attempts,
                ..*part
            });
        }
        Ok(())
    }

    /// Looks up each record of a part that the server reports as a conflict or does not list. Counts a record as a
    /// duplicate if the server has it, and otherwise gives it up. If the target is stopped meanwhile, the part is cut to
    /// the records that have no outcome yet.
    pub fn resolve(
        &mut self,
        part: &mut Part<'r>,
        missing: Undeliverable,
        last: &FinalAnswer,
    ) -> Result<(), Stopped> {
        let target = self.requester.target;
        let all = part.records;
        let may_store_nothing =
            || missing == Undeliverable::Unacknowledged && !target.breaker().is_proven();
        let waited_in_vain = target.status.waited_in_vain.load(Ordering::Relaxed);
        let mut repetitions = match may_store_nothing() && waited_in_vain {
            true => 0,
            false => REPETITIONS,
        };
        for nth in 0..all.len() {
            part.records = all.range(nth..all.len());
            if nth >= LOOKUPS_IF_UNPROVEN && may_store_nothing() {
                return self.give_up(part, missing, last);
            }
            let Some(record) = part.records.iter().next() else {
                break;
            };
            let lookup = self.look_up(record, repetitions)?;
            if let Lookup::Unavailable(answer) = &lookup
                && self.failed_lookup.is_some()
            {
                // The lookups of the other records would fail, too.
                return self.give_up_unavailable(part, &answer.answer, last);
            }
            let single = Part {
                records: all.range(nth..nth + 1),
                ..*part
            };
            self.resolve_single(&single, lookup, missing, last)?;
            // The lookups of the first record have waited long enough for the later records too.
            repetitions = 0;
        }
        Ok(())
    }

    fn resolve_single(
        &mut self,
        part: &Part<'r>,
        lookup: Lookup,
        missing: Undeliverable,
        last: &FinalAnswer,
    ) -> Result<(), Stopped> {
        let target = self.requester.target;
        match lookup {
            Lookup::Same => {
                self.accepted(part.records);
                target.statistics().add_duplicates(part.records, true);
                Ok(())
            }
            Lookup::Different => {
                if target.breaker().is_proven() {
                    self.accepted(part.records);
                }
                self.give_up(part, Undeliverable::Conflict, last)
            }
            Lookup::Missing => self.give_up(part, missing, last),
            Lookup::Unverified(_)
                if missing == Undeliverable::Unacknowledged && !target.breaker().is_proven() =>
            {
                self.stop_unconfirmed(&last.answer)
            }
            Lookup::Unverified(_) => self.undelivered.give_up(GivenUp {
                may_be_stored: true,
                ..self.given_up(part, Undeliverable::Conflict, last)
            }),
            Lookup::Unavailable(answer) => self.give_up_unavailable(part, &answer.answer, last),
        }
    }

    /// Gives up the records of a part because a lookup got this answer.
    fn give_up_unavailable(
        &mut self,
        part: &Part<'r>,
        answer: &Answer,
        last: &FinalAnswer,
    ) -> Result<(), Stopped> {
        let last = FinalAnswer {
            answer: answer.clone(),
            ..*last
        };
        self.give_up(part, Undeliverable::Unavailable, &last)
    }

    /// Looks up a record, unless lookups fail.
    fn look_up(
        &mut self,
        record: (&BatchItem, &[u8]),
        repetitions: u32,
    ) -> Result<Lookup, Stopped> {
        if let Some(answer) = self.failed_lookup.clone() {
            let attempts = 0;
            return Ok(Lookup::Unavailable(FinalAnswer { answer, attempts }));
        }
        let lookup = self.requester.look_up(record, repetitions, None)?;
        if let Lookup::Unavailable(last) = &lookup {
            self.note_failed_lookup(&last.answer);
        }
        Ok(lookup)
    }

    /// Notes that a lookup got this answer, which does not say whether the server holds the record.
    fn note_failed_lookup(&mut self, answer: &Answer) {
        let is_about_record = matches!(
            answer,
            Answer::Response(Response {
                status: 200..=299,
                ..
            })
        );
        if !is_about_record {
            self.failed_lookup.get_or_insert_with(|| answer.clone());
        }
    }
}
