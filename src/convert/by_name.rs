//! Events whose outcome depends on their name alone.

use super::converted_line::{ConvertedLine, EventType};
use super::line_converter::LineConverter;
use crate::outcome::{FilteredBy, Outcome, Repair, Unsupported};
use crate::repair::present_name;
use crate::selection::Selected;
use crate::tracking::{LineWrapper, TrackingEvent};

impl LineConverter {
    /// Returns the result for an event without a name.
    pub(super) fn without_name<'a>(&self, event: &TrackingEvent<'_>) -> ConvertedLine<'a> {
        let outcome = Outcome::Unsupported(Unsupported::NoName);
        let by_type = event.event_type().filter(|_| !event.has_name());
        let conversion = match by_type {
            Some(name) => self.not_selected(name, outcome),
            None => ConvertedLine::of_outcome(outcome),
        };
        ConvertedLine {
            event_type: self.event_type_of(event),
            ..conversion
        }
    }

    /// Returns the result for a line whose event is not selected. Returns `None` if the event may be selected, or if
    /// its name cannot be found without parsing the whole line.
    pub(super) fn skip_unwanted<'a>(
        &self,
        line: &'a [u8],
        wrapper: &LineWrapper,
    ) -> Option<ConvertedLine<'a>> {
        let is_wanted = |name: &str| {
            let is_renamed =
                self.repairs.contains(Repair::EarlierNames) && present_name(name).is_some();
            is_renamed || self.outcome_by_name(name).0.is_none()
        };
        let name = wrapper.unwanted_name(line, is_wanted)?;
        let (outcome, known) = self.outcome_by_name(name);
        outcome.map(|outcome| self.not_selected(name, outcome).named(name, known))
    }

    /// Returns the result for an event whose name is not selected.
    pub(super) fn not_selected<'a>(&self, name: &str, outcome: Outcome) -> ConvertedLine<'a> {
        let mut conversion = ConvertedLine::of_outcome(outcome);
        let present = present_name(name).filter(|_| !self.repairs.contains(Repair::EarlierNames));
        if present.is_some_and(|name| self.outcome_by_name(name).0.is_none()) {
            conversion.repairs.insert(Repair::EarlierNames);
        }
        conversion
    }

    /// Returns two values for an event name: the outcome of its events, or `None` if they are converted; and the index
    /// of the name in [`EventSelection::known`].
    pub(super) fn outcome_by_name(&self, name: &str) -> (Option<Outcome>, Option<usize>) {
        let (selected, known) = self.selection.look_up(name);
        let outcome = match selected {
            Selected::Taken => None,
            Selected::Filtered => Some(Outcome::Filtered(FilteredBy::Events)),
            Selected::NotByDefault => Some(Outcome::Unsupported(Unsupported::NotByDefault)),
            Selected::Unknown => Some(Outcome::Unsupported(Unsupported::NoTransformer)),
        };
        (outcome, known)
    }

    fn event_type_of(&self, event: &TrackingEvent<'_>) -> EventType {
        let is_taken = |name| !self.takes_event_type() && self.outcome_by_name(name).0.is_none();
        let by_type = event.event_type().filter(|by_type| !by_type.is_empty());
        match by_type.filter(|_| !event.has_name()) {
            Some(path) if path.starts_with('/') => EventType::Path,
            Some(name) if is_taken(name) => EventType::Converted,
            None if event.name().is_none() => EventType::Absent,
            _ => EventType::Other,
        }
    }

    pub(super) fn name_of<'a>(&self, event: &TrackingEvent<'a>) -> Option<&'a str> {
        if self.takes_event_type() && !event.has_name() {
            event.event_type()
        } else {
            event.name()
        }
    }

    /// Returns whether `event_type` is the name of events without a name.
    fn takes_event_type(&self) -> bool {
        self.repairs.contains(Repair::Name)
    }
}
