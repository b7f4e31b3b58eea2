//! Times of Caliper events and of options. They are printed in UTC with milliseconds; smaller fractions are cut off,
//! not rounded (`helpers.convert_datetime_to_iso`).
//!
//! The reference parses with dateutil, which takes missing parts from the clock and the time zone of the machine. Here
//! a full date, a time and an offset are required. A text that has all three is printed as the reference prints it.
//! Options take only the common forms, so that no time of an option is misread.

use std::fmt::{self, Display};
use std::sync::LazyLock;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use jiff::SignedDuration;
use jiff::civil::{DateTime, Time, date};
use jiff::fmt::temporal::Pieces;
use jiff::tz::Offset;
use regex::Regex;

use super::problem::TimeProblem;
use super::{dateutil, iso8601};

/// A moment in UTC, printed as `2024-03-05T09:14:07.120Z`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct EventTime(DateTime);

impl EventTime {
    /// The time in UTC, to the microsecond.
    pub(crate) fn utc(self) -> DateTime {
        self.0
    }

    /// Parses a time of an event, in any form that dateutil reads.
    ///
    /// # Errors
    /// Returns the problem if the text is no time, or if a part is missing that dateutil takes from the machine.
    pub(crate) fn parse_any_form(text: &str) -> Result<Self, TimeProblem> {
        if let Some(time) = Self::parse_common(text) {
            return Ok(time);
        }
        let (local, offset) = dateutil::parse(text)?;
        let moment = local.checked_sub(SignedDuration::from_secs(offset));
        match moment {
            Ok(moment) => Self::in_range(moment).ok_or(TimeProblem::EarlyYear),
            Err(_) if local.year() < 1000 => Err(TimeProblem::EarlyYear),
            Err(_) => Err(TimeProblem::LateYear),
        }
    }

    /// Parses `2024-03-05T09:14:07.120334+00:00` and its variants: a space for the `T`, a comma for the dot, `Z`, `+01`
    /// or `+0100` for the offset, no seconds, or the basic form `20240305T091407Z`.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        Self::parse_common(text).or_else(|| Self::in_range(Self::parse_variant(text)?))
    }

    fn parse_common(text: &str) -> Option<Self> {
        let (local, offset) = iso8601::parse_common(text.as_bytes())?;
        Self::in_range(match offset {
            0 => local,
            offset => local.checked_sub(SignedDuration::from_mins(offset)).ok()?,
        })
    }

    /// Refuses years before 1000, because Python prints them with fewer than four digits.
    fn in_range(moment: DateTime) -> Option<Self> {
        let is_in_range = (1000..=9999).contains(&moment.year());
        is_in_range.then_some(Self(moment))
    }

    /// Parses the variants with jiff. The pattern refuses other forms that jiff would read, and cuts off the fraction,
    /// of which jiff reads at most nine digits.
    fn parse_variant(text: &str) -> Option<DateTime> {
        static PATTERN: LazyLock<Option<Regex>> = LazyLock::new(|| {
            let date = r"(?:[0-9]{4}-[0-9]{2}-[0-9]{2}|[0-9]{8})";
            let time = r"(?:[0-9]{2}:[0-9]{2}(?::[0-5][0-9])?|[0-9]{4}[0-5][0-9])";
            let offset = "(?:[Zz]|[+-](?:[01][0-9]|2[0-3])(?::?[0-5][0-9])?)";
            let fraction = "(?:([.,][0-9]{1,6})[0-9]*)?";
            let pattern = format!("^({date}[Tt ]{time}){fraction}({offset})$");
            Regex::new(&pattern).ok()
        });

        let captures = PATTERN.as_ref()?.captures(text)?;
        let fraction = captures.get(2).map_or("", |fraction| fraction.as_str());
        let moment = format!("{}{fraction}{}", &captures[1], &captures[3]);
        let pieces = Pieces::parse(&moment).ok()?;
        let local = pieces.date().to_datetime(pieces.time()?);
        let offset = pieces.to_numeric_offset()?;
        local.checked_sub(offset.duration_since(Offset::UTC)).ok()
    }

    /// Parses a time, or a date such as `2024-03-05`, which stands for its midnight in UTC.
    pub(crate) fn parse_or_midnight(text: &str) -> Option<Self> {
        Self::parse(text).or_else(|| Self::parse(&format!("{text}T00:00:00Z")))
    }

    /// Parses a number of seconds since 1970, as in SOURCE_DATE_EPOCH.
    pub(crate) fn parse_unix(text: &str) -> Option<Self> {
        let since = Duration::from_secs(text.parse().ok()?);
        UNIX_EPOCH.checked_add(since).map(Self::from)
    }
}

impl From<SystemTime> for EventTime {
    /// Converts a time of the system. A time after the year 9999 becomes the last moment of that year, and a time
    /// before 1970 becomes the start of 1970.
    fn from(time: SystemTime) -> Self {
        let since = time.duration_since(UNIX_EPOCH).unwrap_or_default();
        let epoch = date(1970, 1, 1).to_datetime(Time::midnight());
        let since = SignedDuration::try_from(since).unwrap_or(SignedDuration::MAX);
        Self(epoch.saturating_add(since))
    }
}

impl Display for EventTime {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{:.3}Z", self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn printed(text: &str) -> Option<String> {
        EventTime::parse(text).map(|time| time.to_string())
    }

    /// The expected texts were printed by the reference.
    #[test]
    fn full_times_become_utc_milliseconds() {
        for (text, utc) in [
            (
                "2024-03-05T09:14:07.120334+00:00",
                "2024-03-05T09:14:07.120Z",
            ),
            (
                "2024-03-05T09:14:07.1209999+00:00",
                "2024-03-05T09:14:07.120Z",
            ),
            ("2024-03-05T09:14:07Z", "2024-03-05T09:14:07.000Z"),
            ("2024-03-05T09:14:07z", "2024-03-05T09:14:07.000Z"),
            ("2024-03-05t09:14:07Z", "2024-03-05T09:14:07.000Z"),
            ("2024-03-05 09:14:07+00:00", "2024-03-05T09:14:07.000Z"),
            ("2024-03-05T09:14Z", "2024-03-05T09:14:00.000Z"),
            ("2024-03-05T09:14:07,5+01", "2024-03-05T08:14:07.500Z"),
            ("2024-03-05T00:14:07.9-0530", "2024-03-05T05:44:07.900Z"),
            (
                "2024-12-31T23:59:59.999999-01:00",
                "2025-01-01T00:59:59.999Z",
            ),
            ("20240305T091407Z", "2024-03-05T09:14:07.000Z"),
            ("20240305T091407.12+01:30", "2024-03-05T07:44:07.120Z"),
            ("2024-03-05T09:14:07-00:00", "2024-03-05T09:14:07.000Z"),
            ("1000-01-02T00:00:00Z", "1000-01-02T00:00:00.000Z"),
            ("9999-12-31T23:00:00+05:00", "9999-12-31T18:00:00.000Z"),
            ("9999-12-31T23:59:59.9999Z", "9999-12-31T23:59:59.999Z"),
        ] {
            assert_eq!(printed(text).as_deref(), Some(utc), "{text}");
            let any_form = EventTime::parse_any_form(text).map(|time| time.to_string());
            assert_eq!(any_form.as_deref(), Ok(utc), "{text}");
        }
    }

    #[test]
    fn a_date_is_its_midnight_and_a_number_seconds_since_1970() {
        let midnight = EventTime::parse("2024-03-05T00:00:00Z");
        assert_eq!(EventTime::parse_or_midnight("2024-03-05"), midnight);
        assert_eq!(EventTime::parse_unix("1709596800"), midnight);
        for text in ["", "-1", "1.5", "99999999999999999999"] {
            assert_eq!(EventTime::parse_unix(text), None, "{text}");
        }
    }

    #[test]
    fn options_take_only_the_common_forms() {
        for text in [
            "",
            "now",
            "2024-03-05",
            "2024-03-05T09:14:07",
            "09:14:07Z",
            "2024-03-05T09Z",
            "2024-3-5T09:14:07Z",
            "2024-03T09:14:07Z",
            "2024-02-30T09:14:07Z",
            "2024-03-05T24:00:00Z",
            "2024-03-05T09:14:60Z",
            "2024-03-05T09:14:07.Z",
            "2024-03-05T09:14.5Z",
            "2024-03-05T09:14:07+24:00",
            "2024-03-05T09:14:07 UTC",
            "2024-W10-2T09:14:07Z",
            "0999-03-05T09:14:07Z",
            "2024-03-05T09:14:07+0100 ",
            "2024-03-05T0914Z",
            "2024-03-05T09:14:07Z0330",
            "2024-03-05T09:14:079Z",
        ] {
            assert_eq!(printed(text), None, "{text}");
        }
    }

    #[test]
    fn years_of_fewer_than_four_digits_are_refused() {
        for text in [
            "0999-03-05T09:14:07Z",
            "0999-03-05T09:14:07+00:00",
            "5 Mar 999 9am UTC",
        ] {
            let parsed = EventTime::parse_any_form(text);
            assert_eq!(parsed, Err(TimeProblem::EarlyYear), "{text}");
        }
    }
}
