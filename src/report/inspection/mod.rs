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

pub use archive::Archive;
pub use shape::{
    Day, DistinctCount, Inspection, LeftOutRow, MissingDays, NameKind, Recommended, Table, Top,
};
#[cfg(test)]
pub use shape::{EventCount, Files, Form, Lines, RepairCount, TopRow, UnparsableCount};
pub use text::inspection_text;
