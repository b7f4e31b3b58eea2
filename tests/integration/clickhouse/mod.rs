//! `send --clickhouse-url`, `verify` and `recover`.

mod letters;
mod once_only;

use serde_json::Value;

use crate::clickhouse_server::{ClickHouse, Fault, Kind, parameters};
use crate::harness::{ROOT_URL, Run, line, lines};

fn run(command: &str, server: &ClickHouse) -> Run {
    let run = Run::new(&[command, "--clickhouse-table", "openedx.xapi_events_all"]);
    let run = run.args(&["--clickhouse-url", &server.url(), "--report", "report.json"]);
    let run = run.args(&["--retry-delay", "0.01", "--max-retries", "3"]);
    match command {
        "recover" => run.args(&["--dead-letters", "dead"]),
        _ => run.args(&["--to", "xapi", "--lms-root-url", ROOT_URL, "a.log"]),
    }
}

fn send(server: &ClickHouse, log: &str) -> Run {
    run("send", server).file("a.log", log)
}

fn is_poisoned(rows: &[Value]) -> bool {
    let mut events = rows.iter().map(|row| row["event"].as_str().unwrap());
    events.any(|event| event.contains("poison"))
}

/// The counts of the only target in a report.
fn counts(report: &Value, names: [&str; 2]) -> [u64; 2] {
    names.map(|name| report["routers"][0][name].as_u64().unwrap())
}

#[test]
fn an_insert_has_its_settings_and_credentials_that_are_not_in_its_url() {
    let server = ClickHouse::healthy();
    send(&server, &lines(0..3))
        .env("EVENT_ROUTER_USERNAME", "backfill")
        .env("EVENT_ROUTER_PASSWORD", "hunter2")
        .run()
        .with_code(0);
    let records = server.records();
    for (_, request) in &records.requests {
        assert_eq!(request.headers["x-clickhouse-user"], "backfill");
        assert_eq!(request.headers["x-clickhouse-key"], "hunter2");
        assert!(!request.target.contains("hunter2"));
        assert!(!request.headers.contains_key("authorization"));
    }
    let [insert] = records.of_kind(Kind::Insert)[..] else {
        panic!("there is not one insert")
    };
    assert_eq!(insert.headers["content-encoding"], "gzip");
    let parameters = parameters(insert);
    let query = "INSERT INTO `openedx`.`xapi_events_all` (event_id, emission_time, event) FORMAT JSONEachRow";
    for (name, value) in [
        ("query", query),
        ("async_insert", "0"),
        ("date_time_input_format", "best_effort"),
        ("input_format_skip_unknown_fields", "0"),
        ("input_format_allow_errors_num", "0"),
        ("max_partitions_per_insert_block", "0"),
        ("wait_end_of_query", "1"),
    ] {
        assert_eq!(parameters[name], value, "{name}");
    }
}

/// ClickHouse reads a time before 1970 only with this setting.
#[test]
fn a_batch_with_a_time_before_1970_is_read_with_basic_times() {
    let server = ClickHouse::healthy();
    let old = line(2).replace("2024-03-05T09:00:00.000002", "1965-03-05T09:00:00");
    send(&server, &(line(1) + &old)).run().with_code(0);
    let records = server.records();
    let insert = records.of_kind(Kind::Insert)[0];
    assert_eq!(parameters(insert)["date_time_input_format"], "basic");
}

#[test]
fn an_event_without_a_time_is_rejected_and_the_others_are_inserted() {
    let server = ClickHouse::healthy();
    let without = line(2).replace(", \"time\": \"2024-03-05T09:00:00.000002+00:00\"", "");
    let ended = send(&server, &(line(1) + &without)).run().with_code(0);
    ended.assert_stderr("missing-field 1");
    assert_eq!(server.stored().len(), 1);
}

#[test]
fn an_exception_that_every_insert_would_meet_stops_the_run_and_is_explained() {
    for (status, code, text, explained) in [
        (403, 516, "Authentication failed", "check the username"),
        (401, 194, "password required", "check the username"),
        (
            500,
            497,
            "Not enough privileges",
            "grants SELECT and INSERT",
        ),
        (
            404,
            60,
            "Table t does not exist",
            "check `--clickhouse-table`",
        ),
        (
            404,
            81,
            "Database openedx does not exist",
            "check `--clickhouse-table`",
        ),
        (500, 16, "No such column event", "lacks a column"),
        (
            500,
            164,
            "Cannot modify 'async_insert' setting in readonly mode. (READONLY)",
            "the user may only read",
        ),
        (
            500,
            164,
            "default: Cannot execute query in readonly mode. (READONLY)",
            "the user may only read",
        ),
        (
            500,
            452,
            "Setting insert_deduplicate shouldn't be less than true. (SETTING_CONSTRAINT_VIOLATION)",
            "refuses the setting `insert_deduplicate=0`",
        ),
        (
            404,
            115,
            "Unknown setting 'distributed_foreground_insert'. (UNKNOWN_SETTING)",
            "does not know the setting `distributed_foreground_insert=1`",
        ),
    ] {
        let server = ClickHouse::with_faults(move |kind, _, _| match kind {
            Kind::Insert => Fault::Exception(status, code, text),
            _ => Fault::None,
        });
        let run = send(&server, &lines(0..9)).args(&["--dead-letters", "dead"]);
        let run = run.env("EVENT_ROUTER_USERNAME", "ada");
        let ended = run
            .env("EVENT_ROUTER_PASSWORD", "secret")
            .run()
            .with_code(5);
        ended.assert_stderr(text);
        ended.assert_stderr(explained);
        assert!(ended.dead_letters().is_empty());
        // The insert is not repeated.
        assert_eq!(server.records().of_kind(Kind::Insert).len(), 1, "{code}");
    }
}

#[test]
fn an_overloaded_server_gets_the_rows_later_and_once() {
    for (status, code) in [
        (500, 252),
        (500, 202),
        (408, 159),
        (500, 241),
        (500, 242),
        (500, 999),
        (500, 236),
        (500, 210),
        (500, 243),
        (500, 201),
        (500, 1002),
        (200, 252),
    ] {
        let server = ClickHouse::with_faults(move |kind, nth, _| match (kind, nth) {
            (Kind::Lookup | Kind::Insert, 0) => Fault::Exception(status, code, "busy"),
            _ => Fault::None,
        });
        let run = send(&server, &lines(0..20)).args(&["--dead-letters", "dead"]);
        let ended = run.run().with_code(0);
        assert!(ended.dead_letters().is_empty(), "{code}");
        assert_eq!(server.stored().len(), 20, "{code}");
    }
}

/// ClickHouse cannot change the status once its answer has begun.
#[test]
fn an_exception_after_the_status_of_a_success_is_shown_with_this_status() {
    let server = ClickHouse::with_faults(|kind, nth, _| match (kind, nth) {
        (Kind::Insert, 0) => Fault::Exception(200, 252, "Too many parts"),
        _ => Fault::None,
    });
    let ended = send(&server, &lines(0..9)).run().with_code(0);
    ended.assert_stderr("answered 200 with an exception: Code: 252.");
    assert!(!ended.stderr.contains("answered 500"), "{}", ended.stderr);
}

#[test]
fn an_outage_leaves_no_dead_letters() {
    let server = ClickHouse::with_faults(|kind, _, _| match kind {
        Kind::Insert => Fault::Exception(500, 252, "Too many parts"),
        _ => Fault::None,
    });
    let run = send(&server, &lines(0..60)).args(&["--batch-size", "10"]);
    let ended = run.args(&["--dead-letters", "dead"]).run().with_code(5);
    ended.assert_stderr("Too many parts");
    assert!(ended.dead_letters().is_empty());
}

#[test]
fn an_insert_that_needs_too_much_memory_is_halved() {
    let server = ClickHouse::with_faults(|kind, _, rows| match kind {
        Kind::Insert if rows.len() > 10 => Fault::Exception(500, 241, "Memory limit exceeded"),
        _ => Fault::None,
    });
    send(&server, &lines(0..60)).run().with_code(0);
    assert_eq!(server.stored().len(), 60);
}

#[test]
fn only_an_answer_of_clickhouse_confirms_rows() {
    for (head, body) in [
        ("", ""),
        ("", "<html>"),
        ("X-ClickHouse-Summary: {\"written_rows\":\"2\"}\r\n", ""),
    ] {
        let server = ClickHouse::with_faults(move |kind, _, _| match kind {
            Kind::Insert => Fault::Answer(200, head, body),
            _ => Fault::None,
        });
        let ended = send(&server, &lines(0..9)).run().with_code(5);
        ended.assert_stderr("does not confirm that the records are stored");
        assert_eq!(counts(&ended.report(), ["delivered", "left"]), [0, 9]);
    }
}

#[test]
fn a_table_without_the_columns_stops_the_run_before_the_first_insert() {
    let server = ClickHouse::start(&["event_id", "event"], |_, _, _| Fault::None);
    let ended = send(&server, &lines(0..9)).run().with_code(5);
    let message = "the table `openedx.xapi_events_all` has no column `emission_time`";
    ended.assert_stderr(message);
    assert!(server.records().of_kind(Kind::Insert).is_empty());
    let probe = send(&server, "").args(&["--probe"]).run().with_code(5);
    probe.assert_stderr(message);
}

#[test]
fn a_column_of_another_type_stops_the_run_before_the_first_insert() {
    for (columns, message) in [
        (
            ["event_id", "emission_time", "event UInt64"],
            "has a column `event` of the type `UInt64`, not `String`",
        ),
        (
            ["event_id", "emission_time Int64", "event"],
            "has a column `emission_time` of the type `Int64`, not `DateTime`",
        ),
        (
            ["event_id UInt128", "emission_time", "event"],
            "has a column `event_id` of the type `UInt128`, not `UUID`",
        ),
    ] {
        let server = ClickHouse::start(&columns, |_, _, _| Fault::None);
        let run = send(&server, &lines(0..9)).args(&["--dead-letters", "dead"]);
        run.run().with_code(5).assert_stderr(message);
        assert!(server.records().of_kind(Kind::Insert).is_empty());
    }
    for columns in [
        ["event_id String", "emission_time DateTime", "event JSON"],
        [
            "event_id Nullable(UUID)",
            "emission_time Nullable(DateTime64(3, 'UTC'))",
            "event LowCardinality(String)",
        ],
    ] {
        let server = ClickHouse::start(&columns, |_, _, _| Fault::None);
        send(&server, &lines(0..9)).run().with_code(0);
    }
}

/// A limit of the user's profile is exceeded each time.
#[test]
fn a_limit_of_the_profile_stops_the_run_at_once_and_is_named() {
    for kind in [Kind::Describe, Kind::Lookup, Kind::Insert] {
        for (code, text, named) in [
            (
                158,
                "Limit for rows (controlled by 'max_rows_to_read' setting) exceeded, max rows: 100.00",
                "later queries exceed the limit `max_rows_to_read`, too",
            ),
            (
                307,
                "Limit for bytes exceeded",
                "later queries exceed the limit on rows or bytes, too",
            ),
            (
                396,
                "Limit for result exceeded, max rows: 1.00",
                "later queries exceed the limit on rows or bytes, too",
            ),
        ] {
            let server = ClickHouse::with_faults(move |of, _, _| match of == kind {
                true => Fault::Exception(500, code, text),
                false => Fault::None,
            });
            let run = send(&server, &lines(0..9)).args(&["--dead-letters", "dead"]);
            run.run().with_code(5).assert_stderr(named);
            // The columns are read again by the first lookup, if the check before has failed.
            let repeated = usize::from(kind == Kind::Describe);
            assert_eq!(server.records().of_kind(kind).len(), 1 + repeated);
            assert!(server.stored().is_empty());
        }
    }
}

#[test]
fn a_probe_reads_the_table_and_stores_nothing() {
    let server = ClickHouse::healthy();
    let ended = send(&server, "").args(&["--probe"]).run().with_code(0);
    ended.assert_stderr("rows can be read from `openedx.xapi_events_all` and inserted into it");
    assert!(server.stored().is_empty());
    let refusing = ClickHouse::with_faults(|kind, _, _| match kind {
        Kind::EmptyInsert => Fault::Exception(500, 497, "Not enough privileges"),
        _ => Fault::None,
    });
    let ended = send(&refusing, "").args(&["--probe"]).run().with_code(5);
    ended.assert_stderr("grants SELECT and INSERT");
}

#[test]
fn verify_asks_for_many_ids_at_once_and_names_the_missing_ones() {
    let server = ClickHouse::healthy();
    send(&server, &lines(0..20)).run().with_code(0);
    server.records().requests.clear();
    let verify = |log: &str| {
        run("verify", &server)
            .file("a.log", log)
            .args(&["--all"])
            .run()
    };
    verify(&lines(0..20)).with_code(0);
    assert_eq!(server.records().of_kind(Kind::Lookup).len(), 1);
    let ended = verify(&lines(0..22)).with_code(1);
    assert_eq!(counts(&ended.report(), ["missing", "same"]), [2, 20]);
    ended.assert_stderr("a.log:21: the statement");
    assert!(server.records().of_kind(Kind::Insert).is_empty());
}

/// A lookup has at most 5,000 ids. The check before the first delivery is not counted.
#[test]
fn the_report_counts_each_request() {
    let server = ClickHouse::healthy();
    let log = lines(0..6000);
    let run = send(&server, &log).args(&["--batch-size", "6000"]);
    let report = run.run().with_code(0).report();
    let kinds = [Kind::Describe, Kind::Lookup, Kind::Insert];
    let made = kinds.map(|kind| server.records().of_kind(kind).len() as u64);
    assert_eq!(made, [1, 2, 1]);
    assert_eq!(counts(&report, ["requests", "delivered"]), [3, 6000]);
    // Nothing is left to insert.
    let run = send(&server, &log).args(&["--batch-size", "6000"]);
    let report = run.run().with_code(0).report();
    assert_eq!(counts(&report, ["requests", "duplicates"]), [2, 6000]);
}

#[test]
fn a_password_in_an_answer_is_not_shown() {
    let server =
        ClickHouse::with_faults(|_, _, _| Fault::Exception(403, 516, "the key hunter2 is wrong"));
    let ended = send(&server, &lines(0..3))
        .file(
            "auth.json",
            r#"{"username": "backfill", "password": "hunter2"}"#,
        )
        .args(&["--auth-file", "auth.json"])
        .run()
        .with_code(5);
    ended.assert_stderr("the key (secret) is wrong");
    ended.assert_not_stderr("hunter2");
}

#[test]
fn a_dry_run_makes_no_requests_and_counts_those_of_a_run() {
    let server = ClickHouse::healthy();
    let run = |option: &str| {
        let run = send(&server, &lines(0..6000)).args(&["--batch-size", "6000", option]);
        run.run().with_code(0)
    };
    let ended = run("--dry-run");
    ended.assert_stderr("6,000 statements would be delivered to");
    ended.assert_stderr("in 3 requests");
    assert!(server.records().requests.is_empty());
    let requests = counts(&ended.report(), ["requests", "delivered"]);
    assert_eq!(
        requests,
        counts(&run("--verbose").report(), ["requests", "delivered"])
    );
}

#[test]
fn options_that_contradict_each_other_are_usage_errors() {
    let table = ["--clickhouse-table", "a.b"];
    for (to, arguments, message) in [
        (
            "xapi",
            vec![],
            "`--clickhouse-url` needs `--clickhouse-table`",
        ),
        (
            "xapi",
            vec!["--clickhouse-table", "events"],
            "`--clickhouse-table events` does not name",
        ),
        (
            "xapi",
            [&table[..], &["--url", "http://a/xAPI"]].concat(),
            "give `--url` or `--clickhouse-url`",
        ),
        (
            "caliper",
            table.to_vec(),
            "`--clickhouse-url` needs `--to xapi`",
        ),
    ] {
        let run = Run::new(&["send", "--lms-root-url", ROOT_URL, "a.log", "--to", to]);
        let run = run
            .args(&["--clickhouse-url", "http://127.0.0.1:1"])
            .args(&arguments);
        run.file("a.log", line(1))
            .run()
            .with_code(2)
            .assert_error(message);
    }
}

#[test]
fn credentials_in_the_url_are_refused_and_not_shown() {
    for url in [
        "http://ada:hunter2@127.0.0.1:1",
        "http://127.0.0.1:1/?user=ada&password=hunter2",
        "http://127.0.0.1:1/?password=hunter2",
    ] {
        let run = Run::new(&["send", "--to", "xapi", "--lms-root-url", ROOT_URL, "a.log"]);
        let run = run.args(&["--clickhouse-url", url, "--clickhouse-table", "a.b"]);
        let ended = run.file("a.log", line(1)).run().with_code(2);
        ended.assert_stderr("contains credentials");
        ended.assert_not_stderr("hunter2");
    }
}
