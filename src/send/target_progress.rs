//! The progress of a target, for the progress bar and for warnings: how much is delivered, and why the target waits.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use super::delivered_share::{DeliveredShare, Mark};

/// The progress of a target.
#[derive(Default)]
pub struct TargetProgress {
    share: Mutex<DeliveredShare>,
    wait: Mutex<Option<Wait>>,
    /// The time of the last warning about a retry.
    warned: Mutex<Option<Instant>>,
}

/// The reason why a worker waits.
#[derive(Clone, Debug)]
pub enum Wait {
    Retry(RetryWait),
    /// The server does not show a record that it has accepted. The record is looked up again for this time.
    Invisible {
        since: Instant,
        time: Duration,
    },
}

impl Wait {
    pub fn since(&self) -> Instant {
        match self {
            Self::Retry(wait) => wait.since,
            Self::Invisible { since, .. } => *since,
        }
    }

    /// Returns why the worker waits and for how long, if `server` names the server.
    pub fn text(&self, server: &str, now: Instant) -> String {
        match self {
            Self::Retry(wait) => wait.text(server, now),
            Self::Invisible { since, time } => {
                let left = time.saturating_sub(now - *since);
                format!(
                    "{server} does not show statements that it accepted: looking again for up to {} s",
                    left.as_millis().div_ceil(1000)
                )
            }
        }
    }
}

/// A wait before a retry.
#[derive(Clone, Debug)]
pub struct RetryWait {
    /// The reason for the wait, such as "answered 503".
    pub cause: String,
    /// The text of the answer, or the reason why there is no answer.
    pub detail: String,
    /// The number of the retry, from 1.
    pub retry: u32,
    pub max_retries: u32,
    pub since: Instant,
    pub time: Duration,
}

impl RetryWait {
    /// Returns what the server did and when the request is repeated, if `server` names the server.
    pub fn text(&self, server: &str, now: Instant) -> String {
        let Self { cause, detail, .. } = self;
        let left = self.time.saturating_sub(now - self.since);
        let retry = match left.is_zero() {
            true => format!("{}, no answer yet", self.retry_in_words()),
            // Rounded up, so that the last second counts down to 1.
            false => format!(
                "{} in {} s",
                self.retry_in_words(),
                left.as_millis().div_ceil(1000)
            ),
        };
        let detail = match detail.is_empty() {
            true => String::new(),
            false => format!(" ({detail})"),
        };
        format!("{server} {cause}: {retry}{detail}")
    }

    /// Returns the number of the retry and the length of the wait.
    pub fn retry_and_time(&self) -> String {
        let seconds = self.time.as_secs_f64();
        match seconds < 10.0 {
            true => format!("{} in {seconds:.1} s", self.retry_in_words()),
            false => format!("{} in {seconds:.0} s", self.retry_in_words()),
        }
    }

    fn retry_in_words(&self) -> String {
        format!("retry {} of {}", self.retry, self.max_retries)
    }
}

impl TargetProgress {
    /// Notes that the inputs up to this mark were read. `settled` is the number of records that have an outcome.
    pub fn add(&self, settled: u64, mark: Mark) {
        lock(&self.share).add(settled, mark);
    }

    /// Returns how many bytes of the inputs are delivered, if `settled` records have an outcome.
    pub fn bytes(&self, settled: u64) -> u64 {
        lock(&self.share).bytes(settled)
    }

    /// Notes why a worker waits, or, with `None`, that a request was answered. Only the last note counts.
    pub fn set_wait(&self, wait: Option<Wait>) {
        *lock(&self.wait) = wait;
    }

    /// Returns why a worker waits.
    pub fn wait(&self) -> Option<Wait> {
        lock(&self.wait).clone()
    }

    /// Returns whether a warning about retries may be shown: at most one every 30 seconds.
    pub fn may_warn(&self) -> bool {
        const INTERVAL: Duration = Duration::from_secs(30);
        let mut warned = lock(&self.warned);
        let may = warned.is_none_or(|last| last.elapsed() >= INTERVAL);
        if may {
            *warned = Some(Instant::now());
        }
        may
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wait_counts_down_to_the_retry() {
        let since = Instant::now();
        let mut wait = RetryWait {
            cause: "answered 503".to_owned(),
            detail: String::new(),
            retry: 3,
            max_retries: 8,
            since,
            time: Duration::from_millis(12_400),
        };
        let text =
            |wait: &RetryWait, millis| wait.text("the LRS", since + Duration::from_millis(millis));
        assert_eq!(
            text(&wait, 500),
            "the LRS answered 503: retry 3 of 8 in 12 s"
        );
        assert_eq!(
            text(&wait, 12_300),
            "the LRS answered 503: retry 3 of 8 in 1 s"
        );
        assert_eq!(
            text(&wait, 12_400),
            "the LRS answered 503: retry 3 of 8, no answer yet"
        );
        assert_eq!(wait.retry_and_time(), "retry 3 of 8 in 12 s");
        wait.detail = "busy".to_owned();
        assert_eq!(
            text(&wait, 0),
            "the LRS answered 503: retry 3 of 8 in 13 s (busy)"
        );
        wait.time = Duration::from_millis(340);
        assert_eq!(wait.retry_and_time(), "retry 3 of 8 in 0.3 s");
    }
}
