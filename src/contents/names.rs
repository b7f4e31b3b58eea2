//! Events by name.

use crate::outcome::FrequentTexts;

/// The most different names that are counted one by one, besides those of events that are converted. A platform has a few
/// hundred.
const MOST_NAMES: usize = 10_000;

/// The events by name.
#[derive(Clone, Debug, Default)]
pub struct Names {
    /// The events that xAPI or Caliper takes.
    taken: FrequentTexts,
    others: FrequentTexts<MOST_NAMES>,
    /// Implicit events: the name, or without a name the `event_type`, is the path of a request.
    pub requests: u64,
    /// The other events without a name.
    pub nameless: u64,
    /// All events, whatever their names.
    pub events: u64,
}

impl Names {
    /// Counts an event. `is_taken` tells that xAPI or Caliper takes events of this name.
    pub fn count(&mut self, name: Option<&str>, is_request: bool, is_taken: bool) {
        self.events += 1;
        match name {
            _ if is_request => self.requests += 1,
            None => self.nameless += 1,
            Some(name) if is_taken => self.taken.count(name, 1),
            Some(name) => self.others.count(name, 1),
        }
    }

    /// Adds the events of other lines.
    pub fn add(&mut self, other: &Self) {
        self.taken.add(&other.taken);
        self.others.add(&other.others);
        self.requests += other.requests;
        self.nameless += other.nameless;
        self.events += other.events;
    }

    /// Returns the names of events that xAPI or Caliper takes, and then the most frequent other names, at most `most` of
    /// them, with their events.
    pub fn most_frequent(&self, most: usize) -> Vec<(&str, u64)> {
        let taken = self.taken.most_frequent(usize::MAX);
        [taken, self.others.most_frequent(most)].concat()
    }

    /// Returns the number of names that neither xAPI nor Caliper takes, and whether there are more.
    pub fn others(&self) -> (usize, bool) {
        match self.others.different() {
            names if names > MOST_NAMES => (MOST_NAMES, true),
            names => (names, false),
        }
    }
}
