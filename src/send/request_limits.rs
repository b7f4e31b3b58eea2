//! The limits of a request: the body size that the server accepts, and the number of records that it stores in time.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use super::send_batch::BatchLimits;

/// The largest request that may be sent: the configured size, or less after the server has refused a body or has not
/// answered in time. The sizes of bodies are measured before compression.
#[derive(Debug)]
pub struct RequestLimits {
    configured: BatchLimits,
    largest_accepted: AtomicUsize,
    smallest_refused: AtomicUsize,
    items: Mutex<ItemLimit>,
}

/// The most records of a request.
#[derive(Debug)]
struct ItemLimit {
    limit: usize,
    /// The number of requests with as many records as the limit, all answered in time, since the limit was changed.
    answered: u32,
    /// The number of these requests after which the limit is raised.
    needed: u32,
}

/// The number of requests with as many records as the limit after which a limit is raised for the first time. A raised
/// limit that proves too high costs a time-out, so each limit that is too high doubles the number.
const FIRST_RAISE: u32 = 8;

impl RequestLimits {
    pub fn new(configured: BatchLimits) -> Self {
        Self {
            configured,
            largest_accepted: AtomicUsize::new(0),
            smallest_refused: AtomicUsize::new(usize::MAX),
            items: Mutex::new(ItemLimit {
                limit: configured.items,
                answered: 0,
                needed: FIRST_RAISE,
            }),
        }
    }

    /// Notes that the server took a body.
    pub fn accepted(&self, bytes: usize) {
        self.largest_accepted.fetch_max(bytes, Ordering::Relaxed);
        if bytes >= self.smallest_refused.load(Ordering::Relaxed) {
            // The server took a body at least as large as the refused body, so that body was not refused for its size.
            self.forget_refusals();
        }
    }

    /// Notes that the server refused a body as too large. The refusal is ignored if the server has already taken a body
    /// of this size or more.
    pub fn refused(&self, bytes: usize) {
        if bytes > self.largest_accepted.load(Ordering::Relaxed) {
            self.smallest_refused.fetch_min(bytes, Ordering::Relaxed);
        }
    }

    /// Forgets which bodies were refused.
    pub fn forget_refusals(&self) {
        self.smallest_refused.store(usize::MAX, Ordering::Relaxed);
    }

    /// Notes that the server answered in time to a request with this number of records, after it had not answered to a
    /// larger request.
    pub fn lower_items(&self, items: usize) {
        let mut current = self.items();
        if items < current.limit {
            if current.limit < self.configured.items {
                current.needed = current.needed.saturating_mul(2);
            }
            current.limit = items;
            current.answered = 0;
        }
    }

    /// Notes that the server answered in time to a request with this number of records.
    pub fn answered(&self, items: usize) {
        let mut current = self.items();
        if items < current.limit || current.limit == self.configured.items {
            return;
        }
        current.answered += 1;
        if current.answered >= current.needed {
            current.answered = 0;
            current.limit = (2 * current.limit).min(self.configured.items);
        }
    }

    fn items(&self) -> MutexGuard<'_, ItemLimit> {
        self.items.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Returns the limits of a request. After a refusal, a body may be as large as the largest accepted body or half
    /// the smallest refused body, whichever is larger.
    pub fn limits(&self) -> BatchLimits {
        let refused = self.smallest_refused.load(Ordering::Relaxed);
        let mut limits = BatchLimits {
            items: self.items().limit,
            ..self.configured
        };
        if refused != usize::MAX {
            let accepted = self.largest_accepted.load(Ordering::Relaxed);
            limits.bytes = limits.bytes.min(accepted.max(refused / 2));
        }
        limits
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_limit_follows_what_the_server_accepts_and_refuses() {
        let configured = BatchLimits {
            items: 1,
            bytes: 9000,
        };
        let limit = RequestLimits::new(configured);
        let bytes = || limit.limits().bytes;
        assert_eq!(bytes(), 9000);
        limit.accepted(10);
        assert_eq!(bytes(), 9000);
        limit.refused(4000);
        assert_eq!(bytes(), 2000);
        limit.refused(2000);
        assert_eq!(bytes(), 1000);
        limit.accepted(1000);
        limit.accepted(900);
        assert_eq!(bytes(), 1000);
        // The server has taken a body of 1000 bytes, so these refusals are not about size.
        limit.refused(1000);
        limit.refused(50);
        assert_eq!(bytes(), 1000);
        limit.accepted(2000);
        assert_eq!(bytes(), 9000);
    }

    #[test]
    fn a_limit_of_records_is_raised_again_after_twice_as_many_answers_each_time() {
        let limits = RequestLimits::new(BatchLimits {
            items: 500,
            bytes: 9000,
        });
        let items = || limits.limits().items;
        // Returns the number of answers after which the limit is raised.
        let raised_after = || {
            let before = items();
            let mut answers = (1..).inspect(|_| limits.answered(before));
            answers.find(|_| items() > before).unwrap()
        };
        limits.answered(500);
        assert_eq!(items(), 500);
        for answers in [8, 16, 32] {
            limits.lower_items(125);
            assert_eq!(items(), 125);
            // Smaller requests, and other workers with the same experience, change nothing.
            limits.answered(124);
            limits.lower_items(125);
            limits.lower_items(250);
            assert_eq!(raised_after(), answers);
            assert_eq!(items(), 250);
        }
        assert_eq!(raised_after(), 32);
        assert_eq!(items(), 500);
    }
}
