//! The findings about whether a server reads compressed bodies.

use std::sync::atomic::{AtomicBool, Ordering};

/// The findings about whether a server reads compressed bodies.
#[derive(Debug, Default)]
pub struct GzipSupport {
    is_known: AtomicBool,
    refuses_without: AtomicBool,
}

impl GzipSupport {
    /// Returns whether the server has read a compressed body, or has given the same answer without compression.
    pub fn is_known(&self) -> bool {
        self.is_known.load(Ordering::Relaxed)
    }

    pub fn set_known(&self) {
        self.is_known.store(true, Ordering::Relaxed);
    }

    /// Returns whether the server has later refused a single record without compression, too.
    pub fn refuses_without(&self) -> bool {
        self.refuses_without.load(Ordering::Relaxed)
    }

    pub fn set_refuses_without(&self) {
        self.refuses_without.store(true, Ordering::Relaxed);
    }
}
