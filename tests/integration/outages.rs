//! Servers that are slow, overloaded, or away for a moment.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use crate::gateway::{Gateway, Rules};
use crate::harness::{lines, poisoned};
use crate::lrs::{Lrs, ServerFault, ServerSettings};
use crate::recover::{recover, unavailable};
use crate::send::{assert_stored, router, send, send_to, transformed};

/// Returns the number of statements in a body.
fn statements(body: &[u8]) -> usize {
    let body = String::from_utf8_lossy(body);
    body.matches("\"verb\"").count()
}

/// The server stores large batches, too, but does not answer them in time.
#[test]
fn a_store_that_answers_only_small_batches_in_time_gets_smaller_batches() {
    let lrs = Lrs::start(ServerSettings {
        refuses_duplicates: false,
        ..ServerSettings::default()
    });
    let late = Arc::new(AtomicUsize::new(0));
    let count = Arc::clone(&late);
    let rules = Rules {
        answer: Box::new(move |body, forward| {
            let answer = forward();
            if statements(body) > 25 {
                count.fetch_add(1, Ordering::Relaxed);
                // The thread ends with the tests.
                loop {
                    std::thread::park();
                }
            }
            answer
        }),
        ..Rules::default()
    };
    let gateway = Gateway::start(&lrs.xapi(), rules, None);
    let log = lines(0..300);
    let ended = send(&gateway.xapi(), &log)
        .args(&["--read-timeout", "2", "--dead-letters", "dead"])
        .args(&["--batch-size", "50", "--connections", "1"])
        .run()
        .with_code(0);
    assert_stored(&lrs, &transformed(&log, "xapi"));
    let late = late.load(Ordering::Relaxed);
    assert!(late <= 6, "{late} {}", router(&ended));
}

#[test]
fn a_server_that_never_answers_stops_the_run_after_few_requests() {
    for (format, batch_size, most) in [("xapi", "500", 10), ("caliper", "20", 10), ("xapi", "1", 8)]
    {
        let lrs = Lrs::with_faults(|_, _| ServerFault::Silence);
        let url = match format {
            "xapi" => lrs.xapi(),
            _ => lrs.caliper(),
        };
        let ended = send_to(format, &url, &lines(0..2000))
            .args(&["--batch-size", batch_size])
            .args(&["--read-timeout", "0.1", "--dead-letters", "dead"])
            .run()
            .with_code(5);
        ended.assert_stderr("3 batches failed after all retries");
        assert_eq!(ended.files("dead"), [""; 0]);
        assert_eq!(router(&ended)["requests"], most, "{format} {batch_size}");
    }
}

#[test]
fn a_statement_that_is_not_answered_in_time_is_a_dead_letter() {
    let lrs = Lrs::healthy();
    let rules = Rules {
        answer: Box::new(|body, forward| {
            if String::from_utf8_lossy(body).contains("poison") {
                // The thread ends with the tests.
                loop {
                    std::thread::park();
                }
            }
            forward()
        }),
        ..Rules::default()
    };
    let gateway = Gateway::start(&lrs.xapi(), rules, None);
    let ended = send(&gateway.xapi(), &(poisoned(0) + &lines(1..16)))
        .args(&["--read-timeout", "1", "--dead-letters", "dead"])
        .run()
        .with_code(4);
    let letter = ended.only_dead_letter("unavailable");
    assert_eq!(letter["items"].as_array().unwrap().len(), 1);
    assert_eq!(lrs.stored().len(), 15);
}

#[test]
fn a_limit_of_records_is_as_high_as_the_size_that_was_refused_in_time() {
    let lrs = Lrs::healthy();
    let (rules, failures) = rules_with_504();
    let gateway = Gateway::start(&lrs.xapi(), rules, None);
    // The second half of the first batch is answered in time, and refused.
    send(&gateway.xapi(), &(poisoned(0) + &lines(1..2000)))
        .args(&["--batch-size", "200", "--dead-letters", "dead"])
        .args(&["--connections", "1"])
        .run()
        .with_code(4);
    assert_eq!(lrs.stored().len(), 1999);
    assert!(lrs.request_count() < 45, "{}", lrs.request_count());
    assert!(failures.load(Ordering::Relaxed) < 10);
}

/// Returns rules that answer 504 to more than 100 statements, and the number of these answers.
fn rules_with_504() -> (Rules, Arc<AtomicUsize>) {
    let failures = Arc::new(AtomicUsize::new(0));
    let count = Arc::clone(&failures);
    let rules = Rules {
        answer: Box::new(move |body, forward| {
            if statements(body) <= 100 {
                return forward();
            }
            count.fetch_add(1, Ordering::Relaxed);
            b"HTTP/1.1 504 Late\r\nContent-Length: 0\r\n\r\n".to_vec()
        }),
        ..Rules::default()
    };
    (rules, failures)
}

#[test]
fn the_size_of_batches_that_are_answered_in_time_is_remembered() {
    let lrs = Lrs::healthy();
    let (rules, failures) = rules_with_504();
    let gateway = Gateway::start(&lrs.xapi(), rules, None);
    send(&gateway.xapi(), &lines(0..10_000))
        .args(&["--dead-letters", "dead"])
        .run()
        .with_code(0);
    assert_eq!(lrs.stored().len(), 10_000);
    // 20 batches of 500 statements, which fail four times each if nothing is remembered.
    let failures = failures.load(Ordering::Relaxed);
    assert!(failures < 24, "{failures}");
}

#[test]
fn recover_makes_batches_smaller_too() {
    let lrs = Lrs::healthy();
    let (rules, failures) = rules_with_504();
    let gateway = Gateway::start(&lrs.xapi(), rules, None);
    let ended = unavailable("xapi", &gateway.xapi(), &lines(0..600), 600);
    recover(&ended, &gateway.xapi()).run().with_code(0);
    assert_eq!(lrs.stored().len(), 600);
    let failures = failures.load(Ordering::Relaxed);
    assert!(failures < 12, "{failures}");
}

#[test]
fn a_short_routing_outage_costs_retries_only() {
    for status in [403, 404] {
        let lrs = Lrs::with_faults(move |nth, _| match nth {
            1 | 2 => ServerFault::Status(status),
            _ => ServerFault::None,
        });
        let ended = send(&lrs.xapi(), &lines(0..30))
            .args(&["--batch-size", "10", "--connections", "1"])
            .run()
            .with_code(0);
        assert_eq!(lrs.stored().len(), 30);
        assert_eq!(router(&ended)["retries"], 2, "{status}");
    }
}

#[test]
fn a_routing_outage_ends_after_three_retries_or_fewer_if_the_options_say_so() {
    for (status, max_retries, requests) in [
        (404, "8", 4),
        (404, "1", 2),
        (404, "0", 1),
        (401, "8", 1),
        (407, "8", 1),
        (302, "8", 1),
    ] {
        let lrs = Lrs::with_faults(move |_, _| ServerFault::Status(status));
        send(&lrs.xapi(), &lines(0..2))
            .args(&["--max-retries", max_retries])
            .run()
            .with_code(5);
        assert_eq!(lrs.request_count(), requests, "{status} {max_retries}");
    }
}

/// Starts a gateway that answers 500 while two requests are in flight, as databases do that find a deadlock. Returns the
/// gateway, and the most requests that were in flight at once.
pub fn gateway(lrs: &Lrs, deadlocks: bool) -> (Gateway, Arc<AtomicUsize>) {
    let (in_flight, most) = (AtomicUsize::new(0), Arc::new(AtomicUsize::new(0)));
    let highest = Arc::clone(&most);
    let rules = Rules {
        answer: Box::new(move |_, forward| {
            let before = in_flight.fetch_add(1, Ordering::SeqCst);
            highest.fetch_max(before + 1, Ordering::SeqCst);
            std::thread::sleep(Duration::from_millis(10));
            let answer = if deadlocks && in_flight.load(Ordering::SeqCst) > 1 {
                let body = "deadlock detected";
                format!(
                    "HTTP/1.1 500 No\r\nContent-Length: {}\r\n\r\n{body}",
                    body.len()
                )
                .into_bytes()
            } else {
                forward()
            };
            in_flight.fetch_sub(1, Ordering::SeqCst);
            answer
        }),
        ..Rules::default()
    };
    (Gateway::start(&lrs.xapi(), rules, None), most)
}

#[test]
fn a_server_that_deadlocks_with_two_requests_gets_one_at_a_time() {
    let lrs = Lrs::healthy();
    let (gateway, _) = gateway(&lrs, true);
    let ended = send(&gateway.xapi(), &lines(0..2000))
        .args(&["--batch-size", "20", "--dead-letters", "dead"])
        .run()
        .with_code(0);
    assert_eq!(lrs.stored().len(), 2000);
    let router = router(&ended);
    assert!(router["retries"].as_u64().unwrap() < 15, "{router}");
    assert_eq!(router["connections"], 1);
    ended.assert_stderr("settled at 1 of 4 connections");
}

#[test]
fn a_healthy_server_gets_as_many_requests_at_once_as_the_options_allow() {
    let lrs = Lrs::healthy();
    let (gateway, most) = gateway(&lrs, false);
    let ended = send(&gateway.xapi(), &lines(0..2000))
        .args(&["--batch-size", "20", "--connections", "3"])
        .run()
        .with_code(0);
    assert_eq!(most.load(Ordering::SeqCst), 3);
    assert_eq!(router(&ended)["connections"], 3);
    ended.assert_not_stderr("settled");
}
