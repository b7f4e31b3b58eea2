//! `event-router events`: the events that can be converted, and what they become.

use anyhow::anyhow;

use crate::console::Console;
use crate::exit_code::{ExitCode, Fatal, OrExit};
use crate::format::Format;
use crate::report::EventTable;
use crate::selection::{EventSelection, Selected, UnknownPattern};
use crate::terminal;

/// Writes the events that a format converts, or both formats if `format` is `None`: those whose names match one of the
/// patterns, or all if there is no pattern. With `json`, writes JSON.
///
/// # Errors
/// Returns an error if a pattern matches no event, or the JSON cannot be made.
pub fn events(
    format: Option<Format>,
    patterns: &[String],
    json: bool,
    console: &Console,
) -> Result<ExitCode, Fatal> {
    let mut table = EventTable::new(format);
    if !patterns.is_empty() {
        let (default, others) = table.default_and_other_names();
        let selection = EventSelection::new(patterns, default, others);
        let selection = selection.map_err(|error| anyhow!(no_event(&error)));
        let selection = selection.or_exit(ExitCode::Usage)?;
        table.retain(|name| selection.look_up(name).0 == Selected::Taken);
    }
    console.result(&match json {
        true => table.to_json().or_exit(ExitCode::Output)?,
        false => table.to_text(terminal::columns()),
    });
    Ok(ExitCode::Success)
}

/// Returns the message about a pattern that matches no event.
fn no_event(
    UnknownPattern {
        pattern,
        suggestion,
    }: &UnknownPattern,
) -> String {
    let tip = match suggestion {
        Some(name) => format!("did you mean `{name}`?"),
        None => "`event-router events` lists all".to_owned(),
    };
    format!("no event that can be converted has the name `{pattern}`: {tip}")
}
