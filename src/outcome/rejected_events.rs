//! The rejected events of a run, with the most frequent causes.

use std::collections::BTreeMap;

use super::fault::Fault;
use super::frequent_texts::FrequentTexts;
use super::reason::Reason;

/// The rejected events of each reason that have a cause in the event itself. Events whose user or course is not in a table
/// are left out: their details name persons and courses, and warnings about tables count them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RejectedEvents(BTreeMap<Reason, RejectedFor>);

/// The events that are rejected for one reason.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RejectedFor {
    pub events: u64,
    causes: FrequentTexts,
}

impl RejectedEvents {
    /// Counts an event.
    #[cold]
    pub fn count(&mut self, fault: &Fault) {
        if fault.reason.is_of_event() {
            let of_reason = self.0.entry(fault.reason).or_default();
            of_reason.events += 1;
            of_reason.causes.count(fault.cause(), 1);
        }
    }

    /// Adds the events of other lines.
    pub fn add(&mut self, other: &Self) {
        for (&reason, more) in &other.0 {
            let of_reason = self.0.entry(reason).or_default();
            of_reason.events += more.events;
            of_reason.causes.add(&more.causes);
        }
    }

    /// Returns the events by reason.
    pub fn by_reason(&self) -> impl Iterator<Item = (Reason, &RejectedFor)> {
        self.0.iter().map(|(&reason, events)| (reason, events))
    }

    /// Forgets the events. Only the events of the whole run are shown.
    pub fn forget(&mut self) {
        self.0.clear();
    }
}

impl RejectedFor {
    /// Returns the most frequent cause, such as "`context.course_id` is missing", with the number of its events.
    pub fn most_frequent_cause(&self) -> Option<(&str, u64)> {
        self.causes.most_frequent(1).pop()
    }
}
