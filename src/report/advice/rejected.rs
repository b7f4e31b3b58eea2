//! Events that are rejected for one reason, beside others that are emitted.

use super::many::{self, MANY};
use super::reread::Reread;
use crate::outcome::{Reason, RejectedFor, Tally};
use crate::report::InputReports;
use crate::text::{counted, grouped};

/// Returns a warning for each reason why many events are rejected, with the most frequent cause. Events that repairs would
/// convert are left out, and so are lines of a rejects file: the run that rejected them has warned. So are documents of one
/// event each, such as fixtures.
pub fn rejected_events(tally: &Tally, inputs: &InputReports, reread: &Reread) -> Vec<String> {
    let are_single = inputs.reports().all(|report| report.tally.lines() <= 1);
    if are_single || tally.details.rows == tally.lines() {
        return Vec::new();
    }
    let wanted = tally.wanted();
    let reasons = tally.details.rejected.by_reason();
    let many = reasons
        .filter(|(reason, rejected)| are_many(*reason, rejected.events, wanted, reread.is_resumed));
    let warnings = many.map(|(reason, rejected)| {
        let code = reason.code();
        let shown = match &reread.rejects {
            Some(rejects) => format!("see `detail` in `{rejects}`"),
            None => "`explain` shows them".to_owned(),
        };
        format!(
            "{} of {} events were rejected{} as `{code}`{}; {shown}",
            grouped(rejected.events),
            grouped(wanted),
            inputs_with(reason, inputs),
            because(rejected, rejected.events)
        )
    });
    warnings.collect()
}

/// Returns whether most events are rejected for one of the reasons that [`rejected_events`] reports.
pub fn are_most_rejected(tally: &Tally) -> bool {
    let mut reasons = tally.details.rejected.by_reason();
    reasons.any(|(_, rejected)| rejected.events > tally.wanted() / 2)
}

/// Returns the most frequent cause of events that are rejected for one reason, as the end of a sentence about `all` events.
pub fn because(rejected: &RejectedFor, all: u64) -> String {
    match rejected.most_frequent_cause() {
        None => String::new(),
        Some((cause, count)) if count == all => format!(" because {cause}"),
        Some((cause, count)) => format!(", {} of them because {cause}", grouped(count)),
    }
}

/// Returns whether so many of the wanted events are rejected for a reason that it is no accident. In a healthy log, many
/// events have no user, and some lack a field or a course. In a quiet minute, a log has hardly any other events.
fn are_many(reason: Reason, rejected: u64, wanted: u64, is_resumed: bool) -> bool {
    let is_above = |percent| many::is_above(percent, rejected, wanted);
    match reason {
        Reason::NoUser | Reason::NoObjectId => rejected >= MANY && is_above(50),
        Reason::MissingField | Reason::BadCourseId if is_resumed => rejected >= MANY && is_above(1),
        Reason::MissingField | Reason::BadCourseId => {
            is_above(1) && many::are_many(rejected, wanted, !is_resumed)
        }
        _ => many::are_many(rejected, wanted, !is_resumed),
    }
}

/// Returns the inputs with the reason: the one that has it most often, and the number of the others.
fn inputs_with(reason: Reason, inputs: &InputReports) -> String {
    let counts = inputs.reports().filter_map(|report| {
        let count = report.tally.reasons.get(&reason).copied()?;
        Some((count, report.name.as_str()))
    });
    let counts: Vec<(u64, &str)> = counts.collect();
    // `max_by_key` returns the last of equal maxima, so the inputs are reversed to name the first.
    let Some((_, name)) = counts.iter().rev().max_by_key(|(count, _)| count) else {
        return String::new();
    };
    match counts.len() as u64 - 1 {
        0 => format!(" in `{name}`"),
        others => {
            let others = counted(others, "more input", "more inputs");
            format!(" in `{name}` and {others}")
        }
    }
}
