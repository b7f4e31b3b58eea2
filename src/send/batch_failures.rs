//! The failures of a server during the delivery of one batch, and what follows from each failure.

use super::verdict::Suspect;

/// The failures of a server during the delivery of one batch.
pub struct BatchFailures {
    /// The number of records in the batch.
    records: usize,
    /// The least number of failed requests in a row after which the server counts as down.
    least_failures: u32,
    /// The number of requests in a row that failed, each after all its retries.
    in_a_row: u32,
    /// The number of requests in a row that were not answered in time.
    timeouts: u32,
    /// Whether one of these requests held a single record.
    has_sent_alone: bool,
    /// The number of records in the smallest request that may have been too large to be answered, if no smaller request
    /// has been answered since.
    too_slow: Option<usize>,
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
    /// The most retries if there is no answer in time.
    pub time: u32,
    /// The most retries if a load balancer may have answered in place of the server.
    pub routing: u32,
}

impl RetryLimits {
    pub const NONE: Self = Self {
        record: 0,
        size: 0,
        time: 0,
        routing: 0,
    };
}

/// The next step after a request that failed after all its retries.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AfterFailure {
    /// The halves are sent, each with at most this number of retries.
    Halve { max_retries: u32 },
    /// The single record is sent again after another record of the batch.
    TryAnother,
    /// The records are given up.
    GiveUp,
    /// The server counts as down: the records are given up, and the rest of the batch is kept back.
    GiveUpRest,
}

/// The number of failed requests in a row, for each time that the batch can be halved, after which the server counts as
/// down. One failure for each halving is not enough, because a single bad record makes some servers fail that often. In a
/// row of bad records, only each third request is the one that finds good records.
const FAILURES_PER_HALVING: u32 = 3;

/// The least number of failed requests in a row after which the server counts as down if the records come from dead
/// letters. It is enough to try each record of 30 alone.
const FAILURES_OF_LETTERS: u32 = 60;

/// The number of requests in a row without an answer in time after which single records are sent. If two of them are not
/// answered in time either, the server counts as down. The numbers are small because each of these requests takes as long
/// as the time limit for answers.
const TIMEOUTS_BEFORE_SINGLE: u32 = 3;

/// The most retries of a single record that is not answered in time, if the server has answered other requests.
const RETRIES_OF_SINGLE: u32 = 3;

/// The most retries for a half of a part, if all retries for the whole part have failed.
pub const RETRIES_OF_HALVES: u32 = 2;

/// The most retries of a whole batch before it is halved. If one record is the reason, more retries would only delay the
/// rest of the batch. If the server is away, it is given more time after the first half has failed too.
const RETRIES_OF_WHOLE: u32 = 3;

/// The most retries of a request that a load balancer may have answered in place of the server.
pub const ROUTING_RETRIES: u32 = 3;

impl BatchFailures {
    /// Starts a batch with this number of records. `hangs` says whether the server has not answered records of an
    /// earlier batch in time.
    pub fn new(records: usize, hangs: bool) -> Self {
        Self {
            records,
            least_failures: 0,
            in_a_row: 0,
            timeouts: if hangs { TIMEOUTS_BEFORE_SINGLE } else { 0 },
            has_sent_alone: false,
            too_slow: None,
            is_forbidden: false,
        }
    }

    /// Allows more failures, because the records come from dead letters: most of them may be bad.
    pub fn of_letters(self) -> Self {
        Self {
            least_failures: FAILURES_OF_LETTERS,
            ..self
        }
    }

    /// Returns whether single records must be sent, because larger requests are not answered in time.
    pub fn sends_alone(&self) -> bool {
        self.timeouts >= TIMEOUTS_BEFORE_SINGLE
    }

    /// Returns the number of requests in a row that failed, or 0 if one of them was not answered in time: smaller requests
    /// come first then, since each of these failures takes long.
    pub fn without_timeouts(&self) -> u32 {
        match self.timeouts {
            0 => self.in_a_row,
            _ => 0,
        }
    }

    /// Returns whether a single record was not answered in time, and nothing was answered since.
    pub fn has_sent_alone(&self) -> bool {
        self.has_sent_alone
    }

    /// Returns the most retries of a request with this number of the batch's records. A request that may be too large is
    /// repeated once at most, and only if it holds the whole batch: halves are likelier to succeed. If a single record may
    /// be the reason, there are few retries, until a whole batch and one of its halves have failed: then the server is
    /// probably away.
    pub fn retry_limits(&self, records: usize, max_retries: u32) -> RetryLimits {
        let is_whole = records == self.records;
        let record = match (records, self.in_a_row) {
            (1, _) if is_whole => max_retries,
            (_, 2) => max_retries,
            _ if is_whole => max_retries.min(RETRIES_OF_WHOLE),
            _ => max_retries.min(RETRIES_OF_HALVES),
        };
        let size = match records {
            1 => max_retries,
            _ if is_whole => max_retries.min(1),
            _ => 0,
        };
        let time = match records {
            _ if self.timeouts > 0 => 0,
            1 => max_retries.min(RETRIES_OF_SINGLE),
            _ => size,
        };
        let routing = match self.is_forbidden {
            true => 0,
            false => max_retries.min(ROUTING_RETRIES),
        };
        RetryLimits {
            record,
            size,
            time,
            routing,
        }
    }

    /// Notes that the server has answered.
    pub fn answered(&mut self) {
        self.in_a_row = 0;
        self.timeouts = 0;
        self.has_sent_alone = false;
    }

    /// Notes that the server has answered a request that held this number of records and was made `attempts` times. If an
    /// earlier request failed because it was larger, returns the most records that later requests should hold. If a
    /// repetition succeeds, the earlier failures were temporary.
    pub fn answered_in_time(&mut self, records: usize, attempts: u64) -> Option<usize> {
        self.answered();
        let too_slow = self.too_slow.take().filter(|_| attempts == 1)?;
        // A single record may have been sent next, although half of the records might have been answered too.
        Some(records.max(too_slow / 2))
    }

    /// Notes that a request with this number of records failed after at most `max_retries` retries. Returns what follows.
    pub fn failed(&mut self, suspect: Suspect, records: usize, max_retries: u32) -> AfterFailure {
        self.in_a_row += 1;
        let halvings = self.records.max(1).ilog2() + 1;
        let outage = (FAILURES_PER_HALVING * (halvings + 1)).max(self.least_failures);
        if suspect == Suspect::Server || self.in_a_row >= outage {
            return AfterFailure::GiveUpRest;
        }
        if suspect == Suspect::Time {
            self.timeouts += 1;
            // A single record after larger requests without an answer: the server hangs, or the record is bad.
            if records == 1 && self.timeouts > 1 {
                let is_second = std::mem::replace(&mut self.has_sent_alone, true);
                let is_over = is_second || self.records == 1 && max_retries == 0;
                return match is_over {
                    true => AfterFailure::GiveUpRest,
                    false => AfterFailure::TryAnother,
                };
            }
        }
        if records == 1 {
            // The size was not the reason.
            self.too_slow = None;
            return AfterFailure::GiveUp;
        }
        AfterFailure::Halve {
            max_retries: match suspect {
                Suspect::Size | Suspect::Time => {
                    let least = self.too_slow.map_or(records, |least| least.min(records));
                    self.too_slow = Some(least);
                    max_retries
                }
                Suspect::Firewall => {
                    self.is_forbidden = true;
                    max_retries
                }
                // One of the halves of the whole batch keeps its retries, for an outage.
                _ if records == self.records => max_retries,
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
                let mut failures = BatchFailures::new(records, false);
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
            (Suspect::Record, 30),
            (Suspect::Size, 30),
        ] {
            let mut failures = BatchFailures::new(500, false);
            let down = (1..).find(|_| failures.failed(suspect, 2, 0) == AfterFailure::GiveUpRest);
            assert_eq!(down, Some(failures_of_outage), "{suspect:?}");
        }
    }

    #[test]
    fn halves_of_a_request_that_may_be_too_large_keep_the_retries() {
        let mut failures = BatchFailures::new(500, false);
        let limits = |failures: &BatchFailures, records| {
            let RetryLimits { record, size, .. } = failures.retry_limits(records, 8);
            (record, size)
        };
        assert_eq!(limits(&failures, 500), (3, 1));
        let halve = |max_retries| AfterFailure::Halve { max_retries };
        assert_eq!(failures.failed(Suspect::Size, 500, 8), halve(8));
        assert_eq!(limits(&failures, 250), (2, 0));
        assert_eq!(limits(&failures, 1), (2, 8));
        assert_eq!(failures.failed(Suspect::Record, 250, 8), halve(2));
        assert_eq!(failures.retry_limits(500, 0).size, 0);
    }

    #[test]
    fn a_server_is_given_time_once_for_each_batch_after_a_half_has_failed() {
        let mut failures = BatchFailures::new(500, false);
        let fail = |failures: &mut BatchFailures, records, part_max| {
            let AfterFailure::Halve { max_retries } =
                failures.failed(Suspect::Record, records, part_max)
            else {
                panic!("{records}")
            };
            max_retries
        };
        let record = |failures: &BatchFailures, records, part_max| {
            failures.retry_limits(records, part_max).record
        };
        assert_eq!(record(&failures, 500, 8), 3);
        let of_half = fail(&mut failures, 500, 8);
        assert_eq!(record(&failures, 250, of_half), 2);
        let of_quarter = fail(&mut failures, 250, of_half);
        assert_eq!(record(&failures, 250, of_half), 8);
        fail(&mut failures, 250, of_half);
        assert_eq!(record(&failures, 125, of_quarter), 2);
        // A bad record in the second half costs few retries.
        failures.answered();
        assert_eq!(record(&failures, 250, of_half), 2);
        assert_eq!(failures.retry_limits(1, of_quarter).record, 2);
        assert_eq!(BatchFailures::new(1, false).retry_limits(1, 8).record, 8);
    }

    #[test]
    fn only_a_smaller_request_that_succeeds_at_once_shows_that_the_size_was_the_reason() {
        let mut failures = BatchFailures::new(500, false);
        assert_eq!(failures.answered_in_time(500, 1), None);
        failures.failed(Suspect::Size, 500, 8);
        assert_eq!(failures.answered_in_time(250, 1), Some(250));
        assert_eq!(failures.answered_in_time(250, 1), None);
        failures.failed(Suspect::Size, 500, 8);
        assert_eq!(failures.answered_in_time(250, 2), None);
        failures.failed(Suspect::Size, 2, 8);
        failures.failed(Suspect::Size, 1, 8);
        assert_eq!(failures.answered_in_time(1, 1), None);
    }

    #[test]
    fn each_record_of_a_few_dead_letters_is_tried() {
        let mut failures = BatchFailures::new(30, false).of_letters();
        for _ in 0..59 {
            let after = failures.failed(Suspect::Firewall, 1, 0);
            assert_eq!(after, AfterFailure::GiveUp);
        }
        let after = failures.failed(Suspect::Firewall, 1, 0);
        assert_eq!(after, AfterFailure::GiveUpRest);
    }

    /// Returns what follows from a request without an answer in time, and the number of times that it was made.
    fn time_out(failures: &mut BatchFailures, records: usize) -> (AfterFailure, u32) {
        let requests = failures.retry_limits(records, 8).time + 1;
        (failures.failed(Suspect::Time, records, 8), requests)
    }

    #[test]
    fn a_server_that_never_answers_gets_six_requests_for_the_first_batch_and_then_two() {
        let halve = AfterFailure::Halve { max_retries: 8 };
        let mut failures = BatchFailures::new(500, false);
        assert_eq!(time_out(&mut failures, 500), (halve, 2));
        assert_eq!(time_out(&mut failures, 250), (halve, 1));
        assert!(!failures.sends_alone());
        assert_eq!(time_out(&mut failures, 125), (halve, 1));
        let mut next = BatchFailures::new(500, true);
        for failures in [&mut failures, &mut next] {
            assert!(failures.sends_alone());
            assert_eq!(time_out(failures, 1), (AfterFailure::TryAnother, 1));
            assert_eq!(time_out(failures, 1), (AfterFailure::GiveUpRest, 1));
        }
        let mut alone = BatchFailures::new(1, false);
        assert_eq!(time_out(&mut alone, 1), (AfterFailure::GiveUp, 4));
    }

    #[test]
    fn a_single_record_that_is_answered_shows_that_a_server_is_slow_and_does_not_hang() {
        let mut failures = BatchFailures::new(500, false);
        for records in [500, 250, 125] {
            time_out(&mut failures, records);
        }
        assert_eq!(time_out(&mut failures, 1).0, AfterFailure::TryAnother);
        assert_eq!(failures.answered_in_time(1, 1), Some(62));
        assert!(!failures.sends_alone());
        // The first record alone is bad.
        assert_eq!(time_out(&mut failures, 1), (AfterFailure::GiveUp, 4));
    }
}
