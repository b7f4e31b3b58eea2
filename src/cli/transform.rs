//! `event-router transform`: logs to files or to standard output.

use std::io::{self, IsTerminal};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Instant;

use anyhow::{Result, anyhow, bail};
use bumpalo::Bump;
use clap::{Args, ValueEnum};

use super::conversion_args::ConversionArgs;
use super::dedupe_args::DedupeArgs;
use super::fail_on::FailOnArgs;
use super::input_args::InputArgs;
use crate::console::Console;
use crate::conversion::{Converter, Layout};
use crate::dedupe::Scope;
use crate::delivery::{Converted, Deliverer};
use crate::exit_code::{ExitCode, Fatal, OrExit};
use crate::input::{Batch, Line, Shape, Source};
use crate::output::{
    Check, Compression, Destination, Directory, OutputNames, RejectedLine, RejectsFile, Stdout,
    check_outputs,
};
use crate::pipeline::{self, StateOf};
use crate::report::{Invocation, Report, ReportFile, Summary};

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

    /// Write each line that is rejected or unparsable here, with the reason
    #[arg(long, value_name = "FILE")]
    rejects: Option<PathBuf>,

    /// Remember here what is delivered, and go on from there the next time
    #[arg(long, value_name = "DIR")]
    state: Option<PathBuf>,

    /// Write what was done here, as JSON
    #[arg(long, value_name = "FILE")]
    report: Option<PathBuf>,

    #[command(flatten)]
    fail_on: FailOnArgs,

    /// Tell only errors
    #[arg(short, long)]
    quiet: bool,
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
    } = args;
    let started = Instant::now();
    // On one terminal the bar and the output would write over one another.
    let shows_progress = !output.quiet && (output.output.is_some() || !io::stdout().is_terminal());
    let console = Console::new(output.quiet, shows_progress);
    super::warn_of_unknown_variables(&console);
    let written: Vec<&Path> = [
        &output.output,
        &output.rejects,
        &output.report,
        &output.state,
    ]
    .into_iter()
    .flatten()
    .map(PathBuf::as_path)
    .collect();
    let discovery = input
        .discover(&written, &console)
        .or_exit(ExitCode::Usage)?;
    // Runs of other shares may write to the same directory.
    let of_all_shares = [discovery.sources.as_slice(), &discovery.elsewhere].concat();
    let sources = discovery.sources;
    let names = output.names(&conversion).or_exit(ExitCode::Usage)?;
    let also_read: Vec<&Path> = input.files().chain(conversion.files()).collect();
    let files: Vec<(&str, &Path)> = [("--rejects", &output.rejects), ("--report", &output.report)]
        .into_iter()
        .filter_map(|(option, path)| Some((option, path.as_deref()?)))
        .collect();
    check_outputs(names.as_ref(), &files, &of_all_shares, &also_read)
        .map_err(|clash| anyhow!("{clash}"))
        .or_exit(ExitCode::Usage)?;

    let dedupe = dedupe.dedupe(Scope::Run).or_exit(ExitCode::Usage)?;
    output
        .fail_on
        .check(dedupe.is_some())
        .or_exit(ExitCode::Usage)?;
    let noun = conversion.noun();
    let converter = conversion
        .into_converter(input.wrapping(), &console)
        .or_exit(ExitCode::Usage)?;
    let state = super::state::open(output.state.as_deref(), &sources)?;
    let mut options = input.pipeline_options();
    let destination: Box<dyn Destination> = match names {
        None => Box::new(Stdout),
        Some(names) if output.check => Box::new(Check::new(names, &console)),
        Some(names) => {
            let directory = Directory::create(names, state.clone()).or_exit(ExitCode::Output)?;
            options.state = state.as_ref().map(|state| StateOf {
                directory: Arc::clone(state),
                destinations: vec![directory.name_in_state()],
            });
            Box::new(directory)
        }
    };
    options.interrupted.watch(|| {}).or_exit(ExitCode::Usage)?;
    let rejects = output
        .rejects
        .as_deref()
        .map(if state.is_some() {
            RejectsFile::append
        } else {
            RejectsFile::create
        })
        .transpose()
        .or_exit(ExitCode::Output)?;
    let report_file = ReportFile::create(output.report.as_deref()).or_exit(ExitCode::Output)?;

    let keeps = Keeps {
        rejects: rejects.is_some(),
        details: output.report.is_some(),
    };
    let writes_documents = output.output.is_some();
    let convert = |source: &Source, mut batch: Batch| {
        let is_document = source.shape == Shape::Document && writes_documents;
        let layout = if is_document {
            Layout::Document
        } else {
            Layout::Lines
        };
        let places = std::mem::take(&mut batch.places);
        let lines = batch.lines(source.shape, options.max_line_bytes);
        convert(&converter, &source.name, lines, layout, keeps).ending_at(places)
    };
    let mut deliverer = Deliverer::new(&console, destination, rejects, &discovery.errors)
        .without_duplicates(dedupe);
    console
        .progress()
        .start(sources.iter().map(|source| source.size).sum());
    let piped = pipeline::run(&sources, &options, convert, |delivery| {
        console
            .progress()
            .set(options.bytes_read.load(Ordering::Relaxed));
        deliverer.deliver(delivery)
    });
    console.progress().clear();
    piped.or_exit(ExitCode::Usage)?;
    let mut delivered = deliverer.close();
    if let Some(state) = &state {
        delivered.synced(&console, state);
    }
    let summary = Summary {
        tally: &delivered.tally,
        noun,
        inputs: sources.len() + discovery.errors.len(),
        failed_inputs: delivered.failed_inputs,
        bytes: options.bytes_read.load(Ordering::Relaxed),
        elapsed: started.elapsed(),
    };
    let failure = output.fail_on.exit_code(&delivered.tally, &console);
    let report = Report {
        command: "transform",
        invocation,
        dry_run: false,
        summary: Some(&summary),
        inputs: &delivered.inputs,
        known_events: converter.selection.known(),
        routes: &[],
        exit_code: options
            .interrupted
            .code()
            .unwrap_or(delivered.code.max(failure)),
    };
    console.note(&report.to_string());
    report_file.write(&report).or_exit(ExitCode::Output)?;
    Ok(report.exit_code)
}

impl OutputArgs {
    /// The names of the output files, if there are any.
    fn names(&self, conversion: &ConversionArgs) -> Result<Option<OutputNames>> {
        let compression = match self.compress {
            CompressArg::None => Compression::None,
            CompressArg::Gzip => Compression::Gzip,
        };
        let Some(directory) = self.output.clone() else {
            if compression == Compression::Gzip {
                bail!("`--compress` needs `--output`; pipe standard output through `gzip`");
            }
            if self.state.is_some() {
                bail!("`--state` needs `--output`: what went to standard output may be lost");
            }
            if self.check {
                bail!("`--check` needs `--output`, the directory to compare with");
            }
            return Ok(None);
        };
        if self.check && self.state.is_some() {
            bail!("`--check` writes nothing, so leave `--state` out");
        }
        if self.check && self.rejects.is_some() {
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
            format: conversion.format_name(),
            compression,
            numbers: self.state.is_some(),
        }))
    }
}

/// What is kept of lines beside what they become.
#[derive(Clone, Copy, Debug)]
pub(super) struct Keeps {
    /// Those that come to nothing, for the rejects file.
    pub rejects: bool,
    /// What only a report tells.
    pub details: bool,
}

pub(super) fn convert<'b>(
    converter: &Converter,
    file: &str,
    lines: impl Iterator<Item = Line<'b>>,
    layout: Layout,
    keeps: Keeps,
) -> Converted {
    let mut converted = Converted::default();
    let mut arena = Bump::new();
    for line in lines {
        arena.reset();
        let conversion =
            converter.convert(line.content, layout, &arena, &mut converted.output.bytes);
        let Some(conversion) = conversion else {
            continue;
        };
        converted.tally.count(&conversion);
        if keeps.details {
            let details = &mut converted.tally.details;
            details.count(line.number, &conversion);
        }
        converted.output.push(line.number, &conversion);
        if let Some((reason, detail)) = conversion.outcome.fault().filter(|_| keeps.rejects) {
            RejectedLine {
                file,
                line: line.number,
                content: Some(line.content),
                reason,
                detail,
            }
            .write(&mut converted.rejects);
        }
    }
    converted
}
