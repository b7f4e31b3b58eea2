//! What is done about each answer of a server.

use serde_json::json;

use crate::harness::{ROOT_URL, Run, line, poisoned};
use crate::lrs::{Fault, Lrs, Request, Settings};
use crate::send::{assert_stored, dead_letters, log, router, send, transformed};

#[test]
fn sending_again_changes_nothing() {
    for refuses_duplicates in [true, false] {
        let lrs = Lrs::start(Settings {
            refuses_duplicates,
            ..Settings::default()
        });
        send(&lrs.xapi(), &log(60)).run().with_code(0);
        let ended = send(&lrs.xapi(), &log(70)).run().with_code(0);
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
fn duplicates_that_cannot_be_asked_for_are_told() {
    let lrs = Lrs::start(Settings {
        get: Some(403),
        ..Settings::default()
    });
    send(&lrs.xapi(), &log(3)).run().with_code(0);
    let ended = send(&lrs.xapi(), &log(4)).run().with_code(0);
    assert_eq!(router(&ended)["unverified"], 3);
    assert!(ended.stderr.contains("3 unverified"), "{}", ended.stderr);
    assert_eq!(lrs.stored().len(), 4);
}

#[test]
fn a_conflict_that_cannot_be_looked_into_is_a_dead_letter() {
    for (get, reason) in [
        (400, "unavailable"),
        (302, "unavailable"),
        (404, "conflict"),
    ] {
        // It says that it has what it does not have.
        let lrs = Lrs::start(Settings {
            fault: Box::new(|_, method| match method {
                "POST" => Fault::Status(409),
                _ => Fault::None,
            }),
            get: Some(get),
            ..Settings::default()
        });
        let ended = send(&lrs.xapi(), &log(2))
            .args(&["--dead-letters", "dead"])
            .run()
            .with_code(4);
        let letters = dead_letters(&ended);
        assert_eq!(
            (letters.len(), &letters[0]["reason"]),
            (2, &json!(reason)),
            "{get}"
        );
    }
}

#[test]
fn another_statement_under_a_stored_id_is_a_dead_letter() {
    let lrs = Lrs::start(Settings::default());
    send(&lrs.xapi(), &log(3)).run().with_code(0);
    // The id leaves the object out.
    let other = line(1).replace("\"id\": \"v\"", "\"id\": \"w\"");
    let log = line(0) + &other + &line(5);
    let ended = send(&lrs.xapi(), &log)
        .args(&["--dead-letters", "dead"])
        .run()
        .with_code(4);
    let letters = dead_letters(&ended);
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
fn a_statement_that_is_not_taken_is_alone_in_its_dead_letter() {
    for status in [400, 422, 500] {
        let lrs = Lrs::start(Settings {
            poison: ("poison", status),
            ..Settings::default()
        });
        let log = log(100) + &poisoned(100) + &log(150)[line(0).len() * 101..];
        let ended = send(&lrs.xapi(), &log)
            .args(&["--dead-letters", "dead", "--max-retries", "1"])
            .run()
            .with_code(4);
        let letters = dead_letters(&ended);
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
fn without_dead_letters_the_first_that_is_not_taken_stops_the_run() {
    let lrs = Lrs::start(Settings::default());
    let log = line(0) + &poisoned(1) + &line(2);
    let ended = send(&lrs.xapi(), &log).run().with_code(5);
    assert!(
        ended
            .stderr
            .contains("answered 400: the request contains poison")
            && ended.stderr.contains("line 2 of `log`"),
        "{}",
        ended.stderr
    );
    assert_eq!(router(&ended)["left"], 2);
    assert_eq!(lrs.stored().len(), 1);
}

#[test]
fn a_size_that_is_too_large_is_asked_once() {
    let lrs = Lrs::start(Settings {
        max_bytes: 100_000,
        ..Settings::default()
    });
    let log = log(1000);
    let ended = send(&lrs.xapi(), &log)
        .args(&["--connections", "1"])
        .run()
        .with_code(0);
    assert_stored(&lrs, &transformed(&log, "xapi"));
    let records = lrs.records();
    let refused = |request: &&Request| request.body.len() > 100_000;
    // Both batches are larger than the server takes; the second is split before it is sent.
    let refused = records.requests.iter().filter(refused).count();
    assert!((1..=4).contains(&refused), "{refused}");
    assert_eq!(router(&ended)["retries"], 0);
}

#[test]
fn a_statement_larger_than_the_server_takes_is_a_dead_letter() {
    let lrs = Lrs::start(Settings {
        max_bytes: 3000,
        ..Settings::default()
    });
    let large = line(1).replace(
        "\"id\": \"v\"",
        &format!("\"id\": \"{}\"", "v".repeat(4000)),
    );
    let ended = send(&lrs.xapi(), &(line(0) + &large + &line(2)))
        .args(&["--dead-letters", "dead"])
        .run()
        .with_code(4);
    let letters = dead_letters(&ended);
    assert_eq!(
        (letters.len(), &letters[0]["reason"]),
        (1, &json!("too-large"))
    );
    assert_eq!(letters[0]["items"][0]["line"], 2);
    assert_eq!(lrs.stored().len(), 2);
}

#[test]
fn what_every_later_request_would_be_told_stops_the_run_and_names_the_place() {
    for status in [301, 308, 401, 403, 404, 405, 501] {
        let lrs = Lrs::start(Settings {
            fault: Box::new(move |nth, _| match nth {
                0 => Fault::None,
                _ => Fault::Status(status),
            }),
            ..Settings::default()
        });
        let ended = send(&lrs.xapi(), &log(50))
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
        let told = format!(
            "answered {status}: as requested by the test; the first record not delivered is from line 11 of `log`"
        );
        assert!(ended.stderr.contains(&told), "{}", ended.stderr);
        assert_eq!(lrs.records().requests.len(), 2);
        assert_eq!(ended.files("dead"), [""; 0]);
        assert_eq!(
            (&router(&ended)["delivered"], &router(&ended)["left"]),
            (&json!(10), &json!(40))
        );
    }
}

#[test]
fn what_may_pass_is_tried_again() {
    for fault in [
        Fault::Status(408),
        Fault::Status(425),
        Fault::Status(429),
        Fault::Status(500),
        Fault::Status(503),
        Fault::RetryAfter(429, "1".to_owned()),
        Fault::RetryAfter(503, "date".to_owned()),
        Fault::CloseBeforeStoring,
        Fault::CloseAfterStoring,
        Fault::Silence,
        Fault::Malformed,
        Fault::HalfAnAnswer,
    ] {
        let waits = matches!(fault, Fault::RetryAfter(..));
        let told = match &fault {
            Fault::RetryAfter(status, header) if header == "date" => {
                Fault::RetryAfter(*status, httpdate_in(2))
            }
            other => other.clone(),
        };
        let lrs = Lrs::start(Settings {
            fault: Box::new(move |nth, _| if nth == 0 { told.clone() } else { Fault::None }),
            ..Settings::default()
        });
        let started = std::time::Instant::now();
        let ended = send(&lrs.xapi(), &log(20))
            .args(&["--read-timeout", "0.3"])
            .run()
            .with_code(0);
        assert_eq!(lrs.stored().len(), 20, "{fault:?}");
        let router = router(&ended);
        let all = router["delivered"].as_u64().unwrap() + router["duplicates"].as_u64().unwrap();
        assert_eq!(all, 20, "{fault:?}");
        // What was stored is known by the status alone.
        let retries = u64::from(fault != Fault::HalfAnAnswer);
        assert_eq!(router["retries"], retries, "{fault:?}");
        if waits {
            assert!(started.elapsed().as_millis() >= 900, "{fault:?}");
        }
    }
}

#[test]
fn a_server_that_is_not_there_is_a_dead_letter_of_the_whole_batch_or_the_end() {
    let url = Lrs::start(Settings::default()).xapi();
    let ended = send(&url, &log(20))
        .args(&["--dead-letters", "dead", "--max-retries", "2"])
        .run()
        .with_code(4);
    let letters = dead_letters(&ended);
    assert_eq!(
        (letters.len(), &letters[0]["reason"]),
        (1, &json!("unavailable"))
    );
    assert_eq!(letters[0]["items"].as_array().unwrap().len(), 20);
    assert_eq!(
        (&letters[0]["attempts"], &letters[0]["status"]),
        (&json!(3), &json!(null))
    );

    let ended = send(&url, &log(20))
        .args(&["--max-retries", "1"])
        .run()
        .with_code(5);
    assert!(ended.stderr.contains("gave no answer"), "{}", ended.stderr);
    assert!(ended.stderr.contains("line 1 of `log`"), "{}", ended.stderr);
}

#[test]
fn a_server_that_fails_at_everything_is_not_asked_for_each_statement() {
    let lrs = Lrs::start(Settings {
        fault: Box::new(|_, _| Fault::Status(500)),
        ..Settings::default()
    });
    let ended = send(&lrs.xapi(), &log(500))
        .args(&["--dead-letters", "dead", "--max-retries", "0"])
        .run()
        .with_code(4);
    let items = dead_letters(&ended)
        .iter()
        .map(|letter| letter["items"].as_array().unwrap().len())
        .sum::<usize>();
    assert_eq!(items, 500);
    assert!(lrs.records().requests.len() < 50);
}

#[test]
fn a_server_that_asks_for_no_wait_is_waited_for_all_the_same() {
    let lrs = Lrs::start(Settings {
        fault: Box::new(|_, _| Fault::RetryAfter(429, "0".to_owned())),
        ..Settings::default()
    });
    let started = std::time::Instant::now();
    Run::new(&["send", "--to", "xapi", "--lms-root-url", ROOT_URL, "log"])
        .file("log", log(3))
        .args(&[
            "--url",
            &lrs.xapi(),
            "--max-retries",
            "2",
            "--retry-delay",
            "0.4",
        ])
        .run()
        .with_code(5);
    assert!(started.elapsed().as_millis() >= 600);
}

#[test]
fn one_statement_that_is_too_large_does_not_make_the_others_go_alone() {
    let lrs = Lrs::start(Settings {
        poison: ("poison", 413),
        ..Settings::default()
    });
    let log = poisoned(3000) + &log(2000);
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
    let requests = lrs.records().requests.len();
    assert!(requests < 60, "{requests}");
}

/// The date so many seconds from now, as HTTP writes it.
fn httpdate_in(seconds: u64) -> String {
    httpdate::fmt_http_date(std::time::SystemTime::now() + std::time::Duration::from_secs(seconds))
}
