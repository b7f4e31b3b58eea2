//! The times at which requests may start.

use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// Limits the request rate of all workers of a target, and stops them.
pub struct RateLimiter {
    /// The time between two requests, or zero if there is no limit.
    interval: Duration,
    schedule: Mutex<Schedule>,
    changed: Condvar,
}

struct Schedule {
    /// The earliest start of the next request.
    next: Instant,
    stopped: bool,
}

/// The target was stopped: no more requests may be made.
#[derive(Debug, PartialEq, Eq)]
pub struct Stopped;

impl RateLimiter {
    /// Creates a limiter for a number of requests per second, or without a limit.
    pub fn new(rate: Option<f64>) -> Self {
        Self {
            interval: rate.map_or(Duration::ZERO, |rate| Duration::from_secs_f64(1.0 / rate)),
            schedule: Mutex::new(Schedule {
                next: Instant::now(),
                stopped: false,
            }),
            changed: Condvar::new(),
        }
    }

    /// Waits until a request may start.
    ///
    /// # Errors
    /// Returns `Stopped` as soon as the target is stopped.
    pub fn acquire(&self) -> Result<(), Stopped> {
        let mut schedule = self.schedule();
        loop {
            if schedule.stopped {
                return Err(Stopped);
            }
            let now = Instant::now();
            if schedule.next <= now {
                schedule.next = now + self.interval;
                return Ok(());
            }
            let left = schedule.next - now;
            let waited = self.changed.wait_timeout(schedule, left);
            schedule = waited.unwrap_or_else(PoisonError::into_inner).0;
        }
    }

    /// Delays all requests by at least this time.
    pub fn hold(&self, time: Duration) {
        let mut schedule = self.schedule();
        schedule.next = schedule.next.max(Instant::now() + time);
    }

    /// Waits for this time.
    ///
    /// # Errors
    /// Returns `Stopped` as soon as the target is stopped.
    pub fn sleep(&self, time: Duration) -> Result<(), Stopped> {
        let until = Instant::now() + time;
        let mut schedule = self.schedule();
        loop {
            if schedule.stopped {
                return Err(Stopped);
            }
            let left = until.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return Ok(());
            }
            let waited = self.changed.wait_timeout(schedule, left);
            schedule = waited.unwrap_or_else(PoisonError::into_inner).0;
        }
    }

    /// Stops all requests, and wakes all threads that wait.
    pub fn stop(&self) {
        self.schedule().stopped = true;
        self.changed.notify_all();
    }

    pub fn is_stopped(&self) -> bool {
        self.schedule().stopped
    }

    fn schedule(&self) -> MutexGuard<'_, Schedule> {
        self.schedule.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn requests_keep_the_rate_and_a_wait_that_the_server_asks_for() {
        let limiter = RateLimiter::new(Some(100.0));
        let start = Instant::now();
        for _ in 0..4 {
            limiter.acquire().unwrap();
        }
        assert!(start.elapsed() >= Duration::from_millis(30));
        limiter.hold(Duration::from_millis(50));
        limiter.acquire().unwrap();
        assert!(start.elapsed() >= Duration::from_millis(80));
    }

    #[test]
    fn stopping_wakes_all_threads_that_wait() {
        let limiter = std::sync::Arc::new(RateLimiter::new(None));
        limiter.hold(Duration::from_secs(600));
        let waiting = [true, false].map(|acquires| {
            let limiter = std::sync::Arc::clone(&limiter);
            std::thread::spawn(move || match acquires {
                true => limiter.acquire(),
                false => limiter.sleep(Duration::from_secs(600)),
            })
        });
        std::thread::sleep(Duration::from_millis(20));
        limiter.stop();
        for thread in waiting {
            assert_eq!(thread.join().unwrap(), Err(Stopped));
        }
        assert!(limiter.is_stopped());
    }
}
