//! What was done for a router, in numbers.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::time::{Duration, Instant};

use super::dead_letters::Undeliverable;
use super::send_batch::{Items, Place};

/// The statements or events of a router by what became of them, and the requests that it took.
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
    /// Given to this router and nothing of the above yet, by the number of the input. At the end they are left.
    left: BTreeMap<usize, u64>,
    /// The first of those that are left.
    pub first_left: Option<Place>,
    /// The first of those that each connection is about.
    under_way: Vec<Place>,
    /// Requests that were made, repetitions included.
    pub requests: u64,
    pub retries: u64,
    /// Of the bodies of requests, as they were sent.
    pub bytes: u64,
    first_request: Option<Instant>,
    last_answer: Option<Instant>,
}

impl RouterTally {
    /// A request is made, perhaps once more.
    pub fn request(&mut self, again: bool) {
        self.requests += 1;
        self.retries += u64::from(again);
        self.first_request.get_or_insert_with(Instant::now);
    }

    /// So many bytes went out and there was an answer, or none.
    pub fn answer(&mut self, bytes: usize) {
        self.bytes += bytes as u64;
        self.last_answer = Some(Instant::now());
    }

    /// One like it is in the same request.
    pub fn repeats(&mut self) {
        self.duplicates += 1;
    }

    /// These are given to the router.
    pub fn give(&mut self, items: Items<'_>) {
        for (item, _) in items.iter() {
            *self.left.entry(item.place.input).or_default() += 1;
        }
    }

    /// The server took these.
    pub fn deliver(&mut self, items: Items<'_>) {
        self.delivered += self.settle(items);
    }

    /// The server had these already, or only says so.
    pub fn have(&mut self, items: Items<'_>, verified: bool) {
        let count = self.settle(items);
        self.duplicates += count;
        if !verified {
            self.unverified += count;
        }
    }

    /// These are in a dead letter.
    pub fn bury(&mut self, items: Items<'_>, reason: Undeliverable) {
        let count = self.settle(items);
        self.dead += count;
        self.dead_letters += 1;
        *self.reasons.entry(reason).or_default() += count;
    }

    /// These have a fate. Says how many they are.
    fn settle(&mut self, items: Items<'_>) -> u64 {
        for (item, _) in items.iter() {
            if let Entry::Occupied(mut left) = self.left.entry(item.place.input) {
                *left.get_mut() -= 1;
                if *left.get() == 0 {
                    left.remove();
                }
            }
        }
        items.len() as u64
    }

    /// At the end, how many were not sent or got no answer since the run was stopped.
    pub fn left(&self) -> u64 {
        self.left.values().sum()
    }

    /// The numbers of the inputs that they come from.
    pub fn left_of(&self) -> impl Iterator<Item = usize> {
        self.left.keys().copied()
    }

    /// These are not delivered.
    pub fn leave(&mut self, items: Items<'_>) {
        // Parts of a batch need not come in order.
        let places = items.iter().map(|(item, _)| &item.place);
        if let Some(first) = places.chain(&self.first_left).min() {
            self.first_left = Some(first.clone());
        }
    }

    /// A connection begins with these.
    pub fn take_up(&mut self, items: Items<'_>) {
        let first = items.iter().next();
        self.under_way
            .extend(first.map(|(item, _)| item.place.clone()));
    }

    /// A connection is done with these.
    pub fn lay_down(&mut self, items: Items<'_>) {
        let first = items.iter().next();
        let nth = first.and_then(|(item, _)| {
            let mut places = self.under_way.iter();
            places.position(|place| *place == item.place)
        });
        if let Some(nth) = nth {
            self.under_way.swap_remove(nth);
        }
    }

    /// What connections are still about is not delivered, as far as can be known.
    pub fn leave_under_way(&mut self) {
        let places = self.under_way.iter().chain(&self.first_left);
        self.first_left = places.min().cloned();
    }

    /// From the first request to the last answer.
    pub fn elapsed(&self) -> Duration {
        match (self.first_request, self.last_answer) {
            (Some(first), Some(last)) => last.saturating_duration_since(first),
            _ => Duration::ZERO,
        }
    }
}
