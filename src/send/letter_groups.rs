//! The dead letters of a router, counted by their reason and answer.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;

use super::masked_answer::masked_answer;

/// The dead letters of a router, counted by their kind.
#[derive(Clone, Debug, Default)]
pub struct LetterGroups(BTreeMap<LetterKind, LetterGroup>);

/// The reason and the answer that the dead letters of a group have in common.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct LetterKind {
    /// The code of the reason.
    pub reason: &'static str,
    /// The status of the answer, if there was one.
    pub status: Option<u16>,
    /// The answer, or the reason why there was no answer. Ids, numbers, addresses and quoted values are masked.
    pub answer: String,
}

/// The dead letters of one kind.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct LetterGroup {
    pub letters: u64,
    pub records: u64,
    /// The first lines from which the records were made.
    pub first: BTreeSet<LetterPosition>,
}

/// A line from which a record was made.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct LetterPosition {
    pub file: String,
    pub line: u64,
    /// The number of the byte of the line, from 1, at which the event begins. Absent for the first byte.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub byte: Option<u64>,
}

/// The number of positions that are kept of each group.
const POSITIONS: usize = 3;

/// The most groups. The answers of further dead letters are not kept, so that memory is bounded even if each answer is
/// different.
const MAX_GROUPS: usize = 1000;

impl LetterGroups {
    /// Counts a dead letter.
    pub fn add<'f>(
        &mut self,
        reason: &'static str,
        status: Option<u16>,
        answer: &str,
        positions: impl Iterator<Item = (&'f str, u64, Option<u64>)>,
    ) {
        let mut kind = LetterKind {
            reason,
            status,
            answer: masked_answer(answer),
        };
        if self.0.len() >= MAX_GROUPS && !self.0.contains_key(&kind) {
            kind.answer = "(other answers)".to_owned();
        }
        let group = self.0.entry(kind).or_default();
        group.letters += 1;
        for (file, line, byte) in positions {
            group.records += 1;
            let last = group.first.last();
            let is_early = last
                .is_none_or(|last| (file, line, byte) < (last.file.as_str(), last.line, last.byte));
            if is_early || group.first.len() < POSITIONS {
                group.first.insert(LetterPosition {
                    file: file.to_owned(),
                    line,
                    byte,
                });
            }
            if group.first.len() > POSITIONS {
                group.first.pop_last();
            }
        }
    }

    /// Returns the groups, the largest first.
    pub fn largest_first(&self) -> Vec<(&LetterKind, &LetterGroup)> {
        let mut groups: Vec<_> = self.0.iter().collect();
        groups.sort_by_key(|(_, group)| std::cmp::Reverse((group.records, group.letters)));
        groups
    }

    /// Returns the number of dead letters.
    pub fn letters(&self) -> u64 {
        self.0.values().map(|group| group.letters).sum()
    }

    /// Returns the number of records in the dead letters.
    pub fn records(&self) -> u64 {
        self.0.values().map(|group| group.records).sum()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dead_letters_with_the_same_answer_are_one_group_with_its_first_lines() {
        let mut groups = LetterGroups::default();
        for line in [9, 3, 7, 1, 8] {
            let answer = format!("statements.{line}.id: must be an IRI");
            let positions = [("b", line, None), ("a", line + 1, None)];
            groups.add("refused", Some(400), &answer, positions.into_iter());
        }
        groups.add("unavailable", None, "closed", [("c", 1, None)].into_iter());
        let all = groups.largest_first();
        assert_eq!(all.len(), 2);
        let (kind, group) = all[0];
        assert_eq!(kind.answer, "statements.*.id: must be an IRI");
        assert_eq!((group.letters, group.records), (5, 10));
        let first = group.first.iter();
        let first: Vec<_> = first.map(|at| (at.file.as_str(), at.line)).collect();
        assert_eq!(first, [("a", 2), ("a", 4), ("a", 8)]);
        assert_eq!((groups.letters(), groups.records()), (6, 11));
    }

    #[test]
    fn the_number_of_groups_is_bounded() {
        let mut groups = LetterGroups::default();
        for nth in 0..2000u32 {
            let letters = nth.to_string();
            let answer: String = letters.chars().map(|c| (c as u8 + 49) as char).collect();
            groups.add("refused", Some(400), &answer, [("a", 1, None)].into_iter());
        }
        assert_eq!(groups.largest_first().len(), MAX_GROUPS + 1);
        assert_eq!(groups.letters(), 2000);
    }
}
