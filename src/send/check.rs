//! The check of a target before its first delivery, and the probe that a user asks for. Neither stores anything.

use std::time::SystemTime;

use super::advice::{advice, general_advice};
use super::http::{Answer, Loss, LossKind};
use super::rate_limiter::RequestPermit;
use super::server::{Finding, Probe, is_final};
use super::target::{Target, status_of};
use super::verdict::{Verdict, verdict_by_status};
use crate::exit_code::ExitCode;

/// The advice about a 403 after the server has accepted records in the same run.
const FIREWALL: &str = "the server has accepted other records in this run, so perhaps a firewall forbids these (with `--dead-letters`, \
    the run goes on after a few of them), or the credentials do not allow the request any longer";

impl Target {
    /// Makes one request before the first delivery. Stops the target if every delivery would fail: because of TLS, a
    /// proxy, the credentials or a redirect. Anything else is left to the deliveries, which may be repeated.
    pub fn check_once(&self) {
        if self.client.dry_run {
            return;
        }
        self.status.checked.get_or_init(|| {
            let Ok(_permit) = self.rate_limiter.acquire() else {
                return;
            };
            let answer = self.server.check(&self.client);
            if is_final(&answer) {
                self.stop(ExitCode::Stopped, self.explain(&answer));
            }
        });
    }

    /// Sends a record that the server has taken in this run once more. Returns whether the server takes the record again, or
    /// says that it has the record.
    pub fn takes_again(&self, _permit: &RequestPermit<'_>) -> bool {
        let Some(body) = self.status.taken.get() else {
            return false;
        };
        self.statistics().requests.start(false);
        let (answer, bytes) = self.server.takes_again(&self.client, body);
        self.statistics().requests.end(bytes);
        let verdict = verdict_by_status(&answer, SystemTime::now());
        matches!(verdict, Verdict::Accepted | Verdict::Conflict)
    }

    /// Finds out whether records can be sent. Returns a sentence that says what was found.
    ///
    /// # Errors
    /// Returns a sentence that says what is wrong and what to change.
    pub fn probe(&self) -> Result<String, String> {
        let Probe { answer, finding } = self.server.probe(&self.client);
        let advice = match finding {
            Finding::Usable(found) => return Ok(format!("`{}`: {found}", self.name)),
            Finding::Wrong(problem) => problem,
            Finding::Elsewhere(url) => format!("an LRS answers at `{url}`, so use this URL"),
            Finding::Unusable => {
                let advice = self.advice(&answer);
                advice.unwrap_or_else(|| general_advice(&answer).to_owned())
            }
        };
        Err(self.with_advice(&answer, &advice))
    }

    /// Returns a sentence that says what the server answered and, if the answer shows it, what to change.
    pub fn explain(&self, answer: &Answer) -> String {
        match self.advice(answer) {
            Some(advice) => self.with_advice(answer, &advice),
            None => self.describe(answer),
        }
    }

    /// Returns a sentence that says how the server fails, and what to do next if there is no directory for dead letters.
    pub fn explain_unavailable(&self, answer: &Answer) -> String {
        match self.advice(answer) {
            Some(advice) => self.with_advice(answer, &advice),
            None => format!(
                "{}; run again when the server is back, or give `--dead-letters DIR` to go on if it fails at some {} only",
                self.describe(answer),
                self.format.nouns()
            ),
        }
    }

    /// Returns a sentence about a lookup that does not say which records the server holds, and what to check.
    pub fn explain_failed_lookup(&self, answer: &Answer) -> String {
        let with = match answer {
            Answer::Response(_) => "with such an answer",
            Answer::Lost(_) | Answer::Impossible(_) => "without an answer",
        };
        let advice = match (self.advice(answer), status_of(answer)) {
            (Some(_), _) | (None, Some(200..=299)) => String::new(),
            (None, _) => format!(": {}", general_advice(answer)),
        };
        format!(
            "{}; statements cannot be verified {with}{advice}",
            self.explain(answer)
        )
    }

    /// Returns a sentence that says why there is no answer and, if the server has accepted nothing yet in this run and the
    /// reason shows it, what to change.
    pub fn explain_loss(&self, reason: &str) -> String {
        let described = self.describe_text(None::<u16>, reason);
        let lost = Answer::Lost(Loss {
            kind: LossKind::Other,
            reason: reason.to_owned(),
        });
        match self.advice(&lost).filter(|_| !self.breaker().is_proven()) {
            Some(advice) => format!("{described}; {advice}"),
            None => described,
        }
    }

    /// Returns a sentence about a success that does not show that the records are stored.
    pub fn explain_unconfirmed(&self, answer: &Answer) -> String {
        let (described, requested) = (self.describe(answer), self.client.requested.base());
        let advice = self.advice(answer);
        let advice = advice.as_deref().unwrap_or("check the URL");
        format!(
            "{described}; this answer does not confirm that the records are stored; the request was for `{requested}`: {advice}"
        )
    }

    fn advice(&self, answer: &Answer) -> Option<String> {
        if status_of(answer) == Some(403)
            && self.breaker().is_proven()
            && !self.server.is_own(answer)
        {
            return Some(FIREWALL.to_owned());
        }
        let has_credentials = self.client.has_credentials;
        let of_server = self.server.advice(answer, has_credentials);
        of_server.or_else(|| advice(&self.client.requested, has_credentials, answer))
    }

    fn with_advice(&self, answer: &Answer, advice: &str) -> String {
        let (described, requested) = (self.describe(answer), self.client.requested.base());
        format!("{described}; the request was for `{requested}`: {advice}")
    }
}
