//! Lines of other programs among the tracking lines in the output of a container, told from damaged tracking lines.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use crate::harness::{Run, gzip, line, lines};

const PREFIX: &str =
    "2024-03-05 09:14:07,120 INFO 17 [tracking] [user 7] [ip 203.0.113.9] logger.py:41 - ";

/// Lines that other programs and loggers write to the output of a container.
const OTHER_LINES: [&str; 5] = [
    "[pid: 17|app: 0|req: 12/12] 203.0.113.9 () POST /event?event_type=x => generated 7 bytes\n",
    "INFO 17 [xapi_tracking] [user 7] - {\"id\": \"x\", \"context\": {}}\n",
    "Traceback (most recent call last):\n",
    "KeyError: 'context'\n",
    "INFO 17 [celery.worker.strategy] [user None] - Task grade[1] {} received\n",
];

/// A tracking line whose end is lost.
fn cut() -> String {
    format!("{PREFIX}{}\n", &line(1)[..60])
}

/// Returns the number of lines by reason.
fn reasons(run: Run) -> BTreeMap<String, u64> {
    let report = run.args(&["--report", "report.json"]).run().with_code(0);
    let report = report.directory.json("report.json");
    serde_json::from_value(report["total"]["reasons"].clone()).unwrap()
}

#[test]
fn lines_of_other_programs_are_told_from_damage_where_events_name_their_logger() {
    let log = OTHER_LINES.concat() + PREFIX + &line(1) + &cut() + &OTHER_LINES.concat();
    for (input, arguments) in [
        (log.clone().into_bytes(), &["-"][..]),
        (gzip(&log), &["-"]),
        (
            log.lines()
                .map(|line| {
                    json!({"log": format!("{line}\n"), "stream": "stdout"}).to_string() + "\n"
                })
                .collect::<String>()
                .into_bytes(),
            &["--unwrap", "log", "-"],
        ),
    ] {
        let found = reasons(Run::transform().stdin(&input).args(arguments));
        let expected = [("not-json".to_owned(), 1), ("not-tracking".to_owned(), 10)];
        assert_eq!(found, BTreeMap::from(expected), "{arguments:?}");
    }
    let plain = log.replace("[tracking] [user", "[user");
    let found = reasons(Run::transform().stdin(plain).args(&["-"]));
    assert_eq!(found.values().sum::<u64>(), 11);
    assert!(!found.contains_key("not-tracking"));
}

#[test]
fn fail_on_unparsable_leaves_out_lines_of_other_programs() {
    let run = |log: String| {
        let run = Run::transform().args(&["--fail-on", "unparsable", "--rejects", "r.jsonl", "-"]);
        run.stdin(log).run()
    };
    let healthy = PREFIX.to_owned() + &line(1) + &OTHER_LINES.concat();
    let ended = run(healthy.clone()).with_code(0);
    ended.assert_stderr("5 unparsable  not-tracking 5");
    // Other programs have written the lines, so there is nothing to retry.
    assert!(ended.read("r.jsonl").is_empty());
    let damaged = run(healthy.clone() + &cut()).with_code(1);
    damaged.assert_stderr("1 line is unparsable");
    let rows = damaged.directory.json_lines("r.jsonl");
    assert_eq!((rows.len(), &rows[0]["reason"]), (1, &json!("not-json")));
}

#[test]
fn rows_of_lines_of_other_programs_leave_the_rejects_file() {
    let row = |line: &str, reason| {
        json!({"file": "a.log", "line": 1, "reason": reason, "detail": "", "raw": line}).to_string()
            + "\n"
    };
    let rows: String = OTHER_LINES
        .iter()
        .map(|line| row(line.trim_end(), "not-tracking"))
        .collect();
    let kept = row(cut().trim_end(), "not-json");
    let run = Run::transform().file("r.jsonl", rows + &kept);
    let arguments = ["--rejects", "r.jsonl", "-o", "out", "r.jsonl"];
    let ended = run.args(&arguments).run().with_code(0);
    ended.assert_stderr("6 unparsable  not-tracking 5, not-json 1");
    let left = ended.directory.json_lines("r.jsonl");
    assert_eq!((left.len(), &left[0]["reason"]), (1, &json!("not-json")));
}

/// Returns a line as journald exports it, with the message in some form.
fn of_journald(message: Value) -> String {
    json!({"_HOSTNAME": "lms", "MESSAGE": message, "PRIORITY": "6"}).to_string() + "\n"
}

#[test]
fn damage_is_not_taken_for_lines_of_other_programs() {
    let marked = PREFIX.to_owned() + &line(1);
    let with = |after: &[u8]| [marked.as_bytes(), after].concat();
    let journald = |message: Value| {
        let request = of_journald("GET /".into());
        of_journald(marked.trim_end().into()) + &of_journald(message) + &request
    };
    let unwrap = &["--unwrap", "MESSAGE"][..];
    for (log, arguments, expected) in [
        // A hole at the end, and bytes of another encoding.
        (with(&[0; 40]), &[][..], &["not-json"][..]),
        (with(b"GET /\0\n"), &[], &["not-json"]),
        (with(b"GET /\xe4\n"), &[], &["not-utf8"]),
        (
            journald(Value::Null).into_bytes(),
            unwrap,
            &["not-tracking", "not-wrapped"],
        ),
        (
            journald("GET /\0".into()).into_bytes(),
            unwrap,
            &["not-json", "not-tracking"],
        ),
    ] {
        let run = Run::transform().stdin(&log).args(arguments);
        let found = reasons(run.args(&["-"]));
        let found: Vec<_> = found.keys().map(String::as_str).collect();
        let shown = String::from_utf8_lossy(&log);
        assert_eq!(found, expected, "{shown}");
        let run = Run::transform().stdin(&log).args(arguments);
        let ended = run.args(&["--fail-on", "unparsable", "-"]).run();
        ended.with_code(1);
    }
}

#[test]
fn lines_that_a_shell_appends_in_another_encoding_are_an_error() {
    let wide = |text: &str| -> Vec<u8> { text.encode_utf16().flat_map(u16::to_le_bytes).collect() };
    let marked = PREFIX.to_owned() + &line(1);
    let log = [marked.as_bytes(), &wide(&marked), &wide("GET /\n")].concat();
    let ended = Run::transform().stdin(log).args(&["-"]).run().with_code(3);
    ended.assert_stderr("UTF-16 text");
    ended.assert_not_stderr("not-tracking");
}

#[test]
fn messages_that_journald_leaves_out_have_the_option_that_exports_them() {
    let run = Run::transform().stdin(of_journald(Value::Null));
    let arguments = ["--unwrap", "MESSAGE", "--rejects", "r.jsonl", "-"];
    let ended = run.args(&arguments).run().with_code(0);
    let rows = ended.directory.json_lines("r.jsonl");
    let detail = rows[0]["detail"].as_str().unwrap();
    assert!(detail.contains("`journalctl --all`"), "{detail}");
}

#[test]
fn lines_of_other_programs_do_not_depend_on_batches_threads_or_runs() {
    let others = |times| OTHER_LINES.concat().repeat(times);
    let log = others(3000) + PREFIX + &line(1) + &cut() + &others(8000);
    assert!(log.len() > 2 << 20);
    let expected = [
        ("not-json".to_owned(), 1),
        ("not-tracking".to_owned(), 55_000),
    ];
    for threads in ["1", "4"] {
        let run = Run::transform().file("a.log", &log);
        let found = reasons(run.args(&["--threads", threads, "-o", "out", "a.log"]));
        assert_eq!(found, BTreeMap::from(expected.clone()), "{threads}");
    }

    let arguments = ["--state", "state", "-o", "out", "a.log"];
    let log = PREFIX.to_owned() + &line(1) + &lines(2..3);
    let first = Run::transform().file("a.log", &log).args(&arguments).run();
    let second = Run::transform().in_directory(&first.directory);
    let found = reasons(
        second
            .file("a.log", log + OTHER_LINES[0] + &cut())
            .args(&arguments),
    );
    let expected = [("not-json".to_owned(), 1), ("not-tracking".to_owned(), 1)];
    assert_eq!(found, BTreeMap::from(expected));
}

#[test]
fn only_a_line_with_the_keys_of_an_event_decides_that_an_input_is_not_marked() {
    let other = OTHER_LINES.concat();
    for first in [
        r#"{"level":"info","msg":"start","contextual":1}"#,
        r#"{"level":"info","context":{"event_source":"server"}}"#,
        r#"{"id":"x","actor":{},"verb":{},"object":{},"context":{"extensions":{}}}"#,
    ] {
        let log = format!("{first}\n{other}{PREFIX}{}", line(1));
        let found = reasons(Run::transform().stdin(&log).args(&["-"]));
        assert_eq!(found.get("not-tracking"), Some(&5), "{first}");
    }
}

#[test]
fn the_first_event_of_a_file_is_searched_beyond_any_number_of_requests() {
    let requests = "GET /courses HTTP/1.1\n".repeat(150_000);
    let event = PREFIX.to_owned() + &line(1);
    let expected = BTreeMap::from([("not-tracking".to_owned(), 150_000)]);
    for (name, log) in [
        ("a.log", (requests.clone() + &event).into_bytes()),
        ("a.log.gz", gzip(requests.clone() + &event)),
    ] {
        let run = Run::transform().file(name, &log).args(&["-o", "out", name]);
        assert_eq!(reasons(run), expected, "{name}");
        // The bytes that are searched are not counted as read.
        let run = Run::transform().file(name, &log);
        let ended = run.args(&["-o", "out", "--report", "r.json", name]).run();
        let report = ended.with_code(0).directory.json("r.json");
        assert_eq!(report["inputs"][0]["bytes"], log.len(), "{report}");
    }
    // A pipe is not read twice, so only its first 1 MiB is searched.
    let found = reasons(Run::transform().stdin(requests + &event).args(&["-"]));
    assert_eq!(found, BTreeMap::from([("not-json".to_owned(), 150_000)]));
}
