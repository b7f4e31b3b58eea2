//! How much may be in flight.

use std::sync::{Arc, Condvar, Mutex, PoisonError};

/// How many bytes of input may be in flight.
pub struct Budget {
    free: Mutex<usize>,
    freed: Condvar,
    all: usize,
}

/// A share of the budget, given back when it is dropped.
pub struct InFlight {
    budget: Arc<Budget>,
    bytes: usize,
}

impl Budget {
    pub fn new(all: usize) -> Self {
        Self {
            free: Mutex::new(all),
            freed: Condvar::new(),
            all,
        }
    }

    /// Waits until so many bytes are free. A batch larger than the whole budget waits until nothing else is in flight.
    pub fn take(budget: &Arc<Self>, bytes: usize) -> InFlight {
        let bytes = bytes.min(budget.all);
        let free = budget.free.lock().unwrap_or_else(PoisonError::into_inner);
        let wait = budget.freed.wait_while(free, |free| *free < bytes);
        *wait.unwrap_or_else(PoisonError::into_inner) -= bytes;
        InFlight {
            budget: Arc::clone(budget),
            bytes,
        }
    }
}

impl Drop for InFlight {
    fn drop(&mut self) {
        *self
            .budget
            .free
            .lock()
            .unwrap_or_else(PoisonError::into_inner) += self.bytes;
        self.budget.freed.notify_all();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_in_flight_stays_within_the_budget() {
        let budget = Arc::new(Budget::new(10));
        let (first, second) = (Budget::take(&budget, 4), Budget::take(&budget, 6));
        let waiting = std::thread::spawn({
            let budget = Arc::clone(&budget);
            move || drop(Budget::take(&budget, 1000))
        });
        drop(first);
        std::thread::sleep(std::time::Duration::from_millis(50));
        assert!(!waiting.is_finished());
        drop(second);
        waiting.join().unwrap();
        assert_eq!(*budget.free.lock().unwrap(), 10);
    }
}
