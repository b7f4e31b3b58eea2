//! Statement timestamps: ISO 8601 as the aniso8601 library reads it, printed as Python's `isoformat()`.
//!
//! aniso8601 takes more than logs hold and less than one may think: `T` and an offset are needed, date and time may be
//! basic or extended, dates may be by week or by day of the year, the last part of a time may have a decimal fraction
//! with a dot or a comma. Hour 24 is midnight of the same day. A number is seconds since 1970.
//!
//! Sources: aniso8601 10.0.1 (`parse_date`, `parse_time`, `parse_timezone` and `PythonTimeBuilder`), tincan 1.0.0
//! (`make_datetime`), CPython 3.11 (`datetime.utcfromtimestamp`).

use std::fmt::{self, Display};

use jiff::Span;
use jiff::civil::{Date, ISOWeekDate, Weekday, date};
use num_bigint::BigUint;

use crate::tracking::Value;

const SECOND: i64 = 1_000_000;
const MINUTE: i64 = 60 * SECOND;
const HOUR: i64 = 60 * MINUTE;
const DAY: i64 = 24 * HOUR;

/// A moment with its offset from UTC, printed as Python's `datetime.isoformat()`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Timestamp {
    date: Date,
    /// Microseconds since midnight.
    time: i64,
    /// Minutes east of UTC.
    offset: i64,
}

impl Timestamp {
    /// Reads the value of a log's `timestamp`.
    pub(super) fn from_value(value: Value<'_>) -> Option<Self> {
        match value {
            Value::Str(text) => Self::parse(text),
            Value::Bool(value) => Self::from_unix(i64::from(value), 0),
            Value::Int(seconds) => Self::from_unix(seconds, 0),
            Value::Float(seconds) => Self::from_unix_float(seconds),
            Value::Null | Value::BigInt(_) | Value::Array(_) | Value::Object(_) => None,
        }
    }

    fn parse(text: &str) -> Option<Self> {
        // Nothing else parses, and it lets the parts be cut by length.
        if !text.is_ascii() {
            return None;
        }
        let (date, mut time) = text.split_once('T')?;
        let mut offset = None;
        // In this order, as the library does: of `+00:00Z` the `Z` is dropped.
        for delimiter in ['Z', '+', '-'] {
            if let Some(at) = time.find(delimiter) {
                offset = Some(&time[at..]);
                time = &time[..at];
            }
        }
        Some(Self {
            date: parse_date(date)?,
            time: parse_time(time)?,
            offset: parse_offset(offset?)?,
        })
    }

    /// Rounds half to even, to the microsecond.
    fn from_unix_float(seconds: f64) -> Option<Self> {
        /// Far past the year 9999, and safe to convert.
        const LIMIT: f64 = 1e15;

        let whole = seconds.trunc();
        let microseconds = ((seconds - whole) * SECOND as f64).round_ties_even();
        if whole.abs() < LIMIT {
            Self::from_unix(whole as i64, microseconds as i64)
        } else {
            None
        }
    }

    fn from_unix(seconds: i64, microseconds: i64) -> Option<Self> {
        let microseconds = seconds.checked_mul(SECOND)?.checked_add(microseconds)?;
        let days = microseconds.div_euclid(DAY);
        // Any more is no year that there is, and a span takes only so many.
        let days = Span::new().try_days(days).ok()?;
        let date = date(1970, 1, 1).checked_add(days).ok()?;
        in_python_years(date).map(|date| Self {
            date,
            time: microseconds.rem_euclid(DAY),
            offset: 0,
        })
    }
}

impl Display for Timestamp {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (year, month, day) = (self.date.year(), self.date.month(), self.date.day());
        let (hour, minute, second) = (
            self.time / HOUR,
            self.time / MINUTE % 60,
            self.time / SECOND % 60,
        );
        write!(
            formatter,
            "{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}"
        )?;
        let fraction = self.time % SECOND;
        if fraction != 0 {
            write!(formatter, ".{fraction:06}")?;
        }
        let sign = if self.offset < 0 { '-' } else { '+' };
        let offset = self.offset.abs();
        write!(formatter, "{sign}{:02}:{:02}", offset / 60, offset % 60)
    }
}

fn parse_date(text: &str) -> Option<Date> {
    if text.starts_with(['+', '-']) || text.bytes().filter(|&byte| byte == b'-').count() > 2 {
        return None;
    }
    let part = |range| digits(text.get(range)?);
    let year = match text.len() {
        // A century, as in `20`.
        2 => part(0..2)? * 100,
        _ => part(0..4)?,
    };
    if year < 1 {
        return None;
    }
    let date = match (text.len(), text.contains('W'), text.contains('-')) {
        (2 | 4, _, _) => new_date(year, 1, 1),
        (10, true, _) => week_date(year, part(6..8)?, part(9..10)?),
        (8, true, true) => week_date(year, part(6..8)?, 1),
        (8, true, false) => week_date(year, part(5..7)?, part(7..8)?),
        (7, true, _) => week_date(year, part(5..7)?, 1),
        (10, false, _) => new_date(year, part(5..7)?, part(8..10)?),
        (8, false, true) => ordinal_date(year, part(5..8)?),
        (8, false, false) => new_date(year, part(4..6)?, part(6..8)?),
        (7, false, true) => new_date(year, part(5..7)?, 1),
        (7, false, false) => ordinal_date(year, part(4..7)?),
        _ => None,
    };
    in_python_years(date?)
}

fn new_date(year: i64, month: i64, day: i64) -> Option<Date> {
    Date::new(
        year.try_into().ok()?,
        month.try_into().ok()?,
        day.try_into().ok()?,
    )
    .ok()
}

fn ordinal_date(year: i64, day: i64) -> Option<Date> {
    let first = new_date(year, 1, 1)?;
    (1..=i64::from(first.days_in_year()))
        .contains(&day)
        .then(|| first.checked_add(Span::new().days(day - 1)).ok())?
}

/// The week date of ISO 8601, where week 53 of a short year runs on into the next.
fn week_date(year: i64, week: i64, weekday: i64) -> Option<Date> {
    if !(1..=53).contains(&week) || !(1..=7).contains(&weekday) {
        return None;
    }
    let first = ISOWeekDate::new(year.try_into().ok()?, 1, Weekday::Monday)
        .ok()?
        .date();
    first
        .checked_add(Span::new().days((week - 1) * 7 + weekday - 1))
        .ok()
}

/// Python has the years 1 to 9999.
fn in_python_years(date: Date) -> Option<Date> {
    (date.year() >= 1).then_some(date)
}

/// Microseconds since midnight. Digits past the microsecond are cut.
fn parse_time(text: &str) -> Option<i64> {
    let (text, fraction) = match text.split_once(['.', ',']) {
        Some((text, fraction)) => (text, Some(fraction)),
        None => (text, None),
    };
    let colons = text.bytes().filter(|&byte| byte == b':').count();
    let parts = match (text.len(), colons) {
        (2, _) => [Some(text), None, None],
        (4 | 5, 1) => {
            let (hour, minute) = text.split_once(':')?;
            [Some(hour), Some(minute), None]
        }
        (4 | 5, _) => [Some(&text[..2]), Some(&text[2..]), None],
        (6 | 8, 2) => {
            let (hour, rest) = text.split_once(':')?;
            let (minute, second) = rest.split_once(':')?;
            [Some(hour), Some(minute), Some(second)]
        }
        (6 | 8, _) => [Some(&text[..2]), Some(&text[2..4]), Some(&text[4..])],
        _ => return None,
    };
    let last = parts.iter().flatten().count() - 1;
    let mut time = 0;
    for (nth, (part, (unit, limit))) in parts
        .iter()
        .zip([(HOUR, 24_u8), (MINUTE, 59), (SECOND, 60)])
        .enumerate()
    {
        let Some(part) = part else { break };
        let whole = digits(part)?;
        let fraction = if nth == last { fraction } else { None };
        let past = match fraction {
            Some(fraction) => scaled_fraction(fraction, unit)?,
            None => 0,
        };
        // The limits hold for the part with its fraction, as a float, so there is no half past minute 59. Second 60 is
        // refused, but the library overlooks one with a fraction that is nothing to a float.
        let as_float = match fraction {
            Some(fraction) => format!("{part}.{fraction}").parse().ok()?,
            None => whole as f64,
        };
        if as_float > f64::from(limit) || (whole == 60 && fraction.is_none()) {
            return None;
        }
        time += whole * unit + past;
    }
    // Hour 24 may be followed by nothing but zeros, and those without a fraction.
    if time >= DAY && digits(parts[0]?)? == 24 && (time != DAY || (last > 0 && fraction.is_some()))
    {
        return None;
    }
    Some(time % DAY)
}

/// A decimal fraction of a unit, in microseconds, cut off below. Python reads at most so many digits.
fn scaled_fraction(fraction: &str, unit: i64) -> Option<i64> {
    const MOST_DIGITS: usize = 4300;
    /// So many digits fit an i64.
    const FEW_DIGITS: usize = 18;

    let length = u32::try_from(fraction.len()).ok()?;
    if fraction.is_empty()
        || fraction.len() > MOST_DIGITS
        || !fraction.bytes().all(|byte| byte.is_ascii_digit())
    {
        return None;
    }
    if fraction.len() <= FEW_DIGITS {
        let scaled = i128::from(digits(fraction)?) * i128::from(unit) / 10i128.pow(length);
        return i64::try_from(scaled).ok();
    }
    let scaled = fraction.parse::<BigUint>().ok()? * BigUint::from(unit.unsigned_abs())
        / BigUint::from(10u8).pow(length);
    i64::try_from(scaled).ok()
}

/// `Z`, `±hh`, `±hhmm` or `±hh:mm`, in minutes. Minus nothing is refused.
fn parse_offset(text: &str) -> Option<i64> {
    if text == "Z" {
        return Some(0);
    }
    let (hours, minutes) = match text.len() {
        3 => (digits(&text[1..3])?, 0),
        5 => (digits(&text[1..3])?, digits(&text[3..5])?),
        6 => (digits(&text[1..3])?, digits(&text[4..6])?),
        _ => return None,
    };
    let offset = hours * 60 + minutes;
    match text.as_bytes()[0] {
        _ if hours > 23 || minutes > 59 => None,
        b'+' => Some(offset),
        b'-' if offset > 0 => Some(-offset),
        _ => None,
    }
}

/// Decimal digits and nothing else.
fn digits(text: &str) -> Option<i64> {
    if text.bytes().all(|byte| byte.is_ascii_digit()) {
        text.parse().ok()
    } else {
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn printed(value: Value<'_>) -> Option<String> {
        Timestamp::from_value(value).map(|timestamp| timestamp.to_string())
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
            assert_eq!(printed(Value::Str(text)).as_deref(), isoformat, "{text}");
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
                printed(Value::Float(seconds)).as_deref(),
                isoformat,
                "{seconds}"
            );
        }
        assert_eq!(
            printed(Value::Int(-1)).as_deref(),
            Some("1969-12-31T23:59:59+00:00")
        );
        assert_eq!(
            printed(Value::Bool(true)).as_deref(),
            Some("1970-01-01T00:00:01+00:00")
        );
        assert_eq!(printed(Value::Int(i64::MAX)), None);
    }
}
