//! The outcome of records if the server fails or forbids a request after all its retries.

use super::batch_failures::{AfterFailure, RETRIES_OF_HALVES};
use super::dead_letters::Undeliverable;
use super::delivery_worker::DeliveryWorker;
use super::http::Answer;
use super::kept_back::{GivenUp, MAX_REPETITIONS};
use super::parts::{KnownOfPart, Part};
use super::rate_limiter::Stopped;
use super::server::FinalAnswer;
use super::target::status_of;
use super::verdict::Suspect;
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
                Undeliverable::Unavailable => self.stop(&last.answer),
                Undeliverable::Refused | Undeliverable::TooLarge | Undeliverable::Conflict => {
                    self.stop_refused(&last.answer)
                }
            };
        }
        let given_up = self.given_up(part, reason, last);
        if part.is_last_attempt() && given_up.may_be_taken_later() {
            let is_bad = self.was_well && self.takes_known_record();
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
