//! The contents of logs, as `inspect` shows them.
//!
//! | file | contents |
//! |---|---|
//! | `shape` | [`Inspection`], the counts that all outputs show; its JSON is the output of `--json` |

#[cfg(test)]
pub mod sample;
mod shape;

// The types within an inspection have names here for the page and the table.
#[allow(unused_imports)]
pub use shape::{
    Day, Distinct, EventCount, EventKind, Files, Form, Inspection, LeftOut, Lines, MissingDays,
    OtherNames, Recommended, RepairCount, Support, Table, Tables, Top, TopRow, UnparsableCount,
};
