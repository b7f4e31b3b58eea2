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
    places: VecDeque<(u64, Reached)>,
}

/// A place in an input that all before it has a fate.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Reached {
    pub input: InputId,
    pub place: Position,
    /// The input ends there.
    pub ends: bool,
}

impl Ledger {
    /// All that was given before a number comes from before this place.
    pub fn place(&mut self, before: u64, reached: Reached) {
        match self.places.back_mut() {
            // Where nothing comes of what is read, places do not pile up.
            Some((same, last)) if *same == before && last.input == reached.input && !last.ends => {
                *last = reached;
            }
            _ => self.places.push_back((before, reached)),
        }
    }

    /// These have a fate.
    pub fn done(&mut self, numbers: Range<u64>) {
        self.done.insert(numbers.start, numbers.end);
        while let Some(end) = self.done.remove(&self.done_below) {
            self.done_below = end;
        }
    }

    /// Where inputs end, and the last place of each, of which all before it has a fate. Each is given once.
    pub fn reached(&mut self) -> Vec<Reached> {
        let mut all: Vec<Reached> = Vec::new();
        while let Some(&(before, reached)) = self.places.front() {
            if before > self.done_below {
                break;
            }
            self.places.pop_front();
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

    fn reached(input: InputId, line: u64, ends: bool) -> Reached {
        let place = Position {
            line,
            ..Position::START
        };
        Reached { input, place, ends }
    }

    #[test]
    fn a_place_is_reached_when_all_before_it_is_done_in_whatever_order() {
        let mut ledger = Ledger::default();
        ledger.place(0, reached(1, 1, false));
        ledger.place(3, reached(1, 2, false));
        ledger.place(5, reached(1, 3, false));
        ledger.place(7, reached(2, 4, false));
        assert_eq!(ledger.reached(), [reached(1, 1, false)]);
        ledger.done(4..7);
        assert_eq!(ledger.reached(), []);
        ledger.done(0..3);
        assert_eq!(ledger.reached(), [reached(1, 2, false)]);
        ledger.done(3..4);
        assert_eq!(
            ledger.reached(),
            [reached(1, 3, false), reached(2, 4, false)]
        );
        assert_eq!(ledger.reached(), []);
    }

    #[test]
    fn places_with_nothing_between_them_are_one() {
        let mut ledger = Ledger::default();
        for line in 0..1000 {
            ledger.place(5, reached(1, line, false));
        }
        ledger.place(5, reached(2, 1, false));
        assert_eq!(ledger.places.len(), 2);
        ledger.done(0..5);
        assert_eq!(
            ledger.reached(),
            [reached(1, 999, false), reached(2, 1, false)]
        );
    }

    #[test]
    fn the_end_of_an_input_is_told_though_another_goes_on_from_there() {
        let mut ledger = Ledger::default();
        ledger.place(1, reached(1, 1, false));
        ledger.place(1, reached(1, 1, true));
        ledger.place(1, reached(1, 2, false));
        ledger.place(1, reached(1, 3, true));
        ledger.done(0..1);
        assert_eq!(ledger.reached(), [reached(1, 1, true), reached(1, 3, true)]);
    }
}
