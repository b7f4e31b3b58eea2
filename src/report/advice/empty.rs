//! The likeliest cause why a run emitted nothing.

use super::filters::no_event_matched;
use super::tables::table_warnings;
use crate::convert::LineConverter;
use crate::outcome::Tally;
use crate::report::InputReports;
use crate::report::summary::most_frequent_reasons;
use crate::text::grouped;

/// Returns a warning with the likeliest cause if lines were read and nothing was emitted. Returns `None` if each input
/// with lines has a warning of its own, which names the cause, or if all lines are rejected lines of earlier runs.
pub fn nothing_emitted(
    converter: &LineConverter,
    tally: &Tally,
    inputs: &InputReports,
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
    let cause = cause(converter, tally);
    Some(format!("{were_read} and nothing was converted: {cause}"))
}

fn cause(converter: &LineConverter, tally: &Tally) -> String {
    if let Some(cause) = no_event_matched(converter, tally) {
        return cause;
    }
    let wanted = tally.wanted();
    if wanted > 0 {
        let advice = table_warnings(converter, tally).into_iter().next();
        return advice.unwrap_or_else(|| {
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
        });
    }
    if tally.unsupported == 0 {
        let reasons = most_frequent_reasons(tally, true);
        return format!("no line is an event ({reasons})");
    }
    if tally.details.unsupported.named_by_type > 0 {
        return "the events of the kinds that are converted have no name".to_owned();
    }
    let patterns = converter.selection.patterns();
    match patterns {
        [default] if default == "default" => format!(
            "no event is of a kind that is converted to {} by default",
            converter.format.format().title()
        ),
        _ => format!("no event is one of `--events {}`", patterns.join(",")),
    }
}
