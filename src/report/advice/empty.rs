//! The likeliest cause why a run emitted nothing.

use super::filters::no_event_matched;
use super::nameless::are_most_nameless;
use super::state::AFTER_A_CHANGE;
use super::tables::table_warnings;
use crate::convert::LineConverter;
use crate::outcome::Tally;
use crate::report::InputReports;
use crate::report::summary::most_frequent_reasons;
use crate::text::grouped;

/// Returns a warning with the likeliest cause if lines were read and nothing was emitted. Returns `None` if each input
/// with lines has a warning of its own, which names the cause, or if all lines are rejected lines of earlier runs. Takes the
/// advice about events without a name if they are the cause. `has_state` tells whether a later run does not read the lines
/// again.
pub fn nothing_emitted(
    converter: &LineConverter,
    tally: &Tally,
    inputs: &InputReports,
    nameless: &mut Option<String>,
    has_state: bool,
) -> Option<String> {
    let lines = tally.lines();
    if lines == tally.details.retried || tally.emitted > 0 {
        return None;
    }
    let has_event = tally.wanted() + tally.filtered.total() > 0;
    let mut read = inputs.reports().filter(|report| report.tally.lines() > 0);
    if !has_event && read.all(|report| !report.warnings.is_empty()) {
        return None;
    }
    let were_read = match lines {
        1 => "1 line was read".to_owned(),
        _ => format!("{} lines were read", grouped(lines)),
    };
    let of_nameless = nameless.take_if(|_| are_most_nameless(tally));
    let advice = of_nameless.or_else(|| advice(converter, tally));
    let cause = match advice {
        Some(advice) if has_state => advice + AFTER_A_CHANGE,
        Some(advice) => advice,
        None => cause(converter, tally),
    };
    Some(format!("{were_read} and nothing was converted: {cause}"))
}

/// Returns the cause, if other options or tables can mend it.
fn advice(converter: &LineConverter, tally: &Tally) -> Option<String> {
    if let Some(cause) = no_event_matched(converter, tally) {
        return Some(cause);
    }
    let wanted = tally.wanted();
    if wanted > 0 {
        let advice = table_warnings(converter, tally).into_iter().next();
        return advice.or_else(|| Some(all_rejected(tally, wanted)));
    }
    let patterns = converter.selection.patterns();
    let is_chosen = tally.unsupported > 0 && patterns != ["default"];
    is_chosen.then(|| format!("no event is one of `--events {}`", patterns.join(",")))
}

fn all_rejected(tally: &Tally, wanted: u64) -> String {
    let kept = if tally.filtered.total() > 0 {
        " that the filters keep"
    } else {
        ""
    };
    let events = match wanted {
        1 => format!("the only event{kept} was"),
        _ => format!("all {} events{kept} were", grouped(wanted)),
    };
    let reasons = most_frequent_reasons(tally, false);
    format!("{events} rejected ({reasons}); `event-router explain` shows the details")
}

/// Returns the cause, if no options can mend it.
fn cause(converter: &LineConverter, tally: &Tally) -> String {
    if tally.unsupported == 0 {
        let reasons = most_frequent_reasons(tally, true);
        return format!("no line is an event ({reasons})");
    }
    let format = converter.format.format().title();
    format!("no event is of a kind that is converted to {format} by default")
}
