//! A batch of consecutive lines of an input.

use std::iter;

use super::foreign::ForeignData;
use super::joins::{Ending, Joined, Joins, PieceLine};
use super::position::Position;
use super::source::Shape;
use crate::buffers::Buffer;

/// Zero or more consecutive lines of an input, and then at most one line that was skipped.
#[derive(Debug)]
pub struct LineBatch {
    /// The number of the first line, from 1.
    pub first_line: u64,
    /// The offset of the text in the decompressed input.
    pub offset: u64,
    /// The number of bytes of the input, before decompression, that were read for this batch and the batches before.
    pub bytes_read: u64,
    /// Whole lines with their newlines. The last line of an input may have none.
    pub text: Buffer,
    /// Whether reading failed in the middle of the last line, which therefore has no newline.
    pub is_truncated: bool,
    /// The line after those of `text`, if it was skipped because it is too long.
    pub skipped: Option<LineContent<'static>>,
    /// The position after each line, if positions are tracked. A truncated line has no position.
    pub positions: Vec<Position>,
    /// Whether the events of the input have the marker `[tracking]`.
    pub is_marked: bool,
    /// The records of a stream of JSON values. `None` if each line is a record.
    pub records: Option<Vec<JsonRecord>>,
    /// The lines that are pieces of longer lines. `None` if no line is one.
    pub joins: Option<Joins>,
}

/// A record in the text of a batch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct JsonRecord {
    /// The indices in the text at which the record begins and ends.
    pub start: usize,
    pub end: usize,
    /// The number of the line in which the record begins, and the number of bytes before the record in this line.
    pub line: u64,
    pub byte: u64,
}

/// One line of a batch, without its newline.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Line<'a> {
    /// The number of the line in the input, from 1.
    pub number: u64,
    /// The offset of the line in the decompressed input.
    pub offset: u64,
    pub content: LineContent<'a>,
    /// Whether the events of the input have the marker `[tracking]`, so that lines without the marker may come from
    /// other programs.
    pub is_marked: bool,
    /// The number of bytes between the start of the line and the text, if the text is a record within the line.
    pub byte: u64,
    /// The index of the position after the line in [`LineBatch::positions`].
    pub nth: u32,
    /// Whether the text was joined from pieces, without their wrapping.
    pub is_joined: bool,
}

impl<'a> Line<'a> {
    /// Replaces a line by the longer line of which it is the last piece.
    #[cold]
    fn set_joined(&mut self, joined: Option<&'a Joined>) {
        let Some(joined) = joined else {
            return;
        };
        (self.number, self.offset, self.is_joined) = (joined.line, joined.offset, true);
        self.content = match joined.ending {
            Ending::Whole => LineContent::Whole(&joined.text),
            Ending::Truncated => LineContent::Truncated(&joined.text),
            Ending::TooLong => LineContent::TooLong {
                offset: joined.offset,
                length: joined.length,
            },
        };
    }

    /// Returns the number of the byte of the line, from 1, at which the text begins. Returns `None` for the first byte.
    pub fn byte_number(&self) -> Option<u64> {
        (self.byte > 0).then_some(self.byte + 1)
    }
}

/// The text of a line, or the part of the text that could be read. NUL bytes at the start of a line do not belong to its
/// text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LineContent<'a> {
    Whole(&'a [u8]),
    /// Reading failed in the middle of the line.
    Truncated(&'a [u8]),
    /// The line is longer than the limit. `offset` is where its text starts in the decompressed input.
    TooLong {
        offset: u64,
        length: u64,
    },
}

impl LineBatch {
    /// Returns the number of bytes of memory that the batch takes.
    pub fn bytes(&self) -> usize {
        let records = self.records.as_ref().map_or(0, Vec::len);
        self.text.len()
            + self.positions.len() * size_of::<Position>()
            + records * size_of::<JsonRecord>()
            + self.joins.as_ref().map_or(0, Joins::bytes)
    }

    /// Returns whether the batch has a line that is neither too long nor broken off by an error.
    pub fn has_line_to_convert(&self) -> bool {
        match self.is_truncated {
            true => memchr::memchr(b'\n', &self.text).is_some(),
            false => !self.text.is_empty(),
        }
    }

    /// Splits the batch of a log after the line with the index `nth`, from 0, and returns the second part.
    pub fn split_after(&mut self, nth: usize) -> Self {
        let lines = nth + 1;
        let mut records = self
            .records
            .as_mut()
            .map(|records| records.split_off(lines));
        let end = match self.records.as_ref().and_then(|records| records.last()) {
            Some(last) => last.end,
            None => {
                let newline = memchr::memchr_iter(b'\n', &self.text).nth(nth);
                newline.map_or(self.text.len(), |newline| newline + 1)
            }
        };
        for record in records.iter_mut().flatten() {
            record.start -= end;
            record.end -= end;
        }
        Self {
            first_line: self.first_line + lines as u64,
            offset: self.offset + end as u64,
            bytes_read: self.bytes_read,
            text: self.text.split_off(end),
            is_truncated: self.is_truncated,
            skipped: self.skipped.take(),
            positions: self.positions.split_off(lines.min(self.positions.len())),
            is_marked: self.is_marked,
            records,
            joins: None,
        }
    }

    /// Looks for data that is no log in a line of the batch that is not JSON, or in a document. Also returns the text before
    /// the data as a line.
    #[cold]
    pub fn foreign_data(&self, line: Line<'_>, shape: Shape) -> Option<(ForeignData, Line<'_>)> {
        // The text of a joined line is not the text of its lines.
        let start = line.offset.checked_sub(self.offset);
        let start = usize::try_from(start.filter(|_| !line.is_joined)?).ok()?;
        let rest = self.text.get(start..)?;
        let (data, length) = match shape {
            Shape::Log => {
                // Thousands of records may be in one line.
                let length = match (&self.records, line.content) {
                    (Some(_), LineContent::Whole(record)) => record.len(),
                    _ => rest.len(),
                };
                ForeignData::find_in_record(rest, length, line.number, line.offset)?
            }
            Shape::Document => ForeignData::find_in_document(rest)?,
        };
        let text = &rest[..length];
        let content = LineContent::Whole(&text[nuls_before(text)..]);
        Some((data, Line { content, ..line }))
    }

    /// Returns the record with this index, if there is one.
    fn json_line(
        &self,
        records: &[JsonRecord],
        nth: u32,
        max_line_bytes: usize,
    ) -> Option<Line<'_>> {
        let record = records.get(nth as usize)?;
        let text = &self.text[record.start..record.end];
        let is_last = nth as usize + 1 == records.len();
        let offset = self.offset + record.start as u64;
        let content = match self.skipped {
            Some(skipped) => skipped,
            None if is_last && self.is_truncated => LineContent::Truncated(text),
            None if text.len() > max_line_bytes => LineContent::TooLong {
                offset,
                length: text.len() as u64,
            },
            None => LineContent::Whole(text),
        };
        Some(Line {
            number: record.line,
            offset,
            content,
            is_marked: self.is_marked,
            byte: record.byte,
            nth,
            is_joined: false,
        })
    }

    /// Returns the number of whole lines before data that is no log.
    pub fn lines_before(&self, data: ForeignData) -> usize {
        match &self.records {
            None => data.whole_lines_from(self.first_line),
            Some(records) => {
                records.partition_point(|record| self.offset + record.end as u64 <= data.offset())
            }
        }
    }

    /// Returns the lines of a log, or the text of a document as one line.
    pub fn lines(&self, shape: Shape, max_line_bytes: usize) -> impl Iterator<Item = Line<'_>> {
        let mut number = self.first_line;
        let mut offset = self.offset;
        let mut rest = &**self.text;
        let mut skipped = self.skipped;
        let mut nth = 0;
        iter::from_fn(move || {
            loop {
                if let Some(records) = &self.records {
                    nth += 1;
                    return self.json_line(records, nth - 1, max_line_bytes);
                }
                let newline = shape.newline(rest);
                let end = newline.unwrap_or(rest.len());
                let nuls = nuls_before(&rest[..end]);
                let bytes = &rest[nuls..end];
                let content = if rest.is_empty() {
                    skipped.take()?
                } else if newline.is_none() && self.is_truncated {
                    LineContent::Truncated(bytes)
                } else if bytes.len() > max_line_bytes {
                    LineContent::TooLong {
                        offset: offset + nuls as u64,
                        length: bytes.len() as u64,
                    }
                } else {
                    LineContent::Whole(bytes)
                };
                let length = end + usize::from(newline.is_some());
                rest = &rest[length..];
                offset += length as u64;
                number += 1;
                let at = self.text.len() - rest.len();
                let mut line = Line {
                    is_joined: false,
                    number: number - 1,
                    offset: offset - length as u64,
                    content,
                    is_marked: self.is_marked,
                    byte: 0,
                    nth,
                };
                if let Some(joins) = &self.joins {
                    nth += u32::from(joins.has_position(at));
                    match joins.at(at - length) {
                        Some(PieceLine { joined: None, .. }) => continue,
                        Some(PieceLine { joined, .. }) => line.set_joined(joined.as_ref()),
                        None => {}
                    }
                } else {
                    nth += 1;
                }
                return Some(line);
            }
        })
    }
}

/// Returns the number of NUL bytes at the start of a line. When a log is truncated while a program writes to it, its
/// next event follows as many NUL bytes as the log had bytes before. If a line has no other bytes, its last NUL byte is
/// not counted, so that the line is not blank.
#[inline]
pub(super) fn nuls_before(line: &[u8]) -> usize {
    match line {
        [0, _, ..] => leading_nuls(line).min(line.len() - 1),
        _ => 0,
    }
}

#[cold]
fn leading_nuls(line: &[u8]) -> usize {
    /// The number of bytes that are compared at a time, with vector instructions.
    const BLOCK: usize = 64;

    let (blocks, _) = line.as_chunks::<BLOCK>();
    let blocks = blocks.iter().take_while(|block| **block == [0; BLOCK]);
    let in_blocks = blocks.count() * BLOCK;
    let rest = line[in_blocks..].iter().take_while(|byte| **byte == 0);
    in_blocks + rest.count()
}
