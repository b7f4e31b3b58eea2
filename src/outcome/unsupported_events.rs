//! The unsupported events of a run, by the kind of their names.

use std::cmp::Reverse;

use hashbrown::HashMap;
use xxhash_rust::xxh3::xxh3_64;

/// The number of different names that are counted.
pub const MAX_NAMES: usize = 1_000;

/// The number of different names that are kept: one more than `MAX_NAMES`, which shows that there are more.
const KEPT: usize = MAX_NAMES + 1;

/// The number of bytes of a name that are kept. Names of events are shorter.
const NAME_BYTES: usize = 200;

/// The kind of an unsupported event.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EventKind<'a> {
    /// An event named after the path of a request. The LMS logs one for each request.
    Implicit,
    /// An event without a name, whose `event_type` is the path of a request.
    ImplicitByType,
    /// An event with the name of events that are converted in other runs.
    Known(&'a str),
    /// An event with any other name.
    Named(&'a str),
    /// An event without a name.
    Unnamed,
    /// An event without a name, whose `event_type` is the name of events that are converted.
    NamedByType,
}

/// The number of unsupported events of each kind. Their size does not depend on the number of lines.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct UnsupportedEvents {
    /// Implicit events, with a name or not.
    pub implicit: u64,
    /// The implicit events without a name.
    pub implicit_by_type: u64,
    pub named: u64,
    /// The named events whose name is that of events that are converted in other runs.
    pub known: u64,
    /// All events without a name that are not implicit.
    pub unnamed: u64,
    /// Events without a name whose `event_type` is the name of an event that is converted.
    pub named_by_type: u64,
    names: Names,
}

impl UnsupportedEvents {
    /// Counts one event.
    pub fn count(&mut self, kind: EventKind<'_>) {
        match kind {
            EventKind::Implicit => self.implicit += 1,
            EventKind::ImplicitByType => {
                self.implicit += 1;
                self.implicit_by_type += 1;
            }
            EventKind::Known(name) | EventKind::Named(name) => {
                self.named += 1;
                self.known += u64::from(matches!(kind, EventKind::Known(_)));
                self.names.count(name, 1);
            }
            EventKind::Unnamed => self.unnamed += 1,
            EventKind::NamedByType => {
                self.unnamed += 1;
                self.named_by_type += 1;
            }
        }
    }

    /// Adds the events of other lines.
    pub fn add(&mut self, other: &Self) {
        self.implicit += other.implicit;
        self.implicit_by_type += other.implicit_by_type;
        self.named += other.named;
        self.known += other.known;
        self.unnamed += other.unnamed;
        self.named_by_type += other.named_by_type;
        for (name, &count) in &other.names.0 {
            self.names.count(name, count);
        }
    }

    /// Returns the number of different names, or a number greater than [`MAX_NAMES`] if there are more.
    pub fn kinds(&self) -> usize {
        self.names.0.len().min(KEPT)
    }

    /// Returns the most frequent names, at most `most` of them, with their counts. Names with equal counts are in
    /// alphabetical order.
    pub fn most_frequent(&self, most: usize) -> Vec<(&str, u64)> {
        self.names.most_frequent(most)
    }

    /// Forgets the names, which take more memory than all other counts of an input.
    pub fn forget_names(&mut self) {
        self.names = Names::default();
    }
}

/// Names with their counts. Only the names with the smallest hashes are kept, so which names are kept does not depend
/// on the order of the lines.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Names(HashMap<String, u64>);

impl Names {
    fn count(&mut self, name: &str, count: u64) {
        let name = start_of(name);
        *self.0.entry_ref(name).or_insert(0) += count;
        if self.0.len() > 2 * KEPT {
            self.prune();
        }
    }

    #[cold]
    fn prune(&mut self) {
        let mut hashes: Vec<u64> = self.0.keys().map(|name| hash(name)).collect();
        let (_, &mut greatest, _) = hashes.select_nth_unstable(KEPT - 1);
        self.0.retain(|name, _| hash(name) <= greatest);
    }

    fn most_frequent(&self, most: usize) -> Vec<(&str, u64)> {
        let names = self.0.iter();
        let mut names: Vec<(&str, u64)> =
            names.map(|(name, &count)| (name.as_str(), count)).collect();
        if names.len() > KEPT {
            names.sort_unstable_by_key(|&(name, _)| hash(name));
            names.truncate(KEPT);
        }
        names.sort_unstable_by_key(|&(name, count)| (Reverse(count), name));
        names.truncate(most);
        names
    }
}

/// Returns the bytes of a name that are kept.
fn start_of(name: &str) -> &str {
    let mut end = name.len().min(NAME_BYTES);
    while !name.is_char_boundary(end) {
        end -= 1;
    }
    &name[..end]
}

fn hash(name: &str) -> u64 {
    xxh3_64(name.as_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn counted(names: impl Iterator<Item = u64>) -> UnsupportedEvents {
        let mut events = UnsupportedEvents::default();
        for name in names {
            events.count(EventKind::Named(&format!("event.{name}")));
        }
        events
    }

    #[test]
    fn the_most_frequent_names_come_first() {
        let mut events = counted([1, 2, 2, 3, 3].into_iter());
        events.add(&counted([3, 0].into_iter()));
        let most = [("event.3", 3), ("event.2", 2), ("event.0", 1)];
        assert_eq!(events.most_frequent(3), most);
        assert_eq!((events.kinds(), events.named), (4, 7));
    }

    #[test]
    fn which_of_many_names_are_kept_does_not_depend_on_their_order_nor_on_parts() {
        let forwards = counted(0..10_000);
        let mut backwards = counted((5_000..10_000).rev());
        backwards.add(&counted((0..5_000).rev()));
        let kept = forwards.most_frequent(usize::MAX);
        assert_eq!(kept, backwards.most_frequent(usize::MAX));
        assert_eq!(kept.len(), KEPT);
        assert_eq!((forwards.kinds(), backwards.kinds()), (KEPT, KEPT));
        assert_eq!(forwards.named, 10_000);
    }

    #[test]
    fn the_start_of_a_long_name_is_kept() {
        let mut events = UnsupportedEvents::default();
        events.count(EventKind::Named(&"é".repeat(1_000)));
        events.count(EventKind::Named(&format!("a{}", "é".repeat(1_000))));
        let lengths = events.most_frequent(2).into_iter();
        let lengths: Vec<usize> = lengths.map(|(name, _)| name.len()).collect();
        assert_eq!(lengths, [199, 200]);
    }
}
