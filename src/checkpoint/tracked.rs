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
    /// The positions up to which known logs have the same lines, after those in `found`.
    copied: Vec<Position>,
    /// Whether every line that may be in a known log was compared with the lines of that log.
    is_compared: bool,
    /// Whether the input was read again to compare its lines, so that its reader is no longer at `offset`.
    pub is_read_again: bool,
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
            return Ok(Self {
                found,
                offset,
                end,
                copied: Vec::new(),
                is_compared: false,
                is_read_again: false,
            });
        }
        // A document is delivered as a whole or not at all, so only its end can be a recorded position.
        let end = track_document(reader)?;
        let offset = end.offset;
        let is_known = positions.contains(&end.position());
        Ok(Self {
            found: is_known.then_some(end).into_iter().collect(),
            offset,
            end: None,
            copied: Vec::new(),
            is_compared: false,
            is_read_again: false,
        })
    }

    pub fn is_found(&self, position: &Position) -> bool {
        let mut found = self.found.iter();
        self.is_copied(position) || found.any(|tracker| tracker.position() == *position)
    }

    /// Returns whether a position is one up to which a known log has the same lines.
    pub fn is_copied(&self, position: &Position) -> bool {
        self.copied.contains(position)
    }

    /// Returns whether the input could not be read to its end.
    pub fn is_broken(&self) -> bool {
        let end = self.end.as_ref();
        end.is_some_and(|end| end.result.is_err())
    }

    /// Returns the offset at which the input ended, if that is before the last recorded position.
    pub fn end(&self) -> Option<u64> {
        self.end.as_ref().map(|end| end.offset)
    }

    /// Adds the positions up to which known logs have the same lines. `is_compared` says whether all lines that the known
    /// logs may have were compared.
    pub fn add_copied(&mut self, positions: impl Iterator<Item = Position>, is_compared: bool) {
        self.copied.extend(positions);
        self.is_compared = is_compared;
    }

    /// Returns the last position that is known.
    fn last_known(&self) -> Position {
        let found = self.found.last().map(PositionTracker::position);
        let known = self.copied.iter().copied().chain(found);
        let last = known.max_by_key(|position| position.offset);
        last.unwrap_or(Position::START)
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

    /// Returns whether the lines that a destination has not received may be lines of a known log that it has received up to
    /// one of the positions `passed`. If the input `may_grow`, a last line without a newline waits.
    pub fn may_repeat_lines(&self, passed: &[&Position], may_grow: bool) -> bool {
        let Some(end) = self.end.as_ref().filter(|end| end.result.is_ok()) else {
            return false;
        };
        let read = if may_grow {
            end.whole_lines
        } else {
            end.offset
        };
        let found = passed.iter().filter(|position| self.is_found(position));
        let received = found.map(|position| position.offset).max().unwrap_or(0);
        let is_longer = passed.iter().any(|position| position.offset > end.offset);
        is_longer && read > received && !self.is_compared
    }

    /// Returns the error for an input that could not be read to its end, and that is shorter than the known
    /// input of this name. The lines after the last position that was found are not read, because they would be delivered twice.
    pub fn failure(&self, known: &str) -> Option<io::Error> {
        let error = self.end.as_ref()?.result.as_ref().err()?;
        let unread = match self.last_known().line {
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
