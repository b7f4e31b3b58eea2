//! Events that repairs would convert.

use super::many::{MANY, is_above};
use super::nameless::are_many_nameless;
use crate::outcome::{Repair, RepairSet, Tally};
use crate::text::counted;

/// Returns advice about events that were not converted, and that repairs would convert. Returns `None` if such events
/// are few, and at most a twentieth of all events that are wanted: a healthy log has some odd events, too. Returns
/// `None` for lines of a rejects file, about which the run that rejected them has given advice.
///
/// The advice names all repairs that the next run needs: those of this run, which are `given`, too, and the one for events
/// without a name.
pub fn repairable_events(tally: &Tally, given: RepairSet) -> Option<String> {
    let count = repairable(tally);
    if !is_worth_repairing(tally) || tally.details.rows == tally.lines() {
        return None;
    }
    let sets = tally.details.repairable.keys();
    let mut missing: RepairSet = sets.flat_map(|repairs| repairs.iter()).collect();
    if are_many_nameless(tally) {
        missing.insert(Repair::Name);
    }
    if are_many_nameless(tally) && !given.contains(Repair::Name) {
        let nameless = counted(
            tally.details.unsupported.named_by_type,
            "line has",
            "lines have",
        );
        return Some(format!(
            "{} an old form and not converted, and {nameless} no name but an event_type: \
             use `--repair all`, since lines without a name may be in several old forms",
            counted(count, "event is in", "events are in"),
        ));
    }
    let all: RepairSet = given.iter().chain(missing.iter()).collect();
    let added = missing.without(given);
    let does = added.iter().map(|repair| match given.is_empty() {
        true => repair.does().to_owned(),
        false => format!("`{}` {}", repair.name(), repair.does()),
    });
    let does: Vec<_> = does.collect();
    Some(format!(
        "{} an old form and not converted: use `--repair {}`{}{}",
        counted(count, "event is in", "events are in"),
        all.names(),
        if given.is_empty() { ", which " } else { "; " },
        does.join(", and ")
    ))
}

/// Returns whether the events that repairs would convert are so many that the next run should apply them.
pub fn is_worth_repairing(tally: &Tally) -> bool {
    let count = repairable(tally);
    count >= MANY || is_above(5, count, tally.wanted())
}

/// Returns whether repairs would convert more events than the run has emitted.
pub fn are_most_repairable(tally: &Tally) -> bool {
    repairable(tally) > tally.emitted
}

/// Returns the number of events that repairs would convert.
fn repairable(tally: &Tally) -> u64 {
    tally.details.repairable.values().sum()
}
