//! The positions in inputs up to which a target has acknowledged all records, although requests end in any order.

use std::collections::{BTreeMap, VecDeque};
use std::ops::Range;

use crate::checkpoint::InputId;
use crate::input::Position;

/// Tracks which records of a target were acknowledged. Records are numbered in the order in which they were submitted.
#[derive(Debug, Default)]
pub struct AcknowledgementTracker {
    /// The number below which all records were acknowledged.
    acknowledged_below: u64,
    /// The ranges of acknowledged numbers above `acknowledged_below`: the first number of each range, and the number
    /// after its last.
    acknowledged: BTreeMap<u64, u64>,
    /// Positions in inputs, each with the number of the first record after it.
    positions: VecDeque<(u64, ReachedPosition)>,
}

/// A position in an input. It is reached once all records from the lines before it are acknowledged.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ReachedPosition {
    pub input: InputId,
    pub position: Position,
    /// Whether the input ends at the position.
    pub ends: bool,
}

impl AcknowledgementTracker {
    /// Adds a position. The records of the lines before the position have numbers below `before`.
    pub fn submitted(&mut self, before: u64, position: ReachedPosition) {
        match self.positions.back_mut() {
            // No record lies between the two positions, so only the later position is kept.
            Some((same, last)) if *same == before && last.input == position.input && !last.ends => {
                *last = position;
            }
            _ => self.positions.push_back((before, position)),
        }
    }

    /// Notes that the records with these numbers are stored by the server or written to dead letters.
    pub fn acknowledged(&mut self, numbers: Range<u64>) {
        self.acknowledged.insert(numbers.start, numbers.end);
        while let Some(end) = self.acknowledged.remove(&self.acknowledged_below) {
            self.acknowledged_below = end;
        }
    }

    /// Returns the positions that were reached since the previous call. Of consecutive positions in one input, only the
    /// last and those that end the input are returned.
    pub fn reached(&mut self) -> Vec<ReachedPosition> {
        let mut all: Vec<ReachedPosition> = Vec::new();
        while let Some(&(before, reached)) = self.positions.front() {
            if before > self.acknowledged_below {
                break;
            }
            self.positions.pop_front();
            match all.last_mut() {
                Some(last) if last.input == reached.input && !last.ends => *last = reached,
                _ => all.push(reached),
            }
        }
        all
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(input: InputId, line: u64, ends: bool) -> ReachedPosition {
        let position = Position {
            line,
            ..Position::START
        };
        ReachedPosition {
            input,
            position,
            ends,
        }
    }

    #[test]
    fn a_position_is_reached_when_all_earlier_records_are_acknowledged_in_any_order() {
        let mut tracker = AcknowledgementTracker::default();
        tracker.submitted(0, at(1, 1, false));
        tracker.submitted(3, at(1, 2, false));
        tracker.submitted(5, at(1, 3, false));
        tracker.submitted(7, at(2, 4, false));
        assert_eq!(tracker.reached(), [at(1, 1, false)]);
        tracker.acknowledged(4..7);
        assert_eq!(tracker.reached(), []);
        tracker.acknowledged(0..3);
        assert_eq!(tracker.reached(), [at(1, 2, false)]);
        tracker.acknowledged(3..4);
        assert_eq!(tracker.reached(), [at(1, 3, false), at(2, 4, false)]);
        assert_eq!(tracker.reached(), []);
    }

    #[test]
    fn positions_without_records_between_them_are_kept_once() {
        let mut tracker = AcknowledgementTracker::default();
        for line in 0..1000 {
            tracker.submitted(5, at(1, line, false));
        }
        tracker.submitted(5, at(2, 1, false));
        assert_eq!(tracker.positions.len(), 2);
        tracker.acknowledged(0..5);
        assert_eq!(tracker.reached(), [at(1, 999, false), at(2, 1, false)]);
    }

    #[test]
    fn the_end_of_an_input_is_reported_even_if_another_input_resumes_there() {
        let mut tracker = AcknowledgementTracker::default();
        tracker.submitted(1, at(1, 1, false));
        tracker.submitted(1, at(1, 1, true));
        tracker.submitted(1, at(1, 2, false));
        tracker.submitted(1, at(1, 3, true));
        tracker.acknowledged(0..1);
        assert_eq!(tracker.reached(), [at(1, 1, true), at(1, 3, true)]);
    }
}
