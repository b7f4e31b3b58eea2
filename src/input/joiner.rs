//! Joining the pieces of lines that log drivers of containers have cut.

use bumpalo::Bump;

use super::joins::{Ending, Joined, Joins, PieceLine};
use crate::tracking::{
    LinePiece, ObjectProgress, PieceMark, has_marker, may_hold_event, parse_line,
};

/// The bytes of other lines that may follow a piece before the next piece of its line. Docker and container runtimes write
/// the pieces of a line one shortly after the other.
const MOST_BETWEEN: usize = 1 << 20;

/// Finds pieces in the lines of an input, and joins the pieces of each stream.
#[derive(Debug, Default)]
pub struct Joiner {
    /// Whether texts of Docker's log driver json-file are joined.
    joins_docker: bool,
    /// The line of each stream, standard output and standard error, that has more pieces.
    open: [Option<Open>; 2],
    /// The number of pending bytes whose lines were examined.
    scanned: usize,
    /// The number of pending bytes after which no line is waiting for more pieces.
    closed: usize,
    /// The index of the pending bytes from which on no position is, because a line is open.
    undivided_from: Option<usize>,
    /// The number of the last line that was examined.
    pub lines: u64,
    found: Joins,
}

/// A line that has more pieces.
#[derive(Debug)]
struct Open {
    /// The text up to now. `None` once the line is too long: then its other pieces are dropped.
    joined: Option<Joined>,
    /// The indices of the pieces in [`Joins::pieces`].
    pieces: Vec<usize>,
    progress: ObjectProgress,
    /// The last piece that may begin another line.
    restart: Option<Restart>,
    /// Whether the first piece is certain to be one ([`LinePiece::is_certain`]).
    is_certain: bool,
    /// The offset of the end of the last piece.
    end: u64,
}

/// A piece that may begin another line, or an object within the line.
#[derive(Debug)]
struct Restart {
    /// The number of pieces before.
    pieces: usize,
    /// The number of bytes of the text before.
    text: usize,
    line: u64,
    offset: u64,
}

impl Joiner {
    /// Returns a joiner for an input.
    pub fn new(joins_docker: bool) -> Self {
        Self {
            joins_docker,
            ..Self::default()
        }
    }

    /// Notes that a line was skipped because it is too long.
    pub fn skip_line(&mut self) {
        self.lines += 1;
    }

    /// Examines more whole lines of the pending bytes. Returns the number of pending bytes after which no line is waiting
    /// for more pieces. `offset` is the offset of the first pending byte.
    pub fn scan(&mut self, pending: &[u8], offset: u64, most: usize) -> usize {
        while self.scanned < pending.len() {
            let rest = &pending[self.scanned..];
            let length = memchr::memchr(b'\n', rest).map_or(rest.len(), |newline| newline + 1);
            self.lines += 1;
            let start = self.scanned;
            self.add(&rest[..length], offset + start as u64, most);
            if self.open.iter().any(Option::is_some) {
                self.undivided_from.get_or_insert(start);
                self.scanned += length;
                self.end_stale(offset + self.scanned as u64, most);
            } else {
                self.scanned += length;
            }
            self.settle(self.scanned);
        }
        self.closed
    }

    /// Notes which lines are open at an index in the pending bytes.
    fn settle(&mut self, at: usize) {
        if !self.is_waiting() {
            self.closed = at;
        }
        if self.open.iter().all(Option::is_none)
            && let Some(from) = self.undivided_from.take()
        {
            self.found.undivided.push(from..at);
        }
    }

    fn add(&mut self, line: &[u8], offset: u64, most: usize) {
        let text = line.strip_suffix(b"\n").unwrap_or(line);
        let text = text.strip_suffix(b"\r").unwrap_or(text);
        let Some(piece) = LinePiece::parse(text, self.joins_docker) else {
            return;
        };
        let stream = usize::from(piece.is_stderr);
        if self.open[stream].is_none() && piece.mark == PieceMark::Last {
            return;
        }
        let Some(text) = piece.text() else {
            return;
        };
        if let Some(open) = &self.open[stream]
            && open.is_ended_by(&text)
        {
            let is_trimmed = piece.mark == PieceMark::NoNewline && !piece.begins_line(&text);
            self.end(stream, is_trimmed);
            self.settle(self.scanned);
        }
        if self.open[stream].is_none() && !piece.begins_line(&text) {
            return;
        }
        let number = self.lines;
        let is_certain = piece.is_certain(&text);
        let open = self.open[stream].get_or_insert_with(|| Open::at(number, offset, is_certain));
        open.note_restart(&text, number, offset);
        let mut joined = open.add(&text, offset, line.len(), most);
        let is_last = match piece.mark {
            PieceMark::Last => true,
            PieceMark::More => false,
            // A container has ended without a newline if its last piece is short.
            PieceMark::NoNewline => {
                open.progress == ObjectProgress::Complete || open.is_certain && !is_certain
            }
        };
        if open.joined.is_some() {
            open.pieces.push(self.found.pieces.len());
        }
        if is_last && let Some(open) = self.open[stream].take() {
            joined = joined.or_else(|| self.finish(open));
        }
        self.found.pieces.push(PieceLine {
            start: self.scanned,
            joined,
            is_line: false,
        });
    }

    /// Returns a line that ends with its last piece. If another line follows the pieces of a line whose last piece is missing,
    /// divides them.
    fn finish(&mut self, open: Open) -> Option<Joined> {
        let mut joined = open.joined?;
        if let Some(restart) = open.restart.filter(|_| open.progress.is_within())
            && let Some(text) = joined.text.get(restart.text..)
            && is_event(text)
            && let Some(last) = restart.pieces.checked_sub(1)
            && let Some(&last) = open.pieces.get(last)
        {
            let whole = Joined {
                text: text.to_vec(),
                line: restart.line,
                offset: restart.offset,
                ..joined
            };
            joined.text.truncate(restart.text);
            joined.ending = Ending::Truncated;
            self.found.pieces[last].joined = Some(joined);
            return Some(whole);
        }
        Some(joined)
    }

    /// Ends the lines whose last pieces are missing, since too many bytes follow their last piece or are pending.
    fn end_stale(&mut self, end: u64, most: usize) {
        for stream in 0..self.open.len() {
            let is_stale = |open: &Open| end - open.end > MOST_BETWEEN as u64;
            if self.open[stream].as_ref().is_some_and(is_stale) {
                self.end(stream, false);
            }
        }
        if self.is_waiting() && self.scanned - self.closed > 2 * most + MOST_BETWEEN {
            self.end_all();
        }
    }

    /// Ends the line of a stream, whose last piece is missing. `is_trimmed` tells that the next line has no newline and is no
    /// piece.
    fn end(&mut self, stream: usize, is_trimmed: bool) {
        let Some(open) = self.open[stream].take() else {
            return;
        };
        let Some(mut joined) = open.joined else {
            return;
        };
        let is_complete = open.progress == ObjectProgress::Complete;
        if !is_complete {
            joined.ending = Ending::Truncated;
        }
        let are_lines = match &*open.pieces {
            [_] if is_complete => true,
            _ => is_trimmed && !open.is_certain,
        };
        if are_lines {
            for nth in open.pieces {
                self.found.pieces[nth].is_line = true;
            }
        } else if let Some(&last) = open.pieces.last() {
            self.found.pieces[last].joined = Some(joined);
        }
    }

    /// Ends all lines, whose last pieces are missing.
    pub fn end_all(&mut self) {
        for stream in 0..self.open.len() {
            self.end(stream, false);
        }
        self.settle(self.scanned);
    }

    /// Leaves the lines that are waiting for more pieces, and all lines after them, to a later run. Returns the number of
    /// pending bytes before them.
    pub fn hold_back(&mut self) -> usize {
        // The other pieces of a line that is too long are a line of their own in the next run.
        let from = self
            .undivided_from
            .take()
            .filter(|from| *from < self.closed);
        let undivided = from.map(|from| from..self.closed);
        self.found.undivided.extend(undivided);
        self.closed
    }

    /// Returns whether a line is waiting for more pieces.
    pub fn is_waiting(&self) -> bool {
        let mut open = self.open.iter().flatten();
        open.any(|open| open.joined.is_some())
    }

    /// Returns whether the last line that was examined is a piece of a line that is waiting for more pieces. `offset` is the
    /// offset of the first pending byte.
    pub fn ends_with_piece(&self, offset: u64) -> bool {
        let end = offset + self.scanned as u64;
        let mut open = self.open.iter().flatten();
        open.any(|open| open.joined.is_some() && open.end == end)
    }

    /// Returns the number of pending bytes whose lines were examined.
    pub fn scanned(&self) -> usize {
        self.scanned
    }

    /// Returns the pieces in the first pending bytes, which are removed. No line is waiting for more pieces after these bytes,
    /// apart from lines that are held back.
    pub fn take(&mut self, length: usize) -> Option<Joins> {
        self.scanned = self.scanned.saturating_sub(length);
        self.closed = self.closed.saturating_sub(length);
        let pieces = &mut self.found.pieces;
        let taken = pieces.partition_point(|piece| piece.start < length);
        let mut rest = pieces.split_off(taken);
        rest.iter_mut().for_each(|piece| piece.start -= length);
        for open in self.open.iter_mut().flatten() {
            open.pieces.iter_mut().for_each(|nth| *nth -= taken);
        }
        let rest = Joins {
            pieces: rest,
            undivided: Vec::new(),
        };
        let mut found = std::mem::replace(&mut self.found, rest);
        if let Some(from) = self.undivided_from {
            if from < length {
                found.undivided.push(from..usize::MAX);
            }
            self.undivided_from = Some(from.saturating_sub(length));
        }
        let is_empty = found.pieces.is_empty() && found.undivided.is_empty();
        (!is_empty).then_some(found)
    }
}

impl Open {
    /// Returns a line without text, whose first piece is a line of the input.
    fn at(line: u64, offset: u64, is_certain: bool) -> Self {
        Self {
            joined: Some(Joined {
                text: Vec::new(),
                line,
                offset,
                length: 0,
                ending: Ending::Whole,
            }),
            pieces: Vec::new(),
            progress: ObjectProgress::default(),
            restart: None,
            is_certain,
            end: 0,
        }
    }

    /// Adds a piece. Returns the line once it is too long.
    fn add(&mut self, text: &[u8], offset: u64, length: usize, most: usize) -> Option<Joined> {
        self.progress = self.progress.after(text);
        self.end = offset + length as u64;
        let joined = self.joined.as_mut()?;
        joined.length += length as u64;
        if joined.length > most as u64 {
            joined.ending = Ending::TooLong;
            joined.text = Vec::new();
            self.pieces = Vec::new();
            return self.joined.take();
        }
        joined.text.extend_from_slice(text);
        None
    }

    /// Notes a piece that may begin another line.
    fn note_restart(&mut self, text: &[u8], line: u64, offset: u64) {
        if let Some(joined) = &self.joined
            && self.progress.is_within()
            && begins_event(text)
        {
            self.restart = Some(Restart {
                pieces: self.pieces.len(),
                text: joined.text.len(),
                line,
                offset,
            });
        }
    }

    /// Returns whether a text begins another line, so that the last piece of this line is missing.
    fn is_ended_by(&self, text: &[u8]) -> bool {
        let is_in_string = matches!(
            self.progress,
            ObjectProgress::Within {
                is_in_string: true,
                ..
            }
        );
        // The pieces of a line that is too long are not kept, so they cannot be divided later.
        let is_too_long = self.joined.is_none();
        if begins_object(text) && is_event(text)
            || is_too_long && !is_in_string && begins_event(text)
        {
            return true;
        }
        if self.progress == ObjectProgress::Broken
            || self.progress.after(text) != ObjectProgress::Broken
        {
            return false;
        }
        !self.is_certain || begins_event(text)
    }
}

/// Returns whether a text begins with an object, after the prefix of a logger, and not within one.
fn begins_object(text: &[u8]) -> bool {
    memchr::memchr2(b'{', b'"', text).is_some_and(|at| text[at] == b'{')
}

/// Returns whether a text may be the first piece of an event.
fn begins_event(text: &[u8]) -> bool {
    begins_object(text) && (has_marker(text) || may_hold_event(text))
}

fn is_event(text: &[u8]) -> bool {
    ObjectProgress::default().after(text) == ObjectProgress::Complete
        && matches!(parse_line(text, &Bump::new()), Ok(Some(_)))
}

#[cfg(test)]
mod tests;
