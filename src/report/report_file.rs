//! The report of a run for programs: one JSON object. The guide describes its keys.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fs::{self, File, Metadata};
use std::io::{self, Read};
use std::path::Path;
use std::time::Duration;

use anyhow::{Context, Result, anyhow, bail};
use jiff::civil::DateTime;
use serde::{Serialize, Serializer};
use serde_json::value::RawValue;

use super::Report;
use super::inputs::{InputEnd, InputReport};
use super::letter_groups::{LetterGroupJson, first_groups_json};
use super::unsupported::UnsupportedJson;
use super::verification::VerificationJson;
use crate::exit_code::{ExitCode, Fatal, OrExit};
use crate::files::{ANY_FILE, is_of_system};
use crate::outcome::{OtherEvents, Tally};
use crate::output::AtomicFile;
use crate::send::Target;

/// The version of the JSON object. The version changes when a key is removed or changes its meaning, and stays the same
/// when keys are added.
const SCHEMA: u32 = 1;

/// The file for the report, if the user wants a report. The file is created before the run, so that a wrong path is an
/// error before any work is done.
#[derive(Default)]
pub struct ReportFile {
    file: Option<AtomicFile>,
    /// Whether the report is written to an existing empty file. Such a file may be a log that has just been rotated: its
    /// writer goes on in the same file, and would lose its lines if the file was replaced.
    is_in_place: bool,
}

impl ReportFile {
    /// Creates the file, if a path is given.
    ///
    /// # Errors
    /// Returns an error that names the path if the file cannot be created, or if an existing file is no report.
    pub fn create(path: Option<&Path>) -> Result<Self, Fatal> {
        let Some(path) = path else {
            return Ok(Self::default());
        };
        if !may_be_replaced(path) {
            return Err(anyhow!(
                "`{}` is no report of an earlier run, so it is not replaced: give `--report` another path",
                path.display()
            ))
            .or_exit(ExitCode::Usage);
        }
        let is_empty = |file: Metadata| file.is_file() && file.len() == 0;
        let is_in_place = !is_of_system(path) && fs::metadata(path).is_ok_and(is_empty);
        let file = match is_in_place {
            true => AtomicFile::append(path, ANY_FILE),
            false => AtomicFile::create(path, ANY_FILE),
        };
        Ok(Self {
            file: Some(file.or_exit(ExitCode::Output)?),
            is_in_place,
        })
    }

    /// Writes the report and completes the file.
    ///
    /// # Errors
    /// Returns an error that names the path if the file cannot be written.
    pub fn write(self, report: &Report<'_>) -> Result<()> {
        let Some(mut file) = self.file else {
            return Ok(());
        };
        if self.is_in_place && file.length()? > 0 {
            bail!(
                "the report is not written, since another program has written to its file meanwhile: give `--report` another path"
            );
        }
        let json = RunJson::new(report).and_then(|json| Ok(serde_json::to_vec_pretty(&json)?));
        let mut text = json.context("failed to serialize the report")?;
        text.push(b'\n');
        file.write(&text)?;
        file.finish()
    }
}

/// Returns whether a report may be written to this path: to a report of an earlier run, or an empty file. Other kinds of
/// files are never replaced.
fn may_be_replaced(path: &Path) -> bool {
    let is_file = fs::metadata(path).is_ok_and(|metadata| metadata.is_file());
    if !is_file || is_of_system(path) {
        return true;
    }
    let start = |file: File| {
        let mut start = Vec::new();
        file.take(1 << 10).read_to_end(&mut start)?;
        Ok(start)
    };
    let start: io::Result<Vec<u8>> = File::open(path).and_then(start);
    start.is_ok_and(|start| {
        let start = start.trim_ascii_start();
        let keys = start.strip_prefix(b"{").map(<[u8]>::trim_ascii_start);
        start.is_empty() || keys.is_some_and(|keys| keys.starts_with(b"\"schema\""))
    })
}

#[derive(Serialize)]
struct RunJson<'a> {
    schema: u32,
    version: &'static str,
    command: &'a str,
    arguments: Vec<&'a str>,
    variables: &'a [String],
    dry_run: bool,
    exit_code: u8,
    stopped_by: Option<&'static str>,
    total: Option<TotalJson<'a>>,
    /// The inputs. Each input is JSON text without newlines, so that it is one line of the report.
    inputs: Vec<Box<RawValue>>,
    routers: Vec<TargetJson<'a>>,
}

#[derive(Serialize)]
struct TotalJson<'a> {
    inputs: usize,
    done_inputs: usize,
    unchanged_inputs: usize,
    held_back_inputs: usize,
    failed_inputs: usize,
    skipped_files: usize,
    replaced_files: usize,
    passed_over: u64,
    repeated_lines: u64,
    unsupported_kinds: usize,
    derived_id_users: u64,
    unpacked_bytes: u64,
    #[serde(flatten)]
    lines: LinesJson<'a>,
    #[serde(flatten)]
    speed: SpeedJson,
}

#[derive(Serialize)]
struct InputJson<'a> {
    name: &'a str,
    ended: InputEnd,
    error: Option<String>,
    warnings: &'a [String],
    output: Option<Cow<'a, str>>,
    replaced: bool,
    passed_over: u64,
    repeated_lines: u64,
    same_as: Option<&'a str>,
    held_back: Option<u64>,
    held_back_because: Option<&'a str>,
    first_line: Option<u64>,
    last_line: Option<u64>,
    #[serde(flatten)]
    lines: LinesJson<'a>,
    #[serde(flatten)]
    speed: SpeedJson,
}

/// The counts of the lines of a run or an input.
#[derive(Serialize)]
struct LinesJson<'a> {
    lines: u64,
    #[serde(serialize_with = "as_map")]
    outcomes: [(&'static str, u64); 6],
    reasons: BTreeMap<&'static str, u64>,
    filtered_by: BTreeMap<&'static str, u64>,
    written: u64,
    collisions: u64,
    events: BTreeMap<&'a str, u64>,
    other_events: OtherEvents,
    unsupported_events: UnsupportedJson,
    without_time: u64,
    two_times: u64,
    derived_ids: u64,
    derived_unknown_ids: u64,
    without_attempt_id: u64,
    repaired: BTreeMap<&'static str, u64>,
    repairable: BTreeMap<String, u64>,
    earliest: Option<String>,
    latest: Option<String>,
}

#[derive(Serialize)]
struct SpeedJson {
    bytes: Option<u64>,
    seconds: f64,
    mb_per_second: Option<f64>,
}

/// A router, after a run that verifies or that delivers.
#[derive(Serialize)]
#[serde(untagged)]
enum TargetJson<'a> {
    Verified(VerificationJson<'a>),
    Delivered(RouterJson<'a>),
}

impl<'a> TargetJson<'a> {
    fn new(target: &'a Target) -> Self {
        match target.verification() {
            Some(verification) => Self::Verified(VerificationJson::new(target, verification)),
            None => Self::Delivered(RouterJson::new(target)),
        }
    }
}

#[derive(Serialize)]
struct RouterJson<'a> {
    router: &'a str,
    delivered: u64,
    duplicates: u64,
    unverified: u64,
    of_failed_inserts: u64,
    undeliverable: u64,
    dead_letters: u64,
    dead_letter_groups: Vec<LetterGroupJson>,
    more_dead_letter_groups: usize,
    left: u64,
    requests: u64,
    retries: u64,
    bytes: u64,
    seconds: f64,
    connections: usize,
}

impl<'a> RunJson<'a> {
    fn new(report: &'a Report<'_>) -> Result<Self> {
        let total = report.summary.map(|summary| TotalJson {
            inputs: summary.inputs.all,
            done_inputs: summary.inputs.done,
            unchanged_inputs: summary.inputs.unchanged,
            held_back_inputs: summary.inputs.held_back,
            failed_inputs: summary.inputs.failed,
            skipped_files: summary.skipped_files,
            replaced_files: summary.inputs.replaced,
            passed_over: summary.skipped_lines,
            repeated_lines: summary.repeated_lines(),
            unsupported_kinds: summary.tally.details.unsupported.kinds(),
            derived_id_users: summary.derived_users,
            unpacked_bytes: summary.read.unpacked,
            lines: LinesJson::new(summary.tally, report.known_events),
            speed: SpeedJson::new(Some(summary.read.bytes), summary.read.elapsed),
        });
        let inputs = report.inputs.reports().map(|input| {
            let input = InputJson::new(input, report.known_events);
            serde_json::value::to_raw_value(&input)
        });
        let inputs = inputs.collect::<serde_json::Result<_>>()?;
        let targets = report.targets.iter();
        Ok(Self {
            schema: SCHEMA,
            version: env!("CARGO_PKG_VERSION"),
            command: report.command,
            arguments: report.invocation.arguments(),
            variables: &report.invocation.variables,
            dry_run: report.dry_run,
            exit_code: report.exit_code as u8,
            stopped_by: report.summary.and_then(|summary| summary.stopped_by),
            total,
            inputs,
            routers: targets.map(|target| TargetJson::new(target)).collect(),
        })
    }
}

impl<'a> InputJson<'a> {
    fn new(input: &'a InputReport, known_events: &[&'a str]) -> Self {
        let lines = input.tally.details.lines;
        Self {
            name: &input.name,
            ended: input.ended,
            error: (!input.errors.is_empty()).then(|| input.errors.join("; ")),
            warnings: &input.warnings,
            output: input
                .output
                .as_ref()
                .map(|file| file.path.to_string_lossy()),
            replaced: input.has_replaced(),
            passed_over: input.skipped_lines,
            repeated_lines: input.same_lines.as_ref().map_or(0, |same| same.lines),
            same_as: input.same_lines.as_ref().map(|same| same.input.as_str()),
            held_back: input.read_to.map(|end| end.held_back),
            held_back_because: input.held_back.as_deref(),
            first_line: lines.map(|(first, _)| first),
            last_line: lines.map(|(_, last)| last),
            lines: LinesJson::new(&input.tally, known_events),
            speed: SpeedJson::new(input.read_to.map(|end| end.bytes), input.elapsed),
        }
    }
}

impl<'a> LinesJson<'a> {
    fn new(tally: &Tally, known_events: &[&'a str]) -> Self {
        let details = &tally.details;
        let reasons = tally.reasons.iter();
        // Times are in UTC, to the microsecond.
        let text = |time: DateTime| format!("{time:.6}Z");
        Self {
            lines: tally.lines(),
            outcomes: tally.outcomes(),
            reasons: reasons
                .map(|(reason, count)| (reason.code(), *count))
                .collect(),
            filtered_by: tally
                .filtered
                .counts()
                .map(|(by, count)| (by.option().trim_start_matches('-'), count))
                .collect(),
            written: tally.records,
            collisions: tally.collisions,
            events: details.known(known_events).collect(),
            other_events: tally.other_events(),
            unsupported_events: UnsupportedJson::new(&details.unsupported),
            without_time: details.without_time,
            two_times: details.two_times,
            derived_ids: details.derived_ids,
            derived_unknown_ids: details.derived_unknown_ids,
            without_attempt_id: details.without_attempt_id,
            repaired: details
                .repaired
                .counts()
                .map(|(repair, count)| (repair.name(), count))
                .collect(),
            repairable: details
                .repairable
                .iter()
                .map(|(repairs, &count)| (repairs.names(), count))
                .collect(),
            earliest: details.times.map(|(earliest, _)| text(earliest)),
            latest: details.times.map(|(_, latest)| text(latest)),
        }
    }
}

impl SpeedJson {
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

fn as_map<S: Serializer>(
    outcomes: &[(&'static str, u64)],
    serializer: S,
) -> std::result::Result<S::Ok, S::Error> {
    serializer.collect_map(outcomes.iter().copied())
}

fn to_thousandths(number: f64) -> f64 {
    (number * 1000.0).round() / 1000.0
}

impl<'a> RouterJson<'a> {
    fn new(target: &'a Target) -> Self {
        let tally = target.statistics();
        let requests = &tally.requests;
        let groups = target.letter_groups();
        let (dead_letter_groups, more_dead_letter_groups) = first_groups_json(&groups);
        Self {
            router: &target.name,
            delivered: tally.delivered,
            duplicates: tally.duplicates,
            unverified: tally.unverified,
            of_failed_inserts: tally.of_failed_inserts,
            undeliverable: tally.undeliverable,
            dead_letters: groups.letters(),
            dead_letter_groups,
            more_dead_letter_groups,
            left: tally.left(),
            requests: target.request_count(),
            retries: requests.retries,
            bytes: requests.bytes,
            seconds: to_thousandths(requests.elapsed().as_secs_f64()),
            connections: target.rate_limiter.settled().0,
        }
    }
}
