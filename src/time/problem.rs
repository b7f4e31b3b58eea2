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
    YearZero,
    /// The year is before 1000, so that Python prints it with fewer than four digits.
    EarlyYear,
    LateYear,
    NoSuchDate,
    NoSuchTimeOfDay,
    /// The hour is 24, or the second is 60.
    MidnightOrLeapSecond,
    NoSuchOffset,
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
            Self::YearZero => "has the year 0, which does not exist",
            Self::EarlyYear => "is before the year 1000",
            Self::LateYear => "is after the year 9999",
            Self::NoSuchDate => "has a date that does not exist",
            Self::NoSuchTimeOfDay => "has a time of day that does not exist",
            Self::MidnightOrLeapSecond => {
                "has the hour 24 or the second 60 in a form that is not taken"
            }
            Self::NoSuchOffset => "has an offset that does not exist",
            Self::OtherForm => "is not in the form 2024-03-05T09:14:07.120334+00:00 of ISO 8601",
            Self::Unreadable => "cannot be read as a date and time",
        })
    }
}
