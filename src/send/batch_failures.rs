//! The failures of a server during the delivery of one batch, and what follows from each failure.

use super::verdict::Suspect;

/// The failures of a server during the delivery of one batch.
pub struct BatchFailures {
    /// The number of records in the batch.
    records: usize,
    /// The number of requests in a row that failed, each after all its retries.
    in_a_row: u32,
    /// Whether a request failed that may have been too large to be answered in time, and no smaller request has been
    /// answered since.
    is_too_slow: bool,
    /// Whether the server has answered 403 to a request and to all its retries.
    is_forbidden: bool,
}

/// The most retries of a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RetryLimits {
    /// The most retries if a single record may be the reason.
    pub record: u32,
    /// The most retries if the size of the request may be the reason.
    pub size: u32,
    /// The most retries if a load balancer may have answered in place of the server.
    pub routing: u32,
}

impl RetryLimits {
    pub const NONE: Self = Self {
        record: 0,
        size: 0,
        routing: 0,
    };
}

/// What follows from a request that failed after all its retries.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AfterFailure {
    /// The halves are sent, each with at most this number of retries.
    Halve { max_retries: u32 },
    /// The records are given up.
    GiveUp,
    /// The server counts as down: the rest of the batch is given up.
    GiveUpRest,
}

/// The number of failed requests in a row, for each time that the batch can be halved, after which the server counts as
/// down. One failure for each halving is not enough, because a single bad record makes some servers fail that often.
const FAILURES_PER_HALVING: u32 = 2;

/// The number of failed requests beyond one for each halving after which a server that does not answer in time counts as
/// down. The number is small because each failure takes as long as the time limit for answers.
const TIMEOUTS_BEYOND_HALVINGS: u32 = 3;

/// The most retries for a half of a part, if all retries for the whole part have failed.
const RETRIES_OF_HALVES: u32 = 2;

/// The most retries of a request that a load balancer may have answered in place of the server.
pub const ROUTING_RETRIES: u32 = 3;

impl BatchFailures {
    pub fn new(records: usize) -> Self {
        Self {
            records,
            in_a_row: 0,
            is_too_slow: false,
            is_forbidden: false,
        }
    }

    /// Returns the most retries of a request with this number of the batch's records. A request that may be too large is
    /// repeated once at most, and only if it holds the whole batch: halves are likelier to succeed.
    pub fn retry_limits(&self, records: usize, max_retries: u32) -> RetryLimits {
        let size = match records {
            1 => max_retries,
            _ if records == self.records => max_retries.min(1),
            _ => 0,
        };
        let routing = match self.is_forbidden {
            true => 0,
            false => max_retries.min(ROUTING_RETRIES),
        };
        RetryLimits {
            record: max_retries,
            size,
            routing,
        }
    }

    /// Notes that the server has answered.
    pub fn answered(&mut self) {
        self.in_a_row = 0;
    }

    /// Notes that the server has processed a request that was made `attempts` times. Returns whether an earlier request
    /// failed because it was larger. If a repetition succeeds, the earlier failures were temporary.
    pub fn processed(&mut self, attempts: u64) -> bool {
        self.answered();
        std::mem::take(&mut self.is_too_slow) && attempts == 1
    }

    /// Notes that a request with this number of records failed after at most `max_retries` retries. Returns what follows.
    pub fn failed(&mut self, suspect: Suspect, records: usize, max_retries: u32) -> AfterFailure {
        self.in_a_row += 1;
        let halvings = self.records.max(1).ilog2() + 1;
        let outage = match suspect {
            Suspect::Server => 0,
            Suspect::Record | Suspect::Firewall => FAILURES_PER_HALVING * (halvings + 1),
            Suspect::Size => halvings + TIMEOUTS_BEYOND_HALVINGS,
        };
        if self.in_a_row >= outage {
            return AfterFailure::GiveUpRest;
        }
        if records == 1 {
            // The size was not the reason.
            self.is_too_slow = false;
            return AfterFailure::GiveUp;
        }
        AfterFailure::Halve {
            max_retries: match suspect {
                Suspect::Size => {
                    self.is_too_slow = true;
                    max_retries
                }
                Suspect::Firewall => {
                    self.is_forbidden = true;
                    max_retries
                }
                _ => max_retries.min(RETRIES_OF_HALVES),
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_single_bad_record_is_found_before_the_server_counts_as_down() {
        for suspect in [Suspect::Record, Suspect::Size] {
            for records in [2, 3, 500] {
                let mut failures = BatchFailures::new(records);
                let mut left = records;
                while left > 1 {
                    let after = failures.failed(suspect, left, 0);
                    assert_eq!(after, AfterFailure::Halve { max_retries: 0 });
                    left = left.div_ceil(2);
                }
                assert_eq!(failures.failed(suspect, 1, 0), AfterFailure::GiveUp);
            }
        }
    }

    #[test]
    fn a_server_that_always_fails_counts_as_down() {
        for (suspect, failures_of_outage) in [
            (Suspect::Server, 1),
            (Suspect::Record, 20),
            (Suspect::Size, 12),
        ] {
            let mut failures = BatchFailures::new(500);
            let down = (1..).find(|_| failures.failed(suspect, 2, 0) == AfterFailure::GiveUpRest);
            assert_eq!(down, Some(failures_of_outage), "{suspect:?}");
        }
    }

    #[test]
    fn halves_of_a_request_that_may_be_too_large_keep_the_retries() {
        let mut failures = BatchFailures::new(500);
        let limits = |failures: &BatchFailures, records| {
            let RetryLimits { record, size, .. } = failures.retry_limits(records, 8);
            (record, size)
        };
        assert_eq!(limits(&failures, 500), (8, 1));
        let halve = |max_retries| AfterFailure::Halve { max_retries };
        assert_eq!(failures.failed(Suspect::Size, 500, 8), halve(8));
        assert_eq!(limits(&failures, 250), (8, 0));
        assert_eq!(limits(&failures, 1), (8, 8));
        assert_eq!(failures.failed(Suspect::Record, 250, 8), halve(2));
        assert_eq!(failures.retry_limits(500, 0).size, 0);
    }

    #[test]
    fn only_a_smaller_request_that_succeeds_at_once_shows_that_the_size_was_the_reason() {
        let mut failures = BatchFailures::new(500);
        assert!(!failures.processed(1));
        failures.failed(Suspect::Size, 500, 8);
        assert!(failures.processed(1));
        assert!(!failures.processed(1));
        failures.failed(Suspect::Size, 500, 8);
        assert!(!failures.processed(2));
        failures.failed(Suspect::Size, 2, 8);
        failures.failed(Suspect::Size, 1, 8);
        assert!(!failures.processed(1));
    }
}
