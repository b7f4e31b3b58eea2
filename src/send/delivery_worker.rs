//! Carries a batch to its server until each of its items is delivered, is in a dead letter, or the sending is stopped.
//!
//! A batch that is not taken is split, and its parts are carried alike. Nothing is ever concluded from the order of the
//! ids in an answer: servers shorten the list.

use std::path::PathBuf;

use anyhow::Result;

use super::dead_letters::{DeadItem, DeadLetter, DeadLetters, Undeliverable};
use super::lrs::{Found, look_up};
use super::rate_limiter::Stopped;
use super::retry::{Answered, Requests};
use super::send_batch::{Batch, Items};
use super::target::StopReason;
use super::verdict::{Answer, Verdict, Wait};
use crate::exit_code::ExitCode;

/// Some items of the batch, on their way together.
#[derive(Clone, Copy)]
struct Part<'b> {
    items: Items<'b>,
    /// Requests that were made for them.
    attempts: u64,
    /// How often their request may be repeated when the server fails at it.
    when_failing: u32,
}

/// A single bad statement makes a server fail once at each halving. More failures than this for each, without a success
/// between them, are an outage.
const FAILURES_A_HALVING: u32 = 2;

/// How often the request of a half may be repeated when the server fails at it, as it did at the whole.
const RETRIES_OF_HALVES: u32 = 2;

/// Carries one batch.
pub struct Courier<'r> {
    requests: Requests<'r>,
    batch: &'r Batch,
    /// The last one is the next.
    waiting: Vec<Part<'r>>,
    /// The server failed so often since it took something.
    failures: u32,
    letters: Vec<PathBuf>,
}

impl<'r> Courier<'r> {
    pub fn new(requests: Requests<'r>, batch: &'r Batch) -> Self {
        let all = Part {
            items: batch.items(),
            attempts: batch.attempts,
            when_failing: requests.route.backoff.max_retries,
        };
        Self {
            requests,
            batch,
            waiting: vec![all],
            failures: 0,
            letters: Vec::new(),
        }
    }

    /// Carries all of it. Gives the dead letters that were written.
    ///
    /// # Errors
    /// The sending is stopped. What is left is counted as undelivered.
    pub fn carry(mut self) -> Result<Vec<PathBuf>, Stopped> {
        let route = self.requests.route;
        while let Some(mut part) = self.waiting.pop() {
            let (items, rest) = part.items.split_by(route.limits(), &self.batch.payload);
            if !rest.is_empty() {
                self.waiting.push(Part {
                    items: rest,
                    ..part
                });
                part.items = items;
            }
            route.tally().take_up(part.items);
            let carried = self.carry_part(&part);
            let mut tally = route.tally();
            tally.lay_down(part.items);
            if carried.is_err() {
                tally.leave(part.items);
                for part in &self.waiting {
                    tally.leave(part.items);
                }
                return Err(Stopped);
            }
        }
        Ok(self.letters)
    }

    fn carry_part(&mut self, part: &Part<'r>) -> Result<(), Stopped> {
        let route = self.requests.route;
        let body = self.batch.payload.body(part.items);
        let answered = self
            .requests
            .make(part.when_failing, || route.client.post(&body))?;
        let is_single = part.items.len() == 1;
        match answered.verdict {
            Verdict::Accepted => {
                self.failures = 0;
                route.sizes.passed(body.len());
                route.tally().deliver(part.items);
            }
            Verdict::TooLarge => {
                if is_single {
                    // Perhaps what was refused before was so for this one alone.
                    route.sizes.forget();
                    self.give_up(part, Undeliverable::TooLarge, &answered)?;
                } else {
                    route.sizes.refused(body.len());
                    self.halve(part, answered.attempts, part.when_failing);
                }
            }
            Verdict::Conflict if is_single => self.settle(part, &answered)?,
            Verdict::Refused if is_single => {
                self.give_up(part, Undeliverable::Refused, &answered)?;
            }
            Verdict::Conflict | Verdict::Refused => {
                self.failures = 0;
                self.halve(part, answered.attempts, part.when_failing);
            }
            Verdict::Wait(Wait { may_be_poison, .. }) => {
                self.failures += 1;
                if may_be_poison && !is_single && self.failures < self.outage() {
                    let when_failing = part.when_failing.min(RETRIES_OF_HALVES);
                    self.halve(part, answered.attempts, when_failing);
                } else {
                    self.give_up(part, Undeliverable::Unavailable, &answered)?;
                }
            }
            Verdict::Stop => return self.stop(&answered.answer),
        }
        Ok(())
    }

    /// So many failures in a row are an outage.
    fn outage(&self) -> u32 {
        let halvings = self.batch.items().len().ilog2() + 1;
        FAILURES_A_HALVING * (halvings + 1)
    }

    fn halve(&mut self, part: &Part<'r>, attempts: u64, when_failing: u32) {
        let (first, second) = part.items.halves();
        self.waiting.extend([second, first].map(|items| Part {
            items,
            attempts: part.attempts + attempts,
            when_failing,
        }));
    }

    /// Settles what a single statement is that the server says it has.
    fn settle(&mut self, part: &Part<'r>, answered: &Answered) -> Result<(), Stopped> {
        self.failures = 0;
        let route = self.requests.route;
        let Some((item, sent)) = part.items.iter().next() else {
            return Ok(());
        };
        match look_up(self.requests, item, sent)? {
            Found::Same => route.tally().have(part.items, true),
            Found::Unverified => route.tally().have(part.items, false),
            Found::Other => self.give_up(part, Undeliverable::Conflict, answered)?,
            Found::Unavailable(mut asked) => {
                asked.attempts = answered.attempts;
                self.give_up(part, Undeliverable::Unavailable, &asked)?;
            }
        }
        Ok(())
    }

    /// Writes a dead letter, or stops the sending where there is no place for it.
    fn give_up(
        &mut self,
        part: &Part<'r>,
        reason: Undeliverable,
        answered: &Answered,
    ) -> Result<(), Stopped> {
        let route = self.requests.route;
        let Some(dead_letters) = &route.dead_letters else {
            return self.stop(&answered.answer);
        };
        match self.write_letter(dead_letters, part, reason, answered) {
            Ok(path) => {
                self.letters.push(path);
                route.tally().bury(part.items, reason);
                Ok(())
            }
            Err(error) => {
                route.stop(StopReason {
                    code: ExitCode::Output,
                    words: format!("{error:#}"),
                });
                Err(Stopped)
            }
        }
    }

    fn write_letter(
        &self,
        dead_letters: &DeadLetters,
        part: &Part<'r>,
        reason: Undeliverable,
        answered: &Answered,
    ) -> Result<PathBuf> {
        let route = self.requests.route;
        let mut letter = DeadLetter::new(route.protocol.name(), &route.name, reason);
        letter.status = match answered.answer {
            Answer::Response { status, .. } => Some(status),
            Answer::None(_) | Answer::Never(_) => None,
        };
        letter.answer = route.client.words(&answered.answer);
        letter.attempts = part.attempts + answered.attempts;
        letter.envelope = self.batch.payload.envelope().cloned();
        for (item, text) in part.items.iter() {
            letter.items.push(DeadItem {
                file: item.place.file.to_string(),
                line: item.place.line,
                id: item.id,
                payload: serde_json::from_slice(text)?,
            });
        }
        dead_letters.write(&letter)
    }

    fn stop(&self, answer: &Answer) -> Result<(), Stopped> {
        self.requests.route.stop(StopReason {
            code: ExitCode::Stopped,
            words: self.requests.route.said(answer),
        });
        Err(Stopped)
    }
}
