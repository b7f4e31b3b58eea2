//! The names of the repairs of old events, and sets of them.

/// A repair, which gives an old event the form that the platform writes today.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Repair {
    /// The field `event_type` is the name of an event without one.
    Name,
    /// An event under an earlier name gets its present name and fields.
    EarlierNames,
    /// A time without an offset is in UTC, and is written as ISO 8601.
    NaiveTime,
    /// The id of the course is in the address of the page.
    CourseFromUrl,
    /// The blocks of courses with slash ids get the keys that they had.
    LegacyIds,
    /// The block of a checked problem is in the event, although the page is not.
    ProblemFromEvent,
    /// The field `timestamp` is the time of arrival at a log shipper.
    ShipperTime,
    /// The values are in the Extended JSON of MongoDB.
    ExtendedJson,
}

impl Repair {
    /// All repairs, in the order of the variants.
    pub const ALL: [Self; 8] = [
        Self::Name,
        Self::EarlierNames,
        Self::NaiveTime,
        Self::CourseFromUrl,
        Self::LegacyIds,
        Self::ProblemFromEvent,
        Self::ShipperTime,
        Self::ExtendedJson,
    ];

    /// Returns the name of the repair in options and reports.
    pub fn name(self) -> &'static str {
        match self {
            Self::Name => "name",
            Self::EarlierNames => "earlier-names",
            Self::NaiveTime => "naive-time",
            Self::CourseFromUrl => "course-from-url",
            Self::LegacyIds => "legacy-ids",
            Self::ProblemFromEvent => "problem-from-event",
            Self::ShipperTime => "shipper-time",
            Self::ExtendedJson => "extended-json",
        }
    }

    /// Returns a phrase that says what the repair does, for the help and for messages.
    pub fn does(self) -> &'static str {
        match self {
            Self::Name => "uses event_type as the name of events without a name",
            Self::EarlierNames => {
                "gives their present names to save_problem_check, show_answer, seq_goto, seq_next and seq_prev, which were used until 2013 or 2016"
            }
            Self::NaiveTime => "reads times without an offset as UTC, or with a space instead of T",
            Self::CourseFromUrl => "takes a missing course id from the address of the page",
            Self::LegacyIds => "gives the blocks of ORG/COURSE/RUN courses their i4x keys",
            Self::ProblemFromEvent => {
                "converts problem_check events from before 2015, which have no referer"
            }
            Self::ShipperTime => {
                "uses time where a log shipper wrote the time of arrival to timestamp"
            }
            Self::ExtendedJson => "reads $date, $oid and $numberLong as MongoDB exports them",
        }
    }
}

/// A set of repairs.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct RepairSet(u8);

impl RepairSet {
    /// No repair.
    pub const NONE: Self = Self(0);
    /// All repairs.
    pub const ALL: Self = Self(u8::MAX);

    pub fn is_empty(self) -> bool {
        self.0 == 0
    }

    pub fn contains(self, repair: Repair) -> bool {
        self.0 & Self::of(repair).0 != 0
    }

    pub fn insert(&mut self, repair: Repair) {
        self.0 |= Self::of(repair).0;
    }

    /// Inserts the repairs of another set.
    pub fn extend(&mut self, other: Self) {
        self.0 |= other.0;
    }

    /// Returns the repairs of this set that the other set does not have.
    pub fn without(self, other: Self) -> Self {
        Self(self.0 & !other.0)
    }

    /// Returns the names of the repairs, as `--repair` takes them.
    pub fn names(self) -> String {
        let names: Vec<_> = self.iter().map(Repair::name).collect();
        names.join(",")
    }

    /// Returns the repairs of the set, in the order of [`Repair::ALL`].
    pub fn iter(self) -> impl Iterator<Item = Repair> {
        let all = Repair::ALL.into_iter();
        all.filter(move |&repair| self.contains(repair))
    }

    fn of(repair: Repair) -> Self {
        Self(1 << repair as u8)
    }
}

impl FromIterator<Repair> for RepairSet {
    fn from_iter<I: IntoIterator<Item = Repair>>(repairs: I) -> Self {
        let mut set = Self::NONE;
        repairs.into_iter().for_each(|repair| set.insert(repair));
        set
    }
}

/// The number of events for each repair.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct RepairCounts([u64; Repair::ALL.len()]);

impl RepairCounts {
    /// Counts an event that a set of repairs has changed.
    pub fn count(&mut self, repairs: RepairSet) {
        for repair in repairs.iter() {
            self.0[repair as usize] += 1;
        }
    }

    pub fn add(&mut self, other: &Self) {
        for (count, more) in self.0.iter_mut().zip(other.0) {
            *count += more;
        }
    }

    /// Returns the repairs that changed an event, with the number of events.
    pub fn counts(&self) -> impl Iterator<Item = (Repair, u64)> {
        let counts = Repair::ALL.into_iter().zip(self.0);
        counts.filter(|&(_, count)| count > 0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_set_has_the_repairs_that_were_inserted() {
        for (nth, repair) in Repair::ALL.into_iter().enumerate() {
            assert_eq!(repair as usize, nth);
            let set: RepairSet = [repair].into_iter().collect();
            assert_eq!(set.iter().collect::<Vec<_>>(), [repair]);
            assert!(!RepairSet::ALL.without(set).contains(repair));
        }
        assert_eq!(RepairSet::ALL.iter().count(), Repair::ALL.len());
    }
}
