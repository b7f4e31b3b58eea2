//! The answers that count as the confirmation of a delivery.

use serde_json::{Value, json};

use crate::conflicts::failed_lookups;
use crate::harness::{Run, line, lines, poisoned};
use crate::lrs::{Lrs, ServerFault, ServerSettings};
use crate::send::{router, send};

const VERSION: &str = "X-Experience-API-Version: 1.0.3\r\n";
const FOREIGN: &str = r#"["6690e6c9-3ef0-4ed3-8b37-7f3964730bee"]"#;

fn send_caliper(url: &str, log: &str) -> Run {
    Run::send_to("caliper", url)
        .args(&["--report", "report.json", "log"])
        .file("log", log)
}

/// A server whose POST requests have this fault.
fn with_fault_of_posts(fault: ServerFault) -> Lrs {
    Lrs::with_faults(move |_, method| match method {
        "POST" => fault.clone(),
        _ => ServerFault::None,
    })
}

#[test]
fn an_answer_of_another_service_stops_the_run_and_is_quoted() {
    for (status, body) in [
        (200, "accepted"),
        (200, "<html><title>Please log in</title></html>"),
        (200, r#"{"message": "hello"}"#),
        (200, FOREIGN),
        (207, "[]"),
    ] {
        let lrs = Lrs::with_faults(move |_, _| ServerFault::Answer(status, VERSION, body));
        let ended = send(&lrs.xapi(), &lines(0..20))
            .args(&[
                "--dead-letters",
                "dead",
                "--batch-size",
                "5",
                "--connections",
                "1",
            ])
            .run()
            .with_code(5);
        ended.assert_stderr(&format!(
            "answered {status}: {body}; this answer does not confirm"
        ));
        ended.assert_stderr("the first record not delivered is from line 1 of `log`");
        ended.assert_stderr(&format!("the request was for `{}/statements`", lrs.xapi()));
        assert_eq!(lrs.request_count(), 1, "{body}");
        assert_eq!(router(&ended)["delivered"], 0, "{body}");
        assert_eq!(ended.files("dead"), [""; 0]);
    }
}

#[test]
fn an_empty_answer_counts_with_the_version_header() {
    for status in [200, 204] {
        let lrs = with_fault_of_posts(ServerFault::AnswerAfterStoring(status, VERSION, ""));
        let ended = send(&lrs.xapi(), &lines(0..20)).run().with_code(0);
        assert_eq!(router(&ended)["delivered"], 20);
        assert_eq!(lrs.request_count(), 1);
        assert_eq!(lrs.stored().len(), 20);
    }
}

#[test]
fn an_empty_answer_without_the_header_counts_if_a_statement_is_found() {
    let lrs = with_fault_of_posts(ServerFault::AnswerAfterStoring(204, "", ""));
    let ended = send(&lrs.xapi(), &lines(0..20)).run().with_code(0);
    assert_eq!(router(&ended)["delivered"], 20);
    assert_eq!(lrs.stored().len(), 20);

    // A server that answers everything with nothing.
    let lrs = Lrs::with_faults(|_, _| ServerFault::Answer(200, "", ""));
    let ended = send(&lrs.xapi(), &lines(0..20)).run().with_code(5);
    ended.assert_stderr("answered 200; this answer does not confirm");
    assert_eq!(router(&ended)["delivered"], 0);
}

#[test]
fn statements_that_are_stored_but_not_listed_are_delivered() {
    // An empty list, a list without one statement, and one that is shown late.
    for (unlisted, late) in [("id", 0), ("poison", 0), ("poison", 3)] {
        let lrs = Lrs::start(ServerSettings {
            fault: Box::new(move |nth, method| match method {
                "GET" if nth <= late => ServerFault::Answer(404, VERSION, ""),
                _ => ServerFault::None,
            }),
            poison: ("no poison", 400),
            unlisted: (unlisted, true),
            ..ServerSettings::default()
        });
        let log = lines(0..20) + &poisoned(20) + &line(30);
        let ended = send(&lrs.xapi(), &log)
            .args(&["--dead-letters", "dead"])
            .run()
            .with_code(0);
        assert_eq!(router(&ended)["delivered"], 22, "{unlisted}");
        assert_eq!(lrs.stored().len(), 22);
        let posts = lrs
            .records()
            .requests
            .iter()
            .filter(|each| each.method == "POST")
            .count();
        assert_eq!(posts, 1);
    }
}

/// Answers that other services give, too.
const FORMS: [&str; 3] = ["", "[]", r#"{"errors": []}"#];

#[test]
fn a_server_that_lists_nothing_and_may_not_be_read_stops_the_run() {
    for body in FORMS {
        for status in [401, 403, 405, 501] {
            let lrs = Lrs::with_faults(move |_, method| match method {
                "GET" => ServerFault::Status(status),
                _ => ServerFault::Answer(200, "", body),
            });
            let ended = send(&lrs.xapi(), &lines(0..3))
                .args(&["--dead-letters", "dead"])
                .run()
                .with_code(5);
            ended.assert_stderr("this answer does not confirm");
            assert_eq!(router(&ended)["delivered"], 0, "{body} {status}");
            assert_eq!(ended.files("dead"), [""; 0]);
        }
    }
}

#[test]
fn a_server_that_has_listed_a_statement_may_list_nothing_later() {
    for body in FORMS {
        for status in [401, 403, 405, 501] {
            let lrs = Lrs::with_faults(move |nth, method| match (nth, method) {
                (0, _) => ServerFault::None,
                (_, "GET") => ServerFault::Status(status),
                _ => ServerFault::AnswerAfterStoring(200, "", body),
            });
            let ended = send(&lrs.xapi(), &lines(0..6))
                .args(&["--batch-size", "3", "--connections", "1"])
                .run()
                .with_code(0);
            let router = router(&ended);
            assert_eq!(
                (&router["delivered"], &router["unverified"]),
                (&json!(6), &json!(3)),
                "{body} {status}"
            );
        }
    }
}

#[test]
fn a_short_403_to_a_lookup_leaves_no_statement_unverified() {
    // The first lookups, and later lookups.
    for (from, to) in [(1, 3), (2, 4)] {
        let lrs = forbidding(from, to);
        let ended = send(&lrs.xapi(), &lines(0..20)).run().with_code(0);
        let router = router(&ended);
        assert_eq!(
            (&router["delivered"], &router["unverified"]),
            (&json!(20), &json!(0)),
            "{from} {to}"
        );
    }
    // A lookup has succeeded, so a later 403 does not mean that reading is never allowed.
    let lrs = forbidding(2, usize::MAX);
    let ended = send(&lrs.xapi(), &lines(0..20)).run().with_code(5);
    assert_eq!(router(&ended)["unverified"], 0);
}

/// A server that lists nothing, and answers 403 to lookups among the requests with these numbers.
fn forbidding(from: usize, to: usize) -> Lrs {
    Lrs::with_faults(move |nth, method| match method {
        "GET" if nth >= from && nth < to => ServerFault::Status(403),
        "GET" => ServerFault::None,
        _ => ServerFault::AnswerAfterStoring(200, "", ""),
    })
}

#[test]
fn statements_that_are_not_listed_and_may_not_be_read_are_unverified() {
    for status in [401, 403] {
        let lrs = Lrs::start(ServerSettings {
            poison: ("no poison", 400),
            unlisted: ("poison", true),
            get: Some(status),
            ..ServerSettings::default()
        });
        let ended = send(&lrs.xapi(), &(lines(0..3) + &poisoned(3)))
            .run()
            .with_code(0);
        let router = router(&ended);
        assert_eq!(
            (&router["delivered"], &router["unverified"]),
            (&json!(4), &json!(1))
        );
        ended.assert_stderr("1 unverified");
    }
}

#[test]
fn one_lookup_is_retried_if_lookups_of_unlisted_statements_fail() {
    let lrs = Lrs::start(ServerSettings {
        fault: Box::new(|_, method| match method {
            "GET" => ServerFault::Status(503),
            _ => ServerFault::AnswerAfterStoring(200, "", "[]"),
        }),
        refuses_duplicates: false,
        ..ServerSettings::default()
    });
    // The lookup with its retries, and one lookup after the statements were sent once more.
    assert_eq!(failed_lookups(&lrs), 5);
}

/// Takes a minute, in which the server is asked for the statement.
#[test]
fn a_statement_that_is_neither_listed_nor_found_is_sent_again_alone_and_then_a_dead_letter() {
    let lrs = Lrs::start(ServerSettings {
        poison: ("no poison", 400),
        unlisted: ("poison", false),
        ..ServerSettings::default()
    });
    let log = lines(0..3) + &poisoned(3) + &line(4);
    let ended = send(&lrs.xapi(), &log)
        .args(&["--dead-letters", "dead"])
        .run()
        .with_code(4);
    let letter = ended.only_dead_letter("unacknowledged");
    assert_eq!(letter["items"][0]["line"], 4);
    assert_eq!(letter["attempts"], 2);
    assert_eq!(lrs.stored().len(), 4);
    let records = lrs.records();
    let posts = records.requests.iter().filter(|each| each.method == "POST");
    let sizes: Vec<usize> = posts
        .map(|each| {
            serde_json::from_slice::<Vec<Value>>(&each.body)
                .unwrap()
                .len()
        })
        .collect();
    assert_eq!(sizes, [5, 1]);
}

/// Takes a minute, too.
#[test]
fn a_server_that_neither_lists_nor_shows_any_statement_stops_the_run_after_one_wait() {
    let lrs = with_fault_of_posts(ServerFault::Answer(200, "", "[]"));
    let ended = send(&lrs.xapi(), &lines(0..300))
        .args(&["--dead-letters", "dead", "--batch-size", "50"])
        .run()
        .with_code(5);
    ended.assert_stderr("does not show statements that it accepted: looking again for up to");
    ended.assert_stderr("the server neither lists nor returns any of 50 records");
    assert_eq!(ended.files("dead"), [""; 0]);
    assert_eq!(router(&ended)["left"], 300);
}

/// Takes a minute, too.
#[test]
fn a_statement_that_an_answer_leaves_out_because_it_was_lost_is_sent_again() {
    let lrs = Lrs::with_faults(|nth, _| match nth {
        0 => ServerFault::Answer(200, "", "[]"),
        _ => ServerFault::None,
    });
    let ended = send(&lrs.xapi(), &lines(0..20)).run().with_code(0);
    assert_eq!(router(&ended)["delivered"], 20);
    assert_eq!(lrs.stored().len(), 20);
}

#[test]
fn errors_by_index_are_dead_letters_and_the_other_statements_are_delivered() {
    const PARTIAL: &str = r#"{"errors": [{"index": 1, "reason": "no verb"}]}"#;
    let lrs = with_fault_of_posts(ServerFault::AnswerAfterStoring(200, "", PARTIAL));
    let ended = send(&lrs.xapi(), &lines(0..3))
        .args(&["--dead-letters", "dead"])
        .run()
        .with_code(4);
    let letter = ended.only_dead_letter("refused");
    assert_eq!(letter["items"][0]["line"], 2);
    assert_eq!(letter["answer"], r#"{"index":1,"reason":"no verb"}"#);
    assert_eq!(router(&ended)["delivered"], 2);
    let ended = send(&lrs.xapi(), &lines(5..8)).run().with_code(5);
    ended.assert_stderr("no verb");
    ended.assert_stderr("line 2 of `log`");
}

#[test]
fn a_caliper_answer_that_is_no_json_or_reports_a_failure_stops_the_run() {
    for body in [
        "<html><title>Please log in</title></html>",
        r#"{"success": false, "message": "no"}"#,
        r#"{"results": [{"success": false}]}"#,
        r#"{"message": "Unauthorized"}"#,
        r#""please log in""#,
    ] {
        let lrs = Lrs::with_faults(move |_, _| ServerFault::Answer(200, "", body));
        let ended = send_caliper(&lrs.caliper(), &lines(0..20))
            .run()
            .with_code(5);
        ended.assert_stderr(&format!(
            "answered 200: {body}; this answer does not confirm"
        ));
        assert_eq!(router(&ended)["delivered"], 0);
    }
    for body in ["", r#"{"success": true}"#] {
        let lrs = Lrs::with_faults(move |_, _| ServerFault::AnswerAfterStoring(200, "", body));
        send_caliper(&lrs.caliper(), &lines(0..20))
            .run()
            .with_code(0);
        assert_eq!(lrs.request_count(), 1);
    }
}
