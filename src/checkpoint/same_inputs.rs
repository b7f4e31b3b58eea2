//! Tells lines that another input of the run has, too, from lines that earlier runs delivered.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

use super::entry::InputId;

/// The first lines of an input, which are those of another input of the run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SameLines {
    /// The name of the other input, from which the run reads these lines.
    pub input: String,
    pub lines: u64,
    /// Whether neither input has other lines that the run reads. Known at the end of the run.
    pub is_whole: bool,
}

/// The first input of the run for each input in the journal: its name, and the number of its lines that earlier runs
/// delivered.
#[derive(Debug, Default)]
pub struct FirstInputs(Mutex<BTreeMap<InputId, (String, u64)>>);

impl FirstInputs {
    /// Returns the lines that this run reads from an earlier input and skips in this input. `name` and `input` are those
    /// of this input, which begins with `skipped` lines that are delivered according to the entries of `recorded_as`.
    pub fn same_lines(
        &self,
        name: &str,
        input: InputId,
        recorded_as: InputId,
        skipped: u64,
    ) -> Option<SameLines> {
        let mut inputs = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let Some((first, delivered)) = inputs.get(&recorded_as) else {
            inputs.entry(input).or_insert((name.to_owned(), skipped));
            return None;
        };
        let lines = skipped.saturating_sub(*delivered);
        (lines > 0).then(|| SameLines {
            input: first.clone(),
            lines,
            is_whole: false,
        })
    }
}
