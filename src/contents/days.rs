//! Events by day.

use std::collections::BTreeMap;

use jiff::civil::{Date, DateTime};

/// The most days that are counted one by one: a hundred years. Only a crafted log has more.
const MOST_DAYS: usize = 36_525;

/// The key of events that belong to no family.
pub const OTHER_FAMILY: &str = "other";

/// The events by day, in UTC. Of more than [`MOST_DAYS`] days, the first are kept.
#[derive(Clone, Debug, Default)]
pub struct Days {
    days: BTreeMap<Date, DayCounts>,
    /// The events of days that are not kept.
    pub others: u64,
    /// The events without a time that can be read.
    pub without_time: u64,
    /// The times of the first and the last event.
    pub times: Option<(DateTime, DateTime)>,
}

/// The events of a day.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct DayCounts {
    pub events: u64,
    /// The events by family, [`OTHER_FAMILY`] included.
    pub families: BTreeMap<&'static str, u64>,
}

impl Days {
    /// Counts an event of a family.
    pub fn count(&mut self, time: Option<DateTime>, family: Option<&'static str>) {
        let Some(time) = time else {
            self.without_time += 1;
            return;
        };
        self.widen(time, time);
        let day = self.days.entry(time.date()).or_default();
        day.events += 1;
        *day.families
            .entry(family.unwrap_or(OTHER_FAMILY))
            .or_default() += 1;
        self.prune();
    }

    /// Adds the events of other lines.
    pub fn add(&mut self, other: &Self) {
        self.others += other.others;
        self.without_time += other.without_time;
        if let Some((first, last)) = other.times {
            self.widen(first, last);
        }
        for (&date, counts) in &other.days {
            let day = self.days.entry(date).or_default();
            day.events += counts.events;
            for (&family, events) in &counts.families {
                *day.families.entry(family).or_default() += events;
            }
        }
        self.prune();
    }

    /// Returns the days that have an event, in order.
    pub fn counts(&self) -> impl Iterator<Item = (Date, &DayCounts)> {
        self.days.iter().map(|(&date, counts)| (date, counts))
    }

    /// Forgets the last days if there are too many. A day that is kept in the end has never been forgotten, so its count is
    /// exact in any order of the lines.
    fn prune(&mut self) {
        while self.days.len() > MOST_DAYS {
            let last = self.days.pop_last();
            self.others += last.map_or(0, |(_, counts)| counts.events);
        }
    }

    fn widen(&mut self, first: DateTime, last: DateTime) {
        self.times = Some(match self.times {
            Some((earliest, latest)) => (earliest.min(first), latest.max(last)),
            None => (first, last),
        });
    }
}

#[cfg(test)]
mod tests {
    use jiff::ToSpan;
    use jiff::civil::date;

    use super::*;

    #[test]
    fn the_first_days_of_too_many_are_kept_in_any_order() {
        let start = date(1900, 1, 1).at(12, 0, 0, 0);
        let counted = |days: &mut dyn Iterator<Item = i64>| {
            let mut counts = Days::default();
            for day in days {
                counts.count(Some(start + day.days()), Some("video"));
            }
            counts
        };
        let all = MOST_DAYS as i64 + 100;
        let forwards = counted(&mut (0..all));
        let mut backwards = counted(&mut (1_000..all).rev());
        backwards.add(&counted(&mut (0..1_000).rev()));
        assert!(forwards.counts().eq(backwards.counts()));
        assert_eq!(forwards.counts().count(), MOST_DAYS);
        assert_eq!((forwards.others, backwards.others), (100, 100));
        assert_eq!(forwards.times, backwards.times);
    }
}
