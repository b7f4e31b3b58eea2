//! The events by day, or by month if there are many days. Days without an event stand out, since their logs may be lost.

use super::lines::{Row, row_lines, wrapped};
use crate::report::inspection::shape::{Day, Inspection, MissingDays};
use crate::text::{counted, grouped};

/// The most days that have a row each.
const MOST_DAYS: usize = 31;

/// The most gaps that are listed beside months.
const MOST_GAPS: usize = 10;

/// Returns the section of days.
pub fn days_section(inspection: &Inspection, width: usize) -> String {
    let (days, gaps) = (&inspection.days, &inspection.missing_days);
    let long_gaps = &inspection.long_gaps;
    if days.is_empty() {
        return String::new();
    }
    let is_by_day = days.len() <= MOST_DAYS;
    let mut text = match is_by_day {
        true => by_day(days, gaps.iter().chain(long_gaps), width),
        false => by_month(days, width),
    };
    if inspection.events_of_other_days > 0 {
        let events = counted(inspection.events_of_other_days, "event", "events");
        text += &wrapped(&format!("and {events} on later days"), "  ", width);
    }
    let missing: u64 = gaps.iter().map(|gap| gap.days).sum();
    if missing > 0 {
        let days = counted(missing, "day has", "days have");
        let title = format!("MISSING: {days} no event, so a log may be lost");
        text += &format!("\n{}", wrapped(&title, "", width));
        if !is_by_day {
            text += &longest_gaps(gaps, width);
        }
    }
    if !long_gaps.is_empty() {
        let gaps = counted(long_gaps.len() as u64, "gap is", "gaps are");
        let title = format!(
            "{gaps} longer than a year and not counted as missing: the clock of a server may have been wrong"
        );
        text += &format!("\n{}", wrapped(&title, "", width));
        if !is_by_day {
            text += &longest_gaps(long_gaps, width);
        }
    }
    text
}

/// Returns a row for each day, and one for each gap between days.
fn by_day<'g>(days: &[Day], gaps: impl Iterator<Item = &'g MissingDays>, width: usize) -> String {
    let rows = days.iter().map(|day| (day.date.clone(), day.events));
    let lines = lines_of(rows.collect(), width);
    let mut gaps: Vec<&MissingDays> = gaps.collect();
    gaps.sort_by(|a, b| a.from.cmp(&b.from));
    let mut gaps = gaps.into_iter().peekable();
    let mut text = "Events by day (UTC)\n".to_owned();
    for (day, line) in days.iter().zip(lines) {
        while let Some(gap) = gaps.next_if(|gap| gap.from < day.date) {
            text += &gap_text(gap, width);
        }
        text += &line;
    }
    text
}

/// Returns a row for each month, also for those without an event.
fn by_month(days: &[Day], width: usize) -> String {
    let month_of = |day: &Day| day.date[..day.date.len().saturating_sub(3)].to_owned();
    let months = days.chunk_by(|a, b| month_of(a) == month_of(b));
    let months = months.filter_map(|days| {
        let month = month_of(days.first()?);
        Some((month, days.iter().map(|day| day.events).sum()))
    });
    let months: Vec<(String, u64)> = months.collect();
    let lines = lines_of(months.clone(), width);
    let mut text = "Events by month (UTC)\n".to_owned();
    let mut before = None;
    for ((month, _), line) in months.iter().zip(lines) {
        let number = number_of_month(month);
        let skipped = match (before, number) {
            (Some(before), Some(number)) => u64::try_from(number - before - 1).unwrap_or(0),
            _ => 0,
        };
        if skipped > 0 {
            let months = counted(skipped, "month", "months");
            let row = match skipped {
                ..12 => format!("! {months} MISSING"),
                _ => format!("! no event for {months}"),
            };
            text += &wrapped(&row, "  ", width);
        }
        text += &line;
        before = number;
    }
    text
}

/// Returns the number of a month such as `2024-03`, so that consecutive months have consecutive numbers.
fn number_of_month(month: &str) -> Option<i32> {
    let (year, month) = month.rsplit_once('-')?;
    Some(year.parse::<i32>().ok()? * 12 + month.parse::<i32>().ok()?)
}

fn lines_of(periods: Vec<(String, u64)>, width: usize) -> Vec<String> {
    let most = periods.iter().map(|(_, events)| *events).max().unwrap_or(1);
    let rows = periods.into_iter().map(|(label, events)| Row {
        label,
        count: events,
        share: None,
        part: events as f64 / most as f64,
    });
    row_lines(&rows.collect::<Vec<_>>(), width)
}

/// Returns the longest gaps, in order.
fn longest_gaps(gaps: &[MissingDays], width: usize) -> String {
    let mut longest: Vec<&MissingDays> = gaps.iter().collect();
    longest.sort_by_key(|gap| std::cmp::Reverse(gap.days));
    longest.truncate(MOST_GAPS);
    longest.sort_by(|a, b| a.from.cmp(&b.from));
    let mut text: String = longest.iter().map(|gap| gap_text(gap, width)).collect();
    let more = (gaps.len() - longest.len()) as u64;
    if more > 0 {
        let gaps = counted(more, "shorter gap", "shorter gaps");
        text += &wrapped(&format!("! and {gaps}"), "  ", width);
    }
    text
}

fn gap_text(gap: &MissingDays, width: usize) -> String {
    let text = match gap.days {
        1 => format!("! {} MISSING", gap.from),
        days if gap.is_long() => format!(
            "! {} to {}: no event for {} days",
            gap.from,
            gap.to,
            grouped(days)
        ),
        days => format!(
            "! {} to {} MISSING, {} days",
            gap.from,
            gap.to,
            grouped(days)
        ),
    };
    wrapped(&text, "  ", width)
}
