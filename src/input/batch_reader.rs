//! Cutting an input into batches of whole lines.
//!
//! The end of a batch depends only on the bytes of the input, so results do not depend on how many bytes a read
//! returns.

use std::io::{self, Read};

use self::json::JsonCursor;
use super::foreign::ForeignData;
use super::joiner::Joiner;
use super::line_batch::{LineBatch, LineContent, nuls_before};
use super::position::{Position, PositionTracker};
use super::read_end::ReadEnd;
use super::source::Shape;
use crate::buffers::{Buffer, Buffers};
use crate::tracking::cannot_become_event;

/// The size of a batch. Passing a batch of this size between threads costs little compared with its conversion, and the
/// batches in flight need little memory.
pub const BATCH_BYTES: usize = 1 << 20;

/// Reads an input batch by batch. After the last batch, [`BatchReader::finish`] returns whether the whole input was
/// read.
pub struct BatchReader<R> {
    reader: R,
    shape: Shape,
    max_line_bytes: usize,
    buffers: Buffers,
    /// Starts with the pending bytes: those that were read and are not yet in a batch. The bytes after the pending
    /// bytes are stale, from earlier uses of the buffer.
    buffer: Buffer,
    /// The number of pending bytes.
    pending: usize,
    ended: Option<io::Result<()>>,
    /// The number of bytes of the last line that are held back, which means left to a later run. A last line without a
    /// newline is held back because it may be incomplete, unless it can never become an event. `None` if this run reads
    /// such a line.
    held_back: Option<u64>,
    /// Whether a line may hold several events.
    splits_lines: bool,
    /// Whether the bytes that are held back are a part of an event in several lines.
    holds_event: bool,
    /// The position after the last batch, without its hash if positions are not tracked.
    tracker: PositionTracker,
    is_tracking: bool,
    /// Whether the events of the input have the marker `[tracking]`.
    is_marked: bool,
    /// The search for the ends of records, if the input is read as a stream of JSON values.
    json: Option<JsonCursor>,
    /// Joins the pieces of lines, if the lines may be those of log drivers.
    joiner: Option<Joiner>,
    /// Whether the last lines may be pieces of a line whose other pieces are not yet written.
    is_written: bool,
    /// The index in the last pending bytes from which on positions are open, because pieces before it lack their last
    /// piece.
    open_from: usize,
    pub(super) batch_bytes: usize,
}

impl<R: Read> BatchReader<R> {
    /// Returns a reader that skips lines longer than `max_line_bytes`, which bounds the memory for a line. A document
    /// ([`Shape::Document`]) counts as one line.
    pub fn new(reader: R, shape: Shape, max_line_bytes: usize) -> Self {
        Self {
            reader,
            shape,
            max_line_bytes,
            buffers: Buffers::default(),
            buffer: Buffer::default(),
            pending: 0,
            ended: None,
            held_back: None,
            splits_lines: false,
            holds_event: false,
            tracker: PositionTracker::default(),
            is_tracking: false,
            is_marked: false,
            json: None,
            joiner: None,
            is_written: false,
            open_from: usize::MAX,
            batch_bytes: BATCH_BYTES,
        }
    }

    /// Takes the buffers for the text of batches from this pool.
    pub fn with_buffers(mut self, buffers: &Buffers) -> Self {
        self.buffers = buffers.clone();
        self.buffer = buffers.filled();
        self
    }

    /// Sets whether the events of the input have the marker `[tracking]`.
    pub fn marked(self, is_marked: bool) -> Self {
        Self { is_marked, ..self }
    }

    /// Sets whether a line may hold several events. More events may then follow in a last line without a newline, even if
    /// the line is not JSON.
    pub fn splitting_lines(self, splits_lines: bool) -> Self {
        Self {
            splits_lines,
            ..self
        }
    }

    /// Reads a log as a stream of JSON values.
    pub fn as_json(mut self) -> Self {
        self.json = Some(JsonCursor::default());
        self
    }

    /// Joins the pieces of lines that log drivers have cut. `with_docker` says whether lines of Docker count. If the input
    /// `is_written` at present, pieces at its end are held back, since more pieces may follow.
    pub fn joining(mut self, with_docker: bool, is_written: bool) -> Self {
        self.joiner = Some(Joiner::new(with_docker));
        self.is_written = is_written;
        self
    }

    /// Computes the position after each line. `start` is the position at which the underlying reader starts. If the
    /// input `may_grow`, the last line of a log is held back if it has no newline and may become an event.
    pub fn tracking(mut self, start: PositionTracker, may_grow: bool) -> Self {
        self.joiner
            .iter_mut()
            .for_each(|joiner| joiner.lines = start.line);
        self.tracker = start;
        self.is_tracking = true;
        self.held_back = (may_grow && self.shape == Shape::Log).then_some(0);
        self
    }

    /// Returns the next batch, or `None` after the last batch. If reading fails, the lines before the error are still
    /// returned.
    pub fn next_batch(&mut self) -> Option<LineBatch> {
        if let Some(cursor) = self.json.take() {
            return self.next_json_batch(cursor);
        }
        let mut wanted = self.batch_bytes;
        // The number of NUL bytes that were dropped from the start of the first line.
        let mut nuls = 0;
        loop {
            self.fill(wanted);
            if self.ended.is_some() {
                break;
            }
            let whole = self.whole_lines();
            if whole > 0 {
                let text = self.take(whole);
                return Some(self.batch(text, false));
            }
            // The lines with pieces that wait for more pieces.
            let waiting = self.joiner.as_ref().map_or(0, Joiner::scanned);
            if waiting == 0 {
                nuls += self.drop_nuls();
            }
            if self.pending - waiting > self.max_line_bytes {
                self.joiner.iter_mut().for_each(Joiner::end_all);
                if waiting == 0 {
                    return Some(self.skip_line());
                }
                let text = self.take(waiting);
                return Some(self.batch(text, false));
            }
            let most = self.max_line_bytes.saturating_add(waiting + 1);
            wanted = (self.pending * 2).min(most).max(self.batch_bytes);
        }
        let is_truncated = matches!(self.ended, Some(Err(_)));
        let mut whole = self.whole_lines();
        if self.joiner.is_some() {
            whole = self.end_of_pieces(is_truncated);
        }
        if self.waits(whole, is_truncated)
            && let Some(held_back) = &mut self.held_back
        {
            let of_first_line = if whole == 0 { nuls } else { 0 };
            *held_back += of_first_line + (self.pending - whole) as u64;
            self.pending = whole;
        }
        let text = self.take(self.pending);
        (!text.is_empty()).then(|| self.batch(text, is_truncated))
    }

    /// Returns whether the last line, which begins at an index in the pending bytes and has no newline, is left to a later
    /// run.
    fn waits(&self, whole: usize, is_truncated: bool) -> bool {
        let last_line = &self.buffer[whole..self.pending];
        let text = &last_line[nuls_before(last_line)..];
        // An event may follow NUL bytes. But a file that has nothing else is reported, since no later run may
        // find more in it.
        let is_only_nuls = text == [0] && whole == 0 && self.tracker.line == 0;
        self.held_back.is_some()
            && !is_truncated
            && text.len() <= self.max_line_bytes
            && !is_only_nuls
            && (self.splits_lines || !cannot_become_event(text))
            && ForeignData::find(text, 1, 0).is_none()
    }

    /// Returns the result of reading the input. Call this after [`BatchReader::next_batch`] has returned `None`.
    pub fn finish(self) -> ReadEnd {
        ReadEnd {
            result: self.ended.unwrap_or(Ok(())),
            held_back: self.held_back.unwrap_or(0),
            holds_event: self.holds_event,
            rest: None,
            compression: None,
        }
    }

    /// Reads until `wanted` bytes are pending or reading ends.
    fn fill(&mut self, wanted: usize) {
        if self.buffer.len() < wanted {
            self.buffer.resize(wanted, 0);
        }
        while self.pending < wanted && self.ended.is_none() {
            match self.reader.read(&mut self.buffer[self.pending..wanted]) {
                Ok(0) => self.ended = Some(Ok(())),
                Ok(read) => self.pending += read,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => self.ended = Some(Err(error)),
            }
        }
    }

    /// Returns the first `length` pending bytes, and moves the rest into another buffer.
    fn take(&mut self, length: usize) -> Buffer {
        let mut rest = self.buffers.filled();
        let tail = &self.buffer[length..self.pending];
        if rest.len() < tail.len() {
            rest.resize(tail.len(), 0);
        }
        rest[..tail.len()].copy_from_slice(tail);
        self.pending = tail.len();
        let mut text = std::mem::replace(&mut self.buffer, rest);
        text.truncate(length);
        text
    }

    /// Skips a line that is too long and starts with the pending bytes. Returns a batch with no text, which tells the
    /// length of the line.
    fn skip_line(&mut self) -> LineBatch {
        let mut batch = self.batch(self.buffers.empty(), false);
        self.joiner.iter_mut().for_each(Joiner::skip_line);
        let newline = loop {
            let newline = self.shape.newline(&self.buffer[..self.pending]);
            let text = self.take(newline.map_or(self.pending, |newline| newline + 1));
            self.track(&text);
            if newline.is_some() || self.ended.is_some() {
                break newline;
            }
            self.fill(self.batch_bytes);
        };
        let length = self.tracker.offset - batch.offset - u64::from(newline.is_some());
        let offset = batch.offset;
        batch.skipped = Some(LineContent::TooLong { offset, length });
        batch.positions.extend(self.end_line(newline));
        batch
    }

    /// Drops the NUL bytes at the start of the pending line, of which there may be gigabytes if the log was truncated
    /// while it was written. Keeps the last NUL byte of a line that has no other bytes. Returns the number of dropped
    /// bytes.
    fn drop_nuls(&mut self) -> u64 {
        let line = &self.buffer[..self.pending];
        let nuls = &line[..nuls_before(line)];
        let length = nuls.len();
        self.tracker.offset += length as u64;
        if self.is_tracking {
            self.tracker.hash.update(nuls);
        }
        self.buffer.copy_within(length..self.pending, 0);
        self.pending -= length;
        length as u64
    }

    fn batch(&mut self, text: Buffer, is_truncated: bool) -> LineBatch {
        let (first_line, offset) = (self.tracker.line + 1, self.tracker.offset);
        let mut positions = Vec::new();
        let joiner = self.joiner.as_mut();
        let joins = joiner.and_then(|joiner| joiner.take(text.len()));
        let mut rest = &**text;
        while !rest.is_empty() {
            let newline = self.shape.newline(rest);
            let (line, later) = rest.split_at(newline.map_or(rest.len(), |newline| newline + 1));
            self.track(line);
            let position = self.end_line(newline);
            let at = text.len() - later.len();
            let has_position = joins.as_ref().is_none_or(|joins| joins.has_position(at));
            let position = position.filter(|_| has_position);
            let position = position.filter(|_| newline.is_some() || !is_truncated);
            positions.extend(position.map(|position| Position {
                open: position.open || at >= self.open_from,
                ..position
            }));
            rest = later;
        }
        LineBatch {
            first_line,
            offset,
            bytes_read: 0,
            text,
            is_truncated,
            skipped: None,
            positions,
            is_marked: self.is_marked,
            records: None,
            joins,
        }
    }

    /// Returns the number of pending bytes up to the last newline of a log. A document has no whole line before its
    /// end.
    fn whole_lines(&mut self) -> usize {
        let pending = &self.buffer[..self.pending];
        let whole = match self.shape {
            Shape::Log => memchr::memrchr(b'\n', pending).map_or(0, |newline| newline + 1),
            Shape::Document => 0,
        };
        match &mut self.joiner {
            None => whole,
            Some(joiner) => {
                joiner.scan(&pending[..whole], self.tracker.offset, self.max_line_bytes)
            }
        }
    }

    fn track(&mut self, bytes: &[u8]) {
        self.tracker.offset += bytes.len() as u64;
        if self.is_tracking {
            self.tracker.hash.update(bytes);
        }
    }

    /// Returns the position after a line, if positions are tracked. [`Position::open`] is set if the line is the last
    /// line of a log and has no newline.
    fn end_line(&mut self, newline: Option<usize>) -> Option<Position> {
        self.tracker.open = newline.is_none() && self.shape == Shape::Log;
        self.tracker.line += u64::from(!self.tracker.open);
        self.is_tracking.then(|| self.tracker.position())
    }
}

mod json;
mod pieces;
#[cfg(test)]
mod tests;
