//! The number of requests that may be in flight at a target at once.
//!
//! Some servers fail if they get several requests at once: LRSs over PostgreSQL answer 500 "deadlock detected". So the
//! number starts at 1, grows with each success, is halved by each failure, and then grows again slowly.

/// The most requests in flight at once, between 1 and a maximum.
#[derive(Debug)]
pub struct Concurrency {
    limit: usize,
    /// How often requests have failed at each limit from 1 to the maximum. Failures at 1 are not counted: they have
    /// another reason.
    failures: Vec<u32>,
    /// The number of successes since the limit was changed.
    successes: u32,
    /// The number of times that the limit was lowered.
    lowered: u64,
}

/// A request in flight.
#[derive(Clone, Copy, Debug)]
pub struct InFlight {
    /// The value of `lowered` when the request started.
    lowered: u64,
    /// Whether as many requests as the limit allows were in flight when the request started.
    is_last: bool,
}

/// The number of successes after which a limit that has failed once is tried again. Each further failure doubles the
/// number, so that the limit settles.
const FIRST_TRIAL: u32 = 16;

impl Concurrency {
    pub fn new(max: usize) -> Self {
        Self {
            limit: 1,
            failures: vec![0; max.max(1)],
            successes: 0,
            lowered: 0,
        }
    }

    /// Returns whether another request may start, given the number of requests in flight.
    pub fn allows(&self, in_flight: usize) -> bool {
        in_flight < self.limit
    }

    /// Notes the start of a request, given the number of requests in flight without it.
    pub fn start(&self, in_flight: usize) -> InFlight {
        InFlight {
            lowered: self.lowered,
            is_last: in_flight + 1 >= self.limit,
        }
    }

    /// Notes that the server has answered a request. Only requests that use the limit show that the server can handle it.
    pub fn answered(&mut self, request: InFlight) {
        if request.lowered < self.lowered || !request.is_last {
            return;
        }
        self.successes += 1;
        let (this, next) = (self.limit - 1, self.limit);
        let failures = self.failures.get(next).unwrap_or(&0);
        if self.successes >= successes_before(self.failures[this].max(*failures)) {
            // As many successes as it takes to try a limit again outweigh its failures.
            self.failures[this] = 0;
            self.limit = (self.limit + 1).min(self.failures.len());
            self.successes = 0;
        }
    }

    /// Notes that the server has failed to answer a request, or was too busy. Requests that started before the limit was
    /// lowered do not lower it again.
    pub fn failed(&mut self, request: InFlight) {
        if request.lowered < self.lowered {
            return;
        }
        self.successes = 0;
        if self.limit > 1 {
            let failures = &mut self.failures[self.limit - 1];
            *failures = failures.saturating_add(1);
            self.limit /= 2;
            self.lowered += 1;
        }
    }

    /// Forgets all failures, because a bad record and not the number of requests was their reason.
    pub fn forget_failures(&mut self) {
        self.failures.fill(0);
    }

    /// Returns the largest limit below the first limit that has failed twice, and the maximum. A single failure may have
    /// another reason.
    pub fn settled(&self) -> (usize, usize) {
        let max = self.failures.len();
        let too_many = self.failures.iter().position(|&count| count > 1);
        (too_many.unwrap_or(max), max)
    }
}

/// Returns the number of successes after which a limit with this number of failures is tried.
fn successes_before(failures: u32) -> u32 {
    match failures {
        0 => 1,
        _ => FIRST_TRIAL.saturating_mul(2u32.saturating_pow(failures - 1)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Makes requests in rounds, as many at once as the limit allows. A round fails if it has too many requests. Returns
    /// the number of failed rounds.
    fn rounds(concurrency: &mut Concurrency, rounds: usize, most: usize) -> usize {
        let mut failed = 0;
        for _ in 0..rounds {
            let mut requests = Vec::new();
            while concurrency.allows(requests.len()) {
                requests.push(concurrency.start(requests.len()));
            }
            let fails = requests.len() > most;
            failed += usize::from(fails);
            for request in requests {
                match fails {
                    true => concurrency.failed(request),
                    false => concurrency.answered(request),
                }
            }
        }
        failed
    }

    #[test]
    fn the_limit_grows_from_1_to_the_maximum_with_each_success() {
        let mut concurrency = Concurrency::new(4);
        for limit in [1, 2, 3, 4, 4] {
            assert_eq!(concurrency.limit, limit);
            assert_eq!(rounds(&mut concurrency, 1, 9), 0);
        }
        assert_eq!(concurrency.settled(), (4, 4));
    }

    #[test]
    fn the_limit_settles_at_the_number_of_requests_that_the_server_can_handle() {
        for most in [1, 2, 3, 5] {
            let mut concurrency = Concurrency::new(8);
            let failed = rounds(&mut concurrency, 2000, most);
            assert!(failed < 12, "{most}: {failed}");
            assert_eq!(concurrency.settled(), (most, 8));
        }
    }

    #[test]
    fn requests_of_an_earlier_limit_change_nothing() {
        let mut concurrency = Concurrency::new(8);
        rounds(&mut concurrency, 7, 9);
        let requests = [0, 1, 7].map(|in_flight| concurrency.start(in_flight));
        for request in requests {
            concurrency.failed(request);
        }
        assert_eq!(concurrency.limit, 4);
        concurrency.answered(requests[2]);
        assert_eq!((concurrency.limit, concurrency.successes), (4, 0));
    }

    #[test]
    fn the_limit_recovers_from_an_outage_and_from_a_bad_record() {
        let mut concurrency = Concurrency::new(4);
        rounds(&mut concurrency, 10, 9);
        rounds(&mut concurrency, 9, 0);
        assert_eq!((concurrency.limit, concurrency.settled()), (1, (4, 4)));
        rounds(&mut concurrency, 100, 9);
        assert_eq!((concurrency.limit, concurrency.settled()), (4, (4, 4)));

        rounds(&mut concurrency, 9, 0);
        concurrency.forget_failures();
        rounds(&mut concurrency, 3, 9);
        assert_eq!(concurrency.limit, 4);
    }

    #[test]
    fn requests_that_do_not_use_the_limit_do_not_raise_it() {
        let mut concurrency = Concurrency::new(4);
        for _ in 0..9 {
            let request = concurrency.start(0);
            concurrency.answered(request);
        }
        assert_eq!(concurrency.limit, 2);
    }
}
