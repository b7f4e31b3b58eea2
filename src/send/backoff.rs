//! How long to wait before a request is made again.

use std::time::Duration;

/// Exponential backoff with jitter.
#[derive(Clone, Copy, Debug)]
pub struct Backoff {
    /// The wait before the first repetition, before jitter. It doubles with each.
    pub first: Duration,
    /// How often a request is repeated at the most.
    pub max_retries: u32,
}

/// No wait is longer, unless the server asks for it.
const LONGEST: Duration = Duration::from_secs(60);

impl Backoff {
    /// The wait before the nth repetition, from 0. `chance` is a random number from 0 to 1: it takes up to half of the
    /// wait away, so that connections that failed together do not come back together.
    pub fn wait(&self, nth: u32, chance: f64) -> Duration {
        let full = self.first.saturating_mul(2u32.saturating_pow(nth));
        full.min(LONGEST).mul_f64(1.0 - chance / 2.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_double_up_to_a_minute_and_lose_up_to_half() {
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
