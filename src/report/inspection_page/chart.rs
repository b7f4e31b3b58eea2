//! The chart of events over time, with a bar for each day, week, month or longer span, and its numbers as a table.

use std::fmt::Write;

use jiff::civil::Date;

use super::buckets::{Bucket, Step, buckets};
use super::families::{COLOURS, Counts, add, name_at};
use super::html::{Table, row};
use crate::report::inspection::Day;
use crate::text::{counted, grouped};

/// The height of the chart in its own units.
const HEIGHT: u64 = 1000;

/// The least height of a bar, so that a few events among millions are seen.
const LEAST_HEIGHT: u64 = 8;

/// The width of a bar with its gap.
const PITCH: usize = 10;

/// The most labels below the chart that fit a phone.
const MOST_LABELS: usize = 6;

/// A bar: its days, and its events by family.
struct Bar {
    bucket: Bucket,
    counts: Counts,
}

impl Bar {
    fn events(&self) -> u64 {
        self.counts.iter().sum()
    }
}

/// Returns the chart and its table. Returns nothing if there is no day.
pub fn events_over_time(days: &[Day]) -> String {
    let Some((step, bars)) = bars(days) else {
        return "<p>No event has a time.</p>\n".into();
    };
    let present: Vec<usize> = (0..COLOURS)
        .filter(|nth| bars.iter().any(|bar| bar.counts[*nth] > 0))
        .collect();
    format!(
        "{}{}{}",
        legend(&present),
        figure(step, &bars),
        table(step, &bars, &present)
    )
}

/// Returns the bars, from the first to the last day.
fn bars(days: &[Day]) -> Option<(Step, Vec<Bar>)> {
    let dated = || {
        days.iter()
            .filter_map(|day| Some((day.date.parse::<Date>().ok()?, day)))
    };
    let first = dated().map(|(date, _)| date).min()?;
    let last = dated().map(|(date, _)| date).max()?;
    let (step, buckets) = buckets(first, last);
    let mut bars: Vec<Bar> = buckets
        .into_iter()
        .map(|bucket| Bar {
            bucket,
            counts: Counts::default(),
        })
        .collect();
    for (date, day) in dated() {
        let after = bars.partition_point(|bar| bar.bucket.from <= date);
        if let Some(bar) = after.checked_sub(1).and_then(|nth| bars.get_mut(nth)) {
            add(&mut bar.counts, &day.families);
        }
    }
    Some((step, bars))
}

fn legend(present: &[usize]) -> String {
    let mut html = String::from("<ul class=\"legend\">");
    for nth in present {
        let _ = write!(
            html,
            "<li><i class=\"swatch f{nth}\"></i>{}</li>",
            name_at(*nth)
        );
    }
    html.push_str("</ul>\n");
    html
}

fn figure(step: Step, bars: &[Bar]) -> String {
    let highest = bars.iter().map(Bar::events).max().unwrap_or(0).max(1);
    let (width, noun) = (bars.len() * PITCH, step.noun());
    let busiest = bars.iter().max_by_key(|bar| bar.events());
    let busiest = busiest.map_or_else(String::new, |bar| {
        let label = step.label(bar.bucket);
        format!(
            " Most in {label}: {}.",
            counted(bar.events(), "event", "events")
        )
    });
    let mut html = format!(
        "<div class=\"chart\" style=\"max-width:{}rem\"><div class=\"plot\">\n\
         <svg role=\"img\" aria-labelledby=\"chart-title chart-desc\" viewBox=\"0 0 {width} {HEIGHT}\" preserveAspectRatio=\"none\">\
         <title id=\"chart-title\">Events by {noun} and family</title>\
         <desc id=\"chart-desc\">{} of a {noun} each.{busiest} The table below has all numbers.</desc>\n",
        // A bar that is wider looks odd.
        (bars.len() * 4).max(12),
        counted(bars.len() as u64, "bar", "bars"),
    );
    for level in gridlines(highest) {
        let y = HEIGHT - scaled(level, highest);
        let _ = write!(html, "<path class=\"grid\" d=\"M0 {y}h{width}\"/>");
    }
    for (nth, bar) in bars.iter().enumerate().filter(|(_, bar)| bar.events() > 0) {
        html.push_str(&stack(
            nth * PITCH + 1,
            bar,
            highest,
            &step.label(bar.bucket),
        ));
    }
    html.push_str("</svg>\n<div class=\"levels\" aria-hidden=\"true\">");
    for level in gridlines(highest) {
        let percent = 100.0 * level as f64 / highest as f64;
        let text = short_number(level);
        let _ = write!(html, "<span style=\"bottom:{percent:.2}%\">{text}</span>");
    }
    html.push_str("</div></div>\n<div class=\"dates\" aria-hidden=\"true\">");
    for (nth, text) in labels(step, bars) {
        let percent = 100.0 * (nth as f64 + 0.5) / bars.len() as f64;
        // Labels at the ends are moved inwards.
        let class = match percent {
            _ if bars.len() == 1 => "",
            percent if percent < 8.0 => " class=\"first\"",
            percent if percent > 90.0 => " class=\"last\"",
            _ => "",
        };
        let _ = write!(
            html,
            "<span{class} style=\"left:{percent:.2}%\">{text}</span>"
        );
    }
    html.push_str("</div></div>\n");
    html
}

/// Returns a bar of the chart, in the colours of its families from the bottom up.
fn stack(x: usize, bar: &Bar, highest: u64, label: &str) -> String {
    let events = bar.events();
    let height = scaled(events, highest).max(LEAST_HEIGHT);
    let mut parts: Vec<String> = Vec::new();
    let (mut below, mut rects) = (0, String::new());
    for (nth, count) in bar
        .counts
        .iter()
        .enumerate()
        .filter(|(_, count)| **count > 0)
    {
        let (bottom, top) = (
            share_of(below, events, height),
            share_of(below + count, events, height),
        );
        below += count;
        parts.push(format!("{} {}", name_at(nth), grouped(*count)));
        if top > bottom {
            let (y, height) = (HEIGHT - top, top - bottom);
            let _ = write!(
                rects,
                "<path class=\"f{nth}\" d=\"M{x} {y}h8v{height}h-8z\"/>"
            );
        }
    }
    let parts = parts.join(", ");
    format!(
        "<g><title>{label}: {} ({parts})</title>{rects}</g>\n",
        grouped(events)
    )
}

/// Returns the height of a number of events, of [`HEIGHT`] for the highest number.
fn scaled(count: u64, highest: u64) -> u64 {
    share_of(count, highest, HEIGHT)
}

/// Returns `part / whole` of a height.
fn share_of(part: u64, whole: u64, height: u64) -> u64 {
    (part as f64 / whole.max(1) as f64 * height as f64).round() as u64
}

/// Returns up to five round numbers above zero, up to the highest number of events.
fn gridlines(highest: u64) -> Vec<u64> {
    let mut power = 1_u64;
    loop {
        for factor in [1, 2, 5] {
            let step = power.saturating_mul(factor);
            if highest / step <= 5 {
                return (1..=highest / step).map(|nth| nth * step).collect();
            }
        }
        power = power.saturating_mul(10);
    }
}

/// Returns a round number as at the axis, such as `20k`.
fn short_number(number: u64) -> String {
    for (unit, suffix) in [(1_000_000_000, "G"), (1_000_000, "M"), (1000, "k")] {
        if number >= unit {
            return format!("{}{suffix}", number as f64 / unit as f64);
        }
    }
    number.to_string()
}

/// Returns the labels below the chart, and the bars that they belong to: years, if the chart has several.
fn labels(step: Step, bars: &[Bar]) -> Vec<(usize, String)> {
    let first_of_year = |nth: &usize| {
        let before = nth.checked_sub(1).map(|nth| bars[nth].bucket.from.year());
        before.is_some_and(|year| year != bars[*nth].bucket.from.year())
    };
    let years: Vec<usize> = (0..bars.len()).filter(first_of_year).collect();
    let has_years = years.len() >= 3;
    let all = if has_years {
        years
    } else {
        (0..bars.len()).collect()
    };
    let every = all.len().div_ceil(MOST_LABELS).max(1);
    let text = |nth: usize| match has_years {
        true => bars[nth].bucket.from.year().to_string(),
        false => step.short_label(bars[nth].bucket),
    };
    all.into_iter()
        .step_by(every)
        .map(|nth| (nth, text(nth)))
        .collect()
}

/// Returns the numbers of the chart.
fn table(step: Step, bars: &[Bar], present: &[usize]) -> String {
    let noun = step.noun();
    let mut columns = vec!["Days in UTC", "Events"];
    columns.extend(present.iter().map(|nth| name_at(*nth)));
    let rows = bars.iter().filter(|bar| bar.events() > 0).map(|bar| {
        let Bucket { from, to } = bar.bucket;
        let number = |family: &str, count: u64| {
            let text = grouped(count);
            format!("<data data-days=\"{from}/{to}\" data-family=\"{family}\" value=\"{count}\">{text}</data>")
        };
        let mut cells = vec![number("", bar.events())];
        cells.extend(present.iter().map(|nth| number(name_at(*nth), bar.counts[*nth])));
        row(&step.label(bar.bucket), cells.iter().map(String::as_str))
    });
    let table = Table {
        caption: &format!("Events by {noun} and family"),
        columns: &columns,
    };
    let table = table.with(rows);
    format!("<details><summary>Events by {noun} as a table</summary>\n{table}</details>\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(date: &str, video: u64, other: u64) -> Day {
        Day {
            date: date.to_owned(),
            events: video + other,
            families: [("video", video), ("other", other)].into(),
        }
    }

    #[test]
    fn the_bars_have_all_events_of_the_days() {
        for last in ["2024-03-07", "2024-12-31", "2029-01-01", "2300-06-06"] {
            let days = [
                day("2024-03-05", 5, 2),
                day("2024-03-06", 0, 9),
                day(last, 1, 1),
            ];
            let (_, bars) = bars(&days).unwrap();
            assert_eq!(bars.iter().map(Bar::events).sum::<u64>(), 18, "{last}");
            assert_eq!(
                bars[0].counts[0] + bars[bars.len() - 1].counts[0],
                6,
                "{last}"
            );
        }
    }

    #[test]
    fn a_bar_is_as_high_as_its_parts_and_never_too_low_to_see() {
        let bar = |counts| Bar {
            bucket: Bucket {
                from: Date::MIN,
                to: Date::MIN,
            },
            counts,
        };
        for (counts, highest, height) in [
            ([3, 3, 3, 0, 0, 0, 0, 0, 1], 10, 1000),
            ([1, 1, 1, 1, 1, 1, 1, 1, 1], 18, 500),
            ([0, 0, 1, 0, 0, 0, 0, 0, 0], 1_000_000, LEAST_HEIGHT),
        ] {
            let svg = stack(1, &bar(counts), highest, "label");
            let heights = svg.split("h8v").skip(1);
            let heights =
                heights.map(|rest| rest[..rest.find('h').unwrap()].parse::<u64>().unwrap());
            assert_eq!(heights.sum::<u64>(), height);
        }
    }

    #[test]
    fn the_axis_has_round_numbers() {
        for (highest, lines) in [
            (1, vec!["1"]),
            (7, vec!["2", "4", "6"]),
            (2345, vec!["500", "1k", "1.5k", "2k"]),
            (5_000_000, vec!["1M", "2M", "3M", "4M", "5M"]),
        ] {
            let texts: Vec<String> = gridlines(highest).into_iter().map(short_number).collect();
            assert_eq!(texts, lines);
        }
        assert!(gridlines(u64::MAX).len() <= 5);
    }

    #[test]
    fn labels_are_few_and_name_years_if_there_are_several() {
        for (last, expected) in [
            ("2014-03-05", vec!["5 Mar"]),
            ("2014-03-08", vec!["5 Mar", "6 Mar", "7 Mar", "8 Mar"]),
            ("2024-03-05", vec!["2015", "2017", "2019", "2021", "2023"]),
        ] {
            let (step, bars) = bars(&[day("2014-03-05", 1, 0), day(last, 1, 0)]).unwrap();
            let labels: Vec<String> = labels(step, &bars)
                .into_iter()
                .map(|(_, text)| text)
                .collect();
            assert_eq!(labels, expected);
        }
    }
}
