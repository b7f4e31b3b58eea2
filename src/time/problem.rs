//! The reason why a text is not taken as a time.

use std::fmt::{self, Display};

/// A problem of a time. As a text, the problem completes a sentence that begins with "the time".
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum TimeProblem {
    BlankForT,
    WhiteSpaceAround,
    LowerCase,
    MinusZero,
    NumberAsText,
    NoDate,
    NoTimeOfDay,
    NoOffset,
    TwoDigitYear,
    /// The time names a time zone that is not UTC.
    ZoneName(String),
    /// The date or the time of day does not exist, or is not supported.
    OutOfRange,
    /// The time is complete, but not in a form of ISO 8601 that is taken.
    OtherForm,
    Unreadable,
}

impl Display for TimeProblem {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::BlankForT => "has a blank in place of the T",
            Self::WhiteSpaceAround => "has white space before or after it",
            Self::LowerCase => "has a T or Z in lower case",
            Self::MinusZero => "has the offset -00:00, which ISO 8601 excludes",
            Self::NumberAsText => "is a number given as a text",
            Self::NoDate => "has no full date",
            Self::NoTimeOfDay => "is a date without a time of day",
            Self::NoOffset => "has no offset from UTC, such as +00:00 or Z",
            Self::TwoDigitYear => "has a year of two digits",
            Self::ZoneName(zone) => {
                return write!(
                    formatter,
                    "names the time zone {zone}; only UTC, GMT, Z and numeric offsets are taken"
                );
            }
            Self::OutOfRange => {
                "has a date, time of day or offset that does not exist, or is before the year 1000"
            }
            Self::OtherForm => "is not in the form 2024-03-05T09:14:07.120334+00:00 of ISO 8601",
            Self::Unreadable => "cannot be read as a date and time",
        })
    }
}
