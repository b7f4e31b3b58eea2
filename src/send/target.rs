//! A target: a router or server that records are sent to, with the state that its workers share.

use std::fmt::Display;
use std::ops::Range;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::{Duration, Instant};

use super::acknowledgements::{AcknowledgementTracker, ReachedPosition};
use super::breaker::Breaker;
use super::claims::Claims;
use super::dead_letters::DeadLetters;
use super::delivered_share::Mark;
use super::gzip_support::GzipSupport;
use super::http::{Answer, Client};
use super::letter_groups::LetterGroups;
use super::rate_limiter::{Backoff, RateLimiter};
use super::reading::Reading;
use super::request_limits::RequestLimits;
use super::server::Server;
use super::statistics::TargetStatistics;
use super::target_progress::{RetryWait, TargetProgress, Wait};
use super::verification::Verification;
use crate::checkpoint::{DeliveryProgress, StateDirectory};
use crate::console::Console;
use crate::exit_code::ExitCode;
use crate::format::Format;
use crate::interrupt::RESPONSE_GRACE;
use crate::text::{line_text, plural, shell_argument};

/// A router or server that records are sent to, and the state that its workers share.
pub struct Target {
    /// The name of the router in messages, reports and dead letters.
    pub name: String,
    pub format: Format,
    pub server: Box<dyn Server>,
    pub client: Client,
    pub rate_limiter: RateLimiter,
    pub backoff: Backoff,
    pub request_limits: RequestLimits,
    /// The directory of dead letters. Without it, the first record that cannot be delivered stops the target.
    pub dead_letters: Option<DeadLetters>,
    /// The most records in dead letters, after which the target is stopped. `None` means the usual limit.
    pub max_dead_letters: Option<u64>,
    /// The state directory in which the target records the positions that it has reached.
    pub state: Option<Arc<StateDirectory>>,
    pub status: TargetStatus,
}

/// The statistics and acknowledgements of a target, and why and when it was stopped.
#[derive(Default)]
pub struct TargetStatus {
    statistics: Mutex<TargetStatistics>,
    breaker: Breaker,
    pub gzip: GzipSupport,
    pub reading: Reading,
    acknowledgements: Mutex<AcknowledgementTracker>,
    /// The exit code and the reason, if the target was stopped.
    stop: Mutex<Option<(ExitCode, String)>>,
    interrupted: OnceLock<Instant>,
    /// Whether the last wait for the server to show a record that it had accepted was in vain.
    pub waited_in_vain: AtomicBool,
    /// The body of a request with a record that the server has taken in this run. Sending the record again shows whether
    /// the server still takes records.
    pub taken: OnceLock<Vec<u8>>,
    /// The ids of the records that are being delivered, if the server is asked first what it holds.
    pub claims: Claims,
    /// Set once a batch was divided because the server failed.
    pub has_halved: AtomicBool,
    /// Set once the server was checked, before the first delivery.
    pub checked: OnceLock<()>,
    pub progress: TargetProgress,
    /// The records that the server should hold, with what it holds, after a run that verifies them.
    verification: OnceLock<Verification>,
}

impl Target {
    /// Returns the name of the target in a state directory. A slash at the end of the URL makes no difference.
    pub fn name_in_state(&self) -> String {
        format!("{} {}", self.format.name(), self.name.trim_end_matches('/'))
    }

    pub fn statistics(&self) -> MutexGuard<'_, TargetStatistics> {
        lock(&self.status.statistics)
    }

    /// Returns the number of requests, retries included. The check before the first delivery is not counted.
    pub fn request_count(&self) -> u64 {
        let checks = u32::from(self.status.checked.get().is_some());
        let made = self.client.requests.load(Ordering::Relaxed);
        u64::from(made.saturating_sub(checks))
    }

    pub fn breaker(&self) -> &Breaker {
        &self.status.breaker
    }

    /// Stops the target. If it is stopped several times, the first reason is reported.
    pub fn stop(&self, code: ExitCode, message: String) {
        lock(&self.status.stop).get_or_insert((code, message));
        self.rate_limiter.stop();
    }

    /// Stops the target because the run was interrupted.
    pub fn interrupt(&self) {
        self.status.interrupted.get_or_init(Instant::now);
        self.stop(
            ExitCode::Stopped,
            format!("sending to `{}` was interrupted", self.name),
        );
    }

    pub fn is_stopped(&self) -> bool {
        self.rate_limiter.is_stopped()
    }

    /// Returns whether the run was interrupted and has waited long enough for the answers to its last requests.
    pub fn is_out_of_time(&self) -> bool {
        let interrupted = self.status.interrupted.get();
        interrupted.is_some_and(|at| at.elapsed() >= RESPONSE_GRACE)
    }

    /// Notes a position of an input: the records of the lines before the position have numbers below `before`.
    pub fn submitted(&self, before: u64, position: ReachedPosition) {
        self.update_checkpoint(|tracker| tracker.submitted(before, position));
    }

    /// Notes that the records with these numbers are stored by the server or written to dead letters.
    pub fn acknowledged(&self, numbers: Range<u64>) {
        self.update_checkpoint(|tracker| tracker.acknowledged(numbers));
    }

    /// Updates the tracker, and writes the positions that are now reached to the state directory.
    fn update_checkpoint(&self, update: impl FnOnce(&mut AcknowledgementTracker)) {
        let Some(state) = &self.state else { return };
        // The lock is held until the positions are written. Otherwise, two workers could write them out of order.
        let mut tracker = lock(&self.status.acknowledgements);
        update(&mut tracker);
        for reached in tracker.reached() {
            let progress = DeliveryProgress::to(reached.position).ending(reached.ends);
            let recorded = state.delivered(reached.input, &self.name_in_state(), progress);
            if let Err(error) = recorded {
                self.stop(ExitCode::Output, format!("{error:#}"));
            }
        }
    }

    /// Returns a sentence that says what the server answered.
    pub fn describe(&self, answer: &Answer) -> String {
        let text = self.client.text_of(answer);
        let described = match answer {
            Answer::Response(response) => self.describe_text(Some(response.shown_status()), &text),
            Answer::Lost(_) | Answer::Impossible(_) => self.describe_text(None::<u16>, &text),
        };
        match self.client.proxy_behind(answer) {
            Some(proxy) => format!("{described} (proxy `{proxy}`)"),
            None => described,
        }
    }

    /// Returns a sentence that says what the server answered, given the status of the answer and its text. Without an
    /// answer, the text is the reason.
    pub fn describe_text(&self, status: Option<impl Display>, text: &str) -> String {
        const MAX_CHARS: usize = 300;
        let name = &self.name;
        // Joins the lines of the answer, because a message is one line. The answer may be a web page.
        let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
        let text: String = text.chars().take(MAX_CHARS).collect();
        match status {
            Some(status) if text.is_empty() => format!("`{name}` answered {status}"),
            Some(status) => format!("`{name}` answered {status}: {text}"),
            None => format!("failed to get an answer from `{name}`: {text}"),
        }
    }

    /// Returns the dead letters that the target has written.
    pub fn letter_groups(&self) -> LetterGroups {
        let dead_letters = self.dead_letters.as_ref();
        dead_letters.map(DeadLetters::written).unwrap_or_default()
    }

    /// Returns what the server holds, after a run that verifies it.
    pub fn verification(&self) -> Option<&Verification> {
        self.status.verification.get()
    }

    /// Keeps the result of a verification, for the report.
    pub fn set_verification(&self, verification: Verification) {
        // A run verifies each target once.
        let _ = self.status.verification.set(verification);
    }

    /// Prints the number of undeliverable records, and the reason if the target was stopped. Returns the exit code.
    pub fn report_end(&self, console: &Console) -> ExitCode {
        let statistics = self.statistics();
        let letters = self.letter_groups().letters();
        if letters > 0 {
            // Printed as an error, because `--quiet` does not hide errors.
            let records = statistics.reasons.values().sum::<u64>();
            let directory = match &self.dead_letters {
                Some(letters) => format!(" {}", shell_argument(letters.directory().as_os_str())),
                None => String::new(),
            };
            console.error(&format!(
                "failed to deliver {records} record{} to `{}`, now kept in {letters} dead letter{}; `event-router dead-letters{directory}` shows why, and how to settle them",
                plural(records),
                self.name,
                plural(letters),
            ));
        }
        let undelivered = match statistics.undeliverable {
            0 => ExitCode::Success,
            _ => ExitCode::Undelivered,
        };
        let Some((code, message)) = &*lock(&self.status.stop) else {
            return undelivered;
        };
        let first = match &statistics.first_left {
            Some(origin) => format!(
                "; the first record not delivered is from {} of `{}`",
                line_text(origin.line, origin.byte),
                origin.file
            ),
            None => String::new(),
        };
        console.error(&format!("{message}{first}"));
        (*code).max(undelivered)
    }

    /// Notes that the inputs were read up to `bytes`. `open` records of these bytes are not submitted yet.
    pub fn note_read(&self, bytes: u64, open: usize) {
        let statistics = self.statistics();
        let settled = statistics.settled();
        let records = settled + statistics.left() + open as u64;
        drop(statistics);
        self.status.progress.add(settled, Mark { records, bytes });
    }

    /// Returns how many bytes of the inputs are delivered, about.
    pub fn bytes_delivered(&self) -> u64 {
        let settled = self.statistics().settled();
        self.status.progress.bytes(settled)
    }

    /// Notes that a request is repeated because of this answer, and warns of the wait unless a warning was shown lately.
    pub fn note_retry(
        &self,
        answer: &Answer,
        (retry, max_retries): (u32, u32),
        time: Duration,
        console: &Console,
    ) {
        let cause = match answer {
            Answer::Response(response) => format!("answered {}", response.shown_status()),
            Answer::Lost(_) | Answer::Impossible(_) => "gave no answer".to_owned(),
        };
        let wait = RetryWait {
            cause,
            detail: self
                .client
                .text_of(answer)
                .split_whitespace()
                .collect::<Vec<_>>()
                .join(" "),
            retry,
            max_retries,
            since: Instant::now(),
            time,
        };
        if self.status.progress.may_warn() {
            console.warn(&format!(
                "{}; {}",
                self.describe(answer),
                wait.retry_and_time()
            ));
        }
        self.status.progress.set_wait(Some(Wait::Retry(wait)));
    }

    /// Shows a note when a batch is divided for the first time, because the server failed.
    pub fn note_halves(&self, records: usize, answer: &Answer, console: &Console) {
        if self.status.has_halved.swap(true, Ordering::Relaxed) {
            return;
        }
        let cause = match status_of(answer) {
            Some(status) => format!("answered {status}"),
            None => "gave no answer".to_owned(),
        };
        console.note(&format!(
            "note: `{}` {cause} to {records} {} after all retries, so parts of them are sent, each with retries of its own, to find those at which the server fails",
            self.name,
            self.format.nouns()
        ));
    }

    /// Notes that a record that the server has accepted is looked up again after `waited`, for the time that is left.
    /// Warns of the wait after some seconds, since many servers show new records a little late.
    pub fn note_invisible(&self, waited: Duration, left: Duration, console: &Console) {
        const WARN_AFTER: Duration = Duration::from_secs(5);
        let progress = &self.status.progress;
        if waited >= WARN_AFTER && progress.may_warn() {
            let seconds = left.as_millis().div_ceil(1000);
            console.warn(&format!(
                "`{}` does not show statements that it accepted: looking again for up to {seconds} s",
                self.name
            ));
        }
        let since = Instant::now();
        progress.set_wait(Some(Wait::Invisible { since, time: left }));
    }
}

/// Returns the status of an answer, if there is an answer.
pub fn status_of(answer: &Answer) -> Option<u16> {
    match answer {
        Answer::Response(response) => Some(response.status),
        Answer::Lost(_) | Answer::Impossible(_) => None,
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
