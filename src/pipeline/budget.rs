//! The limit on bytes in flight.

use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};

/// Limits the bytes of inputs that are in flight. If inputs are delivered in order, the inputs that are read ahead have a
/// separate limit. With a common limit they could take all bytes, and then wait for the current input while it waits for bytes.
pub struct Budget {
    free: Mutex<FreeBytes>,
    changed: Condvar,
    /// The limit for the current input.
    current: usize,
    /// The limit for inputs that are read ahead.
    ahead: usize,
}

struct FreeBytes {
    current: usize,
    ahead: usize,
    /// The number of the current input.
    current_input: usize,
}

/// The bytes of one batch, which are freed when this is dropped.
pub struct InFlight {
    budget: Arc<Budget>,
    bytes: usize,
    is_ahead: bool,
}

impl Budget {
    /// Returns a budget for inputs that are delivered at the same time.
    pub fn side_by_side(bytes: usize) -> Self {
        Self::new(bytes, 0, usize::MAX)
    }

    /// Returns a budget for inputs that are delivered in order: the bytes for the current input, and those for all inputs
    /// that are read ahead.
    pub fn in_order(current: usize, ahead: usize) -> Self {
        Self::new(current, ahead, 0)
    }

    fn new(current: usize, ahead: usize, current_input: usize) -> Self {
        Self {
            free: Mutex::new(FreeBytes {
                current,
                ahead,
                current_input,
            }),
            changed: Condvar::new(),
            current,
            ahead,
        }
    }

    /// Notes that this input is delivered now.
    pub fn delivers(&self, input: usize) {
        let mut free = self.free();
        if input > free.current_input {
            free.current_input = input;
            self.changed.notify_all();
        }
    }

    /// Waits until the bytes of a batch are free, and takes them. A batch larger than the limit takes all bytes.
    pub fn take(budget: &Arc<Self>, input: usize, bytes: usize) -> InFlight {
        let is_ahead = |free: &FreeBytes| input > free.current_input;
        let bytes_of = |is_ahead| bytes.min(budget.limit(is_ahead));
        let must_wait = |free: &mut FreeBytes| {
            let is_ahead = is_ahead(free);
            *free.share(is_ahead) < bytes_of(is_ahead)
        };
        let waited = budget.changed.wait_while(budget.free(), must_wait);
        let mut free = waited.unwrap_or_else(PoisonError::into_inner);
        let is_ahead = is_ahead(&free);
        let bytes = bytes_of(is_ahead);
        *free.share(is_ahead) -= bytes;
        InFlight {
            budget: Arc::clone(budget),
            bytes,
            is_ahead,
        }
    }

    fn limit(&self, is_ahead: bool) -> usize {
        if is_ahead { self.ahead } else { self.current }
    }

    fn free(&self) -> MutexGuard<'_, FreeBytes> {
        self.free.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl FreeBytes {
    fn share(&mut self, is_ahead: bool) -> &mut usize {
        if is_ahead {
            &mut self.ahead
        } else {
            &mut self.current
        }
    }
}

impl Drop for InFlight {
    fn drop(&mut self) {
        *self.budget.free().share(self.is_ahead) += self.bytes;
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
    fn a_batch_waits_until_its_bytes_are_free() {
        let budget = Arc::new(Budget::side_by_side(10));
        let (first, second) = (Budget::take(&budget, 0, 4), Budget::take(&budget, 7, 6));
        let waiting = take(&budget, 0, 1000);
        drop(first);
        sleep(Duration::from_millis(50));
        assert!(!waiting.is_finished());
        drop(second);
        drop(waiting.join().unwrap());
        assert_eq!(budget.free().current, 10);
    }

    #[test]
    fn inputs_that_are_read_ahead_never_block_the_current_one() {
        let budget = Arc::new(Budget::in_order(10, 5));
        let ahead = [Budget::take(&budget, 1, 3), Budget::take(&budget, 2, 2)];
        let more_ahead = take(&budget, 1, 1);
        assert!(!more_ahead.is_finished());
        drop(Budget::take(&budget, 0, 1000));
        assert!(!more_ahead.is_finished());
        budget.delivers(1);
        drop((more_ahead.join().unwrap(), ahead));
        let free = budget.free();
        assert_eq!((free.current, free.ahead), (10, 5));
    }
}
