//! The delivery to a server that would store a record twice if it got it twice. Before each attempt to deliver records, also
//! after a failure, the server is asked which of them it holds, and only the rest is posted.

use std::cell::{Cell, RefCell};
use std::collections::HashSet;
use std::time::SystemTime;

use uuid::Uuid;

use super::delivery_worker::DeliveryWorker;
use super::http::{Answer, Response};
use super::parts::Part;
use super::rate_limiter::{RequestPermit, Stopped};
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
        let Target { client, server, .. } = self.target;
        let asked = server.stored(self.records, client);
        self.count_lookup();
        match asked {
            Ok(stored) => self.settle(&stored),
            Err(LookupFailure::Answer(answer, verdict)) => {
                self.verdict.replace(Some(verdict));
                return (answer, 0);
            }
            Err(LookupFailure::Unusable(problem)) => {
                self.problem.replace(Some(problem));
                self.verdict.replace(Some(Verdict::Stop));
                return (Answer::Response(Response::default()), 0);
            }
        }
        if self.records.is_empty() {
            self.verdict.replace(Some(Verdict::Accepted));
            return (Answer::Response(Response::default()), 0);
        }
        let body = server.body(self.records);
        self.bytes.set(body.len());
        server.post(client, self.records, &body, client.compress)
    }

    fn verdict(&self, answer: &Answer) -> Verdict {
        let of_lookup = self.verdict.take();
        of_lookup.unwrap_or_else(|| {
            let server = &self.target.server;
            server.verdict(self.records, answer, SystemTime::now())
        })
    }

    fn count_lookup(&self) {
        let requests = &mut self.target.statistics().requests;
        requests.start(false);
        requests.end(0);
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
        let attempts = Attempts {
            target,
            records,
            has_found: Cell::new(false),
            bytes: Cell::new(0),
            verdict: RefCell::new(None),
            problem: RefCell::new(None),
        };
        let answered = self.requester.deliver(
            Some(permit),
            records,
            limits,
            || attempts.attempt(),
            |answer| attempts.verdict(answer),
        );
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
