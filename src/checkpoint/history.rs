//! Earlier positions of an input. By these positions, a run recognizes a shorter copy of the input, such as a copy that
//! was broken off, and does not deliver its lines again.

use serde::{Deserialize, Serialize};

use crate::input::Position;

/// Positions in an input that were delivered or read before the latest position. Both lists are in ascending order.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct History {
    /// The latest positions at which the input ended when it was read.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    ends: Vec<Position>,
    /// Other positions. When the list is full, positions are removed so that the distance between two neighbours is
    /// roughly proportional to their offset.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    passed: Vec<Position>,
}

/// The most positions that each of the two lists keeps. In `ends`, 64 positions cover two months of nightly runs. In
/// `passed`, 64 positions are close enough together that a shorter copy of the input usually ends soon after a position
/// in the list, however large the input is.
const MOST: usize = 64;

impl History {
    /// Adds a position, and removes another position if the list is full. `is_end` says that the input ended there.
    pub fn push(&mut self, position: Position, is_end: bool) {
        let positions = if is_end {
            &mut self.ends
        } else {
            &mut self.passed
        };
        let index = positions.partition_point(|other| other.offset < position.offset);
        if position.offset == 0 || positions.get(index) == Some(&position) {
            return;
        }
        positions.insert(index, position);
        if positions.len() > MOST {
            let index = if is_end { 0 } else { least_useful(positions) };
            positions.remove(index);
        }
    }

    /// Adds the positions of another history.
    pub fn add(&mut self, other: &Self) {
        for position in &other.ends {
            self.push(*position, true);
        }
        for position in &other.passed {
            self.push(*position, false);
        }
    }

    pub fn positions(&self) -> impl Iterator<Item = &Position> {
        self.ends.iter().chain(&self.passed)
    }

    pub fn is_empty(&self) -> bool {
        self.ends.is_empty() && self.passed.is_empty()
    }
}

/// Returns the index of the position to remove: the position whose two neighbours are closest to each other, by the
/// ratio of their offsets.
fn least_useful(positions: &[Position]) -> usize {
    let gap = |index: usize| {
        let (before, after) = (positions[index - 1].offset, positions[index + 1].offset);
        after as f64 / before.max(1) as f64
    };
    let inner = 1..positions.len() - 1;
    inner
        .min_by(|&a, &b| gap(a).total_cmp(&gap(b)))
        .unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn position(offset: u64) -> Position {
        Position {
            offset,
            ..Position::START
        }
    }

    fn offsets(history: &History) -> Vec<u64> {
        history
            .positions()
            .map(|position| position.offset)
            .collect()
    }

    #[test]
    fn distances_between_positions_grow_in_proportion_to_the_offset() {
        let mut history = History::default();
        for nth in 1..=MOST as u64 {
            history.push(position(nth * 1000), false);
        }
        assert_eq!(offsets(&history).len(), MOST);
        for nth in MOST as u64 + 1..=100_000 {
            history.push(position(nth * 1000), false);
        }
        let offsets = offsets(&history);
        assert_eq!(offsets.len(), MOST);
        assert_eq!(offsets.last(), Some(&100_000_000));
        // No offset is more than twice the offset before it. So wherever a copy ends, its first half is recognized.
        assert!(
            offsets.windows(2).all(|pair| pair[1] <= pair[0] * 2),
            "{offsets:?}"
        );
    }

    #[test]
    fn the_last_ends_are_kept_however_many_positions_follow() {
        let mut history = History::default();
        for nth in 1..=100u64 {
            history.push(position(nth * 1_000_000), true);
            for piece in 1..100 {
                history.push(position(nth * 1_000_000 + piece * 1000), false);
            }
        }
        for nth in 37..=100 {
            assert!(offsets(&history).contains(&(nth * 1_000_000)), "{nth}");
        }
    }

    #[test]
    fn positions_are_sorted_and_unique() {
        let mut history = History::default();
        for offset in [5, 3, 5, 0, 7] {
            history.push(position(offset), false);
        }
        assert_eq!(offsets(&history), [3, 5, 7]);
    }
}
