//! `event-router transform`: logs to files or to standard output.

use std::io::{self, IsTerminal};
use std::path::PathBuf;
use std::sync::Arc;

use anyhow::{Result, bail};
use clap::{Args, ValueEnum};

use super::conversion_args::ConversionArgs;
use super::dedupe_args::DedupeArgs;
use super::input_args::InputArgs;
use super::record_args::RecordArgs;
use crate::console::Console;
use crate::convert::Layout;
use crate::dedupe::Scope;
use crate::destination::Destination;
use crate::exit_code::{ExitCode, Fatal, OrExit};
use crate::output::{Check, Directory, Stdout};
use crate::output_names::{Compression, OutputNames};
use crate::report::Invocation;
use crate::run::job::{Job, Plan};

#[derive(Args, Debug)]
pub struct TransformArgs {
    #[command(flatten)]
    input: InputArgs,

    #[command(flatten)]
    conversion: ConversionArgs,

    #[command(flatten)]
    dedupe: DedupeArgs,

    #[command(flatten)]
    output: OutputArgs,

    #[command(flatten)]
    record: RecordArgs,
}

#[derive(Args, Debug)]
#[command(next_help_heading = "Output")]
struct OutputArgs {
    /// Write one file for each input here, in place of standard output
    #[arg(short, long, value_name = "DIR")]
    output: Option<PathBuf>,

    /// Compress the files of logs
    #[arg(long, value_enum, default_value = "none", value_name = "HOW")]
    compress: CompressArg,

    /// Write nothing: compare with what stands in the output directory, and exit with 1 if anything differs
    #[arg(long)]
    check: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum CompressArg {
    None,
    Gzip,
}

/// Runs the command.
pub fn run(args: TransformArgs, invocation: &Invocation) -> Result<ExitCode, Fatal> {
    let TransformArgs {
        input,
        conversion,
        dedupe,
        output,
        record,
    } = args;
    // On one terminal the bar and the output would write over one another.
    let shows_progress = !record.quiet && (output.output.is_some() || !io::stdout().is_terminal());
    let console = Arc::new(Console::new(record.quiet, shows_progress));
    let names = output
        .names(&conversion, &record)
        .or_exit(ExitCode::Usage)?;
    let plan = Plan {
        command: "transform",
        console: Arc::clone(&console),
        directory: output.output.as_deref(),
        names: names.as_ref(),
        also_read: Vec::new(),
        scope: Scope::Run,
        dry_run: false,
    };
    let mut job = Job::prepare(plan, &input, conversion, &dedupe, record)?;
    let state = job.open_state()?;
    let (destination, layout_of_documents): (Box<dyn Destination>, Layout) = match names {
        None => (Box::new(Stdout), Layout::Lines),
        Some(names) if output.check => (Box::new(Check::new(names, &console)), Layout::Document),
        Some(names) => {
            let directory = Directory::create(names, state.clone()).or_exit(ExitCode::Output)?;
            if let Some(state) = &state {
                job.resume(state, directory.in_state());
            }
            (Box::new(directory), Layout::Document)
        }
    };
    job.run(invocation, destination, layout_of_documents, &[])
}

impl OutputArgs {
    /// The names of the output files, if there are any.
    fn names(
        &self,
        conversion: &ConversionArgs,
        record: &RecordArgs,
    ) -> Result<Option<OutputNames>> {
        let compression = match self.compress {
            CompressArg::None => Compression::None,
            CompressArg::Gzip => Compression::Gzip,
        };
        let Some(directory) = self.output.clone() else {
            if compression == Compression::Gzip {
                bail!("`--compress` needs `--output`; pipe standard output through `gzip`");
            }
            if record.state.is_some() {
                bail!("`--state` needs `--output`: what went to standard output may be lost");
            }
            if self.check {
                bail!("`--check` needs `--output`, the directory to compare with");
            }
            return Ok(None);
        };
        if self.check && record.state.is_some() {
            bail!("`--check` writes nothing, so leave `--state` out");
        }
        if self.check && record.rejects.is_some() {
            bail!("`--check` writes nothing, so leave `--rejects` out");
        }
        if self.check && !conversion.is_repeatable()? {
            bail!(
                "`--check` compares with an earlier run, whose envelopes had another time: \
                 give `--send-time`, SOURCE_DATE_EPOCH or `--envelope none`"
            );
        }
        Ok(Some(OutputNames {
            directory,
            format: conversion.to().name(),
            compression,
            numbers: record.state.is_some(),
        }))
    }
}
