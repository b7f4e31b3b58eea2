//! The lines of an input that are pieces of objects that are laid out over several lines.

use std::fmt::{self, Display};

use crate::input::{Line, LineContent};
use crate::tracking::Piece;

/// The lines of an input, or of a part of it, that are pieces of objects.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Pieces {
    pub lines: u64,
    /// Whether the objects have members that tell where an event comes from.
    has_origin: bool,
    /// Whether the objects have members with what happened in an event.
    has_body: bool,
    /// The start of the first object that has an origin, or of the last object while no object has an origin.
    pub first: Option<LineStart>,
    /// The start of the object after the first one with an origin.
    pub second: Option<LineStart>,
    /// The start of the first object, whether an event or not.
    earliest: Option<LineStart>,
}

/// The start of a line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LineStart {
    /// The number of the line in the input, from 1.
    pub line: u64,
    /// The number of bytes before the line in the decompressed input.
    pub offset: u64,
}

/// Writes the position as in "begins at byte 741, in line 13".
impl Display for LineStart {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (byte, line) = (self.offset + 1, self.line);
        write!(formatter, " at byte {byte}, in line {line}")
    }
}

impl Pieces {
    /// Notes a line if it is a piece of an object.
    pub fn note(&mut self, line: Line<'_>) {
        let LineContent::Whole(text) = line.content else {
            return;
        };
        let Some(piece) = std::str::from_utf8(text).ok().and_then(Piece::of) else {
            return;
        };
        self.lines += 1;
        let start = LineStart {
            line: line.number,
            offset: line.offset,
        };
        if piece == Piece::Start {
            self.earliest.get_or_insert(start);
        }
        match piece {
            Piece::Start if !self.has_origin => self.first = Some(start),
            Piece::Start => self.second = self.second.or(Some(start)),
            Piece::Origin => self.has_origin = true,
            Piece::Body => self.has_body = true,
            Piece::Other => {}
        }
    }

    /// Returns whether some of the objects are events.
    pub fn has_event(&self) -> bool {
        self.has_origin && self.has_body
    }

    /// Adds the pieces of a later part of the input.
    pub fn add(&mut self, later: Self) {
        self.lines += later.lines;
        self.has_body |= later.has_body;
        if self.has_origin {
            self.second = self.second.or(later.earliest);
        } else {
            self.first = later.first.or(self.first);
            self.second = later.second;
            self.has_origin = later.has_origin;
        }
        self.earliest = self.earliest.or(later.earliest);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pieces(lines: &[&'static str], before: u64) -> Pieces {
        let mut pieces = Pieces::default();
        for (number, text) in (before + 1..).zip(lines) {
            pieces.note(Line {
                number,
                offset: 10 * (number - 1),
                content: LineContent::Whole(text.as_bytes()),
                is_marked: false,
                byte: 0,
                is_joined: false,
                nth: 0,
            });
        }
        pieces
    }

    #[test]
    fn the_first_two_events_are_found_whatever_the_batches() {
        let object = ["{", "\"code\": 1,", "}"];
        let event = ["{", "\"event\": [", "  {", "\"event_type\": \"x\"", "}"];
        let lines = [&object[..], &["text"], &event, &object, &event].concat();
        let whole = pieces(&lines, 0);
        let starts = [whole.first, whole.second].map(|start| start.unwrap().line);
        assert_eq!(
            (whole.lines, whole.has_event(), starts),
            (16, true, [5, 10])
        );
        for at in 0..lines.len() {
            for later in at..lines.len() {
                let mut parts = pieces(&lines[..at], 0);
                parts.add(pieces(&lines[at..later], at as u64));
                parts.add(pieces(&lines[later..], later as u64));
                assert_eq!(parts, whole, "{at} {later}");
            }
        }
    }
}
