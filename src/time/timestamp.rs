//! Timestamps of statements: read as ISO 8601 or as seconds since 1970, printed as by Python's `isoformat()`.
//!
//! Sources: tincan 1.0.0 (`make_datetime`, `jsonify_datetime`), CPython 3.11 (`datetime.utcfromtimestamp`).

use std::fmt::Write;

use bumpalo::Bump;
use bumpalo::collections::String as ArenaString;
use jiff::SignedDuration;
use jiff::civil::{DateTime, Time, date};
use jiff::fmt::StdFmtWrite;
use jiff::fmt::temporal::DateTimePrinter;

use super::problem::TimeProblem;
use super::{dateutil, iso8601};

/// A moment with its offset from UTC.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Timestamp {
    /// The time at the offset, to the microsecond.
    local: DateTime,
    /// Minutes east of UTC.
    offset: i64,
}

impl Timestamp {
    /// Returns the same moment in UTC. A moment that is in the year 10000 in UTC becomes the last moment of the year
    /// 9999.
    pub(crate) fn utc(self) -> DateTime {
        match self.offset {
            0 => self.local,
            offset => self.local.saturating_sub(SignedDuration::from_mins(offset)),
        }
    }

    /// Returns the same moment with the offset 0.
    pub(crate) fn in_utc(self) -> Self {
        Self {
            local: self.utc(),
            offset: 0,
        }
    }

    /// Parses ISO 8601 with an offset, as aniso8601 does.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let (local, offset) = iso8601::parse(text)?;
        Some(Self { local, offset })
    }

    /// Returns the problem of a text that [`Timestamp::parse`] does not take.
    pub(crate) fn problem(text: &str) -> TimeProblem {
        match dateutil::parse(text) {
            // ISO 8601 has years before 1000.
            Ok(_) | Err(TimeProblem::EarlyYear) => {}
            Err(problem) => return problem,
        }
        let is_time = |text: &str| Self::parse(text).is_some();
        if is_time(text.trim()) {
            TimeProblem::WhiteSpaceAround
        } else if is_time(&text.replacen(' ', "T", 1)) {
            TimeProblem::BlankForT
        } else if is_time(&text.to_ascii_uppercase()) {
            TimeProblem::LowerCase
        } else if is_time(&text.replace("-00:00", "+00:00")) {
            TimeProblem::MinusZero
        } else {
            TimeProblem::OtherForm
        }
    }

    /// Converts seconds since 1970. Rounds to the microsecond, and half a microsecond to the even one.
    pub(crate) fn from_unix_f64(seconds: f64) -> Option<Self> {
        /// The first number of seconds that is refused. It is far past the year 9999, and every smaller number fits an
        /// `i64`.
        const LIMIT: f64 = 1e15;

        let whole = seconds.trunc();
        let microseconds = ((seconds - whole) * 1e6).round_ties_even();
        if whole.abs() < LIMIT {
            let fraction = SignedDuration::from_micros(microseconds as i64);
            Self::from_duration(SignedDuration::from_secs(whole as i64) + fraction)
        } else {
            None
        }
    }

    /// Converts seconds since 1970.
    pub(crate) fn from_unix(seconds: i64) -> Option<Self> {
        Self::from_duration(SignedDuration::from_secs(seconds))
    }

    /// Converts milliseconds since 1970.
    pub(crate) fn from_unix_millis(milliseconds: i64) -> Option<Self> {
        Self::from_duration(SignedDuration::from_millis(milliseconds))
    }

    /// Converts the duration since 1970. Refuses years before 1, which Python does not have.
    fn from_duration(since: SignedDuration) -> Option<Self> {
        let epoch = date(1970, 1, 1).to_datetime(Time::midnight());
        let local = epoch.checked_add(since).ok()?;
        (local.year() >= 1).then_some(Self { local, offset: 0 })
    }

    /// Prints the timestamp as Python's `datetime.isoformat()` does.
    pub(crate) fn printed(self, arena: &Bump) -> &str {
        const LENGTH: usize = "2024-03-05T09:14:07.120334+00:00".len();

        let is_whole = self.local.subsec_nanosecond() == 0;
        let printer = DateTimePrinter::new().precision(Some(if is_whole { 0 } else { 6 }));
        let mut text = ArenaString::with_capacity_in(LENGTH, arena);
        // Writing into an arena does not fail.
        let _ = printer.print_datetime(&self.local, StdFmtWrite(&mut text));
        // Almost all times are in UTC. For times in UTC, `write!` is avoided, since it would take as long as printing
        // the date and time.
        if self.offset == 0 {
            text.push_str("+00:00");
        } else {
            let sign = if self.offset < 0 { '-' } else { '+' };
            let (hours, minutes) = (self.offset.abs() / 60, self.offset.abs() % 60);
            let _ = write!(text, "{sign}{hours:02}:{minutes:02}");
        }
        text.into_bump_str()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn printed(timestamp: Option<Timestamp>) -> Option<String> {
        let arena = Bump::new();
        timestamp.map(|timestamp| timestamp.printed(&arena).to_owned())
    }

    /// The expected texts were printed by tincan, which parses with aniso8601.
    #[test]
    fn text_is_read_as_aniso8601_reads_it() {
        for (text, isoformat) in [
            (
                "2023-05-23T13:53:13.460372+00:00",
                Some("2023-05-23T13:53:13.460372+00:00"),
            ),
            (
                "2023-05-23T13:53:13.460372Z",
                Some("2023-05-23T13:53:13.460372+00:00"),
            ),
            (
                "2023-05-23T13:53:13+00:00",
                Some("2023-05-23T13:53:13+00:00"),
            ),
            (
                "2023-05-23T13:53:13.000000+05:30",
                Some("2023-05-23T13:53:13+05:30"),
            ),
            (
                "2023-05-23T13:53:13.4603729-0330",
                Some("2023-05-23T13:53:13.460372-03:30"),
            ),
            (
                "2023-05-23T13:53:13,5+01",
                Some("2023-05-23T13:53:13.500000+01:00"),
            ),
            ("20230523T135313Z", Some("2023-05-23T13:53:13+00:00")),
            ("20230523T1353Z", Some("2023-05-23T13:53:00+00:00")),
            ("2023-05-23T13Z", Some("2023-05-23T13:00:00+00:00")),
            ("2023-05-23T13.5Z", Some("2023-05-23T13:30:00+00:00")),
            ("2023-05-23T13:53.25Z", Some("2023-05-23T13:53:15+00:00")),
            ("2023-W21-2T00:00Z", Some("2023-05-23T00:00:00+00:00")),
            ("2023W212T00:00Z", Some("2023-05-23T00:00:00+00:00")),
            ("2023-W21T00Z", Some("2023-05-22T00:00:00+00:00")),
            ("2023W21T00Z", Some("2023-05-22T00:00:00+00:00")),
            ("2023-W53-7T00Z", Some("2024-01-07T00:00:00+00:00")),
            ("2023-143T00Z", Some("2023-05-23T00:00:00+00:00")),
            ("2023143T00Z", Some("2023-05-23T00:00:00+00:00")),
            ("2024-366T00Z", Some("2024-12-31T00:00:00+00:00")),
            ("2023-366T00Z", None),
            ("2023-05T00Z", Some("2023-05-01T00:00:00+00:00")),
            ("2023T00Z", Some("2023-01-01T00:00:00+00:00")),
            ("20T00Z", Some("2000-01-01T00:00:00+00:00")),
            ("2023/05/23T00Z", Some("2023-05-23T00:00:00+00:00")),
            ("2023-05-23T24:00:00Z", Some("2023-05-23T00:00:00+00:00")),
            ("2023-05-23T24:00:00.0Z", None),
            ("2023-05-23T24:00:01Z", None),
            ("2023-05-23T24Z", Some("2023-05-23T00:00:00+00:00")),
            ("2023-05-23T24.0Z", Some("2023-05-23T00:00:00+00:00")),
            ("2023-05-23T24.5Z", None),
            ("2023-05-23T23:59:60Z", None),
            ("2023-05-23T23:59:60.0Z", Some("2023-05-23T00:00:00+00:00")),
            ("2023-05-23T23:59:60.5Z", None),
            ("2023-05-23T10:59.5Z", None),
            ("2023-05-23T10:59.0Z", Some("2023-05-23T10:59:00+00:00")),
            (
                "2023-05-23T10:00:00+00:00Z",
                Some("2023-05-23T10:00:00+00:00"),
            ),
            ("2023-05-23T10:00:00-00:00", None),
            ("2023-05-23T10:00:00+24:00", None),
            (
                "2023-05-23T10:00:00+01x30",
                Some("2023-05-23T10:00:00+01:30"),
            ),
            ("2023-05-23T1:23Z", Some("2023-05-23T01:23:00+00:00")),
            ("2023-05-23T10:00:00", None),
            ("2023-05-23 10:00:00+00:00", None),
            ("2023-05-23T10:00:00.Z", None),
            ("2023-05-23T10:60:00Z", None),
            ("2023-02-29T00Z", None),
            ("2024-02-29T00Z", Some("2024-02-29T00:00:00+00:00")),
            ("0000-01-01T00Z", None),
            ("0001-01-01T00Z", Some("0001-01-01T00:00:00+00:00")),
            ("9999-W53-7T00Z", None),
            ("2023-5-23T00Z", None),
            ("", None),
            ("T", None),
            ("not a time", None),
            ("2023-05-23t10:00:00z", None),
            ("2023-05-23T10:00:00Z ", None),
            ("1-1T00Z", None),
            ("2023-05-23TZ", None),
            (
                "2023-05-23T10:00:00.123456789123456789123456789Z",
                Some("2023-05-23T10:00:00.123456+00:00"),
            ),
        ] {
            assert_eq!(
                printed(Timestamp::parse(text)).as_deref(),
                isoformat,
                "{text}"
            );
        }
    }

    #[test]
    fn times_with_offsets_convert_to_utc() {
        let utc = |text| Timestamp::parse(text).map(|timestamp| timestamp.utc().to_string());
        for (text, expected) in [
            ("2024-03-01T00:30:00.5+01:00", "2024-02-29T23:30:00.5"),
            ("2024-02-29T20:00:00.5-03:30", "2024-02-29T23:30:00.5"),
            ("0001-01-01T00Z", "0001-01-01T00:00:00"),
            ("9999-12-31T23:00-02:00", "9999-12-31T23:59:59.999999999"),
        ] {
            assert_eq!(utc(text).as_deref(), Some(expected), "{text}");
        }
    }

    /// The expected texts were printed by CPython.
    #[test]
    fn numbers_are_seconds_since_1970() {
        for (seconds, isoformat) in [
            (0.0, Some("1970-01-01T00:00:00+00:00")),
            (1400000000.123456, Some("2014-05-13T16:53:20.123456+00:00")),
            (1400000000.1234565, Some("2014-05-13T16:53:20.123456+00:00")),
            (-0.5, Some("1969-12-31T23:59:59.500000+00:00")),
            (5e-07, Some("1970-01-01T00:00:00+00:00")),
            (1.5e-06, Some("1970-01-01T00:00:00.000002+00:00")),
            (100000000000.0, Some("5138-11-16T09:46:40+00:00")),
            (253402300800.0, None),
            (-62135596800.0, Some("0001-01-01T00:00:00+00:00")),
            (-62135596801.0, None),
            (1e+300, None),
        ] {
            assert_eq!(
                printed(Timestamp::from_unix_f64(seconds)).as_deref(),
                isoformat,
                "{seconds}"
            );
        }
        assert_eq!(
            printed(Timestamp::from_unix(-1)).as_deref(),
            Some("1969-12-31T23:59:59+00:00")
        );
        assert_eq!(printed(Timestamp::from_unix(i64::MAX)), None);
    }
}
