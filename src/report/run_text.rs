//! The results of a run as text, which is written to standard error at the end of the run.

use std::fmt::{self, Display};

use super::letter_groups::group_rows;
use super::text::{reasons_text, row_of_some};
use super::verdict::Verdict;
use super::verification::verification_text;
use super::{Report, Summary};
use crate::send::{Target, TargetStatistics};
use crate::text::{grouped, noun, plural};

impl Display for Report<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Verdict { text, is_well } = Verdict::new(self);
        if is_well && !self.verbose {
            formatter.write_str(&text)?;
            return match self.summary {
                Some(summary) => write!(formatter, " ({})", summary.read.short_text()),
                None => Ok(()),
            };
        }
        let mut parts = vec![text];
        let summary = self.summary.map(Summary::to_string);
        parts.extend(summary.filter(|rows| !rows.is_empty()));
        parts.extend(
            self.targets
                .iter()
                .map(|target| match target.verification() {
                    Some(verification) => verification_text(target, verification),
                    None => target_text(target, &target.statistics(), self.dry_run),
                }),
        );
        formatter.write_str(&parts.join("\n"))
    }
}

/// Returns the counts of a target (a router or server) as rows of text.
fn target_text(target: &Target, statistics: &TargetStatistics, dry_run: bool) -> String {
    let delivered = if dry_run {
        "would be delivered"
    } else {
        "delivered"
    };
    let unverified = unverified_text(statistics);
    // Unverified records could not be compared with the server's copies. They count as delivered or as duplicates. On
    // most servers all of them count in the same way, so one of the two rows shows their number.
    let (of_delivered, of_duplicates) = match statistics.duplicates {
        0 => (unverified.as_str(), ""),
        _ => ("", unverified.as_str()),
    };
    let groups = target.letter_groups();
    let letters = letters_text(groups.letters(), statistics);
    let left = "not delivered when sending stopped";
    let requests = &statistics.requests;
    let connections = match target.rate_limiter.settled() {
        (settled, max) if settled < max => format!(", settled at {settled} of {max} connections"),
        _ => String::new(),
    };
    let repeated = match requests.retries {
        0 => String::new(),
        retries => format!("{} repeated, ", grouped(retries)),
    };
    let speed = format!(
        "{repeated}{:.1} MB in {:.1} s{connections}",
        requests.bytes as f64 / 1e6,
        requests.elapsed().as_secs_f64()
    );
    let mut rows = vec![target.name.clone()];
    rows.extend(row_of_some(statistics.delivered, delivered, of_delivered));
    rows.extend(row_of_some(
        statistics.duplicates,
        "duplicates",
        of_duplicates,
    ));
    rows.extend(row_of_some(
        statistics.undeliverable,
        "undeliverable",
        &letters,
    ));
    rows.extend(group_rows(&groups));
    rows.extend(row_of_some(statistics.left(), "left", left));
    let made = target.request_count();
    rows.extend(row_of_some(made, noun(made, "requests"), &speed));
    rows.join("\n")
}

/// Returns the number of records that may or may not be delivered.
fn unverified_text(statistics: &TargetStatistics) -> String {
    match (statistics.of_failed_inserts, statistics.unverified) {
        (0, 0) => String::new(),
        (0, count) => format!("{} unverified", grouped(count)),
        (count, _) => format!(
            "{} of failed inserts: materialized views may lack them",
            grouped(count)
        ),
    }
}

/// Returns the reasons of undeliverable records, with the number of dead letters.
fn letters_text(letters: u64, statistics: &TargetStatistics) -> String {
    if letters == 0 {
        return String::new();
    }
    let reasons = statistics.reasons.iter();
    let reasons = reasons_text(reasons.map(|(reason, &count)| (reason.code(), count)));
    let plural = plural(letters);
    format!("{reasons}, in {} dead letter{plural}", grouped(letters))
}
