//! What was done for a router, in numbers.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use super::batch::{Items, Place};
use crate::output::Undeliverable;

/// The statements or events of a router by what became of them, and the requests that it took. Those that were given are
/// the sum of those that were delivered, duplicates, dead and undelivered.
#[derive(Clone, Debug, Default)]
pub struct RouterTally {
    /// The server took them.
    pub delivered: u64,
    /// The server had them already, or one like it was in the same request.
    pub duplicates: u64,
    /// Of the duplicates, those of which the server alone says so.
    pub unverified: u64,
    /// In dead letters.
    pub dead: u64,
    /// Those that are dead by reason.
    pub reasons: BTreeMap<Undeliverable, u64>,
    /// Of those that are dead: the files.
    pub dead_letters: u64,
    /// Not sent, or without an answer, when the run was stopped.
    pub undelivered: u64,
    /// The first of those that are undelivered.
    pub first_undelivered: Option<Place>,
    /// Requests that were made, repetitions included.
    pub requests: u64,
    pub retries: u64,
    /// Of the bodies of requests, as they were sent.
    pub bytes: u64,
    first_request: Option<Instant>,
    last_answer: Option<Instant>,
}

impl RouterTally {
    /// A request is made.
    pub fn request(&mut self) {
        self.requests += 1;
        self.first_request.get_or_insert_with(Instant::now);
    }

    /// So many bytes went out and there was an answer, or none.
    pub fn answer(&mut self, bytes: usize) {
        self.bytes += bytes as u64;
        self.last_answer = Some(Instant::now());
    }

    /// These are not delivered.
    pub fn leave(&mut self, items: Items<'_>) {
        self.undelivered += items.len() as u64;
        // Parts of a batch need not come in order.
        let places = items.iter().map(|(item, _)| &item.place);
        if let Some(first) = places.chain(&self.first_undelivered).min() {
            self.first_undelivered = Some(first.clone());
        }
    }

    /// From the first request to the last answer.
    pub fn elapsed(&self) -> Duration {
        match (self.first_request, self.last_answer) {
            (Some(first), Some(last)) => last.saturating_duration_since(first),
            _ => Duration::ZERO,
        }
    }
}
