//! `event-router transform`: logs to files or to standard output.

use crate::convert::Layout;
use crate::dedupe::{Dedupe, OnCollision, Scope};
use crate::destination::Destination;
use crate::exit_code::{ExitCode, Fatal, OrExit};
use crate::output::{Check, Directory, Stdout};
use crate::output_names::OutputNames;

use super::job::{Command, CommandPaths, Job};
use super::settings::{ConversionSettings, InputSettings, RecordSettings};

/// The settings of `transform`.
pub struct TransformSettings {
    pub input: InputSettings,
    pub conversion: ConversionSettings,
    /// The treatment of collisions, if duplicates are dropped.
    pub dedupe: Option<OnCollision>,
    pub output: OutputSettings,
    pub record: RecordSettings,
}

/// The output of `transform`.
pub enum OutputSettings {
    Stdout,
    Directory(OutputNames),
    /// Nothing is written: the output is compared with these files.
    Check(OutputNames),
}

impl OutputSettings {
    fn names(&self) -> Option<&OutputNames> {
        match self {
            Self::Stdout => None,
            Self::Directory(names) | Self::Check(names) => Some(names),
        }
    }
}

/// Runs the command.
///
/// # Errors
/// Returns an error if the run could not start.
pub fn transform(command: Command<'_>, settings: TransformSettings) -> Result<ExitCode, Fatal> {
    let TransformSettings {
        input,
        conversion,
        dedupe,
        output,
        record,
    } = settings;
    let console = std::sync::Arc::clone(&command.console);
    let paths = CommandPaths {
        directory: output.names().map(|names| names.directory.as_path()),
        names: output.names(),
        ..CommandPaths::default()
    };
    let dedupe = dedupe.map(|on_collision| Dedupe::new(on_collision, Scope::Run));
    let mut job = Job::prepare(command, paths, &input, conversion, dedupe, record)?;
    let state = job.open_state()?;
    let (destination, layout_of_documents): (Box<dyn Destination>, Layout) = match output {
        OutputSettings::Stdout => (Box::new(Stdout), Layout::Lines),
        OutputSettings::Check(names) => (Box::new(Check::new(names, &console)), Layout::Document),
        OutputSettings::Directory(names) => {
            let directory = Directory::create(names, state.clone()).or_exit(ExitCode::Output)?;
            if let Some(state) = &state {
                job.resume(state, directory.in_state());
            }
            (Box::new(directory), Layout::Document)
        }
    };
    job.run(destination, layout_of_documents, &[])
}
