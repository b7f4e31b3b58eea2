//! `--state` and copies of logs whose events are not one a line.

use crate::harness::{RunDirectory, gzip, line, lines};
use crate::records::{event, pieces};

/// The options and the records of a log with 40 events.
type Log = (&'static str, &'static [&'static str], Vec<String>);

fn logs() -> Vec<Log> {
    let events: Vec<String> = (0..40).map(event).collect();
    let ends_of_array = |nth: usize, event: &String| match nth {
        0 => format!("[\n{event}"),
        39 => format!(",\n{event}\n]\n"),
        _ => format!(",\n{event}"),
    };
    let numbered = events.iter().enumerate();
    let in_array = numbered.map(|(nth, event)| ends_of_array(nth, event));
    let several = |count: usize, before: &str, separator: &str, after: &str| {
        let lines = events.chunks(count);
        let lines = lines.map(|events| format!("{before}{}{after}\n", events.join(separator)));
        lines.collect::<Vec<_>>()
    };
    let indented = |event: &String| {
        let event: serde_json::Value = serde_json::from_str(event).unwrap();
        serde_json::to_string_pretty(&event).unwrap() + "\n"
    };
    let cut = |event: &String| pieces(event, true, "stdout", &[40, 80]).concat();
    vec![
        ("lines", &["--framing", "json"], several(1, "", "", "")),
        ("two on a line", &[], several(2, "", "", "")),
        ("an array on a line", &[], several(4, "[", ",", "]")),
        ("an array over lines", &[], in_array.collect()),
        ("indented", &[], events.iter().map(indented).collect()),
        (
            "pieces",
            &["--unwrap", "log"],
            events.iter().map(cut).collect(),
        ),
    ]
}

#[test]
fn a_copy_of_a_log_whose_events_are_not_one_a_line_delivers_nothing_again() {
    for (name, options, records) in logs() {
        for path in ["logs/copy.log", "logs/copy.log.gz"] {
            for copied in [1, records.len() / 2, records.len() - 1] {
                let directory = RunDirectory::new();
                let run = || {
                    let ended = directory.transform().args(options).run().with_code(0);
                    ended.assert_not_stderr("ends earlier");
                };
                let copy = records[..copied].concat();
                let is_first = copied == 1;
                for is_copy in [is_first, !is_first] {
                    match is_copy {
                        true if path.ends_with(".gz") => directory.write(path, gzip(&copy)),
                        true => directory.write(path, &copy),
                        false => directory.write("logs/tracking.log", records.concat()),
                    }
                    if is_copy {
                        directory.age(path);
                    }
                    run();
                }
                let counts = directory.statement_counts();
                assert_eq!(counts.len(), 40, "{name} {path} {copied}");
                let is_once = |count: &usize| *count == 1;
                assert!(counts.values().all(is_once), "{name} {path} {copied}");
            }
        }
    }
}

/// Neither log begins with all of the other.
#[test]
fn the_first_lines_that_two_logs_share_are_delivered_once() {
    for (shared, later) in [(2, 300), (2, 1), (7, 300)] {
        let directory = RunDirectory::new();
        let emitted = || {
            let ended = directory.transform().run().with_code(0);
            ended.assert_not_stderr("ends earlier");
            ended.count("emitted")
        };
        directory.write("logs/a.log", lines(0..100));
        assert_eq!(emitted(), 100);
        let other = lines(0..shared) + &lines(1000..1000 + later);
        directory.write("logs/b.log", &other);
        assert_eq!(emitted(), u64::from(later), "{shared} {later}");
        // The other log is known from its first line on, too.
        directory.write("logs/b.log", other.clone() + &line(2000));
        assert_eq!(emitted(), 1, "{shared} {later}");
        let end = other.len() - 1;
        directory.write("logs/c.log", &other[..end]);
        directory.age("logs/c.log");
        assert_eq!(emitted(), 0, "{shared} {later}");
    }
}

/// The brace is the only complete line of the copy.
#[test]
fn a_copy_that_ends_after_the_brace_of_its_first_event_hides_no_event() {
    let indented = |second: u32| {
        let event: serde_json::Value = serde_json::from_str(&event(second)).unwrap();
        serde_json::to_string_pretty(&event).unwrap() + "\n"
    };
    let log: String = (0..10).map(indented).collect();
    for end in [2, 5, 30] {
        let directory = RunDirectory::new();
        let run = || {
            let run = directory.transform().args(&["--framing", "json"]);
            run.run().with_code(0);
        };
        directory.write("logs/tracking.log", &log);
        run();
        directory.write("logs/copy.log.gz", gzip(&log[..end]));
        directory.age("logs/copy.log.gz");
        run();
        directory.write(
            "logs/other.log",
            "{\n".to_owned() + &indented(20)[2..] + &indented(21),
        );
        run();
        let counts = directory.statement_counts();
        assert_eq!(counts.len(), 12, "{end}");
    }
}

/// The end of a packed copy is known as the first part of a line, and the end of a plain copy waits.
#[test]
fn a_plain_copy_that_ends_within_an_event_has_no_note() {
    let directory = RunDirectory::new();
    let run = || {
        let run = directory.transform().args(&["--framing", "json"]);
        run.run().with_code(0)
    };
    let log = lines(0..100);
    let ends: Vec<usize> = log.match_indices('\n').map(|(end, _)| end).collect();
    directory.write("logs/a.log", &log);
    run();
    directory.write("logs/b.log.gz", gzip(&log[..ends[20] + 50]));
    directory.age("logs/b.log.gz");
    run();
    directory.write("logs/c.log", &log[..ends[50] + 50]);
    directory.age("logs/c.log");
    for _ in 0..2 {
        let ended = run();
        assert_eq!(ended.count("emitted"), 0);
        ended.assert_not_stderr("`logs/c.log` ends earlier");
    }
}

#[test]
fn a_packed_copy_that_ends_with_a_line_of_an_event_over_lines_hides_no_event() {
    let indented = |second: u32| {
        let event: serde_json::Value = serde_json::from_str(&event(second)).unwrap();
        serde_json::to_string_pretty(&event).unwrap() + "\n"
    };
    let log: String = (0..3).map(indented).collect();
    let ends: Vec<usize> = log.match_indices('\n').map(|(end, _)| end).collect();
    for end in [ends[4], ends[ends.len() / 2]] {
        let directory = RunDirectory::new();
        let run = || {
            let run = directory.transform().args(&["--framing", "json"]);
            run.run().with_code(0);
        };
        directory.write("logs/copy.log.gz", gzip(&log[..end]));
        directory.age("logs/copy.log.gz");
        run();
        directory.write("logs/tracking.log", &log);
        run();
        assert_eq!(directory.statement_counts().len(), 3, "{end}");
    }
}
