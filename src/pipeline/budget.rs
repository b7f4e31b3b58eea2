//! The limit on bytes in flight: the bytes of batches that are read and wait for conversion or delivery.

use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};

/// Limits the bytes in flight. If inputs are delivered in order, the current input has its own limit, and the later
/// inputs that are read ahead have another. With a common limit, the inputs that are read ahead could take all bytes.
/// Then the current input would wait for free bytes forever, because the later inputs are delivered after it.
pub struct Budget {
    free: Mutex<FreeBytes>,
    changed: Condvar,
    /// The limit for the current input, and the limit for all inputs that are read ahead, in bytes.
    limits: [usize; 2],
}

struct FreeBytes {
    /// The bytes of each limit that are free.
    bytes: [usize; 2],
    /// The number of the input that is delivered now. If several inputs are delivered at a time, the largest number, so
    /// that no input counts as read ahead.
    current_input: usize,
}

/// The bytes of one batch. Dropping this value frees them for other batches.
pub struct InFlight {
    budget: Arc<Budget>,
    bytes: usize,
    /// The index in `Budget::limits` of the limit that the bytes were taken from.
    limit: usize,
}

impl Budget {
    /// Returns a budget of `current` bytes for the current input, and `ahead` bytes for all inputs that are read ahead.
    /// If `ahead` is `None`, several inputs are delivered at a time, and all inputs share the `current` bytes.
    pub fn new(current: usize, ahead: Option<usize>) -> Self {
        let limits = [current, ahead.unwrap_or(0)];
        Self {
            free: Mutex::new(FreeBytes {
                bytes: limits,
                current_input: ahead.map_or(usize::MAX, |_| 0),
            }),
            changed: Condvar::new(),
            limits,
        }
    }

    /// Makes this input the current input, because it is delivered now.
    pub fn delivers(&self, input: usize) {
        let mut free = self.free();
        if input > free.current_input {
            free.current_input = input;
            self.changed.notify_all();
        }
    }

    /// Waits until as many bytes are free as a batch has, and takes them. A batch larger than the limit takes all bytes
    /// of the limit.
    pub fn take(budget: &Arc<Self>, input: usize, bytes: usize) -> InFlight {
        let limit_of = |free: &FreeBytes| usize::from(input > free.current_input);
        let bytes_of = |limit: usize| bytes.min(budget.limits[limit]);
        let must_wait = |free: &mut FreeBytes| {
            let limit = limit_of(free);
            free.bytes[limit] < bytes_of(limit)
        };
        let waited = budget.changed.wait_while(budget.free(), must_wait);
        let mut free = waited.unwrap_or_else(PoisonError::into_inner);
        let limit = limit_of(&free);
        let bytes = bytes_of(limit);
        free.bytes[limit] -= bytes;
        InFlight {
            budget: Arc::clone(budget),
            bytes,
            limit,
        }
    }

    fn free(&self) -> MutexGuard<'_, FreeBytes> {
        self.free.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for InFlight {
    fn drop(&mut self) {
        self.budget.free().bytes[self.limit] += self.bytes;
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
        let budget = Arc::new(Budget::new(10, None));
        let (first, second) = (Budget::take(&budget, 0, 4), Budget::take(&budget, 7, 6));
        let waiting = take(&budget, 0, 1000);
        drop(first);
        sleep(Duration::from_millis(50));
        assert!(!waiting.is_finished());
        drop(second);
        drop(waiting.join().unwrap());
        assert_eq!(budget.free().bytes, [10, 0]);
    }

    #[test]
    fn inputs_that_are_read_ahead_never_block_the_current_one() {
        let budget = Arc::new(Budget::new(10, Some(5)));
        let ahead = [Budget::take(&budget, 1, 3), Budget::take(&budget, 2, 2)];
        let more_ahead = take(&budget, 1, 1);
        assert!(!more_ahead.is_finished());
        drop(Budget::take(&budget, 0, 1000));
        assert!(!more_ahead.is_finished());
        budget.delivers(1);
        drop((more_ahead.join().unwrap(), ahead));
        assert_eq!(budget.free().bytes, [10, 5]);
    }
}
