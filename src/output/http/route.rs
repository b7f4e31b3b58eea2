//! One router: what its connections share.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use super::backoff::Backoff;
use super::batch::Limits;
use super::client::{Client, Protocol};
use super::pace::Pace;
use super::tally::RouterTally;
use super::verdict::Answer;
use crate::exit_code::ExitCode;
use crate::output::DeadLetters;

/// A router with its server.
pub struct Route {
    /// The router's name.
    pub name: String,
    pub protocol: Protocol,
    pub client: Client,
    pub pace: Pace,
    pub backoff: Backoff,
    pub limits: Limits,
    /// Without it, what cannot be delivered stops the run.
    pub dead_letters: Option<DeadLetters>,
    pub sizes: Sizes,
    pub state: RouteState,
}

/// How far it came.
#[derive(Default)]
pub struct RouteState {
    tally: Mutex<RouterTally>,
    stop: Mutex<Option<StopReason>>,
    warned: Mutex<Option<Instant>>,
}

/// Why nothing more is sent to a router.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StopReason {
    pub code: ExitCode,
    pub words: String,
}

impl Route {
    pub fn tally(&self) -> MutexGuard<'_, RouterTally> {
        self.state
            .tally
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }

    /// Ends the sending. The first reason is the one that is told.
    pub fn stop(&self, reason: StopReason) {
        let mut stop = self
            .state
            .stop
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        stop.get_or_insert(reason);
        self.pace.stop();
    }

    pub fn stop_reason(&self) -> Option<StopReason> {
        let stop = self
            .state
            .stop
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        stop.clone()
    }

    /// What the server said, as a sentence.
    pub fn said(&self, answer: &Answer) -> String {
        const SHOWN: usize = 300;
        let name = &self.name;
        let words: String = self.client.words(answer).chars().take(SHOWN).collect();
        match answer {
            Answer::Response { status, .. } if words.is_empty() => {
                format!("`{name}` answered {status}")
            }
            Answer::Response { status, .. } => format!("`{name}` answered {status}: {words}"),
            Answer::None(_) => format!("`{name}` gave no answer: {words}"),
        }
    }

    /// Whether it is time to tell again that the server makes us wait.
    pub fn may_warn(&self) -> bool {
        const SELDOM: Duration = Duration::from_secs(30);
        let mut warned = self
            .state
            .warned
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        let may = warned.is_none_or(|last| last.elapsed() >= SELDOM);
        if may {
            *warned = Some(Instant::now());
        }
        may
    }

    /// What goes into one request, as far as the server is known.
    pub fn limits(&self) -> Limits {
        Limits {
            items: self.limits.items,
            bytes: self.limits.bytes.min(self.sizes.limit()),
        }
    }
}

/// What is known of how much a server takes at once, in bytes of a request's body before compression.
#[derive(Debug)]
pub struct Sizes {
    largest_passed: AtomicUsize,
    smallest_refused: AtomicUsize,
}

impl Default for Sizes {
    fn default() -> Self {
        Self {
            largest_passed: AtomicUsize::new(0),
            smallest_refused: AtomicUsize::new(usize::MAX),
        }
    }
}

impl Sizes {
    pub fn passed(&self, bytes: usize) {
        self.largest_passed.fetch_max(bytes, Ordering::Relaxed);
    }

    pub fn refused(&self, bytes: usize) {
        self.smallest_refused.fetch_min(bytes, Ordering::Relaxed);
    }

    /// The size that passed, or half of what did not when that is more.
    fn limit(&self) -> usize {
        let refused = self.smallest_refused.load(Ordering::Relaxed);
        if refused == usize::MAX {
            return usize::MAX;
        }
        let passed = self.largest_passed.load(Ordering::Relaxed);
        // A server that took more before has changed its mind.
        let passed = if passed < refused { passed } else { 0 };
        passed.max(refused / 2)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_size_that_passed_is_remembered() {
        let sizes = Sizes::default();
        assert_eq!(sizes.limit(), usize::MAX);
        sizes.passed(10);
        assert_eq!(sizes.limit(), usize::MAX);
        sizes.refused(4000);
        assert_eq!(sizes.limit(), 2000);
        sizes.refused(2000);
        assert_eq!(sizes.limit(), 1000);
        sizes.passed(1000);
        sizes.passed(900);
        assert_eq!(sizes.limit(), 1000);
        sizes.refused(1000);
        assert_eq!(sizes.limit(), 500);
    }
}
