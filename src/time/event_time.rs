//! Event times: in UTC, printed to the millisecond, cut off and not rounded (`helpers.convert_datetime_to_iso`).
//!
//! The reference parses with dateutil, which takes missing parts from the clock and the time zone of the machine. Here a
//! full date, a time and an offset are required. Texts that have them print as the reference prints them.

use std::fmt::{self, Display};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use jiff::SignedDuration;
use jiff::civil::{Date, DateTime, Time, date};

/// A moment in UTC, printed as `2024-03-05T09:14:07.120Z`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct EventTime(DateTime);

impl EventTime {
    /// The time in UTC, to the microsecond.
    pub(crate) fn utc(self) -> DateTime {
        self.0
    }

    /// Parses `2024-03-05T09:14:07.120334+00:00` and its variants: a space for the `T`, a comma for the dot, `Z`, `+01` or
    /// `+0100` for the offset, no seconds, or the basic form `20240305T091407Z`.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        if !text.is_ascii() {
            return None;
        }
        let (date, rest) = text.split_once(['T', 't', ' '])?;
        let (time, offset) = rest.split_at(rest.find(['Z', 'z', '+', '-'])?);
        let (time, fraction) = match time.split_once(['.', ',']) {
            Some((time, fraction)) => (time, Some(fraction)),
            None => (time, None),
        };
        let (year, month, day) = match parts(date, b'-')? {
            [year, month, Some(day)] => (number(year?)?, number(month?)?, number(day)?),
            _ => return None,
        };
        let [hour, minute, second] = parts(time, b':')?;
        // Only seconds may have a fraction.
        let second = match second {
            Some(second) => number(second)?,
            None if fraction.is_none() => 0,
            None => return None,
        };
        let date = Date::new(
            i16::try_from(year).ok()?,
            i8::try_from(month).ok()?,
            i8::try_from(day).ok()?,
        );
        let time = Time::new(
            i8::try_from(number(hour?)?).ok()?,
            i8::try_from(number(minute?)?).ok()?,
            i8::try_from(second).ok()?,
            fraction.map_or(Some(0), nanoseconds)?,
        );
        let local = date.ok()?.to_datetime(time.ok()?);
        let moment = local.checked_sub(parse_offset(offset)?).ok()?;
        Self::in_printable_years(moment)
    }

    /// Parses a time, or a date as its midnight in UTC.
    pub(crate) fn parse_or_midnight(text: &str) -> Option<Self> {
        Self::parse(text).or_else(|| Self::parse(&format!("{text}T00:00:00Z")))
    }

    /// Parses a number of seconds since 1970, as in SOURCE_DATE_EPOCH.
    pub(crate) fn parse_unix(text: &str) -> Option<Self> {
        let since = Duration::from_secs(text.parse().ok()?);
        UNIX_EPOCH.checked_add(since).map(Self::from)
    }

    /// Refuses years before 1000, which Python prints with fewer than four digits.
    fn in_printable_years(moment: DateTime) -> Option<Self> {
        (1000..=9999)
            .contains(&moment.year())
            .then_some(Self(moment))
    }
}

/// Splits a date or time into its three parts, with separators or without.
fn parts(text: &str, separator: u8) -> Option<[Option<&str>; 3]> {
    let first = if separator == b'-' { 4 } else { 2 };
    let bytes = text.as_bytes();
    let extended = bytes.get(first) == Some(&separator);
    let gap = usize::from(extended);
    let second = first + gap;
    let third = second + 2 + gap;
    match text.len() {
        length if length == third + 2 && (!extended || bytes[third - 1] == separator) => Some([
            text.get(..first),
            text.get(second..second + 2),
            text.get(third..),
        ]),
        length if length == second + 2 && extended => {
            Some([text.get(..first), text.get(second..), None])
        }
        _ => None,
    }
}

/// Parses a fraction of a second, cut off to microseconds.
fn nanoseconds(fraction: &str) -> Option<i32> {
    let digits = number(fraction.get(..6).unwrap_or(fraction))?;
    let scale = 10_i32.pow(6 - u32::try_from(fraction.len().min(6)).ok()?);
    fraction
        .bytes()
        .all(|byte| byte.is_ascii_digit())
        .then(|| Some(i32::try_from(digits).ok()? * scale * 1000))?
}

fn parse_offset(text: &str) -> Option<SignedDuration> {
    if matches!(text, "Z" | "z") {
        return Some(SignedDuration::ZERO);
    }
    let (sign, digits) = text.split_at(1);
    let (hours, minutes) = match digits.len() {
        2 => (digits, "00"),
        4 => digits.split_at(2),
        5 => digits.split_once(':')?,
        _ => return None,
    };
    let (hours, minutes) = (number(hours)?, number(minutes)?);
    if hours > 23 || minutes > 59 {
        return None;
    }
    let offset = SignedDuration::from_mins(i64::from(hours * 60 + minutes));
    Some(if sign == "-" { -offset } else { offset })
}

/// Parses decimal digits, without a sign.
fn number(text: &str) -> Option<u32> {
    if text.bytes().all(|byte| byte.is_ascii_digit()) {
        text.parse().ok()
    } else {
        None
    }
}

impl From<SystemTime> for EventTime {
    /// Converts a time, or returns the last moment of the year 9999 if it is later.
    fn from(time: SystemTime) -> Self {
        let since = time.duration_since(UNIX_EPOCH).unwrap_or_default();
        let epoch = date(1970, 1, 1).to_datetime(Time::midnight());
        let since = SignedDuration::try_from(since).unwrap_or(SignedDuration::MAX);
        Self(epoch.saturating_add(since))
    }
}

impl Display for EventTime {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (date, time) = (self.0.date(), self.0.time());
        write!(
            formatter,
            "{:04}-{:02}-{:02}",
            date.year(),
            date.month(),
            date.day()
        )?;
        write!(
            formatter,
            "T{:02}:{:02}:{:02}.{:03}Z",
            time.hour(),
            time.minute(),
            time.second(),
            time.millisecond()
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn printed(text: &str) -> Option<String> {
        EventTime::parse(text).map(|time| time.to_string())
    }

    /// Each row was made by the reference.
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
    fn a_time_without_date_seconds_or_offset_is_refused() {
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
        ] {
            assert_eq!(printed(text), None, "{text}");
        }
    }
}
