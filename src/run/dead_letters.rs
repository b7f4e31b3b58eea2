//! `event-router dead-letters`: counts the dead letters of a directory by router, reason and answer.

use std::collections::BTreeMap;
use std::path::Path;

use anyhow::anyhow;

use crate::console::Console;
use crate::exit_code::{ExitCode, Fatal, OrExit};
use crate::report::LettersReport;
use crate::send::{DeadLetter, DeadLetters, LetterGroups};

/// Runs the command. With `json`, writes one JSON object. With `exit_code`, the exit code says whether there are dead
/// letters.
///
/// # Errors
/// Returns an error if the directory cannot be read.
pub fn dead_letters(
    directory: &Path,
    json: bool,
    exit_code: bool,
    console: &Console,
) -> Result<ExitCode, Fatal> {
    if !directory.is_dir() {
        return Err(anyhow!("there is no directory `{}`", directory.display()))
            .or_exit(ExitCode::Usage);
    }
    let paths = DeadLetters::at(directory).list().or_exit(ExitCode::Input)?;
    let mut routers: BTreeMap<String, LetterGroups> = BTreeMap::new();
    let mut code = ExitCode::Success;
    for path in paths {
        match DeadLetter::read(&path) {
            Ok(letter) => {
                if exit_code {
                    code = code.max(ExitCode::Undelivered);
                }
                letter.add_to(routers.entry(letter.router.clone()).or_default());
            }
            // Another run may settle the dead letter at the same time.
            Err(_) if path.symlink_metadata().is_err() => {}
            Err(error) => {
                console.error(&format!("{error:#}"));
                code = code.max(ExitCode::Input);
            }
        }
    }
    let report = LettersReport {
        directory,
        routers: &routers,
    };
    console.result(&match json {
        true => report.to_json().or_exit(ExitCode::Output)?,
        false => report.to_string(),
    });
    Ok(code)
}
