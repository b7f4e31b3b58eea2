//! The families of tracking events.

use serde::Serialize;

/// A family of events. The reference has one file of transformers for each family.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Family {
    Completion,
    Enrollment,
    Exam,
    Forum,
    Grading,
    Navigation,
    Problem,
    Video,
}

impl Family {
    /// Every family, in alphabetical order.
    pub const ALL: [Self; 8] = [
        Self::Completion,
        Self::Enrollment,
        Self::Exam,
        Self::Forum,
        Self::Grading,
        Self::Navigation,
        Self::Problem,
        Self::Video,
    ];

    /// The name, in lower case.
    pub fn name(self) -> &'static str {
        match self {
            Self::Completion => "completion",
            Self::Enrollment => "enrollment",
            Self::Exam => "exam",
            Self::Forum => "forum",
            Self::Grading => "grading",
            Self::Navigation => "navigation",
            Self::Problem => "problem",
            Self::Video => "video",
        }
    }
}
