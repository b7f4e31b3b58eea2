//! The delivery of one batch.

use super::batch_failures::BatchFailures;
use super::dead_letters::Undeliverable;
use super::http::Answer;
use super::kept_back::{KeptBack, Rest};
use super::parts::{Part, Parts};
use super::rate_limiter::{RequestPermit, Stopped};
use super::retry::Requester;
use super::send_batch::{BatchSlice, SendBatch};
use super::server::FinalAnswer;
use super::target::status_of;
use super::undelivered::Undelivered;
use super::verdict::Verdict;
use crate::exit_code::ExitCode;

/// Delivers a batch until each record is stored or in a dead letter, or the batch is kept back, or the target is
/// stopped.
///
/// If the server refuses a batch or fails because of it, the batch is split in halves, and the halves are delivered in
/// the same way.
///
/// Some servers leave records out of their answer that they have stored before. So a few of the unlisted records are
/// looked up. If one of them is missing, all unlisted records are sent once more.
pub struct DeliveryWorker<'r> {
    pub(super) requester: Requester<'r>,
    pub(super) batch: &'r SendBatch,
    pub(super) parts: Parts<'r>,
    pub(super) failures: BatchFailures,
    /// Whether records are sent alone until the server is proven, because a larger request was refused.
    sends_alone: bool,
    /// Whether the server has accepted the last request at its first attempt.
    pub(super) is_taking: bool,
    /// Whether the server took a known record right before the last attempt to send a record.
    pub(super) was_well: bool,
    /// Whether the server counts as down, so that the rest of the batch is not sent.
    pub(super) is_away: bool,
    /// The number of answers that report conflicts.
    pub(super) conflicts: usize,
    /// The answer to a lookup that has failed after all its retries. No more lookups are made for the batch.
    pub(super) failed_lookup: Option<Answer>,
    pub(super) undelivered: Undelivered<'r>,
}

impl<'r> DeliveryWorker<'r> {
    pub fn new(requester: Requester<'r>, kept: &'r KeptBack) -> Self {
        let target = requester.target;
        let failures = BatchFailures::new(kept.batch.items().len(), target.breaker().hangs());
        Self {
            requester,
            batch: &kept.batch,
            parts: Parts::new(kept, target.backoff.max_retries),
            failures: match kept.batch.letters.is_empty() {
                true => failures,
                false => failures.of_letters(),
            },
            sends_alone: false,
            is_taking: false,
            was_well: false,
            is_away: false,
            conflicts: 0,
            failed_lookup: None,
            undelivered: Undelivered::new(target, kept),
        }
    }

    /// Delivers the batch. Returns the records without an outcome: if there are any, the batch must be kept back. Fails
    /// if the target is stopped.
    pub fn deliver(mut self) -> (Result<(), Stopped>, Rest) {
        let delivered = match self.settle_given_up() {
            Ok(()) => self.deliver_parts(),
            Err(Stopped) => Err(Stopped),
        };
        let rest = Rest {
            waiting: self.parts.into_waiting(),
            given_up: self.undelivered.given_up,
            has_accepted: self.undelivered.has_accepted,
            written: self.undelivered.written,
        };
        (delivered, rest)
    }

    fn deliver_parts(&mut self) -> Result<(), Stopped> {
        let target = self.requester.target;
        let frame = target.server.frame(self.batch.items().envelope);
        let overhead = frame.overhead();
        while !self.is_away
            && let Some(mut part) = self.next()
        {
            // The limits may change while the worker waits.
            let Ok(permit) = target.rate_limiter.acquire() else {
                self.parts.push(part);
                return Err(Stopped);
            };
            let mut limits = target.request_limits.limits();
            let breaker = target.breaker();
            let is_silent = self.failures.sends_alone() || breaker.hangs();
            if is_silent || self.sends_alone && !breaker.is_proven() {
                limits.items = 1;
            }
            let (records, rest) = part.records.split_by(limits, overhead);
            if !rest.is_empty() {
                self.parts.push(Part {
                    records: rest,
                    ..part
                });
                part.records = records;
            }
            self.was_well =
                part.is_last_attempt() && (self.is_taking || target.takes_again(&permit));
            let sent = part.records;
            target.statistics().start(sent);
            let delivered = self.deliver_part(&mut part, permit);
            target.statistics().end(sent);
            if delivered.is_err() {
                self.parts.push(part);
                return Err(Stopped);
            }
            if self.undelivered.has_accepted_since_failure() {
                self.settle_given_up()?;
            }
        }
        Ok(())
    }

    /// Returns the part that is sent next. During a trial, this is a single record.
    fn next(&mut self) -> Option<Part<'r>> {
        let breaker = self.requester.target.breaker();
        match breaker.is_trial() {
            true => self.parts.pop_for_trial(|records| breaker.choose(records)),
            false if self.failures.has_sent_alone() => self.parts.pop_last(),
            false => match self.failures.without_timeouts() {
                0 => self.parts.pop(),
                failures => self.parts.pop_after(failures),
            },
        }
    }

    /// Delivers a part. If the target is stopped meanwhile, the part is cut to the records that have no outcome yet.
    fn deliver_part(
        &mut self,
        part: &mut Part<'r>,
        permit: RequestPermit<'r>,
    ) -> Result<(), Stopped> {
        let target = self.requester.target;
        if target.server.is_asked_first() && !target.client.dry_run {
            return self.deliver_rest(part, permit);
        }
        let body = target.server.body(part.records);
        let Part {
            records,
            max_retries,
            ..
        } = *part;
        let compress = target.client.compress;
        let limits = self.failures.retry_limits(records.len(), max_retries);
        let answered = self
            .requester
            .post(Some(permit), records, &body, limits, compress)?;
        let (verdict, last) = (&answered.0, &answered.1);
        if let Some(uncompressed) =
            self.requester
                .post_uncompressed(records, &body, (verdict, last))?
        {
            return self.stop_compression(part, &last.answer, uncompressed);
        }
        let (verdict, last) = answered;
        self.note_answer(&verdict, last.attempts, records.len(), body.len());
        self.follow(part, verdict, &last, body.len())
    }

    /// Does what the verdict about a request with this part demands. If the target is stopped meanwhile, the part is cut to
    /// the records that have no outcome yet.
    pub(super) fn follow(
        &mut self,
        part: &mut Part<'r>,
        verdict: Verdict,
        last: &FinalAnswer,
        bytes: usize,
    ) -> Result<(), Stopped> {
        let target = self.requester.target;
        let is_single = part.records.len() == 1;
        match verdict {
            Verdict::Accepted => {
                self.accepted(part.records);
                target.statistics().add_delivered(part.records);
            }
            Verdict::ByRecord(verdicts) => self.settle(part, &verdicts, last)?,
            Verdict::Unconfirmed => return self.stop_unconfirmed(&last.answer),
            Verdict::TooLarge if is_single => {
                // Larger bodies may have been refused only because they held this record. So the size of other bodies
                // is not limited any longer.
                target.request_limits.forget_refusals();
                self.give_up(part, Undeliverable::TooLarge, last)?;
            }
            Verdict::TooLarge => {
                target.request_limits.refused(bytes);
                self.halve(part, last.attempts, part.max_retries);
            }
            Verdict::Conflict if is_single => {
                self.resolve(part, Undeliverable::Conflict, last)?;
            }
            Verdict::Refused if is_single => {
                self.give_up(part, Undeliverable::Refused, last)?;
            }
            Verdict::Refused if !target.breaker().is_proven() && !self.batch.was_refused => {
                // One record tells more about the server than half of the records.
                self.sends_alone = true;
                let attempts = part.attempts + last.attempts;
                self.parts.push(Part { attempts, ..*part });
            }
            Verdict::Conflict => self.settle_conflicts(part, last)?,
            Verdict::Refused => {
                self.halve(part, last.attempts, part.max_retries);
            }
            Verdict::Retry(retry) => self.fail(part, retry.suspect, last)?,
            Verdict::Stop
                if status_of(&last.answer) == Some(403) && !target.server.is_own(&last.answer) =>
            {
                self.forbid(part, last)?
            }
            Verdict::Stop => return self.stop(&last.answer),
        }
        Ok(())
    }

    /// Notes the answer to a request with this number of records and bytes. It ends a row of failures, and may change
    /// the limits of later requests.
    pub(super) fn note_answer(
        &mut self,
        verdict: &Verdict,
        attempts: u64,
        records: usize,
        bytes: usize,
    ) {
        let limits = &self.requester.target.request_limits;
        self.is_taking = attempts == 1 && matches!(verdict, Verdict::Accepted);
        let (is_accepted, is_refused) = match verdict {
            Verdict::Accepted | Verdict::ByRecord(_) => (true, false),
            Verdict::Conflict => (false, false),
            Verdict::Refused => (false, true),
            _ => return,
        };
        match self.failures.answered_in_time(records, attempts) {
            Some(items) => limits.lower_items(items),
            // A refusal does not show that the server stores so many records in time.
            None if is_refused => {}
            None => limits.answered(records),
        }
        if is_accepted {
            limits.accepted(bytes);
        }
    }

    /// Notes that the server has accepted records.
    pub(super) fn accepted(&mut self, records: BatchSlice<'_>) {
        let target = self.requester.target;
        let taken = &target.status.taken;
        taken.get_or_init(|| target.server.body(records.range(0..1)));
        self.failures.answered();
        self.undelivered.accepted();
    }

    /// Notes that the server holds records of the batch.
    pub(super) fn found(&mut self) {
        self.requester.target.status.taken.get_or_init(Vec::new);
        self.failures.answered();
        self.undelivered.accepted();
    }

    pub(super) fn halve(&mut self, part: &Part<'r>, attempts: u64, max_retries: u32) {
        self.parts.push_halves(Part {
            attempts: part.attempts + attempts,
            max_retries,
            ..*part
        });
    }

    pub(super) fn stop(&self, answer: &Answer) -> Result<(), Stopped> {
        let target = self.requester.target;
        target.stop(ExitCode::Stopped, target.explain(answer));
        Err(Stopped)
    }
}
