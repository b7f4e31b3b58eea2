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
