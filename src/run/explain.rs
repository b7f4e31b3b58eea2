//! `event-router explain`: the outcome of each line, and the reason for it.

use std::borrow::Cow;
use std::io::Write;
use std::sync::Arc;

use anyhow::Result;
use bumpalo::Bump;
use serde::Serialize;
use serde_json::value::RawValue;

use super::check_stdout::check_stdout;
use super::deliverer::Deliverer;
use super::event_notes::note_derived_ids;
use super::inputs::skipped_text;
use super::settings::{ConversionSettings, InputSettings};
use crate::checkpoint::ResumingOpener;
use crate::console::{Console, one_line};
use crate::convert::{ConvertedBatch, ConvertedLine, Layout, LineConverter};
use crate::exit_code::{ExitCode, Fatal, OrExit};
use crate::input::{Line, LineBatch, Source};
use crate::outcome::{Outcome, Repair, Unsupported};
use crate::output::Stdout;
use crate::pipeline;

/// The explanation of a line, as `--json` shows it.
#[derive(Serialize)]
struct Explanation<'a> {
    file: &'a str,
    line: u64,
    /// The number of the byte, from 1, at which the record begins in its line, unless it begins with the line.
    #[serde(skip_serializing_if = "Option::is_none")]
    byte: Option<u64>,
    name: Option<&'a str>,
    outcome: &'static str,
    reason: Option<&'static str>,
    detail: Option<Cow<'a, str>>,
    /// The names of the repairs that changed the event.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    repairs: Vec<&'static str>,
    /// The records that the line is converted to.
    out: Vec<&'a RawValue>,
}

/// Runs the command. With `json`, writes a JSON object for each line.
///
/// # Errors
/// Returns an error if the run could not start.
pub fn explain(
    input: &InputSettings,
    conversion: ConversionSettings,
    json: bool,
    console: &Console,
) -> Result<ExitCode, Fatal> {
    let search = input.search(&[], None).or_exit(ExitCode::Usage)?;
    let discovery = search.discover(console).or_exit(ExitCode::Usage)?;
    if let Some(skipped) = skipped_text(&discovery).filter(|_| !discovery.sources.is_empty()) {
        console.note(&format!("note: {skipped}"));
    }
    check_stdout(&discovery.sources, None).or_exit(ExitCode::Usage)?;
    let converter = conversion.load(input, console).or_exit(ExitCode::Usage)?;
    let converter = Arc::new(converter);
    let converting = Arc::clone(&converter);
    let options = input.pipeline_options();
    let max_line_bytes = options.max_line_bytes;
    let convert = move |source: &Source, batch: LineBatch| {
        let lines = batch.lines(source.shape, max_line_bytes);
        let converted = ConvertedBatch {
            bytes: explain_lines(&converting, &source.name, lines, json).into(),
            ..ConvertedBatch::default()
        };
        (converted, None)
    };
    let mut deliverer = Deliverer::new(console, Box::new(Stdout::default()), &discovery.errors);
    let sources: Arc<[Source]> = discovery.sources.into();
    let opener = None::<ResumingOpener>;
    pipeline::run(&sources, &options, opener, convert, |delivery| {
        deliverer.deliver(delivery)
    })
    .or_exit(ExitCode::Usage)?;
    if let Some(lms) = converter.lms.get() {
        note_derived_ids(lms, console);
    }
    Ok(deliverer.close().code)
}

fn explain_lines<'b>(
    converter: &LineConverter,
    file: &str,
    lines: impl Iterator<Item = Line<'b>>,
    json: bool,
) -> Vec<u8> {
    let mut text = Vec::new();
    let mut converted = ConvertedBatch::default();
    let mut arena = Bump::new();
    for line in lines {
        arena.reset();
        clear(&mut converted);
        let layout = Layout::Lines;
        let Some(conversion) = converter.convert(line, layout, &arena, &mut converted) else {
            continue;
        };
        let records = converter.records_of(line, &conversion, &arena);
        if records.is_empty() {
            explain_record(file, line, &conversion, &converted.bytes, json, &mut text);
        }
        for record in &records {
            let arena = Bump::new();
            clear(&mut converted);
            let conversion = converter.convert_record(record, layout, &arena, &mut converted);
            if let Some(conversion) = conversion {
                let line = record.line;
                explain_record(file, line, &conversion, &converted.bytes, json, &mut text);
            }
        }
    }
    text
}

fn clear(batch: &mut ConvertedBatch) {
    batch.bytes.clear();
    batch.records.clear();
}

/// Appends the explanation of a record to `text`. `out` has the records that it is converted to.
fn explain_record(
    file: &str,
    line: Line<'_>,
    conversion: &ConvertedLine<'_>,
    out: &[u8],
    json: bool,
    text: &mut Vec<u8>,
) {
    let start = text.len();
    // The line of a rejects file is named as in the log that had the line.
    let (file, number, byte) = match conversion.row {
        Some(row) => (row.file, row.line, row.byte),
        None => (file, line.number, line.byte_number()),
    };
    let explained = Explanation::new((file, number, byte), conversion, out);
    let written = explained.and_then(|explanation| explanation.write(json, text));
    if let Err(error) = written {
        text.truncate(start);
        text.extend(format!("{file}:{number}: {error}\n").bytes());
    }
}

/// Returns the reason for an outcome, or `None` if the line was converted.
fn why(outcome: &Outcome) -> Option<Cow<'_, str>> {
    Some(match outcome {
        Outcome::Unparsable(fault) | Outcome::Rejected(fault) => fault.detail.as_ref().into(),
        Outcome::Unsupported(Unsupported::NoName) => "the event has no name".into(),
        Outcome::Unsupported(Unsupported::NoTransformer) => {
            "events with this name cannot be converted to this format".into()
        }
        Outcome::Unsupported(Unsupported::NotByDefault) => {
            "the event is not converted by default; to convert it, use `--events all`".into()
        }
        Outcome::Filtered(by) => format!("excluded by `{}`", by.option()).into(),
        Outcome::Emitted => return None,
    })
}

impl<'a> Explanation<'a> {
    fn new(
        (file, line, byte): (&'a str, u64, Option<u64>),
        conversion: &'a ConvertedLine<'_>,
        records: &'a [u8],
    ) -> Result<Self> {
        let records = std::str::from_utf8(records)?.lines();
        Ok(Self {
            file,
            line,
            byte,
            name: conversion.name,
            outcome: conversion.outcome.word(),
            reason: conversion.outcome.fault().map(|(reason, _)| reason.code()),
            detail: why(&conversion.outcome),
            repairs: conversion.applied_repairs().map(Repair::name).collect(),
            out: records
                .map(serde_json::from_str)
                .collect::<Result<_, _>>()?,
        })
    }

    fn write(&self, json: bool, out: &mut Vec<u8>) -> Result<()> {
        if json {
            serde_json::to_writer(&mut *out, self)?;
            out.push(b'\n');
            return Ok(());
        }
        let name = one_line(self.name.unwrap_or("(no name)"));
        let (file, line, outcome) = (one_line(self.file), self.line, self.outcome);
        let byte = self
            .byte
            .map_or_else(String::new, |byte| format!(":{byte}"));
        write!(out, "{file}:{line}{byte}: {name}: {outcome}")?;
        if let Some(reason) = self.reason {
            write!(out, ", {reason}")?;
        }
        if let Some(detail) = &self.detail {
            write!(out, ": {}", one_line(detail))?;
        }
        writeln!(out)?;
        if !self.repairs.is_empty() {
            writeln!(out, "    repaired: {}", self.repairs.join(", "))?;
        }
        for record in &self.out {
            writeln!(out, "    {record}")?;
        }
        Ok(())
    }
}
