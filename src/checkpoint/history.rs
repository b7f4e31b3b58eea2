//! Places that were reached on the way: by them a copy of an input that breaks off earlier is known.

use serde::{Deserialize, Serialize};

use crate::input::Position;

/// Places that were passed, in order: where the input ended when it was read, and some between.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Trail {
    /// The last of those where it ended.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    ends: Vec<Position>,
    /// Of the others, the further the fewer in proportion.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    passed: Vec<Position>,
}

/// Two months of nights.
const MOST_ENDS: usize = 64;

/// However long the way, what is behind the last of these in a copy is a part of it, mostly a small one.
const MOST_PASSED: usize = 64;

impl Trail {
    /// Adds a place.
    pub fn push(&mut self, place: Position, is_end: bool) {
        if place.offset == 0 {
            return;
        }
        if is_end {
            insert(&mut self.ends, place);
            if self.ends.len() > MOST_ENDS {
                self.ends.remove(0);
            }
        } else {
            insert(&mut self.passed, place);
            if self.passed.len() > MOST_PASSED {
                let nth = least_missed(&self.passed);
                self.passed.remove(nth);
            }
        }
    }

    /// Adds the places of another.
    pub fn add(&mut self, other: &Self) {
        other.ends.iter().for_each(|place| self.push(*place, true));
        other
            .passed
            .iter()
            .for_each(|place| self.push(*place, false));
    }

    pub fn places(&self) -> impl Iterator<Item = &Position> {
        self.ends.iter().chain(&self.passed)
    }

    pub fn is_empty(&self) -> bool {
        self.ends.is_empty() && self.passed.is_empty()
    }
}

/// Inserts a place in order, once.
fn insert(places: &mut Vec<Position>, place: Position) {
    let nth = places.partition_point(|other| other.offset < place.offset);
    if places.get(nth) != Some(&place) {
        places.insert(nth, place);
    }
}

/// The one between the two neighbours that are closest, in proportion.
fn least_missed(places: &[Position]) -> usize {
    let gap = |nth: usize| {
        let (before, behind) = (places[nth - 1].offset, places[nth + 1].offset);
        behind as f64 / before.max(1) as f64
    };
    let inner = 1..places.len() - 1;
    inner
        .min_by(|&a, &b| gap(a).total_cmp(&gap(b)))
        .unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn place(offset: u64) -> Position {
        Position {
            offset,
            ..Position::START
        }
    }

    fn offsets(trail: &Trail) -> Vec<u64> {
        trail.places().map(|place| place.offset).collect()
    }

    #[test]
    fn a_short_way_is_remembered_whole_and_a_long_one_in_proportion() {
        let mut trail = Trail::default();
        for nth in 1..=MOST_PASSED as u64 {
            trail.push(place(nth * 1000), false);
        }
        assert_eq!(offsets(&trail).len(), MOST_PASSED);
        for nth in MOST_PASSED as u64 + 1..=100_000 {
            trail.push(place(nth * 1000), false);
        }
        let places = offsets(&trail);
        assert_eq!(places.len(), MOST_PASSED);
        assert_eq!(places.last(), Some(&100_000_000));
        // Wherever a copy breaks off, half of it at most is not known, and mostly far less.
        assert!(
            places.windows(2).all(|pair| pair[1] <= pair[0] * 2),
            "{places:?}"
        );
    }

    #[test]
    fn the_last_ends_are_remembered_whatever_was_passed_since() {
        let mut trail = Trail::default();
        for nth in 1..=100u64 {
            trail.push(place(nth * 1_000_000), true);
            for piece in 1..100 {
                trail.push(place(nth * 1_000_000 + piece * 1000), false);
            }
        }
        for nth in 37..=100 {
            assert!(offsets(&trail).contains(&(nth * 1_000_000)), "{nth}");
        }
    }

    #[test]
    fn places_stand_in_order_and_once() {
        let mut trail = Trail::default();
        for offset in [5, 3, 5, 0, 7] {
            trail.push(place(offset), false);
        }
        assert_eq!(offsets(&trail), [3, 5, 7]);
    }
}
