//! `transform --output-format clickhouse`.

use serde_json::Value;

use crate::harness::{Run, fixture, json_lines, line};

fn rows_of(log: impl AsRef<[u8]>) -> Run {
    let run = Run::transform().args(&["--output-format", "clickhouse", "a.log"]);
    run.file("a.log", log)
}

/// A line whose event has this `time`, given as JSON.
fn at(time: &str) -> String {
    line(1).replace("\"2024-03-05T09:00:00.000001+00:00\"", time)
}

#[test]
fn rows_hold_the_statements_of_transform_as_text() {
    let sample = fixture("sample/tracking.log.gz");
    let run = |arguments: &[&str]| {
        let run = Run::transform().tables().args(arguments).path(&sample);
        run.run().with_code(0)
    };
    let statements = run(&[]).stdout;
    let rows = run(&["--output-format", "clickhouse"]).rows();
    let texts: String = rows
        .iter()
        .map(|row| row["event"].as_str().unwrap().to_owned() + "\n")
        .collect();
    assert_eq!(texts.as_bytes(), statements);
    for (row, statement) in rows.iter().zip(json_lines(&statements)) {
        assert_eq!(row["event_id"], statement["id"]);
        let keys: Vec<&String> = row.as_object().unwrap().keys().collect();
        assert_eq!(keys, ["emission_time", "event", "event_id"]);
    }
    assert_eq!(rows.len(), 149);
}

/// ClickHouse 25.8 and 26.9 read each of these texts as the time of the event.
#[test]
fn the_time_of_a_row_is_a_text_of_seconds_with_six_decimals() {
    for (time, text) in [
        ("\"2024-03-05T09:14:07.123456+00:00\"", "1709630047.123456"),
        ("\"2024-03-05T10:14:07+01:00\"", "1709630047.000000"),
        ("1709630047.000001", "1709630047.000001"),
        ("\"1970-01-01T00:00:01Z\"", "000000001.000000"),
        ("\"1969-12-31T23:59:58.500000Z\"", "-000000001.500000"),
        ("\"1900-01-01T00:00:00Z\"", "-2208988800.000000"),
        ("\"2299-12-31T23:59:59.999999Z\"", "10413791999.999999"),
    ] {
        let rows = rows_of(at(time)).run().with_code(0).rows();
        assert_eq!(rows[0]["emission_time"], text, "{time}");
    }
}

#[test]
fn an_event_whose_time_clickhouse_would_change_is_rejected() {
    let without = line(1).replace(", \"time\": \"2024-03-05T09:00:00.000001+00:00\"", "");
    for (log, reason) in [
        (without, "missing-field 1"),
        (at("\"1899-12-31T23:59:59.999999Z\""), "bad-timestamp 1"),
        (at("\"1900-01-01T00:30:00+01:00\""), "bad-timestamp 1"),
        (at("\"2300-01-01T00:00:00Z\""), "bad-timestamp 1"),
        (at("-0.5"), "bad-timestamp 1"),
        (at("true"), "bad-timestamp 1"),
    ] {
        let ended = rows_of(&log).args(&["--rejects", "r"]).run().with_code(0);
        assert!(ended.stdout.is_empty());
        ended.assert_stderr(reason);
        let detail = ended.json_lines("r")[0]["detail"].clone();
        assert!(detail.as_str().unwrap().contains("ClickHouse"), "{detail}");
        // Without rows, the event becomes a statement as before.
        let ended = Run::transform().file("a.log", log).args(&["a.log"]);
        assert_eq!(ended.run().with_code(0).rows().len(), 1);
    }
}

#[test]
fn output_files_of_rows_have_their_own_names_and_can_be_checked() {
    let documents = fixture("events");
    let run = |arguments: &[&str]| {
        let run = Run::transform().tables().args(arguments);
        run.args(&[
            "--output-format",
            "clickhouse",
            "--events",
            "all",
            "-o",
            "out",
            "--unknown-user",
            "derive",
            "--unknown-course",
            "derive",
        ])
    };
    let ended = run(&["--compress", "gzip"]).file("a.log", line(1));
    let ended = ended.args(&["a.log"]).path(&documents).run().with_code(0);
    assert!(
        ended
            .files("out")
            .contains(&"a.log.clickhouse.jsonl.gz".into())
    );
    // A document becomes rows too, one a line.
    let rows = ended.json_lines("out/problem/problem_check.three-questions.json");
    assert!(rows.len() > 1 && rows.iter().all(|row| row["event"].is_string()));
    let check = run(&["--compress", "gzip", "--check"]).in_directory(&ended.directory);
    check.args(&["a.log"]).path(&documents).run().with_code(0);
    let other = ended.directory;
    other.write("a.log", line(2));
    let check = run(&["--compress", "gzip", "--check", "a.log"]).in_directory(&other);
    check.run().with_code(1);
}

#[test]
fn only_statements_have_rows() {
    let run = Run::transform_to("caliper").args(&["--output-format", "clickhouse", "-"]);
    run.run()
        .with_code(2)
        .assert_error("`--output-format clickhouse`");
}

#[test]
fn a_statement_that_json_cannot_hold_is_rejected_as_without_rows() {
    let log = line(1).replace("\"currentTime\": 1", "\"currentTime\": NaN");
    let reason = |run: Run| {
        let ended = run.args(&["--rejects", "r"]).run().with_code(0);
        let row: Value = ended.json_lines("r")[0].clone();
        (row["reason"].clone(), row["detail"].clone())
    };
    let plain = reason(Run::transform().file("a.log", &log).args(&["a.log"]));
    assert_eq!(reason(rows_of(&log)), plain);
}
