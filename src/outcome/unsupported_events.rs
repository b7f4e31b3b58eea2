//! The unsupported events of a run, by the kind of their names.

use super::frequent_texts::FrequentTexts;

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
    names: FrequentTexts,
}

impl UnsupportedEvents {
    /// Counts one event.
    pub fn count(&mut self, kind: EventKind<'_>) {
        self.count_kind(kind);
        if let EventKind::Known(name) | EventKind::Named(name) = kind {
            self.names.count(name, 1);
        }
    }

    /// Counts one event without its name.
    pub fn count_kind(&mut self, kind: EventKind<'_>) {
        match kind {
            EventKind::Implicit => self.implicit += 1,
            EventKind::ImplicitByType => {
                self.implicit += 1;
                self.implicit_by_type += 1;
            }
            EventKind::Known(_) => {
                self.named += 1;
                self.known += 1;
            }
            EventKind::Named(_) => self.named += 1,
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
        self.names.add(&other.names);
    }

    /// Returns the number of different names, or a number greater than [`MAX_TEXTS`](super::MAX_TEXTS) if there are more.
    pub fn kinds(&self) -> usize {
        self.names.different()
    }

    /// Returns the most frequent names, at most `most` of them, with their counts. Names with equal counts are in
    /// alphabetical order.
    pub fn most_frequent(&self, most: usize) -> Vec<(&str, u64)> {
        self.names.most_frequent(most)
    }

    /// Forgets the names, which take more memory than all other counts of an input.
    pub fn forget_names(&mut self) {
        self.names = FrequentTexts::default();
    }
}

#[cfg(test)]
mod tests {
    use super::super::MAX_TEXTS;
    use super::*;

    const KEPT: usize = MAX_TEXTS + 1;

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
    fn the_most_frequent_of_many_names_are_kept_wherever_they_are() {
        const RARE: u64 = 100_000;

        // Each batch has 800 events: 400 with new names, and 400 with the same one of 8 frequent names.
        let batch = |nth: u64| (0..400).flat_map(move |n| [nth * 400 + n, RARE + nth % 8]);
        let mut batches = UnsupportedEvents::default();
        (0..248).for_each(|nth| batches.add(&counted(batch(nth))));
        let late = counted((0..RARE).chain((0..1_600).map(|n| RARE + n % 8)));
        let early = counted((0..1_600).map(|n| RARE + n % 8).chain((0..RARE).rev()));
        let mut halves = counted((0..248).step_by(2).flat_map(batch));
        halves.add(&counted((1..248).step_by(2).flat_map(batch)));
        for (events, all) in [
            (&batches, 12_400),
            (&halves, 12_400),
            (&late, 200),
            (&early, 200),
        ] {
            let most = events.most_frequent(8);
            let mut names: Vec<&str> = most.iter().map(|(name, _)| *name).collect();
            names.sort_unstable();
            let frequent: Vec<String> = (0..8).map(|n| format!("event.{}", RARE + n)).collect();
            assert_eq!(names, frequent);
            let most_lost = events.named / KEPT as u64;
            for (name, count) in most {
                assert!(count + most_lost >= all, "{name}: {count}");
                assert!(count <= all, "{name}: {count}");
            }
            assert_eq!(events.kinds(), KEPT);
            assert_eq!(events.most_frequent(usize::MAX).len(), KEPT);
        }
    }

    #[test]
    fn the_counts_of_many_names_are_the_same_in_each_run() {
        let run = || {
            let mut sum = UnsupportedEvents::default();
            (0..20).for_each(|nth| sum.add(&counted((0..5_000).map(|n| n * (nth + 1) % 7_001))));
            sum
        };
        assert_eq!(run(), run());
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
