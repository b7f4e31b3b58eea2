//! Times of ClickHouse rows: seconds since 1970 as text, with six decimals.
//!
//! ClickHouse reads a time of a row by its setting `date_time_input_format`, which is `basic` by default in releases up
//! to 25.8 and `best_effort` in later ones. A text such as `2024-03-05T09:14:07.123456Z` is not read with `basic`, and
//! before 1970 it is read one second wrong with `best_effort` of 25.8. A text without `Z` depends on the time zone of the
//! session. Seconds with at least nine digits before the point are read in the same way with both values, from 1970 up to
//! 2286. Other seconds are read with `basic` only.

use std::fmt::{self, Display};

use jiff::civil::{DateTime, Time, date};

/// A time as a number of seconds since 1970, in the range of ClickHouse's DateTime64(6): the years 1900 to 2299.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct UnixText {
    /// Microseconds since 1970.
    microseconds: i64,
}

impl UnixText {
    /// The years that DateTime64 can hold. ClickHouse replaces earlier and later times by the first or last moment of
    /// these years.
    const YEARS: std::ops::RangeInclusive<i16> = 1900..=2299;

    /// The first number of seconds with eleven digits.
    const ELEVEN_DIGITS: i64 = 10_000_000_000;

    /// Returns the text of a time in UTC. Returns `None` if the time is not in the years 1900 to 2299, or in the last
    /// second before 1970, such as `-0.5`: ClickHouse ignores the minus sign before a zero.
    pub(crate) fn of(utc: DateTime) -> Option<Self> {
        if !Self::YEARS.contains(&utc.year()) {
            return None;
        }
        let epoch = date(1970, 1, 1).to_datetime(Time::midnight());
        let microseconds = i64::try_from(utc.duration_since(epoch).as_micros()).ok()?;
        let loses_sign = (-999_999..0).contains(&microseconds);
        (!loses_sign).then_some(Self { microseconds })
    }

    /// Returns the microseconds since 1970.
    pub(crate) fn microseconds(self) -> i64 {
        self.microseconds
    }

    /// Returns whether ClickHouse reads the text only with `date_time_input_format=basic`.
    pub(crate) fn needs_basic(self) -> bool {
        !(0..Self::ELEVEN_DIGITS * 1_000_000).contains(&self.microseconds)
    }
}

impl Display for UnixText {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let sign = if self.microseconds < 0 { "-" } else { "" };
        let microseconds = self.microseconds.unsigned_abs();
        let (seconds, fraction) = (microseconds / 1_000_000, microseconds % 1_000_000);
        write!(formatter, "{sign}{seconds:09}.{fraction:06}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::time::Timestamp;

    /// ClickHouse 25.8 and 26.9 read each text as the time beside it.
    #[test]
    fn seconds_have_at_least_nine_digits_and_six_decimals() {
        for (time, text) in [
            ("2024-03-05T09:14:07.123456Z", "1709630047.123456"),
            ("2024-03-05T10:14:07+01:00", "1709630047.000000"),
            ("1970-01-01T00:00:00Z", "000000000.000000"),
            ("1970-01-01T00:00:01.500000Z", "000000001.500000"),
            ("1973-03-03T09:46:39.999999Z", "099999999.999999"),
            ("2286-11-20T17:46:39.999999Z", "9999999999.999999"),
            ("2286-11-20T17:46:40Z", "10000000000.000000"),
            ("2299-12-31T23:59:59.999999Z", "10413791999.999999"),
            ("1969-12-31T23:59:59Z", "-000000001.000000"),
            ("1900-01-01T00:00:00.000001Z", "-2208988799.999999"),
        ] {
            let unix = UnixText::of(Timestamp::parse(time).unwrap().utc()).unwrap();
            assert_eq!(unix.to_string(), text);
        }
    }

    #[test]
    fn times_that_clickhouse_would_change_have_no_text() {
        for time in [
            "1899-12-31T23:59:59.999999Z",
            "2300-01-01T00:00:00Z",
            "1900-01-01T00:30:00+01:00",
            "1969-12-31T23:59:59.000001Z",
            "1969-12-31T23:59:59.999999Z",
        ] {
            assert_eq!(
                UnixText::of(Timestamp::parse(time).unwrap().utc()),
                None,
                "{time}"
            );
        }
    }
}
