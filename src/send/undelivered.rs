//! The records of a batch that cannot be delivered, and their dead letters.

use std::path::PathBuf;

use anyhow::Result;
use serde_json::value::{RawValue, to_raw_value};

use super::dead_letters::{DeadItem, DeadLetter, DeadLetters};
use super::kept_back::{GivenUp, KeptBack, MAX_REPETITIONS};
use super::rate_limiter::Stopped;
use super::send_batch::SendBatch;
use super::target::Target;
use crate::exit_code::ExitCode;

/// The records of a batch that are given up. Their dead letters are not written before the server has accepted other
/// records.
pub struct Undelivered<'r> {
    target: &'r Target,
    batch: &'r SendBatch,
    /// Whether the server has accepted a record of the batch, and has not been away since.
    accepted_since_failure: bool,
    /// Whether the server has accepted a record of the batch at any time.
    pub has_accepted: bool,
    /// The records without a dead letter.
    pub given_up: Vec<GivenUp>,
    /// The paths of the dead letters that were written.
    pub written: Vec<PathBuf>,
}

impl<'r> Undelivered<'r> {
    /// Starts with the records that were given up before the batch was kept back.
    pub fn new(target: &'r Target, kept: &'r KeptBack) -> Self {
        Self {
            target,
            batch: &kept.batch,
            accepted_since_failure: false,
            has_accepted: kept.rest.has_accepted,
            given_up: kept.rest.given_up.clone(),
            written: kept.rest.written.clone(),
        }
    }

    /// Notes that the server has accepted a record of the batch.
    pub fn accepted(&mut self) {
        self.accepted_since_failure = true;
        self.has_accepted = true;
        self.target.breaker().accepted();
    }

    /// Returns whether the server has accepted a record of the batch, and has not been away since.
    pub fn has_accepted_since_failure(&self) -> bool {
        self.accepted_since_failure
    }

    /// Gives up records. If the server refuses them, writes their dead letter at once if the server has accepted any
    /// record in this run, or if the records come from dead letters of refused records. If the server fails or answers
    /// 403, it may do the same for all records, so the records are kept until the server has accepted a later record.
    ///
    /// # Errors
    /// Returns `Stopped` if the dead letter cannot be written, or if there are too many.
    pub fn give_up(&mut self, given_up: GivenUp) -> Result<(), Stopped> {
        let breaker = self.target.breaker();
        if given_up.may_be_taken_later() {
            self.accepted_since_failure = false;
        } else if breaker.is_proven() || self.batch.was_refused && !given_up.may_be_stored {
            return self.write(given_up);
        } else {
            breaker.refused(&given_up);
        }
        self.given_up.push(given_up);
        Ok(())
    }

    /// Takes the records that are sent once more, now that the server has accepted others.
    pub fn take_repeated(&mut self) -> Vec<GivenUp> {
        let given_up = std::mem::take(&mut self.given_up);
        let is_vain = self.target.breaker().doubts_server();
        let is_repeated = |given_up: &GivenUp| {
            given_up.may_be_taken_later() && (given_up.times_failed < MAX_REPETITIONS || !is_vain)
        };
        let (repeated, kept) = given_up.into_iter().partition(is_repeated);
        self.given_up = kept;
        repeated
    }

    /// Writes the dead letters of all records that the server will not take later.
    ///
    /// # Errors
    /// Returns `Stopped` if a dead letter cannot be written, or if there are too many.
    pub fn write_refused(&mut self) -> Result<(), Stopped> {
        let next = |given_up: &[GivenUp]| given_up.iter().position(|one| !one.may_be_taken_later());
        while let Some(nth) = next(&self.given_up) {
            self.write(self.given_up[nth].clone())?;
            self.given_up.remove(nth);
        }
        Ok(())
    }

    /// Writes the dead letter of records.
    ///
    /// # Errors
    /// Returns `Stopped` if the dead letter cannot be written, or if there are too many.
    pub fn write(&mut self, given_up: GivenUp) -> Result<(), Stopped> {
        let target = self.target;
        if given_up.may_be_stored {
            let records = self.batch.numbered(given_up.records);
            target.statistics().add_duplicates(records, false);
            return Ok(());
        }
        let Some(dead_letters) = &target.dead_letters else {
            return Err(Stopped);
        };
        let count = self.batch.numbered(given_up.records.clone()).len();
        // Records that were in dead letters before do not count, unless the user sets a limit.
        let is_limited = target.max_dead_letters.is_some() || self.batch.letters.is_empty();
        let max = target.max_dead_letters;
        let is_reserved = {
            // Other workers must not write a dead letter between the check and the count.
            let mut statistics = target.statistics();
            let is_flood = is_limited && statistics.is_flood(count, given_up.reason, max);
            if !is_flood {
                statistics.reserve_dead_letter(count, given_up.reason);
            }
            !is_flood
        };
        if !is_reserved {
            let limit = match target.max_dead_letters {
                Some(limit) => format!("more than {limit} records"),
                None => "too many records, over half of those answered,".to_owned(),
            };
            let answer = target.describe_text(given_up.status, &given_up.answer);
            let message = format!(
                "{answer}; {limit} would be in dead letters: `--max-dead-letters N` sets another limit"
            );
            target.stop(ExitCode::Stopped, message);
            return Err(Stopped);
        }
        match self.write_to(dead_letters, &given_up) {
            Ok(path) => {
                self.written.push(path);
                let records = self.batch.numbered(given_up.records);
                target.statistics().add_dead_letter(records);
                Ok(())
            }
            Err(error) => {
                target
                    .statistics()
                    .cancel_dead_letter(count, given_up.reason);
                target.stop(ExitCode::Output, format!("{error:#}"));
                Err(Stopped)
            }
        }
    }

    fn write_to(&self, dead_letters: &DeadLetters, given_up: &GivenUp) -> Result<PathBuf> {
        let records = self.batch.numbered(given_up.records.clone());
        let items = records.iter().map(|(item, text)| {
            Ok(DeadItem {
                file: item.origin.file.to_string(),
                line: item.origin.line,
                byte: item.origin.byte,
                id: item.id,
                payload: payload(text)?,
            })
        });
        dead_letters.write(&DeadLetter {
            version: DeadLetter::VERSION,
            format: self.target.format.name().to_owned(),
            router: self.target.name.clone(),
            reason: given_up.reason,
            status: given_up.status,
            answer: given_up.answer.clone(),
            attempts: given_up.attempts,
            envelope: records.envelope.map(|envelope| envelope.keys.clone()),
            items: items.collect::<Result<_>>()?,
        })
    }
}

/// Returns the text of a record as JSON for a dead letter. A text that is not JSON becomes a JSON string, so that the
/// record does not get lost.
fn payload(text: &[u8]) -> Result<Box<RawValue>> {
    match serde_json::from_slice(text) {
        Ok(payload) => Ok(payload),
        Err(_) => Ok(to_raw_value(&String::from_utf8_lossy(text))?),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_record_that_is_not_json_is_kept_in_a_dead_letter_as_a_string() {
        assert_eq!(payload(b"{\"a\": 1.0}").unwrap().get(), "{\"a\": 1.0}");
        assert_eq!(payload(b"{\"a\": NaN}").unwrap().get(), r#""{\"a\": NaN}""#);
    }
}
