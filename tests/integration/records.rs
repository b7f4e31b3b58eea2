//! Records that are not one a line: several on a line, in arrays, indented, or with nothing between them.

use proptest::prelude::*;
use serde_json::{Value, json};

use crate::harness::{Ended, Run, line, lines};
use crate::inputs::seconds;
use crate::lost_inputs::indented;

pub fn converted(text: &str, arguments: &[&str]) -> Ended {
    let run = Run::transform().file("a.log", text).args(arguments);
    run.args(&["a.log"]).run().with_code(0)
}

pub fn event(second: u32) -> String {
    line(second).trim_end().to_owned()
}

fn events<const N: usize>() -> [String; N] {
    std::array::from_fn(|nth| event(nth as u32))
}

/// Returns the lines of Docker, or of a container runtime, for the pieces of a text.
pub fn pieces(text: &str, is_docker: bool, stream: &str, at: &[usize]) -> Vec<String> {
    let ends = at.iter().copied().chain([text.len()]);
    let mut start = 0;
    let pieces = ends.map(|end| {
        let is_last = end == text.len();
        let piece = &text[start..end];
        start = end;
        if is_docker {
            let log = if is_last {
                format!("{piece}\n")
            } else {
                piece.to_owned()
            };
            format!("{}\n", json!({"log": log, "stream": stream, "time": "x"}))
        } else {
            let tag = if is_last { "F" } else { "P" };
            format!("2024-03-05T08:00:46.8Z {stream} {tag} {piece}\n")
        }
    });
    pieces.collect()
}

#[test]
fn all_events_are_read_however_they_are_framed() {
    let [a, b, c] = events();
    let [x, y, z] = [&a, &b, &c].map(|event| indented(event).trim_end().to_owned());
    let elements = [&x, &y, &z].map(|event| event.replace('\n', "\n  "));
    for text in [
        format!("{a}{b}{c}"),
        format!("{a} {b}\n{c}"),
        format!("INFO [tracking] - {a}INFO [tracking] - {b}\n{c}\n"),
        format!("[{a},{b},{c}]"),
        format!("[{a},\n{b},\n{c}]\n"),
        format!("[\n{a},\n{b},\n{c}\n]\n"),
        format!("\u{feff}[\n  {}\n]\n", elements.join(",\n  ")),
        format!("{x}\n{y}\n{z}\n"),
        format!("{x}{y}{z}"),
        format!("INFO [tracking] - {x}\nINFO [tracking] - {y}\n{c}"),
    ] {
        for (name, threads) in [("a.log", "1"), ("a.json", "3")] {
            for framing in ["auto", "json"] {
                let run = Run::transform().file(name, &text);
                let arguments = ["--framing", framing, "--threads", threads, name];
                let ended = run.args(&arguments).run().with_code(0);
                assert_eq!(seconds(&ended.stdout), [0.0, 1.0, 2.0], "{text}");
                assert_eq!((ended.count("lines"), ended.count("unparsable")), (3, 0));
                ended.assert_not_stderr("warning");
            }
        }
    }
}

#[test]
fn each_leftover_is_one_record_and_no_nested_object_is_an_event() {
    let [a, b] = events();
    let x = indented(&a);
    let cut = &a[..80];
    for (text, emitted, unparsable) in [
        (format!("{cut}{b}\n"), 1, 1),
        (format!("{cut}2024 [tracking] - {b}{cut}\n"), 1, 2),
        (format!("{a}{b} more\n{cut}\n"), 2, 2),
        (format!("{a}\n{{\"message\": {b}, \"cut\n"), 1, 1),
        (format!("[{a},\n{cut},\n{b}]"), 2, 1),
        (format!("{x}{}{x}", &x[..60]), 2, 1),
        (format!("[\n{x},\n{{\"message\": {x}\n{x}]\n"), 2, 1),
        (format!("{a}{{\"x\":1}}{b}"), 2, 1),
    ] {
        let ended = converted(&text, &[]);
        let counts = (ended.count("emitted"), ended.count("unparsable"));
        assert_eq!(counts, (emitted, unparsable), "{text}: {}", ended.stderr);
    }
}

#[test]
fn with_the_framing_lines_a_line_is_one_record() {
    let [a, b] = events();
    let ended = converted(&format!("{a}{b}\n{b}\n"), &["--framing", "lines"]);
    assert_eq!((ended.count("emitted"), ended.count("unparsable")), (1, 1));
    ended.assert_stderr("read it with `--framing json`");
}

#[test]
fn records_are_shown_and_rejected_with_their_line_and_byte() {
    let [a, b] = events();
    let anonymous = b.replace("\"username\": \"ada\", ", "");
    for framing in ["auto", "json"] {
        let text = format!("{a}{anonymous}\n{b}{{\"cut\": \n");
        let run = Run::explain().file("a.log", &text);
        let ended = run
            .args(&["--framing", framing, "a.log"])
            .run()
            .with_code(0);
        let shown = |row: &Value| (row["line"].as_u64().unwrap(), row["byte"].as_u64());
        let at = |text: &str| Some(text.len() as u64 + 1);
        let expected = [(1, None), (1, at(&a)), (2, None), (2, at(&b))];
        assert_eq!(ended.rows().iter().map(shown).collect::<Vec<_>>(), expected);
        let arguments = ["--framing", framing, "--rejects", "rejects.jsonl"];
        let ended = converted(&text, &arguments);
        let rows = ended.json_lines("rejects.jsonl");
        assert_eq!(
            rows.iter().map(shown).collect::<Vec<_>>(),
            [expected[1], expected[3]]
        );
        assert_eq!(rows[0]["raw"], anonymous.as_str());
        // A row is converted as the record and not as its line.
        let again = Run::transform().in_directory(&ended.directory);
        let again = again.args(&["rejects.jsonl"]).run().with_code(0);
        assert_eq!((again.count("lines"), again.count("emitted")), (2, 0));
    }
}

#[test]
fn a_record_that_is_too_long_costs_only_itself() {
    let [a, b] = events();
    let long = a.replace("play_video", &"x".repeat(3 << 20));
    for text in [format!("{a}{long}{b}"), format!("[{a},\n {long},\n{b}]")] {
        let arguments = ["--framing", "json", "--max-line-bytes", "5000"];
        let ended = converted(&text, &arguments);
        ended.assert_stderr("too-long 1");
        assert_eq!(seconds(&ended.stdout), [0.0, 1.0]);
    }
}

/// The text between two records.
fn separator() -> impl Strategy<Value = &'static str> {
    prop::sample::select(vec!["", " ", "\n", "\n\n", ",\n", ", ", "\n]\n[", "\r\n"])
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(12))]

    #[test]
    fn a_run_resumes_after_any_record(
        framed in proptest::collection::vec((any::<bool>(), separator()), 1..8),
        cut in any::<prop::sample::Index>(),
    ) {
        let mut text = "[".to_owned();
        for ((is_indented, separator), second) in framed.iter().zip(0..) {
            let event = event(second);
            text += if *is_indented { indented(&event).trim_end().to_owned() } else { event }.as_str();
            text += separator;
        }
        let arguments = ["--framing", "json", "--state", "state", "-o", "out", "a.log"];
        let first = Run::transform().file("a.log", &text[..cut.index(text.len())]);
        let ended = first.args(&arguments).run().with_code(0);
        ended.directory.write("a.log", &text);
        let again = Run::transform().in_directory(&ended.directory);
        let ended = again.args(&arguments).run().with_code(0);
        let files = ended.files("out");
        let read = files.iter().flat_map(|name| seconds(&ended.read(&format!("out/{name}"))));
        let mut read: Vec<f64> = read.collect();
        read.sort_by(f64::total_cmp);
        let expected = (0..framed.len()).map(|second| second as f64);
        prop_assert_eq!(read, expected.collect::<Vec<_>>(), "{}", text);
    }
}

#[test]
fn many_records_in_one_line_are_read_in_batches() {
    let text = lines(0..20_000).replace('\n', "");
    let ended = converted(&text, &["--max-line-bytes", "1000"]);
    assert_eq!(ended.count("emitted"), 20_000);
}

#[test]
fn unwrapping_reaches_all_events_of_a_line() {
    let text = |second| format!("INFO [tracking] - {}", event(second));
    let joined = text(0) + &event(1);
    for (key, log) in [
        ("event.original", json!({"event.original": joined})),
        ("a.b.c", json!({"a": {"b.c": joined}})),
        (
            "MESSAGE",
            json!({"MESSAGE": joined.as_bytes(), "_PID": "1"}),
        ),
        (
            "logEvents.message",
            json!({"logEvents": [{"message": text(0)}, {"message": text(1)}]}),
        ),
        (
            "a",
            json!({"a": [text(0), serde_json::from_str::<Value>(&event(1)).unwrap()]}),
        ),
        ("message", json!({"time": "2024-03-05", "message": joined})),
        ("log", json!({"log": joined + "\n", "stream": "stdout"})),
    ] {
        let cri = format!("2024-03-05T08:00:46.8Z stdout F {log}");
        for text in [log.to_string(), cri] {
            let ended = converted(&text, &["--unwrap", key]);
            assert_eq!(seconds(&ended.stdout), [0.0, 1.0], "{text}");
            if !key.starts_with('a') {
                let ended = converted(&(text + "\n" + &event(2)), &["--unwrap", "auto"]);
                assert_eq!(seconds(&ended.stdout), [0.0, 1.0, 2.0]);
                assert_eq!(ended.count("unparsable"), 0);
            }
        }
    }
    let null =
        json!({"MESSAGE": null}).to_string() + "\n" + &json!({"MESSAGE": event(1)}).to_string();
    for key in ["MESSAGE", "auto"] {
        let run = Run::explain().file("a.log", &null);
        let ended = run.args(&["--unwrap", key, "a.log"]).run().with_code(0);
        assert_eq!(ended.rows()[0]["reason"], "not-wrapped");
        assert!(
            ended.rows()[0]["detail"]
                .as_str()
                .unwrap()
                .ends_with("`journalctl --all`")
        );
    }
}

#[test]
fn unwrap_auto_looks_through_three_layers() {
    let docker = |text: &str| json!({"log": format!("{text}\n"), "stream": "stdout"}).to_string();
    let logger = |text: &str| json!({"level": "INFO", "message": text}).to_string();
    let journal = |text: &str| json!({"MESSAGE": text.as_bytes(), "_PID": "1"}).to_string();
    let cri = |text: &str| format!("2024-03-05T08:00:46.8Z stdout F {text}");
    let cloudwatch = |text: &str| json!({"logEvents": [{"message": text}]}).to_string();
    let decoded = |text: &str| {
        let inner: Value = serde_json::from_str(text).unwrap();
        json!({"time": "2024-03-05", "log": inner}).to_string()
    };
    let prefixed = format!("INFO [tracking] - {}", event(0));
    for text in [event(0), prefixed.clone(), prefixed.clone() + &event(1)] {
        let expected = if text.ends_with(&event(1)) {
            &[0.0, 1.0][..]
        } else {
            &[0.0]
        };
        for wrapped in [
            docker(&logger(&text)),
            logger(&docker(&text)),
            cri(&logger(&text)),
            cri(&docker(&logger(&text))),
            logger(&docker(&logger(&text))),
            journal(&docker(&text)),
            docker(&journal(&text)),
            cloudwatch(&docker(&text)),
            cloudwatch(&cri(&text)),
            cloudwatch(&docker(&logger(&text))),
            docker(&cloudwatch(&text)),
            decoded(&logger(&text)),
        ] {
            let ended = converted(&wrapped, &["--unwrap", "auto"]);
            assert_eq!(seconds(&ended.stdout), expected, "{wrapped}");
            assert_eq!(ended.count("unparsable"), 0);
        }
    }
    // Objects that wrap no event are left as they are, and the pieces of wrapped lines are joined.
    let other = docker(&logger("started")) + "\n" + &docker("{\"message\": {\"a\": 1}}");
    let cut = pieces(&logger(&event(2)), true, "stdout", &[30, 90]).concat();
    let ended = converted(&format!("{other}\n{cut}"), &["--unwrap", "auto"]);
    assert_eq!(seconds(&ended.stdout), [2.0]);
    ended.assert_stderr("2 unparsable  no-event 2");
}

#[test]
fn events_beside_bytes_that_are_not_utf_8_are_read() {
    let [a, b] = events();
    let bad = |text: &str| text.replace("video", "vid\u{1}o");
    let damaged = bad(&b);
    let nested = format!("{{\"message\": {b}, \"x\": \"\u{1}\"}}");
    let cut = format!("{}\u{1}", &b[..80]);
    for (text, emitted, unparsable) in [
        (format!("{a}{damaged}"), 1, 1),
        (format!("{damaged}{a}"), 1, 1),
        (format!("INFO - {damaged}INFO - {a}{b}"), 2, 1),
        (format!("{a}\u{1}{b}"), 2, 1),
        (format!("\u{1} INFO - {b}"), 1, 1),
        (format!("{a}{b}\u{1}"), 2, 1),
        (format!("{a}{nested}"), 1, 1),
        (format!("{cut}{a}"), 1, 1),
        (nested, 0, 1),
        (format!("INFO - {damaged}"), 0, 1),
        (format!("{{\"message\": \u{1} {a}"), 0, 1),
    ] {
        let bytes: Vec<u8> = text
            .bytes()
            .map(|byte| if byte == 1 { 0xe9 } else { byte })
            .collect();
        for unwrap in [&[][..], &["--unwrap", "auto"]] {
            let run = Run::transform().file("a.log", [&bytes, b"\n".as_slice()].concat());
            let arguments = ["--rejects", "rejects.jsonl", "a.log"];
            let ended = run.args(unwrap).args(&arguments).run().with_code(0);
            let counts = (ended.count("emitted"), ended.count("unparsable"));
            assert_eq!(counts, (emitted, unparsable), "{text}: {}", ended.stderr);
            // Each record that is not UTF-8 is kept as it is.
            let rows = ended.json_lines("rejects.jsonl");
            assert!(
                rows.iter().all(|row| row["raw_base64"].is_string()),
                "{rows:?}"
            );
        }
    }
}

#[test]
fn a_rejected_record_out_of_a_wrapped_line_is_tried_again() {
    let anonymous = event(1).replace("\"username\": \"ada\", ", "");
    let log = json!({"logEvents": [{"message": event(0)}, {"message": anonymous}]});
    let arguments = [
        "--unwrap",
        "logEvents.message",
        "--rejects",
        "rejects.jsonl",
    ];
    let ended = converted(&log.to_string(), &arguments);
    assert_eq!(
        ended.json_lines("rejects.jsonl")[0]["raw"],
        anonymous.as_str()
    );
    let again = Run::transform().in_directory(&ended.directory);
    let again = again.args(&arguments[..2]).args(&["rejects.jsonl"]).run();
    again.with_code(0).assert_stderr("no-user 1");
}

/// The note about the end of an event that is left to the next run.
pub const INCOMPLETE: &str =
    "note: the last event of `a.log` is not complete, so the next run will read it\n";

#[test]
fn the_end_of_a_growing_file_that_is_not_complete_is_told_in_one_sentence() {
    let [a, b] = events();
    let [x, y] = [&a, &b].map(|event| indented(event).trim_end().to_owned());
    for (text, end) in [
        (format!("{x}\n{}", &y[..y.len() - 5]), INCOMPLETE),
        (format!("[{a},\n{}", &b[..60]), INCOMPLETE),
        (format!("[{a},\n{b},\n"), ""),
        (
            format!("{a}\n{}", &b[..60]),
            "note: the last line of `a.log` is not complete, so the next run will read it\n",
        ),
    ] {
        let ended = converted(&text, &["--quiet", "--state", "state", "-o", "out"]);
        assert_eq!(ended.stderr, "");
        let ended = converted(&text, &["--state", "state", "-o", "out"]);
        let notes = ended
            .stderr
            .lines()
            .filter(|line| line.contains("complete"));
        assert_eq!(
            notes.collect::<Vec<_>>().join("\n"),
            end.trim_end(),
            "{text}"
        );
    }
}
