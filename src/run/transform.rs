//! `event-router transform`: converts logs, and writes the records to files or to standard output.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::job::{Command, Job};
use super::settings::JobSettings;
use crate::cloud::Address;
use crate::convert::Layout;
use crate::dedupe::Scope;
use crate::destination::Destination;
use crate::exit_code::{ExitCode, Fatal, OrExit};
use crate::output::{Check, Directory, ObjectStorage, Objects, SingleFile, SingleObject, Stdout};
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
    let is_in_order = settings.record.rejects.is_some() || settings.dedupe.is_some();
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
            if is_address(&path) {
                let storage =
                    ObjectStorage::open(&path, job.stores(), keeps_existing, job.interrupted());
                let object = storage.and_then(|mut storage| {
                    job.keep_records_of_rejects(&mut storage);
                    SingleObject::create(&path, storage, job.interrupted(), console)
                });
                let object = Box::new(object.or_exit(ExitCode::Output)?);
                return job.run(converter, object, Layout::Lines, &[]);
            }
            let file = SingleFile::create(path, keeps_existing, job.interrupted(), console);
            (Box::new(file.or_exit(ExitCode::Output)?), Layout::Lines)
        }
        OutputSettings::Check(names) => (
            Box::new(Check::new(names, job.stores(), &console)),
            Layout::Document,
        ),
        OutputSettings::Directory {
            names,
            keeps_existing,
        } => {
            if keeps_existing {
                job.check_rejects_kept().or_exit(ExitCode::Output)?;
            }
            if is_address(&names.directory) {
                let (stores, interrupted) = (job.stores(), job.interrupted());
                let storage =
                    ObjectStorage::open(&names.directory, stores, keeps_existing, interrupted);
                let mut objects = Objects::new(names, storage.or_exit(ExitCode::Output)?, console);
                // Rejected lines and duplicates are written in the order of the inputs.
                objects.completes_later = !is_in_order;
                return job.run(converter, Box::new(objects), Layout::Document, &[]);
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

fn is_address(path: &Path) -> bool {
    Address::parse(path).is_some()
}
