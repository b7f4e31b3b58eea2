//! Cutting an input into batches of whole lines.
//!
//! The end of a batch depends only on the bytes of the input, so results do not depend on how many bytes a read returns.

use std::io::{self, Read};

use super::line_batch::{LineBatch, Unreadable};
use super::position::{Position, PositionTracker};
use super::text::Text;
use crate::buffers::Buffers;

/// The size of a batch: large enough that passing a batch between threads costs little beside its conversion, and small
/// enough that the batches in flight need little memory.
pub const BATCH_BYTES: usize = 1 << 20;

/// Reads an input batch by batch. After the last batch, [`BatchReader::finish`] returns how reading ended.
pub struct BatchReader<R> {
    reader: R,
    max_line_bytes: usize,
    line: u64,
    offset: u64,
    buffers: Buffers,
    /// The bytes that were read after the last batch.
    rest: Option<Text>,
    ended: Option<io::Result<()>>,
    /// The bytes of a last line without a newline that are left to a later run.
    held_back: u64,
    /// The position after the last batch, if positions are tracked.
    tracker: Option<PositionTracker>,
    /// Whether a last line without a newline is left to a later run, because it may be incomplete.
    holds_back: bool,
}

/// How the reading of an input ended.
#[derive(Debug)]
pub struct ReadEnd {
    /// An error if the input could not be read to its end.
    pub result: io::Result<()>,
    /// The number of bytes of a last line without a newline that are left to a later run.
    pub held_back: u64,
}

impl<R: Read> BatchReader<R> {
    /// Returns a reader that skips lines longer than `max_line_bytes`, which bounds the memory for a line.
    pub fn new(reader: R, max_line_bytes: usize) -> Self {
        Self {
            reader,
            max_line_bytes,
            line: 1,
            offset: 0,
            buffers: Buffers::default(),
            rest: None,
            ended: None,
            held_back: 0,
            tracker: None,
            holds_back: false,
        }
    }

    /// Uses these buffers for the text of batches.
    pub fn with_buffers(mut self, buffers: &Buffers) -> Self {
        self.buffers = buffers.clone();
        self
    }

    /// Tracks the positions after lines, from the position of the underlying reader. If the input `may_grow`, a last line
    /// without a newline is held back.
    pub fn tracking(mut self, start: PositionTracker, may_grow: bool) -> Self {
        self.line = start.line + 1;
        self.offset = start.offset;
        self.tracker = Some(start);
        self.holds_back = may_grow;
        self
    }

    /// Returns the next batch of a log, or `None` at the end or at an error.
    pub fn next_batch(&mut self) -> Option<LineBatch> {
        let mut text = self
            .rest
            .take()
            .unwrap_or_else(|| Text::empty(&self.buffers));
        let mut wanted = BATCH_BYTES;
        while self.ended.is_none() {
            self.fill(&mut text, wanted);
            if self.ended.is_some() {
                break;
            }
            if let Some(newline) = memchr::memrchr(b'\n', &text) {
                self.rest = Some(text.split_off(newline + 1));
                return Some(self.batch(text, None));
            }
            if text.len() > self.max_line_bytes {
                return self.skip_line(&text);
            }
            wanted = (text.len() * 2).min(self.max_line_bytes.saturating_add(1));
        }
        match &self.ended {
            _ if text.is_empty() => None,
            Some(Err(_)) => {
                let rest = text.split_off(whole_lines(&text));
                let unreadable = (!rest.is_empty()).then(|| Unreadable::Truncated {
                    text: rest.to_vec(),
                });
                Some(self.batch(text, unreadable))
            }
            _ if self.holds_back => {
                let whole = whole_lines(&text);
                self.held_back = (text.len() - whole) as u64;
                text.truncate(whole);
                (!text.is_empty()).then(|| self.batch(text, None))
            }
            _ => Some(self.batch(text, None)),
        }
    }

    /// Returns a document as one batch, in which it counts as one line. Returns `None` after that.
    pub fn next_document(&mut self) -> Option<LineBatch> {
        if self.ended.is_some() {
            return None;
        }
        let mut text = Vec::new();
        let limit = (self.max_line_bytes as u64).saturating_add(1);
        self.ended = Some(
            self.reader
                .by_ref()
                .take(limit)
                .read_to_end(&mut text)
                .map(drop),
        );
        let mut batch = self.batch(Text::empty(&self.buffers), None);
        self.track(&text);
        self.offset += text.len() as u64;
        if text.len() > self.max_line_bytes {
            self.ended = None;
            let length = text.len() as u64 + self.skip(|_| None).0;
            batch.unreadable = Some(Unreadable::TooLong { offset: 0, length });
            self.offset = length;
        } else if let Some(Err(_)) = &self.ended {
            batch.unreadable = Some(Unreadable::Truncated { text });
            return Some(batch);
        } else if text.is_empty() {
            return Some(batch);
        } else {
            batch.text = text.into();
        }
        self.line += 1;
        batch.positions.extend(self.position(false));
        Some(batch)
    }

    /// Returns how reading ended. Called after the last batch.
    pub fn finish(self) -> ReadEnd {
        ReadEnd {
            result: self.ended.unwrap_or(Ok(())),
            held_back: self.held_back,
        }
    }

    /// Reads until `text` has `wanted` bytes or reading ends.
    fn fill(&mut self, text: &mut Text, wanted: usize) {
        while text.len() < wanted {
            match self.reader.read(text.spare(wanted)) {
                Ok(0) => {
                    self.ended = Some(Ok(()));
                    break;
                }
                Ok(read) => text.grow(read),
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => {
                    self.ended = Some(Err(error));
                    break;
                }
            }
        }
    }

    /// Skips the rest of a too long line that starts with `text`.
    fn skip_line(&mut self, text: &[u8]) -> Option<LineBatch> {
        let mut batch = self.batch(Text::empty(&self.buffers), None);
        self.track(text);
        let (rest, is_terminated) = self.skip(|bytes| memchr::memchr(b'\n', bytes));
        if !is_terminated && self.holds_back {
            self.held_back = text.len() as u64 + rest;
            return None;
        }
        let length = text.len() as u64 + rest;
        batch.unreadable = Some(Unreadable::TooLong {
            offset: batch.offset,
            length,
        });
        self.line += u64::from(is_terminated);
        self.offset += length + u64::from(is_terminated);
        batch.positions.extend(self.position(!is_terminated));
        Some(batch)
    }

    /// Skips bytes up to and including the one that `find` finds. Returns the number of bytes before that one, and whether
    /// it was found.
    fn skip(&mut self, find: impl Fn(&[u8]) -> Option<usize>) -> (u64, bool) {
        let mut length = 0;
        while self.ended.is_none() {
            let mut bytes = Text::empty(&self.buffers);
            self.fill(&mut bytes, BATCH_BYTES);
            if let Some(found) = find(&bytes) {
                self.rest = Some(bytes.split_off(found + 1));
                self.track(&bytes);
                return (length + found as u64, true);
            }
            self.track(&bytes);
            length += bytes.len() as u64;
        }
        (length, false)
    }

    fn batch(&mut self, text: Text, unreadable: Option<Unreadable>) -> LineBatch {
        let mut batch = LineBatch {
            first_line: self.line,
            offset: self.offset,
            text,
            unreadable,
            positions: Vec::new(),
        };
        if self.tracker.is_none() {
            self.line += memchr::memchr_iter(b'\n', &batch.text).count() as u64;
            self.offset += batch.text.len() as u64;
            return batch;
        }
        let mut start = 0;
        let newlines = memchr::memchr_iter(b'\n', &batch.text).map(|newline| newline + 1);
        let ends = newlines.chain([batch.text.len()]);
        for end in ends {
            let line = &batch.text[start..end];
            self.line += u64::from(line.ends_with(b"\n"));
            self.offset += line.len() as u64;
            self.track(line);
            if !line.is_empty() {
                let open = !line.ends_with(b"\n");
                batch.positions.extend(self.position(open));
            }
            start = end;
        }
        batch
    }

    fn track(&mut self, bytes: &[u8]) {
        if let Some(tracker) = &mut self.tracker {
            tracker.hash.update(bytes);
        }
    }

    /// Returns the current position, if positions are tracked. It is `open` after a line without a newline.
    fn position(&mut self, open: bool) -> Option<Position> {
        let tracker = self.tracker.as_mut()?;
        tracker.line = self.line - 1;
        tracker.offset = self.offset;
        tracker.open = open;
        Some(tracker.position())
    }
}

/// Returns the length of the lines of a text that have a newline.
fn whole_lines(text: &[u8]) -> usize {
    memchr::memrchr(b'\n', text).map_or(0, |newline| newline + 1)
}

#[cfg(test)]
mod tests;
