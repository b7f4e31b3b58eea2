//! The outcome of each line: a stable reason code if something is wrong with it, and the tally of a run.

mod details;
mod fault;
mod filtered;
mod flaw;
mod frequent_texts;
mod line_outcome;
mod reason;
mod rejected_events;
mod repair;
mod tally;
mod unsupported_events;

pub use details::Details;
pub use fault::Fault;
pub use filtered::FilteredEvents;
pub use flaw::Flaw;
pub use frequent_texts::{FrequentTexts, MAX_TEXTS};
pub use line_outcome::{FilteredBy, Outcome, Unsupported};
pub use reason::Reason;
pub use rejected_events::RejectedFor;
pub use repair::{Repair, RepairCounts, RepairSet};
pub use tally::{OtherEvents, Reclassified, Tally};
pub use unsupported_events::{EventKind, UnsupportedEvents};
