//! How much may be in flight.

use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};

/// How many bytes of inputs may be in flight. Where inputs are delivered one after the other, those that are read ahead have
/// a share of their own, or the one that is delivered could wait for them as they wait for it.
pub struct Budget {
    state: Mutex<State>,
    changed: Condvar,
    at_hand: usize,
    ahead: usize,
}

struct State {
    at_hand: usize,
    ahead: usize,
    /// The inputs up to this one are delivered, or it is being.
    delivered: usize,
}

/// What a batch takes of the budget, given back when it is dropped.
pub struct InFlight {
    budget: Arc<Budget>,
    bytes: usize,
    is_ahead: bool,
}

impl Budget {
    /// For inputs that are all delivered at once.
    pub fn side_by_side(bytes: usize) -> Self {
        Self::new(bytes, 0, usize::MAX)
    }

    /// For inputs that are delivered one after the other: for the one at hand, and for those behind it.
    pub fn in_order(at_hand: usize, ahead: usize) -> Self {
        Self::new(at_hand, ahead, 0)
    }

    fn new(at_hand: usize, ahead: usize, delivered: usize) -> Self {
        Self {
            state: Mutex::new(State {
                at_hand,
                ahead,
                delivered,
            }),
            changed: Condvar::new(),
            at_hand,
            ahead,
        }
    }

    /// This input is delivered now, or a later one.
    pub fn delivers(&self, input: usize) {
        let mut state = self.state();
        if input > state.delivered {
            state.delivered = input;
            self.changed.notify_all();
        }
    }

    /// Waits until so many bytes are free. A batch larger than the whole share waits until nothing of it is in flight.
    pub fn take(budget: &Arc<Self>, input: usize, bytes: usize) -> InFlight {
        let is_ahead = |state: &State| input > state.delivered;
        let bytes_of = |is_ahead| bytes.min(budget.all(is_ahead));
        let must_wait = |state: &mut State| {
            let is_ahead = is_ahead(state);
            *state.free(is_ahead) < bytes_of(is_ahead)
        };
        let waited = budget.changed.wait_while(budget.state(), must_wait);
        let mut state = waited.unwrap_or_else(PoisonError::into_inner);
        let is_ahead = is_ahead(&state);
        let bytes = bytes_of(is_ahead);
        *state.free(is_ahead) -= bytes;
        InFlight {
            budget: Arc::clone(budget),
            bytes,
            is_ahead,
        }
    }

    fn all(&self, is_ahead: bool) -> usize {
        if is_ahead { self.ahead } else { self.at_hand }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    /// How much is free of a share.
    fn free(&mut self, is_ahead: bool) -> &mut usize {
        if is_ahead {
            &mut self.ahead
        } else {
            &mut self.at_hand
        }
    }
}

impl Drop for InFlight {
    fn drop(&mut self) {
        *self.budget.state().free(self.is_ahead) += self.bytes;
        self.budget.changed.notify_all();
    }
}

#[cfg(test)]
mod tests {
    use std::thread::{JoinHandle, sleep, spawn};
    use std::time::Duration;

    use super::*;

    fn take(budget: &Arc<Budget>, input: usize, bytes: usize) -> JoinHandle<InFlight> {
        let budget = Arc::clone(budget);
        let taking = spawn(move || Budget::take(&budget, input, bytes));
        sleep(Duration::from_millis(50));
        taking
    }

    #[test]
    fn what_is_in_flight_stays_within_the_budget() {
        let budget = Arc::new(Budget::side_by_side(10));
        let (first, second) = (Budget::take(&budget, 0, 4), Budget::take(&budget, 7, 6));
        let waiting = take(&budget, 0, 1000);
        drop(first);
        sleep(Duration::from_millis(50));
        assert!(!waiting.is_finished());
        drop(second);
        drop(waiting.join().unwrap());
        assert_eq!(budget.state().at_hand, 10);
    }

    #[test]
    fn inputs_that_are_read_ahead_never_hold_up_the_one_at_hand() {
        let budget = Arc::new(Budget::in_order(10, 5));
        let ahead = [Budget::take(&budget, 1, 3), Budget::take(&budget, 2, 2)];
        let more_ahead = take(&budget, 1, 1);
        assert!(!more_ahead.is_finished());
        // As much as one alone may have, however large.
        drop(Budget::take(&budget, 0, 1000));
        assert!(!more_ahead.is_finished());
        budget.delivers(1);
        drop((more_ahead.join().unwrap(), ahead));
        let state = budget.state();
        assert_eq!((state.at_hand, state.ahead), (10, 5));
    }
}
