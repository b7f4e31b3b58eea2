//! Cutting a stream of JSON values into batches of whole records.

use std::io::Read;

use super::{BATCH_BYTES, BatchReader};
use crate::buffers::Buffer;
use crate::input::line_batch::{JsonRecord, LineBatch, LineContent};
use crate::input::record_scanner::{Found, RecordScanner};

/// The progress of the search for the ends of records in the pending bytes.
#[derive(Debug, Default)]
pub struct JsonCursor {
    scanner: RecordScanner,
    /// The number of pending bytes that need not be scanned again.
    scanned: usize,
    /// The index in the pending bytes at which the current record begins.
    start: Option<usize>,
    /// The whole records in the pending bytes: the indices of their starts and ends.
    records: Vec<(usize, usize)>,
}

impl<R: Read> BatchReader<R> {
    /// Returns the next batch of records.
    pub(super) fn next_json_batch(&mut self, mut cursor: JsonCursor) -> Option<LineBatch> {
        let mut wanted = BATCH_BYTES;
        loop {
            self.fill(wanted);
            let is_last = self.ended.is_some();
            cursor.scan(&self.buffer[..self.pending], is_last);
            if is_last {
                break;
            }
            let whole = match (cursor.records.last(), cursor.start) {
                (Some(&(_, end)), _) => end,
                // White space, of which there may be gigabytes.
                (None, None) => cursor.scanned,
                (None, Some(start)) if self.pending - start > self.max_line_bytes => {
                    return Some(self.skip_record(cursor));
                }
                _ => 0,
            };
            if whole > 0 {
                let records = cursor.take(whole);
                let text = self.take(whole);
                self.json = Some(cursor);
                return Some(self.json_batch(text, &records, false));
            }
            let most = self
                .max_line_bytes
                .saturating_add(cursor.start.unwrap_or(0) + 1);
            wanted = (self.pending * 2).min(most).max(BATCH_BYTES);
        }
        self.last_json_batch(cursor)
    }

    /// Returns the batch of the last records. A last record without an end is left to a later run, or ends with the input.
    fn last_json_batch(&mut self, mut cursor: JsonCursor) -> Option<LineBatch> {
        let is_truncated = matches!(self.ended, Some(Err(_)));
        let mut is_open = false;
        if let Some(start) = cursor.start.take() {
            // More records may follow in the line of a damaged object, unless it has ended like an object or a line.
            let has_ended = cursor.scanner.is_damaged()
                && matches!(
                    self.buffer[..self.pending].last(),
                    Some(b'\n' | b'}' | b']')
                );
            let is_held_back =
                !is_truncated && !has_ended && self.pending - start <= self.max_line_bytes;
            match &mut self.held_back {
                Some(held_back) if is_held_back => {
                    let whole = cursor.records.last().map_or(0, |record| record.1);
                    *held_back += (self.pending - whole) as u64;
                    self.pending = whole;
                    self.holds_event = true;
                }
                _ => {
                    cursor.records.push((start, self.pending));
                    is_open = true;
                }
            }
        }
        let text = self.take(self.pending);
        let records = cursor.take(text.len());
        self.json = Some(JsonCursor::default());
        self.tracker.open = false;
        (!text.is_empty()).then(|| {
            let mut batch = self.json_batch(text, &records, is_open && is_truncated);
            if is_open && let Some(last) = batch.positions.last_mut() {
                last.open = true;
            }
            batch
        })
    }

    /// Skips a record that is too long, with the bytes before it. Returns a batch with no text, which tells the length of
    /// the record.
    fn skip_record(&mut self, mut cursor: JsonCursor) -> LineBatch {
        let before = self.take(cursor.start.unwrap_or(0));
        let mut batch = self.json_batch(before, &[], false);
        batch.text = self.buffers.empty();
        let (line, byte) = (self.tracker.line + 1, self.byte_in_line());
        let offset = self.tracker.offset;
        cursor.scanned -= cursor.start.unwrap_or(0);
        cursor.start = Some(0);
        while cursor.start.is_some() {
            let text = self.take(cursor.scanned);
            self.advance(&text);
            cursor.scanned = 0;
            self.fill(BATCH_BYTES);
            let is_last = self.ended.is_some();
            cursor.scan_record(&self.buffer[..self.pending], is_last);
            if is_last && cursor.start.is_some() {
                cursor = JsonCursor::default();
                cursor.scanned = self.pending;
            }
        }
        let text = self.take(cursor.scanned);
        self.advance(&text);
        (cursor.scanned, cursor.records) = (0, Vec::new());
        let length = self.tracker.offset - offset;
        batch.records = Some(vec![JsonRecord {
            start: 0,
            end: 0,
            line,
            byte,
        }]);
        batch.skipped = Some(LineContent::TooLong { offset, length });
        batch.positions = Vec::from_iter(self.is_tracking.then(|| self.tracker.position()));
        self.json = Some(cursor);
        batch
    }

    /// Returns a batch of records, given their starts and ends in its text.
    fn json_batch(
        &mut self,
        text: Buffer,
        ends: &[(usize, usize)],
        is_truncated: bool,
    ) -> LineBatch {
        let (first_line, offset) = (self.tracker.line + 1, self.tracker.offset);
        let mut positions = Vec::new();
        let mut records = Vec::with_capacity(ends.len());
        let mut at = 0;
        for &(start, end) in ends {
            self.advance(&text[at..start]);
            records.push(JsonRecord {
                start,
                end,
                line: self.tracker.line + 1,
                byte: self.byte_in_line(),
            });
            self.advance(&text[start..end]);
            at = end;
            let is_whole = !is_truncated || records.len() < ends.len();
            positions.extend((self.is_tracking && is_whole).then(|| self.tracker.position()));
        }
        self.advance(&text[at..]);
        LineBatch {
            first_line,
            offset,
            bytes_read: 0,
            text,
            is_truncated,
            skipped: None,
            positions,
            is_marked: self.is_marked,
            records: Some(records),
            joins: None,
        }
    }

    /// Moves the position behind some bytes.
    fn advance(&mut self, bytes: &[u8]) {
        if let Some(newline) = memchr::memrchr(b'\n', bytes) {
            self.tracker.line += memchr::memchr_iter(b'\n', bytes).count() as u64;
            self.tracker.line_start = self.tracker.offset + newline as u64 + 1;
        }
        self.track(bytes);
    }

    /// Returns the number of bytes between the start of the line and the position.
    fn byte_in_line(&self) -> u64 {
        self.tracker.offset - self.tracker.line_start
    }
}

impl JsonCursor {
    /// Finds all records that end in the pending bytes.
    fn scan(&mut self, bytes: &[u8], is_last: bool) {
        while self.scan_record(bytes, is_last) {}
    }

    /// Finds the next start or end of a record. Returns `false` if more bytes are needed.
    fn scan_record(&mut self, bytes: &[u8], is_last: bool) -> bool {
        let start = self.start.unwrap_or(self.scanned);
        match self.scanner.next(bytes, self.scanned, start, is_last) {
            Found::Start(at) => (self.start, self.scanned) = (Some(at), at),
            Found::End(end) => {
                self.records
                    .extend(self.start.take().map(|start| (start, end)));
                self.scanned = end;
            }
            Found::Nothing(at) => {
                self.scanned = at;
                return false;
            }
        }
        true
    }

    /// Removes the first bytes, which end with a record or have no record. Returns the records in them. If they have no
    /// record, or other bytes follow the last one, an empty record stands for these bytes, so that they have a position.
    fn take(&mut self, length: usize) -> Vec<(usize, usize)> {
        let mut records = std::mem::take(&mut self.records);
        if records.last().is_none_or(|record| record.1 < length) {
            records.push((length, length));
        }
        self.scanned = self.scanned.saturating_sub(length);
        self.start = self.start.map(|start| start - length);
        records
    }
}
