//! The wait before a request is retried.

use std::time::Duration;

/// Exponential backoff with jitter.
#[derive(Clone, Copy, Debug)]
pub struct Backoff {
    /// The wait before the first retry, before jitter. Each later wait is twice as long.
    pub first: Duration,
    /// The number of times that a request may be retried.
    pub max_retries: u32,
}

/// The longest wait, unless the server asks for a longer one.
const LONGEST: Duration = Duration::from_secs(60);

impl Backoff {
    /// Returns the wait before the nth retry, counted from 0. `chance` is a random number from 0 to 1 that shortens the
    /// wait by up to a half, so that workers that failed together do not retry together.
    pub fn wait(&self, nth: u32, chance: f64) -> Duration {
        let full = self.first.saturating_mul(2u32.saturating_pow(nth));
        full.min(LONGEST).mul_f64(1.0 - chance / 2.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

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
