//! The one loop that repeats requests.

use std::time::{Instant, SystemTime};

use super::http::Answer;
use super::rate_limiter::Stopped;
use super::send_batch::{BatchItem, BatchSlice};
use super::server::{FinalAnswer, Lookup, LookupRequests};
use super::target::Target;
use super::verdict::{Retry, Suspect, Verdict, verdict_by_status};
use crate::console::Console;

/// Makes requests to one target.
#[derive(Clone, Copy)]
pub struct Requester<'r> {
    pub target: &'r Target,
    pub console: &'r Console,
}

impl Requester<'_> {
    /// Posts records. The request is retried as often as the options allow if there is no answer or the server asks to
    /// wait. It is retried at most `max_retries` times if the server fails and does not say how long to wait.
    ///
    /// # Errors
    /// Returns `Stopped` if the target is stopped meanwhile.
    pub fn post(
        self,
        records: BatchSlice<'_>,
        body: &[u8],
        max_retries: u32,
        compress: bool,
    ) -> Result<(Verdict, FinalAnswer), Stopped> {
        let Target { client, server, .. } = self.target;
        self.repeat(
            max_retries,
            || client.post(body, compress),
            |answer| match client.dry_run {
                true => Verdict::Accepted,
                false => server.verdict(records, answer, SystemTime::now()),
            },
        )
    }

    /// Looks up a record. If it is missing, looks it up again, since some servers show new records late. Stops after
    /// `repetitions` more lookups, or at the time `until`.
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
        for nth in 0.. {
            let lookup = target.server.look_up(record, text, &self)?;
            let now = Instant::now();
            let left = until.map(|until| until.saturating_duration_since(now));
            let is_last = nth >= repetitions || left.is_some_and(|left| left.is_zero());
            if is_last || !matches!(lookup, Lookup::Missing) {
                return Ok(lookup);
            }
            let wait = target.backoff.wait(nth, fastrand::f64());
            target
                .rate_limiter
                .sleep(left.map_or(wait, |left| left.min(wait)))?;
        }
        Ok(Lookup::Missing)
    }

    fn repeat(
        self,
        max_retries: u32,
        request: impl Fn() -> (Answer, usize),
        verdict: impl Fn(&Answer) -> Verdict,
    ) -> Result<(Verdict, FinalAnswer), Stopped> {
        let target = self.target;
        let mut retries = 0;
        loop {
            target.rate_limiter.acquire()?;
            target.statistics().requests.start(retries > 0);
            let (answer, bytes) = request();
            target.statistics().requests.end(bytes);
            let verdict = verdict(&answer);
            let retry = match &verdict {
                &Verdict::Retry(retry) if retries < self.allowed(retry, max_retries) => retry,
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
            let of = (retries, self.allowed(retry, max_retries));
            target.note_retry(&answer, of, time, self.console);
            match retry.after {
                // The server's request to wait applies to all workers of the target.
                Some(_) => target.rate_limiter.hold(time),
                None => target.rate_limiter.sleep(time)?,
            }
        }
    }

    fn allowed(self, retry: Retry, max_retries: u32) -> u32 {
        if retry.suspect != Suspect::Server && retry.after.is_none() {
            max_retries
        } else {
            self.target.backoff.max_retries
        }
    }
}

impl LookupRequests for Requester<'_> {
    fn get(&self, parameter: &str, value: &str) -> Result<FinalAnswer, Stopped> {
        let (_, answer) = self.repeat(
            self.target.backoff.max_retries,
            || (self.target.client.get(parameter, value), 0),
            |answer| verdict_by_status(answer, SystemTime::now()),
        )?;
        Ok(answer)
    }
}
