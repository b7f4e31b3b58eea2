//! The options for the files that a run writes in addition to its output, the same in `transform` and `send`.

use std::path::{Path, PathBuf};

use anyhow::{Result, bail};
use clap::Args;

use super::size::number_in;
use crate::cloud::Address;
use crate::files::STDOUT;
use crate::run::{FailOn, RecordSettings};

#[derive(Args, Debug)]
#[command(next_help_heading = "Output")]
pub struct RecordArgs {
    /// Write each rejected or unparsable line to this file, with the reason; `-` is standard output. If the file is an input, too, lines that are
    /// emitted leave it; transform then needs --output, or a file as its standard output
    #[arg(long, value_name = "FILE")]
    pub rejects: Option<PathBuf>,

    /// Record in this directory how far inputs are delivered, so that the next run resumes there
    #[arg(long, value_name = "DIR")]
    pub state: Option<PathBuf>,

    /// Forget inputs that no run with this --state has found for this many days; if they come back, they are delivered
    /// again [default: 400]
    #[arg(long, value_name = "DAYS", value_parser = number_in::<u64>(1..=36_500))]
    forget_after: Option<u64>,

    /// Write a report of the run to this file, as JSON; `-` is standard output. An older report is always replaced
    #[arg(long, value_name = "FILE")]
    report: Option<PathBuf>,

    /// Exit with 1 if lines have one of these outcomes: rejected, unparsable, collision (which needs --dedupe); if more
    /// lines have it than a limit, as in rejected=100 or rejected=0.5%; or if the run is empty: no input was found, or
    /// nothing was emitted of the lines
    #[arg(long, value_delimiter = ',', value_name = "OUTCOME,…")]
    fail_on: Vec<FailOn>,

    /// Print only errors, and warnings that an option or a variable is probably wrong, that an input has no event, that lines
    /// of an input were lost, or that nothing was emitted
    #[arg(short, long)]
    pub quiet: bool,

    /// Show the counts in the summary also if all is well, and the five most frequent names of unsupported events
    #[arg(short, long)]
    verbose: bool,
}

impl RecordArgs {
    /// Returns the settings. `records` tells what the command writes to standard output, if it does.
    ///
    /// # Errors
    /// Returns an error if standard output would get two kinds of output.
    pub fn settings(self, records: Option<&str>) -> Result<RecordSettings> {
        check_local("--rejects", self.rejects.as_deref())?;
        check_local("--report", self.report.as_deref())?;
        check_local("--state", self.state.as_deref())?;
        let outputs = [("--rejects", &self.rejects), ("--report", &self.report)];
        let to_stdout = outputs
            .into_iter()
            .filter(|(_, path)| is_dash(path.as_deref()));
        let to_stdout = to_stdout.map(|(option, _)| format!("`{option} -`"));
        let to_stdout: Vec<String> = records
            .map(str::to_owned)
            .into_iter()
            .chain(to_stdout)
            .collect();
        if let [first, second, ..] = &to_stdout[..] {
            bail!(
                "{first} and {second} would both write to standard output: write one of them to a file"
            );
        }
        Ok(RecordSettings {
            output: None,
            rejects: self.rejects.map(file_or_stdout),
            state: self.state,
            forget_after: self.forget_after,
            report: self.report.map(file_or_stdout),
            fail_on: self.fail_on,
            verbose: self.verbose,
        })
    }
}

/// Checks that a path that is written is no address of object storage. Only the output of `transform` may be one.
///
/// # Errors
/// Returns an error that names the option.
pub(super) fn check_local(option: &str, path: Option<&Path>) -> Result<()> {
    match path.filter(|path| Address::parse(path).is_some()) {
        Some(path) => bail!(
            "`{option}` needs a local path, and `{}` is in object storage: write to a local path and copy it",
            path.display()
        ),
        None => Ok(()),
    }
}

/// Returns whether a path is `-`, which stands for standard output.
pub(super) fn is_dash(path: Option<&Path>) -> bool {
    path == Some(Path::new("-"))
}

/// Returns the path, or the path of standard output for `-`.
pub(super) fn file_or_stdout(path: PathBuf) -> PathBuf {
    match is_dash(Some(&path)) {
        true => STDOUT.into(),
        false => path,
    }
}
