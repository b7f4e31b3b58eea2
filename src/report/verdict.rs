//! The verdict: the first lines of the summary, with one sentence each. They say what the servers lack, what was written
//! where, what else needs attention, and the command that shows it.

use std::sync::Arc;

use super::Report;
use super::summary::Summary;
use crate::send::{Target, TargetStatistics, VerificationCounts};
use crate::text::{counted, grouped, noun, shell_argument};

/// The verdict on a run.
pub struct Verdict {
    pub text: String,
    /// Whether nothing needs attention.
    pub is_well: bool,
}

impl Verdict {
    pub fn new(report: &Report<'_>) -> Self {
        let inputs = match report.summary {
            Some(summary) => format!(" from {}", summary.inputs_text()),
            None => String::new(),
        };
        let targets = report.targets.iter();
        let mut sentences: Vec<String> = targets.flat_map(|target| undelivered(target)).collect();
        sentences.push(match (nothing_read(report), results(report)) {
            (Some(nothing), _) => nothing,
            (None, Some((result, details))) => result + &inputs + &details,
            (None, None) => "nothing was sent".to_owned(),
        });
        let lines = report.summary.and_then(|summary| lines(report, summary));
        sentences.extend(lines);
        // If inputs repeat other inputs, the counts are shown, since they name the inputs and explain why records are missing.
        let is_emitted_well = |summary: &Summary<'_>| {
            summary.inputs.failed == 0
                && !summary.is_stopped()
                && !has_collisions(summary)
                && summary.repeated.is_empty()
        };
        let is_well = sentences.len() == 1
            && !has_differences(report)
            && report.exit_code as u8 == 0
            && report.summary.is_none_or(is_emitted_well);
        Self {
            text: sentences.join("\n"),
            is_well,
        }
    }
}

fn has_collisions(summary: &Summary<'_>) -> bool {
    summary.tally.emitted_collisions() > 0
}

/// Returns whether `--check` or `verify` found a difference.
fn has_differences(report: &Report<'_>) -> bool {
    let checked = report
        .targets
        .iter()
        .filter_map(|target| target.verification());
    let differ = |counts: VerificationCounts| {
        counts.different + counts.missing + counts.collisions + counts.unverified + counts.left > 0
    };
    report.differences.is_some_and(|count| count > 0)
        || checked
            .map(|verification| verification.counts())
            .any(differ)
}

/// Returns that there was nothing to do, if the inputs have no line, or none that earlier runs have not read.
fn nothing_read(report: &Report<'_>) -> Option<String> {
    let summary = report.summary?;
    let verifies = report
        .targets
        .iter()
        .any(|target| target.verification().is_some());
    let is_other = summary.tally.lines() > 0
        || summary.inputs.done == 0
        || summary.inputs.failed > 0
        || summary.inputs.held_back > 0
        || summary.is_stopped()
        || !summary.repeated.is_empty();
    if is_other || verifies || report.differences.is_some() || report.exit_code as u8 != 0 {
        return None;
    }
    let inputs = summary.inputs_text();
    Some(match summary.skipped_lines {
        0 => format!("nothing to convert: there is no line in {inputs}"),
        lines => format!(
            "nothing new since the last run: earlier runs have read {} of {inputs}",
            counted(lines, "line", "lines")
        ),
    })
}

/// Returns what the run did with the records, in two parts: the inputs are named between them. Returns `None` if nothing
/// was sent.
fn results(report: &Report<'_>) -> Option<(String, String)> {
    let targets = report.targets;
    let Some(first) = targets.first() else {
        let summary = report.summary?;
        let differences = match report.differences {
            Some(0) => ": no difference".to_owned(),
            Some(count) => format!(": {}", counted(count, "difference", "differences")),
            None => String::new(),
        };
        let records = summary.tally.records;
        let ended_early = summary.is_stopped() || summary.inputs.failed > 0;
        let written = match records {
            0 if ended_early => "nothing".to_owned(),
            _ => format!(
                "{} {}",
                grouped(records),
                noun(records, summary.format.nouns())
            ),
        };
        let result = format!("{written} {}", report.written);
        // Without a failure, only a reader that closes standard output stops such a run. Some records may be lost in the pipe.
        let is_closed = summary.inputs.is_stopped()
            && summary.stopped_by.is_none()
            && summary.inputs.failed == 0
            && report.exit_code as u8 == 0;
        if is_closed && records > 0 {
            let cause = ": its reader closed it before the end".to_owned();
            return Some((format!("at most {result}"), cause));
        }
        return Some((result, differences));
    };
    let server = match targets {
        [target] => format!("`{}`", target.name),
        _ => format!("{} routers", targets.len()),
    };
    if first.verification().is_some() {
        return Some(verified(targets, &server));
    }
    let sum = |count: fn(&TargetStatistics) -> u64| {
        let statistics = targets.iter().map(|target| count(&target.statistics()));
        statistics.sum::<u64>()
    };
    let delivered = sum(|statistics| statistics.delivered);
    let others = [
        (sum(|statistics| statistics.duplicates), "duplicates"),
        (sum(|statistics| statistics.unverified), "unverified"),
    ];
    let (would_be, requests) = match report.dry_run {
        true => {
            let requests = targets.iter().map(|target| target.request_count()).sum();
            (
                "would be ",
                format!(" in {}", counted(requests, "request", "requests")),
            )
        }
        false => ("", String::new()),
    };
    let nouns = noun(delivered, first.format.nouns());
    let result = format!(
        "{} {nouns} {would_be}delivered to {server}{requests}{}",
        grouped(delivered),
        in_parentheses(&others)
    );
    Some((result, String::new()))
}

fn verified(targets: &[Arc<Target>], server: &str) -> (String, String) {
    let counts = targets.iter().filter_map(|target| target.verification());
    let counts: Vec<VerificationCounts> = counts.map(|found| found.counts()).collect();
    let sum = |count: fn(&VerificationCounts) -> u64| counts.iter().map(count).sum::<u64>();
    let checked = sum(|counts| counts.checked);
    let problems = [
        (sum(|counts| counts.missing), "missing"),
        (sum(|counts| counts.different), "different"),
        (sum(|counts| counts.collisions), "collisions"),
        (sum(|counts| counts.unverified), "unverified"),
        (sum(|counts| counts.left), "left"),
    ];
    let problems = match in_words(&problems) {
        // Without a record, nothing is known about the server.
        text if text.is_empty() && checked == 0 => String::new(),
        text if text.is_empty() => ": no difference".to_owned(),
        text => format!(": {text}"),
    };
    let nouns = noun(checked, targets[0].format.nouns());
    let result = format!("{} {nouns} checked at {server}", grouped(checked));
    (result, problems)
}

/// Returns a sentence about the lines that were lost, and the command that shows them.
fn lines(report: &Report<'_>, summary: &Summary<'_>) -> Option<String> {
    let tally = summary.tally;
    // Lines of other programs are usual in the output of a container, and are not written to the rejects file.
    let unparsable = match tally.damaged() {
        0 => 0,
        damaged if report.invocation.explains_rejects => damaged,
        _ => tally.unparsable,
    };
    let mut outcomes = Vec::new();
    let mut parts = Vec::new();
    if tally.rejected > 0 {
        outcomes.push("rejected");
        let were = counted(tally.rejected, "event was", "events were");
        parts.push(format!("{were} rejected"));
    }
    if unparsable > 0 {
        outcomes.push("unparsable");
        let are = counted(unparsable, "line is", "lines are");
        parts.push(format!("{are} unparsable"));
    }
    if parts.is_empty() {
        return None;
    }
    let shown = match report.invocation.explain(&outcomes.join(",")) {
        Some(command) => format!(": see `{command}`"),
        None => String::new(),
    };
    Some(parts.join(" and ") + &shown)
}

/// Returns sentences about the records that the target does not have.
fn undelivered(target: &Target) -> Vec<String> {
    let statistics = target.statistics();
    let nouns = target.format.nouns();
    let mut sentences = Vec::new();
    let left = statistics.left();
    if left > 0 {
        let all = left + statistics.settled();
        let were = if left == 1 { "was" } else { "were" };
        sentences.push(format!(
            "{} of {} {} {were} not sent to `{}`: run again",
            grouped(left),
            grouped(all),
            noun(all, nouns),
            target.name
        ));
    }
    let undeliverable = statistics.undeliverable;
    if undeliverable > 0 {
        let shown = match &target.dead_letters {
            Some(letters) => {
                let directory = shell_argument(letters.directory().as_os_str());
                format!(": see `event-router dead-letters {directory}`")
            }
            None => String::new(),
        };
        let nouns = noun(undeliverable, nouns);
        let count = grouped(undeliverable);
        sentences.push(format!("{count} {nouns} could not be delivered{shown}"));
    }
    if statistics.of_failed_inserts > 0 {
        sentences.push(format!(
            "{} of failed inserts may be missing in materialized views",
            grouped(statistics.of_failed_inserts)
        ));
    }
    sentences
}

fn in_parentheses(counts: &[(u64, &str)]) -> String {
    match in_words(counts) {
        text if text.is_empty() => text,
        text => format!(" ({text})"),
    }
}

fn in_words(counts: &[(u64, &str)]) -> String {
    let counts = counts.iter().filter(|(count, _)| *count > 0);
    let counts = counts.map(|&(count, word)| format!("{} {}", grouped(count), noun(count, word)));
    counts.collect::<Vec<_>>().join(", ")
}
