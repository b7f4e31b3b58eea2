//! The options for the files that a run writes in addition to its output, the same in `transform` and `send`.

use std::path::PathBuf;

use clap::{Args, ValueEnum};

use crate::run::{FailOn, RecordSettings};

#[derive(Args, Debug)]
#[command(next_help_heading = "Output")]
pub struct RecordArgs {
    /// Write each rejected or unparsable line to this file, with the reason
    #[arg(long, value_name = "FILE")]
    pub rejects: Option<PathBuf>,

    /// Record in this directory how far inputs are delivered, so that the next run resumes there
    #[arg(long, value_name = "DIR")]
    pub state: Option<PathBuf>,

    /// Write a report of the run to this file, as JSON
    #[arg(long, value_name = "FILE")]
    report: Option<PathBuf>,

    /// Exit with 1 if a line has one of these outcomes: rejected, unparsable, collision (which needs --dedupe)
    #[arg(
        long,
        value_enum,
        value_delimiter = ',',
        value_name = "OUTCOME,…",
        hide_possible_values = true
    )]
    fail_on: Vec<FailOnArg>,

    /// Print only errors, and warnings that an input has no event or lost lines
    #[arg(short, long)]
    pub quiet: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum FailOnArg {
    Rejected,
    Unparsable,
    Collision,
}

impl RecordArgs {
    pub fn settings(self) -> RecordSettings {
        let fail_on = self.fail_on.into_iter().map(|outcome| match outcome {
            FailOnArg::Rejected => FailOn::Rejected,
            FailOnArg::Unparsable => FailOn::Unparsable,
            FailOnArg::Collision => FailOn::Collision,
        });
        RecordSettings {
            rejects: self.rejects,
            state: self.state,
            report: self.report,
            fail_on: fail_on.collect(),
        }
    }
}
