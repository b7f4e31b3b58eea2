//! The records of one request.

use std::cell::Cell;
use std::ops::Range;
use std::path::PathBuf;
use std::sync::Arc;

use serde_json::{Map, Value, json};
use uuid::Uuid;

use crate::convert::{ConvertedBatch, ConvertedRecord};
use crate::text::position_text;

/// The line from which a record was made. Origins sort in the order of the lines of a run.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct RecordOrigin {
    /// The number of the input in the run, from 0.
    pub input: usize,
    /// The name of the input.
    pub file: Arc<str>,
    /// The number of the line in the input, from 1.
    pub line: u64,
    /// The number of the byte of the line, from 1, at which the event begins. `None` for the first byte.
    pub byte: Option<u64>,
}

impl RecordOrigin {
    /// Returns the origin of a record of a batch. `file` is the name of the input. If the record was made from a row of a
    /// rejects file, the origin names the log that had the line.
    pub fn of(
        record: &ConvertedRecord,
        batch: &ConvertedBatch,
        input: usize,
        file: &Arc<str>,
    ) -> Self {
        let own = (file, record.line, record.byte_number());
        let row = batch.row_origin(record);
        let (file, line, byte) = row.map_or(own, |row| (&row.file, row.line, row.byte));
        Self {
            input,
            file: Arc::clone(file),
            line,
            byte,
        }
    }

    /// Returns the position as in `a.log:7`, or `a.log:7:742` if the event does not begin with its line.
    pub fn position(&self) -> String {
        position_text(&self.file, self.line, self.byte)
    }
}

/// A record of a batch: a statement or event.
#[derive(Clone, Debug)]
pub struct BatchItem {
    pub id: Uuid,
    pub origin: RecordOrigin,
    start: usize,
    end: usize,
    /// Whether the record has its outcome, while other records of the same part are still to be sent.
    is_settled: Cell<bool>,
    /// Whether this run has posted the record, to a server that is asked first what it holds.
    pub was_posted: Cell<bool>,
}

/// Records that are sent together.
#[derive(Debug)]
pub struct SendBatch {
    /// The dead letters that the records were read from. They are removed when all records of the batch are delivered
    /// or in other dead letters.
    pub letters: Vec<PathBuf>,
    /// Whether the server has refused the records in an earlier run, and may do so again.
    pub was_refused: bool,
    /// The number of requests that earlier runs made for the records, or the largest of the numbers if they differ.
    pub attempts: u64,
    /// The number of the first record of the batch. The records of a target are numbered from 0 in the order in which
    /// they were added.
    pub first: u64,
    envelope: Option<Arc<BatchEnvelope>>,
    /// The texts of the records, one after the other.
    text: Vec<u8>,
    items: Vec<BatchItem>,
}

/// Consecutive records of a batch, without those that are settled.
#[derive(Clone, Copy, Debug)]
pub struct BatchSlice<'b> {
    /// The envelope that the records are sent in, if their format has one.
    pub envelope: Option<&'b BatchEnvelope>,
    text: &'b [u8],
    /// The number of the first record in the batch.
    start: usize,
    items: &'b [BatchItem],
}

/// An envelope around the records of a request (Caliper 1.2, section 3.3), without its data.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BatchEnvelope {
    /// The keys of the envelope with their values, except `data`.
    pub keys: Map<String, Value>,
    /// The text up to the first record: `{"sensor":…,"sendTime":…,"dataVersion":…,"data":[`.
    pub start: String,
}

/// The limits of one request.
#[derive(Clone, Copy, Debug)]
pub struct BatchLimits {
    pub items: usize,
    /// The size of the body before compression.
    pub bytes: usize,
}

/// The number of bytes that a request body needs in addition to its records.
#[derive(Clone, Copy, Debug)]
pub struct Overhead {
    /// Bytes that each body has once.
    pub once: usize,
    /// Bytes that a body has for each of its records.
    pub each: usize,
}

impl Overhead {
    /// Returns the size of a body with these records.
    pub fn size_with(self, records: BatchSlice<'_>) -> usize {
        let texts = records.iter().map(|(_, text)| text.len() + self.each);
        self.once + texts.sum::<usize>()
    }
}

impl BatchEnvelope {
    /// The text after the last record.
    pub const END: &'static str = "]}";

    /// Creates an envelope with these keys, except `data`. The entries of `overrides` replace keys or are added.
    pub fn new(mut keys: Map<String, Value>, overrides: &Map<String, Value>) -> Self {
        keys.remove("data");
        for (key, value) in overrides {
            keys.insert(key.clone(), value.clone());
        }
        let mut start = json!(keys).to_string();
        start.pop();
        if !keys.is_empty() {
            start.push(',');
        }
        start.push_str("\"data\":[");
        Self { keys, start }
    }
}

impl SendBatch {
    pub fn new(envelope: Option<Arc<BatchEnvelope>>) -> Self {
        Self {
            letters: Vec::new(),
            was_refused: false,
            attempts: 0,
            first: 0,
            envelope,
            text: Vec::new(),
            items: Vec::new(),
        }
    }

    /// Adds a record without checking the limits.
    pub fn push(&mut self, id: Uuid, text: &[u8], origin: RecordOrigin) {
        let start = self.text.len();
        self.text.extend_from_slice(text);
        self.items.push(BatchItem {
            id,
            origin,
            start,
            end: self.text.len(),
            is_settled: Cell::new(false),
            was_posted: Cell::new(false),
        });
    }

    /// Returns all records.
    pub fn items(&self) -> BatchSlice<'_> {
        BatchSlice {
            envelope: self.envelope.as_deref(),
            text: &self.text,
            start: 0,
            items: &self.items,
        }
    }

    /// Returns the records with these numbers, which count from 0, settled records included.
    pub fn numbered(&self, numbers: Range<usize>) -> BatchSlice<'_> {
        BatchSlice {
            start: numbers.start,
            items: &self.items[numbers],
            ..self.items()
        }
    }

    /// Returns the numbers of the batch's records, counted among all records of the target.
    pub fn numbers(&self) -> Range<u64> {
        self.first..self.first + self.items.len() as u64
    }

    /// Returns the text of the nth record.
    pub fn text_of(&self, nth: usize) -> &[u8] {
        &self.text[self.items[nth].start..self.items[nth].end]
    }

    /// Returns an empty batch. Its record numbers continue after the numbers of this batch.
    pub fn next(&self) -> Self {
        Self {
            first: self.numbers().end,
            ..Self::new(self.envelope.clone())
        }
    }
}

impl<'b> BatchSlice<'b> {
    pub fn len(self) -> usize {
        self.iter().count()
    }

    pub fn is_empty(self) -> bool {
        self.iter().next().is_none()
    }

    /// Returns the first record, even if it is settled.
    pub fn first(self) -> Option<&'b BatchItem> {
        self.items.first()
    }

    /// Returns the records from the nth to before another. Settled records do not count.
    pub fn range(self, range: Range<usize>) -> Self {
        let [start, end] = [range.start, range.end].map(|nth| self.index_of(nth));
        Self {
            start: self.start + start,
            items: &self.items[start..end],
            ..self
        }
    }

    /// Returns the index of the nth record that is not settled.
    fn index_of(self, nth: usize) -> usize {
        let items = self.items.iter().enumerate();
        let mut open = items.filter(|(_, item)| !item.is_settled.get());
        open.nth(nth).map_or(self.items.len(), |(index, _)| index)
    }

    /// Returns each record as a slice of its own.
    pub fn singles(self) -> impl Iterator<Item = Self> {
        let items = self.items.chunks(1).zip(self.start..);
        items
            .map(move |(items, start)| Self {
                start,
                items,
                ..self
            })
            .filter(|single| !single.is_empty())
    }

    /// Leaves the records out of this slice, and out of all slices that hold them.
    pub fn settle(self) {
        self.items.iter().for_each(|item| item.is_settled.set(true));
    }

    /// Takes the records into this slice again, and into all slices that hold them.
    pub fn reopen(self) {
        self.items
            .iter()
            .for_each(|item| item.is_settled.set(false));
    }

    /// Returns the numbers of the records in the batch, from 0, settled records included.
    pub fn numbers_in_batch(self) -> Range<usize> {
        self.start..self.start + self.items.len()
    }

    /// Returns the records with their texts.
    pub fn iter(self) -> impl Iterator<Item = (&'b BatchItem, &'b [u8])> {
        let text = self.text;
        let open = self.items.iter().filter(|item| !item.is_settled.get());
        open.map(move |item| (item, &text[item.start..item.end]))
    }

    /// Returns the first records, as many as fit into one request, and the rest. The first part has at least one
    /// record, even if this record is too large.
    pub fn split_by(self, limits: BatchLimits, overhead: Overhead) -> (Self, Self) {
        let mut bytes = overhead.once;
        let fits = self.iter().take(limits.items).take_while(|(_, text)| {
            bytes += text.len() + overhead.each;
            bytes <= limits.bytes
        });
        self.split_at(fits.count().max(1).min(self.len()))
    }

    /// Splits the records before the nth one.
    pub fn split_at(self, nth: usize) -> (Self, Self) {
        (self.range(0..nth), self.range(nth..self.len()))
    }
}

#[cfg(test)]
pub mod tests {
    use super::*;

    pub fn origin(line: u64) -> RecordOrigin {
        RecordOrigin {
            input: 0,
            file: "a".into(),
            line,
            byte: None,
        }
    }

    /// Returns a batch with these texts as records. Their ids and line numbers count from 1.
    pub fn batch_of(envelope: Option<Arc<BatchEnvelope>>, texts: &[impl AsRef<str>]) -> SendBatch {
        let mut batch = SendBatch::new(envelope);
        for (text, n) in texts.iter().zip(1u32..) {
            let id = Uuid::from_u128(n.into());
            batch.push(id, text.as_ref().as_bytes(), origin(n.into()));
        }
        batch
    }

    pub fn joined(records: BatchSlice<'_>) -> String {
        let texts = records
            .iter()
            .map(|(_, text)| str::from_utf8(text).unwrap());
        texts.collect::<Vec<_>>().join(",")
    }

    #[test]
    fn a_batch_is_split_without_losing_records() {
        let batch = batch_of(None, &["1", "2", "3", "4", "5"]);
        let (first, second) = batch.items().split_at(2);
        assert_eq!(
            (joined(first), joined(second)),
            ("1,2".into(), "3,4,5".into())
        );
        let limits = |items, bytes| BatchLimits { items, bytes };
        let overhead = Overhead { once: 1, each: 1 };
        let parts = |limits| {
            let (first, second) = second.split_by(limits, overhead);
            joined(first) + "|" + &joined(second)
        };
        assert_eq!(parts(limits(2, 1000)), "3,4|5");
        assert_eq!(parts(limits(9, "[3,4]".len())), "3,4|5");
        assert_eq!(parts(limits(9, 1)), "3|4,5");
        assert_eq!(parts(limits(9, 1000)), "3,4,5|");
    }

    #[test]
    fn settled_records_are_left_out() {
        let batch = batch_of(None, &["1", "2", "3", "4", "5", "6"]);
        let all = batch.items();
        let (first, second) = all.split_at(3);
        all.range(1..2).settle();
        all.range(1..3).settle();
        assert_eq!((joined(all), all.len()), ("1,5,6".into(), 3));
        assert_eq!(joined(all.range(1..3)), "5,6");
        assert_eq!(all.range(1..3).numbers_in_batch(), 4..6);
        assert_eq!((joined(first), joined(second)), ("1".into(), "5,6".into()));
        assert_eq!(joined(batch.numbered(3..5)), "5");
        let singles: Vec<_> = all.singles().map(BatchSlice::numbers_in_batch).collect();
        assert_eq!(singles, [0..1, 4..5, 5..6]);
        all.settle();
        assert!(all.is_empty() && all.singles().next().is_none());
    }
}
