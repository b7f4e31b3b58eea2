//! The division of dead letters into batches.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use serde_json::Map;

use super::batcher::Batcher;
use super::dead_letters::{DeadLetter, Undeliverable};
use super::send_batch::{BatchEnvelope, SendBatch};
use super::target::Target;

/// Joins the dead letters for one target into batches within the limits of a request. A dead letter is never divided
/// between batches.
#[derive(Default)]
pub struct LetterBatcher {
    open: BTreeMap<BatchKind, Batcher>,
}

/// The dead letters of a batch have the same reason, since records that were refused before may be refused again, and
/// would divide the batches of other records into halves. They have the same envelope, since a request has one.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord)]
struct BatchKind {
    reason: Undeliverable,
    /// The envelope as JSON, for Caliper only.
    envelope: Option<String>,
}

/// The most batches that are open. Each run of `send` writes another envelope, so there may be very many kinds.
const MAX_OPEN: usize = 16;

impl LetterBatcher {
    /// Adds a dead letter, the nth of the run. Returns a batch that must be sent now, if there is one.
    pub fn add(
        &mut self,
        target: &Target,
        mut letter: DeadLetter,
        path: &Path,
        nth: usize,
    ) -> Option<SendBatch> {
        // No overrides, since they were applied before the dead letter was written.
        let envelope = letter.envelope.take();
        let envelope = envelope.map(|keys| Arc::new(BatchEnvelope::new(keys, &Map::new())));
        let kind = BatchKind {
            reason: letter.reason,
            envelope: envelope.as_ref().map(|envelope| envelope.start.clone()),
        };
        let closed = if self.open.contains_key(&kind) || self.open.len() < MAX_OPEN {
            None
        } else {
            self.close_fullest()
        };
        let batcher = self.open.entry(kind).or_insert_with(|| {
            let overhead = target.server.frame(envelope.as_deref()).overhead();
            Batcher::new(target.request_limits.limits(), overhead, envelope)
        });
        // A new batcher closes no batch, so there is at most one closed batch.
        batcher.add_letter(letter, path, nth).or(closed)
    }

    fn close_fullest(&mut self) -> Option<SendBatch> {
        let fullest = self.open.iter().max_by_key(|(_, batcher)| batcher.len());
        let kind = fullest?.0.clone();
        self.open.remove(&kind)?.close()
    }

    /// Returns the number of records in the open batches.
    pub fn len(&self) -> usize {
        self.open.values().map(Batcher::len).sum()
    }

    /// Returns the open batches.
    pub fn close(self) -> impl Iterator<Item = SendBatch> {
        let batchers = self.open.into_values();
        batchers.filter_map(|mut batcher| batcher.close())
    }
}
