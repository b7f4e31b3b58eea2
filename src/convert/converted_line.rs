//! The outcome of a line, and what else is known of its event.

use jiff::civil::DateTime;

use crate::lms::DerivedId;
use crate::outcome::{EventKind, Outcome, Reason, Repair, RepairSet};
use crate::tracking::RejectsRow;

/// The result of converting a line that is not blank.
pub struct ConvertedLine<'a> {
    /// The event's name, if the line could be parsed and its event has a name.
    pub name: Option<&'a str>,
    /// The index of the name in [`EventSelection::known`](crate::selection::EventSelection::known).
    pub known: Option<usize>,
    /// The kind of `event_type` that an unsupported event without a name has.
    pub(super) event_type: EventType,
    pub outcome: Outcome,
    /// The UTC time of an emitted event, if the event has a time.
    pub time: Option<DateTime>,
    /// For an emitted event whose `time` and `timestamp` differ: the repairs that take `time`.
    pub two_times: RepairSet,
    /// For an emitted event with an id that was derived although there is a table of users: the kind of the user.
    pub derived_id: Option<DerivedId>,
    /// The repairs that changed the event. For an event that is not emitted: those with which it would be emitted.
    pub repairs: RepairSet,
    /// For an inspection: the reason why the event is rejected once these repairs have changed it, or once a table is asked
    /// for its user and course.
    pub(super) rejected_later: Option<(RepairSet, Reason)>,
    /// The number of records that were appended to the batch: xAPI statements, or Caliper events or envelopes.
    pub records: usize,
    /// The row, if the line is a row of a rejects file. The other fields are those of the line that the row stands for.
    pub row: Option<&'a RejectsRow<'a>>,
}

/// The kind of a field `event_type`. One byte in place of the text keeps [`ConvertedLine`] small, which is moved for
/// every line.
#[derive(Clone, Copy, Debug)]
pub(super) enum EventType {
    /// The path of a request.
    Path,
    /// The name of events that are converted, and would be with `--name-from-event-type`.
    Converted,
    Other,
    /// The event has neither a name nor an `event_type`, as objects of other programs.
    Absent,
}

impl<'a> ConvertedLine<'a> {
    /// Returns the kind of an unsupported event.
    pub fn kind_of_unsupported(&self) -> EventKind<'a> {
        match (self.name, self.event_type) {
            (Some(name), _) if name.starts_with('/') => EventKind::Implicit,
            (Some(name), _) if self.known.is_some() => EventKind::Known(name),
            (Some(name), _) => EventKind::Named(name),
            (None, EventType::Path) => EventKind::ImplicitByType,
            (None, EventType::Converted) => EventKind::NamedByType,
            (None, EventType::Other | EventType::Absent) => EventKind::Unnamed,
        }
    }

    /// Returns whether an unsupported event without a name has an `event_type` that is no name of converted events.
    pub(super) fn has_event_type(&self) -> bool {
        self.name.is_none() && matches!(self.event_type, EventType::Other)
    }

    /// Returns the repairs that changed an emitted event.
    pub fn applied_repairs(&self) -> impl Iterator<Item = Repair> {
        let is_emitted = matches!(self.outcome, Outcome::Emitted);
        self.repairs.iter().filter(move |_| is_emitted)
    }

    pub(super) fn of_outcome(outcome: Outcome) -> Self {
        Self {
            name: None,
            known: None,
            event_type: EventType::Other,
            outcome,
            time: None,
            two_times: RepairSet::NONE,
            derived_id: None,
            repairs: RepairSet::NONE,
            rejected_later: None,
            records: 0,
            row: None,
        }
    }

    pub(super) fn named(self, name: &'a str, known: Option<usize>) -> Self {
        Self {
            name: Some(name),
            known,
            ..self
        }
    }
}
