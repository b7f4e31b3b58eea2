//! The reaction of `send` to each answer of a server.

use serde_json::json;

use crate::harness::{Run, line, lines, poisoned};
use crate::lrs::{Lrs, Request, ServerFault, ServerSettings};
use crate::send::{assert_stored, router, send, transformed};

#[test]
fn sending_a_log_again_stores_nothing_twice() {
    for refuses_duplicates in [true, false] {
        let lrs = Lrs::start(ServerSettings {
            refuses_duplicates,
            ..ServerSettings::default()
        });
        send(&lrs.xapi(), &lines(0..60)).run().with_code(0);
        let ended = send(&lrs.xapi(), &lines(0..70)).run().with_code(0);
        assert_eq!(lrs.stored().len(), 70);
        if refuses_duplicates {
            let router = router(&ended);
            assert_eq!(
                (&router["delivered"], &router["duplicates"]),
                (&json!(10), &json!(60))
            );
            assert_eq!(router["unverified"], 0);
        }
    }
}

#[test]
fn duplicates_that_cannot_be_looked_up_are_counted_as_unverified() {
    let lrs = Lrs::start(ServerSettings {
        get: Some(403),
        ..ServerSettings::default()
    });
    send(&lrs.xapi(), &lines(0..3)).run().with_code(0);
    let ended = send(&lrs.xapi(), &lines(0..4)).run().with_code(0);
    assert_eq!(router(&ended)["unverified"], 3);
    ended.assert_stderr("3 unverified");
    assert_eq!(lrs.stored().len(), 4);
}

#[test]
fn a_conflict_that_cannot_be_looked_up_is_a_dead_letter() {
    for (get, reason) in [
        (400, "unavailable"),
        (302, "unavailable"),
        (404, "conflict"),
    ] {
        // The server answers 409 though the statement is not stored.
        let lrs = Lrs::start(ServerSettings {
            fault: Box::new(|_, method| match method {
                "POST" => ServerFault::Status(409),
                _ => ServerFault::None,
            }),
            get: Some(get),
            ..ServerSettings::default()
        });
        let ended = send(&lrs.xapi(), &lines(0..2))
            .args(&["--dead-letters", "dead"])
            .run()
            .with_code(4);
        let letters = ended.dead_letters();
        assert_eq!(
            (letters.len(), &letters[0]["reason"]),
            (2, &json!(reason)),
            "{get}"
        );
    }
}

#[test]
fn a_statement_that_differs_from_the_stored_one_is_a_dead_letter() {
    let lrs = Lrs::healthy();
    send(&lrs.xapi(), &lines(0..3)).run().with_code(0);
    // The id does not depend on the object, so the ids are equal.
    let other = line(1).replace("\"id\": \"v\"", "\"id\": \"w\"");
    let log = line(0) + &other + &line(5);
    let ended = send(&lrs.xapi(), &log)
        .args(&["--dead-letters", "dead"])
        .run()
        .with_code(4);
    let letters = ended.dead_letters();
    assert_eq!(letters.len(), 1);
    assert_eq!(
        (&letters[0]["reason"], &letters[0]["status"]),
        (&json!("conflict"), &json!(409))
    );
    assert_eq!(letters[0]["items"][0]["line"], 2);
    let router = router(&ended);
    assert_eq!(
        (&router["delivered"], &router["duplicates"]),
        (&json!(1), &json!(1))
    );
}

#[test]
fn a_refused_statement_is_alone_in_its_dead_letter() {
    for status in [400, 422, 500] {
        let lrs = Lrs::start(ServerSettings {
            poison: ("poison", status),
            ..ServerSettings::default()
        });
        let log = lines(0..100) + &poisoned(100) + &lines(0..150)[line(0).len() * 101..];
        let ended = send(&lrs.xapi(), &log)
            .args(&["--dead-letters", "dead", "--max-retries", "1"])
            .run()
            .with_code(4);
        let letters = ended.dead_letters();
        assert_eq!(letters.len(), 1);
        let reason = if status == 500 {
            "unavailable"
        } else {
            "refused"
        };
        assert_eq!(letters[0]["reason"], reason);
        assert_eq!(letters[0]["status"], status);
        assert_eq!(letters[0]["answer"], "the request contains poison");
        assert_eq!(letters[0]["router"], lrs.xapi());
        let [item] = letters[0]["items"].as_array().unwrap().as_slice() else {
            panic!("{letters:?}");
        };
        assert_eq!((&item["file"], &item["line"]), (&json!("log"), &json!(101)));
        assert_eq!(item["payload"]["id"], item["id"]);
        assert_eq!(lrs.stored().len(), ended.count("emitted") as usize - 1);
    }
}

#[test]
fn without_dead_letters_the_first_refused_statement_stops_the_run() {
    let lrs = Lrs::healthy();
    let log = line(0) + &poisoned(1) + &line(2);
    let ended = send(&lrs.xapi(), &log).run().with_code(5);
    ended.assert_stderr(
        "answered 400: the request contains poison; give `--dead-letters DIR` to keep statements that are refused and go on; the first record",
    );
    ended.assert_stderr("line 2 of `log`");
    assert_eq!(router(&ended)["left"], 2);
    assert_eq!(lrs.stored().len(), 1);
}

#[test]
fn a_body_size_that_was_refused_is_not_tried_again() {
    let lrs = Lrs::start(ServerSettings {
        max_bytes: 100_000,
        ..ServerSettings::default()
    });
    let log = lines(0..1000);
    let ended = send(&lrs.xapi(), &log)
        .args(&["--connections", "1"])
        .run()
        .with_code(0);
    assert_stored(&lrs, &transformed(&log, "xapi"));
    let records = lrs.records();
    let refused = |request: &&Request| request.body.len() > 100_000;
    // Both batches are larger than the limit of the server. The second is split before it is sent.
    let refused = records.requests.iter().filter(refused).count();
    assert!((1..=4).contains(&refused), "{refused}");
    assert_eq!(router(&ended)["retries"], 0);
}

#[test]
fn a_statement_over_the_size_limit_of_the_server_is_a_dead_letter() {
    let lrs = Lrs::start(ServerSettings {
        max_bytes: 3000,
        ..ServerSettings::default()
    });
    let large = line(1).replace(
        "\"id\": \"v\"",
        &format!("\"id\": \"{}\"", "v".repeat(4000)),
    );
    let ended = send(&lrs.xapi(), &(line(0) + &large + &line(2)))
        .args(&["--dead-letters", "dead"])
        .run()
        .with_code(4);
    let letter = ended.only_dead_letter("too-large");
    assert_eq!(letter["items"][0]["line"], 2);
    assert_eq!(lrs.stored().len(), 2);
}

#[test]
fn an_answer_that_every_request_would_get_stops_the_run_and_names_the_line() {
    for status in [301, 308, 401, 403, 404, 405, 501] {
        let lrs = Lrs::with_faults(move |nth, _| match nth {
            0 => ServerFault::None,
            _ => ServerFault::Status(status),
        });
        let ended = send(&lrs.xapi(), &lines(0..50))
            .args(&[
                "--batch-size",
                "10",
                "--connections",
                "1",
                "--dead-letters",
                "dead",
            ])
            .run()
            .with_code(5);
        ended.assert_stderr(&format!("answered {status}: as requested by the test"));
        ended.assert_stderr("; the first record not delivered is from line 11 of `log`");
        // A load balancer may answer 403 or 404 for a moment, and a firewall 403 because of a single statement.
        let most = match status {
            // Two batches, each with three retries and all halves, and a statement that was accepted before.
            403 => 38,
            404 => 5,
            _ => 2,
        };
        let least = most.min(5);
        assert!((least..=most).contains(&lrs.request_count()), "{status}");
        assert_eq!(ended.files("dead"), [""; 0]);
        assert_eq!(
            (&router(&ended)["delivered"], &router(&ended)["left"]),
            (&json!(10), &json!(40))
        );
    }
}

#[test]
fn temporary_failures_are_retried() {
    for fault in [
        ServerFault::Status(408),
        ServerFault::Status(425),
        ServerFault::Status(429),
        ServerFault::Status(500),
        ServerFault::Status(503),
        ServerFault::RetryAfter(429, "1".to_owned()),
        ServerFault::RetryAfter(503, "date".to_owned()),
        ServerFault::CloseBeforeStoring,
        ServerFault::CloseAfterStoring,
        ServerFault::Silence,
        ServerFault::Malformed,
        ServerFault::HalfAnAnswer,
        ServerFault::NoBody,
    ] {
        let waits = matches!(fault, ServerFault::RetryAfter(..));
        let started = std::time::Instant::now();
        let fault_of_first = match &fault {
            ServerFault::RetryAfter(status, header) if header == "date" => {
                ServerFault::RetryAfter(*status, http_date_in(2))
            }
            other => other.clone(),
        };
        let lrs = Lrs::with_faults(move |nth, _| {
            if nth == 0 {
                fault_of_first.clone()
            } else {
                ServerFault::None
            }
        });
        let limit: &[&str] = match fault {
            ServerFault::Silence | ServerFault::NoBody => &["--read-timeout", "2"],
            _ => &[],
        };
        let ended = send(&lrs.xapi(), &lines(0..20))
            .args(limit)
            .run()
            .with_code(0);
        assert_eq!(lrs.stored().len(), 20, "{fault:?}");
        let router = router(&ended);
        let all = router["delivered"].as_u64().unwrap() + router["duplicates"].as_u64().unwrap();
        assert_eq!(all, 20, "{fault:?}");
        assert_eq!(router["retries"], 1, "{fault:?}");
        if waits {
            assert!(started.elapsed().as_millis() >= 900, "{fault:?}");
        }
    }
}

#[test]
fn retry_after_0_does_not_shorten_the_retry_delay() {
    let lrs = Lrs::with_faults(|_, _| ServerFault::RetryAfter(429, "0".to_owned()));
    let started = std::time::Instant::now();
    Run::send(&lrs.xapi())
        .file("log", lines(0..3))
        .args(&["log", "--max-retries", "2", "--retry-delay", "0.4"])
        .run()
        .with_code(5);
    assert!(started.elapsed().as_millis() >= 600);
}

#[test]
fn one_too_large_statement_does_not_make_the_other_requests_small() {
    let lrs = Lrs::start(ServerSettings {
        poison: ("poison", 413),
        ..ServerSettings::default()
    });
    let log = poisoned(3000) + &lines(0..2000);
    send(&lrs.xapi(), &log)
        .args(&[
            "--dead-letters",
            "dead",
            "--connections",
            "1",
            "--batch-size",
            "100",
        ])
        .run()
        .with_code(4);
    assert_eq!(lrs.stored().len(), 2000);
    let requests = lrs.request_count();
    assert!(requests < 60, "{requests}");
}

/// The HTTP date in this many seconds.
fn http_date_in(seconds: u64) -> String {
    httpdate::fmt_http_date(std::time::SystemTime::now() + std::time::Duration::from_secs(seconds))
}
