//! Delivery to a server that does not recognize duplicates. Before each attempt to deliver records, also after a failure, the
//! server is asked which of them it holds, and only the rest is posted. Batches with the same record wait for each other.

use std::cell::{Cell, RefCell};
use std::collections::HashSet;
use std::time::SystemTime;

use uuid::Uuid;

use super::batch_failures::{ROUTING_RETRIES, RetryLimits};
use super::delivery_worker::DeliveryWorker;
use super::http::{Answer, Response};
use super::parts::Part;
use super::rate_limiter::{RequestPermit, Stopped};
use super::retry::Requester;
use super::send_batch::BatchSlice;
use super::server::LookupFailure;
use super::target::Target;
use super::verdict::Verdict;
use crate::exit_code::ExitCode;

/// Attempts to deliver records. Records that the server holds are settled.
struct Attempts<'a> {
    target: &'a Target,
    records: BatchSlice<'a>,
    /// Whether the server holds some of the records.
    has_found: Cell<bool>,
    /// The size of the last body.
    bytes: Cell<usize>,
    /// The meaning of the last answer, if no body was posted.
    verdict: RefCell<Option<Verdict>>,
    /// The reason why records cannot be delivered at all.
    problem: RefCell<Option<String>>,
}

impl Attempts<'_> {
    /// Asks which records the server holds, and posts the rest. Returns the answer and the number of bytes that were sent.
    fn attempt(&self) -> (Answer, usize) {
        if let Some(answer) = self.ask() {
            return (answer, 0);
        }
        if self.records.is_empty() {
            self.verdict.replace(Some(Verdict::Accepted));
            return (Answer::Response(Response::default()), 0);
        }
        self.post_by_risk()
    }

    /// Posts the records, and those whose insert may fail although they are stored apart from the others.
    fn post_by_risk(&self) -> (Answer, usize) {
        let Target { server, .. } = self.target;
        let is_risky =
            |record: &BatchSlice<'_>| record.iter().any(|(_, text)| server.is_risky(text));
        let risky: Vec<_> = self.records.singles().filter(is_risky).collect();
        if risky.is_empty() || risky.len() == self.records.len() {
            return self.post();
        }
        risky.iter().for_each(|record| record.settle());
        let (answer, bytes) = self.post();
        let verdict = server.verdict(self.records, &answer, SystemTime::now());
        let is_accepted = verdict == Verdict::Accepted;
        if is_accepted {
            self.has_found.set(true);
            self.target.statistics().add_delivered(self.records);
            self.records.settle();
        }
        risky.iter().for_each(|record| record.reopen());
        if is_accepted {
            return self.post();
        }
        self.verdict.replace(Some(verdict));
        (answer, bytes)
    }

    fn post(&self) -> (Answer, usize) {
        let Target { client, server, .. } = self.target;
        let body = server.body(self.records);
        self.bytes.set(body.len());
        for (record, _) in self.records.iter() {
            record.was_posted.set(true);
        }
        server.post(client, self.records, &body, client.compress)
    }

    /// Asks which records the server holds, and settles them. Returns the answer if it does not say which they are.
    fn ask(&self) -> Option<Answer> {
        let Target { client, server, .. } = self.target;
        let asked = server.stored(self.records, client);
        let (answer, verdict) = match asked {
            Ok(stored) => {
                self.settle(&stored);
                return None;
            }
            Err(LookupFailure::Answer(failure)) => *failure,
            Err(LookupFailure::Unusable(problem)) => {
                self.problem.replace(Some(problem));
                (Answer::Response(Response::default()), Verdict::Stop)
            }
        };
        self.verdict.replace(Some(verdict));
        Some(answer)
    }

    fn verdict(&self, answer: &Answer) -> Verdict {
        let of_lookup = self.verdict.take();
        of_lookup.unwrap_or_else(|| {
            let server = &self.target.server;
            server.verdict(self.records, answer, SystemTime::now())
        })
    }

    /// Counts the records that the server holds, and leaves them out of later attempts.
    fn settle(&self, stored: &HashSet<Uuid>) {
        if stored.is_empty() {
            return;
        }
        let is_stored = |record: &BatchSlice<'_>| {
            let id = record.first().map(|item| item.id);
            id.is_some_and(|id| stored.contains(&id))
        };
        let mut statistics = self.target.statistics();
        for record in self.records.singles().filter(is_stored) {
            self.has_found.set(true);
            statistics.add_duplicates(record, true);
            let was_posted = record.first().is_some_and(|item| item.was_posted.get());
            statistics.of_failed_inserts += u64::from(was_posted);
            record.settle();
        }
    }
}

impl<'r> DeliveryWorker<'r> {
    /// Delivers those records of a part that the server does not hold. If the target is stopped meanwhile, the part is cut
    /// to the records that have no outcome yet.
    pub(super) fn deliver_rest(
        &mut self,
        part: &mut Part<'r>,
        permit: RequestPermit<'r>,
    ) -> Result<(), Stopped> {
        let target = self.requester.target;
        let records = part.records;
        let limits = self.failures.retry_limits(records.len(), part.max_retries);
        let ids = records.iter().map(|(record, _)| record.id).collect();
        let claims = &target.status.claims;
        let (_claim, permit) = match claims.try_claim(ids) {
            Ok(claim) => (claim, Some(permit)),
            Err(ids) => {
                // The other worker may need the permit for a retry.
                drop(permit);
                let claim = claims.claim(ids, || target.is_stopped());
                (claim.ok_or(Stopped)?, None)
            }
        };
        let attempts = Attempts {
            target,
            records,
            has_found: Cell::new(false),
            bytes: Cell::new(0),
            verdict: RefCell::new(None),
            problem: RefCell::new(None),
        };
        let answered = self.requester.deliver(
            permit,
            records,
            limits,
            || attempts.attempt(),
            |answer| attempts.verdict(answer),
        );
        // The row of a refused record may be stored all the same, if a materialized view has refused it.
        let is_refused = matches!(answered, Ok((Verdict::Refused, _))) && records.len() == 1;
        if is_refused && attempts.ask().is_some() {
            attempts.verdict.take();
        }
        if attempts.has_found.get() {
            self.found();
        }
        let (verdict, last) = answered?;
        if let Some(problem) = attempts.problem.take() {
            target.stop(ExitCode::Stopped, problem);
            return Err(Stopped);
        }
        if records.is_empty() {
            return Ok(());
        }
        let bytes = attempts.bytes.get();
        self.note_answer(&verdict, last.attempts, records.len(), bytes);
        self.follow(part, verdict, &last, bytes)
    }
}

impl Requester<'_> {
    /// Asks which of these records the server holds. Failed requests are retried. Stops the target if the answers do not
    /// say it.
    ///
    /// # Errors
    /// Returns `Stopped` if the target is stopped.
    pub fn stored(self, records: BatchSlice<'_>) -> Result<HashSet<Uuid>, Stopped> {
        let target = self.target;
        let max_retries = target.backoff.max_retries;
        let limits = RetryLimits {
            record: max_retries,
            size: max_retries,
            time: max_retries,
            routing: max_retries.min(ROUTING_RETRIES),
        };
        let asked = RefCell::new(None);
        let request = || {
            let stored = target.server.stored(records, &target.client);
            let answer = match &stored {
                Err(LookupFailure::Answer(failure)) => failure.0.clone(),
                Ok(_) | Err(LookupFailure::Unusable(_)) => Answer::Response(Response::default()),
            };
            asked.replace(Some(stored));
            (answer, 0)
        };
        let verdict = |_: &Answer| match &*asked.borrow() {
            Some(Err(LookupFailure::Answer(failure))) => failure.1.clone(),
            _ => Verdict::Accepted,
        };
        self.deliver(None, records, limits, request, verdict)?;
        let message = match asked.take() {
            Some(Ok(stored)) => return Ok(stored),
            Some(Err(LookupFailure::Unusable(problem))) => problem,
            Some(Err(LookupFailure::Answer(failure))) => target.explain_failed_lookup(&failure.0),
            None => return Err(Stopped),
        };
        target.stop(ExitCode::Stopped, message);
        Err(Stopped)
    }
}
