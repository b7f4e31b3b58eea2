//! Places that were reached on the way: by them a copy of an input that breaks off earlier is known.

use serde::{Deserialize, Serialize};

use crate::input::Position;

/// Some of the places that were passed, in order. However long the way, they are few, and the last ones lie closest.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Trail(Vec<Position>);

/// So that a copy is known up to its last twentieth part or so.
const MOST: usize = 64;

impl Trail {
    /// Adds a place behind the last one.
    pub fn push(&mut self, place: Position) {
        if self
            .0
            .last()
            .is_some_and(|last| last.offset >= place.offset)
        {
            return;
        }
        self.0.push(place);
        if self.0.len() > MOST {
            let nth = self.least_missed();
            self.0.remove(nth);
        }
    }

    /// The one between the two neighbours that are closest, in proportion.
    fn least_missed(&self) -> usize {
        let gap = |nth: usize| {
            let (before, behind) = (self.0[nth - 1].offset, self.0[nth + 1].offset);
            behind as f64 / before.max(1) as f64
        };
        let inner = 1..self.0.len() - 1;
        inner
            .min_by(|&a, &b| gap(a).total_cmp(&gap(b)))
            .unwrap_or_default()
    }

    pub fn places(&self) -> &[Position] {
        &self.0
    }

    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
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

    #[test]
    fn a_short_way_is_remembered_whole_and_a_long_one_in_proportion() {
        let mut trail = Trail::default();
        for nth in 1..=MOST as u64 {
            trail.push(place(nth * 1000));
        }
        assert_eq!(trail.places().len(), MOST);
        for nth in MOST as u64 + 1..=1_000_000 {
            trail.push(place(nth * 1000));
        }
        let places = trail.places();
        assert_eq!(places.len(), MOST);
        assert_eq!(places.last(), Some(&place(1_000_000_000)));
        // Wherever a copy breaks off behind the first million bytes, a quarter of it at most is not known.
        let known = places.iter().filter(|place| place.offset > 1_000_000);
        let known: Vec<u64> = known.map(|place| place.offset).collect();
        assert!(
            known.windows(2).all(|pair| pair[1] < pair[0] * 4 / 3),
            "{known:?}"
        );
    }

    #[test]
    fn a_trail_never_leads_back() {
        let mut trail = Trail::default();
        for offset in [5, 3, 5, 7] {
            trail.push(place(offset));
        }
        assert_eq!(trail.places(), [place(5), place(7)]);
    }
}
