//! Each row is inserted once, whatever fails.

use serde_json::Value;

use super::{counts, is_poisoned, send};
use crate::clickhouse_server::{ClickHouse, Fault, Kind};
use crate::harness::{Run, fixture, line, lines, poisoned};

#[test]
fn rows_are_those_of_transform_and_are_inserted_once_however_often_they_are_sent() {
    let server = ClickHouse::healthy();
    let log = lines(0..60);
    let ended = send(&server, &log).args(&["--batch-size", "7"]).run();
    let report = ended.with_code(0).report();
    assert_eq!(counts(&report, ["delivered", "duplicates"]), [60, 0]);
    let rows = Run::transform().args(&["--output-format", "clickhouse", "a.log"]);
    let rows = rows.file("a.log", &log).run().with_code(0).rows();
    let stored: Vec<Value> = server.stored().into_values().collect();
    assert_eq!(stored.len(), rows.len());
    assert!(rows.iter().all(|row| stored.contains(row)));
    let report = send(&server, &lines(0..70)).run().with_code(0).report();
    assert_eq!(counts(&report, ["delivered", "duplicates"]), [10, 60]);
    assert_eq!(server.stored().len(), 70);
}

#[test]
fn rows_that_a_failed_or_unanswered_insert_has_stored_are_not_inserted_again() {
    for fault in [
        Fault::AfterStoring(32),
        Fault::AfterStoring(252),
        Fault::CloseAfterStoring,
    ] {
        let failure = fault.clone();
        let server = ClickHouse::with_faults(move |kind, nth, _| match (kind, nth) {
            (Kind::Insert, 1) => failure.clone(),
            _ => Fault::None,
        });
        let run = send(&server, &lines(0..30)).args(&["--batch-size", "10"]);
        let run = run.args(&["--connections", "1", "--dead-letters", "dead"]);
        let ended = run.run().with_code(0);
        assert_eq!(server.stored().len(), 30, "{fault:?}");
        let names = ["delivered", "of_failed_inserts"];
        assert_eq!(counts(&ended.report(), names), [20, 10]);
        ended.assert_stderr("10 of failed inserts: materialized views may lack them");
    }
}

/// Two blocks of lines take turns, so that each batch has the rows of the batch but one before it.
#[test]
fn equal_rows_of_batches_that_are_delivered_at_the_same_time_are_inserted_once() {
    for fault in [Fault::None, Fault::Exception(500, 252, "Too many parts")] {
        let failure = fault.clone();
        let server = ClickHouse::with_faults(move |kind, nth, _| {
            std::thread::sleep(std::time::Duration::from_millis(20));
            match (kind, nth) {
                (Kind::Insert, 1) => failure.clone(),
                _ => Fault::None,
            }
        });
        let log = (lines(0..20) + &lines(20..40)).repeat(8);
        let run = send(&server, &log).args(&["--batch-size", "20", "--connections", "4"]);
        let report = run.run().with_code(0).report();
        assert_eq!(server.stored().len(), 40, "{fault:?}");
        assert_eq!(counts(&report, ["delivered", "duplicates"]), [40, 280]);
        let inserts = if matches!(fault, Fault::None) { 2 } else { 3 };
        assert_eq!(server.records().of_kind(Kind::Insert).len(), inserts);
    }
}

#[test]
fn a_row_that_only_a_view_refuses_is_no_dead_letter() {
    let server = ClickHouse::with_faults(|kind, _, rows| match kind {
        Kind::Insert if is_poisoned(rows) => Fault::AfterStoring(6),
        _ => Fault::None,
    });
    let run = send(&server, &(line(1) + &poisoned(2))).args(&["--batch-size", "1"]);
    let ended = run.args(&["--dead-letters", "dead"]).run().with_code(0);
    assert!(ended.dead_letters().is_empty());
    assert_eq!(server.stored().len(), 2);
}

#[test]
fn a_run_that_is_killed_between_an_insert_and_its_answer_inserts_nothing_twice() {
    let server = ClickHouse::with_faults(|kind, nth, _| match (kind, nth) {
        (Kind::Insert, 2) => Fault::HangAfterStoring,
        _ => Fault::None,
    });
    let run = || {
        let run = send(&server, &lines(0..60)).args(&["--batch-size", "10"]);
        run.args(&["--connections", "1", "--state", "state"])
    };
    let mut running = run().start();
    running.wait_until(|_| server.records().rows.len() == 30);
    running.child.kill().unwrap();
    let killed = running.end();
    let again = run().in_directory(&killed.directory).run();
    again.with_code(0);
    assert_eq!(server.stored().len(), 60);
}

#[test]
fn a_lookup_that_breaks_off_is_not_taken_for_an_answer_that_no_row_is_stored() {
    let filled = ClickHouse::healthy();
    send(&filled, &lines(0..20)).run().with_code(0);
    let rows = filled.records().rows.clone();
    for body in [
        r#"{"meta": [], "data": ["#,
        r#"{"data": [], "rows": 0, "exception": "Code: 159. DB::Exception: Timeout exceeded"}"#,
        r#"{"data": [], "rows": 3}"#,
        "",
    ] {
        let server = ClickHouse::with_faults(move |kind, nth, _| match (kind, nth) {
            (Kind::Lookup, 0) => Fault::Answer(200, "X-ClickHouse-Query-Id: q\r\n", body),
            _ => Fault::None,
        });
        server.records().rows.extend(rows.clone());
        send(&server, &lines(0..20)).run();
        assert_eq!(server.stored().len(), 20, "{body}");
    }
}

#[test]
fn a_lookup_that_settings_or_a_proxy_may_cut_stops_the_run_before_the_first_insert() {
    for (status, body, explained) in [
        (
            200,
            r#"{"data": [], "rows": 0}"#,
            "remove the settings `limit` and `offset`",
        ),
        (
            200,
            r#"{"data": [[[], ["throw", "break", "throw"]]], "rows": 1}"#,
            "`timeout_overflow_mode=break`",
        ),
        (413, "", "limits the size of bodies"),
    ] {
        let server = ClickHouse::with_faults(move |kind, _, _| match kind {
            Kind::Lookup => Fault::Answer(status, "", body),
            _ => Fault::None,
        });
        let run = send(&server, &lines(0..9)).args(&["--dead-letters", "dead"]);
        let ended = run.run().with_code(5);
        ended.assert_stderr(explained);
        assert!(ended.dead_letters().is_empty());
        assert!(server.records().of_kind(Kind::Insert).is_empty());
    }
}

#[test]
fn statements_without_an_attempt_id_are_counted_and_inserted_apart() {
    let server = ClickHouse::with_faults(|kind, _, rows| {
        let lacks = |row: &Value| {
            let event = row["event"].as_str().unwrap();
            event.contains("/evaluated") && !event.contains("attempt-id")
        };
        match kind {
            Kind::Insert if rows.iter().any(lacks) => Fault::AfterStoring(32),
            _ => Fault::None,
        }
    });
    let event = fixture("events/problem/problem_check.no-attempts.json");
    let event: Value = serde_json::from_slice(&std::fs::read(event).unwrap()).unwrap();
    let log = format!("{}{event}\n{}", lines(0..5), lines(5..9));
    let ended = send(&server, &log).args(&["--dead-letters", "dead"]);
    let ended = ended.run().with_code(0);
    ended.assert_stderr("1 statement with the verb `evaluated` has no attempt-id");
    assert_eq!(ended.report()["total"]["without_attempt_id"], 1);
    assert_eq!(server.stored().len(), 10);
    let names = ["delivered", "of_failed_inserts"];
    assert_eq!(counts(&ended.report(), names), [9, 1]);
    // `transform` counts them in rows, and not in statements.
    let transform = |arguments: &[&str]| {
        let run = Run::transform().args(arguments).file("a.log", &log);
        run.args(&["a.log"]).run().with_code(0).stderr
    };
    assert!(transform(&["--output-format", "clickhouse"]).contains("no attempt-id"));
    assert!(!transform(&[]).contains("no attempt-id"));
}

#[test]
fn rows_of_an_insert_that_runs_on_without_an_answer_are_inserted_once() {
    // Without a status, no answer comes in time.
    for status in [502, 504, 0] {
        let server = ClickHouse::with_faults(move |kind, nth, _| match (kind, nth) {
            (Kind::Insert, 1) => Fault::StoreLater(status, 3),
            _ => Fault::None,
        });
        let run = send(&server, &lines(0..30)).args(&["--batch-size", "10"]);
        let run = run.args(&["--connections", "1", "--dead-letters", "dead"]);
        let ended = run.args(&["--read-timeout", "0.5"]).run().with_code(0);
        assert_eq!(server.stored().len(), 30, "{status}");
        assert!(ended.dead_letters().is_empty(), "{status}");
        // An answer that the server has given itself shows that the insert has ended.
        assert_eq!(server.records().of_kind(Kind::Question).len(), 4);
    }
}

#[test]
fn the_run_stops_if_an_insert_without_an_answer_does_not_end() {
    let server = ClickHouse::with_faults(|kind, nth, _| match (kind, nth) {
        (Kind::Insert, 1) => Fault::StoreLater(504, 50),
        _ => Fault::None,
    });
    let run = || {
        let run = send(&server, &lines(0..30)).args(&["--batch-size", "10"]);
        run.args(&["--connections", "1", "--state", "state"])
            .args(&["--dead-letters", "dead"])
    };
    let stopped = run().run().with_code(5);
    stopped.assert_stderr("an insert of this run or of an earlier run is still running");
    assert!(stopped.dead_letters().is_empty());
    assert_eq!(server.records().rows.len(), 20);
    // The next run cannot end before the insert.
    while server.records().rows.len() == 20 {
        run().in_directory(&stopped.directory).run();
    }
    run().in_directory(&stopped.directory).run().with_code(0);
    assert_eq!(server.stored().len(), 30);
}

#[test]
fn a_run_that_is_killed_while_an_insert_runs_is_continued_after_the_insert() {
    let server = ClickHouse::with_faults(|kind, nth, _| match (kind, nth) {
        (Kind::Insert, 2) => Fault::StoreLater(0, 3),
        _ => Fault::None,
    });
    let run = || {
        let run = send(&server, &lines(0..60)).args(&["--batch-size", "10"]);
        run.args(&["--connections", "1", "--state", "state"])
    };
    let mut running = run().start();
    running.wait_until(|_| server.records().of_kind(Kind::Insert).len() == 3);
    running.child.kill().unwrap();
    let killed = running.end();
    assert_eq!(server.records().rows.len(), 20);
    let again = run().in_directory(&killed.directory);
    again.run().with_code(0);
    assert_eq!(server.stored().len(), 60);
}

#[test]
fn rows_that_are_found_after_failed_lookups_are_not_of_failed_inserts() {
    for code in [241, 159] {
        let server = ClickHouse::with_faults(move |kind, nth, _| match (kind, nth) {
            (Kind::Lookup, 1..=4) => Fault::Exception(500, code, "too much"),
            _ => Fault::None,
        });
        let log = lines(0..20);
        send(&server, &log).run().with_code(0);
        let report = send(&server, &log).run().with_code(0).report();
        let names = ["duplicates", "of_failed_inserts"];
        assert_eq!(counts(&report, names), [20, 0], "{code}");
    }
}
