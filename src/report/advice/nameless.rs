//! Events without a name that an option would convert.

use super::many::{MANY, is_above};
use crate::format::Format;
use crate::outcome::Tally;
use crate::text::counted;

/// Returns advice about events without a name whose `event_type` is the name of events that are converted. Returns `None`
/// if such events are few beside all events of the kinds that are converted: then they are odd lines, of which a healthy log
/// has some. Logs from before mid-2020 lack the name in all server events. Beside many videos, these may be a small share,
/// too.
pub fn nameless_events(tally: &Tally, format: Format) -> Option<String> {
    let nameless = tally.details.unsupported.named_by_type;
    let lines = counted(nameless, "line has", "lines have");
    let format = format.title();
    are_many_nameless(tally).then(|| {
        format!(
            "{lines} no name but an event_type that {format} takes: use `--name-from-event-type`, or `--repair all` for all old forms"
        )
    })
}

/// Returns whether the events without a name are so many that the run gives advice about them.
pub fn are_many_nameless(tally: &Tally) -> bool {
    let nameless = tally.details.unsupported.named_by_type;
    let is_above = |percent| is_above(percent, nameless, nameless + converted_kinds(tally));
    nameless >= MANY || is_above(10) || nameless >= 10 && is_above(1)
}

/// Returns whether most events of the kinds that are converted have no name.
pub fn are_most_nameless(tally: &Tally) -> bool {
    tally.details.unsupported.named_by_type > converted_kinds(tally)
}

/// Returns the number of events with a name that is converted, also if a filter left them out.
fn converted_kinds(tally: &Tally) -> u64 {
    tally.wanted() + tally.filtered.total()
}
