//! The recorded positions that an input has, and whether the input ends earlier than a known input with the same lines,
//! as a copy does that was broken off.

use std::io::{self, BufRead};

use super::fingerprint::{LogEnd, track_document, track_log};
use crate::input::{Position, PositionTracker, Shape};

/// An input that was read up to the last recorded position, or to its end.
pub struct Tracked {
    /// A tracker for each recorded position that the input has.
    pub found: Vec<PositionTracker>,
    /// The offset of the last recorded position. The input may end before this offset.
    pub offset: u64,
    /// The end of a log that ended before the last recorded position.
    end: Option<LogEnd>,
}

impl Tracked {
    /// Reads an input up to the last of `positions`, which are in ascending order.
    ///
    /// # Errors
    /// Returns an error if a document cannot be read.
    pub fn read(
        reader: &mut impl BufRead,
        shape: Shape,
        positions: &[Position],
    ) -> io::Result<Self> {
        if shape == Shape::Log {
            let (found, end) = track_log(reader, positions);
            let offset = positions.last().map_or(0, |last| last.offset);
            return Ok(Self { found, offset, end });
        }
        // A document is delivered as a whole or not at all, so only its end can be a recorded position.
        let end = track_document(reader)?;
        let offset = end.offset;
        let is_known = positions.contains(&end.position());
        Ok(Self {
            found: is_known.then_some(end).into_iter().collect(),
            offset,
            end: None,
        })
    }

    pub fn is_found(&self, position: &Position) -> bool {
        let mut found = self.found.iter();
        found.any(|tracker| tracker.position() == *position)
    }

    /// Returns whether the input consists of the first bytes of a known input, as far as the recorded positions of the
    /// known input tell. `begins_alike` says whether the first lines of both are known to be the same. Otherwise the
    /// input must have one of the positions.
    pub fn is_shorter_than(&self, known: &[&Position], begins_alike: bool) -> bool {
        let Some(end) = &self.end else {
            return false;
        };
        let is_after = |position: &Position| position.offset > end.offset;
        // A position after an incomplete line is not found if the line continues.
        let agrees =
            |position: &Position| is_after(position) || position.open || self.is_found(position);
        let is_line_found = |position: &Position| !position.open && self.is_found(position);
        let begins_alike = begins_alike || known.iter().any(|position| is_line_found(position));
        begins_alike
            && known.iter().any(|position| is_after(position))
            && known.iter().all(|position| agrees(position))
    }

    /// Returns the number of lines before the last position that was found.
    pub fn known_lines(&self) -> u64 {
        self.found.last().map_or(0, |last| last.line)
    }

    /// Returns whether the input was read to its end, and has bytes after the last position that was found.
    pub fn has_unknown_end(&self) -> bool {
        let known = self.found.last().map_or(0, |last| last.offset);
        let end = self.end.as_ref();
        end.is_some_and(|end| end.result.is_ok() && end.offset > known)
    }

    /// Returns the error for an input that could not be read to its end, and that is shorter than the known
    /// input of this name. The lines after the last position that was found are not read, because they would be delivered twice.
    pub fn failure(&self, known: &str) -> Option<io::Error> {
        let error = self.end.as_ref()?.result.as_ref().err()?;
        let unread = match self.known_lines() {
            0 => "nothing of it is read".to_owned(),
            line => format!("nothing after line {line} is read"),
        };
        let message = format!(
            "{error}; the earlier input `{known}` begins with the same lines and is longer, so {unread}"
        );
        Some(io::Error::new(error.kind(), message))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tracked(text: &str, positions: &[Position]) -> Tracked {
        Tracked::read(&mut text.as_bytes(), Shape::Log, positions).unwrap()
    }

    fn position(text: &str) -> Position {
        let mut tracker = PositionTracker::default();
        io::copy(&mut text.as_bytes(), &mut tracker).unwrap();
        tracker.line = text.lines().count() as u64;
        tracker.open = !text.ends_with('\n');
        tracker.position()
    }

    #[test]
    fn an_input_without_a_recorded_position_is_no_shorter_copy_unless_it_begins_alike() {
        for known in ["[1, 2, 3, 4]", "one\ntwo\nthree\n"] {
            let known = [position(known)];
            let tracked = tracked("other\n", &known);
            assert!(!tracked.is_shorter_than(&[&known[0]], false));
            assert!(tracked.is_shorter_than(&[&known[0]], true));
        }
        let known = ["one\n", "one\ntwo\nthree\n"].map(position);
        let tracked = tracked("one\ntwo\n", &known);
        assert!(tracked.is_shorter_than(&[&known[0], &known[1]], false));
    }
}
