//! An inspection for tests.

use crate::convert::Support;

use super::{
    Day, DistinctCount, EventCount, Files, Form, Inspection, LeftOutRow, Lines, MissingDays,
    NameKind, Recommended, RepairCount, Top, TopRow, UnparsableCount,
};

/// Returns an inspection of a small log over three days, of which the second is missing.
pub fn sample() -> Inspection {
    let event = |kind, name: &str, count, family, xapi, caliper| EventCount {
        kind,
        name: name.to_owned(),
        count,
        share: count as f64 / 10.0,
        family,
        xapi,
        caliper,
    };
    let row = |id: &str, count| TopRow {
        id: id.to_owned(),
        count,
    };
    let day = |date: &str, video, other| Day {
        date: date.to_owned(),
        events: video + other,
        families: [("video", video), ("other", other)].into(),
    };
    let (named, taken) = (NameKind::Named, Support::Default);
    Inspection {
        files: Files {
            inputs: 2,
            failed: 0,
            stored_bytes: 1_234,
            unpacked_bytes: 12_345,
        },
        lines: Lines {
            all: 12,
            events: 10,
            unparsable: 2,
        },
        first_time: Some("2024-03-05T09:14:07Z".to_owned()),
        last_time: Some("2024-03-07T21:00:00Z".to_owned()),
        events: vec![
            event(named, "play_video", 6, Some("video"), taken, taken),
            event(NameKind::Requests, "(requests)", 3, None, Support::No, Support::No),
            event(named, "<a & \"b\">", 1, None, Support::No, Support::No),
        ],
        days: vec![day("2024-03-05", 5, 2), day("2024-03-07", 1, 2)],
        missing_days: vec![MissingDays {
            from: "2024-03-06".to_owned(),
            to: "2024-03-06".to_owned(),
            days: 1,
        }],
        courses: Top {
            count: 2,
            is_estimate: false,
            top: vec![
                row("course-v1:DemoX+Botany+2024", 6),
                row("course-v1:DemoX+Logic+2024", 1),
            ],
            other_events: 0,
        },
        organizations: Top {
            count: 1,
            is_estimate: false,
            top: vec![row("DemoX", 7)],
            other_events: 0,
        },
        users: DistinctCount {
            count: 4,
            is_estimate: false,
        },
        sessions: DistinctCount {
            count: 123_456,
            is_estimate: true,
        },
        unparsable: vec![UnparsableCount {
            reason: "not-json",
            count: 2,
            first: "logs/a.log:7".to_owned(),
        }],
        form: Form {
            prefixed_events: 10,
            unwrapped_events: 0,
            events_off_lines: 0,
            repairs: vec![RepairCount {
                name: "naive-time",
                events: 1,
            }],
        },
        recommended: Recommended {
            parts: vec!["--to xapi".to_owned(), "-o xapi logs".to_owned()],
            command: "event-router transform --to xapi --lms-root-url https://courses.example.org --repair naive-time -o xapi logs".to_owned(),
            notes: vec!["replace https://courses.example.org by LMS_ROOT_URL of the LMS".to_owned()],
            leaves_out: vec![
                LeftOutRow {
                    what: "requests".to_owned(),
                    count: 3,
                },
                LeftOutRow {
                    what: "unparsable lines".to_owned(),
                    count: 2,
                },
            ],
        },
        ..Inspection::default()
    }
}

#[test]
fn the_counts_of_the_sample_balance() {
    let sample = sample();
    let events: u64 = sample.events.iter().map(|event| event.count).sum();
    assert_eq!(events + sample.other_events.count, sample.lines.events);
    let days: u64 = sample.days.iter().map(|day| day.events).sum();
    assert_eq!(days + sample.events_without_time, sample.lines.events);
    assert_eq!(
        sample.lines.all,
        sample.lines.events + sample.lines.unparsable
    );
}
