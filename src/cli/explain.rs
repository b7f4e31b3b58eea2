//! `event-router explain`: what becomes of each line, and why.

use std::io::Write;
use std::sync::Arc;

use anyhow::{Context, Result};
use bumpalo::Bump;
use clap::Args;
use serde::Serialize;
use serde_json::value::RawValue;

use super::conversion_args::ConversionArgs;
use super::input_args::InputArgs;
use super::{ExitCode, Fatal, OrExit};
use crate::console::Console;
use crate::conversion::{Conversion, Converter, Layout};
use crate::input::{Batch, Source};
use crate::outcome::Outcome;
use crate::output::{Destination, Stdout, Taken};
use crate::pipeline::{self, Delivery, Flow};

#[derive(Args, Debug)]
pub struct ExplainArgs {
    #[command(flatten)]
    input: InputArgs,

    #[command(flatten)]
    conversion: ConversionArgs,

    /// One JSON object for each line that is not blank, for programs
    #[arg(long)]
    json: bool,
}

/// Runs the command.
pub fn run(args: ExplainArgs) -> Result<ExitCode, Fatal> {
    let console = Console::new(false);
    let discovery = args
        .input
        .discover(None, &console)
        .or_exit(ExitCode::Usage)?;
    let converter = Arc::new(
        args.conversion
            .into_converter(&console)
            .or_exit(ExitCode::Usage)?,
    );
    let options = args.input.pipeline_options();
    let max_line_bytes = options.max_line_bytes;
    let write = if args.json { write_json } else { write_text };
    let convert = move |source: &Source, batch: Batch| {
        explain(&converter, source, &batch, max_line_bytes, write)
    };

    let mut code = if discovery.errors.is_empty() {
        ExitCode::Success
    } else {
        ExitCode::Input
    };
    let mut stdout = Stdout;
    let mut deliver = |delivery: Delivery<'_, Vec<u8>>| match delivery {
        Delivery::Start(source) => stdout.start(source).map(|()| Taken::Yes),
        Delivery::Batch(text) => stdout.write(&text),
        Delivery::End(source, ended) => {
            if let Err(error) = ended {
                console.error(&format!(
                    "failed to read `{}` to its end: {error}",
                    source.name
                ));
                code = code.max(ExitCode::Input);
            }
            stdout.finish()
        }
    };
    let mut failure = None;
    let piped = pipeline::run(
        &discovery.sources,
        &options,
        convert,
        |delivery| match deliver(delivery) {
            Ok(Taken::Yes) => Flow::GoOn,
            Ok(Taken::Closed) => Flow::Stop,
            Err(error) => {
                failure = Some(error);
                Flow::Stop
            }
        },
    );
    piped.or_exit(ExitCode::Usage)?;
    match failure {
        Some(error) => Err(Fatal {
            code: ExitCode::Output,
            error,
        }),
        None => Ok(code),
    }
}

/// Writes what became of one line, given its number and its statements, one a line.
type WriteLine = fn(&mut Vec<u8>, &Source, u64, &Conversion<'_>, &[u8]) -> Result<()>;

fn explain(
    converter: &Converter,
    source: &Source,
    batch: &Batch,
    max_line_bytes: usize,
    write: WriteLine,
) -> Vec<u8> {
    let mut text = Vec::new();
    let mut statements = Vec::new();
    let mut arena = Bump::new();
    for line in batch.lines(source.shape, max_line_bytes) {
        arena.reset();
        statements.clear();
        if let Some(conversion) =
            converter.convert(line.content, Layout::Lines, &arena, &mut statements)
        {
            // Memory takes it, and it is made of strings, numbers and JSON.
            let _ = write(&mut text, source, line.number, &conversion, &statements);
        }
    }
    text
}

fn write_json(
    out: &mut Vec<u8>,
    source: &Source,
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

    let fault = conversion.outcome.fault();
    let statements = std::str::from_utf8(statements).context("statements are text")?;
    let row = Row {
        file: &source.name,
        line,
        name: conversion.name,
        outcome: conversion.outcome.word(),
        reason: fault.map(|(reason, _)| reason.code()),
        detail: fault.map(|(_, detail)| detail),
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
    source: &Source,
    line: u64,
    conversion: &Conversion<'_>,
    statements: &[u8],
) -> Result<()> {
    let name = conversion.name.unwrap_or("(no name)");
    write!(
        out,
        "{}:{line}: {name}: {}",
        source.name,
        conversion.outcome.word()
    )?;
    match (&conversion.outcome, conversion.outcome.fault()) {
        (_, Some((reason, detail))) => write!(out, ", {}: {detail}", reason.code())?,
        (Outcome::Unsupported, None) if conversion.name.is_none() => {
            write!(out, ": an event without a name")?
        }
        (Outcome::Unsupported, None) => {
            write!(out, ": no transformer takes this event, or not by default")?
        }
        (Outcome::Filtered, None) => write!(out, ": `--events` leaves it out")?,
        _ => {}
    }
    writeln!(out)?;
    for statement in statements.split_inclusive(|&byte| byte == b'\n') {
        out.extend_from_slice(b"    ");
        out.extend_from_slice(statement);
    }
    Ok(())
}
