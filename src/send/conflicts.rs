//! The outcome of records that a server reports as conflicts (409).

use super::conflict_lookups::Conflicts;
use super::dead_letters::Undeliverable;
use super::delivery_worker::DeliveryWorker;
use super::parts::Part;
use super::rate_limiter::Stopped;
use super::server::{FinalAnswer, Lookup};

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
        let answer = (&last.answer, self.conflicts);
        let Conflicts { held, known } = self
            .requester
            .look_up_conflicts(records, part.known, answer)?;
        part.known = known;
        if held.is_empty() {
            self.halve(part, last.attempts, part.max_retries);
            return Ok(());
        }
        self.accepted();
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
        if !records.is_empty() {
            self.parts.push(Part {
                attempts: part.attempts + last.attempts,
                ..*part
            });
        }
        Ok(())
    }

    /// Looks up the only record of a part, which the server reports as a conflict or does not list. Counts the record
    /// as a duplicate if the server has it, and otherwise writes it to a dead letter.
    pub fn resolve(
        &mut self,
        part: &Part<'r>,
        repetitions: u32,
        missing: Undeliverable,
        last: &FinalAnswer,
    ) -> Result<(), Stopped> {
        let target = self.requester.target;
        let Some(record) = part.records.iter().next() else {
            return Ok(());
        };
        let lookup = self.requester.look_up(record, repetitions, None)?;
        if let Lookup::Same | Lookup::Unverified | Lookup::Different = &lookup {
            self.accepted();
        }
        match lookup {
            Lookup::Same => target.statistics().add_duplicates(part.records, true),
            Lookup::Unverified => target.statistics().add_duplicates(part.records, false),
            Lookup::Different => self.give_up(part, Undeliverable::Conflict, last)?,
            Lookup::Missing => self.give_up(part, missing, last)?,
            Lookup::Unavailable(mut answer) => {
                answer.attempts = last.attempts;
                self.give_up(part, Undeliverable::Unavailable, &answer)?;
            }
        }
        Ok(())
    }
}
