//! One request, made until its answer is one, or it was repeated often enough. The one loop that repeats.

use std::time::SystemTime;

use super::rate_limiter::Stopped;
use super::target::Route;
use super::verdict::{Answer, Verdict, Wait, verdict};
use crate::console::Console;

/// What came of a request in the end.
pub struct Answered {
    pub verdict: Verdict,
    pub answer: Answer,
    /// How often it was made.
    pub attempts: u64,
}

/// Makes requests to one router.
#[derive(Clone, Copy)]
pub struct Requests<'r> {
    pub route: &'r Route,
    pub console: &'r Console,
}

impl Requests<'_> {
    /// Makes a request, which gives its answer and the bytes that were sent. One that the server fails at is repeated
    /// `when_failing` times; where it says when to come back, or there was no answer, as often as the options say.
    ///
    /// # Errors
    /// Nothing more is to be sent.
    pub fn make(
        self,
        when_failing: u32,
        request: impl Fn() -> (Answer, usize),
    ) -> Result<Answered, Stopped> {
        let route = self.route;
        let mut retries = 0;
        loop {
            route.pace.wait_for_turn()?;
            route.tally().request(retries > 0);
            let (answer, bytes) = request();
            route.tally().answer(bytes);
            let verdict = verdict(&answer, SystemTime::now());
            let wait = match verdict {
                Verdict::Wait(wait) if retries < allowed(wait, when_failing, route) => wait,
                _ => {
                    return Ok(Answered {
                        verdict,
                        answer,
                        attempts: u64::from(retries) + 1,
                    });
                }
            };
            let backoff = route.backoff.wait(retries, fastrand::f64());
            // A server that asks for no wait at all gets the usual one.
            let time = wait.retry_after.unwrap_or_default().max(backoff);
            if route.may_warn() {
                let (said, seconds) = (route.said(&answer), time.as_secs_f64());
                self.console
                    .warn(&format!("{said}; trying again in {seconds:.1} s"));
            }
            retries += 1;
            match wait.retry_after {
                // The server means all connections.
                Some(_) => route.pace.hold(time),
                None => route.pace.sleep(time)?,
            }
        }
    }
}

fn allowed(wait: Wait, when_failing: u32, route: &Route) -> u32 {
    if wait.may_be_poison && wait.retry_after.is_none() {
        when_failing
    } else {
        route.backoff.max_retries
    }
}
