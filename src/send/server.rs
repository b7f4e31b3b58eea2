//! The interface of a kind of server.

use std::collections::HashSet;
use std::time::SystemTime;

use anyhow::Result;
use uuid::Uuid;

use super::body_frame::BodyFrame;
use super::http::{Answer, Client, Resource, Response};
use super::rate_limiter::Stopped;
use super::send_batch::{BatchEnvelope, BatchItem, BatchSlice};
use super::verdict::{self, Verdict, verdict_by_status};
use crate::url::Url;

/// A kind of server: how records are posted to it and what its answers mean.
pub trait Server: Send + Sync {
    /// Returns the URL to post to, given the user's URL, and the additional headers that this kind of server needs. By
    /// default, the URL is unchanged and there are no additional headers.
    ///
    /// # Errors
    /// Returns an error if the URL to post to is not valid.
    fn resource(&self, url: &Url) -> Result<Resource> {
        Ok(Resource {
            url: url.clone(),
            headers: &[],
            user_headers: None,
        })
    }

    /// Returns the text around the records of a request body. By default, a body is a JSON array.
    fn frame<'e>(&self, _envelope: Option<&'e BatchEnvelope>) -> BodyFrame<'e> {
        BodyFrame::ARRAY
    }

    /// Returns the body of a request with these records.
    fn body(&self, records: BatchSlice<'_>) -> Vec<u8> {
        self.frame(records.envelope).body(records)
    }

    /// Posts a body that was made of these records, compressed with gzip if `compress` is set. Returns the answer and the
    /// number of bytes that were sent.
    fn post(
        &self,
        client: &Client,
        _records: BatchSlice<'_>,
        body: &[u8],
        compress: bool,
    ) -> (Answer, usize) {
        client.post(body, compress)
    }

    /// Returns whether the server is asked before each attempt to deliver records which of them it holds. By default, it is
    /// not, since it recognizes them.
    fn is_asked_first(&self) -> bool {
        false
    }

    /// Asks the server which of these records it holds, if [`is_asked_first`](Self::is_asked_first). Failed requests are
    /// not retried.
    ///
    /// # Errors
    /// Returns the failure if the answers do not say for each record whether the server holds it.
    fn stored(
        &self,
        _records: BatchSlice<'_>,
        _client: &Client,
    ) -> Result<HashSet<Uuid>, LookupFailure> {
        Ok(HashSet::new())
    }

    /// Makes a request that succeeds if the server still takes records, given a body that it has taken in this run. By
    /// default, the body is posted again.
    fn takes_again(&self, client: &Client, taken: &[u8]) -> (Answer, usize) {
        client.post(taken, client.compress)
    }

    /// Returns the meaning of the answer to a request with these records, received at `now`. By default, the HTTP
    /// status alone decides.
    fn verdict(&self, _records: BatchSlice<'_>, answer: &Answer, now: SystemTime) -> Verdict {
        verdict_by_status(answer, now)
    }

    /// Asks the server whether it holds a record. By default, records cannot be looked up.
    ///
    /// # Errors
    /// Returns `Stopped` if the target was stopped meanwhile.
    fn look_up(
        &self,
        _record: &BatchItem,
        _text: &[u8],
        _requests: &dyn LookupRequests,
    ) -> Result<Lookup, Stopped> {
        Ok(Lookup::Unverified(None))
    }

    /// Asks the server whether it holds a record that is not voided. A voided record may count as missing, which saves a
    /// request. By default, the same as `look_up`.
    ///
    /// # Errors
    /// Returns `Stopped` if the target was stopped meanwhile.
    fn look_up_unvoided(
        &self,
        record: &BatchItem,
        text: &[u8],
        requests: &dyn LookupRequests,
    ) -> Result<Lookup, Stopped> {
        self.look_up(record, text, requests)
    }

    /// Makes a request that stores nothing and needs what deliveries need. By default, this is an OPTIONS request.
    fn check(&self, client: &Client) -> Answer {
        client.options()
    }

    /// Returns the name of the kind of server in sentences, such as "the LRS".
    fn noun(&self) -> &'static str;

    /// Returns whether an insert of this record may fail although the server stores it, so that other records must not be
    /// in the same insert. By default, there is no such record.
    fn is_risky(&self, _record: &[u8]) -> bool {
        false
    }

    /// Returns whether only a server of this kind gives such an answer, not a firewall or load balancer before it. By
    /// default, no answer shows this.
    fn is_own(&self, _answer: &Answer) -> bool {
        false
    }

    /// Returns whether the server is away or busy, whatever the records of the request are. By default, the HTTP status
    /// decides.
    fn is_outage(&self, answer: &Answer) -> bool {
        verdict::is_outage(answer)
    }

    /// Returns what to change so that requests succeed, if the answer is one that only a server of this kind gives.
    /// `_has_credentials` says whether the request had credentials. By default, there is no such advice.
    fn advice(&self, _answer: &Answer, _has_credentials: bool) -> Option<String> {
        None
    }

    /// Returns whether a load balancer has probably given the answer to a lookup in place of the server. By default, no
    /// answer is taken for that.
    fn is_of_load_balancer(&self, _lookup: &Answer) -> bool {
        false
    }

    /// Finds out whether such a server answers at the URL, without storing anything.
    fn probe(&self, client: &Client) -> Probe;
}

/// Returns whether an answer to a check shows that every delivery would fail.
pub fn is_final(answer: &Answer) -> bool {
    match answer {
        Answer::Response(Response { status, .. }) => matches!(status, 300..=399 | 401 | 407),
        Answer::Lost(_) => false,
        Answer::Impossible(_) => true,
    }
}

/// The result of a probe.
pub struct Probe {
    /// The answer that the finding is about.
    pub answer: Answer,
    pub finding: Finding,
}

/// Whether records can be sent to a URL.
pub enum Finding {
    /// The text says which server answers and what could not be checked.
    Usable(String),
    /// The right kind of server answers at this URL instead.
    Elsewhere(String),
    /// The text says what to change.
    Wrong(String),
    Unusable,
}

/// The reason why a server did not say which records it holds.
pub enum LookupFailure {
    /// The answer, and its meaning for a delivery that needs the lookup.
    Answer(Box<(Answer, Verdict)>),
    /// Records cannot be delivered, for the reason in the text.
    Unusable(String),
}

/// The requests of a lookup.
pub trait LookupRequests {
    /// Makes a GET request to the URL of the server with one more query parameter. Failed requests are retried.
    fn get(&self, parameter: &str, value: &str) -> Result<FinalAnswer, Stopped>;

    /// Returns whether a lookup of this run has succeeded, so that the credentials allow reading.
    fn has_succeeded(&self) -> bool;
}

/// The answer to a request after all its retries.
pub struct FinalAnswer {
    pub answer: Answer,
    /// The number of times that the request was made.
    pub attempts: u64,
}

/// The result of looking up a record by its id.
pub enum Lookup {
    /// The server holds the record that was sent.
    Same,
    /// The server holds a different record with this id.
    Different,
    /// The server holds no record with this id.
    Missing,
    /// The record could not be looked up or compared. If the server does not allow it, this is its answer.
    Unverified(Option<FinalAnswer>),
    /// The server did not answer, or its answer does not say whether it holds the record.
    Unavailable(FinalAnswer),
}
