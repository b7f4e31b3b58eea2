//! `explain`.

use serde_json::json;

use crate::harness::{Ended, Run, fixture, line};

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
    assert_eq!(lines[3], "    to do: nothing; the visitor was anonymous");
    assert_eq!(
        lines[4],
        "a.log:3: stop_video: filtered: excluded by `--events`"
    );
    assert!(lines[5].starts_with("a.log:4: (no name): unparsable, not-json: "));
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
fn control_characters_in_records_are_escaped() {
    let log = line(1).replace(
        "\"context\"",
        "\"session\": \"\u{9b}31mX\u{7f}\", \"context\"",
    );
    for argument in ["a.log", "a.log:1"] {
        let run = Run::explain_as_text().file("a.log", &log);
        let ended = run.args(&[argument]).run().with_code(0);
        let stdout = String::from_utf8(ended.stdout).unwrap();
        assert!(stdout.contains("\\u{9b}31mX\\u{7f}"), "{stdout}");
        let controls = stdout.chars().filter(|c| c.is_control() && *c != '\n');
        assert_eq!(controls.count(), 0, "{stdout}");
    }
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

/// The positions of the explained lines, without their results and advice.
fn positions(ended: &Ended) -> Vec<String> {
    let stdout = String::from_utf8_lossy(&ended.stdout).into_owned();
    let lines = stdout.lines().filter(|line| !line.starts_with(' '));
    let positions = lines.map(|line| line.split(": ").next().unwrap().to_owned());
    positions.collect()
}

/// A log with an emitted, a rejected, an unparsable and an emitted line.
fn mixed_log() -> String {
    line(1) + &line(2).replace("ada", "") + "x\n" + &line(4)
}

#[test]
fn only_lines_with_the_chosen_outcomes_and_reasons_are_shown() {
    for (options, shown) in [
        (
            &["--only", "rejected,unparsable"][..],
            &["a.log:2", "a.log:3"][..],
        ),
        (&["--only", "Emitted"], &["a.log:1", "a.log:4"]),
        (&["--reason", "no-user,not-json"], &["a.log:2", "a.log:3"]),
        (&["--reason", "no-user", "--only", "unparsable"], &[]),
        (&["--limit", "2"], &["a.log:1", "a.log:2"]),
        (
            &["--only", "emitted", "--limit", "2"],
            &["a.log:1", "a.log:4"],
        ),
    ] {
        let run = Run::explain_as_text().file("a.log", mixed_log());
        let ended = run.args(options).args(&["a.log"]).run().with_code(0);
        assert_eq!(positions(&ended), shown, "{options:?}");
    }
}

#[test]
fn outcomes_and_reasons_that_do_not_exist_are_usage_errors() {
    for options in [["--only", "lost"], ["--reason", "lost"], ["--limit", "0"]] {
        let run = Run::explain_as_text().file("a.log", mixed_log());
        run.args(&options).args(&["a.log"]).run().with_code(2);
    }
    let run = Run::explain_as_text().args(&["--limit", "0"]).run();
    let message = "invalid value `0` of `--limit`: expected a whole number from 1";
    run.with_code(2).assert_error(message);
}

#[test]
fn the_counts_by_outcome_and_reason_are_on_standard_error() {
    let run = |options: &[&str]| {
        let run = Run::explain_as_text().file("a.log", mixed_log());
        run.args(options).args(&["a.log"]).run().with_code(0)
    };
    let counts = "
              2 emitted
              1 rejected  no-user 1
              1 unparsable  not-json 1
              4 lines  2 shown
";
    let stderr = run(&["--only", "emitted"]).stderr;
    assert!(stderr.contains(&counts[1..]), "{stderr}");
    let stderr = run(&["--only", "rejected", "--limit", "1"]).stderr;
    let expected = "              2 lines  1 shown\nnote: stopped after 1 line (`--limit`)\n";
    assert!(stderr.ends_with(expected), "{stderr}");
    assert_eq!(run(&["--only", "rejected", "--quiet"]).stderr, "");
}

#[test]
fn unsupported_lines_are_counted_in_the_words_of_transform() {
    let named = |name: &str| line(1).replace("play_video", name);
    let nameless = |event_type| {
        line(1)
            .replace("\"name\"", "\"event_type\"")
            .replace("play_video", event_type)
    };
    let log = named("book")
        + &named("/courses/x")
        + &nameless("/courses/y")
        + &named("edx.problem.completed")
        + &nameless("book")
        + &nameless("play_video");

    let run = Run::explain_as_text().file("a.log", &log).args(&["a.log"]);
    let shown = String::from_utf8(run.run().with_code(0).stdout).unwrap();
    let request = "a.log:2: /courses/x: unsupported: a request of a page, which no format takes\n";
    assert!(shown.contains(request), "{shown}");
    let run = Run::explain_as_text().file("a.log", &log).args(&["a.log"]);
    let counts = "6 unsupported  1 that xAPI does not take, 1 only with `--events all`, 2 requests, 2 without a name (`--name-from-event-type` would name 1)\n";
    run.run().with_code(0).assert_stderr(counts);
    let run = Run::transform().file("a.log", log).args(&["a.log"]).run();
    let kinds = counts.replace("does not take", "does not take (1 kind)");
    run.with_code(0).assert_stderr(&kinds);
}

#[test]
fn advice_has_the_value_and_the_table() {
    let users = "id,username,email,xapi_id,caliper_id\n1,bea,,,\n2,cyd,,,\n";
    let courses = "course_id,display_name\ncourse-v1:x+y+z,X\n";
    let derived = "(a permanent id that the LMS does not share)";
    let unknown_user = format!(
        "user ada is not in users.csv (2 users): export the table again, or `--unknown-user derive` {derived}"
    );
    let of_user = |user: &str| {
        let user = format!("\"username\": \"{user}\"");
        line(1).replace("\"username\": \"ada\"", &user)
    };
    for (options, log, advice) in [
        (
            &["--users", "users.csv"][..],
            line(1),
            unknown_user.as_str(),
        ),
        (
            &["--users", "users.csv"],
            of_user("bea"),
            "user bea has no external id in users.csv (2 users): import ids that `event-router lms external-ids` writes, export the table again, or use such ids without an import: `--missing-external-id derive`",
        ),
        (
            &["--users", "users.csv", "--actor", "mbox"],
            of_user("bea"),
            "user bea has no e-mail address in users.csv (2 users): `--actor external-id`",
        ),
        (
            &["--courses", "courses.csv"],
            line(1).replace("play_video", "edx.course.enrollment.activated"),
            "course course-v1:a+b+c is not in courses.csv (1 course): export the table again, or `--unknown-course derive` (the id as the name)",
        ),
        (
            &[],
            format!("{}\n", json!({ "log": line(1), "stream": "stdout" })),
            "`--unwrap auto` reads the event that this object holds",
        ),
        (
            &[],
            "{\"a\": 1}\n".to_owned(),
            "nothing; it is no tracking event",
        ),
        (
            &["--max-line-bytes", "100"],
            line(1),
            "raise the limit: `--max-line-bytes 1M`",
        ),
        (
            &[],
            line(1).replace("T09:00", "T25:00"),
            "correct the times in the log: '2024-03-05T25:00:00.000001+00:00' must be ISO 8601 with an offset, such as 2024-03-05T09:14:07+00:00",
        ),
        (
            &[],
            line(1).replace("2024-03-05T", "2024-03-05 "),
            "`--repair naive-time` converts the event",
        ),
    ] {
        let run = Run::explain_as_text().file("users.csv", users);
        let run = run.file("courses.csv", courses).file("a.log", &log);
        let ended = run
            .args(&["--events", "all"])
            .args(options)
            .args(&["a.log"])
            .run();
        let stdout = String::from_utf8_lossy(&ended.stdout).into_owned();
        let found = stdout
            .lines()
            .find_map(|line| line.strip_prefix("    to do: "));
        assert_eq!(found, Some(advice), "{stdout}{}", ended.stderr);
    }
}
