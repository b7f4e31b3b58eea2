//! The lines that are shown.

use crate::outcome::{Outcome, Reason};

/// The words of the outcomes that a line may have by itself. Duplicates are found only among several lines.
pub const OUTCOMES: [&str; 5] = [
    "emitted",
    "unsupported",
    "filtered",
    "rejected",
    "unparsable",
];

/// The outcomes and reasons of the lines that are shown, and the number of these lines.
#[derive(Debug, Default)]
pub struct Chosen {
    /// Words of [`OUTCOMES`] in any case. Without any, lines of all outcomes are shown.
    pub outcomes: Vec<String>,
    /// Without reasons, lines are shown whatever their reason is.
    pub reasons: Vec<Reason>,
    /// The most lines that are shown.
    pub limit: Option<u64>,
}

impl Chosen {
    /// Returns whether lines of all outcomes are shown, however many they are.
    pub fn is_default(&self) -> bool {
        self.outcomes.is_empty() && self.reasons.is_empty() && self.limit.is_none()
    }

    /// Returns whether lines with this outcome are shown.
    pub fn takes(&self, outcome: &Outcome) -> bool {
        let word = outcome.word();
        let mut outcomes = self.outcomes.iter();
        let is_outcome =
            self.outcomes.is_empty() || outcomes.any(|one| one.eq_ignore_ascii_case(word));
        let reason = outcome.fault().map(|(reason, _)| reason);
        let is_reason =
            self.reasons.is_empty() || reason.is_some_and(|reason| self.reasons.contains(&reason));
        is_outcome && is_reason
    }
}
