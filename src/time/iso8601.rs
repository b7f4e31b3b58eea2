//! ISO 8601 as the aniso8601 library reads it.
//!
//! `T` and an offset are required. Date and time may be in the basic form (`20240305T091407`) or the extended form
//! (`2024-03-05T09:14:07`), dates may be by week or by day of the year, and the last part of a time may have a decimal
//! fraction with a dot or a comma. Hour 24 is midnight of the same day.
//!
//! Source: aniso8601 10.0.1 (`parse_date`, `parse_time`, `parse_timezone` and `PythonTimeBuilder`).

use jiff::civil::{Date, DateTime, ISOWeekDate, Time, Weekday};
use jiff::{SignedDuration, Span};
use num_bigint::BigUint;

const SECOND: i64 = 1_000_000;
const MINUTE: i64 = 60 * SECOND;
const HOUR: i64 = 60 * MINUTE;
const DAY: i64 = 24 * HOUR;

/// Parses a time into its local part, cut off to the microsecond, and its offset in minutes east of UTC.
pub(super) fn parse(text: &str) -> Option<(DateTime, i64)> {
    parse_common(text.as_bytes()).or_else(|| parse_any(text))
}

/// Parses only the form that logs have: `2024-03-05T09:14:07.120334+00:00`, with a fraction of six digits or none. This
/// takes an eighth of the time of `parse_any`.
pub(super) fn parse_common(text: &[u8]) -> Option<(DateTime, i64)> {
    let (start, rest) = text.split_at_checked(19)?;
    let (fraction, offset) = match rest.len() {
        13 => (rest.strip_prefix(b".")?, &rest[7..]),
        6 => (&b"000000"[..], rest),
        _ => return None,
    };
    let separators = [
        start[4], start[7], start[10], start[13], start[16], offset[3],
    ];
    if separators != *b"--T:::" || offset[0] != b'+' {
        return None;
    }
    let date = new_date(
        digits_of(&start[..4])?,
        digits_of(&start[5..7])?,
        digits_of(&start[8..10])?,
    )?;
    let time = Time::new(
        digits_of(&start[11..13])? as i8,
        digits_of(&start[14..16])? as i8,
        digits_of(&start[17..])? as i8,
        digits_of(&fraction[..6])? as i32 * 1000,
    );
    let (hours, minutes) = (digits_of(&offset[1..3])?, digits_of(&offset[4..])?);
    let is_offset = hours <= 23 && minutes <= 59;
    is_offset.then_some((date.to_datetime(time.ok()?), hours * 60 + minutes))
}

/// Parses a few decimal digits.
fn digits_of(text: &[u8]) -> Option<i64> {
    text.iter().try_fold(0, |number, byte| {
        byte.is_ascii_digit()
            .then(|| number * 10 + i64::from(byte - b'0'))
    })
}

fn parse_any(text: &str) -> Option<(DateTime, i64)> {
    // All forms are ASCII. ASCII text can be sliced at any byte.
    if !text.is_ascii() {
        return None;
    }
    let (date, mut time) = text.split_once('T')?;
    let mut offset = None;
    // aniso8601 looks for the delimiters in this order. So in `+00:00Z` the `Z` is found first, and is dropped when the
    // `+` is found.
    for delimiter in ['Z', '+', '-'] {
        if let Some(at) = time.find(delimiter) {
            offset = Some(&time[at..]);
            time = &time[..at];
        }
    }
    let local = parse_date(date)?.to_datetime(parse_time(time)?);
    Some((local, parse_offset(offset?)?))
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
    match (text.len(), text.contains('W'), text.contains('-')) {
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
    }
}

/// Makes a date. Refuses years before 1, which Python does not have. jiff refuses years after 9999, as Python does.
fn new_date(year: i64, month: i64, day: i64) -> Option<Date> {
    let (year, month, day) = (year.try_into(), month.try_into(), day.try_into());
    let date = Date::new(year.ok()?, month.ok()?, day.ok()?).ok()?;
    (date.year() >= 1).then_some(date)
}

fn ordinal_date(year: i64, day: i64) -> Option<Date> {
    let first = new_date(year, 1, 1)?.with();
    first.day_of_year(day.try_into().ok()?).build().ok()
}

/// Converts a week date. In a year of 52 weeks, week 53 stands for the first week of the next year.
fn week_date(year: i64, week: i64, weekday: i64) -> Option<Date> {
    if year < 1 || !(1..=53).contains(&week) || !(1..=7).contains(&weekday) {
        return None;
    }
    let first = ISOWeekDate::new(year.try_into().ok()?, 1, Weekday::Monday);
    let days = Span::new().days((week - 1) * 7 + weekday - 1);
    first
        .ok()?
        .date()
        .checked_add(days)
        .ok()
        .filter(|date| date.year() >= 1)
}

/// Parses a time of day. Digits past the microsecond are cut off.
fn parse_time(text: &str) -> Option<Time> {
    let (text, fraction) = match text.split_once(['.', ',']) {
        Some((text, fraction)) => (text, Some(fraction)),
        None => (text, None),
    };
    let colons = text.bytes().filter(|&byte| byte == b':').count();
    let parts = match (text.len(), colons) {
        (2, _) => vec![text],
        (4 | 5, 1) | (6 | 8, 2) => text.split(':').collect(),
        (4 | 5, _) => vec![&text[..2], &text[2..]],
        (6 | 8, _) => vec![&text[..2], &text[2..4], &text[4..]],
        _ => return None,
    };
    let last = parts.len() - 1;
    let mut time = 0;
    for (nth, (part, (unit, limit))) in parts
        .iter()
        .zip([(HOUR, 24_u8), (MINUTE, 59), (SECOND, 60)])
        .enumerate()
    {
        let whole = digits(part)?;
        let fraction = fraction.filter(|_| nth == last);
        // aniso8601 adds the fraction to the last part, and compares the sum with the limit of the part as a float. So
        // it refuses minute 59.5. It refuses second 60 too, unless the second has a fraction that is zero, or so small
        // that the float is exactly 60.
        let as_float: f64 = match fraction {
            Some(fraction) => format!("{part}.{fraction}").parse().ok()?,
            None => whole as f64,
        };
        if as_float > f64::from(limit) || (whole == 60 && fraction.is_none()) {
            return None;
        }
        time += whole * unit;
        if let Some(fraction) = fraction {
            time += scaled_fraction(fraction, unit)?;
        }
    }
    // Hour 24 is allowed only if the minutes and seconds are zero and have no fraction. A fraction of the hour itself
    // must be zero.
    if time >= DAY && digits(parts[0])? == 24 && (time != DAY || (last > 0 && fraction.is_some())) {
        return None;
    }
    Some(Time::midnight().wrapping_add(SignedDuration::from_micros(time)))
}

/// Converts a decimal fraction of a unit to microseconds, rounded down. `fraction` has the digits after the dot.
fn scaled_fraction(fraction: &str, unit: i64) -> Option<i64> {
    /// The largest number of digits that Python reads as an integer.
    const MOST_DIGITS: usize = 4300;

    let is_number = fraction.bytes().all(|byte| byte.is_ascii_digit());
    if !is_number || !(1..=MOST_DIGITS).contains(&fraction.len()) {
        return None;
    }
    let scaled = fraction.parse::<BigUint>().ok()? * unit.unsigned_abs();
    let scaled = scaled / BigUint::from(10_u8).pow(fraction.len() as u32);
    i64::try_from(scaled).ok()
}

/// Parses `Z`, `±hh`, `±hhmm` or `±hh:mm` into minutes. As in aniso8601, `-00:00` is refused, and any character may
/// stand for the colon.
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

/// Parses decimal digits, without a sign.
fn digits(text: &str) -> Option<i64> {
    let is_number = text.bytes().all(|byte| byte.is_ascii_digit());
    text.parse().ok().filter(|_| is_number)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn the_fast_parser_agrees_with_the_full_one(
            text in "[0-9]{3}[0-9]-[01][0-9]-[0-3][0-9]T[0-2][0-9]:[0-6][0-9]:[0-6][0-9](\\.[0-9]{6})?[+-][0-2][0-9]:[0-6][0-9]",
            change in proptest::option::of((any::<prop::sample::Index>(), "[ -~]")),
        ) {
            let mut text = text;
            if let Some((at, with)) = change {
                let at = at.index(text.len());
                text.replace_range(at..at + 1, &with);
            }
            if let Some(common) = parse_common(text.as_bytes()) {
                prop_assert_eq!(Some(common), parse_any(&text), "{}", text);
            }
        }
    }

    #[test]
    fn the_form_of_logs_is_read_by_the_fast_parser() {
        for text in [
            "2024-03-05T09:14:07.120334+00:00",
            "2024-02-29T23:59:59+05:30",
        ] {
            assert!(parse_common(text.as_bytes()).is_some(), "{text}");
            assert_eq!(parse_common(text.as_bytes()), parse_any(text), "{text}");
        }
    }
}
