//! When the next request may go to a server: a rate, a wait that the server asked for, and the end of it all.

use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// Shared by all connections to a server.
pub struct Pace {
    /// The time between two requests, if it is limited.
    interval: Duration,
    state: Mutex<State>,
    changed: Condvar,
}

struct State {
    /// No request before this.
    next: Instant,
    stopped: bool,
}

/// Nothing more is to be sent.
#[derive(Debug, PartialEq, Eq)]
pub struct Stopped;

impl Pace {
    /// `rate` is in requests a second.
    pub fn new(rate: Option<f64>) -> Self {
        Self {
            interval: rate.map_or(Duration::ZERO, |rate| Duration::from_secs_f64(1.0 / rate)),
            state: Mutex::new(State {
                next: Instant::now(),
                stopped: false,
            }),
            changed: Condvar::new(),
        }
    }

    /// Waits for the turn of a request.
    ///
    /// # Errors
    /// Nothing more is to be sent.
    pub fn wait_for_turn(&self) -> Result<(), Stopped> {
        let mut state = self.state();
        loop {
            if state.stopped {
                return Err(Stopped);
            }
            let now = Instant::now();
            if state.next <= now {
                state.next = now + self.interval;
                return Ok(());
            }
            let left = state.next - now;
            let waited = self.changed.wait_timeout(state, left);
            state = waited.unwrap_or_else(PoisonError::into_inner).0;
        }
    }

    /// Lets no request go for some time.
    pub fn hold(&self, time: Duration) {
        let mut state = self.state();
        state.next = state.next.max(Instant::now() + time);
    }

    /// Waits for some time.
    ///
    /// # Errors
    /// Nothing more is to be sent.
    pub fn sleep(&self, time: Duration) -> Result<(), Stopped> {
        let until = Instant::now() + time;
        let mut state = self.state();
        loop {
            if state.stopped {
                return Err(Stopped);
            }
            let left = until.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return Ok(());
            }
            let waited = self.changed.wait_timeout(state, left);
            state = waited.unwrap_or_else(PoisonError::into_inner).0;
        }
    }

    /// Lets no request go any more, and wakes all that wait.
    pub fn stop(&self) {
        self.state().stopped = true;
        self.changed.notify_all();
    }

    pub fn is_stopped(&self) -> bool {
        self.state().stopped
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn requests_keep_the_rate_and_the_wait_that_was_asked_for() {
        let pace = Pace::new(Some(100.0));
        let start = Instant::now();
        for _ in 0..4 {
            pace.wait_for_turn().unwrap();
        }
        assert!(start.elapsed() >= Duration::from_millis(30));
        pace.hold(Duration::from_millis(50));
        pace.wait_for_turn().unwrap();
        assert!(start.elapsed() >= Duration::from_millis(80));
    }

    #[test]
    fn a_stop_wakes_who_waits() {
        let pace = std::sync::Arc::new(Pace::new(None));
        pace.hold(Duration::from_secs(600));
        let waiting = [true, false].map(|turn| {
            let pace = std::sync::Arc::clone(&pace);
            std::thread::spawn(move || match turn {
                true => pace.wait_for_turn(),
                false => pace.sleep(Duration::from_secs(600)),
            })
        });
        std::thread::sleep(Duration::from_millis(20));
        pace.stop();
        for thread in waiting {
            assert_eq!(thread.join().unwrap(), Err(Stopped));
        }
        assert!(pace.is_stopped());
    }
}
