//! The outcome of records if the server fails or forbids a request after all its retries.

use std::time::SystemTime;

use super::batch_failures::{AfterFailure, RETRIES_OF_HALVES, RetryLimits};
use super::dead_letters::Undeliverable;
use super::delivery_worker::DeliveryWorker;
use super::http::Answer;
use super::kept_back::{GivenUp, MAX_REPETITIONS};
use super::parts::{KnownOfPart, Part};
use super::rate_limiter::Stopped;
use super::server::FinalAnswer;
use super::target::status_of;
use super::verdict::{Suspect, Verdict, verdict_by_status};
use crate::exit_code::ExitCode;

impl<'r> DeliveryWorker<'r> {
    /// Halves a part or gives it up after a request for it has failed with all its retries.
    pub(super) fn fail(
        &mut self,
        part: &mut Part<'r>,
        suspect: Suspect,
        last: &FinalAnswer,
    ) -> Result<(), Stopped> {
        let (count, attempts) = (part.records.len(), part.attempts + last.attempts);
        let after = self.failures.failed(suspect, count, part.max_retries);
        match after {
            AfterFailure::Halve { max_retries } => {
                if matches!(suspect, Suspect::Server | Suspect::Record) {
                    let target = self.requester.target;
                    target.note_halves(count, &last.answer, self.requester.console);
                }
                self.halve(part, last.attempts, max_retries);
                return Ok(());
            }
            AfterFailure::TryAnother => {
                self.parts.push_last(Part { attempts, ..*part });
                return Ok(());
            }
            AfterFailure::GiveUp => {
                self.requester.target.rate_limiter.forget_failures();
                self.parts.allow_no_retries();
            }
            AfterFailure::GiveUpRest => self.is_away = true,
        }
        if suspect == Suspect::Time {
            self.requester.target.breaker().note_hanging();
        }
        self.give_up(part, Undeliverable::Unavailable, last)
    }

    /// Halves a part after a 403, since a firewall may forbid a single record. After many of them, gives up the rest of the
    /// batch, or stops the target if the server has accepted nothing so far.
    pub(super) fn forbid(
        &mut self,
        part: &mut Part<'r>,
        last: &FinalAnswer,
    ) -> Result<(), Stopped> {
        let target = self.requester.target;
        let suspect = Suspect::Firewall;
        let count = part.records.len();
        match self.failures.failed(suspect, count, part.max_retries) {
            _ if target.dead_letters.is_none() => self.stop(&last.answer),
            AfterFailure::GiveUpRest if !target.breaker().is_proven() => self.stop(&last.answer),
            AfterFailure::Halve { max_retries } => {
                self.halve(part, last.attempts, max_retries);
                Ok(())
            }
            after => {
                self.is_away = after == AfterFailure::GiveUpRest;
                self.give_up(part, Undeliverable::Refused, last)
            }
        }
    }

    /// Gives up the records of a part: they become a dead letter. Stops the target if there is no directory for dead
    /// letters.
    pub(super) fn give_up(
        &mut self,
        part: &Part<'r>,
        reason: Undeliverable,
        last: &FinalAnswer,
    ) -> Result<(), Stopped> {
        if self.requester.target.dead_letters.is_none() {
            return match reason {
                Undeliverable::Unacknowledged => self.stop_unconfirmed(&last.answer),
                Undeliverable::Unavailable => self.stop_unavailable(&last.answer),
                Undeliverable::Refused | Undeliverable::TooLarge | Undeliverable::Conflict => {
                    self.stop_refused(&last.answer)
                }
            };
        }
        let mut given_up = self.given_up(part, reason, last);
        if part.is_last_attempt() && given_up.may_be_taken_later() {
            let is_bad =
                self.was_well && given_up.may_be_bad && self.is_bad(part, &mut given_up, last)?;
            self.requester.target.breaker().failed_alone(is_bad);
            if is_bad {
                self.is_away = false;
                self.failures.answered();
                self.undelivered.accepted();
                return self.undelivered.write(given_up);
            }
        }
        self.undelivered.give_up(given_up)
    }

    /// Stops the target because the server fails, and there is no directory for dead letters.
    fn stop_unavailable(&self, answer: &Answer) -> Result<(), Stopped> {
        let target = self.requester.target;
        target.stop(ExitCode::Stopped, target.explain_unavailable(answer));
        Err(Stopped)
    }

    /// Stops the target because a record is refused, and there is no directory for dead letters.
    fn stop_refused(&self, answer: &Answer) -> Result<(), Stopped> {
        let target = self.requester.target;
        let (refused, nouns) = (target.explain(answer), target.format.nouns());
        target.stop(
            ExitCode::Stopped,
            format!(
                "{refused}; give `--dead-letters DIR` to keep {nouns} that are refused and go on"
            ),
        );
        Err(Stopped)
    }

    /// Returns whether the server takes a known record each time and the record of this part never. Whether the one or the
    /// other is sent next is left to chance. So a server that fails at some of the requests, in whatever order, will most
    /// likely fail at the known record too, or take the record of this part.
    fn is_bad(
        &mut self,
        part: &Part<'r>,
        given_up: &mut GivenUp,
        last: &FinalAnswer,
    ) -> Result<bool, Stopped> {
        /// The likelihood that an overloaded server leaves a dead letter of a good record is halved by each request.
        const REQUESTS: u32 = 10;

        if !self.takes_known_record() {
            return Ok(false);
        }
        let verdict = verdict_by_status(&last.answer, SystemTime::UNIX_EPOCH);
        let is_late =
            matches!(verdict, Verdict::Retry(retry) if matches!(retry.suspect, Suspect::Time));
        // Without an answer, each request takes as long as the time limit for answers.
        let requests = if is_late { 0 } else { REQUESTS };
        for _ in 0..requests {
            let is_as_before = if fastrand::bool() {
                self.takes_known_record()
            } else {
                given_up.attempts += 1;
                self.fails_again(part)?
            };
            if !is_as_before {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// Sends the record of a part once more. Returns whether the server fails or forbids the request again, and does not
    /// say that it is away.
    fn fails_again(&mut self, part: &Part<'r>) -> Result<bool, Stopped> {
        let target = self.requester.target;
        let (records, compress) = (part.records, target.client.compress);
        let body = target.server.body(records);
        self.is_taking = false;
        let limits = RetryLimits::NONE;
        let requester = self.requester;
        let (verdict, last) = requester.post(None, records, &body, limits, compress)?;
        let fails = matches!(verdict, Verdict::Retry(_) | Verdict::Stop);
        Ok(fails && !target.server.is_outage(&last.answer))
    }

    /// Sends a record that the server has taken in this run. Returns whether the server takes it at the first attempt.
    fn takes_known_record(&mut self) -> bool {
        let target = self.requester.target;
        let permit = target.rate_limiter.acquire();
        self.is_taking = permit.is_ok_and(|permit| target.takes_again(&permit));
        self.is_taking
    }

    pub(super) fn given_up(
        &self,
        part: &Part<'r>,
        reason: Undeliverable,
        last: &FinalAnswer,
    ) -> GivenUp {
        GivenUp {
            records: part.records.numbers_in_batch(),
            reason,
            may_be_bad: !self.requester.target.server.is_outage(&last.answer),
            times_failed: part.times_failed,
            attempts: part.attempts + last.attempts,
            status: status_of(&last.answer),
            answer: self.requester.target.client.text_of(&last.answer),
            may_be_stored: false,
        }
    }

    /// Decides about the records that are given up, after the server has accepted others: they are sent once more, or
    /// their dead letters are written. Records that failed together at all repetitions are halved.
    pub(super) fn settle_given_up(&mut self) -> Result<(), Stopped> {
        let max_retries = self.requester.target.backoff.max_retries;
        for given_up in self.undelivered.take_repeated() {
            let records = self.batch.numbered(given_up.records);
            let part = Part {
                records,
                attempts: given_up.attempts,
                max_retries: match records.len() {
                    // The last attempt is a single request between two known records.
                    1 if given_up.times_failed + 1 >= MAX_REPETITIONS => 0,
                    1 => max_retries.min(RETRIES_OF_HALVES),
                    _ => max_retries,
                },
                is_repeated: false,
                times_failed: MAX_REPETITIONS.min(given_up.times_failed + 1),
                known: KnownOfPart::Nothing,
            };
            match given_up.times_failed < MAX_REPETITIONS || records.len() == 1 {
                true => self.parts.push_last(part),
                false => self.parts.push_halves_last(part),
            }
        }
        self.undelivered.write_refused()
    }
}
