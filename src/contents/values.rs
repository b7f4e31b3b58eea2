//! The most frequent values of a field, such as courses.

use super::distinct::Distinct;
use crate::outcome::FrequentTexts;

/// The most different values that are counted one by one.
const MOST_VALUES: usize = 100_000;

/// The values of a field, with the number of events of each.
#[derive(Clone, Debug, Default)]
pub struct Values {
    texts: FrequentTexts<MOST_VALUES>,
    pub distinct: Distinct,
    /// The events with a value.
    pub events: u64,
}

impl Values {
    /// Counts an event with this value.
    pub fn count(&mut self, value: &str) {
        self.texts.count(value, 1);
        self.distinct.insert(value);
        self.events += 1;
    }

    /// Adds the values of other lines.
    pub fn add(&mut self, other: &Self) {
        self.texts.add(&other.texts);
        self.distinct.add(&other.distinct);
        self.events += other.events;
    }

    /// Returns the most frequent values, at most `most` of them, with their events.
    pub fn most_frequent(&self, most: usize) -> Vec<(&str, u64)> {
        self.texts.most_frequent(most)
    }
}
