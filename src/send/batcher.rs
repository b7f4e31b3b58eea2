//! The division of the records for one target (a router or server) into batches, the units of delivery.

use std::collections::HashMap;
use std::path::Path;
use std::sync::Arc;

use uuid::Uuid;

use super::dead_letters::DeadLetter;
use super::send_batch::{BatchEnvelope, BatchLimits, Overhead, RecordOrigin, SendBatch};

/// Collects records in batches within the limits of a request. No batch holds two records with the same id.
#[derive(Debug)]
pub struct Batcher {
    limits: BatchLimits,
    overhead: Overhead,
    /// The batch that records are added to.
    open: SendBatch,
    /// The size of a request body with the records of the open batch.
    bytes: usize,
    /// The index of each record in the open batch.
    nth_by_id: HashMap<Uuid, usize>,
}

impl Batcher {
    pub fn new(
        limits: BatchLimits,
        overhead: Overhead,
        envelope: Option<Arc<BatchEnvelope>>,
    ) -> Self {
        Self {
            limits,
            overhead,
            open: SendBatch::new(envelope),
            bytes: overhead.once,
            nth_by_id: HashMap::new(),
        }
    }

    /// Returns the number of records added so far.
    pub fn added(&self) -> u64 {
        self.open.numbers().end
    }

    /// Returns whether the open batch holds this record already, with the same id and text.
    pub fn holds(&self, id: Uuid, text: &[u8]) -> bool {
        let same_id = self.nth_by_id.get(&id);
        same_id.is_some_and(|&nth| self.open.text_of(nth) == text)
    }

    /// Adds a record. If the record does not fit into the open batch, closes that batch first and returns it.
    pub fn add(&mut self, id: Uuid, text: &[u8], origin: RecordOrigin) -> Option<SendBatch> {
        let closed = self.close_unless_fits([(id, text)].into_iter());
        self.push(id, text, origin);
        closed
    }

    /// Adds the records of a dead letter, and notes its path. If the records do not fit into the open batch, closes that
    /// batch first and returns it. The dead letter counts as the input of the records, so `nth`, its number in the run,
    /// becomes the number of their input.
    pub fn add_letter(&mut self, letter: DeadLetter, path: &Path, nth: usize) -> Option<SendBatch> {
        let items = letter.items.iter();
        let records = items.map(|item| (item.id, item.payload.get().as_bytes()));
        let closed = self.close_unless_fits(records);
        for item in letter.items {
            let origin = RecordOrigin {
                input: nth,
                file: item.file.into(),
                line: item.line,
                byte: item.byte,
            };
            self.push(item.id, item.payload.get().as_bytes(), origin);
        }
        self.open.letters.push(path.to_owned());
        self.open.was_refused |= letter.reason.is_refusal();
        self.open.attempts = self.open.attempts.max(letter.attempts);
        closed
    }

    /// Closes the open batch and returns it, unless these records fit into it.
    fn close_unless_fits<'t>(
        &mut self,
        records: impl Iterator<Item = (Uuid, &'t [u8])>,
    ) -> Option<SendBatch> {
        let (mut count, mut bytes) = (self.open.items().len(), self.bytes);
        let mut is_known = false;
        for (id, text) in records {
            count += 1;
            bytes += text.len() + self.overhead.each;
            is_known |= self.nth_by_id.contains_key(&id);
        }
        let fits = count <= self.limits.items && bytes <= self.limits.bytes && !is_known;
        (!fits).then(|| self.close()).flatten()
    }

    fn push(&mut self, id: Uuid, text: &[u8], origin: RecordOrigin) {
        self.nth_by_id.insert(id, self.open.items().len());
        self.open.push(id, text, origin);
        self.bytes += text.len() + self.overhead.each;
    }

    /// Returns the number of records in the open batch.
    pub fn len(&self) -> usize {
        self.open.items().len()
    }

    /// Returns the open batch and starts another. Returns `None` if the open batch is empty.
    pub fn close(&mut self) -> Option<SendBatch> {
        if self.open.items().is_empty() {
            return None;
        }
        self.nth_by_id.clear();
        self.bytes = self.overhead.once;
        let next = self.open.next();
        Some(std::mem::replace(&mut self.open, next))
    }
}

#[cfg(test)]
mod tests {
    use super::super::send_batch::tests::{joined, origin};
    use super::*;

    fn batcher(items: usize, bytes: usize) -> Batcher {
        let overhead = Overhead { once: 1, each: 1 };
        Batcher::new(BatchLimits { items, bytes }, overhead, None)
    }

    fn texts(batch: Option<SendBatch>) -> Option<String> {
        batch.map(|batch| joined(batch.items()))
    }

    #[test]
    fn a_batch_is_limited_by_count_and_by_the_size_of_the_body() {
        for (items, bytes) in [(2, 1000), (1000, "[1,2]".len())] {
            let mut batcher = batcher(items, bytes);
            for (n, text) in [(1, b"1"), (2, b"2")] {
                let closed = batcher.add(Uuid::from_u128(n), text, origin(1));
                assert_eq!(texts(closed), None);
            }
            let closed = batcher.add(Uuid::from_u128(3), b"3", origin(3));
            assert_eq!(texts(closed).unwrap(), "1,2");
            let last = batcher.close();
            assert_eq!(last.as_ref().map(SendBatch::numbers), Some(2..3));
            assert_eq!(texts(last).unwrap(), "3");
            assert!(batcher.close().is_none());
        }
    }

    #[test]
    fn a_record_larger_than_the_limit_is_sent_alone() {
        let mut batcher = batcher(10, 8);
        batcher.add(Uuid::from_u128(1), b"1", origin(1));
        let closed = batcher.add(Uuid::from_u128(2), b"1234567890", origin(2));
        assert_eq!(texts(closed).unwrap(), "1");
        let closed = batcher.add(Uuid::from_u128(3), b"3", origin(3));
        assert_eq!(texts(closed).unwrap(), "1234567890");
    }

    #[test]
    fn a_batch_holds_each_id_once() {
        let mut batcher = batcher(10, 1000);
        let id = Uuid::from_u128(1);
        assert!(!batcher.holds(id, b"1"));
        assert!(batcher.add(id, b"1", origin(1)).is_none());
        assert!(batcher.holds(id, b"1") && !batcher.holds(id, b"2"));
        let closed = batcher.add(id, b"2", origin(3));
        assert_eq!(texts(closed).unwrap(), "1");
        assert_eq!(texts(batcher.close()).unwrap(), "2");
    }
}
