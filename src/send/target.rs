//! One router: what its connections share.

use std::ops::Range;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::{Duration, Instant};

use super::acknowledgements::{Ledger, Reached};
use super::backoff::Backoff;
use super::dead_letters::DeadLetters;
use super::http::{Client, Protocol};
use super::rate_limiter::Pace;
use super::send_batch::Limits;
use super::statistics::RouterTally;
use super::verdict::Answer;
use crate::checkpoint::{Progress, StateDirectory};
use crate::exit_code::ExitCode;
use crate::interrupt::LAST_ANSWERS;

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
    /// Where it is remembered what the router has got.
    pub record: Option<Record>,
    pub state: RouteState,
}

/// A state directory, and what a router is called in it.
#[derive(Debug)]
pub struct Record {
    pub directory: Arc<StateDirectory>,
    pub to: String,
}

/// How far it came.
#[derive(Default)]
pub struct RouteState {
    tally: Mutex<RouterTally>,
    stop: Mutex<Option<StopReason>>,
    interrupted: OnceLock<Instant>,
    warned: Mutex<Option<Instant>>,
    ledger: Mutex<Ledger>,
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

    /// Ends the sending because the run is to end.
    pub fn interrupt(&self) {
        self.state.interrupted.get_or_init(Instant::now);
        self.stop(StopReason {
            code: ExitCode::Stopped,
            words: format!("`{}`: interrupted", self.name),
        });
    }

    /// Whether the run was asked to end, and the server had time enough for its last answers.
    pub fn is_out_of_time(&self) -> bool {
        let interrupted = self.state.interrupted.get();
        interrupted.is_some_and(|at| at.elapsed() >= LAST_ANSWERS)
    }

    pub fn stop_reason(&self) -> Option<StopReason> {
        let stop = self
            .state
            .stop
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        stop.clone()
    }

    /// All that was given before a number comes from before this place of an input.
    pub fn has_given(&self, before: u64, reached: Reached) {
        self.record(|ledger| ledger.place(before, reached));
    }

    /// These have a fate: they are stored, or in dead letters.
    pub fn has_done(&self, numbers: Range<u64>) {
        self.record(|ledger| ledger.done(numbers));
    }

    /// Notes something in the ledger, and records what is reached by it.
    fn record(&self, note: impl FnOnce(&mut Ledger)) {
        let Some(Record { directory, to }) = &self.record else {
            return;
        };
        // Held until it is recorded, so that no later place is recorded before an earlier one.
        let mut ledger = self
            .state
            .ledger
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        note(&mut ledger);
        for Reached { input, place, ends } in ledger.reached() {
            let progress = Progress {
                ended: ends,
                ..Progress::to(place)
            };
            if let Err(error) = directory.delivered(input, to, progress) {
                self.stop(StopReason {
                    code: ExitCode::Output,
                    words: format!("{error:#}"),
                });
            }
        }
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
            Answer::None(_) | Answer::Never(_) => format!("`{name}` gave no answer: {words}"),
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
        if bytes >= self.smallest_refused.load(Ordering::Relaxed) {
            // It was not the size.
            self.forget();
        }
    }

    /// Nothing is known of what is refused.
    pub fn forget(&self) {
        self.smallest_refused.store(usize::MAX, Ordering::Relaxed);
    }

    /// What is no larger than something that passed was not refused for its size.
    pub fn refused(&self, bytes: usize) {
        if bytes > self.largest_passed.load(Ordering::Relaxed) {
            self.smallest_refused.fetch_min(bytes, Ordering::Relaxed);
        }
    }

    /// The size that passed, or half of what did not when that is more.
    fn limit(&self) -> usize {
        match self.smallest_refused.load(Ordering::Relaxed) {
            usize::MAX => usize::MAX,
            refused => self.largest_passed.load(Ordering::Relaxed).max(refused / 2),
        }
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
        // Something else was wrong with these.
        sizes.refused(1000);
        sizes.refused(50);
        assert_eq!(sizes.limit(), 1000);
        sizes.passed(2000);
        assert_eq!(sizes.limit(), usize::MAX);
    }
}
