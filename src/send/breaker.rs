//! The breaker of a target: stops a run whose records a server refuses or does not answer, before the records become
//! dead letters.
//!
//! A server is *proven* once it has accepted a record of this run. Until then, one batch is delivered at a time, and no
//! dead letter is written: a batch of which nothing is accepted is kept back. After many equal refusals, a trial sends
//! single records. If the server accepts one, all kept batches are released; if not, the run stops.
//!
//! A proven server may go away. Then batches are kept back, too, until the server accepts a record or the run stops.

use std::collections::BTreeSet;
use std::collections::HashMap;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use super::kept_back::{GivenUp, KeptBack};
use super::masked_answer::masked_answer;
use super::trial::Trial;

/// The number of records refused with the same answer after which a trial begins.
const EQUAL_REFUSALS: usize = 20;

/// The number of records refused with any answers after which a trial begins. It bounds the batches that are kept back.
const REFUSALS: usize = 100;

/// The number of batches after which the run stops, if the server fails or does not answer.
const UNAVAILABLE_BATCHES: usize = 3;

/// The number of batches after which the run stops, if the server answers 403.
const FORBIDDEN_BATCHES: usize = 2;

/// The interval at which waiting workers check whether the target is stopped.
const CHECK_INTERVAL: Duration = Duration::from_millis(100);

/// Decides when batches are kept back and when the run stops.
#[derive(Default)]
pub struct Breaker {
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Default)]
struct State {
    is_proven: bool,
    /// Whether the server has read a compressed body.
    reads_gzip: bool,
    /// Whether a worker delivers a batch to a server that is not proven.
    is_busy: bool,
    /// The refused records by their answers, which are masked.
    refusals: HashMap<String, Refusals>,
    trial: Option<Trial>,
    /// The batches that wait for the server to accept a record.
    kept_back: Vec<KeptBack>,
    /// The batches that may be completed, since the server has accepted a record after they were kept back.
    released: Vec<KeptBack>,
}

/// The records that are refused with the same answer.
struct Refusals {
    count: usize,
    /// The first of the answers.
    status: Option<u16>,
    answer: String,
}

/// The reason why the breaker stops a run.
#[derive(Debug, PartialEq, Eq)]
pub struct Tripped {
    /// The status of an answer of the server, if there was an answer.
    pub status: Option<u16>,
    /// The text of the answer, or the reason why there was no answer.
    pub answer: String,
    /// The advice to the user, if the answer does not say enough.
    pub advice: Option<String>,
}

/// The permission to deliver a batch. While a server is not proven, there is one permit.
pub struct Permit<'b>(&'b Breaker);

impl Drop for Permit<'_> {
    fn drop(&mut self) {
        self.0.state().is_busy = false;
        self.0.changed.notify_all();
    }
}

impl Breaker {
    /// Waits until a batch may be delivered, or until the target is stopped.
    pub fn permit(&self, is_stopped: impl Fn() -> bool) -> Permit<'_> {
        let mut state = self.state();
        while !state.is_proven && state.is_busy && !is_stopped() {
            let waited = self.changed.wait_timeout(state, CHECK_INTERVAL);
            state = waited.unwrap_or_else(PoisonError::into_inner).0;
        }
        state.is_busy = true;
        drop(state);
        Permit(self)
    }

    pub fn is_proven(&self) -> bool {
        self.state().is_proven
    }

    pub fn is_trial(&self) -> bool {
        self.state().trial.is_some()
    }

    /// Returns whether the server has read a compressed body.
    pub fn reads_gzip(&self) -> bool {
        self.state().reads_gzip
    }

    /// Notes that the server has read a compressed body.
    pub fn has_read_gzip(&self) {
        self.state().reads_gzip = true;
    }

    /// Notes that the server has accepted a record. Releases all batches that were kept back.
    pub fn accepted(&self) {
        let state = &mut *self.state();
        let released = std::mem::take(&mut state.kept_back);
        state.released.extend(released);
        if !state.is_proven {
            state.is_proven = true;
            state.refusals.clear();
            state.trial = None;
            self.changed.notify_all();
        }
    }

    /// Notes that a server that is not proven has refused records. Many refusals start a trial.
    pub fn refused(&self, given_up: &GivenUp) {
        let state = &mut *self.state();
        let GivenUp { status, answer, .. } = given_up;
        let key = format!("{status:?} {}", masked_answer(answer));
        let refusals = state.refusals.entry(key).or_insert_with(|| Refusals {
            count: 0,
            status: *status,
            answer: answer.clone(),
        });
        refusals.count += given_up.records.len();
        if refusals.count >= EQUAL_REFUSALS || state.refused() >= REFUSALS {
            state.trial.get_or_insert_default();
        }
    }

    /// Chooses the records of a batch that the trial sends alone, given the numbers and texts of its records.
    pub fn choose<'t>(
        &self,
        records: &mut dyn Iterator<Item = (usize, &'t [u8])>,
    ) -> BTreeSet<usize> {
        let mut state = self.state();
        let trial = state.trial.as_mut();
        trial.map_or_else(BTreeSet::new, |trial| trial.choose(records))
    }

    /// Keeps back a batch of which nothing was accepted. Returns the reason to stop if the run must stop.
    pub fn keep_back(&self, kept: KeptBack) -> Option<Tripped> {
        let state = &mut *self.state();
        state.kept_back.push(kept);
        if state.count(is_unavailable) >= UNAVAILABLE_BATCHES {
            state.unavailable()
        } else if state.count(is_forbidden) >= FORBIDDEN_BATCHES {
            state.forbidden()
        } else if state.trial.as_ref().is_some_and(Trial::is_over) {
            state.all_refused()
        } else {
            None
        }
    }

    /// Ends the run. Returns the reason to stop if the batches that are kept back may be delivered later. Otherwise, a
    /// few records are refused, and the batches are released.
    pub fn end(&self) -> Option<Tripped> {
        let state = &mut *self.state();
        if state.count(is_unavailable) > 0 {
            state.unavailable()
        } else if state.count(is_forbidden) > 0 {
            state.forbidden()
        } else if state.trial.is_some() {
            state.all_refused()
        } else {
            let released = std::mem::take(&mut state.kept_back);
            state.released.extend(released);
            None
        }
    }

    /// Returns a batch that can be completed now.
    pub fn released(&self) -> Option<KeptBack> {
        self.state().released.pop()
    }

    /// Returns all batches that are left.
    pub fn take_left(&self) -> Vec<KeptBack> {
        let state = &mut *self.state();
        let mut left = std::mem::take(&mut state.kept_back);
        left.append(&mut state.released);
        left
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn refused(&self) -> usize {
        self.refusals.values().map(|refusals| refusals.count).sum()
    }

    /// Returns the reason to stop after all records of a trial were refused.
    fn all_refused(&self) -> Option<Tripped> {
        let most = self.refusals.values().max_by_key(|same| same.count)?;
        let (kinds, refused) = (self.trial.as_ref().map_or(0, Trial::kinds), self.refused());
        let plural = if kinds == 1 { "" } else { "s" };
        Some(Tripped {
            status: most.status,
            answer: most.answer.clone(),
            advice: Some(format!(
                "the server has accepted none of {refused} records that were sent alone, of {kinds} other kind{plural}: check the URL, the credentials and the headers; no dead letters were written"
            )),
        })
    }

    fn unavailable(&self) -> Option<Tripped> {
        let batches = self.count(is_unavailable);
        let plural = if batches == 1 { "" } else { "es" };
        let last = self.last(GivenUp::is_unavailable)?;
        Some(Tripped {
            status: last.status,
            answer: last.answer.clone(),
            advice: Some(format!(
                "{batches} batch{plural} failed after all retries, and nothing was accepted since; no dead letters were written for them: run again when the server is back"
            )),
        })
    }

    fn forbidden(&self) -> Option<Tripped> {
        let last = self.last(GivenUp::is_forbidden)?;
        Some(Tripped {
            status: last.status,
            answer: last.answer.clone(),
            advice: None,
        })
    }

    /// Returns the number of batches that are kept back for a reason.
    fn count(&self, has_reason: impl Fn(&KeptBack) -> bool) -> usize {
        self.kept_back
            .iter()
            .filter(|kept| has_reason(kept))
            .count()
    }

    /// Returns the last records that were given up for a reason.
    fn last(&self, has_reason: impl Fn(&GivenUp) -> bool) -> Option<&GivenUp> {
        let all = self.kept_back.iter().rev();
        let mut all = all.flat_map(|kept| kept.rest.given_up.iter().rev());
        all.find(|given_up| has_reason(given_up))
    }
}

/// Returns whether the server failed or gave no answer for some records, and accepted no others.
fn is_unavailable(kept: &KeptBack) -> bool {
    kept.rest.given_up.iter().any(GivenUp::is_unavailable)
}

/// Returns whether the server forbids some records, and accepted no others.
fn is_forbidden(kept: &KeptBack) -> bool {
    kept.rest.given_up.iter().any(GivenUp::is_forbidden)
}
