//! Warnings at the end of a run that has not done what its user meant: filters without a match, tables without the users
//! or courses of the log, and runs that emit nothing.
//!
//! | file | contents |
//! |---|---|
//! | `empty` | the likeliest cause why a run emitted nothing |
//! | `filters` | filters that matched no event, with the events that they left out |
//! | `nameless` | events without a name that an option would convert |
//! | `similar` | suggestions for mistyped courses and organizations |
//! | `state` | advice in a run with a state directory |
//! | `tables` | tables that lack the user or the course of most events |

mod empty;
mod filters;
mod nameless;
mod similar;
mod state;
mod tables;

pub use empty::nothing_emitted;
pub use filters::unmatched_values;
pub use nameless::nameless_events;
pub use state::AFTER_A_CHANGE;
pub use tables::table_warnings;
