//! The families of events, in the order of charts and legends.

use std::collections::BTreeMap;

use crate::contents::OTHER_FAMILY;
use crate::family::Family;

/// The number of families, and of the events that are of no family. The style sheet has a colour for each. The colours of
/// any two differ also for people who are colour-blind.
pub const COLOURS: usize = Family::ALL.len() + 1;

/// The position of the events that no format converts.
pub const OTHER: usize = COLOURS - 1;

/// The number of events of each family, by position.
pub type Counts = [u64; COLOURS];

/// Returns the position of a family.
fn position_of(family: Family) -> usize {
    match family {
        Family::Video => 0,
        Family::Problem => 1,
        Family::Navigation => 2,
        Family::Enrollment => 3,
        Family::Completion => 4,
        Family::Grading => 5,
        Family::Forum => 6,
        Family::Exam => 7,
    }
}

/// Returns the position of the family with a name, or of the events of no family.
pub fn position(name: Option<&str>) -> usize {
    let family = Family::ALL
        .into_iter()
        .find(|family| name == Some(family.name()));
    family.map_or(OTHER, position_of)
}

/// Returns the name of the family at a position.
pub fn name_at(position: usize) -> &'static str {
    let family = Family::ALL
        .into_iter()
        .find(|&family| position_of(family) == position);
    family.map_or(OTHER_FAMILY, Family::name)
}

/// Returns the class of the style sheet that has the colour of a family.
pub fn class(position: usize) -> String {
    format!("f{position}")
}

/// Adds the counts of a day.
pub fn add(counts: &mut Counts, day: &BTreeMap<&'static str, u64>) {
    for (family, count) in day {
        counts[position(Some(family))] += count;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_family_has_a_position_of_its_own() {
        let mut counts = Counts::default();
        let names = Family::ALL.map(Family::name);
        let day = names.into_iter().chain([OTHER_FAMILY]).zip(1..);
        add(&mut counts, &day.collect());
        assert_eq!(counts.iter().sum::<u64>(), 45);
        assert!(counts.iter().all(|&count| count > 0), "{counts:?}");
        assert_eq!(counts[OTHER], 9);
        assert!((0..COLOURS).all(|nth| position(Some(name_at(nth))) == nth));
    }
}
