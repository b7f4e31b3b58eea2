//! `explain`.

use serde_json::json;

use crate::harness::{Run, fixture, line};

#[test]
fn each_line_has_a_json_row_with_all_keys_except_blank_lines() {
    let log = format!(
        "{}\nx\n{}{{\"name\": 5, \"event\": 1}}\n",
        line(1),
        line(2).replace("ada", "")
    );
    let ended = Run::explain()
        .file("a.log", log)
        .args(&["a.log"])
        .run()
        .with_code(0);
    let keys = ["detail", "file", "line", "name", "out", "outcome", "reason"];
    let rows = ended.rows();
    for row in &rows {
        assert_eq!(row.as_object().unwrap().keys().collect::<Vec<_>>(), keys);
        assert_eq!(row["file"], "a.log");
    }
    let shown = rows
        .iter()
        .map(|row| json!([row["line"], row["name"], row["outcome"], row["reason"]]));
    assert_eq!(
        shown.collect::<Vec<_>>(),
        [
            json!([1, "play_video", "emitted", null]),
            json!([3, null, "unparsable", "not-json"]),
            json!([4, "play_video", "rejected", "no-user"]),
            json!([5, null, "unsupported", null]),
        ]
    );
    assert_eq!(rows[0]["out"].as_array().unwrap().len(), 1);
    assert!(rows[1..].iter().all(|row| row["out"] == json!([])));
}

#[test]
fn out_holds_the_statements_that_transform_writes() {
    let log = fixture("sample/tracking.log.gz");
    let explained = Run::explain().tables().path(&log).run().with_code(0);
    let transformed = Run::transform().tables().path(&log).run().with_code(0);
    let out = explained
        .rows()
        .iter()
        .flat_map(|row| row["out"].as_array().unwrap().clone())
        .collect::<Vec<_>>();
    assert_eq!(out, transformed.rows());
}

#[test]
fn without_json_each_line_has_a_readable_explanation() {
    let run = Run::explain_as_text().args(&["--events", "play_video"]);
    let log = line(1) + &line(2).replace("ada", "") + &line(3).replace("play", "stop") + "x\n";
    let ended = run.file("a.log", log).args(&["a.log"]).run().with_code(0);
    let stdout = String::from_utf8(ended.stdout).unwrap();
    let lines: Vec<_> = stdout.lines().collect();
    assert_eq!(lines[0], "a.log:1: play_video: emitted");
    assert!(lines[1].starts_with("    {\"id\":"));
    assert_eq!(
        lines[2],
        "a.log:2: play_video: rejected, no-user: the event names no user"
    );
    assert_eq!(
        lines[3],
        "a.log:3: stop_video: filtered: excluded by `--events`"
    );
    assert!(lines[4].starts_with("a.log:4: (no name): unparsable, not-json: "));
}

#[test]
fn unsupported_events_are_explained() {
    let log = line(1).replace("play_video", "edx.problem.completed")
        + &line(2).replace("play", "x")
        + "{\"event\": 1}";
    let rows = Run::explain().file("a.log", &log).args(&["a.log"]).run();
    let rows = rows.with_code(0).rows();
    let run = Run::explain_as_text();
    let ended = run.file("a.log", log).args(&["a.log"]).run().with_code(0);
    let stdout = String::from_utf8(ended.stdout).unwrap();
    let whys: Vec<_> = stdout
        .lines()
        .map(|line| line.rsplit(": ").next().unwrap())
        .collect();
    let expected = [
        "the event is not converted by default; to convert it, use `--events all`",
        "events with this name cannot be converted to this format",
        "the event has no name",
    ];
    assert_eq!(whys, expected);
    let details: Vec<_> = rows.iter().map(|row| &row["detail"]).collect();
    assert_eq!(details, expected);
}

#[test]
fn control_characters_in_names_are_escaped() {
    let run = Run::explain_as_text();
    let log = line(1).replace(
        "play_video",
        "\\u001b]0;x\\u0007\\na.log:9: play_video: emitted",
    );
    let ended = run.file("a.log", log).args(&["a.log"]).run().with_code(0);
    let stdout = String::from_utf8(ended.stdout).unwrap();
    assert_eq!(stdout.lines().count(), 1, "{stdout}");
    assert!(
        !stdout.contains('\u{1b}') && stdout.contains("\\u{1b}"),
        "{stdout}"
    );
}

#[test]
fn a_truncated_or_missing_input_exits_with_3() {
    let cut = &crate::harness::gzip(line(1))[..40];
    Run::explain()
        .file("a.log", cut)
        .args(&["a.log"])
        .run()
        .with_code(3);
    Run::explain().args(&["a.log"]).run().with_code(3);
}
