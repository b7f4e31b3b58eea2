//! `event-router recover --discard`: moves dead letters out of the way, without sending them.

use std::path::Path;

use super::job::Command;
use crate::exit_code::{ExitCode, Fatal, OrExit};
use crate::send::{DeadLetter, DeadLetters, discard, discarded_file};
use crate::text::plural;

/// Moves the chosen dead letters of a directory to the file of discarded dead letters.
///
/// # Errors
/// Returns an error if the directory cannot be read, or a dead letter cannot be moved.
pub fn discard_letters(
    command: &Command<'_>,
    directory: &Path,
    is_chosen: impl Fn(&DeadLetter) -> bool,
) -> Result<ExitCode, Fatal> {
    let (mut chosen, mut records) = (Vec::new(), 0);
    let mut code = ExitCode::Success;
    for path in DeadLetters::at(directory).list().or_exit(ExitCode::Input)? {
        match DeadLetter::read(&path) {
            Ok(letter) if is_chosen(&letter) => {
                records += letter.items.len();
                chosen.push(path);
            }
            Ok(_) => {}
            Err(error) => {
                command.console.error(&format!("{error:#}"));
                code = ExitCode::Input;
            }
        }
    }
    let moved = match command.dry_run {
        true => "would be moved",
        false if chosen.is_empty() => "moved",
        false => {
            discard(directory, &chosen).or_exit(ExitCode::Output)?;
            "moved"
        }
    };
    let plural = plural(chosen.len() as u64);
    command.console.note(&format!(
        "{} dead letter{plural} {moved} to `{}`, with {records} undeliverable records",
        chosen.len(),
        discarded_file(directory).display()
    ));
    Ok(code)
}
