//! The lines of a batch that were joined from pieces.

use std::ops::Range;

/// The lines of a batch that are pieces of longer lines.
#[derive(Debug, Default)]
pub struct Joins {
    /// The pieces in their order.
    pub(super) pieces: Vec<PieceLine>,
    /// The ranges of the text within which no position is, because a piece in them has its last piece later.
    pub(super) undivided: Vec<Range<usize>>,
}

impl Joins {
    /// Returns whether a position may be at an index in the text.
    pub fn has_position(&self, at: usize) -> bool {
        let nth = self.undivided.partition_point(|range| range.end <= at);
        self.undivided
            .get(nth)
            .is_none_or(|range| at <= range.start)
    }

    /// Returns the piece that begins at an index in the text.
    pub fn at(&self, start: usize) -> Option<&PieceLine> {
        let nth = self
            .pieces
            .binary_search_by_key(&start, |piece| piece.start);
        let piece = nth.ok().map(|nth| &self.pieces[nth]);
        piece.filter(|piece| !piece.is_line)
    }

    /// Returns the number of bytes of memory that the joined lines take.
    pub fn bytes(&self) -> usize {
        let joined = self.pieces.iter().filter_map(|piece| piece.joined.as_ref());
        let texts: usize = joined.map(|joined| joined.text.len()).sum();
        texts + self.pieces.len() * size_of::<PieceLine>()
    }
}

/// A line that is a piece of a longer line.
#[derive(Debug)]
pub struct PieceLine {
    /// The index in the text of the batch at which the line begins.
    pub(super) start: usize,
    /// The longer line, if it ends with this piece, or is too long from this piece on.
    pub joined: Option<Joined>,
    /// Whether the piece is a whole line after all.
    pub(super) is_line: bool,
}

/// A line that was joined from its pieces, without their wrapping.
#[derive(Debug)]
pub struct Joined {
    pub text: Vec<u8>,
    /// The number and the offset of the line with the first piece.
    pub line: u64,
    pub offset: u64,
    /// The sum of the lengths of the lines with the pieces, up to the limit.
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
