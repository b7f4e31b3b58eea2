//! Cutting an input into batches of whole lines.
//!
//! Where a batch ends depends on the bytes of the input alone, so neither do results on how reads happen to return.

use std::io::{self, Read};

use super::line_batch::{LineBatch, Unreadable};
use super::{Follower, Position, Text};
use crate::buffers::Buffers;

/// Enough lines that handing a batch on costs nothing beside converting it, and few enough that the batches in flight
/// stay small.
pub const BATCH_BYTES: usize = 1 << 20;

/// Reads an input batch by batch. What could be read comes first; then [`BatchReader::finish`] tells how it ended.
pub struct BatchReader<R> {
    reader: R,
    max_line_bytes: usize,
    line: u64,
    offset: u64,
    buffers: Buffers,
    /// What was read past the last newline.
    rest: Option<Text>,
    ended: Option<io::Result<()>>,
    /// So many bytes of a line without a newline are left to a later run.
    held_back: u64,
    /// Keeps the hash of what was given out, when places are to be known.
    follower: Option<Follower>,
    /// A last line without a newline may still be written to, and is left to a later run.
    leaves_unterminated: bool,
}

/// How the reading of an input ended.
#[derive(Debug)]
pub struct ReadEnd {
    /// What broke it off, if anything did.
    pub result: io::Result<()>,
    /// So many bytes of a last line without a newline are left to a later run.
    pub held_back: u64,
}

impl<R: Read> BatchReader<R> {
    /// `max_line_bytes` bounds the memory that one line takes.
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
            follower: None,
            leaves_unterminated: false,
        }
    }

    /// The same with buffers that others use, too.
    pub fn sharing(mut self, buffers: &Buffers) -> Self {
        self.buffers = buffers.clone();
        self
    }

    /// The same for a reader that stands at the follower's place, to know the places at which batches end. A log that
    /// `may_grow` gives no last line without a newline.
    pub fn following(mut self, follower: Follower, may_grow: bool) -> Self {
        self.line = follower.line + 1;
        self.offset = follower.offset;
        self.follower = Some(follower);
        self.leaves_unterminated = may_grow;
        self
    }

    /// The next batch, or `None` at the end of what can be read.
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
                let cut =
                    text.split_off(memchr::memrchr(b'\n', &text).map_or(0, |newline| newline + 1));
                let unreadable =
                    (!cut.is_empty()).then(|| Unreadable::Truncated { text: cut.to_vec() });
                Some(self.batch(text, unreadable))
            }
            _ if self.leaves_unterminated => {
                let whole = memchr::memrchr(b'\n', &text).map_or(0, |newline| newline + 1);
                self.held_back = (text.len() - whole) as u64;
                text.truncate(whole);
                (!text.is_empty()).then(|| self.batch(text, None))
            }
            _ => Some(self.batch(text, None)),
        }
    }

    /// The whole input as one batch, for a document; then `None`. It counts as one line.
    pub fn whole(&mut self) -> Option<LineBatch> {
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
        self.follow(&text);
        self.offset += text.len() as u64;
        if text.len() > self.max_line_bytes {
            self.ended = None;
            let length = text.len() as u64 + self.skip(|_| None).0;
            batch.unreadable = Some(Unreadable::TooLong { offset: 0, length });
            self.offset = length;
        } else if let Some(Err(_)) = &self.ended {
            // It has no place behind it.
            batch.unreadable = Some(Unreadable::Truncated { text });
            return Some(batch);
        } else if text.is_empty() {
            return Some(batch);
        } else {
            batch.text = text.into();
        }
        self.line += 1;
        batch.places.extend(self.place(false));
        Some(batch)
    }

    /// How the input ended, once there is no more batch.
    pub fn finish(self) -> ReadEnd {
        ReadEnd {
            result: self.ended.unwrap_or(Ok(())),
            held_back: self.held_back,
        }
    }

    /// Reads until `text` has `wanted` bytes or the input ends.
    fn fill(&mut self, text: &mut Text, wanted: usize) {
        while text.len() < wanted {
            match self.reader.read(text.room(wanted)) {
                Ok(0) => {
                    self.ended = Some(Ok(()));
                    break;
                }
                Ok(read) => text.take_in(read),
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => {
                    self.ended = Some(Err(error));
                    break;
                }
            }
        }
    }

    /// Passes over the rest of a line of which `text` is read and given up.
    fn skip_line(&mut self, text: &[u8]) -> Option<LineBatch> {
        let mut batch = self.batch(Text::empty(&self.buffers), None);
        self.follow(text);
        let (rest, is_terminated) = self.skip(|bytes| memchr::memchr(b'\n', bytes));
        if !is_terminated && self.leaves_unterminated {
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
        batch.places.extend(self.place(!is_terminated));
        Some(batch)
    }

    /// Passes over bytes up to the one that `find` finds, which is passed over too and not counted, and tells whether it
    /// did. What was read past it is kept.
    fn skip(&mut self, find: impl Fn(&[u8]) -> Option<usize>) -> (u64, bool) {
        let mut length = 0;
        while self.ended.is_none() {
            let mut bytes = Text::empty(&self.buffers);
            self.fill(&mut bytes, BATCH_BYTES);
            if let Some(found) = find(&bytes) {
                self.rest = Some(bytes.split_off(found + 1));
                self.follow(&bytes);
                return (length + found as u64, true);
            }
            self.follow(&bytes);
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
            places: Vec::new(),
        };
        if self.follower.is_none() {
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
            self.follow(line);
            if !line.is_empty() {
                let open = !line.ends_with(b"\n");
                batch.places.extend(self.place(open));
            }
            start = end;
        }
        batch
    }

    fn follow(&mut self, bytes: &[u8]) {
        if let Some(follower) = &mut self.follower {
            follower.hash.update(bytes);
        }
    }

    /// The place behind what was given out, whose last line has a newline or is open.
    fn place(&mut self, open: bool) -> Option<Position> {
        let follower = self.follower.as_mut()?;
        follower.line = self.line - 1;
        follower.offset = self.offset;
        follower.open = open;
        Some(follower.position())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Gives out its bytes in pieces of a size, then fails if it is told to.
    struct Pieces<'a> {
        bytes: &'a [u8],
        size: usize,
        fails: bool,
    }

    impl Read for Pieces<'_> {
        fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
            if self.bytes.is_empty() && self.fails {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
            let length = self.size.min(buffer.len()).min(self.bytes.len());
            buffer[..length].copy_from_slice(&self.bytes[..length]);
            self.bytes = &self.bytes[length..];
            Ok(length)
        }
    }

    fn batches(
        bytes: &[u8],
        size: usize,
        fails: bool,
        max_line_bytes: usize,
    ) -> (Vec<LineBatch>, bool) {
        let mut reader = BatchReader::new(Pieces { bytes, size, fails }, max_line_bytes);
        let batches = std::iter::from_fn(|| reader.next_batch()).collect();
        (batches, reader.finish().result.is_err())
    }

    #[test]
    fn every_line_is_in_one_batch_with_its_number_and_offset() {
        let text: Vec<u8> = (0..200_000)
            .flat_map(|n| format!("line {n}\n").into_bytes())
            .collect();
        for size in [1000, 1 << 16, 1 << 22] {
            let (batches, failed) = batches(&text, size, false, 100);
            assert!(!failed && batches.len() > 1);
            let (mut line, mut offset) = (1, 0);
            for batch in &batches {
                assert_eq!((batch.first_line, batch.offset), (line, offset));
                assert!(batch.text.ends_with(b"\n") && batch.unreadable.is_none());
                line += batch.text.iter().filter(|&&byte| byte == b'\n').count() as u64;
                offset += batch.text.len() as u64;
            }
            assert_eq!((line, offset), (200_001, text.len() as u64));
        }
    }

    #[test]
    fn a_last_line_without_a_newline_is_a_line() {
        let (batches, failed) = batches(b"a\nb", 1, false, 100);
        assert!(!failed);
        assert_eq!(
            batches
                .iter()
                .flat_map(|batch| batch.text.to_vec())
                .collect::<Vec<_>>(),
            b"a\nb"
        );
    }

    #[test]
    fn a_line_without_end_is_passed_over_in_bounded_memory() {
        let mut text = b"a\n".to_vec();
        text.resize(3 << 20, b'x');
        text.extend(b"\nb\n");
        let (batches, _) = batches(&text, 1 << 16, false, 1 << 20);
        let too_long = batches
            .iter()
            .find(|batch| batch.unreadable.is_some())
            .unwrap();
        let expected = Unreadable::TooLong {
            offset: 2,
            length: (3 << 20) - 2,
        };
        assert_eq!(
            (too_long.first_line, too_long.unreadable.as_ref()),
            (2, Some(&expected))
        );
        let last = batches.last().unwrap();
        assert_eq!(
            (last.first_line, last.offset, &last.text[..]),
            (3, (3 << 20) + 1, &b"b\n"[..])
        );
    }

    /// More may stand behind it when the input is read again: then that is of the same line.
    #[test]
    fn a_last_line_is_open_without_a_newline_however_long_it_is() {
        for line in ["x", "xxxxxxxx"] {
            let text = format!("a\n{line}");
            let reader = BatchReader::new(text.as_bytes(), 4);
            let mut reader = reader.following(Follower::new(), false);
            let batches = std::iter::from_fn(|| reader.next_batch());
            let places: Vec<Position> = batches.flat_map(|batch| batch.places).collect();
            let places = places
                .iter()
                .map(|place| (place.line, place.offset, place.open));
            assert_eq!(
                places.collect::<Vec<_>>(),
                [(1, 2, false), (1, text.len() as u64, true)],
                "{line}"
            );
        }
    }

    #[test]
    fn what_was_read_before_a_failure_is_given_out_and_the_cut_line_is_told() {
        let (batches, failed) = batches(b"a\nb\ncut", 2, true, 100);
        assert!(failed);
        assert_eq!(batches.len(), 1);
        assert_eq!(&*batches[0].text, b"a\nb\n");
        assert_eq!(
            batches[0].unreadable,
            Some(Unreadable::Truncated {
                text: b"cut".to_vec()
            })
        );
    }
}
