//! The contents of logs, as `inspect` shows them.
//!
//! | file | contents |
//! |---|---|
//! | `archive` | the counts of a run → its inspection |
//! | `text` | an inspection as text for people |
//! | `shape` | [`Inspection`], the counts that all outputs show; its JSON is the output of `--json` |

mod archive;
#[cfg(test)]
pub mod sample;
mod shape;
mod text;

// The types within an inspection have names here for the page and the table.
pub use archive::Archive;
pub use text::inspection_text;

#[allow(unused_imports)]
pub use shape::{
    Day, Distinct, EventCount, EventKind, Files, Form, Inspection, LeftOut, Lines, MissingDays,
    OtherNames, Recommended, RepairCount, Support, Table, Tables, Top, TopRow, UnparsableCount,
};
