//! The breaker of a target. It stops a run if the server refuses or does not answer everything, and keeps the records out
//! of dead letters, so that the next run can deliver them.
//!
//! A server is *proven* once it has accepted a record in this run. Before that, one batch at a time is delivered, and no
//! dead letter is written. A batch of which the server accepts nothing is kept back. After many refusals, a trial sends
//! single records of the next batches. If the server accepts one of them, the batches are released: the workers deliver
//! the rest of their records, and write dead letters. If the server accepts none, the run stops.
//!
//! Batches are also kept back if a proven server fails or does not answer. They are released when the server accepts a
//! record again, and are then sent again: an outage leaves no dead letters.

use std::collections::BTreeSet;
use std::collections::HashMap;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use super::dead_letters::Undeliverable;
use super::kept_back::{GivenUp, KeptBack};
use super::masked_answer::masked_answer;
use super::trial::Trial;

/// The number of records refused with the same answer after which a trial begins.
const EQUAL_REFUSALS: usize = 20;

/// The number of refused records after which a trial begins, whatever the answers. It limits the memory for batches that
/// are kept back.
const REFUSALS: usize = 100;

/// The number of batches in a row after which the run stops if the server fails or does not answer.
const UNAVAILABLE_BATCHES: usize = 3;

/// The number of batches in a row after which the run stops if the server answers 403.
const FORBIDDEN_BATCHES: usize = 2;

/// The interval at which waiting threads check whether the target is stopped.
pub const CHECK_INTERVAL: Duration = Duration::from_millis(100);

/// The most records that are left at the end of the run, if they may be bad records.
const FEW_RECORDS: usize = 100;

/// The remedy if only bad records are sent in a run.
const HINT_ALONE: &str = "if it answers so to these records only (a firewall may forbid single records), run again once there are others to send";

/// The remedy if all records of small batches are bad, so that a run stops at the same position each time.
const HINT: &str = "if it answers so to these records only, use a larger `--batch-size`, so that other records are in the same batch";

/// The answers of a server so far, and the batches that are kept back because of them.
#[derive(Default)]
pub struct Breaker {
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Default)]
struct State {
    is_proven: bool,
    /// Whether the server has not answered a record that was sent alone in time, and has accepted nothing since.
    hangs: bool,
    /// Whether a worker is delivering a batch. Other workers wait until the server is proven.
    is_busy: bool,
    /// The refusals by their masked answers, until the server is proven.
    refusals: HashMap<String, Refusals>,
    trial: Option<Trial>,
    /// The batches that wait for the server to accept a record.
    kept_back: Vec<KeptBack>,
    /// The batches that were kept back before the server accepted a record. Their delivery may go on.
    released: Vec<KeptBack>,
}

/// The refusals with the same answer.
struct Refusals {
    /// The number of refused records.
    count: usize,
    /// The reason of the first refusal.
    reason: Undeliverable,
    /// The status and the text of the first answer.
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
    /// A sentence that says what happened and what to do, unless the answer says enough.
    pub advice: Option<String>,
}

/// The permission to deliver a batch. There is one permit at a time until the server is proven.
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

    /// Returns whether the server has not answered a record that was sent alone in time, and has accepted nothing since.
    pub fn hangs(&self) -> bool {
        self.state().hangs
    }

    /// Notes that the server has not answered a record that was sent alone in time.
    pub fn has_hung(&self) {
        self.state().hangs = true;
    }

    /// Notes that the server has accepted a record. Releases all batches that were kept back.
    pub fn accepted(&self) {
        let state = &mut *self.state();
        state.release();
        state.hangs = false;
        if !state.is_proven {
            state.is_proven = true;
            state.refusals.clear();
            state.trial = None;
            self.changed.notify_all();
        }
    }

    /// Notes that the server, which is not proven, has refused records. Starts a trial after many refusals.
    pub fn refused(&self, given_up: &GivenUp) {
        let state = &mut *self.state();
        let GivenUp {
            reason,
            status,
            answer,
            ..
        } = given_up;
        let key = format!("{status:?} {}", masked_answer(answer));
        let refusals = state.refusals.entry(key).or_insert_with(|| Refusals {
            count: 0,
            reason: *reason,
            status: *status,
            answer: answer.clone(),
        });
        refusals.count += given_up.records.len();
        if refusals.count >= EQUAL_REFUSALS || state.refused() >= REFUSALS {
            state.trial.get_or_insert_default();
        }
    }

    /// Returns the numbers of the records that the trial sends alone, given the numbers and texts of all records of a batch.
    pub fn choose(&self, records: &mut dyn Iterator<Item = (usize, &[u8])>) -> BTreeSet<usize> {
        let mut state = self.state();
        let trial = state.trial.as_mut();
        trial.map_or_else(BTreeSet::new, |trial| trial.choose(records))
    }

    /// Keeps back a batch of which the server has accepted nothing. Returns the reason if the run must stop.
    pub fn keep_back(&self, kept: KeptBack) -> Option<Tripped> {
        let state = &mut *self.state();
        state.kept_back.push(kept);
        // A batch of which the server has accepted records does not count: the others may be bad.
        let has_none = |kept: &KeptBack| !kept.rest.has_accepted;
        if state.count(|kept| has_none(kept) && kept.is_unavailable()) >= UNAVAILABLE_BATCHES {
            state.unavailable()
        } else if state.count(|kept| has_none(kept) && kept.is_forbidden()) >= FORBIDDEN_BATCHES {
            state.forbidden()
        } else if state.trial.as_ref().is_some_and(Trial::is_over) {
            state.all_refused()
        } else {
            None
        }
    }

    /// Decides about the batches that are still kept back at the end of the run. Returns the reason if the run counts as
    /// stopped, since the next run may deliver the batches. Otherwise, releases the batches: the server has refused a few
    /// records.
    pub fn end(&self) -> Option<Tripped> {
        let state = &mut *self.state();
        if state.count(KeptBack::is_unavailable) > 0 {
            state.unavailable()
        } else if state.count(KeptBack::is_forbidden) > 0 {
            state.forbidden()
        } else if state.trial.is_some() {
            state.all_refused()
        } else {
            state.release();
            None
        }
    }

    /// Returns whether bad records may be the reason why batches are still kept back at the end of the run: the server has
    /// accepted others and has answered these, which are few.
    pub fn suspects_records(&self) -> bool {
        let state = self.state();
        let given_up = state.kept_back.iter().flat_map(|kept| &kept.rest.given_up);
        let count: usize = given_up
            .clone()
            .map(|given_up| given_up.records.len())
            .sum();
        state.is_proven
            && count <= FEW_RECORDS
            && given_up.clone().all(|given_up| given_up.may_be_bad)
            && state
                .kept_back
                .iter()
                .all(|kept| kept.rest.waiting.is_empty())
    }

    /// Releases all batches that are kept back.
    pub fn release(&self) {
        self.state().release();
    }

    /// Takes a batch whose delivery may go on.
    pub fn released(&self) -> Option<KeptBack> {
        self.state().released.pop()
    }

    /// Takes all batches that are left when the target is stopped.
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
    fn release(&mut self) {
        self.released.append(&mut self.kept_back);
    }

    fn refused(&self) -> usize {
        self.refusals.values().map(|refusals| refusals.count).sum()
    }

    /// Returns the reason to stop after a trial in which the server has accepted no record.
    fn all_refused(&self) -> Option<Tripped> {
        let most = self.refusals.values().max_by_key(|same| same.count)?;
        let refused = self.refused();
        let advice = match (most.reason, most.status) {
            (Undeliverable::Unacknowledged, _) => format!(
                "the server neither lists nor returns any of {refused} records: check the URL, and whether the server stores what it accepts"
            ),
            (Undeliverable::TooLarge, _) => format!(
                "each of {refused} records that were sent alone is too large: raise the limit of the server, or of a proxy before it, such as `client_max_body_size` of nginx"
            ),
            (Undeliverable::Unavailable, _) => format!(
                "{refused} records that the server may have cannot be looked up because of this answer"
            ),
            (_, Some(409)) => format!(
                "none of {refused} records that were sent alone was accepted, and the server does not show that it holds them: if it has all records, they need not be sent again; otherwise check the URL, the credentials and the headers"
            ),
            _ => format!(
                "none of {refused} records that were sent alone was accepted: check the URL, the credentials and the headers"
            ),
        };
        Some(Tripped {
            status: most.status,
            answer: most.answer.clone(),
            advice: Some(format!("{advice}; no dead letters were written")),
        })
    }

    fn unavailable(&self) -> Option<Tripped> {
        let batches = self.count(KeptBack::is_unavailable);
        let plural = if batches == 1 { "" } else { "es" };
        let last = self.last(GivenUp::is_unavailable)?;
        let hint = last.status.and(self.hint());
        let hint = hint.map_or_else(String::new, |hint| format!("; {hint}"));
        Some(Tripped {
            status: last.status,
            answer: last.answer.clone(),
            advice: Some(format!(
                "{batches} batch{plural} failed after all retries, and the server has accepted nothing since: run again when it is back; no dead letters were written for the last batches{hint}"
            )),
        })
    }

    fn forbidden(&self) -> Option<Tripped> {
        let last = self.last(GivenUp::is_forbidden)?;
        Some(Tripped {
            status: last.status,
            answer: last.answer.clone(),
            advice: self.hint().map(str::to_owned),
        })
    }

    /// Returns a hint if bad records may be the reason why the last batches failed, because the batches are small.
    fn hint(&self) -> Option<&'static str> {
        const SMALL: usize = 10;
        let is_small = |kept: &KeptBack| kept.batch.items().len() <= SMALL;
        let hint = match self.kept_back.len() {
            1 if self.is_proven => return None,
            1 => HINT_ALONE,
            _ => HINT,
        };
        self.kept_back.iter().all(is_small).then_some(hint)
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

#[cfg(test)]
mod tests {
    use super::super::send_batch::tests::batch_of;
    use super::*;

    fn kept(reason: Undeliverable, status: Option<u16>) -> KeptBack {
        let mut kept = KeptBack::whole(batch_of(None, &["1"]));
        kept.rest.waiting.clear();
        kept.rest.given_up.push(GivenUp {
            records: 0..1,
            reason,
            may_be_bad: true,
            given_up: 0,
            attempts: 1,
            status,
            answer: String::new(),
            may_be_stored: false,
        });
        kept
    }

    #[test]
    fn only_batches_that_were_kept_back_before_an_acceptance_are_released() {
        let breaker = Breaker::default();
        let unavailable = || kept(Undeliverable::Unavailable, None);
        for _ in 0..2 {
            assert_eq!(breaker.keep_back(unavailable()), None);
        }
        assert!(breaker.released().is_none());
        breaker.accepted();
        assert_eq!(breaker.keep_back(unavailable()), None);
        assert!(breaker.released().is_some() && breaker.released().is_some());
        assert!(breaker.released().is_none());
        // The accepted record has ended the row of batches.
        assert_eq!(breaker.keep_back(unavailable()), None);
        assert!(breaker.keep_back(unavailable()).is_some());
        assert_eq!(breaker.take_left().len(), 3);
    }

    #[test]
    fn at_the_end_only_refused_batches_are_released() {
        for (reason, status, is_released) in [
            (Undeliverable::Refused, Some(400), true),
            (Undeliverable::TooLarge, Some(413), true),
            // The answer to a lookup.
            (Undeliverable::Unavailable, Some(302), true),
            (Undeliverable::Refused, Some(403), false),
            (Undeliverable::Unavailable, Some(503), false),
            (Undeliverable::Unavailable, None, false),
        ] {
            let breaker = Breaker::default();
            assert_eq!(breaker.keep_back(kept(reason, status)), None);
            assert_eq!(breaker.end().is_none(), is_released, "{status:?}");
            assert_eq!(breaker.released().is_some(), is_released, "{status:?}");
        }
    }
}
