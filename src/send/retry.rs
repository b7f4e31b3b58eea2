//! The one loop that repeats requests.

use std::sync::atomic::Ordering;
use std::time::{Instant, SystemTime};

use super::batch_failures::{ROUTING_RETRIES, RetryLimits};
use super::http::Answer;
use super::rate_limiter::{RequestPermit, Stopped};
use super::reading::is_forbidden;
use super::send_batch::{BatchItem, BatchSlice};
use super::server::{FinalAnswer, Lookup, LookupRequests};
use super::target::Target;
use super::verdict::{Retry, Suspect, Verdict, may_be_routing_outage, verdict_by_status};
use crate::console::Console;

/// Makes requests to one target.
#[derive(Clone, Copy)]
pub struct Requester<'r> {
    pub target: &'r Target,
    pub console: &'r Console,
    /// Whether the answers to lookups raise the number of requests that are made at once. During deliveries, they do not,
    /// because a lookup does not show how many deliveries the server can handle.
    pub learns_from_lookups: bool,
}

/// The reason for the retries of a request that a load balancer may have answered in place of the server.
const ROUTING_OUTAGE: Retry = Retry {
    after: None,
    suspect: Suspect::Server,
};

impl Requester<'_> {
    /// Posts records. If the server fails, the request is retried as often as the limits allow. If there is no connection
    /// or the server asks to wait, the request is retried as often as the options allow. The permit is for the first
    /// request.
    ///
    /// # Errors
    /// Returns `Stopped` if the target is stopped meanwhile.
    pub fn post(
        self,
        permit: Option<RequestPermit<'_>>,
        records: BatchSlice<'_>,
        body: &[u8],
        limits: RetryLimits,
        compress: bool,
    ) -> Result<(Verdict, FinalAnswer), Stopped> {
        let Target { client, server, .. } = self.target;
        self.deliver(
            permit,
            records,
            limits,
            || server.post(client, records, body, compress),
            |answer| match client.dry_run {
                true => Verdict::Accepted,
                false => server.verdict(records, answer, SystemTime::now()),
            },
        )
    }

    /// Makes a request with these records, and retries it as [`post`](Self::post) does.
    ///
    /// # Errors
    /// Returns `Stopped` if the target is stopped meanwhile.
    pub fn deliver(
        self,
        permit: Option<RequestPermit<'_>>,
        records: BatchSlice<'_>,
        limits: RetryLimits,
        request: impl Fn() -> (Answer, usize),
        verdict: impl Fn(&Answer) -> Verdict,
    ) -> Result<(Verdict, FinalAnswer), Stopped> {
        let server = &self.target.server;
        let is_too_large = || records.len() > self.target.request_limits.limits().items;
        let mut routing_outages = 0;
        self.repeat(permit, request, verdict, |answer, verdict| match *verdict {
            // Meanwhile, a smaller request of another worker may have succeeded.
            Verdict::Retry(retry)
                if matches!(retry.suspect, Suspect::Size | Suspect::Time) && is_too_large() =>
            {
                None
            }
            Verdict::Retry(retry) => Some((retry, self.allowed(retry, limits))),
            _ if may_be_routing_outage(answer)
                && !server.is_own(answer)
                && routing_outages < limits.routing =>
            {
                routing_outages += 1;
                Some((ROUTING_OUTAGE, self.target.backoff.max_retries))
            }
            _ => None,
        })
    }

    /// Looks up a record. If it is missing, looks it up again, since some servers show new records late. Stops after
    /// `repetitions` more lookups, or at the time `until`. After such a wait in vain, does not wait again before a record
    /// is found.
    ///
    /// # Errors
    /// Returns `Stopped` if the target is stopped meanwhile.
    pub fn look_up(
        self,
        (record, text): (&BatchItem, &[u8]),
        repetitions: u32,
        until: Option<Instant>,
    ) -> Result<Lookup, Stopped> {
        let target = self.target;
        let waited_in_vain = &target.status.waited_in_vain;
        let started = Instant::now();
        let until = match waited_in_vain.load(Ordering::Relaxed) {
            true => until.map(|_| started),
            false => until,
        };
        for nth in 0.. {
            let lookup = target.server.look_up(record, text, &self)?;
            let now = Instant::now();
            let left = until.map(|until| until.saturating_duration_since(now));
            let is_over = left.is_some_and(|left| left.is_zero());
            match lookup {
                Lookup::Missing => {}
                Lookup::Same | Lookup::Different => {
                    waited_in_vain.store(false, Ordering::Relaxed);
                    return Ok(lookup);
                }
                Lookup::Unverified(_) | Lookup::Unavailable(_) => return Ok(lookup),
            }
            if is_over {
                waited_in_vain.store(true, Ordering::Relaxed);
            }
            if is_over || nth >= repetitions {
                return Ok(lookup);
            }
            if let Some(left) = left {
                target.note_invisible(now - started, left, self.console);
            }
            let wait = target.backoff.wait(nth, fastrand::f64());
            target
                .rate_limiter
                .sleep(left.map_or(wait, |left| left.min(wait)))?;
        }
        Ok(Lookup::Missing)
    }

    /// Makes a request until `retry` returns `None`, or fewer retries than were made. `retry` is given the answer and its
    /// verdict. The permit is for the first request.
    fn repeat(
        self,
        mut permit: Option<RequestPermit<'_>>,
        request: impl Fn() -> (Answer, usize),
        verdict: impl Fn(&Answer) -> Verdict,
        mut retry: impl FnMut(&Answer, &Verdict) -> Option<(Retry, u32)>,
    ) -> Result<(Verdict, FinalAnswer), Stopped> {
        let target = self.target;
        let mut retries = 0;
        loop {
            let permit = match permit.take() {
                Some(permit) => permit,
                None => target.rate_limiter.acquire()?,
            };
            target.statistics().requests.start(retries > 0);
            let (answer, bytes) = request();
            target.statistics().requests.end(bytes);
            let verdict = verdict(&answer);
            match verdict {
                Verdict::Retry(_) => permit.failed(),
                _ if bytes > 0 || self.learns_from_lookups => permit.answered(),
                _ => {}
            }
            drop(permit);
            let (retry, allowed) = match retry(&answer, &verdict) {
                Some((retry, allowed)) if retries < allowed => (retry, allowed),
                _ => {
                    target.status.progress.set_wait(None);
                    let attempts = u64::from(retries) + 1;
                    return Ok((verdict, FinalAnswer { answer, attempts }));
                }
            };
            let backoff = target.backoff.wait(retries, fastrand::f64());
            // If the server asks for a shorter wait than the backoff, the backoff applies.
            let time = retry.after.unwrap_or_default().max(backoff);
            retries += 1;
            target.note_retry(&answer, (retries, allowed), time, self.console);
            match retry.after {
                // The server's request to wait applies to all workers of the target.
                Some(_) => target.rate_limiter.hold(time),
                None => target.rate_limiter.sleep(time)?,
            }
        }
    }

    fn allowed(self, retry: Retry, limits: RetryLimits) -> u32 {
        match retry.suspect {
            Suspect::Server => self.target.backoff.max_retries,
            Suspect::Record | Suspect::Firewall => limits.record,
            Suspect::Size => limits.size,
            Suspect::Time => limits.time,
        }
    }
}

impl LookupRequests for Requester<'_> {
    fn get(&self, parameter: &str, value: &str) -> Result<FinalAnswer, Stopped> {
        let reading = &self.target.status.reading;
        let max_retries = match reading.is_failing() {
            true => 0,
            false => self.target.backoff.max_retries,
        };
        let is_outage = |answer: &Answer| {
            is_forbidden(answer) || self.target.server.is_of_load_balancer(answer)
        };
        let (_, last) = self.repeat(
            None,
            || (self.target.client.get(parameter, value), 0),
            |answer| verdict_by_status(answer, SystemTime::now()),
            |answer, verdict| match *verdict {
                Verdict::Retry(retry) => Some((retry, max_retries)),
                _ if is_outage(answer) => Some((ROUTING_OUTAGE, max_retries.min(ROUTING_RETRIES))),
                _ => None,
            },
        )?;
        reading.note(&last.answer, is_outage(&last.answer));
        Ok(last)
    }

    fn has_succeeded(&self) -> bool {
        self.target.status.reading.has_succeeded()
    }
}
