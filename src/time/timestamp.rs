//! Timestamps of statements: read as ISO 8601 or as seconds since 1970, printed as by Python's `isoformat()`.
//!
//! Sources: tincan 1.0.0 (`make_datetime`, `jsonify_datetime`), CPython 3.11 (`datetime.utcfromtimestamp`).

use bumpalo::Bump;
use jiff::civil::{Date, DateTime, Time, date};
use jiff::{SignedDuration, Span};

use super::iso8601::{self, DAY, HOUR, MINUTE, SECOND, in_python_years};

/// A moment with its offset from UTC.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Timestamp {
    date: Date,
    /// Microseconds since midnight.
    time: i64,
    /// Minutes east of UTC.
    offset: i64,
}

impl Timestamp {
    /// Returns the same moment in UTC, or the last moment of the year 9999 if it is later.
    pub(crate) fn utc(self) -> DateTime {
        let since_midnight = self.time - self.offset * MINUTE;
        if let Some(time) = time_of_day(since_midnight) {
            return self.date.to_datetime(time);
        }
        let since_midnight = SignedDuration::from_micros(since_midnight);
        self.date
            .to_datetime(Time::midnight())
            .saturating_add(since_midnight)
    }

    /// Parses ISO 8601 with an offset, as aniso8601 does.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let (date, time, offset) = iso8601::parse(text)?;
        Some(Self { date, time, offset })
    }

    /// Converts seconds since 1970, rounded half to even to the microsecond.
    pub(crate) fn from_unix_f64(seconds: f64) -> Option<Self> {
        /// Far past the year 9999, and safe to convert.
        const LIMIT: f64 = 1e15;

        let whole = seconds.trunc();
        let microseconds = ((seconds - whole) * SECOND as f64).round_ties_even();
        if whole.abs() < LIMIT {
            Self::from_unix_parts(whole as i64, microseconds as i64)
        } else {
            None
        }
    }

    /// Converts seconds since 1970.
    pub(crate) fn from_unix(seconds: i64) -> Option<Self> {
        Self::from_unix_parts(seconds, 0)
    }

    fn from_unix_parts(seconds: i64, microseconds: i64) -> Option<Self> {
        let microseconds = seconds.checked_mul(SECOND)?.checked_add(microseconds)?;
        let days = microseconds.div_euclid(DAY);
        // A span holds more days than there are in 9999 years.
        let days = Span::new().try_days(days).ok()?;
        let date = date(1970, 1, 1).checked_add(days).ok()?;
        in_python_years(date).map(|date| Self {
            date,
            time: microseconds.rem_euclid(DAY),
            offset: 0,
        })
    }
}

/// Converts microseconds since midnight, unless they are of another day. Faster than arithmetic with dates, and enough for
/// the times in UTC, which are most.
fn time_of_day(microseconds: i64) -> Option<Time> {
    let (seconds, fraction) = (
        microseconds.div_euclid(SECOND),
        microseconds.rem_euclid(SECOND),
    );
    Time::new(
        i8::try_from(seconds.div_euclid(3600)).ok()?,
        i8::try_from(seconds.rem_euclid(3600) / 60).ok()?,
        i8::try_from(seconds.rem_euclid(60)).ok()?,
        i32::try_from(fraction * 1000).ok()?,
    )
    .ok()
}

impl Timestamp {
    /// Prints the timestamp as Python's `datetime.isoformat()` does.
    pub(crate) fn printed(self, arena: &Bump) -> &str {
        let (year, month, day) = (self.date.year(), self.date.month(), self.date.day());
        let (hour, minute, second) = (
            self.time / HOUR,
            self.time / MINUTE % 60,
            self.time / SECOND % 60,
        );
        let fraction = self.time % SECOND;
        let sign = if self.offset < 0 { b'-' } else { b'+' };
        let offset = self.offset.abs();
        // With `format_args!` for each number this would take ten times as long.
        let mut text = *b"....-..-..T..:..:...............";
        put_digits(&mut text[..4], year.into());
        put_digits(&mut text[5..7], month.into());
        put_digits(&mut text[8..10], day.into());
        put_digits(&mut text[11..13], hour);
        put_digits(&mut text[14..16], minute);
        put_digits(&mut text[17..19], second);
        let mut length = 19;
        if fraction != 0 {
            put_digits(&mut text[20..26], fraction);
            length = 26;
        }
        text[length] = sign;
        put_digits(&mut text[length + 1..length + 3], offset / 60);
        text[length + 3] = b':';
        put_digits(&mut text[length + 4..length + 6], offset % 60);
        // The text is ASCII.
        let text = std::str::from_utf8(&text[..length + 6]).unwrap_or_default();
        arena.alloc_str(text)
    }
}

/// Fills `digits` with the last decimal digits of a number from 0 to `u32::MAX`.
#[inline]
fn put_digits(digits: &mut [u8], number: i64) {
    // Division of 32 bits without a sign is faster.
    let mut number = number as u32;
    for digit in digits.iter_mut().rev() {
        *digit = b'0' + (number % 10) as u8;
        number /= 10;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn printed(timestamp: Option<Timestamp>) -> Option<String> {
        let arena = Bump::new();
        timestamp.map(|timestamp| timestamp.printed(&arena).to_owned())
    }

    /// Each row was made by tincan with aniso8601.
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

    /// Each row was made by CPython.
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
