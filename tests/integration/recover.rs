//! Dead letters and `recover`, after given faults and after random sequences of faults.

use std::collections::BTreeMap;
use std::time::Duration;

use proptest::prelude::*;
use serde_json::{Value, json};

use crate::harness::{Ended, Run, line, lines, poisoned};
use crate::lrs::{Lrs, ServerFault, ServerSettings};

pub fn send(format: &str, url: &str, log: &str) -> Run {
    Run::send_to(format, url)
        .args(&["--retry-delay", "0.001", "--dead-letters", "dead", "log"])
        .file("log", log)
}

/// Recovers the dead letters of a run, in a directory of its own.
pub fn recover(ended: &Ended, url: &str) -> Run {
    let mut run = Run::new(&["recover", "--url", url, "--dead-letters", "dead"]).args(&[
        "--retry-delay",
        "0.001",
        "--report",
        "report.json",
    ]);
    for name in ended.files("dead") {
        let name = format!("dead/{name}");
        run = run.file(&name, ended.read(&name));
    }
    run
}

/// The message is what a nightly job mails.
#[test]
fn quiet_runs_still_report_dead_letters() {
    let lrs = Lrs::with_faults(|_, _| ServerFault::Status(400));
    let run_quietly = |run: Run| {
        let ended = run.args(&["--quiet"]).run().with_code(4);
        let url = lrs.xapi();
        let error = format!(
            "error: failed to deliver 2 records to `{url}`, now kept in 2 dead letters; `event-router recover` sends them again\n"
        );
        assert!(ended.stderr.ends_with(&error), "{}", ended.stderr);
        ended
    };
    let sent = run_quietly(send("xapi", &lrs.xapi(), &lines(0..2)));
    run_quietly(recover(&sent, &lrs.xapi()));
}

/// A server that drops the first `requests` connections.
fn down(requests: usize) -> ServerSettings {
    ServerSettings {
        fault: Box::new(move |nth, _| match nth {
            nth if nth < requests => ServerFault::CloseBeforeStoring,
            _ => ServerFault::None,
        }),
        ..ServerSettings::default()
    }
}

#[test]
fn recover_delivers_dead_letters_and_removes_them() {
    for format in ["xapi", "caliper"] {
        let lrs = Lrs::start(down(2));
        let url = if format == "xapi" {
            lrs.xapi()
        } else {
            lrs.caliper()
        };
        // The dead letters are written after a third batch is accepted.
        let ended = send(format, &url, &lines(0..60))
            .args(&["--batch-size", "20", "--max-retries", "0"])
            .run()
            .with_code(4);
        assert_eq!(ended.dead_letters().len(), 2, "{format}");
        let recovered = recover(&ended, &url).run().with_code(0);
        assert_eq!(recovered.files("dead"), [""; 0]);
        assert_eq!(lrs.stored().len(), 60);
        let report = recovered.report();
        assert_eq!(report["routers"][0]["delivered"], 40);
        assert_eq!(report["total"], Value::Null);
    }
}

#[test]
fn a_statement_refused_again_stays_in_its_dead_letter_with_another_attempt() {
    let lrs = Lrs::start(down(0));
    let ended = send("xapi", &lrs.xapi(), &(lines(0..3) + &poisoned(7)))
        .run()
        .with_code(4);
    let first = ended.dead_letters()[0]["attempts"].as_u64().unwrap();
    let names = ended.files("dead");
    let again = recover(&ended, &lrs.xapi()).run().with_code(4);
    assert_eq!(again.files("dead"), names);
    assert_eq!(again.dead_letters()[0]["attempts"], first + 1);
    assert_eq!(
        again.dead_letters()[0]["items"],
        ended.dead_letters()[0]["items"]
    );
}

#[test]
fn a_dead_letter_keeps_only_the_statements_that_are_refused_again() {
    let lrs = Lrs::start(down(1));
    let ended = send(
        "xapi",
        &lrs.xapi(),
        &(lines(0..3) + &poisoned(7) + &lines(9..11)),
    )
    .args(&["--batch-size", "5", "--max-retries", "0"])
    .run()
    .with_code(4);
    assert_eq!(
        ended.dead_letters()[0]["items"].as_array().unwrap().len(),
        5
    );
    let again = recover(&ended, &lrs.xapi()).run().with_code(4);
    let left = again.dead_letters();
    assert_eq!(left.len(), 1);
    assert_eq!(
        (&left[0]["reason"], &left[0]["items"][0]["line"]),
        (&json!("refused"), &json!(4))
    );
    assert_eq!(lrs.stored().len(), 5);
}

#[test]
fn dead_letters_of_other_routers_are_skipped_unless_router_url_names_them() {
    let (gone, lrs) = (Lrs::start(down(1)), Lrs::start(down(0)));
    let ended = send("xapi", &gone.xapi(), &lines(0..4))
        .args(&["--batch-size", "3", "--max-retries", "0"])
        .run()
        .with_code(4);
    let other = recover(&ended, &lrs.xapi()).run().with_code(4);
    other.assert_stderr("1 dead letter for");
    assert_eq!(other.files("dead").len(), 1);
    let moved = recover(&ended, &lrs.xapi())
        .args(&["--router-url", &gone.xapi()])
        .run()
        .with_code(0);
    assert_eq!(moved.files("dead"), [""; 0]);
    assert_eq!(lrs.stored().len(), 3);
}

#[test]
fn a_dry_or_stopped_recovery_keeps_undelivered_dead_letters() {
    let lrs = Lrs::start(down(1));
    let ended = send("xapi", &lrs.xapi(), &lines(0..4))
        .args(&["--batch-size", "3", "--max-retries", "0"])
        .run()
        .with_code(4);
    let dry = recover(&ended, &lrs.xapi())
        .args(&["--dry-run"])
        .run()
        .with_code(0);
    assert_eq!(dry.files("dead"), ended.files("dead"));
    let forbidding = Lrs::with_faults(|_, _| ServerFault::Status(401));
    let stopped = recover(&ended, &forbidding.xapi())
        .args(&["--router-url", &lrs.xapi()])
        .run()
        .with_code(5);
    assert_eq!(stopped.files("dead"), ended.files("dead"));
    stopped.assert_stderr("line 1 of `log`");
}

#[test]
fn a_file_that_is_not_a_dead_letter_is_an_error_and_the_others_are_sent() {
    let lrs = Lrs::start(down(1));
    let ended = send("xapi", &lrs.xapi(), &lines(0..4))
        .args(&["--batch-size", "3", "--max-retries", "0"])
        .run()
        .with_code(4);
    let recovered = recover(&ended, &lrs.xapi())
        .file("dead/0.json", "{}")
        .file("dead/note.txt", "not mine")
        .run()
        .with_code(3);
    recovered.assert_stderr("0.json` is not a dead letter");
    assert_eq!(recovered.files("dead"), ["0.json", "note.txt"]);
    assert_eq!(lrs.stored().len(), 4);
    Run::new(&["recover", "--url", &lrs.xapi(), "--dead-letters", "nowhere"])
        .run()
        .with_code(2);
}

fn any_fault() -> impl Strategy<Value = ServerFault> {
    prop_oneof![
        6 => Just(ServerFault::None),
        3 => prop::sample::select(vec![408, 413, 425, 429, 500, 502, 503, 504]).prop_map(ServerFault::Status),
        1 => prop::sample::select(vec![400, 409, 422]).prop_map(ServerFault::Status),
        1 => Just(ServerFault::RetryAfter(429, "0".to_owned())),
        1 => Just(ServerFault::RetryAfter(503, "Tue, 05 Mar 2024 09:00:00 GMT".to_owned())),
        1 => Just(ServerFault::CloseBeforeStoring),
        1 => Just(ServerFault::CloseAfterStoring),
        1 => Just(ServerFault::HalfAnAnswer),
        1 => Just(ServerFault::NoBody),
        1 => Just(ServerFault::Malformed),
        1 => Just(ServerFault::Silence),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 40, max_shrink_iters: 20, failure_persistence: None, ..ProptestConfig::default() })]

    /// Each statement is stored once or is in one dead letter, whatever the server does. After a recovery with a
    /// healthy server, no statement is missing.
    #[test]
    fn nothing_is_lost_and_nothing_is_stored_twice(
        faults in prop::collection::vec(any_fault(), 1..40),
        line_count in 1u32..120,
        batch_size in 1u32..50,
        connections in 1u32..5,
        poisoned_seconds in prop::collection::btree_set(0u32..120, 0..3),
        refuses_duplicates in any::<bool>(),
        max_bytes in prop::sample::select(vec![1500usize, 10_000, usize::MAX]),
        max_retries in 0u32..4,
    ) {
        let log: String = (0..line_count)
            .map(|second| {
                let is_poisoned = poisoned_seconds.contains(&second);
                if is_poisoned { poisoned(second) } else { line(second) }
            })
            .collect();
        let well = std::sync::Arc::new(std::sync::atomic::AtomicBool::new(false));
        let is_well = std::sync::Arc::clone(&well);
        let lrs = Lrs::start(ServerSettings {
            fault: Box::new(move |nth, _| {
                if is_well.load(std::sync::atomic::Ordering::Relaxed) {
                    return ServerFault::None;
                }
                faults.get(nth).cloned().unwrap_or(ServerFault::None)
            }),
            refuses_duplicates,
            max_bytes,
            ..ServerSettings::default()
        });
        let run = || {
            send("xapi", &lrs.xapi(), &log)
                .args(&["--batch-size", &batch_size.to_string()])
                .args(&["--connections", &connections.to_string()])
                .args(&["--max-retries", &max_retries.to_string()])
                .args(&["--read-timeout", "0.2", "--report", "report.json", "--state", "state"])
        };
        let ended = run().run();
        prop_assert!([0, 4, 5].contains(&ended.code), "{}", ended.stderr);

        let report = ended.report();
        let router = &report["routers"][0];
        let count = |key: &str| router[key].as_u64().unwrap();
        let outcomes = ["delivered", "duplicates", "undeliverable", "left"];
        prop_assert_eq!(outcomes.map(count).iter().sum::<u64>(), u64::from(line_count));
        prop_assert_eq!(count("left") > 0, ended.code == 5);

        // The server recovers. A run that was stopped is resumed.
        well.store(true, std::sync::atomic::Ordering::Relaxed);
        // Some hanging connections may still be open.
        std::thread::sleep(Duration::from_millis(1));
        let ended = match ended.code {
            5 => run().in_directory(&ended.directory).run(),
            _ => ended,
        };
        prop_assert!([0, 4].contains(&ended.code), "{}", ended.stderr);

        let mut dead = BTreeMap::new();
        for letter in ended.dead_letters() {
            for item in letter["items"].as_array().unwrap() {
                let before = dead.insert(item["id"].as_str().unwrap().to_owned(), item.clone());
                prop_assert!(before.is_none(), "{} is in two letters", item);
            }
        }
        // A stored statement may also be in a dead letter, if the answer was lost and all retries failed.
        let stored = lrs.stored();
        let all = transformed(&log);
        for id in all.keys() {
            prop_assert!(stored.contains_key(id) || dead.contains_key(id), "{id} is lost");
        }

        let recovered = recover(&ended, &lrs.xapi()).run();
        let stored = lrs.stored();
        let left: BTreeMap<_, _> = recovered.dead_letters()
            .iter()
            .flat_map(|letter| letter["items"].as_array().unwrap().clone())
            .map(|item| (item["id"].as_str().unwrap().to_owned(), item["line"].clone()))
            .collect();
        for (id, statement) in &all {
            let is_poison = statement.to_string().contains("poison");
            let too_large = max_bytes < statement.to_string().len() + 2;
            let is_left = left.contains_key(id);
            prop_assert_eq!(is_left, is_poison || too_large, "{} {}", id, recovered.stderr);
            prop_assert_eq!(stored.get(id), (!is_left).then_some(statement));
        }
    }
}

fn transformed(log: &str) -> BTreeMap<String, Value> {
    let rows = Run::transform()
        .args(&["-"])
        .stdin(log)
        .run()
        .with_code(0)
        .rows();
    rows.into_iter()
        .map(|row| (row["id"].as_str().unwrap().to_owned(), row))
        .collect()
}
