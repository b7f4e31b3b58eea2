//! The limits of a request: the number of its records, and the body size that the server accepts.

use std::sync::atomic::{AtomicUsize, Ordering};

use super::send_batch::BatchLimits;

/// The largest body that may be sent: the configured size, or less after the server has refused a body. Sizes are
/// measured before compression.
#[derive(Debug)]
pub struct BodySizeLimit {
    configured: BatchLimits,
    largest_accepted: AtomicUsize,
    smallest_refused: AtomicUsize,
}

impl BodySizeLimit {
    pub fn new(configured: BatchLimits) -> Self {
        Self {
            configured,
            largest_accepted: AtomicUsize::new(0),
            smallest_refused: AtomicUsize::new(usize::MAX),
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

    /// Returns the limits of a request. After a refusal, a body may be as large as the largest accepted body or half
    /// the smallest refused body, whichever is larger.
    pub fn limits(&self) -> BatchLimits {
        let refused = self.smallest_refused.load(Ordering::Relaxed);
        let mut limits = self.configured;
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
        let limit = BodySizeLimit::new(configured);
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
}
