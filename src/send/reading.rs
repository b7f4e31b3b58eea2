//! Whether records can be read from a server, as far as the answers to lookups show.

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::SystemTime;

use super::http::{Answer, Response};
use super::verdict::{Verdict, verdict_by_status};

/// The results of the lookups of a run.
#[derive(Debug, Default)]
pub struct Reading {
    has_succeeded: AtomicBool,
    is_failing: AtomicBool,
}

impl Reading {
    /// Notes the answer to a lookup after all its retries, and whether a load balancer has probably given it.
    pub fn note(&self, answer: &Answer, is_outage: bool) {
        let verdict = verdict_by_status(answer, SystemTime::now());
        if verdict == Verdict::Accepted {
            self.has_succeeded.store(true, Ordering::Relaxed);
        }
        let is_failing = matches!(verdict, Verdict::Retry(_)) || is_outage;
        self.is_failing.store(is_failing, Ordering::Relaxed);
    }

    /// Returns whether a lookup of this run has succeeded. If so, the credentials allow reading, whatever a later answer
    /// says.
    pub fn has_succeeded(&self) -> bool {
        self.has_succeeded.load(Ordering::Relaxed)
    }

    /// Returns whether the last lookup has failed after all its retries. If so, the next lookup is not repeated.
    pub fn is_failing(&self) -> bool {
        self.is_failing.load(Ordering::Relaxed)
    }
}

/// Returns whether the answer is 403, which a load balancer may give while it does not know the server yet.
pub fn is_forbidden(answer: &Answer) -> bool {
    matches!(answer, Answer::Response(Response { status: 403, .. }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_success_shows_that_reading_is_allowed_and_ends_a_failure() {
        let reading = Reading::default();
        for (status, has_succeeded, is_failing) in [
            (404, false, false),
            (403, false, true),
            (503, false, true),
            (405, false, false),
            (200, true, false),
            (403, true, true),
        ] {
            let answer = Answer::Response(Response {
                status,
                ..Response::default()
            });
            reading.note(&answer, is_forbidden(&answer));
            let noted = (reading.has_succeeded(), reading.is_failing());
            assert_eq!(noted, (has_succeeded, is_failing), "{status}");
        }
    }
}
