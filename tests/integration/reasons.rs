//! The details of reasons, which name the cause and not its consequence.

use crate::harness::{Run, line};

/// Returns the outcome of a log's only line: the reason and the detail, or `emitted`.
fn outcome(format: &str, log: &str) -> String {
    let run = Run::explain_to(format).stdin(log).args(&["-"]);
    let row = run.run().with_code(0).rows().remove(0);
    match row["reason"].as_str() {
        Some(reason) => format!("{reason}: {}", row["detail"].as_str().unwrap()),
        None => row["outcome"].as_str().unwrap().to_owned(),
    }
}

#[test]
fn a_time_that_is_not_taken_has_its_problem_as_reason() {
    let time = |time: &str| line(7).replace("2024-03-05T09:00:00.000007+00:00", time);
    for (text, xapi, caliper) in [
        (
            "2024-03-05 09:14:07.120334+00:00",
            "the time has a blank in place of the T",
            "emitted",
        ),
        (
            "2013-06-08T23:29:58.346222",
            "the time has no offset from UTC, such as +00:00 or Z",
            "the time has no offset from UTC, such as +00:00 or Z",
        ),
        (
            "Tue, 5 Mar 2024 09:14:07 GMT",
            "the time is not in the form 2024-03-05T09:14:07.120334+00:00 of ISO 8601",
            "emitted",
        ),
        (
            "2024-03-05 09:14:07 +0100 (CET)",
            "the time is not in the form 2024-03-05T09:14:07.120334+00:00 of ISO 8601",
            "emitted",
        ),
        (
            "5/3/24 09:14:07 UTC",
            "the time has a year of two digits",
            "the time has a year of two digits",
        ),
        (
            "2024-03-05 09:14:07 EST",
            "the time names the time zone EST; only UTC, GMT, Z and numeric offsets are taken",
            "the time names the time zone EST; only UTC, GMT, Z and numeric offsets are taken",
        ),
        (
            " 2024-03-05T09:14:07Z",
            "the time has white space before or after it",
            "emitted",
        ),
        (
            "2024-03-05t09:14:07z",
            "the time has a T or Z in lower case",
            "emitted",
        ),
        (
            "2024-03-05T09:14:07-00:00",
            "the time has the offset -00:00, which ISO 8601 excludes",
            "emitted",
        ),
        (
            "1709630047",
            "the time is a number given as a text",
            "the time is a number given as a text",
        ),
        (
            "2024-03-05",
            "the time is a date without a time of day",
            "the time is a date without a time of day",
        ),
    ] {
        for (format, problem) in [("xapi", xapi), ("caliper", caliper)] {
            let expected = match problem {
                "emitted" => "emitted".to_owned(),
                problem => format!("bad-timestamp: {problem}: '{text}'"),
            };
            assert_eq!(outcome(format, &time(text)), expected, "{format}");
        }
    }
    let milliseconds = line(7).replace("\"2024-03-05T09:00:00.000007+00:00\"", "1709630047120");
    assert_eq!(
        outcome("xapi", &milliseconds),
        "bad-timestamp: the time is a number too large for seconds since 1970: 1709630047120"
    );
    assert_eq!(
        outcome("caliper", &milliseconds),
        "bad-timestamp: the time is an integer, not a text: 1709630047120"
    );
}

#[test]
fn a_missing_field_is_explained_by_the_value_on_the_way_to_it() {
    let with = |from: &str, to: &str| line(1).replace(from, to);
    let context = r#"{"course_id": "course-v1:a+b+c"}"#;
    let event = r#"{"id": "v", "currentTime": 1}"#;
    for (log, expected) in [
        (
            with(context, r#""no JSON""#),
            "missing-field: `context` is a text, not an object",
        ),
        (
            with(context, "null"),
            "missing-field: `context` is null, not an object",
        ),
        (
            with(context, "[1]"),
            "missing-field: `context` is an array, not an object",
        ),
        (
            with(context, "{}"),
            "missing-field: `context.course_id` is missing",
        ),
        (
            with(event, r#""id=v""#),
            "missing-field: `event` is a text, not an object",
        ),
        (with(event, "{}"), "missing-field: `data.id` is missing"),
        (
            with(event, "7").replace("\"event\"", "\"data\""),
            "missing-field: `data` is an integer, not an object",
        ),
        (
            with(context, r#""x""#).replace("\"ada\"", "\"\""),
            "no-user: the event names no user, since `context` is a text, not an object",
        ),
        (
            with("play_video", "edx.ui.lms.sequence.next_selected").replace(r#""id": "v", "#, ""),
            "no-object-id: the object of the statement has no id: `data.id` is missing",
        ),
    ] {
        assert_eq!(outcome("xapi", &log), expected, "{log}");
    }
    assert_eq!(
        outcome("xapi", &with("a+b+c", "a+b+c\\n")),
        "bad-course-id: the course id `course-v1:a+b+c\n` has white space, which a course key cannot have"
    );
    assert_eq!(
        outcome("caliper", &with(context, "\"x\"")),
        "missing-field: `context` is a text, not an object"
    );
}

#[test]
fn text_that_is_not_json_has_its_cause_as_reason() {
    let doubled = r#"{"name": "play_video", "event": "{\\"id\\": \\"v\\"}"}"#;
    let later = r#"{"event": "a\\", \\"b"}"#;
    for (log, expected) in [
        (
            doubled,
            "expected `,` or `}` at byte 38 of the line, since `\\\\\"` at byte 35 ends the text before: the backslash is \
             doubled, as in tab-separated exports of MySQL and ClickHouse",
        ),
        (
            later,
            "expected a key in double quotes at byte 18 of the line, since `\\\\\"` at byte 13 ends the text before: the \
             backslash is doubled, as in tab-separated exports of MySQL and ClickHouse",
        ),
        (
            r#"{"event": {"path": "C:\\"}, "a" 1}"#,
            "expected `:` at byte 33 of the line",
        ),
        (
            "INFO - {'name': 'play_video'}",
            "expected a key in double quotes at byte 9 of the line, since texts are in single quotes, as Python prints them",
        ),
        (
            r#"{"event": True}"#,
            "expected a value at byte 11 of the line, since True, False and None are Python and not JSON",
        ),
        (
            r#"INFO - {"event": {"id": 1}, "time": "2024"#,
            "the line is cut off within the JSON object that begins at byte 8",
        ),
        (
            r#"{"event": {"id": 1}"#,
            "unexpected end of the JSON text at byte 20 of the line, since the object is not closed",
        ),
        ("GET /", "no JSON object at the end of the line"),
        (
            "eyJuYW1lIjogImEiLCAiZXZlbnQiOiB7fX0=",
            "no JSON object at the end of the line, since the line is JSON in base64",
        ),
        ("{} GET /", "no JSON object at the end of the line"),
    ] {
        assert_eq!(
            outcome("xapi", log),
            format!("not-json: {expected}"),
            "{log}"
        );
    }
}

#[test]
fn a_context_that_is_text_of_json_becomes_the_same_statement() {
    let as_text = line(1).replace(
        r#"{"course_id": "course-v1:a+b+c"}"#,
        r#""{\"course_id\": \"course-v1:a+b+c\"}""#,
    );
    assert_ne!(as_text, line(1));
    let out = |log: &str| {
        Run::transform()
            .stdin(log)
            .args(&["-"])
            .run()
            .with_code(0)
            .stdout
    };
    assert_eq!(out(&as_text), out(&line(1)));
    assert!(!out(&as_text).is_empty());
}
