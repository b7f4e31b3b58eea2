//! The delivered lines of a known log, with which the lines of an input are compared.

use std::io::{self, Write};
use std::iter::Peekable;
use std::vec::IntoIter;

use super::known_lines::{KnownLines, LineEnd};
use super::state_directory::StateDirectory;
use crate::input::{Position, PositionTracker};

/// The delivered lines of a known log. They may go on in several ways, because inputs that begin with the same lines are
/// one input in the journal.
pub struct KnownLog<'d> {
    directory: &'d StateDirectory,
    /// The rows that begin after the line that was compared last.
    later: Peekable<IntoIter<KnownLines>>,
    /// The lines that may follow.
    next: Vec<NextLines>,
    /// The offset of the last line that both have.
    offset: u64,
    /// The position after the last line that both have, if lines were compared.
    pub reached: Option<Position>,
    /// Whether the input is certain to differ from the known log in the line after the last line that both have.
    differs: bool,
    /// Whether no line of the known log can be the same any more.
    pub is_over: bool,
}

/// Consecutive lines.
struct NextLines {
    ends: Peekable<IntoIter<LineEnd>>,
    /// The offset of the line before the next line, if the input has this line.
    after: Option<u64>,
}

/// The bytes of an input after the last line that a known log has.
#[derive(Default)]
pub struct Rest {
    has_newline: bool,
    has_text: bool,
}

impl Rest {
    pub fn add(&mut self, bytes: &[u8]) {
        let is_between_records = |byte: &u8| b" \t\r\n,[]\0".contains(byte);
        self.has_newline |= memchr::memchr(b'\n', bytes).is_some();
        self.has_text |= !bytes.iter().all(is_between_records);
    }

    /// Returns whether the rest may be delivered, given whether a last line or record waits until it is complete. Pieces of
    /// a line, which end with newlines, may not wait.
    fn may_be_delivered(&self, waits: bool, has_pieces: bool) -> bool {
        self.has_text && (!waits || has_pieces && self.has_newline)
    }
}

impl<'d> KnownLog<'d> {
    /// Returns the log with these lines. The input has the same lines up to an offset.
    pub fn new(directory: &'d StateDirectory, offset: u64, mut rows: Vec<KnownLines>) -> Self {
        rows.sort_by_key(|row| row.after.offset);
        Self {
            directory,
            is_over: rows.is_empty(),
            later: rows.into_iter().peekable(),
            next: Vec::new(),
            offset,
            reached: None,
            differs: false,
        }
    }

    /// Returns the offset at which the next line may end.
    pub fn next_offset(&mut self) -> Option<u64> {
        let next = self.next.iter_mut();
        let next = next.filter_map(|lines| Some(lines.ends.peek()?.offset));
        next.chain(self.later.peek().map(|row| row.after.offset))
            .min()
    }

    /// Compares the input up to a position. Returns whether the known log has the line that ends there.
    pub fn compare(&mut self, position: &Position) -> io::Result<bool> {
        let end = LineEnd::of(position);
        while let Some(row) = self.later.next_if(|row| row.after.offset <= end.offset) {
            let mut ends = vec![row.after];
            ends.extend(self.directory.memory().lines.ends(&row)?);
            ends.drain(..ends.partition_point(|other| other.offset < end.offset));
            let ends = ends.into_iter().peekable();
            self.next.push(NextLines { ends, after: None });
        }
        let mut same = None;
        let mut differs = false;
        self.next.retain_mut(|lines| {
            if let Some(next) = lines.ends.next_if(|next| next.offset == end.offset) {
                if next.hash != end.hash {
                    differs |= lines.after == Some(self.offset);
                    return false;
                }
                lines.after = Some(end.offset);
                same = Some(next.line);
            }
            lines.ends.peek().is_some()
        });
        if let Some(line) = same.filter(|_| end.offset > self.offset) {
            (self.differs, self.offset) = (false, end.offset);
            self.reached = Some(Position {
                line,
                open: false,
                ..*position
            });
        } else {
            self.differs |= same.is_none() && differs;
        }
        let may_follow = self.later.peek().is_some() && !self.differs;
        self.is_over = self.next.is_empty() && !may_follow;
        Ok(same.is_some())
    }

    /// Compares the last line of the input, which lacks its newline.
    pub fn compare_open(&mut self, end: &PositionTracker) {
        let mut following = self.next.iter_mut();
        let line = following.find_map(|lines| {
            let next = *lines.ends.peek()?;
            let newline = match next.offset.checked_sub(end.offset)? {
                1 => "\n",
                2 => "\r\n",
                _ => return None,
            };
            let mut closed = end.clone();
            closed.write_all(newline.as_bytes()).ok()?;
            let is_same = LineEnd::of(&closed.position()).hash == next.hash;
            (lines.after == Some(self.offset) && is_same).then_some(next.line)
        });
        if let Some(line) = line {
            self.differs = true;
            self.reached = Some(Position {
                line: line.saturating_sub(1),
                open: true,
                ..end.position()
            });
        }
    }

    /// Returns whether every line that may be in the known log was compared, and the rest of the input is in no known line
    /// that may be delivered.
    pub fn is_certain(&self, rest: &Rest, waits: bool, has_pieces: bool) -> bool {
        let is_next_known = || {
            let mut next = self.next.iter();
            next.any(|lines| lines.after == Some(self.offset))
        };
        self.differs || is_next_known() && !rest.may_be_delivered(waits, has_pieces)
    }
}
