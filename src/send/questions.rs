//! The questions of `verify`: which records a server holds.

use std::sync::{Arc, Mutex, PoisonError};

use serde_json::Value;

use super::rate_limiter::Stopped;
use super::retry::Requester;
use super::send_batch::SendBatch;
use super::server::Lookup;
use super::target::Target;
use super::verification::Held;
use crate::console::Console;
use crate::exit_code::ExitCode;

/// The most records that a server is asked for in one request, if it can be asked for many.
pub const TOGETHER: usize = 5000;

/// The records that a target is asked for, and its answers.
pub struct Questions {
    pub target: Arc<Target>,
    pub waiting: Mutex<Vec<SendBatch>>,
    pub answers: Mutex<Vec<(SendBatch, Held)>>,
}

impl Questions {
    pub fn count(&self) -> usize {
        self.waiting
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .len()
    }

    /// Asks for one record after the other, until no record waits or the target is stopped.
    pub fn ask(&self, console: &Console) {
        let target = &self.target;
        let requester = Requester {
            target,
            console,
            learns_from_lookups: true,
        };
        if target.server.is_asked_first() {
            return self.ask_together(requester);
        }
        let next = || {
            let mut waiting = self.waiting.lock().unwrap_or_else(PoisonError::into_inner);
            waiting.pop()
        };
        while let Some(record) = next() {
            let Ok(held) = look_up(requester, &record) else {
                return;
            };
            let mut answers = self.answers.lock().unwrap_or_else(PoisonError::into_inner);
            answers.push((record, held));
        }
    }
}

impl Questions {
    /// Asks for many records in each request, until no record waits or the target is stopped.
    fn ask_together(&self, requester: Requester<'_>) {
        let next = || {
            let mut waiting = self.waiting.lock().unwrap_or_else(PoisonError::into_inner);
            let start = waiting.len().saturating_sub(TOGETHER);
            waiting.split_off(start)
        };
        loop {
            let records = next();
            if records.is_empty() {
                return;
            }
            let mut batch = SendBatch::new(None);
            for (item, text) in records.iter().flat_map(|record| record.items().iter()) {
                batch.push(item.id, text, item.origin.clone());
            }
            let Ok(stored) = requester.stored(batch.items()) else {
                return;
            };
            let held = |record: &SendBatch| match record.items().first() {
                Some(item) if stored.contains(&item.id) => Held::Same,
                _ => Held::Missing,
            };
            let answers = records.into_iter().map(|record| {
                let held = held(&record);
                (record, held)
            });
            let mut all = self.answers.lock().unwrap_or_else(PoisonError::into_inner);
            all.extend(answers);
        }
    }
}

/// Asks for the only record of a batch. Stops the target if it gives no useful answer.
fn look_up(requester: Requester<'_>, record: &SendBatch) -> Result<Held, Stopped> {
    let target = requester.target;
    let (item, text) = record.items().iter().next().ok_or(Stopped)?;
    if serde_json::from_slice::<Value>(text).is_err() {
        // The statement is nested more deeply than serde_json can read.
        return Ok(Held::Unverified);
    }
    let message = match requester.look_up((item, text), 0, None)? {
        Lookup::Same => return Ok(Held::Same),
        Lookup::Different => return Ok(Held::Different),
        Lookup::Missing => return Ok(Held::Missing),
        Lookup::Unverified(None) => return Ok(Held::Unverified),
        Lookup::Unverified(Some(last)) => {
            let answer = target.explain(&last.answer);
            format!("{answer}; statements cannot be verified, since they cannot be read")
        }
        Lookup::Unavailable(last) => target.explain_failed_lookup(&last.answer),
    };
    target.stop(ExitCode::Stopped, message);
    Err(Stopped)
}
