//! `event-router events`: the events that can be converted, and what they become.

use crate::console::Console;
use crate::exit_code::{ExitCode, Fatal, OrExit};
use crate::format::Format;
use crate::report::EventTable;
use crate::terminal;

/// Writes the events that a format converts, or both formats if `format` is `None`. With `json`, writes JSON.
///
/// # Errors
/// Returns an error if the JSON cannot be made.
pub fn events(format: Option<Format>, json: bool, console: &Console) -> Result<ExitCode, Fatal> {
    let table = EventTable::new(format);
    console.result(&match json {
        true => table.to_json().or_exit(ExitCode::Output)?,
        false => table.to_text(terminal::columns()),
    });
    Ok(ExitCode::Success)
}
