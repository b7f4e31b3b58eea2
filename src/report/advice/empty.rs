//! The likeliest cause why a run emitted nothing.

use super::emptied::emptied_files;
use super::filters::no_event_matched;
use super::healthy::may_emit_nothing;
use super::nameless::are_most_nameless;
use super::rejected::because;
use super::repairable::repairable_events;
use super::reread::Reread;
use super::tables::table_warnings;
use crate::convert::LineConverter;
use crate::outcome::Tally;
use crate::report::summary::most_frequent_reasons;
use crate::report::{InputReport, InputReports};
use crate::text::{counted, grouped};

/// Returns a warning with the likeliest cause if lines were read and nothing was emitted. Returns `None` if the only input
/// with lines has a warning of its own, which names the cause, if all lines are rejected lines of earlier runs, or if a
/// run that reads what is new in known logs found only lines that healthy logs have. Takes the advice about events
/// without a name if they are the cause.
pub fn nothing_emitted(
    converter: &LineConverter,
    tally: &Tally,
    inputs: &InputReports,
    nameless: &mut Option<String>,
    reread: &Reread,
) -> Option<String> {
    if !tally.is_empty_run()
        || reread.is_resumed && may_emit_nothing(converter, tally, inputs, reread)
    {
        return None;
    }
    let emptied = emptied_files(inputs);
    let emptied = emptied.map_or_else(String::new, |emptied| format!("; {emptied}"));
    let has_event = tally.wanted() + tally.filtered.total() > 0;
    let read = inputs.reports().filter(|report| report.tally.lines() > 0);
    let has_warning = |report: &&InputReport| !report.warnings.is_empty();
    let (with, without): (Vec<_>, Vec<_>) = read.partition(has_warning);
    if !has_event && without.is_empty() && with.len() == 1 {
        return (!emptied.is_empty()).then(|| format!("{}{emptied}", nothing_converted(tally)));
    }
    let of_nameless = nameless.take_if(|_| are_most_nameless(tally));
    let cause = match of_nameless {
        Some(advice) => {
            let tables = table_warnings(converter, tally, reread).into_iter();
            let tables: String = tables.map(|warning| format!("; {warning}")).collect();
            format!("{advice}{}{tables}", reread.of_others())
        }
        None if !has_event && without.is_empty() => "the warnings above name the causes".to_owned(),
        None => cause(converter, tally, reread),
    };
    Some(format!("{}: {cause}{emptied}", nothing_converted(tally)))
}

/// Returns that nothing was converted, as the beginning of a message about an empty run.
pub fn nothing_converted(tally: &Tally) -> String {
    let lines = counted(tally.lines(), "line was", "lines were");
    format!("{lines} read and nothing was converted")
}

fn cause(converter: &LineConverter, tally: &Tally, reread: &Reread) -> String {
    if let Some(mut cause) = no_event_matched(converter, tally) {
        if let Some(advice) = repairable_events(tally, converter.repairs) {
            cause = format!("{cause}; {advice}");
        }
        return cause + reread.of_others();
    }
    let wanted = tally.wanted();
    let of_tables = table_warnings(converter, tally, reread).into_iter().next();
    if let Some(advice) = of_tables.filter(|_| wanted > 0) {
        return advice;
    }
    if let Some(advice) = repairable_events(tally, converter.repairs) {
        return advice + &reread.of_rejected();
    }
    if wanted > 0 {
        return all_rejected(tally, wanted);
    }
    if tally.unsupported == 0 {
        let reasons = most_frequent_reasons(tally, true);
        return format!(
            "no line is an event ({reasons}); `explain` shows what is wrong with each line"
        );
    }
    let unsupported = &tally.details.unsupported;
    let patterns = converter.selection.patterns();
    let is_default = patterns == ["default"];
    let kinds = match (unsupported.named, unsupported.unnamed) {
        (0, 0) => "; all are implicit events, which the LMS logs for each request",
        (0, _) => "; `explain` shows the events",
        _ if is_default => "; `--verbose` lists the kinds, and `--events all` adds a few",
        _ => "; `--verbose` lists the kinds",
    };
    if is_default {
        let format = converter.format.format().title();
        let again = match unsupported.named {
            0 => "",
            _ => reread.of_others(),
        };
        return format!(
            "no event is of a kind that is converted to {format} by default{kinds}{again}"
        );
    }
    let patterns = patterns.join(",");
    format!(
        "no event is one of `--events {patterns}`{kinds}{}",
        reread.of_others()
    )
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
    let by_reason = tally.details.rejected.by_reason();
    let most = by_reason.max_by_key(|(_, rejected)| rejected.events);
    let because = most.map_or_else(String::new, |(_, rejected)| because(rejected, wanted));
    format!("{events} rejected ({reasons}){because}; `explain` shows the details")
}
