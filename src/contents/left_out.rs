//! The events that a run with the usual options would not convert.

use crate::outcome::Reason;

/// The cause why an event is not converted, in the order in which causes are shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum LeftOutCause {
    /// No format, or not this one, takes the events of this name.
    OtherName,
    /// The event is named after the path of a request.
    Request,
    /// The event has neither a name nor an `event_type`.
    Nameless,
    /// The event has no name. With `--repair name`, its `event_type` is a name that is not converted.
    OtherType,
    /// The event is converted only if `--events` selects its name.
    OnRequest,
    Rejected(Reason),
}
