//! The calendar of coverage: a square for each day, year by year. Days without an event between days with events are
//! crossed out, since a missing day is usually a lost log.

use std::collections::BTreeMap;
use std::fmt::Write;

use jiff::civil::{Date, date};

use super::html::{Table, count, row};
use crate::report::inspection::{Day, MissingDays};
use crate::text::{counted, grouped, noun};

/// The most years that are drawn, so that the page stays small. Older years are in the tables only.
const MOST_YEARS: usize = 15;

/// The most rows of a table of days or months.
const MOST_ROWS: usize = 200;

/// The distance between the squares of two days.
const PITCH: i32 = 10;

/// The columns of a year: it has days in up to 54 weeks.
const WEEKS: i32 = 54;

/// The counts of the days, and their median, by which a day counts as quiet or busy.
struct Days {
    events: BTreeMap<Date, u64>,
    median: u64,
    /// The first and the last days of gaps of more than a year. Their days have no square.
    long_gaps: Vec<(Date, Date)>,
}

/// Returns the calendar and the tables of missing days and of months.
pub fn coverage(days: &[Day], missing: &[MissingDays], long_gaps: &[MissingDays]) -> String {
    let mut days = Days::new(days);
    let dates = |gap: &MissingDays| Some((gap.from.parse().ok()?, gap.to.parse().ok()?));
    days.long_gaps = long_gaps.iter().filter_map(dates).collect();
    let (Some((first, _)), Some((last, _))) =
        (days.events.first_key_value(), days.events.last_key_value())
    else {
        return "<p>No event has a time, so the days are not known.</p>\n".into();
    };
    let mut years: Vec<i16> = days.events.keys().map(|day| day.year()).collect();
    years.dedup();
    let older = years.len().saturating_sub(MOST_YEARS);
    let mut html = verdict(&days, missing, *first, *last);
    html.push_str(LEGEND);
    if older > 0 {
        let _ = writeln!(
            html,
            "<p class=\"quiet\">The calendar shows the last {MOST_YEARS} years that have events. The table of months has all {}.</p>",
            years.len()
        );
    }
    html.push_str("<div class=\"years\">\n");
    for year in &years[older..] {
        html.push_str(&days.year(*year, *first, *last));
    }
    html.push_str("</div>\n");
    html.push_str(&missing_table(missing));
    html.push_str(&days.months_table());
    html
}

/// The meaning of the squares.
const LEGEND: &str = "<ul class=\"legend\">\
    <li><svg class=\"day\" viewBox=\"0 0 10 10\" aria-hidden=\"true\"><path class=\"missing\" d=\"M1 1h8v8h-8zl8 8m0-8l-8 8\"/></svg>no event: missing</li>\
    <li><i class=\"swatch d1\"></i>less than a tenth of the median day</li>\
    <li><i class=\"swatch d2\"></i>less than half of it</li>\
    <li><i class=\"swatch d3\"></i>half to twice as many</li>\
    <li><i class=\"swatch d4\"></i>more</li></ul>\n";

fn verdict(days: &Days, missing: &[MissingDays], first: Date, last: Date) -> String {
    let lost: u64 = missing.iter().map(|span| span.days).sum();
    let with_events = days.events.len() as u64;
    let text = match lost {
        0 => "<b>No day is missing.</b>".to_owned(),
        lost => format!(
            "<b class=\"alert\">{} {} missing</b>, in {}.",
            counted(lost, "day", "days"),
            if lost == 1 { "is" } else { "are" },
            counted(missing.len() as u64, "gap", "gaps")
        ),
    };
    let range = match first == last {
        true => format!("All events are of {first}."),
        false => format!(
            "{} from {first} to {last} {} events.",
            counted(with_events, "day", "days"),
            if with_events == 1 { "has" } else { "have" },
        ),
    };
    let mut html = format!(
        "<p>{range} {text} A missing day is usually a log that was lost. Days are in UTC.</p>\n"
    );
    if let Some((from, to)) = days.long_gaps.first() {
        let gaps = counted(days.long_gaps.len() as u64, "gap is", "gaps are");
        let _ = writeln!(
            html,
            "<p><b class=\"alert\">{gaps} longer than a year</b>, the first from {from} to {to}, and not counted as missing: the clock of a server may have been wrong.</p>"
        );
    }
    html
}

impl Days {
    fn new(days: &[Day]) -> Self {
        let dated = days
            .iter()
            .filter_map(|day| Some((day.date.parse().ok()?, day.events)));
        let events: BTreeMap<Date, u64> = dated.collect();
        let mut counts: Vec<u64> = events.values().copied().collect();
        counts.sort_unstable();
        let median = counts.get(counts.len() / 2).copied().unwrap_or(0);
        Self {
            events,
            median,
            long_gaps: Vec::new(),
        }
    }

    /// Returns the class of the square of a day with this number of events.
    fn level(&self, events: u64) -> &'static str {
        let (events, median) = (u128::from(events), u128::from(self.median));
        match events {
            _ if events * 10 < median => "d1",
            _ if events * 2 < median => "d2",
            _ if events <= median * 2 => "d3",
            _ => "d4",
        }
    }

    /// Returns the calendar of a year, with the days between the first and the last day that has events.
    fn year(&self, year: i16, first: Date, last: Date) -> String {
        let (from, to) = (date(year, 1, 1), date(year, 12, 31));
        let offset = i32::from(from.weekday().to_monday_zero_offset());
        let column = |day: Date| (i32::from(day.day_of_year()) - 1 + offset) / 7;
        let (mut squares, mut lost, mut with_events) = (String::new(), 0, 0);
        for day in from
            .series(jiff::Span::new().days(1))
            .take_while(|day| *day <= to)
        {
            let is_in = |(from, to): &(Date, Date)| (*from..=*to).contains(&day);
            if day < first || day > last || self.long_gaps.iter().any(is_in) {
                continue;
            }
            let x = column(day) * PITCH + 1;
            let y = i32::from(day.weekday().to_monday_zero_offset()) * PITCH + 1;
            let (class, cross, text) = match self.events.get(&day) {
                Some(events) => {
                    with_events += 1;
                    (self.level(*events), "", grouped(*events))
                }
                None => {
                    lost += 1;
                    ("missing", "l8 8m0-8l-8 8", "missing".to_owned())
                }
            };
            let _ = writeln!(
                squares,
                "<path class=\"{class}\" d=\"M{x} {y}h8v8h-8z{cross}\"><title>{day}: {text}</title></path>"
            );
        }
        let months = (1..=12).map(|month| {
            let left = 100.0 * f64::from(column(date(year, month, 1))) / f64::from(WEEKS);
            let name = date(year, month, 1).strftime("%b");
            format!("<span style=\"left:{left:.1}%\">{name}</span>")
        });
        let months: String = months.collect();
        let (width, height) = (WEEKS * PITCH, 7 * PITCH);
        format!(
            "<figure class=\"year\"><figcaption>{year} <span class=\"quiet\">{}{}</span></figcaption>\
             <div class=\"months\" aria-hidden=\"true\">{months}</div>\
             <svg role=\"img\" aria-labelledby=\"year-{year}\" viewBox=\"0 0 {width} {height}\"><title id=\"year-{year}\">\
             {year}: {} with events, {lost} missing. The tables below name them.</title>\n{squares}</svg></figure>\n",
            counted(with_events, "day", "days"),
            match lost {
                0 => String::new(),
                lost => format!(", {} missing", grouped(lost)),
            },
            counted(with_events, "day", "days"),
        )
    }

    /// Returns the number of days with events, and of events, in each month that has some.
    fn months_table(&self) -> String {
        let mut months = BTreeMap::<Date, (u64, u64)>::new();
        for (day, events) in &self.events {
            let month = months.entry(day.first_of_month()).or_default();
            month.0 += 1;
            month.1 += events;
        }
        let older = months.len().saturating_sub(MOST_ROWS);
        let rows = months.iter().skip(older).map(|(month, (days, events))| {
            let to = month.last_of_month();
            let of = to.day();
            let events = format!(
                "<data data-days=\"{month}/{to}\" data-family=\"\" value=\"{events}\">{}</data>",
                grouped(*events)
            );
            let days = format!("<data data-days-with-events=\"{month}/{to}\" value=\"{days}\">{days}</data> of {of}");
            let name = month.strftime("%Y-%m").to_string();
            row(&name, [days.as_str(), &events])
        });
        let table = Table {
            caption: "Days with events, by month",
            columns: &["Month", "Days with events", "Events"],
        };
        let summary = match older {
            0 => "Days with events as a table".to_owned(),
            _ => format!("Days with events as a table: the last {MOST_ROWS} months that have some"),
        };
        format!(
            "<details><summary>{summary}</summary>\n{}</details>\n",
            table.with(rows)
        )
    }
}

/// Returns the gaps, or nothing if no day is missing.
fn missing_table(missing: &[MissingDays]) -> String {
    if missing.is_empty() {
        return String::new();
    }
    let rows = missing
        .iter()
        .enumerate()
        .take(MOST_ROWS)
        .map(|(nth, span)| {
            let days = count(&format!("/missing_days/{nth}/days"), span.days);
            let end = |key: &str, date: &str| {
                format!(
                    "<data data-at=\"/missing_days/{nth}/{key}\" value=\"{date}\">{date}</data>"
                )
            };
            row(
                &end("from", &span.from),
                [end("to", &span.to).as_str(), &days],
            )
        });
    let more = missing
        .get(MOST_ROWS..)
        .filter(|more| !more.is_empty())
        .map(|more| {
            let days = grouped(more.iter().map(|span| span.days).sum());
            let gaps = more.len() as u64;
            row(
                &format!("{} more {}", grouped(gaps), noun(gaps, "gaps")),
                ["", &days],
            )
        });
    let table = Table {
        caption: "Missing days",
        columns: &["From", "To", "Days"],
    };
    table.with(rows.chain(more))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn days(counts: &[(&str, u64)]) -> Vec<Day> {
        let day = |(date, events): &(&str, u64)| Day {
            date: (*date).to_owned(),
            events: *events,
            ..Day::default()
        };
        counts.iter().map(day).collect()
    }

    #[test]
    fn each_day_from_the_first_to_the_last_has_a_square() {
        let days = days(&[("2023-12-30", 5), ("2024-01-02", 5), ("2024-03-01", 1)]);
        let missing = [
            ("2023-12-31", "2024-01-01", 2),
            ("2024-01-03", "2024-02-29", 58),
        ];
        let missing = missing.map(|(from, to, days)| MissingDays {
            from: from.to_owned(),
            to: to.to_owned(),
            days,
        });
        let html = coverage(&days, &missing, &[]);
        assert_eq!(html.matches(": missing</title></path>").count(), 60);
        assert_eq!(html.matches(": 5</title></path>").count(), 2);
        assert!(html.contains("60 days are missing</b>, in 2 gaps."));
        assert!(html.contains("2024: 2 days with events, 59 missing."));
    }

    #[test]
    fn a_day_of_a_gap_that_is_longer_than_a_year_has_no_square() {
        let days = days(&[("2024-03-01", 5), ("9999-01-03", 1)]);
        let gap = MissingDays {
            from: "2024-03-02".to_owned(),
            to: "9999-01-02".to_owned(),
            days: 2_912_749,
        };
        let html = coverage(&days, &[], &[gap]);
        assert_eq!(html.matches("</title></path>").count(), 2);
        assert!(html.contains("1 gap is longer than a year</b>, the first from 2024-03-02"));
        assert!(html.contains("No day is missing."));
    }

    #[test]
    fn squares_are_in_the_row_of_their_weekday_and_within_the_picture() {
        let all = Days::new(&[]);
        for year in [1, 2012, 2023, 2024, 9999] {
            let svg = all.year(year, Date::MIN, Date::MAX);
            let positions = svg.split("d=\"M").skip(1).map(|path| {
                let (x, rest) = path.split_once(' ').unwrap();
                let y = rest.split('h').next().unwrap();
                (x.parse::<i32>().unwrap(), y.parse::<i32>().unwrap())
            });
            let positions: Vec<_> = positions.collect();
            assert_eq!(positions.len(), date(year, 1, 1).days_in_year() as usize);
            assert!(
                positions
                    .iter()
                    .all(|(x, y)| *x < WEEKS * PITCH && *y < 7 * PITCH)
            );
            assert!(positions.windows(2).all(|pair| pair[0] < pair[1]));
        }
    }

    #[test]
    fn a_day_is_compared_with_the_median() {
        let days = Days::new(&days(&[
            ("2024-03-01", 9),
            ("2024-03-02", 100),
            ("2024-03-03", 100),
        ]));
        let levels = [1, 9, 10, 49, 50, 200, 201].map(|events| days.level(events));
        assert_eq!(levels, ["d1", "d1", "d2", "d2", "d3", "d3", "d4"]);
    }

    #[test]
    fn the_oldest_of_many_years_are_only_in_tables() {
        let years: Vec<String> = (1980..2024).map(|year| format!("{year}-06-01")).collect();
        let counts: Vec<(&str, u64)> = years.iter().map(|day| (day.as_str(), 7)).collect();
        let html = coverage(&days(&counts), &[], &[]);
        assert_eq!(html.matches("<figure").count(), MOST_YEARS);
        assert_eq!(html.matches("<data data-days=").count(), 44);
    }
}
