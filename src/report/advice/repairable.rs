//! Rejected events that repairs would convert.

use std::cmp::Reverse;

use crate::outcome::{Repair, RepairSet, Tally};
use crate::text::grouped;

/// The number of events that is reported whatever their share.
const MANY: u64 = 100;

/// The number of sets of repairs that are reported.
const MOST_SHOWN: usize = 3;

/// Returns advice about rejected events that repairs would convert, the most frequent first. Leaves out repairs that
/// would convert only a few events, and at most a twentieth of all events that are wanted: a healthy log has some odd
/// events, too. Returns nothing for lines of a rejects file, about which the run that rejected them has given advice.
pub fn repairable_events(tally: &Tally) -> Vec<String> {
    if tally.details.rows == tally.lines() {
        return Vec::new();
    }
    let repairable = tally.details.repairable.iter();
    let is_worth = |count: u64| count >= MANY || count > tally.wanted() / 20;
    let mut repairable: Vec<_> = repairable.filter(|&(_, &count)| is_worth(count)).collect();
    repairable.sort_by_key(|&(&repairs, &count)| (Reverse(count), repairs));
    let shown = repairable.into_iter().take(MOST_SHOWN);
    shown
        .map(|(&repairs, &count)| advice(repairs, count))
        .collect()
}

fn advice(repairs: RepairSet, count: u64) -> String {
    let does: Vec<_> = repairs.iter().map(Repair::does).collect();
    let (names, does) = (repairs.names(), does.join(", and "));
    let (events, them) = match count {
        1 => ("rejected event has", "it"),
        _ => ("rejected events have", "them"),
    };
    format!(
        "{} {events} an old form: `--repair {names}` converts {them}, since it {does}",
        grouped(count)
    )
}
