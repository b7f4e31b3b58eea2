//! Times in any form that the dateutil library reads: ISO 8601, RFC 2822, with slashes, with the names of months, with
//! AM and PM, and many more.
//!
//! dateutil takes missing parts from the clock and from the time zone of the machine. This reader reports them as
//! missing. Texts with letters or digits that are not ASCII are refused.
//!
//! The reader is hand-written because the one crate that reads like dateutil, dtparse, is a port of an early version,
//! takes missing parts from the clock as well, and needs a second library of dates.
//!
//! Source: dateutil 2.9.0 (`parser._parser`).

mod date_numbers;
mod decimal;
mod parser;
mod tokens;
mod words;

use jiff::civil::{Date, DateTime, Time};

use super::problem::TimeProblem;
use parser::{Parser, Parts};

const SECONDS_OF_DAY: i64 = 86_400;

/// Parses a time into its local part, cut off to the microsecond, and its offset in seconds east of UTC.
///
/// # Errors
/// Returns the problem if the text is no time, or lacks a part that dateutil would take from the clock, or names a time
/// zone other than UTC. A name in parentheses after the offset, as in `+0100 (CET)`, is only a comment.
pub(super) fn parse(text: &str) -> Result<(DateTime, i64), TimeProblem> {
    let parts = Parser::read(text).ok_or(TimeProblem::Unreadable)?;
    let date = parts.date.resolve();
    let (year, month, day) = match date {
        Some(date) => date,
        None if parts.date.len() > 3 => return Err(TimeProblem::Unreadable),
        None if text.parse::<f64>().is_ok() => return Err(TimeProblem::NumberAsText),
        None => return Err(TimeProblem::NoDate),
    };
    match year {
        0 if parts.date.has_long_year() => return Err(TimeProblem::YearZero),
        ..100 if parts.date.has_long_year() => return Err(TimeProblem::EarlyYear),
        ..100 => return Err(TimeProblem::TwoDigitYear),
        10_000.. => return Err(TimeProblem::LateYear),
        100.. => {}
    }
    if parts.hour.is_none() {
        return Err(TimeProblem::NoTimeOfDay);
    }
    let offset = offset(&parts)?;
    let date = date_of(year, month, day).ok_or(TimeProblem::NoSuchDate)?;
    let time = time_of_day(&parts).ok_or(match (parts.hour, parts.second) {
        (Some(24), _) | (_, Some(60)) => TimeProblem::MidnightOrLeapSecond,
        _ => TimeProblem::NoSuchTimeOfDay,
    })?;
    if offset.abs() >= SECONDS_OF_DAY {
        return Err(TimeProblem::NoSuchOffset);
    }
    Ok((date.to_datetime(time), offset))
}

fn offset(parts: &Parts) -> Result<i64, TimeProblem> {
    match &parts.zone {
        // dateutil ignores the offset of a time that also names UTC.
        Some(zone) if words::is_utc(zone) => Ok(0),
        Some(zone) if !parts.has_zone_in_parentheses => Err(TimeProblem::ZoneName(zone.clone())),
        _ => parts.offset.ok_or(TimeProblem::NoOffset),
    }
}

fn date_of(year: i64, month: i64, day: i64) -> Option<Date> {
    let date = Date::new(
        year.try_into().ok()?,
        month.try_into().ok()?,
        day.try_into().ok()?,
    );
    date.ok()
}

/// Makes the time of day. Minutes and seconds that are absent are zero.
fn time_of_day(parts: &Parts) -> Option<Time> {
    let part = |part: Option<i64>| i8::try_from(part.unwrap_or(0)).ok();
    let nanosecond = i32::try_from(parts.microsecond * 1000).ok()?;
    let time = Time::new(
        part(parts.hour)?,
        part(parts.minute)?,
        part(parts.second)?,
        nanosecond,
    );
    time.ok()
}

#[cfg(test)]
mod tests;
