//! How far a router has got everything, though requests end in any order.

use std::collections::{BTreeMap, VecDeque};
use std::ops::Range;

use crate::checkpoint::InputId;
use crate::input::Position;

/// Which statements or events of a router have a fate. They are numbered in the order in which they were given.
#[derive(Debug, Default)]
pub struct Ledger {
    /// All before this one have.
    done_below: u64,
    /// Those behind it that have, by the first of each range.
    done: BTreeMap<u64, u64>,
    /// Places in inputs, each with the number of the first statement behind it.
    places: VecDeque<(u64, InputId, Position)>,
}

impl Ledger {
    /// All that was given before a number comes from before this place.
    pub fn place(&mut self, before: u64, input: InputId, place: Position) {
        self.places.push_back((before, input, place));
    }

    /// These have a fate.
    pub fn done(&mut self, numbers: Range<u64>) {
        self.done.insert(numbers.start, numbers.end);
        while let Some(end) = self.done.remove(&self.done_below) {
            self.done_below = end;
        }
    }

    /// The last place of each input of which all before it has a fate. Each is given once.
    pub fn reached(&mut self) -> Vec<(InputId, Position)> {
        let mut reached: Vec<(InputId, Position)> = Vec::new();
        while let Some(&(before, input, place)) = self.places.front() {
            if before > self.done_below {
                break;
            }
            self.places.pop_front();
            match reached.last_mut() {
                Some((last, to)) if *last == input => *to = place,
                _ => reached.push((input, place)),
            }
        }
        reached
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn place(line: u64) -> Position {
        Position {
            line,
            ..Position::START
        }
    }

    #[test]
    fn a_place_is_reached_when_all_before_it_is_done_in_whatever_order() {
        let mut ledger = Ledger::default();
        ledger.place(0, 1, place(1));
        ledger.place(3, 1, place(2));
        ledger.place(5, 1, place(3));
        ledger.place(7, 2, place(4));
        assert_eq!(ledger.reached(), [(1, place(1))]);
        ledger.done(4..7);
        assert_eq!(ledger.reached(), []);
        ledger.done(0..3);
        assert_eq!(ledger.reached(), [(1, place(2))]);
        ledger.done(3..4);
        assert_eq!(ledger.reached(), [(1, place(3)), (2, place(4))]);
        assert_eq!(ledger.reached(), []);
    }
}
