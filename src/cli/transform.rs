//! `event-router transform`: logs to files or to standard output.

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Instant;

use anyhow::anyhow;
use bumpalo::Bump;
use clap::{Args, ValueEnum};

use super::conversion_args::ConversionArgs;
use super::input_args::InputArgs;
use super::{ExitCode, Fatal, OrExit};
use crate::console::Console;
use crate::conversion::{Converter, Layout};
use crate::input::{Batch, Shape, Source};
use crate::output::{
    Check, Compression, Destination, Directory, OutputNames, RejectedLine, RejectsFile, Stdout,
    Taken, is_input,
};
use crate::pipeline::{self, Delivery, Flow};
use crate::report::{Summary, Tally};

#[derive(Args, Debug)]
pub struct TransformArgs {
    #[command(flatten)]
    input: InputArgs,

    #[command(flatten)]
    conversion: ConversionArgs,

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
    #[arg(long, requires = "output")]
    check: bool,

    /// Write each line that is rejected or unparsable here, with the reason
    #[arg(long, value_name = "FILE")]
    rejects: Option<PathBuf>,

    /// Tell only errors
    #[arg(short, long)]
    quiet: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum CompressArg {
    None,
    Gzip,
}

/// What comes of a batch.
struct Converted {
    output: Vec<u8>,
    rejects: Vec<u8>,
    tally: Tally,
}

/// Runs the command.
pub fn run(args: TransformArgs) -> Result<ExitCode, Fatal> {
    let TransformArgs {
        input,
        conversion,
        output,
    } = args;
    let console = Console::new(output.quiet);
    let started = Instant::now();
    let discovery = input
        .discover(output.output.as_deref(), &console)
        .or_exit(ExitCode::Usage)?;
    let sources = discovery.sources;
    let names = output.names(&sources, &conversion)?;
    let noun = conversion.noun();
    let converter = Arc::new(
        conversion
            .into_converter(&console)
            .or_exit(ExitCode::Usage)?,
    );
    let rejects = match &output.rejects {
        Some(path) => Some(RejectsFile::create(path).or_exit(ExitCode::Output)?),
        None => None,
    };
    let destination: Box<dyn Destination> = match names {
        None => Box::new(Stdout),
        Some(names) if output.check => Box::new(Check::new(names, &console)),
        Some(names) => Box::new(Directory::create(names).or_exit(ExitCode::Output)?),
    };

    let options = input.pipeline_options();
    let size: Option<u64> = sources.iter().map(|source| source.size).sum();
    let layout = move |shape| match shape {
        Shape::Document if output.output.is_some() => Layout::Document,
        _ => Layout::Lines,
    };
    let convert = {
        let (keep_rejects, max_line_bytes) = (rejects.is_some(), options.max_line_bytes);
        move |source: &Source, batch: Batch| {
            convert(
                &converter,
                source,
                &batch,
                layout(source.shape),
                max_line_bytes,
                keep_rejects,
            )
        }
    };
    let code = if discovery.errors.is_empty() {
        ExitCode::Success
    } else {
        ExitCode::Input
    };
    let mut run = Run {
        console: &console,
        destination,
        rejects,
        tally: Tally::default(),
        code,
        failed: false,
    };
    console.progress().start(size);
    let piped = pipeline::run(&sources, &options, convert, |delivery| {
        console
            .progress()
            .set(options.bytes_read.load(Ordering::Relaxed));
        run.deliver(delivery)
    });
    console.progress().clear();
    piped.or_exit(ExitCode::Usage)?;
    let (tally, code) = run.finish();
    let summary = Summary {
        tally: &tally,
        noun,
        inputs: sources.len(),
        bytes: options.bytes_read.load(Ordering::Relaxed),
        elapsed: started.elapsed(),
    };
    console.note(&summary.to_string());
    Ok(code)
}

impl OutputArgs {
    /// The names of the output files, if there are any, once it is sure that none replaces what it should not.
    fn names(
        &self,
        sources: &[Source],
        conversion: &ConversionArgs,
    ) -> Result<Option<OutputNames>, Fatal> {
        let usage = |message: String| Fatal {
            code: ExitCode::Usage,
            error: anyhow!(message),
        };
        if let Some(rejects) = self
            .rejects
            .as_deref()
            .filter(|path| is_input(path, sources))
        {
            return Err(usage(format!(
                "the rejects would replace the input `{}`",
                rejects.display()
            )));
        }
        let compression = match self.compress {
            CompressArg::None => Compression::None,
            CompressArg::Gzip => Compression::Gzip,
        };
        let Some(directory) = self.output.clone() else {
            if compression == Compression::Gzip {
                return Err(usage(
                    "`--compress` needs `--output`: pipe standard output through `gzip`".into(),
                ));
            }
            return Ok(None);
        };
        let names = OutputNames {
            directory,
            format: conversion.format_name(),
            compression,
        };
        if self.check && !conversion.is_repeatable() {
            return Err(usage(
                "`--check` compares with an earlier run, whose envelopes had another time: \
                 give `--send-time`, SOURCE_DATE_EPOCH or `--envelope none`"
                    .into(),
            ));
        }
        names
            .check(sources)
            .map_err(|clash| usage(clash.to_string()))?;
        Ok(Some(names))
    }
}

fn convert(
    converter: &Converter,
    source: &Source,
    batch: &Batch,
    layout: Layout,
    max_line_bytes: usize,
    keep_rejects: bool,
) -> Converted {
    let mut converted = Converted {
        output: Vec::new(),
        rejects: Vec::new(),
        tally: Tally::default(),
    };
    let mut arena = Bump::new();
    for line in batch.lines(source.shape, max_line_bytes) {
        arena.reset();
        let conversion = converter.convert(line.content, layout, &arena, &mut converted.output);
        let Some(conversion) = conversion else {
            continue;
        };
        converted.tally.count(&conversion);
        if let Some((reason, detail)) = conversion.outcome.fault().filter(|_| keep_rejects) {
            RejectedLine {
                file: &source.name,
                line,
                reason,
                detail,
            }
            .write(&mut converted.rejects);
        }
    }
    converted
}

/// The delivering side of a run.
struct Run<'c> {
    console: &'c Console,
    destination: Box<dyn Destination + 'c>,
    rejects: Option<RejectsFile>,
    tally: Tally,
    code: ExitCode,
    /// The output of the input at hand could not be written.
    failed: bool,
}

impl Run<'_> {
    fn deliver(&mut self, delivery: Delivery<'_, Converted>) -> Flow {
        match delivery {
            Delivery::Start(source) => {
                self.failed = false;
                let started = self.destination.start(source);
                self.taken(started.map(|()| Taken::Yes))
            }
            Delivery::Batch(_) if self.failed => Flow::NextInput,
            Delivery::Batch(converted) => {
                self.tally.add(&converted.tally);
                self.reject(&converted.rejects);
                let written = self.destination.write(&converted.output);
                self.taken(written)
            }
            Delivery::End(source, ended) => {
                if let Err(error) = ended {
                    self.console.error(&format!(
                        "failed to read `{}` to its end: {error}",
                        source.name
                    ));
                    self.code = self.code.max(ExitCode::Input);
                }
                if self.failed {
                    return Flow::GoOn;
                }
                let finished = self.destination.finish();
                self.taken(finished)
            }
        }
    }

    fn taken(&mut self, taken: anyhow::Result<Taken>) -> Flow {
        match taken {
            Ok(Taken::Yes) => Flow::GoOn,
            Ok(Taken::Closed) => Flow::Stop,
            Err(error) => {
                self.output_failed(&error);
                self.failed = true;
                Flow::NextInput
            }
        }
    }

    fn reject(&mut self, rows: &[u8]) {
        if let Some(Err(error)) = self.rejects.as_mut().map(|rejects| rejects.write(rows)) {
            self.rejects = None;
            self.output_failed(&error);
        }
    }

    fn output_failed(&mut self, error: &anyhow::Error) {
        self.console.error(&format!("{error:#}"));
        self.code = self.code.max(ExitCode::Output);
    }

    fn finish(mut self) -> (Tally, ExitCode) {
        if let Some(Err(error)) = self.rejects.take().map(RejectsFile::finish) {
            self.output_failed(&error);
        }
        let code = match self.destination.differences() {
            0 => self.code,
            _ => self.code.max(ExitCode::Failure),
        };
        (self.tally, code)
    }
}
