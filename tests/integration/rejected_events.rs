//! Events that are rejected for one reason beside others that are emitted: a warning names the reason, its most frequent
//! cause, and where the events are shown.

use crate::harness::{Run, line, lines};

const WITHOUT_COURSE: &str = "because `context.course_id` is missing; ";
const EXPLAIN: &str = "`explain` shows them";

fn without_course(second: u32) -> String {
    line(second).replace("\"course_id\": \"course-v1:a+b+c\"", "")
}

fn at_25_hours(second: u32) -> String {
    line(second).replace("T09:", "T25:")
}

fn without_user(second: u32) -> String {
    line(second).replace("ada", "")
}

fn many(count: u32, line: fn(u32) -> String) -> String {
    (0..count).map(line).collect()
}

/// Returns the warnings of a run.
fn warnings(log: &str, arguments: &[&str]) -> Vec<String> {
    let run = Run::transform().file("a.log", log).args(arguments);
    let ended = run.args(&["a.log"]).run().with_code(0);
    let lines = ended.stderr.lines();
    let warnings = lines.filter(|line| line.starts_with("warning: "));
    warnings.map(str::to_owned).collect()
}

#[test]
fn a_reason_that_rejects_many_events_is_told_with_its_most_frequent_cause() {
    let mixed = many(30, without_course) + &line(1).replace("\"id\": \"v\", ", "").repeat(5);
    for (log, warning) in [
        (
            lines(0..50) + &many(10, without_course),
            format!(
                "10 of 60 events were rejected in `a.log` as `missing-field` {WITHOUT_COURSE}{EXPLAIN}"
            ),
        ),
        (
            lines(0..50) + &mixed,
            format!(
                "35 of 85 events were rejected in `a.log` as `missing-field`, 30 of them {WITHOUT_COURSE}{EXPLAIN}"
            ),
        ),
        (
            lines(0..50) + &many(10, at_25_hours),
            format!(
                "10 of 60 events were rejected in `a.log` as `bad-timestamp` because the time has a time of day that does not exist; {EXPLAIN}"
            ),
        ),
        (
            lines(0..50) + &many(150, without_user),
            format!(
                "150 of 200 events were rejected in `a.log` as `no-user` because the event names no user; {EXPLAIN}"
            ),
        ),
    ] {
        assert_eq!(warnings(&log, &[]), [format!("warning: {warning}")]);
        let are_most = warning.starts_with("150 of 200");
        let quiet = warnings(&log, &["--quiet"]);
        assert_eq!(!quiet.is_empty(), are_most, "{quiet:?}");
    }
}

#[test]
fn few_rejected_events_are_not_told() {
    let events = lines(0..900).repeat(12);
    for (log, count) in [
        (lines(0..90) + &many(9, without_course), 0),
        (lines(0..9) + &many(1, without_course), 0),
        (lines(0..9) + &many(2, without_course), 1),
        (lines(0..50) + &many(60, without_user), 0),
        // A healthy log has some events without a course.
        (events.clone() + &many(100, without_course), 0),
        (events.clone() + &many(99, at_25_hours), 0),
        (events.clone() + &many(100, at_25_hours), 1),
    ] {
        assert_eq!(warnings(&log, &[]).len(), count, "{}", log.lines().count());
    }
}

#[test]
fn rejected_documents_of_one_event_each_are_not_told() {
    let mut run = Run::transform();
    for nth in 0..20 {
        let event = if nth < 10 {
            line(nth)
        } else {
            without_course(nth)
        };
        run = run.file(&format!("events/{nth}.json"), event);
    }
    let ended = run.args(&["-o", "out", "events"]).run().with_code(0);
    assert_eq!(ended.count("rejected"), 10);
    ended.assert_not_stderr("warning: ");
}

#[test]
fn events_that_another_warning_counts_are_told_once() {
    let naive = |second| line(second).replace("+00:00", "");
    let log = lines(0..50) + &(0..20).map(naive).collect::<String>();
    let warnings = warnings(&log, &[]);
    assert_eq!(warnings.len(), 1, "{warnings:?}");
    assert!(warnings[0].contains("--repair naive-time"), "{warnings:?}");
}

#[test]
fn a_rejects_file_is_named_and_its_lines_are_not_told_again() {
    let log = lines(0..50) + &many(10, without_course);
    let run = Run::transform().file("a.log", &log);
    let run = run.file("b.log", many(4, without_course));
    let run = run.args(&["-o", "out", "--rejects", "r.jsonl", "a.log", "b.log"]);
    let ended = run.run().with_code(0);
    ended.assert_stderr("warning: 14 of 64 events were rejected in `a.log` and 1 more input as `missing-field` because `context.course_id` is missing; see `detail` in `r.jsonl`\n");
    let again = Run::transform().in_directory(&ended.directory);
    let again = again.args(&["r.jsonl"]).run().with_code(0);
    assert_eq!(again.count("rejected"), 14);
    again.assert_not_stderr("warning: ");
}

#[test]
fn few_new_events_of_a_known_log_are_not_told() {
    let arguments = ["--state", "state", "-o", "out", "a.log"];
    let first = Run::transform().file("a.log", line(1)).args(&arguments);
    let first = first.run().with_code(0);
    for (rejected, is_told) in [
        (many(20, without_course), false),
        (many(100, without_course), true),
        (many(9, at_25_hours), false),
        (many(10, at_25_hours), true),
    ] {
        first.directory.append("a.log", &(line(1) + &rejected));
        let run = Run::transform().in_directory(&first.directory);
        let ended = run.args(&arguments).run().with_code(0);
        assert_eq!(
            ended.stderr.contains("warning: "),
            is_told,
            "{}",
            ended.stderr
        );
    }
}
