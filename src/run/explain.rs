//! `event-router explain`: the outcome of each line, and the reason for it.

use std::borrow::Cow;
use std::io::Write;
use std::sync::Arc;

use anyhow::{Context, Result};
use bumpalo::Bump;
use serde::Serialize;
use serde_json::value::RawValue;

use super::deliverer::Deliverer;
use super::settings::{ConversionSettings, InputSettings};
use crate::checkpoint::ResumingOpener;
use crate::console::{Console, one_line};
use crate::convert::{ConvertedBatch, ConvertedLine, Layout, LineConverter};
use crate::exit_code::{ExitCode, Fatal, OrExit};
use crate::input::{Line, LineBatch, Source};
use crate::outcome::{Outcome, Unsupported};
use crate::output::Stdout;
use crate::pipeline;

/// The settings of `explain`.
pub struct ExplainSettings {
    pub input: InputSettings,
    pub conversion: ConversionSettings,
    /// Whether to write a JSON object for each line.
    pub json: bool,
}

/// Runs the command.
///
/// # Errors
/// Returns an error if the run could not start.
pub fn explain(settings: ExplainSettings, console: &Console) -> Result<ExitCode, Fatal> {
    let ExplainSettings {
        input,
        conversion,
        json,
    } = settings;
    let discovery = input.discover(&[], console).or_exit(ExitCode::Usage)?;
    let converter = conversion
        .load(input.line_wrapper.clone(), console)
        .or_exit(ExitCode::Usage)?;
    let options = input.pipeline_options();
    let write = if json { write_json } else { write_text };
    let max_line_bytes = options.max_line_bytes;
    let convert = move |source: &Source, batch: LineBatch| {
        let lines = batch.lines(source.shape, max_line_bytes);
        let bytes = explain_lines(&converter, &source.name, lines, write);
        let converted = ConvertedBatch {
            bytes: bytes.into(),
            ..ConvertedBatch::default()
        };
        (converted, None)
    };
    let mut deliverer = Deliverer::new(console, Box::new(Stdout), &discovery.errors);
    let sources: Arc<[Source]> = discovery.sources.into();
    let opener = None::<ResumingOpener>;
    pipeline::run(&sources, &options, opener, convert, |delivery| {
        deliverer.deliver(delivery)
    })
    .or_exit(ExitCode::Usage)?;
    Ok(deliverer.close().code)
}

/// Writes the explanation of one line, given its file, its number, its conversion and its records, one a line.
type WriteLine = fn(&mut Vec<u8>, &str, u64, &ConvertedLine<'_>, &[u8]) -> Result<()>;

fn explain_lines<'b>(
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

/// Returns the reason for an outcome, unless the line was emitted.
fn why(outcome: &Outcome) -> Option<Cow<'_, str>> {
    match (outcome, outcome.fault()) {
        (_, Some((_, detail))) => Some(detail.into()),
        (Outcome::Unsupported(why), None) => {
            let why = match why {
                Unsupported::NoName => "the event has no name",
                Unsupported::NoTransformer => "this format has no transformer for the event",
                Unsupported::NotByDefault => {
                    "the event is not converted by default; use `--events all`"
                }
            };
            Some(why.into())
        }
        (Outcome::Filtered(by), None) => Some(format!("excluded by `{}`", by.option()).into()),
        _ => None,
    }
}

fn write_json(
    out: &mut Vec<u8>,
    file: &str,
    line: u64,
    conversion: &ConvertedLine<'_>,
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
    conversion: &ConvertedLine<'_>,
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
