//! Warnings at the end of a run that has not done what its user meant: filters without a match, tables without the users
//! or courses of the log, and runs that emit nothing.
//!
//! | file | contents |
//! |---|---|
//! | `empty` | the likeliest cause why a run emitted nothing |
//! | `emptied` | output files that the run replaced by empty ones |
//! | `filters` | filters that matched no event, with the events that they left out |
//! | `healthy` | runs on live logs that may well emit nothing |
//! | `many` | how many events must be lost before a cause is reported |
//! | `nameless` | events without a name that an option would convert |
//! | `rejected` | events that are rejected for one reason |
//! | `repairable` | events that repairs would convert |
//! | `reread` | how the lines of a run with a state directory are read again |
//! | `similar` | suggestions for mistyped courses and organizations |
//! | `tables` | tables that lack the user or the course of most events |

mod emptied;
mod empty;
mod filters;
mod healthy;
mod many;
mod nameless;
mod rejected;
mod repairable;
mod reread;
mod similar;
mod tables;

pub use emptied::emptied_files;
pub use empty::{nothing_converted, nothing_emitted};
pub use filters::unmatched_values;
pub use many::are_many;
pub use nameless::nameless_events;
pub use rejected::{are_most_rejected, rejected_events};
pub use repairable::{are_most_repairable, is_worth_repairing, repairable_events};
pub use reread::Reread;
pub use tables::table_warnings;
