//! The options that decide what is kept of a run beside its output, the same in `transform` and `send`.

use std::path::{Path, PathBuf};

use anyhow::Result;
use clap::Args;

use super::fail_on::FailOnArgs;
use crate::output::RejectsFile;

#[derive(Args, Debug)]
#[command(next_help_heading = "Output")]
pub struct RecordArgs {
    /// Write each line that is rejected or unparsable here, with the reason
    #[arg(long, value_name = "FILE")]
    pub rejects: Option<PathBuf>,

    /// Remember here what is delivered, and go on from there the next time
    #[arg(long, value_name = "DIR")]
    pub state: Option<PathBuf>,

    /// Write what was done here, as JSON
    #[arg(long, value_name = "FILE")]
    pub report: Option<PathBuf>,

    #[command(flatten)]
    pub fail_on: FailOnArgs,

    /// Tell only errors
    #[arg(short, long)]
    pub quiet: bool,
}

impl RecordArgs {
    /// What is written, so that it is not read.
    pub fn written(&self) -> impl Iterator<Item = &Path> {
        let paths = [&self.rejects, &self.report, &self.state];
        paths.into_iter().flatten().map(PathBuf::as_path)
    }

    /// The files that are written, each with its option.
    pub fn files(&self) -> Vec<(&'static str, &Path)> {
        [("--rejects", &self.rejects), ("--report", &self.report)]
            .into_iter()
            .filter_map(|(option, path)| Some((option, path.as_deref()?)))
            .collect()
    }

    /// The rejects file, if there is to be one. Where it is remembered what is delivered, rows of earlier runs stay: their
    /// lines are not read again.
    ///
    /// # Errors
    /// It cannot be opened.
    pub fn open_rejects(&self) -> Result<Option<RejectsFile>> {
        let open = if self.state.is_some() {
            RejectsFile::append
        } else {
            RejectsFile::create
        };
        self.rejects.as_deref().map(open).transpose()
    }
}
