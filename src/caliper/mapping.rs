//! The types of the table of events: what the events of a name become, and the function that makes it.

use std::slice;

use super::model::{Event, EventKind};
use super::transformer::Transformer;
use crate::family::Family;
use crate::outcome::Fault;

/// The mapping of the tracking events of a name to Caliper events.
#[derive(Clone, Copy)]
pub struct Mapping {
    pub family: Family,
    /// Whether the default list has the name. Other events are converted only if `--events` selects them.
    pub is_default: bool,
    pub(super) conversion: Conversion,
}

/// The function that makes the Caliper event, with the kinds of events that it makes.
#[derive(Clone, Copy)]
pub(super) enum Conversion {
    /// A Caliper event of the kind that the function is called with.
    Fixed(
        EventKind,
        for<'a> fn(&Transformer<'a>, EventKind) -> Result<Event<'a>, Fault>,
    ),
    /// A Caliper event whose kind depends on the tracking event.
    OneOf(
        &'static [EventKind],
        for<'a> fn(&Transformer<'a>) -> Result<Event<'a>, Fault>,
    ),
}

impl Mapping {
    /// Returns the mapping of events that the default list has.
    pub(super) fn new(family: Family, conversion: Conversion) -> Self {
        Self {
            family,
            is_default: true,
            conversion,
        }
    }

    /// Returns the mapping of events that the default list does not have.
    pub(super) fn on_request(self) -> Self {
        Self {
            is_default: false,
            ..self
        }
    }

    /// The kinds of Caliper events that the tracking events may become.
    pub fn kinds(&self) -> &[EventKind] {
        match &self.conversion {
            Conversion::Fixed(kind, _) => slice::from_ref(kind),
            Conversion::OneOf(kinds, _) => kinds,
        }
    }
}
