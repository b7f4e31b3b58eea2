//! `event-router explain`: what becomes of each line, and why.

use std::borrow::Cow;
use std::io::Write;
use std::sync::Arc;

use anyhow::{Context, Result};
use bumpalo::Bump;
use clap::Args;
use serde::Serialize;
use serde_json::value::RawValue;

use super::conversion_args::ConversionArgs;
use super::input_args::InputArgs;
use crate::checkpoint::ResumingOpener;
use crate::console::{Console, one_line};
use crate::convert::{Conversion, ConvertedBatch, Layout, LineConverter};
use crate::exit_code::{ExitCode, Fatal, OrExit};
use crate::input::{Line, LineBatch, Source};
use crate::outcome::{Outcome, Unsupported};
use crate::output::Stdout;
use crate::pipeline;
use crate::run::delivery::Deliverer;

#[derive(Args, Debug)]
pub struct ExplainArgs {
    #[command(flatten)]
    input: InputArgs,

    #[command(flatten)]
    conversion: ConversionArgs,

    /// One JSON object for each line that is not blank, for programs
    #[arg(long, help_heading = "Output")]
    json: bool,
}

/// Runs the command.
pub fn run(args: ExplainArgs) -> Result<ExitCode, Fatal> {
    let console = Console::new(false, false);
    super::warn_of_unknown_variables(&console);
    let discovery = args
        .input
        .discover(&[], &console)
        .or_exit(ExitCode::Usage)?;
    let converter = args
        .conversion
        .into_converter(args.input.line_wrapper(), &console)
        .or_exit(ExitCode::Usage)?;
    let options = args.input.pipeline_options();
    let write = if args.json { write_json } else { write_text };
    let max_line_bytes = options.max_line_bytes;
    let convert = move |source: &Source, batch: LineBatch| {
        let lines = batch.lines(source.shape, max_line_bytes);
        let bytes = explain(&converter, &source.name, lines, write);
        let converted = ConvertedBatch {
            bytes: bytes.into(),
            ..ConvertedBatch::default()
        };
        (converted, None)
    };
    let mut deliverer = Deliverer::new(&console, Box::new(Stdout), None, &discovery.errors);
    let sources: Arc<[Source]> = discovery.sources.into();
    let opener = None::<ResumingOpener>;
    pipeline::run(&sources, &options, opener, convert, |delivery| {
        deliverer.deliver(delivery)
    })
    .or_exit(ExitCode::Usage)?;
    Ok(deliverer.close().code)
}

/// Writes what became of one line, given its number and its statements, one a line.
type WriteLine = fn(&mut Vec<u8>, &str, u64, &Conversion<'_>, &[u8]) -> Result<()>;

fn explain<'b>(
    converter: &LineConverter,
    file: &str,
    lines: impl Iterator<Item = Line<'b>>,
    write: WriteLine,
) -> Vec<u8> {
    let mut text = Vec::new();
    let mut converted = ConvertedBatch::default();
    let mut arena = Bump::new();
    for line in lines {
        arena.reset();
        converted.bytes.clear();
        converted.records.clear();
        if let Some(conversion) = converter.convert(line, Layout::Lines, &arena, &mut converted) {
            let start = text.len();
            if let Err(error) = write(&mut text, file, line.number, &conversion, &converted.bytes) {
                text.truncate(start);
                text.extend(format!("{file}:{}: {error}\n", line.number).bytes());
            }
        }
    }
    text
}

/// Why this is the outcome, where there is something to say.
fn why(outcome: &Outcome) -> Option<Cow<'_, str>> {
    match (outcome, outcome.fault()) {
        (_, Some((_, detail))) => Some(detail.into()),
        (Outcome::Unsupported(why), None) => {
            let why = match why {
                Unsupported::NoName => "an event without a name",
                Unsupported::NoTransformer => "no transformer of this format takes it",
                Unsupported::NotByDefault => "it is not taken by default, `--events all` takes it",
            };
            Some(why.into())
        }
        (Outcome::Filtered(by), None) => Some(format!("`{}` leaves it out", by.option()).into()),
        _ => None,
    }
}

fn write_json(
    out: &mut Vec<u8>,
    file: &str,
    line: u64,
    conversion: &Conversion<'_>,
    statements: &[u8],
) -> Result<()> {
    #[derive(Serialize)]
    struct Row<'a> {
        file: &'a str,
        line: u64,
        name: Option<&'a str>,
        outcome: &'a str,
        reason: Option<&'a str>,
        detail: Option<&'a str>,
        out: Vec<&'a RawValue>,
    }

    let why = why(&conversion.outcome);
    let statements = std::str::from_utf8(statements).context("statements are text")?;
    let row = Row {
        file,
        line,
        name: conversion.name,
        outcome: conversion.outcome.word(),
        reason: conversion.outcome.fault().map(|(reason, _)| reason.code()),
        detail: why.as_deref(),
        out: statements
            .lines()
            .map(serde_json::from_str)
            .collect::<Result<_, _>>()?,
    };
    serde_json::to_writer(&mut *out, &row)?;
    out.push(b'\n');
    Ok(())
}

fn write_text(
    out: &mut Vec<u8>,
    file: &str,
    line: u64,
    conversion: &Conversion<'_>,
    statements: &[u8],
) -> Result<()> {
    let name = one_line(conversion.name.unwrap_or("(no name)"));
    let file = one_line(file);
    write!(out, "{file}:{line}: {name}: {}", conversion.outcome.word())?;
    if let Some((reason, _)) = conversion.outcome.fault() {
        write!(out, ", {}", reason.code())?;
    }
    if let Some(why) = why(&conversion.outcome) {
        write!(out, ": {}", one_line(&why))?;
    }
    writeln!(out)?;
    for statement in statements.split_inclusive(|&byte| byte == b'\n') {
        out.extend_from_slice(b"    ");
        out.extend_from_slice(statement);
    }
    Ok(())
}
