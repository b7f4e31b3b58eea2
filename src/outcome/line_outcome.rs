//! The outcome of a line.

use super::fault::Fault;
use super::reason::Reason;

/// The reason why an event is unsupported.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Unsupported {
    /// The event has no name, or its name is not a string.
    NoName,
    /// The format has no transformer for the event.
    NoTransformer,
    /// The format has a transformer, but the event is not on the list of events that are converted by default.
    NotByDefault,
}

/// The option that excludes an event. The variants are in the order in which the options are checked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum FilteredBy {
    Events,
    Since,
    Until,
    Course,
    Org,
    Routers,
}

impl FilteredBy {
    /// All options, in the order of the variants.
    pub(crate) const ALL: [Self; 6] = [
        Self::Events,
        Self::Since,
        Self::Until,
        Self::Course,
        Self::Org,
        Self::Routers,
    ];

    /// Returns the name of the option on the command line.
    pub fn option(self) -> &'static str {
        match self {
            Self::Events => "--events",
            Self::Since => "--since",
            Self::Until => "--until",
            Self::Course => "--course",
            Self::Org => "--org",
            Self::Routers => "--routers",
        }
    }
}

/// The outcome of a line that is not blank. The variants are in order of precedence: the outcome of a line is the first
/// variant that applies.
///
/// Duplicates and collisions are found later, when emitted lines are delivered.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum Outcome {
    /// The line cannot be read as an event.
    Unparsable(Fault),
    /// The event is not converted, because of its name or because it has none.
    Unsupported(Unsupported),
    /// An option of the user excludes the event.
    Filtered(FilteredBy),
    /// The event is supported, but cannot be converted.
    Rejected(Fault),
    Emitted,
}

impl Outcome {
    /// Returns the word for the outcome in reports.
    pub fn word(&self) -> &'static str {
        match self {
            Self::Unparsable(_) => "unparsable",
            Self::Unsupported(_) => "unsupported",
            Self::Filtered(_) => "filtered",
            Self::Rejected(_) => "rejected",
            Self::Emitted => "emitted",
        }
    }

    /// Returns the reason and its detail if the line is unparsable or rejected.
    pub fn fault(&self) -> Option<(Reason, &str)> {
        match self {
            Self::Unparsable(fault) | Self::Rejected(fault) => Some((fault.reason, &fault.detail)),
            Self::Unsupported(_) | Self::Filtered(_) | Self::Emitted => None,
        }
    }
}
