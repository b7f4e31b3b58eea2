//! `--unwrap`: lines that a log driver or a log shipper has wrapped in JSON.

use serde_json::{Value, json};

use crate::harness::{Run, gzip, line};

/// Wraps a line as a container log driver does.
fn in_container_log(line: &str) -> String {
    let wrapped = json!({"log": line, "stream": "stdout", "time": "2024-03-05T09:00:01Z"});
    format!("{wrapped}\n")
}

/// Wraps a line as a log shipper does that decodes the event.
fn decoded(line: &str) -> String {
    let event: Value = serde_json::from_str(line).unwrap();
    format!(
        "{}\n",
        json!({"kubernetes": {"pod": "lms"}, "message": {"log": event}})
    )
}

const PREFIX: &str =
    "2024-03-05 09:00:00,000 INFO 7 [tracking] [user 7] [ip 1.2.3.4] logger.py:41 - ";

#[test]
fn a_line_has_the_same_output_wrapped_and_plain() {
    let plain = line(1) + &line(2);
    let wrapped: String = [line(1), line(2)]
        .iter()
        .map(|line| in_container_log(&format!("{PREFIX}{line}")))
        .collect();
    let shipped = wrapped
        .replace("{\"log\"", "{\"message\":{\"log\"")
        .replace("\n", "}\n");
    let decoded = decoded(&line(1)) + &decoded(&line(2));
    for format in ["xapi", "caliper"] {
        let rows = |log: &[u8], arguments: &[&str]| {
            let run = Run::transform_to(format).stdin(log).args(arguments);
            let run = run.env("SOURCE_DATE_EPOCH", "0").args(&["-"]);
            run.run().with_code(0).rows()
        };
        let expected = rows(plain.as_bytes(), &[]);
        assert_eq!(expected.len(), 2);
        assert_eq!(rows(wrapped.as_bytes(), &["--unwrap", "log"]), expected);
        assert_eq!(rows(&gzip(&wrapped), &["--unwrap", "log"]), expected);
        let nested = ["--unwrap", "message.log"];
        assert_eq!(rows(shipped.as_bytes(), &nested), expected);
        assert_eq!(rows(decoded.as_bytes(), &nested), expected);
    }
}

#[test]
fn lines_that_cannot_be_unwrapped_are_unparsable_and_kept_unchanged() {
    let log = [
        in_container_log(&line(1)),
        in_container_log("starting gunicorn\n"),
        in_container_log("\n"),
        line(2),
        "starting\n".to_owned(),
        "{\"log\": 5}\n".to_owned(),
        in_container_log(&line(3).replace("ada", "")),
        in_container_log("{\"name\": \"a\"}"),
    ];
    let run = || {
        Run::explain()
            .stdin(log.concat())
            .args(&["--unwrap", "log"])
    };
    let rows = run().args(&["-"]).run().with_code(0).rows();
    let shown = rows
        .iter()
        .map(|row| json!([row["line"], row["outcome"], row["reason"]]));
    assert_eq!(
        shown.collect::<Vec<_>>(),
        [
            json!([1, "emitted", null]),
            json!([2, "unparsable", "not-json"]),
            json!([4, "unparsable", "not-wrapped"]),
            json!([5, "unparsable", "not-json"]),
            json!([6, "unparsable", "not-wrapped"]),
            json!([7, "rejected", "no-user"]),
            json!([8, "unparsable", "no-event"]),
        ]
    );
    assert_eq!(rows[2]["detail"], "the line has no key `log`");
    assert!(
        rows[3]["detail"]
            .as_str()
            .unwrap()
            .starts_with("the line is not wrapped: ")
    );

    let run = Run::transform()
        .stdin(log.concat())
        .args(&["--rejects", "r"]);
    let ended = run.args(&["--unwrap", "log", "-"]).run().with_code(0);
    let kept = ended.json_lines("r");
    let raw = kept
        .iter()
        .map(|row| format!("{}\n", row["raw"].as_str().unwrap()));
    assert_eq!(raw.collect::<Vec<_>>(), [&log[1..2], &log[3..]].concat());
    assert_eq!(ended.count("lines"), 7);
}

#[test]
fn rejects_can_be_replayed_any_number_of_times() {
    let replay = |rejects: &[u8], unwrap: &[&str]| {
        let run = Run::transform().file("old", rejects).args(unwrap);
        run.args(&["--rejects", "new", "old"]).run().with_code(0)
    };
    let log = line(1).replace("\"ada\"", "\"\"") + &line(2) + "no event\n";
    let first = replay(log.as_bytes(), &[]);
    let second = replay(&first.read("new"), &["--unwrap", "raw"]);
    let third = replay(&second.read("new"), &["--unwrap", "raw"]);
    for ended in [&second, &third] {
        assert_eq!((ended.count("rejected"), ended.count("unparsable")), (1, 1));
        for (row, original) in ended.json_lines("new").iter().zip(first.json_lines("new")) {
            for key in ["file", "line", "raw", "reason"] {
                assert_eq!(row[key], original[key]);
            }
        }
    }
}

#[test]
fn a_wrapped_document_is_a_document_and_several_wrapped_lines_are_a_log() {
    let pretty = |wrapped: &str| {
        let value: Value = serde_json::from_str(wrapped).unwrap();
        serde_json::to_string_pretty(&value).unwrap()
    };
    let lines = in_container_log(&line(1)) + &in_container_log(&line(2));
    let run = Run::transform()
        .file("text.json", pretty(&in_container_log(&line(1))))
        .file(
            "object.json",
            pretty(&decoded(&line(1)).replace("\"message\":{\"log\":", "\"log\":{\"log\":")),
        )
        .file("lines.json", lines);
    let ended = run
        .args(&["--unwrap", "log", "-o", "out"])
        .args(&["text.json", "object.json", "lines.json"])
        .run()
        .with_code(0);
    assert_eq!(ended.files("out"), ["lines.json.xapi.jsonl", "text.json"]);
    assert_eq!(ended.json_lines("out/lines.json.xapi.jsonl").len(), 2);
    // In this document the event is one level deeper.
    let run = Run::transform().file("object.json", pretty(&decoded(&line(1))));
    let ended = run
        .args(&["--unwrap", "message.log", "-o", "out", "object.json"])
        .run();
    assert_eq!(ended.with_code(0).files("out"), ["object.json"]);
}

#[test]
fn the_key_can_be_an_environment_variable_and_must_have_no_empty_part() {
    let run = Run::transform().stdin(in_container_log(&line(1)));
    let run = run.env("EVENT_ROUTER_UNWRAP", "log").args(&["-"]);
    assert_eq!(run.run().with_code(0).count("emitted"), 1);
    for key in ["", "message..log", "log."] {
        let ended = Run::transform().args(&["--unwrap", key, "-"]).run();
        ended
            .with_code(2)
            .assert_stderr("of `--unwrap`: expected a key");
    }
}

#[test]
fn each_element_of_an_array_has_an_outcome() {
    let elements = json!({"logEvents": [
        {"message": format!("{PREFIX}{}", line(1))}, {"message": null}, {"msg": line(2)}, {"message": "{\"event_type\": \"cut"}, 5,
        {"message": line(3)},
    ]});
    let log = format!("{elements}\n");
    let run = || Run::transform().stdin(&log).args(&["--rejects", "r.jsonl"]);
    let ended = run().args(&["--unwrap", "logEvents.message", "-"]).run();
    assert_eq!((ended.count("lines"), ended.count("emitted")), (6, 2));
    ended.assert_stderr("4 unparsable  not-wrapped 3, not-json 1");
    let rejects = ended.read("r.jsonl");
    let rejects = String::from_utf8_lossy(&rejects);
    for detail in [
        "`logEvents.message` is null, neither a string nor an object",
        "the element has no key `logEvents.message`",
    ] {
        assert!(rejects.contains(detail), "{rejects}");
    }
    // No element has the key.
    let ended = run().args(&["--unwrap", "logEvents.text", "-"]).run();
    assert_eq!(ended.count("lines"), 1);
}

#[test]
fn arrays_of_a_time_and_a_line_are_read_as_loki_exports_them() {
    let values: Vec<_> = (0..5)
        .map(|nth| json!([format!("17096256468{nth}"), line(nth)]))
        .collect();
    let log = format!(
        "{}\n",
        json!({"streams": [{"stream": {"app": "lms"}, "values": values}]})
    );
    let run = || Run::transform().stdin(&log).args(&["-"]);
    let ended = run().run();
    ended.assert_stderr("read them with `--unwrap streams.values`");
    let ended = run().args(&["--unwrap", "streams.values"]).run();
    assert_eq!((ended.count("lines"), ended.count("emitted")), (5, 5));
}

#[test]
fn events_at_the_key_event_beside_others_are_reported_with_a_command_that_reads_all() {
    let plain: String = (0..20).map(line).collect();
    let wrapped = |key: &str| -> String {
        let lines = (20..50).map(|nth| {
            let text = format!("{PREFIX}{}", line(nth));
            format!("{}\n", json!({"host": "h", key: text}))
        });
        lines.collect()
    };
    let of_others = format!("{}\n", json!({"level": "info", "event": "started"})).repeat(50);
    for key in ["event", "data"] {
        let log = [plain.as_str(), &wrapped(key)].concat();
        let ended = Run::transform().stdin(&log).args(&["-", "--quiet"]).run();
        ended.assert_stderr(&format!("30 of 50 lines of `-` were not read because their events are at the key `{key}`; read it with `… | jq -cRr '(fromjson? | (select((.event_type // .event_source // .context) == null or (.{key} | tostring | contains(\"event_source\"))) | .{key})?) // .' | event-router … -`"));
    }
    let log = [plain.as_str(), &of_others].concat();
    let ended = Run::transform().stdin(&log).args(&["-"]).run();
    ended.assert_not_stderr("warning");
}
