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
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use super::kept_back::{GivenUp, KeptBack};
use super::refusals::Refusals;
use super::trial::Trial;
use super::tripped::Tripped;

/// The number of batches in a row after which the run stops if the server fails or does not answer.
const UNAVAILABLE_BATCHES: usize = 3;

/// The number of batches in a row after which the run stops if the server answers 403.
const FORBIDDEN_BATCHES: usize = 2;

/// The interval at which waiting threads check whether the target is stopped.
pub const CHECK_INTERVAL: Duration = Duration::from_millis(100);

/// The number of times in a row that the server takes neither a record nor, right before or after, a record that it has
/// taken in this run. Then the run writes no more dead letters of records at which the server fails.
const MAX_DOUBTS: u32 = 3;

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
    /// The refusals, until the server is proven.
    refusals: Refusals,
    trial: Option<Trial>,
    /// The number of doubts in a row whether a record or the server is the reason of a failure.
    doubts: u32,
    /// The batches that wait for the server to accept a record.
    kept_back: Vec<KeptBack>,
    /// The batches that were kept back before the server accepted a record. Their delivery may go on.
    released: Vec<KeptBack>,
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
    pub fn note_hanging(&self) {
        self.state().hangs = true;
    }

    /// Notes that the server has accepted a record. Releases all batches that were kept back.
    pub fn accepted(&self) {
        let state = &mut *self.state();
        state.release();
        state.hangs = false;
        if !state.is_proven {
            state.is_proven = true;
            state.refusals = Refusals::default();
            state.trial = None;
            self.changed.notify_all();
        }
    }

    /// Notes that the server, which is not proven, has refused records. Starts a trial after many refusals.
    pub fn refused(&self, given_up: &GivenUp) {
        let state = &mut *self.state();
        if state.refusals.add(given_up) {
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
            Tripped::forbidden(&state.kept_back, state.is_proven)
        } else if state.trial.as_ref().is_some_and(Trial::is_over) {
            state.refusals.tripped()
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
            Tripped::forbidden(&state.kept_back, state.is_proven)
        } else if state.trial.is_some() {
            state.refusals.tripped()
        } else {
            state.release();
            None
        }
    }

    /// Returns whether bad records may be the reason why batches are kept back: the server has accepted others, and does not
    /// say that it is away.
    pub fn suspects_records(&self) -> bool {
        let state = self.state();
        let mut given_up = state.kept_back.iter().flat_map(|kept| &kept.rest.given_up);
        state.is_proven && state.doubts < MAX_DOUBTS && given_up.all(|given_up| given_up.may_be_bad)
    }

    /// Notes that the server has failed at a record, and whether it took a known record right before and after.
    pub fn failed_alone(&self, is_bad: bool) {
        let doubts = &mut self.state().doubts;
        *doubts = if is_bad { 0 } else { *doubts + 1 };
    }

    /// Returns whether the server fails at known records too, so that a failure says nothing about the record.
    pub fn doubts_server(&self) -> bool {
        self.state().doubts >= MAX_DOUBTS
    }

    /// Releases all batches that are kept back.
    pub fn release(&self) {
        self.state().release();
    }

    /// Takes a batch whose delivery may go on.
    pub fn take_released(&self) -> Option<KeptBack> {
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
    /// Returns the reason to stop if the server fails or does not answer.
    fn unavailable(&self) -> Option<Tripped> {
        let is_doubted = self.doubts >= MAX_DOUBTS;
        Tripped::unavailable(&self.kept_back, self.is_proven, is_doubted)
    }

    fn release(&mut self) {
        self.released.append(&mut self.kept_back);
    }

    /// Returns the number of batches that are kept back for a reason.
    fn count(&self, has_reason: impl Fn(&KeptBack) -> bool) -> usize {
        self.kept_back
            .iter()
            .filter(|kept| has_reason(kept))
            .count()
    }
}

#[cfg(test)]
mod tests {
    use super::super::dead_letters::Undeliverable;
    use super::super::send_batch::tests::batch_of;
    use super::*;

    fn kept(reason: Undeliverable, status: Option<u16>) -> KeptBack {
        let mut kept = KeptBack::whole(batch_of(None, &["1"]));
        kept.rest.waiting.clear();
        kept.rest.given_up.push(GivenUp {
            records: 0..1,
            reason,
            may_be_bad: true,
            times_failed: 0,
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
        assert!(breaker.take_released().is_none());
        breaker.accepted();
        assert_eq!(breaker.keep_back(unavailable()), None);
        assert!(breaker.take_released().is_some() && breaker.take_released().is_some());
        assert!(breaker.take_released().is_none());
        // The accepted record has ended the row of batches.
        assert_eq!(breaker.keep_back(unavailable()), None);
        assert!(breaker.keep_back(unavailable()).is_some());
        assert_eq!(breaker.take_left().len(), 3);
    }

    #[test]
    fn a_server_that_fails_at_known_records_too_is_said_to_be_busy() {
        let breaker = Breaker::default();
        breaker.accepted();
        breaker.keep_back(kept(Undeliverable::Unavailable, Some(500)));
        for (is_bad, is_doubted) in [(false, false), (true, false), (false, false)] {
            breaker.failed_alone(is_bad);
            assert_eq!(breaker.doubts_server(), is_doubted);
        }
        assert!(breaker.suspects_records());
        breaker.failed_alone(false);
        breaker.failed_alone(false);
        assert!(breaker.doubts_server() && !breaker.suspects_records());
        let advice = breaker.end().and_then(|tripped| tripped.advice);
        assert!(advice.is_some_and(|advice| advice.contains("run again when it is less busy")));
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
            assert_eq!(breaker.take_released().is_some(), is_released, "{status:?}");
        }
    }
}
