//! What a run did, and how that is told to a person: as the last lines on standard error.

use std::fmt::{self, Display};
use std::sync::Arc;

use super::grouped::grouped;
use super::inputs::InputReports;
use super::{Invocation, Summary};
use crate::exit_code::ExitCode;
use crate::send::{Target, TargetStatistics};

/// What a run did.
pub struct Report<'a> {
    pub command: &'static str,
    pub invocation: &'a Invocation,
    /// No request was made.
    pub dry_run: bool,
    /// Of the lines that were read, if any were.
    pub summary: Option<&'a Summary<'a>>,
    /// The inputs that the run came to, and those that were not found.
    pub inputs: &'a InputReports,
    /// The names of the events that have a transformer.
    pub known_events: &'a [&'static str],
    /// The routers that were sent to.
    pub targets: &'a [Arc<Target>],
    pub exit_code: ExitCode,
}

impl Display for Report<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut parts = Vec::new();
        parts.extend(self.summary.map(|summary| summary.to_string()));
        parts.extend(
            self.targets
                .iter()
                .map(|target| router_text(&target.name, &target.statistics(), self.dry_run)),
        );
        if parts.is_empty() {
            parts.push("nothing was sent".to_owned());
        }
        formatter.write_str(&parts.join("\n"))
    }
}

fn router_text(name: &str, tally: &TargetStatistics, dry_run: bool) -> String {
    let verb = if dry_run {
        "would be delivered"
    } else {
        "delivered"
    };
    let mut text = format!("{name}\n{:>15} {verb}", grouped(tally.delivered));
    let unverified = match tally.unverified {
        0 => String::new(),
        count => format!("  {} unverified", grouped(count)),
    };
    let letters = match tally.dead_letters {
        0 => String::new(),
        count => {
            let reasons = tally.reasons.iter();
            let reasons: Vec<String> = reasons
                .map(|(reason, count)| format!("{} {}", reason.code(), grouped(*count)))
                .collect();
            let plural = if count == 1 { "" } else { "s" };
            let letters = grouped(count);
            format!("  {}, in {letters} dead letter{plural}", reasons.join(", "))
        }
    };
    let rows = [
        (tally.duplicates, "duplicates", unverified),
        (tally.undeliverable, "undeliverable", letters),
        (tally.left(), "left", String::new()),
    ];
    for (count, what, detail) in rows {
        text.push_str(&format!("\n{:>15} {what}{detail}", grouped(count)));
    }
    text.push_str(&format!(
        "\n{:>15} requests  {} repeated, {:.1} MB in {:.1} s",
        grouped(tally.requests.count),
        grouped(tally.requests.retries),
        tally.requests.bytes as f64 / 1e6,
        tally.requests.elapsed().as_secs_f64()
    ));
    text
}
