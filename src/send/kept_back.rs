//! Batches that are kept back because the server has accepted none of their records.

use std::ops::Range;
use std::path::PathBuf;

use super::dead_letters::Undeliverable;
use super::send_batch::SendBatch;

/// The number of times that records are sent again, each time after the server has accepted others, before a failure of
/// the server is put down to the records. Fewer would make dead letters of records that meet the start or the end of an
/// outage, or an overloaded server.
pub const MAX_REPETITIONS: u32 = 2;

/// A batch whose delivery has not begun, or has been interrupted.
#[derive(Debug)]
pub struct KeptBack {
    pub batch: SendBatch,
    pub rest: Rest,
}

/// The records of a batch that have no outcome yet.
#[derive(Debug, Default)]
pub struct Rest {
    /// The records that are still to be sent.
    pub waiting: Vec<WaitingRecords>,
    /// The records that are given up, and whose dead letters are not written yet.
    pub given_up: Vec<GivenUp>,
    /// Whether the server has accepted other records of the batch.
    pub has_accepted: bool,
    /// The paths of the dead letters that were written for other records of the batch.
    pub written: Vec<PathBuf>,
}

/// Consecutive records of a batch that are still to be sent.
#[derive(Clone, Debug)]
pub struct WaitingRecords {
    pub records: Range<usize>,
    /// The number of requests that were made for the records.
    pub attempts: u64,
    /// The number of times that the records were given up because the server failed.
    pub times_failed: u32,
}

/// Consecutive records of a batch that the server does not take.
#[derive(Clone, Debug)]
pub struct GivenUp {
    pub records: Range<usize>,
    pub reason: Undeliverable,
    /// Whether the records may be the reason, and not only the state of the server.
    pub may_be_bad: bool,
    /// The number of times that the records were given up before because the server failed.
    pub times_failed: u32,
    /// The number of requests that were made for the records.
    pub attempts: u64,
    /// The status of the last answer, if there was one.
    pub status: Option<u16>,
    /// The text of the last answer, shortened, or the reason why there was no answer.
    pub answer: String,
    /// Whether the server says that it has the records, and they cannot be looked up. Once the server has accepted a
    /// record, they count as duplicates; before, the server may say the same about all records.
    pub may_be_stored: bool,
}

impl Rest {
    /// Returns whether all records have an outcome.
    pub fn is_empty(&self) -> bool {
        self.waiting.is_empty() && self.given_up.is_empty()
    }
}

impl KeptBack {
    /// Returns a batch of which nothing was sent yet.
    pub fn whole(batch: SendBatch) -> Self {
        let waiting = vec![WaitingRecords {
            records: 0..batch.items().len(),
            attempts: batch.attempts,
            times_failed: 0,
        }];
        Self {
            batch,
            rest: Rest {
                waiting,
                ..Rest::default()
            },
        }
    }

    /// Returns whether the batch is kept back because the server failed or did not answer.
    pub fn is_unavailable(&self) -> bool {
        self.rest.given_up.iter().any(GivenUp::is_unavailable)
    }

    /// Returns whether the batch is kept back because the server answered 403.
    pub fn is_forbidden(&self) -> bool {
        self.rest.given_up.iter().any(GivenUp::is_forbidden)
    }

    /// Returns the ranges of the records without an outcome.
    pub fn left(&self) -> impl Iterator<Item = Range<usize>> {
        let Rest {
            waiting, given_up, ..
        } = &self.rest;
        let waiting = waiting.iter().map(|waiting| &waiting.records);
        let given_up = given_up.iter().map(|given_up| &given_up.records);
        waiting.chain(given_up).cloned()
    }
}

impl GivenUp {
    /// Returns whether the server failed or gave no answer.
    pub fn is_unavailable(&self) -> bool {
        // The answer to a lookup may be any other status.
        let has_failed = self
            .status
            .is_none_or(|status| matches!(status, 408 | 425 | 429 | 500..));
        self.reason == Undeliverable::Unavailable && has_failed
    }

    /// Returns whether the server may take the records later.
    pub fn may_be_taken_later(&self) -> bool {
        self.is_unavailable() || self.is_forbidden()
    }

    /// Returns whether the answer is 403, with which firewalls refuse single records.
    pub fn is_forbidden(&self) -> bool {
        self.status == Some(403)
    }
}
