//! One damaged record among events in all layouts: every other event is read.

use crate::harness::{Run, RunDirectory, line};
use crate::inputs::seconds;
use crate::lost_inputs::indented;

type Layout = (&'static str, fn(&[Vec<u8>]) -> Vec<u8>);

fn event(second: u32) -> String {
    line(second).trim_end().to_owned()
}

fn array(events: &[Vec<u8>], separator: &str) -> Vec<u8> {
    [b"[", &*events.join(separator.as_bytes()), b"]"].concat()
}

fn prefixed(events: &[Vec<u8>], prefix: &str) -> Vec<u8> {
    let lines = events
        .iter()
        .map(|event| [prefix.as_bytes(), &**event, b"\n"]);
    lines.flatten().flatten().copied().collect()
}

/// The layouts of events in a file.
const LAYOUTS: [Layout; 11] = [
    ("array", |events| array(events, ",")),
    ("array with blanks", |events| array(events, ", ")),
    ("array of lines", |events| array(events, ",\n")),
    ("array with commas first", |events| array(events, "\n,")),
    ("run together", |events| events.concat()),
    ("lines", |events| prefixed(events, "")),
    ("documents", |events| prefixed(events, "")),
    ("array of documents", |events| array(events, ",\n")),
    ("prefix", |events| {
        prefixed(events, "2024-03-05 INFO 17 [tracking] - ")
    }),
    ("prefix in brackets", |events| {
        prefixed(events, "[2024-03-05 08:00] INFO - ")
    }),
    ("prefix with braces", |events| {
        prefixed(events, "app{worker}: ")
    }),
];

/// Returns an event as a document has it, or in one line.
fn text(layout: &str, second: u32) -> String {
    match layout.contains("documents") {
        true => indented(&event(second)).trim_end().to_owned(),
        false => event(second),
    }
}

/// Returns the damaged forms of an event.
fn damaged(event: &str) -> Vec<(&'static str, Vec<u8>)> {
    let at = |text: &str| event.find(text).unwrap();
    let brace = event[..event.len() - 1].rfind('}').unwrap();
    [
        ("cut off", event[..at("play_video") + 4].to_owned()),
        (
            "cut off in a key",
            event[..at("currentTime") + 4].to_owned(),
        ),
        (
            "cut off after a comma",
            event[..at("\"time\"")].trim_end().to_owned(),
        ),
        (
            "without its last brace",
            event[..event.len() - 1].to_owned(),
        ),
        (
            "without a brace",
            event[..brace].to_owned() + &event[brace + 1..],
        ),
        (
            "without a quote",
            event.replace("play_video\"", "play_video"),
        ),
        (
            "without a first quote",
            event.replace("\"play_video", "play_video"),
        ),
        ("without a colon", event.replace("\"event\":", "\"event\"")),
        (
            "a quote in a text",
            event.replace("play_video", "play\"video"),
        ),
        (
            "cut off after a colon",
            event[..at("\"event\":") + 8].to_owned(),
        ),
    ]
    .into_iter()
    .map(|(name, text)| (name, text.into_bytes()))
    .chain([("not UTF-8", {
        let (before, after) = event.split_at(at("play_video") + 2);
        [before.as_bytes(), b"\xff", after.as_bytes()].concat()
    })])
    .collect()
}

/// Returns the logs in all layouts, each with one damaged record, and the number of good events that cannot be told from a
/// part of it.
fn logs() -> Vec<(String, Vec<u8>, usize)> {
    let mut logs = Vec::new();
    for (layout, join) in LAYOUTS {
        for (damage, record) in damaged(&text(layout, 4)) {
            let mut events: Vec<_> = (1..10)
                .map(|second| text(layout, second).into_bytes())
                .collect();
            events[3] = record;
            let is_ambiguous = layout == "run together" && damage == "cut off after a colon";
            logs.push((
                format!("{layout}, {damage}"),
                join(&events),
                usize::from(is_ambiguous),
            ));
        }
    }
    logs
}

#[test]
fn every_event_but_the_damaged_one_is_read_in_all_layouts() {
    let mut failed = Vec::new();
    for (name, log, ambiguous) in logs() {
        for framing in ["auto", "json"] {
            let run = Run::transform().file("a.log", &log);
            let ended = run
                .args(&["--framing", framing, "a.log"])
                .run()
                .with_code(0);
            let expected = [1, 2, 3, 5, 6, 7, 8, 9].map(f64::from);
            let expected: Vec<_> = expected
                .into_iter()
                .filter(|&second| ambiguous == 0 || second != 5.0)
                .collect();
            let found = seconds(&ended.stdout);
            let unparsable = ended.count("unparsable");
            if found != expected || unparsable > 2 || unparsable == 0 {
                failed.push(format!(
                    "{name}, {framing}: {found:?}, {unparsable} unparsable"
                ));
            }
        }
    }
    assert!(failed.is_empty(), "{}", failed.join("\n"));
}

#[test]
fn a_log_with_damage_that_grows_between_runs_is_delivered_once() {
    for (nth, (name, log, _)) in logs().into_iter().enumerate() {
        if nth % 5 != 0 {
            continue;
        }
        let arguments = ["transform", "-o", "out"];
        let whole = RunDirectory::new();
        whole.write("logs/a.log", &log);
        whole.run_with_state(&arguments).run().with_code(0);
        let directory = RunDirectory::new();
        let step = log.len() / 4 + nth;
        for end in (step..log.len()).step_by(step).chain([log.len()]) {
            directory.write("logs/a.log", &log[..end]);
            directory.run_with_state(&arguments).run().with_code(0);
        }
        assert_eq!(
            directory.statement_counts(),
            whole.statement_counts(),
            "{name}"
        );
    }
}

#[test]
fn a_damaged_line_that_is_no_event_costs_nothing_else() {
    let events = |range: std::ops::Range<u32>| range.map(event).collect::<Vec<_>>();
    let lines: Vec<_> = events(3..3000)
        .iter()
        .map(|event| format!("[2024-03-05 08:00] INFO - {event}\n"))
        .collect();
    let log = events(1..3).concat() + "\nGET /x{id}\n" + &lines.concat();
    let run = Run::transform().file("a.log", &log);
    let ended = run
        .args(&["--max-line-bytes", "100000", "a.log"])
        .run()
        .with_code(0);
    assert_eq!(
        (ended.count("emitted"), ended.count("unparsable")),
        (2999, 1)
    );
}

#[test]
fn a_damaged_record_that_is_too_long_costs_only_itself() {
    let long = format!("{{\"a\" \"{}\"}}", "x".repeat(3_000_000));
    for separator in ["", ",", "\n"] {
        let log = [event(1) + &event(2), long.clone(), event(3), event(4)].join(separator);
        let run = Run::transform().file("a.log", &log);
        let ended = run
            .args(&["--max-line-bytes", "100000", "--framing", "json", "a.log"])
            .run()
            .with_code(0);
        assert_eq!(
            seconds(&ended.stdout),
            [1.0, 2.0, 3.0, 4.0],
            "{separator:?}"
        );
        assert_eq!(ended.count("unparsable"), 1);
    }
}

#[test]
fn an_event_that_is_quoted_in_a_damaged_record_is_no_event() {
    let quoting = format!(
        "{{\"name\": \"x\", \"context\": {{}}, \"event\": {{\"body\": \"he wrote {} ok\"}}}}\n",
        event(9)
    );
    for framing in ["auto", "json"] {
        let log = line(1) + &quoting + &line(2);
        let run = Run::transform().file("a.log", &log);
        let ended = run
            .args(&["--framing", framing, "a.log"])
            .run()
            .with_code(0);
        assert_eq!(seconds(&ended.stdout), [1.0, 2.0], "{framing}");
        assert_eq!(ended.count("unparsable"), 1);
    }
}

/// Returns the seconds of the events that a log converts to, and the number of its unparsable records.
fn read(log: &str, framing: &str) -> (Vec<f64>, u64) {
    let run = Run::transform().file("a.log", log);
    let ended = run.args(&["--framing", framing, "a.log"]).run();
    let ended = ended.with_code(0);
    (seconds(&ended.stdout), ended.count("unparsable"))
}

#[test]
fn events_in_an_array_of_a_damaged_record_are_nested() {
    let [one, two, three, four] = [1, 2, 3, 4].map(event);
    for (damaged, unparsable) in [
        (
            format!(r#"{{"name": "x", "event": {{"bad": nul, "list": [{one},{two}, {three}]}}}}"#),
            1,
        ),
        (
            format!(r#"{{"name": "x", "event": {{"list": [oops, {one}, {two}]}}}}"#),
            1,
        ),
        (
            format!(r#"{{"name": "x", "event": {{"list": ["a" "b",{one},{two}]}}}}"#),
            1,
        ),
        (
            format!(r#"{{"history":[{{"a":tru}},{one},{two},{three}],"z":1}}"#),
            1,
        ),
    ] {
        for framing in ["auto", "json"] {
            let lines = format!("{four}\n{damaged}\n{four}\n");
            assert_eq!(
                read(&lines, framing),
                (vec![4.0, 4.0], unparsable),
                "{framing}: {damaged}"
            );
            let array = format!("[{four},{damaged},{four}]");
            assert_eq!(
                read(&array, framing),
                (vec![4.0, 4.0], unparsable),
                "{framing}, array: {damaged}"
            );
        }
    }
}

#[test]
fn an_array_on_a_new_line_is_no_value_of_a_record_that_is_cut_off_after_a_colon() {
    let events: Vec<_> = (2..40).map(event).collect();
    let expected: Vec<_> = [1].into_iter().chain(2..40).map(f64::from).collect();
    for separator in [", ", ",", ",\n"] {
        for (start, end) in [("[", "]"), ("[\n", "\n]")] {
            let array = format!("{start}{}{end}", events.join(separator));
            let log = format!(
                "[{}]\n{{\"name\": \"x\", \"username\": \n{array}\n",
                event(1)
            );
            for framing in ["auto", "json"] {
                assert_eq!(
                    read(&log, framing),
                    (expected.clone(), 1),
                    "{framing}, {separator:?}, {start:?}"
                );
            }
        }
    }
}
