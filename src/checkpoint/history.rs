//! Earlier positions of an input. By these positions, a run recognizes a shorter copy of the input, such as a copy that
//! was broken off, and does not deliver its lines again.

use std::time::SystemTime;

use super::history_text::{End, from_text, to_text};
use crate::input::Position;

/// Positions in an input that were delivered or read before the latest position. Both lists are in ascending order.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct History {
    /// Positions at which the input ended when it was read. When the list is full, ends are removed so that the time
    /// between two neighbours is roughly proportional to their age.
    ends: Vec<End>,
    /// Other positions. When the list is full, positions are removed so that the distance between two neighbours is
    /// roughly proportional to their distance from the start or from the last position, whichever is shorter.
    passed: Vec<Position>,
    /// The text of the history in the journal, if it is not read yet. A run needs the history of few inputs.
    unread: Option<Box<str>>,
}

/// The most positions that each of the two lists keeps. In `ends`, 64 positions cover a year of runs every minute: they
/// are minutes apart in the last hour, hours apart in the last days, and weeks apart in the last months. In `passed`,
/// 64 positions are close enough together that a shorter copy of the input usually ends soon after a position in the
/// list, however large the input is.
const MOST: usize = 64;

/// The most positions that each of the two lists keeps of an input that is complete. Such an input has a single copy in
/// most cases, and a directory may have tens of thousands of such inputs.
const MOST_OF_COMPLETE: usize = 8;

impl History {
    /// Returns the history that has this text in the journal.
    pub fn unread(text: Box<str>) -> Self {
        Self {
            unread: Some(text),
            ..Self::default()
        }
    }

    /// Reads the text of the history, if it is not read yet.
    pub fn read(&mut self) {
        if let Some(text) = self.unread.take() {
            (self.ends, self.passed) = from_text(&text);
        }
    }

    /// Returns the text for the journal.
    pub fn text(&self) -> Box<str> {
        match &self.unread {
            Some(text) => text.clone(),
            None => to_text(&self.ends, &self.passed).into(),
        }
    }

    /// Returns about how many bytes of the text would be left out if the history was shortened.
    pub fn removable_bytes(&self) -> u64 {
        /// About the length of the longest text of a shortened history.
        const SHORTENED_BYTES: usize = 2 * MOST_OF_COMPLETE * 64;

        self.unread_bytes().saturating_sub(SHORTENED_BYTES) as u64
    }

    /// Returns the length of the text in the journal, if it is not read yet.
    pub fn unread_bytes(&self) -> usize {
        self.unread.as_ref().map_or(0, |text| text.len())
    }

    /// Adds a position at which the input ended at a time, in seconds since 1970. Removes another end if the list is
    /// full.
    pub fn push_end(&mut self, position: Position, at: u64) {
        self.read();
        let ends = &mut self.ends;
        let index = ends.partition_point(|other| other.position.offset < position.offset);
        let same = ends.get_mut(index).filter(|end| end.position == position);
        match same {
            _ if position.offset == 0 => return,
            Some(end) => end.at = end.at.max(at),
            None => ends.insert(index, End { position, at }),
        }
        if ends.len() > MOST {
            ends.remove(least_useful_end(ends));
        }
    }

    /// Adds a position at which the input did not end, and removes another such position if the list is full.
    pub fn push_passed(&mut self, position: Position) {
        self.read();
        let passed = &mut self.passed;
        let index = passed.partition_point(|other| other.offset < position.offset);
        if position.offset == 0 || passed.get(index) == Some(&position) {
            return;
        }
        passed.insert(index, position);
        if passed.len() > MOST {
            passed.remove(least_useful(passed));
        }
    }

    /// Adds positions of consecutive lines: the last, and those 1, 2, 4, 8 … lines before the last. If a log is copied
    /// while it is written, and then truncated, the copy ends a few lines before the position up to which the log is
    /// delivered. So the positions are the closer together the nearer they are to that position.
    pub fn push_lines(&mut self, positions: &[Position]) {
        let before_last = |lines: usize| positions.len().checked_sub(lines + 1);
        let distances = std::iter::successors(Some(1), |lines| Some(lines * 2));
        let mut indices: Vec<usize> = distances.map_while(before_last).collect();
        indices.reverse();
        indices.extend(positions.len().checked_sub(1));
        for index in indices {
            self.push_passed(positions[index]);
        }
    }

    /// Removes positions of an input that is complete, which means that nothing will be appended to it.
    pub fn shorten(&mut self) {
        self.read();
        while self.ends.len() > MOST_OF_COMPLETE {
            self.ends.remove(least_useful_end(&self.ends));
        }
        while self.passed.len() > MOST_OF_COMPLETE {
            self.passed.remove(least_useful(&self.passed));
        }
    }

    /// Adds the positions of another history.
    pub fn add(&mut self, other: &Self) {
        self.add_before(other, u64::MAX);
    }

    /// Adds those positions of another history that are before an offset.
    pub fn add_before(&mut self, other: &Self, offset: u64) {
        let mut other = other.clone();
        other.read();
        let is_before = |position: &Position| position.offset < offset;
        for end in other.ends.iter().filter(|end| is_before(&end.position)) {
            self.push_end(end.position, end.at);
        }
        let passed = other.passed.iter();
        for position in passed.filter(|position| is_before(position)) {
            self.push_passed(*position);
        }
    }

    /// Returns all positions. The text of the history must be read.
    pub fn positions(&self) -> impl Iterator<Item = &Position> {
        let ends = self.ends.iter().map(|end| &end.position);
        ends.chain(&self.passed)
    }

    pub fn is_empty(&self) -> bool {
        self.ends.is_empty() && self.passed.is_empty() && self.unread.is_none()
    }
}

/// Returns the time, in seconds since 1970.
pub fn seconds_now() -> u64 {
    let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH);
    since.map_or(0, |since| since.as_secs())
}

/// Returns the index of the end to remove: the end whose two neighbours are closest to each other in time, in proportion
/// to the age of the end. Ages count from the latest end, so that the result does not depend on the clock.
fn least_useful_end(ends: &[End]) -> usize {
    /// Added to the ages, so that ends of the last minute are not kept at the cost of older ends.
    const MINUTE: u64 = 60;

    let latest = ends.iter().map(|end| end.at).max().unwrap_or_default();
    let age = |index: usize| (latest - ends[index].at + MINUTE) as f64;
    let gap = |index: usize| (age(index - 1) - age(index + 1)) / age(index);
    let inner = 1..ends.len() - 1;
    inner
        .min_by(|&a, &b| gap(a).total_cmp(&gap(b)))
        .unwrap_or_default()
}

/// Returns the index of the position to remove: the position without which the least of a shorter copy would be delivered
/// again, compared with the length of the copy or with the length of the part that the copy lacks.
fn least_useful(positions: &[Position]) -> usize {
    let end = positions.last().map_or(0, |last| last.offset);
    let gap = |index: usize| {
        let (before, after) = (positions[index - 1].offset, positions[index + 1].offset);
        let scale = before.min(end - after).max(1);
        (after - before) as f64 / scale as f64
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
            history.push_passed(position(nth * 1000));
        }
        assert_eq!(offsets(&history).len(), MOST);
        for nth in MOST as u64 + 1..=100_000 {
            history.push_passed(position(nth * 1000));
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
    fn wherever_a_copy_ends_the_part_after_its_last_position_is_small_compared_with_what_it_lacks()
    {
        let line = 300;
        for (batches, lines) in [(1, 5000u64), (400, 3000), (20_000, 3)] {
            let mut history = History::default();
            for batch in 0..batches {
                let lines = batch * lines + 1..=(batch + 1) * lines;
                let positions: Vec<Position> = lines.map(|nth| position(nth * line)).collect();
                history.push_lines(&positions);
            }
            let offsets = [vec![0], offsets(&history)].concat();
            assert!(offsets.len() <= MOST + 1);
            let end = batches * lines * line;
            assert_eq!(offsets.last(), Some(&end));
            for pair in offsets.windows(2) {
                let (again, lacking) = (pair[1] - pair[0] - line, end - pair[1] + line);
                assert!(
                    again <= 2 * lacking,
                    "{batches} {again} {lacking} {offsets:?}"
                );
            }
        }
    }

    #[test]
    fn ends_are_spread_over_minutes_hours_and_days() {
        const MINUTES: u64 = 90 * 24 * 60;

        let mut history = History::default();
        let start = 1_700_000_000;
        for minute in 1..=MINUTES {
            history.push_end(position(minute * 1000), start + minute * 60);
            // However many other positions follow, the ends are kept.
            history.push_passed(position(minute * 1000 + 1));
        }
        let ages: Vec<u64> = history
            .ends
            .iter()
            .map(|end| MINUTES - end.position.offset / 1000)
            .collect();
        assert_eq!(ages.len(), MOST);
        for age in [1, 5, 30, 60, 300, 1440, 10 * 1440, 60 * 1440] {
            // Whatever the age of a copy, an end is known from a little before the copy was made.
            let is_near = |other: &&u64| (age..=age * 7 / 5 + 1).contains(*other);
            assert!(ages.iter().any(|other| is_near(&other)), "{age}: {ages:?}");
        }
    }

    #[test]
    fn ends_without_a_time_are_removed_before_others() {
        let mut history = History::default();
        for nth in 1..=MOST as u64 {
            history.push_end(position(nth), 0);
        }
        for nth in 1..=10 {
            history.push_end(position(1000 + nth), 1_700_000_000 + nth * 86_400);
        }
        let offsets = offsets(&history);
        assert_eq!(offsets.len(), MOST);
        assert!((1..=10).all(|nth| offsets.contains(&(1000 + nth))));
    }

    #[test]
    fn positions_are_sorted_and_unique() {
        let mut history = History::default();
        for offset in [5, 3, 5, 0, 7] {
            history.push_passed(position(offset));
        }
        assert_eq!(offsets(&history), [3, 5, 7]);
    }
}
