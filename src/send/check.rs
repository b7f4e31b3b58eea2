//! The check of a target before its first delivery, and the probe that a user asks for. Neither stores anything.

use super::advice::advice;
use super::http::Answer;
use super::server::{Finding, is_final};
use super::target::Target;
use crate::exit_code::ExitCode;

impl Target {
    /// Makes one request before the first delivery. Stops the target if every delivery would fail: because of TLS, a
    /// proxy, the credentials or a redirect. Anything else is left to the deliveries, which may be repeated.
    pub fn check_once(&self) {
        if self.client.dry_run {
            return;
        }
        self.status.checked.get_or_init(|| {
            if self.rate_limiter.acquire().is_err() {
                return;
            }
            let answer = self.server.check(&self.client);
            if is_final(&answer) {
                self.stop(ExitCode::Stopped, self.explain(&answer));
            }
        });
    }

    /// Finds out whether records can be sent. Returns a sentence that says what was found.
    ///
    /// # Errors
    /// Returns a sentence that says what is wrong and what to change.
    pub fn probe(&self) -> Result<String, String> {
        let probe = self.server.probe(&self.client);
        match probe.finding {
            Finding::Usable(found) => Ok(format!("`{}`: {found}", self.name)),
            Finding::Elsewhere(url) => {
                let answer = self.describe(&probe.answer);
                Err(format!("{answer}; an LRS answers at `{url}`: use this URL"))
            }
            Finding::Unusable => {
                let answer = self.explain(&probe.answer);
                let is_success =
                    matches!(&probe.answer, Answer::Response(answer) if answer.status < 300);
                Err(match is_success {
                    true => format!("{answer}; this is not the answer of an LRS: check the URL"),
                    false => answer,
                })
            }
        }
    }

    /// Returns a sentence that says what the server answered and, if the answer shows it, what to change.
    pub fn explain(&self, answer: &Answer) -> String {
        let (described, client) = (self.describe(answer), &self.client);
        match advice(&client.requested, client.has_credentials, answer) {
            Some(advice) => format!(
                "{described}; the request was for `{}`: {advice}",
                client.requested.base()
            ),
            None => described,
        }
    }
}
