//! Joining the pieces of lines that log drivers of containers have cut.

use bumpalo::Bump;

use crate::outcome::Reason;
use crate::tracking::{LinePiece, first_piece, parse_line};

/// The lines of a batch that are pieces of longer lines.
#[derive(Debug, Default)]
pub struct Pieces {
    /// The pieces in their order.
    pub pieces: Vec<Piece>,
    /// The parts of the text that no position divides, because pieces in them belong together: their starts and ends.
    pub wholes: Vec<(usize, usize)>,
}

impl Pieces {
    /// Returns whether an index in the text is in a part that no position divides.
    pub fn divides(&self, at: usize) -> bool {
        let nth = self.wholes.partition_point(|whole| whole.1 <= at);
        self.wholes.get(nth).is_some_and(|whole| whole.0 < at)
    }

    /// Returns the piece that begins at an index in the text.
    pub fn at(&self, start: usize) -> Option<&Piece> {
        let found = self
            .pieces
            .binary_search_by_key(&start, |piece| piece.start);
        let piece = found.ok().map(|nth| &self.pieces[nth]);
        piece.filter(|piece| !piece.is_line)
    }
}

/// A line that is a piece of a longer line.
#[derive(Debug)]
pub struct Piece {
    /// The index in the text of the batch at which the line begins.
    pub start: usize,
    /// The longer line, if the piece is the last one.
    pub joined: Option<Joined>,
    /// Whether the piece is a whole line after all.
    is_line: bool,
}

/// A line that was joined from its pieces, without their wrapping.
#[derive(Debug)]
pub struct Joined {
    pub text: Vec<u8>,
    /// The number and the offset of the line with the first piece.
    pub line: u64,
    pub offset: u64,
    /// The sum of the lengths of the lines with the pieces.
    pub length: u64,
    pub ending: Ending,
}

/// The end of a joined line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ending {
    Whole,
    /// The last piece is missing.
    Truncated,
    /// The lines with the pieces are longer than the limit, so the text was dropped.
    TooLong,
}

/// Finds pieces in the lines of an input, and joins the pieces of each stream.
#[derive(Debug, Default)]
pub struct Joiner {
    /// Whether texts of Docker's log driver json-file are joined.
    joins_docker: bool,
    /// Whether a text of Docker ended with a newline. Then a text without a newline is a piece. Log shippers may remove all
    /// newlines.
    has_newlines: bool,
    /// The line of each stream, standard output and standard error, that has more pieces.
    open: [Option<Open>; 2],
    /// The number of pending bytes whose lines were examined.
    scanned: usize,
    /// The number of pending bytes after which no line has more pieces.
    pub closed: usize,
    /// The number of the last line that was examined.
    pub lines: u64,
    found: Pieces,
}

#[derive(Debug)]
struct Open {
    joined: Joined,
    /// The index of the last piece in [`Pieces::pieces`]. `None` if the piece is in an earlier batch.
    last: Option<usize>,
    pieces: u64,
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

    /// Examines more whole lines of the pending bytes. `offset` is the offset of the first pending byte.
    pub fn scan(&mut self, pending: &[u8], offset: u64, most: usize) {
        // A quote within a text has a backslash before it, so only the end of a text has this form.
        self.has_newlines |= self.joins_docker && memchr::memmem::find(pending, b"\\n\"").is_some();
        while self.scanned < pending.len() {
            let rest = &pending[self.scanned..];
            let length = memchr::memchr(b'\n', rest).map_or(rest.len(), |newline| newline + 1);
            self.lines += 1;
            self.add(&rest[..length], offset, most);
            self.scanned += length;
            let is_waiting = self.open.iter().flatten().any(|open| !open.is_too_long());
            if is_waiting && self.scanned - self.closed > 2 * most {
                self.truncate();
            }
            if !self.open.iter().flatten().any(|open| !open.is_too_long()) {
                if self.has_pieces_after(self.closed) {
                    self.found.wholes.push((self.closed, self.scanned));
                }
                self.closed = self.scanned;
            }
        }
    }

    fn has_pieces_after(&self, index: usize) -> bool {
        self.found
            .pieces
            .last()
            .is_some_and(|piece| piece.start >= index)
    }

    fn add(&mut self, line: &[u8], offset: u64, most: usize) {
        let text = line.strip_suffix(b"\n").unwrap_or(line);
        let text = text.strip_suffix(b"\r").unwrap_or(text);
        let Some(piece) = LinePiece::parse(text, self.has_newlines) else {
            return;
        };
        let start = self.scanned;
        let stream = &mut self.open[usize::from(piece.is_stderr)];
        if stream.is_none() && piece.is_last {
            return;
        }
        let open = stream.get_or_insert_with(|| Open {
            joined: Joined {
                text: Vec::new(),
                line: self.lines,
                offset: offset + start as u64,
                length: 0,
                ending: Ending::Truncated,
            },
            last: None,
            pieces: 0,
        });
        open.pieces += 1;
        open.joined.length += line.len() as u64;
        if open.joined.length > most as u64 {
            open.joined.ending = Ending::TooLong;
            open.joined.text = Vec::new();
        } else {
            piece.append_to(&mut open.joined.text);
        }
        open.last = Some(self.found.pieces.len());
        let mut joined = None;
        if piece.is_last
            && let Some(open) = stream.take()
        {
            joined = Some(open.joined);
            if let Some(joined) = &mut joined
                && joined.ending == Ending::Truncated
            {
                joined.ending = Ending::Whole;
            }
        }
        self.found.pieces.push(Piece {
            start,
            joined,
            is_line: false,
        });
    }

    /// Ends the lines whose last pieces are missing. A line that is an event is whole, although its newline is missing.
    pub fn truncate(&mut self) {
        for mut open in self.open.iter_mut().filter_map(Option::take) {
            let joined = &mut open.joined;
            let arena = Bump::new();
            let fault = parse_line(&joined.text, &arena).err();
            let is_whole = fault.is_none_or(|fault| fault.reason == Reason::NoEvent);
            if joined.ending == Ending::Truncated && is_whole {
                joined.ending = Ending::Whole;
            }
            let piece = open.last.and_then(|last| self.found.pieces.get_mut(last));
            if let Some(piece) = piece {
                piece.is_line = is_whole && open.pieces == 1;
                piece.joined = Some(open.joined);
            }
        }
    }

    /// Returns the index in whole lines at which the pieces at their end begin, if no line tells whether texts of Docker
    /// end with newlines. A log that Docker is writing may have nothing else that is new.
    pub fn start_of_last_pieces(&self, lines: &[u8]) -> Option<usize> {
        if !self.joins_docker || self.has_newlines {
            return None;
        }
        let (mut end, mut found) = (lines.len(), None);
        while end > 0 {
            let start = memchr::memrchr(b'\n', &lines[..end - 1]).map_or(0, |newline| newline + 1);
            let line = &lines[start..end - 1];
            let piece = LinePiece::parse(line, true);
            if !piece.is_some_and(|piece| piece.is_docker && !piece.is_last) {
                break;
            }
            if first_piece(line).is_some() {
                found = Some(start);
            }
            end = start;
        }
        found
    }

    /// Returns the number of pending bytes whose lines were examined.
    pub fn scanned(&self) -> usize {
        self.scanned
    }

    /// Returns the pieces in the first pending bytes, which are removed.
    pub fn take(&mut self, length: usize) -> Option<Pieces> {
        self.scanned = self.scanned.saturating_sub(length);
        self.closed = self.closed.saturating_sub(length);
        let taken = self
            .found
            .pieces
            .partition_point(|piece| piece.start < length);
        let mut rest = self.found.pieces.split_off(taken);
        rest.iter_mut().for_each(|piece| piece.start -= length);
        for open in self.open.iter_mut().flatten() {
            open.last = open.last.and_then(|last| last.checked_sub(taken));
        }
        let rest = Pieces {
            pieces: rest,
            wholes: Vec::new(),
        };
        let found = std::mem::replace(&mut self.found, rest);
        (!found.pieces.is_empty()).then_some(found)
    }
}

impl Open {
    fn is_too_long(&self) -> bool {
        self.joined.ending == Ending::TooLong
    }
}
