//! The events that a run with the usual options would not convert.

use crate::outcome::Reason;

/// The cause why an event is not converted, in the order in which causes are shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum LeftOut {
    /// No format, or not this one, takes the events of this name.
    OtherName,
    /// The event is named after the path of a request.
    Request,
    Nameless,
    /// The event is converted only if `--events` selects its name.
    OnRequest,
    Rejected(Reason),
}
