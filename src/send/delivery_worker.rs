//! The delivery of one batch.

use std::path::PathBuf;

use anyhow::Result;

use super::dead_letters::Undeliverable;
use super::http::Answer;
use super::rate_limiter::Stopped;
use super::retry::Requester;
use super::sample::Sample;
use super::send_batch::{BatchSlice, SendBatch};
use super::server::{FinalAnswer, Lookup};
use super::verdict::{RecordVerdict, RecordVerdicts, Retry, Suspect, Verdict};
use crate::exit_code::ExitCode;

/// Delivers a batch until each record is stored or in a dead letter, or the target is stopped.
///
/// If the server refuses a batch or fails because of it, the batch is split in halves, and the halves are delivered in
/// the same way.
///
/// Some servers leave records out of their answer that they have stored before. So a few of the unlisted records are
/// looked up. If one of them is missing, all unlisted records are sent once more.
pub struct DeliveryWorker<'r> {
    requester: Requester<'r>,
    batch: &'r SendBatch,
    /// The parts that were not sent yet. The last part is sent next.
    waiting: Vec<Part<'r>>,
    /// The number of requests in a row that failed because of the server, each after all its retries.
    failures: u32,
    dead_letters: Vec<PathBuf>,
}

/// Consecutive records that are sent in one request.
#[derive(Clone, Copy)]
struct Part<'b> {
    records: BatchSlice<'b>,
    /// The number of requests that were made for the records so far.
    attempts: u64,
    /// The most retries of the next request if the server fails.
    max_retries: u32,
    /// Whether the records are sent once more: an earlier answer did not list them, and a lookup did not find them all.
    is_repeated: bool,
}

/// The most times that a record is looked up again if the server reports a conflict or does not list the record, and
/// yet the lookup does not find it. Some servers show new records late.
const REPETITIONS: u32 = 2;

/// The number of failed requests in a row, for each time that the batch can be halved, after which the server counts as
/// down. One failure for each halving is not enough, because a single bad record makes some servers fail that often.
const FAILURES_PER_HALVING: u32 = 2;

/// The most retries for a half of a part, if all retries for the whole part have failed.
const RETRIES_OF_HALVES: u32 = 2;

impl<'r> DeliveryWorker<'r> {
    pub fn new(requester: Requester<'r>, batch: &'r SendBatch) -> Self {
        let all = Part {
            records: batch.items(),
            attempts: batch.attempts,
            max_retries: requester.target.backoff.max_retries,
            is_repeated: false,
        };
        Self {
            requester,
            batch,
            waiting: vec![all],
            failures: 0,
            dead_letters: Vec::new(),
        }
    }

    /// Delivers the batch. Returns the paths of the dead letters that were written.
    ///
    /// # Errors
    /// Returns `Stopped` if the target is stopped. The remaining records are counted as not delivered.
    pub fn deliver(mut self) -> Result<Vec<PathBuf>, Stopped> {
        let target = self.requester.target;
        let frame = target.server.frame(self.batch.items().envelope);
        let overhead = frame.overhead();
        while let Some(mut part) = self.waiting.pop() {
            let (records, rest) = part.records.split_by(target.body_size.limits(), overhead);
            if !rest.is_empty() {
                self.waiting.push(Part {
                    records: rest,
                    ..part
                });
                part.records = records;
            }
            let sent = part.records;
            target.statistics().start(sent);
            let delivered = self.deliver_part(&mut part);
            let mut statistics = target.statistics();
            statistics.end(sent);
            if delivered.is_err() {
                statistics.leave(part.records);
                for part in &self.waiting {
                    statistics.leave(part.records);
                }
                return Err(Stopped);
            }
        }
        Ok(self.dead_letters)
    }

    /// Delivers a part. If the target is stopped meanwhile, the part is cut to the records that have no outcome yet.
    fn deliver_part(&mut self, part: &mut Part<'r>) -> Result<(), Stopped> {
        let target = self.requester.target;
        let body = target.server.body(part.records);
        let (verdict, last) = self.requester.post(part.records, &body, part.max_retries)?;
        let is_single = part.records.len() == 1;
        match verdict {
            Verdict::Accepted => {
                self.failures = 0;
                target.body_size.accepted(body.len());
                target.statistics().add_delivered(part.records);
            }
            Verdict::ByRecord(verdicts) => {
                self.failures = 0;
                target.body_size.accepted(body.len());
                self.settle(part, &verdicts, &last)?;
            }
            Verdict::Unconfirmed => return self.stop_unconfirmed(&last.answer),
            Verdict::TooLarge if is_single => {
                // Larger bodies may have been refused only because they held this record. So the size of other bodies
                // is not limited any longer.
                target.body_size.forget_refusals();
                self.give_up(part, Undeliverable::TooLarge, &last)?;
            }
            Verdict::TooLarge => {
                target.body_size.refused(body.len());
                self.halve(part, last.attempts, part.max_retries);
            }
            Verdict::Conflict if is_single => {
                self.failures = 0;
                self.resolve(part, REPETITIONS, Undeliverable::Conflict, &last)?;
            }
            Verdict::Refused if is_single => {
                self.give_up(part, Undeliverable::Refused, &last)?;
            }
            Verdict::Conflict | Verdict::Refused => {
                self.failures = 0;
                self.halve(part, last.attempts, part.max_retries);
            }
            Verdict::Retry(Retry { suspect, .. }) => {
                self.failures += 1;
                if suspect != Suspect::Server
                    && !is_single
                    && self.failures < self.failures_of_outage()
                {
                    let max_retries = part.max_retries.min(RETRIES_OF_HALVES);
                    self.halve(part, last.attempts, max_retries);
                } else {
                    self.give_up(part, Undeliverable::Unavailable, &last)?;
                }
            }
            Verdict::Stop => return self.stop(&last.answer),
        }
        Ok(())
    }

    /// Returns the number of failed requests in a row from which the server counts as down.
    fn failures_of_outage(&self) -> u32 {
        let halvings = self.batch.items().len().ilog2() + 1;
        FAILURES_PER_HALVING * (halvings + 1)
    }

    fn halve(&mut self, part: &Part<'r>, attempts: u64, max_retries: u32) {
        let (first, second) = part.records.halves();
        self.waiting.extend([second, first].map(|records| Part {
            records,
            attempts: part.attempts + attempts,
            max_retries,
            ..*part
        }));
    }

    /// Decides about each record of a part if the answer does not accept all of them. Records that are sent once more
    /// are added to `waiting`.
    fn settle(
        &mut self,
        part: &mut Part<'r>,
        verdicts: &RecordVerdicts,
        last: &FinalAnswer,
    ) -> Result<(), Stopped> {
        let target = self.requester.target;
        let (mut unsettled, mut unlisted) = (Vec::new(), Vec::new());
        let mut end = 0;
        for same in verdicts.records.chunk_by(|one, next| one == next) {
            let records = part.records.range(end..end + same.len());
            end += same.len();
            match &same[0] {
                RecordVerdict::Accepted => target.statistics().add_delivered(records),
                RecordVerdict::Refused(reason) => unsettled.push((records, Some(reason))),
                RecordVerdict::Unlisted => {
                    unsettled.push((records, None));
                    unlisted.extend(records.iter());
                }
            }
        }
        if let Some((first, _)) = unsettled.first() {
            part.records = *first;
        }
        let sample = match part.is_repeated {
            true => Sample::Missing,
            false => self.requester.sample(&unlisted, verdicts.is_trusted)?,
        };
        for (records, refused) in unsettled {
            part.records = records;
            match (refused, sample) {
                (Some(reason), _) => {
                    let mut answer = last.answer.clone();
                    if let Answer::Response(response) = &mut answer {
                        response.body = reason.clone().into();
                    }
                    let last = FinalAnswer { answer, ..*last };
                    self.give_up(part, Undeliverable::Refused, &last)?;
                }
                (None, Sample::Stored) => target.statistics().add_delivered(records),
                (None, Sample::Unverified) => target.statistics().add_unverified(records),
                (None, Sample::Unconfirmed) => return self.stop_unconfirmed(&last.answer),
                (None, Sample::Missing) if part.is_repeated => {
                    let mut repetitions = REPETITIONS;
                    for nth in 0..records.len() {
                        part.records = records.range(nth..nth + 1);
                        self.resolve(part, repetitions, Undeliverable::Unacknowledged, last)?;
                        // The lookups of the first record have waited long enough for the later records too.
                        repetitions = 0;
                    }
                }
                (None, Sample::Missing) => self.waiting.push(Part {
                    attempts: part.attempts + last.attempts,
                    is_repeated: true,
                    ..*part
                }),
            }
        }
        Ok(())
    }

    /// Looks up the only record of a part, which the server reports as a conflict or does not list. Counts the record
    /// as a duplicate if the server has it, and otherwise writes it to a dead letter.
    fn resolve(
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
        match self.requester.look_up(record, repetitions, None)? {
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

    /// Writes the records of a part to a dead letter. Stops the target if there is no directory for dead letters.
    fn give_up(
        &mut self,
        part: &Part<'r>,
        reason: Undeliverable,
        last: &FinalAnswer,
    ) -> Result<(), Stopped> {
        let target = self.requester.target;
        let Some(dead_letters) = &target.dead_letters else {
            return match reason {
                Undeliverable::Unacknowledged => self.stop_unconfirmed(&last.answer),
                _ => self.stop(&last.answer),
            };
        };
        let attempts = part.attempts + last.attempts;
        let letter = target.dead_letter(part.records, reason, attempts, &last.answer);
        match letter.and_then(|letter| dead_letters.write(&letter)) {
            Ok(path) => {
                self.dead_letters.push(path);
                target.statistics().add_dead_letter(part.records, reason);
                Ok(())
            }
            Err(error) => {
                target.stop(ExitCode::Output, format!("{error:#}"));
                Err(Stopped)
            }
        }
    }

    fn stop_unconfirmed(&self, answer: &Answer) -> Result<(), Stopped> {
        let target = self.requester.target;
        let message = "this answer does not confirm that the records are stored; check the URL";
        let answer = target.describe(answer);
        target.stop(ExitCode::Stopped, format!("{answer}; {message}"));
        Err(Stopped)
    }

    fn stop(&self, answer: &Answer) -> Result<(), Stopped> {
        let target = self.requester.target;
        target.stop(ExitCode::Stopped, target.explain(answer));
        Err(Stopped)
    }
}
