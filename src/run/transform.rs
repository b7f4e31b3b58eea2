//! `event-router transform`: converts logs, and writes the records to files or to standard output.

use std::path::PathBuf;
use std::sync::Arc;

use super::job::{Command, Job};
use super::settings::JobSettings;
use crate::convert::Layout;
use crate::dedupe::Scope;
use crate::destination::Destination;
use crate::exit_code::{ExitCode, Fatal, OrExit};
use crate::output::{Check, Directory, SingleFile, Stdout};
use crate::output_names::OutputNames;

/// The output of `transform`.
pub enum OutputSettings {
    Stdout,
    /// One file with the records of all inputs.
    File {
        path: PathBuf,
        /// Whether the run fails if it would replace a file.
        keeps_existing: bool,
    },
    Directory {
        names: OutputNames,
        /// Whether an input fails if its output would replace a file.
        keeps_existing: bool,
    },
    /// No output: the records are compared with the contents of these files.
    Check(OutputNames),
}

/// Runs the command.
///
/// # Errors
/// Returns an error if the run could not start.
pub fn transform(
    command: Command<'_>,
    settings: JobSettings,
    output: OutputSettings,
) -> Result<ExitCode, Fatal> {
    let console = Arc::clone(&command.console);
    let names = match &output {
        OutputSettings::Stdout | OutputSettings::File { .. } => None,
        OutputSettings::Directory { names, .. } | OutputSettings::Check(names) => Some(names),
    };
    let directory = names.map(|names| names.directory.as_path());
    let (mut job, converter) =
        Job::prepare(command, settings, Scope::Run, names, directory, Vec::new())
            .or_exit(ExitCode::Usage)?;
    let state = job.open_state()?;
    let (destination, layout_of_documents): (Box<dyn Destination>, Layout) = match output {
        OutputSettings::Stdout => {
            let is_synced = job.check_stdout().or_exit(ExitCode::Usage)?;
            (Box::new(Stdout { is_synced }), Layout::Lines)
        }
        OutputSettings::File {
            path,
            keeps_existing,
        } => {
            job.check_output_file(&path).or_exit(ExitCode::Usage)?;
            if keeps_existing {
                job.check_rejects_kept().or_exit(ExitCode::Output)?;
            }
            let file = SingleFile::create(path, keeps_existing, job.interrupted(), console);
            (Box::new(file.or_exit(ExitCode::Output)?), Layout::Lines)
        }
        OutputSettings::Check(names) => (Box::new(Check::new(names, &console)), Layout::Document),
        OutputSettings::Directory {
            names,
            keeps_existing,
        } => {
            if keeps_existing {
                job.check_rejects_kept().or_exit(ExitCode::Output)?;
            }
            let mut directory =
                Directory::create(names, state.clone(), console).or_exit(ExitCode::Output)?;
            directory.keeps_existing = keeps_existing;
            if let Some(state) = state {
                job.resume(state, directory.in_state());
            }
            (Box::new(directory), Layout::Document)
        }
    };
    job.run(converter, destination, layout_of_documents, &[])
}
