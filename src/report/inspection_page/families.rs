//! The families of events, in the order of charts and legends.

use std::collections::BTreeMap;

/// The families, and last the events that are of no family. The style sheet has a colour for each. The colours of any
/// two differ also for people who are colour-blind.
pub const FAMILIES: [&str; 9] = [
    "video",
    "problem",
    "navigation",
    "enrollment",
    "completion",
    "grading",
    "forum",
    "exam",
    OTHER,
];

/// The key of the events that no format converts.
pub const OTHER: &str = "other";

/// The number of events of each of [`FAMILIES`].
pub type Counts = [u64; FAMILIES.len()];

/// Returns the class of the style sheet that has the colour of a family.
pub fn class(family: &str) -> String {
    format!("f{}", position(family))
}

/// Returns the position of a family in [`FAMILIES`]. A family without a colour of its own counts as other.
pub fn position(family: &str) -> usize {
    let found = FAMILIES.iter().position(|name| *name == family);
    found.unwrap_or(FAMILIES.len() - 1)
}

/// Adds the counts of a day.
pub fn add(counts: &mut Counts, day: &BTreeMap<&'static str, u64>) {
    for (family, count) in day {
        counts[position(family)] += count;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_family_without_a_colour_is_counted_as_other() {
        let mut counts = Counts::default();
        add(
            &mut counts,
            &[("video", 2), ("badges", 3), ("other", 4)].into(),
        );
        assert_eq!(counts, [2, 0, 0, 0, 0, 0, 0, 0, 7]);
    }
}
