//! The report of a run for programs: one JSON object. The guide describes its keys.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::io::Write;
use std::path::Path;
use std::time::Duration;

use anyhow::{Context, Result};
use jiff::civil::DateTime;
use serde::Serialize;
use serde_json::value::RawValue;

use super::Report;
use super::inputs::{InputEnd, InputReport};
use crate::files::ANY_FILE;
use crate::outcome::Tally;
use crate::output::WholeFile;
use crate::send::Target;

/// The form of the object. It changes when a reader of the old form would be misled; new keys mislead nobody.
const SCHEMA: u32 = 1;

/// The file that a report goes to, if there is one. It is started before anything is done, so that a run of hours does
/// not end without a report because of a mistyped path.
pub struct ReportFile(Option<WholeFile>);

impl ReportFile {
    /// Starts the file.
    ///
    /// # Errors
    /// It cannot be created.
    pub fn create(path: Option<&Path>) -> Result<Self> {
        let file = path.map(|path| WholeFile::create(path, ANY_FILE));
        file.transpose().map(Self)
    }

    /// Writes the report and completes the file.
    ///
    /// # Errors
    /// It cannot be written.
    pub fn write(self, report: &Report<'_>) -> Result<()> {
        let Some(mut file) = self.0 else {
            return Ok(());
        };
        let json = Document::new(report).and_then(|json| Ok(serde_json::to_vec_pretty(&json)?));
        let mut text = json.context("failed to put the report together")?;
        text.push(b'\n');
        let written = file.write_all(&text);
        written.with_context(|| file.failed())?;
        file.finish()
    }
}

#[derive(Serialize)]
struct Document<'a> {
    schema: u32,
    version: &'static str,
    command: &'a str,
    arguments: &'a [String],
    variables: &'a [String],
    dry_run: bool,
    exit_code: u8,
    stopped_by: Option<&'static str>,
    total: Option<Total<'a>>,
    /// A line each, so that there may be many.
    inputs: Vec<Box<RawValue>>,
    routers: Vec<Router<'a>>,
}

#[derive(Serialize)]
struct Total<'a> {
    inputs: usize,
    done_inputs: usize,
    failed_inputs: usize,
    passed_over: u64,
    #[serde(flatten)]
    lines: Lines<'a>,
    #[serde(flatten)]
    speed: Speed,
}

#[derive(Serialize)]
struct Input<'a> {
    name: &'a str,
    ended: &'static str,
    error: Option<String>,
    output: Option<Cow<'a, str>>,
    passed_over: u64,
    held_back: Option<u64>,
    first_line: Option<u64>,
    last_line: Option<u64>,
    #[serde(flatten)]
    lines: Lines<'a>,
    #[serde(flatten)]
    speed: Speed,
}

/// What there is to tell of some lines.
#[derive(Serialize)]
struct Lines<'a> {
    lines: u64,
    outcomes: Outcomes,
    reasons: BTreeMap<&'static str, u64>,
    written: u64,
    collisions: u64,
    events: BTreeMap<&'a str, u64>,
    other_events: OtherEvents,
    earliest: Option<String>,
    latest: Option<String>,
}

#[derive(Serialize)]
struct Outcomes {
    emitted: u64,
    duplicate: u64,
    unsupported: u64,
    filtered: u64,
    rejected: u64,
    unparsable: u64,
}

#[derive(Serialize)]
struct OtherEvents {
    implicit: u64,
    named: u64,
    unnamed: u64,
}

#[derive(Serialize)]
struct Speed {
    bytes: Option<u64>,
    seconds: f64,
    mb_per_second: Option<f64>,
}

#[derive(Serialize)]
struct Router<'a> {
    router: &'a str,
    delivered: u64,
    duplicates: u64,
    unverified: u64,
    undeliverable: u64,
    dead_letters: u64,
    left: u64,
    requests: u64,
    retries: u64,
    bytes: u64,
    seconds: f64,
}

impl<'a> Document<'a> {
    fn new(report: &'a Report<'_>) -> Result<Self> {
        let total = report.summary.map(|summary| Total {
            inputs: summary.inputs.all,
            done_inputs: summary.inputs.done,
            failed_inputs: summary.inputs.failed,
            passed_over: summary.skipped_lines,
            lines: Lines::new(summary.tally, report.known_events),
            speed: Speed::new(Some(summary.bytes), summary.elapsed),
        });
        let inputs = report.inputs.reports().map(|input| {
            let input = Input::new(input, report.known_events);
            Ok(serde_json::value::to_raw_value(&input)?)
        });
        Ok(Self {
            schema: SCHEMA,
            version: env!("CARGO_PKG_VERSION"),
            command: report.command,
            // The program and the command.
            arguments: report.invocation.words.get(2..).unwrap_or_default(),
            variables: &report.invocation.variables,
            dry_run: report.dry_run,
            exit_code: report.exit_code as u8,
            stopped_by: report.summary.and_then(|summary| summary.stopped_by),
            total,
            inputs: inputs.collect::<Result<_>>()?,
            routers: report
                .targets
                .iter()
                .map(|target| Router::new(target))
                .collect(),
        })
    }
}

impl<'a> Input<'a> {
    fn new(input: &'a InputReport, known_events: &[&'a str]) -> Self {
        let lines = input.tally.details.lines;
        Self {
            name: &input.name,
            ended: match input.ended {
                InputEnd::Done => "done",
                InputEnd::Failed => "failed",
                InputEnd::Stopped => "stopped",
            },
            error: (!input.errors.is_empty()).then(|| input.errors.join("; ")),
            output: input.output.as_ref().map(|path| path.to_string_lossy()),
            passed_over: input.skipped_lines,
            held_back: input.read_to.map(|end| end.held_back),
            first_line: lines.map(|(first, _)| first),
            last_line: lines.map(|(_, last)| last),
            lines: Lines::new(&input.tally, known_events),
            speed: Speed::new(input.read_to.map(|end| end.bytes), input.elapsed),
        }
    }
}

impl<'a> Lines<'a> {
    fn new(tally: &Tally, known_events: &[&'a str]) -> Self {
        let details = &tally.details;
        let reasons = tally.reasons.iter();
        // In UTC, to the microsecond.
        let text = |time: DateTime| format!("{time:.6}Z");
        Self {
            lines: tally.lines(),
            outcomes: Outcomes {
                emitted: tally.emitted,
                duplicate: tally.duplicate,
                unsupported: tally.unsupported,
                filtered: tally.filtered,
                rejected: tally.rejected,
                unparsable: tally.unparsable,
            },
            reasons: reasons
                .map(|(reason, count)| (reason.code(), *count))
                .collect(),
            written: tally.records,
            collisions: tally.collisions,
            events: details.known(known_events).collect(),
            other_events: OtherEvents {
                implicit: details.other.implicit,
                named: details.other.named,
                unnamed: details.other.unnamed,
            },
            earliest: details.times.map(|(earliest, _)| text(earliest)),
            latest: details.times.map(|(_, latest)| text(latest)),
        }
    }
}

impl Speed {
    fn new(bytes: Option<u64>, elapsed: Duration) -> Self {
        let seconds = elapsed.as_secs_f64();
        let of_bytes = |bytes: u64| to_thousandths(bytes as f64 / 1e6 / seconds);
        Self {
            bytes,
            seconds: to_thousandths(seconds),
            mb_per_second: bytes.filter(|_| seconds > 0.0).map(of_bytes),
        }
    }
}

fn to_thousandths(number: f64) -> f64 {
    (number * 1000.0).round() / 1000.0
}

impl<'a> Router<'a> {
    fn new(target: &'a Target) -> Self {
        let tally = target.statistics();
        Self {
            router: &target.name,
            delivered: tally.delivered,
            duplicates: tally.duplicates,
            unverified: tally.unverified,
            undeliverable: tally.undeliverable,
            dead_letters: tally.dead_letters,
            left: tally.left(),
            requests: tally.requests.count,
            retries: tally.requests.retries,
            bytes: tally.requests.bytes,
            seconds: to_thousandths(tally.requests.elapsed().as_secs_f64()),
        }
    }
}
