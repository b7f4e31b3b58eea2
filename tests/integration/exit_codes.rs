//! Exit codes.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use crate::harness::{Ended, Run, gzip, line, poisoned};
use crate::lrs::{Lrs, ServerFault};

fn transform() -> Run {
    let cut = &gzip(line(9))[..30];
    Run::transform()
        .file("a.log", line(1))
        .file("rejected.log", line(2).replace("ada", ""))
        .file("unparsable.log", "x\n")
        .file("cut.log", cut)
        .file("out/a.log.xapi.jsonl", line(1))
        .file("full/a.log.xapi.jsonl/in-the-way", "")
}

/// Sends one statement, which the server refuses.
fn send(lrs: &Lrs) -> Run {
    Run::send(&lrs.xapi())
        .args(&["log"])
        .file("log", poisoned(1))
}

#[test]
fn each_exit_code_of_the_readme_occurs() {
    let lrs = Lrs::healthy();
    let mut given = BTreeSet::new();
    let mut run = |code: i32, run: Run| -> Ended {
        given.insert(code);
        run.run().with_code(code)
    };
    run(
        0,
        transform().args(&["a.log", "rejected.log", "unparsable.log"]),
    );
    run(1, transform().args(&["--check", "-o", "out", "a.log"]));
    run(
        1,
        transform().args(&["--fail-on", "rejected", "rejected.log"]),
    );
    run(2, transform().args(&["--shard", "1/1", "a.log"]));
    run(2, transform().args(&["--users", "nowhere.csv", "a.log"]));
    run(3, transform().args(&["nowhere.log", "a.log"]));
    run(3, transform().args(&["cut.log", "a.log"]));
    run(4, send(&lrs).args(&["--dead-letters", "dead"]));
    run(5, send(&lrs));
    run(6, transform().args(&["-o", "full", "a.log"]));
    let locked = transform().file("state/lock", "");
    let lock = fs::File::open(locked.directory.path("state/lock")).unwrap();
    lock.try_lock().unwrap();
    run(7, locked.args(&["-o", "new", "--state", "state", "a.log"]));

    let readme = Path::new(env!("CARGO_MANIFEST_DIR")).join("README.md");
    let readme = fs::read_to_string(readme).unwrap();
    let (_, table) = readme.split_once("\n## Exit codes\n").unwrap();
    let (table, _) = table.split_once("\n## ").unwrap();
    let rows = table.lines().filter_map(|line| line.split('|').nth(1));
    let documented: BTreeSet<i32> = rows.filter_map(|code| code.trim().parse().ok()).collect();
    assert_eq!(given, documented);
}

#[test]
fn fail_on_makes_rejected_or_unparsable_lines_a_failure() {
    for (fail_on, inputs, code) in [
        ("rejected", &["a.log", "unparsable.log"][..], 0),
        ("rejected", &["a.log", "rejected.log"], 1),
        ("unparsable", &["a.log", "rejected.log"], 0),
        ("unparsable", &["a.log", "unparsable.log"], 1),
        ("rejected,unparsable", &["a.log"], 0),
        ("rejected,unparsable", &["a.log", "unparsable.log"], 1),
        ("unparsable,rejected", &["a.log", "unparsable.log"], 1),
        ("emitted", &["a.log"], 2),
    ] {
        let run = transform().args(&["-q", "--fail-on", fail_on]).args(inputs);
        let ended = run.run().with_code(code);
        if code == 1 {
            let [error] = ended.errors()[..] else {
                panic!("{}", ended.stderr);
            };
            assert!(error.starts_with("1 line "), "{error}");
        }
    }
    let variable = transform().env("EVENT_ROUTER_FAIL_ON", "unparsable,rejected");
    variable.args(&["rejected.log"]).run().with_code(1);

    let lrs = Lrs::healthy();
    let rejected = line(2).replace("ada", "");
    let send = send(&lrs).file("log", line(1) + &rejected);
    send.args(&["--fail-on", "rejected"]).run().with_code(1);
    assert_eq!(lrs.stored().len(), 1);
}

#[test]
fn other_failures_take_precedence_over_fail_on() {
    let fail_on = ["--fail-on", "rejected,unparsable"];
    for (arguments, code) in [
        (&["rejected.log", "nowhere.log"][..], 3),
        (&["rejected.log", "cut.log"], 3),
        (&["-o", "full", "rejected.log", "a.log"], 6),
    ] {
        transform()
            .args(&fail_on)
            .args(arguments)
            .run()
            .with_code(code);
    }
    let lrs = Lrs::healthy();
    let both = line(2).replace("ada", "") + &poisoned(1);
    let run = || send(&lrs).file("log", &both).args(&fail_on);
    run().args(&["--dead-letters", "dead"]).run().with_code(4);
    run().run().with_code(5);
}

#[test]
fn a_server_that_fails_is_to_be_tried_again_and_one_that_refuses_has_no_count_of_no_requests() {
    let failing = Lrs::with_faults(|_, _| ServerFault::Status(500));
    let run = send(&failing).args(&["--retry-delay", "0.001", "--max-retries", "1"]);
    let ended = run.run().with_code(5);
    ended.assert_stderr(
        "; run again when the server is back, or give `--dead-letters DIR` to go on",
    );
    let refusing = Lrs::with_faults(|_, _| ServerFault::Status(401));
    let ended = send(&refusing).run().with_code(5);
    ended.assert_stderr("answered 401");
    ended.assert_not_stderr(" requests");
}
