//! The times at which requests may start: the rate limit, the number of requests in flight, and the wait before a retry.

use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use super::concurrency::{Concurrency, InFlight};

/// Limits the rate at which the workers of a target together make requests, and the number of requests in flight. Stops
/// the workers.
pub struct RateLimiter {
    /// The time between the starts of two requests, or zero if there is no limit.
    interval: Duration,
    /// The number of requests that were made.
    made: Arc<AtomicU32>,
    schedule: Mutex<Schedule>,
    changed: Condvar,
}

struct Schedule {
    /// The earliest start of the next request.
    next: Instant,
    /// The number of requests that `next` takes into account.
    counted: u32,
    /// The number of threads that wait until a request may start.
    waiting: usize,
    concurrency: Concurrency,
    in_flight: usize,
    stopped: bool,
}

/// The wait for the start of the next request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RequestWait {
    pub left: Duration,
    /// Whether the server asked for the wait. If not, the rate limit demands it.
    pub by_server: bool,
}

/// The permission to make one request, which counts as in flight until the value is dropped. If more requests are made with
/// it, such as a lookup before an insert, the next permission comes so much later that the rate is kept.
pub struct RequestPermit<'l> {
    limiter: &'l RateLimiter,
    request: InFlight,
}

/// The error of a request that may not be made, because the target was stopped.
#[derive(Debug, PartialEq, Eq)]
pub struct Stopped;

impl RateLimiter {
    /// Creates a limiter for a number of requests per second, or without a limit, and for a number of connections. The client
    /// counts the requests in `made`.
    pub fn new(rate: Option<f64>, connections: usize, made: Arc<AtomicU32>) -> Self {
        Self {
            made,
            interval: rate.map_or(Duration::ZERO, |rate| Duration::from_secs_f64(1.0 / rate)),
            schedule: Mutex::new(Schedule {
                next: Instant::now(),
                counted: 0,
                waiting: 0,
                concurrency: Concurrency::new(connections),
                in_flight: 0,
                stopped: false,
            }),
            changed: Condvar::new(),
        }
    }

    /// Waits until a request may start.
    ///
    /// # Errors
    /// Returns `Stopped` as soon as the target is stopped.
    pub fn acquire(&self) -> Result<RequestPermit<'_>, Stopped> {
        self.schedule().waiting += 1;
        let waited = self.wait_until(|schedule| {
            let is_free = schedule.concurrency.allows(schedule.in_flight);
            is_free.then(|| schedule.next + self.interval * self.uncounted(schedule))
        });
        let Ok(mut schedule) = waited else {
            self.schedule().waiting -= 1;
            return Err(Stopped);
        };
        schedule.waiting -= 1;
        schedule.next = Instant::now() + self.interval;
        schedule.counted += self.uncounted(&schedule) + 1;
        let request = schedule.concurrency.start(schedule.in_flight);
        schedule.in_flight += 1;
        Ok(RequestPermit {
            limiter: self,
            request,
        })
    }

    /// Returns the number of requests that were made in addition to those that were permitted.
    fn uncounted(&self, schedule: &Schedule) -> u32 {
        let made = self.made.load(Ordering::Relaxed);
        made.saturating_sub(schedule.counted)
    }

    /// Delays all requests by at least this time.
    pub fn hold(&self, time: Duration) {
        let mut schedule = self.schedule();
        schedule.next = schedule.next.max(Instant::now() + time);
    }

    /// Returns how long the threads that wait for the start of a request must still wait. Returns `None` if no thread
    /// waits.
    pub fn waiting(&self) -> Option<RequestWait> {
        let schedule = self.schedule();
        let uncounted = self.interval * self.uncounted(&schedule);
        let next = schedule.next + uncounted;
        let left = next.saturating_duration_since(Instant::now());
        (schedule.waiting > 0 && !left.is_zero()).then_some(RequestWait {
            left,
            // The rate limit alone demands at most one interval for each request.
            by_server: left > self.interval + uncounted,
        })
    }

    /// Waits for this time, without delaying other workers.
    ///
    /// # Errors
    /// Returns `Stopped` as soon as the target is stopped.
    pub fn sleep(&self, time: Duration) -> Result<(), Stopped> {
        let end = Instant::now() + time;
        self.wait_until(|_| Some(end)).map(drop)
    }

    /// Waits until a time that depends on the schedule. `None` is later than any time.
    fn wait_until(
        &self,
        time: impl Fn(&Schedule) -> Option<Instant>,
    ) -> Result<MutexGuard<'_, Schedule>, Stopped> {
        let mut schedule = self.schedule();
        while !schedule.stopped {
            let Some(time) = time(&schedule) else {
                let waited = self.changed.wait(schedule);
                schedule = waited.unwrap_or_else(PoisonError::into_inner);
                continue;
            };
            let left = time.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return Ok(schedule);
            }
            let waited = self.changed.wait_timeout(schedule, left);
            schedule = waited.unwrap_or_else(PoisonError::into_inner).0;
        }
        Err(Stopped)
    }

    /// Notes that a record and not the number of requests in flight was the reason of failures.
    pub fn forget_failures(&self) {
        self.schedule().concurrency.forget_failures();
    }

    /// Returns the most requests in flight that the server can handle as far as known, and the number of connections.
    pub fn settled(&self) -> (usize, usize) {
        self.schedule().concurrency.settled()
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

impl RequestPermit<'_> {
    /// Notes that the server has answered the request.
    pub fn answered(&self) {
        self.limiter.schedule().concurrency.answered(self.request);
    }

    /// Notes that the server has failed to answer the request, or was too busy.
    pub fn failed(&self) {
        self.limiter.schedule().concurrency.failed(self.request);
    }
}

impl Drop for RequestPermit<'_> {
    fn drop(&mut self) {
        self.limiter.schedule().in_flight -= 1;
        self.limiter.changed.notify_all();
    }
}

/// Exponential backoff with jitter.
#[derive(Clone, Copy, Debug)]
pub struct Backoff {
    /// The wait before the first retry, before jitter. Each later wait is twice as long as the wait before it.
    pub first: Duration,
    /// The number of times that a request may be retried.
    pub max_retries: u32,
}

/// The longest wait before a retry, unless the server asks for a longer wait.
const LONGEST: Duration = Duration::from_secs(60);

impl Backoff {
    /// Returns the wait before the nth retry, counted from 0. `chance`, a random number from 0 to 1, shortens the wait
    /// by up to a half. So workers that fail at the same time do not retry at the same time.
    pub fn wait(&self, nth: u32, chance: f64) -> Duration {
        let full = self.first.saturating_mul(2u32.saturating_pow(nth));
        full.min(LONGEST).mul_f64(1.0 - chance / 2.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn requests_keep_the_rate_and_a_wait_that_the_server_asks_for() {
        let limiter = RateLimiter::new(Some(100.0), 1, Arc::default());
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
    fn other_requests_count_for_the_rate_too() {
        let made: Arc<AtomicU32> = Arc::default();
        let limiter = RateLimiter::new(Some(100.0), 1, Arc::clone(&made));
        let start = Instant::now();
        for _ in 0..3 {
            limiter.acquire().unwrap();
            made.fetch_add(4, Ordering::Relaxed);
        }
        assert!(start.elapsed() >= Duration::from_millis(80));
        let schedule = limiter.schedule();
        assert_eq!((schedule.counted, limiter.uncounted(&schedule)), (9, 3));
    }

    #[test]
    fn stopping_wakes_all_threads_that_wait() {
        let limiter = Arc::new(RateLimiter::new(None, 1, Arc::default()));
        limiter.hold(Duration::from_secs(600));
        let waiting = [true, false].map(|acquires| {
            let limiter = Arc::clone(&limiter);
            std::thread::spawn(move || match acquires {
                true => limiter.acquire().map(drop),
                false => limiter.sleep(Duration::from_secs(600)),
            })
        });
        std::thread::sleep(Duration::from_millis(20));
        limiter.stop();
        for thread in waiting {
            assert_eq!(thread.join().unwrap(), Err(Stopped));
        }
        assert_eq!(limiter.waiting(), None);
        assert!(limiter.is_stopped());
    }

    #[test]
    fn waits_double_up_to_a_minute_and_jitter_takes_up_to_half() {
        let backoff = Backoff {
            first: Duration::from_secs(1),
            max_retries: 8,
        };
        let seconds = |nth, chance| backoff.wait(nth, chance).as_secs_f64();
        assert_eq!(
            [0, 1, 2, 5, 6, 40].map(|nth| seconds(nth, 0.0)),
            [1.0, 2.0, 4.0, 32.0, 60.0, 60.0]
        );
        assert_eq!(seconds(3, 1.0), 4.0);
    }
}
