//! Runs that are killed at random moments and repeated.

use std::collections::{BTreeMap, BTreeSet};
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::harness::{Run, RunDirectory, gzip, lines};
use crate::lrs::Lrs;

/// Starts the run and kills it at a random moment, this many times, then lets the run end by itself.
pub fn kill_and_repeat(kills: u32, run: impl Fn() -> Run) {
    let mut random = 0x2545_f491_4f6c_dd1d_u64;
    let mut next = move |below: u64| {
        random ^= random << 13;
        random ^= random >> 7;
        random ^= random << 17;
        random % below
    };
    let mut longest = 60;
    for _ in 0..kills {
        let mut running = run().start();
        let started = Instant::now();
        std::thread::sleep(Duration::from_micros(next(longest * 1000)));
        running.signal(if next(4) == 0 { "TERM" } else { "KILL" });
        let status = running.child.wait().unwrap();
        // The longest wait follows the length of a whole run, so that most runs are killed, some of them near their
        // end.
        if status.success() {
            longest = (started.elapsed().as_millis() as u64).max(20);
        }
    }
    run().run().with_code(0);
}

/// Nearly every run that is killed leaves the temporary file of its report.
const REPORT: [&str; 2] = ["--report", "report.json"];

/// Fails if a temporary file of a killed run is left.
#[track_caller]
fn assert_no_temporary_files(directory: &RunDirectory) {
    let mut names = directory.files("");
    names.retain(|name| name.ends_with(".part"));
    assert_eq!(names, [""; 0]);
}

/// Writes plain and compressed logs, each of which has a line without an event.
fn write_logs(directory: &RunDirectory) {
    for nth in 0..40 {
        let log = lines(nth * 1000..nth * 1000 + 150 + nth) + "no event\n";
        if nth % 3 == 0 {
            directory.write(&format!("logs/{nth:02}.log.gz"), gzip(log));
        } else {
            directory.write(&format!("logs/{nth:02}.log"), log);
        }
    }
}

#[test]
fn a_transform_that_is_killed_and_repeated_writes_each_statement_once() {
    let [undisturbed, killed] = [(); 2].map(|()| RunDirectory::new());
    write_logs(&undisturbed);
    write_logs(&killed);
    undisturbed.transform().run().with_code(0);
    killed.write("state/.journal.jsonl.killed.part", "");
    kill_and_repeat(100, || killed.transform().args(&REPORT));
    assert_no_temporary_files(&killed);
    let expected = undisturbed.statement_counts();
    let counts = killed.statement_counts();
    assert!(expected.values().all(|&count| count == 1));
    assert_eq!(counts.len(), expected.len());
    assert!(counts == expected);
    let rejected = |directory: &RunDirectory| -> BTreeSet<String> {
        let rows = directory.json_lines("rejects");
        let names = rows.iter();
        names
            .map(|row| format!("{}:{}", row["file"], row["line"]))
            .collect()
    };
    assert_eq!(rejected(&killed), rejected(&undisturbed));
}

#[test]
fn a_send_that_is_killed_and_repeated_stores_each_statement_once() {
    let [undisturbed, killed] = [(); 2].map(|()| RunDirectory::new());
    write_logs(&undisturbed);
    write_logs(&killed);
    let lrs = Lrs::healthy();
    kill_and_repeat(100, || killed.send(&lrs.xapi()).args(&REPORT));
    undisturbed.transform().run().with_code(0);
    let expected: BTreeMap<String, Value> = undisturbed
        .files("out")
        .iter()
        .flat_map(|name| undisturbed.json_lines(&format!("out/{name}")))
        .map(|row| (row["id"].as_str().unwrap().to_owned(), row))
        .collect();
    assert!(lrs.stored() == expected);
    assert_eq!(killed.files("dead"), [""; 0]);
    assert_no_temporary_files(&killed);
}
