//! Dead letters, and any sequence of faults with a recovery after it.

use std::collections::BTreeMap;
use std::time::Duration;

use proptest::prelude::*;
use serde_json::{Value, json};

use crate::harness::{Ended, ROOT_URL, Run, line};
use crate::lrs::{Fault, Lrs, Settings};

fn send(format: &str, url: &str, log: &str) -> Run {
    Run::new(&[
        "send",
        "--lms-root-url",
        ROOT_URL,
        "--retry-delay",
        "0.001",
        "log",
    ])
    .args(&["--to", format, "--url", url, "--dead-letters", "dead"])
    .file("log", log)
}

/// A recovery of the dead letters that a run left.
fn recover(ended: &Ended, url: &str) -> Run {
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

fn letters(ended: &Ended) -> Vec<Value> {
    let names = ended.files("dead");
    let read =
        |name: &String| serde_json::from_slice(&ended.read(&format!("dead/{name}"))).unwrap();
    names.iter().map(read).collect()
}

fn log(lines: u32) -> String {
    (0..lines).map(line).collect()
}

/// It is what a nightly job mails.
#[test]
fn dead_letters_are_told_though_the_run_is_quiet() {
    let lrs = Lrs::start(Settings {
        fault: Box::new(|_, _| Fault::Status(400)),
        ..Settings::default()
    });
    let told = |run: Run| {
        let ended = run.args(&["--quiet"]).run().with_code(4);
        let url = lrs.xapi();
        let error = format!(
            "error: `{url}`: 2 undeliverable, kept in 2 dead letters; `recover` sends them again\n"
        );
        assert!(ended.stderr.ends_with(&error), "{}", ended.stderr);
        ended
    };
    let sent = told(send("xapi", &lrs.xapi(), &log(2)));
    told(recover(&sent, &lrs.xapi()));
}

/// A server that is down for so many requests.
fn down(requests: usize) -> Settings {
    Settings {
        fault: Box::new(move |nth, _| match nth {
            nth if nth < requests => Fault::CloseBeforeStoring,
            _ => Fault::None,
        }),
        ..Settings::default()
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
        let ended = send(format, &url, &log(40))
            .args(&["--batch-size", "20", "--max-retries", "0"])
            .run()
            .with_code(4);
        assert_eq!(letters(&ended).len(), 2, "{format}");
        let recovered = recover(&ended, &url).run().with_code(0);
        assert_eq!(recovered.files("dead"), [""; 0]);
        assert_eq!(lrs.stored().len(), 40);
        let report: Value = serde_json::from_slice(&recovered.read("report.json")).unwrap();
        assert_eq!(report["routers"][0]["delivered"], 40);
        assert_eq!(report["total"], Value::Null);
    }
}

#[test]
fn what_is_still_not_taken_stays_and_counts_its_attempts() {
    let lrs = Lrs::start(down(0));
    let poisoned = line(7).replace("\"id\": \"v\"", "\"id\": \"poison\"");
    let ended = send("xapi", &lrs.xapi(), &(log(3) + &poisoned))
        .run()
        .with_code(4);
    let first = letters(&ended)[0]["attempts"].as_u64().unwrap();
    let names = ended.files("dead");
    let again = recover(&ended, &lrs.xapi()).run().with_code(4);
    assert_eq!(again.files("dead"), names);
    assert_eq!(letters(&again)[0]["attempts"], first + 1);
    assert_eq!(letters(&again)[0]["items"], letters(&ended)[0]["items"]);
}

#[test]
fn a_letter_of_which_some_is_not_taken_leaves_that_alone() {
    let lrs = Lrs::start(down(1));
    let poisoned = line(7).replace("\"id\": \"v\"", "\"id\": \"poison\"");
    let ended = send("xapi", &lrs.xapi(), &(log(3) + &poisoned + &line(9)))
        .args(&["--max-retries", "0"])
        .run()
        .with_code(4);
    assert_eq!(letters(&ended)[0]["items"].as_array().unwrap().len(), 5);
    let again = recover(&ended, &lrs.xapi()).run().with_code(4);
    let left = letters(&again);
    assert_eq!(left.len(), 1);
    assert_eq!(
        (&left[0]["reason"], &left[0]["items"][0]["line"]),
        (&json!("refused"), &json!(4))
    );
    assert_eq!(lrs.stored().len(), 4);
}

#[test]
fn letters_of_other_routers_are_left_alone_unless_they_are_named() {
    let (gone, lrs) = (Lrs::start(down(9)), Lrs::start(down(0)));
    let ended = send("xapi", &gone.xapi(), &log(3))
        .args(&["--max-retries", "0"])
        .run()
        .with_code(4);
    let other = recover(&ended, &lrs.xapi()).run().with_code(4);
    assert!(
        other.stderr.contains("1 dead letter for"),
        "{}",
        other.stderr
    );
    assert_eq!(other.files("dead").len(), 1);
    let moved = recover(&ended, &lrs.xapi())
        .args(&["--router-url", &gone.xapi()])
        .run()
        .with_code(0);
    assert_eq!(moved.files("dead"), [""; 0]);
    assert_eq!(lrs.stored().len(), 3);
}

#[test]
fn a_dry_recovery_removes_nothing_and_a_stopped_one_nothing_that_is_not_delivered() {
    let lrs = Lrs::start(down(1));
    let ended = send("xapi", &lrs.xapi(), &log(3))
        .args(&["--max-retries", "0"])
        .run()
        .with_code(4);
    let dry = recover(&ended, &lrs.xapi())
        .args(&["--dry-run"])
        .run()
        .with_code(0);
    assert_eq!(dry.files("dead"), ended.files("dead"));
    let forbidding = Lrs::start(Settings {
        fault: Box::new(|_, _| Fault::Status(401)),
        ..Settings::default()
    });
    let stopped = recover(&ended, &forbidding.xapi())
        .args(&["--router-url", &lrs.xapi()])
        .run()
        .with_code(5);
    assert_eq!(stopped.files("dead"), ended.files("dead"));
    assert!(
        stopped.stderr.contains("line 1 of `log`"),
        "{}",
        stopped.stderr
    );
}

#[test]
fn what_is_no_letter_is_told_and_the_others_are_sent() {
    let lrs = Lrs::start(down(1));
    let ended = send("xapi", &lrs.xapi(), &log(3))
        .args(&["--max-retries", "0"])
        .run()
        .with_code(4);
    let recovered = recover(&ended, &lrs.xapi())
        .file("dead/0.json", "{}")
        .file("dead/note.txt", "not mine")
        .run()
        .with_code(3);
    assert!(
        recovered.stderr.contains("0.json` is not a dead letter"),
        "{}",
        recovered.stderr
    );
    assert_eq!(recovered.files("dead"), ["0.json", "note.txt"]);
    assert_eq!(lrs.stored().len(), 3);
    Run::new(&["recover", "--url", &lrs.xapi(), "--dead-letters", "nowhere"])
        .run()
        .with_code(2);
}

fn any_fault() -> impl Strategy<Value = Fault> {
    prop_oneof![
        6 => Just(Fault::None),
        3 => prop::sample::select(vec![408, 413, 425, 429, 500, 502, 503, 504]).prop_map(Fault::Status),
        1 => prop::sample::select(vec![400, 409, 422]).prop_map(Fault::Status),
        1 => Just(Fault::RetryAfter(429, "0".to_owned())),
        1 => Just(Fault::RetryAfter(503, "Tue, 05 Mar 2024 09:00:00 GMT".to_owned())),
        1 => Just(Fault::CloseBeforeStoring),
        1 => Just(Fault::CloseAfterStoring),
        1 => Just(Fault::HalfAnAnswer),
        1 => Just(Fault::Malformed),
        1 => Just(Fault::Silence),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 40, max_shrink_iters: 20, failure_persistence: None, ..ProptestConfig::default() })]

    /// Whatever the server does: each statement is stored once or is in one dead letter, and after a recovery against
    /// the server when it is well, nothing is missing.
    #[test]
    fn nothing_is_lost_and_nothing_is_stored_twice(
        faults in prop::collection::vec(any_fault(), 1..40),
        lines in 1u32..120,
        batch_size in 1u32..50,
        connections in 1u32..5,
        poisoned in prop::collection::btree_set(0u32..120, 0..3),
        refuses_duplicates in any::<bool>(),
        max_bytes in prop::sample::select(vec![1500usize, 10_000, usize::MAX]),
        max_retries in 0u32..4,
    ) {
        let log: String = (0..lines)
            .map(|second| {
                let mark = if poisoned.contains(&second) { "poison" } else { "v" };
                line(second).replace("\"id\": \"v\"", &format!("\"id\": \"{mark}\""))
            })
            .collect();
        let well = std::sync::Arc::new(std::sync::atomic::AtomicBool::new(false));
        let is_well = std::sync::Arc::clone(&well);
        let lrs = Lrs::start(Settings {
            fault: Box::new(move |nth, _| {
                if is_well.load(std::sync::atomic::Ordering::Relaxed) {
                    return Fault::None;
                }
                faults.get(nth).cloned().unwrap_or(Fault::None)
            }),
            refuses_duplicates,
            max_bytes,
            ..Settings::default()
        });
        let ended = send("xapi", &lrs.xapi(), &log)
            .args(&["--batch-size", &batch_size.to_string()])
            .args(&["--connections", &connections.to_string()])
            .args(&["--max-retries", &max_retries.to_string()])
            .args(&["--read-timeout", "0.2", "--report", "report.json"])
            .run();
        prop_assert!([0, 4].contains(&ended.code), "{}", ended.stderr);

        let report: Value = serde_json::from_slice(&ended.read("report.json")).unwrap();
        let router = &report["routers"][0];
        let count = |key: &str| router[key].as_u64().unwrap();
        let given = count("delivered") + count("duplicates") + count("undeliverable");
        prop_assert_eq!(given, u64::from(lines));
        prop_assert_eq!(count("left"), 0);

        let mut dead = BTreeMap::new();
        for letter in letters(&ended) {
            for item in letter["items"].as_array().unwrap() {
                let before = dead.insert(item["id"].as_str().unwrap().to_owned(), item.clone());
                prop_assert!(before.is_none(), "{} is in two letters", item);
            }
        }
        // A letter may be of a statement that is stored: the answer was lost, and the server failed ever after.
        let stored = lrs.stored();
        let all = transformed(&log);
        for id in all.keys() {
            prop_assert!(stored.contains_key(id) || dead.contains_key(id), "{id} is lost");
        }

        well.store(true, std::sync::atomic::Ordering::Relaxed);
        // A few hanging connections may still be timing out.
        std::thread::sleep(Duration::from_millis(1));
        let recovered = recover(&ended, &lrs.xapi()).run();
        let stored = lrs.stored();
        let left: BTreeMap<_, _> = letters(&recovered)
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
