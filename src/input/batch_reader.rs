//! Cutting an input into batches of whole lines.
//!
//! The end of a batch depends only on the bytes of the input, so results do not depend on how many bytes a read returns.

use std::io::{self, Read};

use super::line_batch::{LineBatch, LineContent};
use super::position::{Position, PositionTracker};
use super::source::Shape;
use crate::buffers::{Buffer, Buffers};

/// The size of a batch: large enough that passing a batch between threads costs little beside its conversion, and small
/// enough that the batches in flight need little memory.
pub const BATCH_BYTES: usize = 1 << 20;

/// Reads an input batch by batch. After the last batch, [`BatchReader::finish`] returns the result.
pub struct BatchReader<R> {
    reader: R,
    shape: Shape,
    max_line_bytes: usize,
    buffers: Buffers,
    /// The bytes that were read after the last batch.
    rest: Option<Buffer>,
    ended: Option<io::Result<()>>,
    /// The bytes of a last line without a newline that are left to a later run.
    held_back: u64,
    /// The position after the last batch, without its hash if positions are not tracked.
    tracker: PositionTracker,
    is_tracking: bool,
    /// Whether a last line without a newline is left to a later run, because it may be incomplete.
    holds_back: bool,
}

/// The result of reading an input, returned after its last batch.
#[derive(Debug)]
pub struct ReadEnd {
    /// An error if the input could not be read to its end.
    pub result: io::Result<()>,
    /// The number of bytes of a last line without a newline that are left to a later run.
    pub held_back: u64,
}

impl<R: Read> BatchReader<R> {
    /// Returns a reader that skips lines longer than `max_line_bytes`, which bounds the memory for a line. A document is
    /// one line.
    pub fn new(reader: R, shape: Shape, max_line_bytes: usize) -> Self {
        Self {
            reader,
            shape,
            max_line_bytes,
            buffers: Buffers::default(),
            rest: None,
            ended: None,
            held_back: 0,
            tracker: PositionTracker::default(),
            is_tracking: false,
            holds_back: false,
        }
    }

    /// Uses these buffers for the text of batches.
    pub fn with_buffers(mut self, buffers: &Buffers) -> Self {
        self.buffers = buffers.clone();
        self
    }

    /// Tracks the positions after lines, from the position of the underlying reader. If the input `may_grow`, a last line
    /// of a log without a newline is held back.
    pub fn tracking(mut self, start: PositionTracker, may_grow: bool) -> Self {
        self.tracker = start;
        self.is_tracking = true;
        self.holds_back = may_grow && self.shape == Shape::Log;
        self
    }

    /// Returns the next batch, or `None` at the end or at an error.
    pub fn next_batch(&mut self) -> Option<LineBatch> {
        let rest = self.rest.take();
        let mut text = rest.unwrap_or_else(|| self.buffers.empty());
        let mut wanted = BATCH_BYTES;
        loop {
            self.fill(&mut text, wanted);
            if self.ended.is_some() {
                break;
            }
            let whole = self.whole_lines(&text);
            if whole > 0 {
                self.rest = Some(text.split_off(whole));
                return Some(self.batch(text, false));
            }
            if text.len() > self.max_line_bytes {
                return self.skip_line(&text);
            }
            wanted = (text.len() * 2).min(self.max_line_bytes.saturating_add(1));
        }
        let is_truncated = matches!(self.ended, Some(Err(_)));
        if self.holds_back && !is_truncated {
            let whole = self.whole_lines(&text);
            self.held_back += (text.len() - whole) as u64;
            text.truncate(whole);
        }
        (!text.is_empty()).then(|| self.batch(text, is_truncated))
    }

    /// Returns the result of reading, after the last batch.
    pub fn finish(self) -> ReadEnd {
        ReadEnd {
            result: self.ended.unwrap_or(Ok(())),
            held_back: self.held_back,
        }
    }

    /// Reads until `text` has `wanted` bytes or reading ends.
    fn fill(&mut self, text: &mut Buffer, wanted: usize) {
        let missing = wanted.saturating_sub(text.len());
        if self.ended.is_some() || missing == 0 {
            return;
        }
        text.reserve(missing);
        let read = self.reader.by_ref().take(missing as u64).read_to_end(text);
        if read.is_err() || text.len() < wanted {
            self.ended = Some(read.map(drop));
        }
    }

    /// Skips the rest of a too long line that starts with `text`.
    fn skip_line(&mut self, text: &[u8]) -> Option<LineBatch> {
        let mut batch = self.batch(self.buffers.empty(), false);
        self.track(text);
        let mut newline = None;
        while self.ended.is_none() && newline.is_none() {
            let mut bytes = self.buffers.empty();
            self.fill(&mut bytes, BATCH_BYTES);
            newline = self.shape.newline(&bytes);
            if let Some(newline) = newline {
                self.rest = Some(bytes.split_off(newline + 1));
            }
            self.track(&bytes);
        }
        let length = self.tracker.offset - batch.offset - u64::from(newline.is_some());
        if newline.is_none() && self.holds_back {
            self.held_back = length;
            return None;
        }
        let offset = batch.offset;
        batch.skipped = Some(LineContent::TooLong { offset, length });
        batch.positions.extend(self.end_line(newline));
        Some(batch)
    }

    fn batch(&mut self, text: Buffer, is_truncated: bool) -> LineBatch {
        let (first_line, offset) = (self.tracker.line + 1, self.tracker.offset);
        let mut positions = Vec::new();
        let mut rest = &**text;
        while !rest.is_empty() {
            let newline = self.shape.newline(rest);
            let (line, later) = rest.split_at(newline.map_or(rest.len(), |newline| newline + 1));
            self.track(line);
            let position = self.end_line(newline);
            positions.extend(position.filter(|_| newline.is_some() || !is_truncated));
            rest = later;
        }
        LineBatch {
            first_line,
            offset,
            text,
            is_truncated,
            skipped: None,
            positions,
        }
    }

    /// Returns the length of the lines of a log that have a newline.
    fn whole_lines(&self, text: &[u8]) -> usize {
        match self.shape {
            Shape::Log => memchr::memrchr(b'\n', text).map_or(0, |newline| newline + 1),
            Shape::Document => 0,
        }
    }

    fn track(&mut self, bytes: &[u8]) {
        self.tracker.offset += bytes.len() as u64;
        if self.is_tracking {
            self.tracker.hash.update(bytes);
        }
    }

    /// Returns the position after a line, if positions are tracked. It is open after the line of a log without a newline.
    fn end_line(&mut self, newline: Option<usize>) -> Option<Position> {
        self.tracker.open = newline.is_none() && self.shape == Shape::Log;
        self.tracker.line += u64::from(!self.tracker.open);
        self.is_tracking.then(|| self.tracker.position())
    }
}

#[cfg(test)]
mod tests;
