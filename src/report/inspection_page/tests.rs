//! Tests of the whole page.

use std::collections::HashSet;

use jiff::civil::date;

use super::page;
use crate::convert::Support;
use crate::report::inspection::sample::sample;
use crate::report::inspection::{Day, EventCount, Inspection, MissingDays, TopRow};

/// Returns an inspection of ten years with thousands of long names. Each third of a year is missing.
fn ten_years() -> Inspection {
    let mut inspection = sample();
    let first = date(2014, 3, 5);
    let days = first.series(jiff::Span::new().days(1)).take(3660);
    inspection.days = days
        .filter(|day| day.month() % 4 != 0)
        .map(|day| {
            let video = day.day_of_year() as u64 * 1000;
            Day {
                date: day.to_string(),
                events: video + 12_345,
                families: [("video", video), ("problem", 12_000), ("other", 345)].into(),
            }
        })
        .collect();
    inspection.missing_days = (2014..2024)
        .map(|year| MissingDays {
            from: format!("{year}-04-01"),
            to: format!("{year}-04-30"),
            days: 30,
        })
        .collect();
    inspection.events = (0..5000)
        .map(|nth| EventCount {
            name: format!("{nth}.{}", "<\"long & odd\u{202e}\">".repeat(50)),
            count: 5000 - nth,
            xapi: Support::OnRequest,
            ..EventCount::default()
        })
        .collect();
    inspection.courses.top = (0..1000)
        .map(|nth| TopRow {
            id: format!("course-v1:{nth}+{}", "x".repeat(300)),
            count: 1,
        })
        .collect();
    inspection
}

#[test]
fn a_page_of_ten_years_and_thousands_of_names_is_small() {
    let html = page(&ten_years());
    assert!(html.len() < 1_000_000, "{} bytes", html.len());
    assert!(html.contains("4,500 other names"));
}

#[test]
fn names_are_escaped_everywhere() {
    let odd = "<img src=x onerror=alert(1)>\"'&\u{202e}";
    let mut inspection = sample();
    inspection.events[0].name = odd.to_owned();
    inspection.courses.top[0].id = odd.to_owned();
    inspection.organizations.top[0].id = odd.to_owned();
    inspection.unparsable[0].first = odd.to_owned();
    inspection.recommended.command = odd.to_owned();
    inspection.recommended.notes = vec![odd.to_owned()];
    inspection.recommended.leaves_out[0].what = odd.to_owned();
    inspection.tables.users = Some(crate::report::inspection::Table {
        lacking_events: 1,
        first: vec![odd.to_owned()],
        ..Default::default()
    });
    let html = page(&inspection);
    assert!(!html.contains("<img") && !html.contains('\u{202e}'));
    let escaped = "&lt;img src=x onerror=alert(1)&gt;&quot;&#39;&amp;\\u{202e}";
    assert_eq!(html.matches(escaped).count(), 8);
}

#[test]
fn ids_are_unique_and_references_lead_to_them() {
    let html = page(&ten_years());
    let values = |attribute: &str| {
        let attribute = format!(" {attribute}=\"");
        let values = html.split(&attribute).skip(1);
        let values = values.map(|rest| rest[..rest.find('"').unwrap()].to_owned());
        values.collect::<Vec<_>>()
    };
    let ids = values("id");
    let unique: HashSet<&String> = ids.iter().collect();
    assert_eq!(unique.len(), ids.len());
    let links = values("href");
    let links = links.iter().map(|link| link.trim_start_matches('#'));
    let labels = values("aria-labelledby");
    let labels = labels.iter().flat_map(|ids| ids.split(' '));
    for id in links.chain(labels) {
        assert!(unique.contains(&id.to_owned()), "{id}");
    }
}

#[test]
fn an_empty_log_has_a_page() {
    let html = page(&Inspection::default());
    assert!(html.contains("No event has a time.") && html.contains("There is no line to convert."));
    assert!(!html.contains("NaN") && html.ends_with("</html>\n"));
}
