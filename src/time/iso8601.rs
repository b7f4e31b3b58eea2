//! ISO 8601 as the aniso8601 library reads it.
//!
//! `T` and an offset are required. Date and time may be basic or extended, dates may be by week or by day of the year, and
//! the last part of a time may have a decimal fraction with a dot or a comma. Hour 24 is midnight of the same day.
//!
//! Source: aniso8601 10.0.1 (`parse_date`, `parse_time`, `parse_timezone` and `PythonTimeBuilder`).

use jiff::Span;
use jiff::civil::{Date, ISOWeekDate, Weekday};
use num_bigint::BigUint;

pub(super) const SECOND: i64 = 1_000_000;
pub(super) const MINUTE: i64 = 60 * SECOND;
pub(super) const HOUR: i64 = 60 * MINUTE;
pub(super) const DAY: i64 = 24 * HOUR;

/// Parses a time into its date, the microseconds since midnight, and the minutes east of UTC.
pub(super) fn parse(text: &str) -> Option<(Date, i64, i64)> {
    parse_common(text.as_bytes()).or_else(|| parse_any(text))
}

/// Parses the form that logs have, `2024-03-05T09:14:07.120334+00:00` with a fraction or without, in a tenth of the time.
fn parse_common(text: &[u8]) -> Option<(Date, i64, i64)> {
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
    let (hour, minute) = (digits_of(&start[11..13])?, digits_of(&start[14..16])?);
    let second = digits_of(&start[17..])?;
    let east = (digits_of(&offset[1..3])?, digits_of(&offset[4..])?);
    if hour > 23 || minute > 59 || second > 59 || east.0 > 23 || east.1 > 59 {
        return None;
    }
    let time = hour * HOUR + minute * MINUTE + second * SECOND + digits_of(&fraction[..6])?;
    Some((in_python_years(date)?, time, east.0 * 60 + east.1))
}

/// Parses a few decimal digits.
fn digits_of(text: &[u8]) -> Option<i64> {
    text.iter().try_fold(0, |number, byte| {
        byte.is_ascii_digit()
            .then(|| number * 10 + i64::from(byte - b'0'))
    })
}

fn parse_any(text: &str) -> Option<(Date, i64, i64)> {
    // Only ASCII parses, and it can be cut at any byte.
    if !text.is_ascii() {
        return None;
    }
    let (date, mut time) = text.split_once('T')?;
    let mut offset = None;
    // The library has this order, in which the `Z` of `+00:00Z` is dropped.
    for delimiter in ['Z', '+', '-'] {
        if let Some(at) = time.find(delimiter) {
            offset = Some(&time[at..]);
            time = &time[..at];
        }
    }
    Some((parse_date(date)?, parse_time(time)?, parse_offset(offset?)?))
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

/// Converts a week date. Week 53 of a short year is the first week of the next.
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

/// Refuses years before 1, which Python does not have. jiff ends with the year 9999, as Python does.
pub(super) fn in_python_years(date: Date) -> Option<Date> {
    (date.year() >= 1).then_some(date)
}

/// Parses a time of day into microseconds since midnight. Digits past the microsecond are cut off.
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
        // The library compares a part with its limit as a float, fraction included, so that minute 59.5 is refused. Second
        // 60 is refused too, unless it has a fraction that a float rounds to nothing.
        let as_float = match fraction {
            Some(fraction) => format!("{part}.{fraction}").parse().ok()?,
            None => whole as f64,
        };
        if as_float > f64::from(limit) || (whole == 60 && fraction.is_none()) {
            return None;
        }
        time += whole * unit + past;
    }
    // After hour 24 only zeros without a fraction are allowed.
    if time >= DAY && digits(parts[0]?)? == 24 && (time != DAY || (last > 0 && fraction.is_some()))
    {
        return None;
    }
    Some(time % DAY)
}

/// Parses a decimal fraction of a unit into microseconds, cut off.
fn scaled_fraction(fraction: &str, unit: i64) -> Option<i64> {
    /// The most digits that Python reads as an integer.
    const MOST_DIGITS: usize = 4300;
    /// The most digits that always fit an i64.
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

/// Parses `Z`, `±hh`, `±hhmm` or `±hh:mm` into minutes. `-00:00` is refused.
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
    if text.bytes().all(|byte| byte.is_ascii_digit()) {
        text.parse().ok()
    } else {
        None
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn what_is_common_is_read_as_anything_is(
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
