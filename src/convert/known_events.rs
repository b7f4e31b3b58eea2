//! The events that can be converted, for both formats.

use std::collections::BTreeSet;

use serde::Serialize;

use crate::caliper;
use crate::family::Family;
use crate::format::Format;
use crate::xapi;

/// An event that at least one of the formats converts.
#[derive(Clone, Copy)]
pub struct KnownEvent<'n> {
    pub name: &'n str,
    pub family: Family,
    /// The mapping to xAPI statements, if there is one.
    pub xapi: Option<xapi::Mapping>,
    /// The mapping to Caliper events, if there is one.
    pub caliper: Option<caliper::Mapping>,
}

/// Whether a format converts the events of a name.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Support {
    /// The default list has the name.
    Default,
    /// The events are converted if `--events` selects them.
    OnRequest,
    /// The format has nothing for the events.
    #[default]
    No,
}

impl<'n> KnownEvent<'n> {
    /// Returns the event with this name, or `None` if neither format converts it.
    pub fn find(name: &'n str) -> Option<Self> {
        let (xapi, caliper) = (xapi::mapping(name), caliper::mapping(name));
        let of_xapi = xapi.map(|mapping| mapping.family);
        Some(Self {
            name,
            family: of_xapi.or(caliper.map(|mapping| mapping.family))?,
            xapi,
            caliper,
        })
    }

    /// Returns whether a format converts the events of this name.
    pub fn support(&self, format: Format) -> Support {
        let is_default = match format {
            Format::Xapi => self.xapi.map(|mapping| mapping.is_default),
            Format::Caliper => self.caliper.map(|mapping| mapping.is_default),
        };
        match is_default {
            Some(true) => Support::Default,
            Some(false) => Support::OnRequest,
            None => Support::No,
        }
    }
}

impl KnownEvent<'static> {
    /// Returns all events, sorted by family and name.
    pub fn all() -> Vec<Self> {
        let names: BTreeSet<&str> = xapi::EVENTS
            .iter()
            .chain(caliper::EVENTS)
            .copied()
            .collect();
        let mut events: Vec<Self> = names.into_iter().filter_map(Self::find).collect();
        events.sort_by_key(|event| event.family);
        events
    }
}

/// Returns the names of the default list of a format, and the names of the other events that the format converts. Each
/// list is in alphabetical order.
pub fn default_and_other_events(format: Format) -> (Vec<&'static str>, Vec<&'static str>) {
    let is_default = |name: &&str| {
        let event = KnownEvent::find(name);
        event.is_some_and(|event| event.support(format) == Support::Default)
    };
    names_of(format).iter().copied().partition(is_default)
}

/// Returns whether a format converts the events of a name, by default or on request.
pub fn is_converted(name: &str, format: Format) -> bool {
    names_of(format).contains(&name)
}

/// Returns the names of the events that a format converts, in alphabetical order.
fn names_of(format: Format) -> &'static [&'static str] {
    match format {
        Format::Xapi => xapi::EVENTS,
        Format::Caliper => caliper::EVENTS,
    }
}
