//! `--state` while files are renamed and packed: a file that vanishes before it is opened is no failure if its content
//! turns up, and each line is delivered once.
#![cfg(unix)]

use std::collections::BTreeMap;
use std::fs;
use std::io::Write;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering::Relaxed};

use serde_json::Value;

use crate::harness::{Ended, Run, RunDirectory, filler, gzip, line, lines};
use crate::lrs::{Lrs, ServerFault};

/// Returns a server that moves files before it answers the first request.
pub fn moving(directory: &RunDirectory, moves: fn(&Path)) -> Lrs {
    let logs = directory.path("logs");
    Lrs::with_faults(move |nth, method| {
        if (nth, method) == (0, "POST") {
            moves(&logs);
        }
        ServerFault::None
    })
}

/// A directory in whose first log long lines follow the first statements. No other log is opened before the first request
/// is answered: until then, the third batch of two statements waits for a free slot of the sender, and the long lines are
/// more than may be in flight.
pub fn logs() -> RunDirectory {
    let directory = RunDirectory::new();
    directory.write("logs/a.log", lines(0..8) + &filler().repeat(3));
    directory.write("logs/tracking.log", lines(100..110));
    directory.write("logs/tracking.log-1", lines(200..220));
    directory
}

pub fn send(directory: &RunDirectory, lrs: &Lrs) -> Run {
    let run = directory.run_with_state(&["send", "--url", &lrs.xapi(), "--report", "report.json"]);
    run.args(&["--batch-size", "2", "--connections", "1", "--threads", "1"])
}

/// How often each statement was sent.
fn sent(lrs: &Lrs) -> BTreeMap<String, usize> {
    let mut counts = BTreeMap::new();
    for request in &lrs.records().requests {
        let statements: Vec<Value> = serde_json::from_slice(&request.body).unwrap_or_default();
        for statement in statements {
            *counts.entry(statement["id"].to_string()).or_default() += 1;
        }
    }
    counts
}

#[track_caller]
pub fn assert_each_once(lrs: &Lrs, count: usize) {
    let sent = sent(lrs);
    assert_eq!(sent.len(), count);
    assert!(sent.values().all(|&count| count == 1));
}

/// The end of an input in the report.
pub fn ended(ended: &Ended, name: &str) -> String {
    let report = ended.report();
    let inputs = report["inputs"].as_array().unwrap();
    let input = inputs.iter().find(|input| input["name"] == name);
    input.unwrap()["ended"].as_str().unwrap().to_owned()
}

fn rotate(logs: &Path) {
    fs::rename(logs.join("tracking.log-1"), logs.join("tracking.log-2")).unwrap();
    fs::rename(logs.join("tracking.log"), logs.join("tracking.log-1")).unwrap();
}

fn rotate_twice(logs: &Path) {
    rotate(logs);
    fs::write(logs.join("tracking.log"), lines(300..305)).unwrap();
    rotate_and_number(logs);
}

fn rotate_and_number(logs: &Path) {
    for (from, to) in [("-2", ".3"), ("-1", ".2"), ("", ".1")] {
        let path = |end: &str| logs.join(format!("tracking.log{end}"));
        fs::rename(path(from), path(to)).unwrap();
    }
}

fn pack(logs: &Path) {
    for (from, to) in [("", "-2.gz"), ("-1", "-1.gz")] {
        let path = |end: &str| logs.join(format!("tracking.log{end}"));
        fs::write(path(to), gzip(fs::read(path(from)).unwrap())).unwrap();
        fs::remove_file(path(from)).unwrap();
    }
}

#[test]
fn files_that_are_renamed_or_packed_before_they_are_opened_are_no_failures() {
    let files = ["logs/a.log", "logs/tracking.log", "logs/tracking.log-1"];
    for (moves, at_once, all) in [
        (pack as fn(&Path), 38, 38),
        // The name of the second log is that of the first log when it is opened. The next run reads the second log.
        (rotate, 18, 38),
        (rotate_twice, 43, 43),
    ] {
        for named in [&["logs"][..], &files] {
            let directory = logs();
            let lrs = moving(&directory, moves);
            let run = Run::send(&lrs.xapi()).in_directory(&directory);
            let run = run.args(&["--state", "state", "--report", "report.json"]);
            let run = run.args(&["--batch-size", "2", "--connections", "1", "--threads", "1"]);
            let run = run.args(named).run().with_code(0);
            // No run has read the log before, so if it is packed, only the name of the gzip file tells.
            let is_packed = std::ptr::fn_addr_eq(moves, pack as fn(&Path));
            run.assert_stderr(match is_packed {
                true => " is taken for it because of its name and time",
                false => "note: `logs/tracking.log` was moved to `logs/tracking.log",
            });
            assert_eq!(ended(&run, "logs/tracking.log"), "moved");
            assert_eq!(run.report()["total"]["failed_inputs"], 0);
            assert_each_once(&lrs, at_once);
            send(&directory, &lrs).run().with_code(0);
            assert_each_once(&lrs, all);
        }
    }
}

fn rotate_to_a_date(logs: &Path) {
    let log = logs.join("tracking.log");
    fs::rename(&log, logs.join("tracking.log-20260101")).unwrap();
    fs::write(logs.join("tracking.log.private"), lines(500..510)).unwrap();
    fs::write(logs.join("tracking.log-20260102"), lines(510..520)).unwrap();
}

#[test]
fn files_that_are_excluded_are_not_read_in_place_of_a_vanished_file() {
    let directory = logs();
    let lrs = moving(&directory, rotate_to_a_date);
    let run = send(&directory, &lrs).args(&["--exclude", "*-20260102", "--exclude", "*private*"]);
    run.run().with_code(0);
    assert_each_once(&lrs, 38);
}

#[test]
fn a_file_that_is_being_packed_when_it_vanishes_is_read_by_the_next_run() {
    let directory = logs();
    let lrs = moving(&directory, |logs| {
        let packed = gzip(fs::read(logs.join("tracking.log-1")).unwrap());
        fs::write(logs.join("tracking.log-1.gz"), &packed[..packed.len() / 2]).unwrap();
        fs::remove_file(logs.join("tracking.log-1")).unwrap();
    });
    let run = send(&directory, &lrs).run().with_code(0);
    assert_eq!(ended(&run, "logs/tracking.log-1"), "moved");
    assert_eq!(ended(&run, "logs/tracking.log-1.gz"), "held_back");
    assert_each_once(&lrs, 18);
    directory.write("logs/tracking.log-1.gz", gzip(lines(200..220)));
    send(&directory, &lrs).run().with_code(0);
    assert_each_once(&lrs, 38);
}

#[test]
fn a_gzip_file_that_gets_the_time_of_the_log_and_another_name_in_the_end_is_no_failure() {
    let directory = logs();
    directory.remove("logs/tracking.log-1");
    let packed = gzip(lines(200..220));
    directory.write("logs/tracking.log-1.gz", &packed[..packed.len() / 2]);
    let lrs = moving(&directory, |logs| {
        let path = logs.join("tracking.log-1.gz");
        fs::write(&path, gzip(lines(200..220))).unwrap();
        let file = fs::File::options().append(true).open(&path).unwrap();
        let hour = std::time::Duration::from_secs(3600);
        let time_of_log = std::time::SystemTime::now() - hour;
        file.set_modified(time_of_log).unwrap();
        fs::rename(path, logs.join("tracking.log-2.gz")).unwrap();
    });
    let run = send(&directory, &lrs).run().with_code(0);
    assert_eq!(ended(&run, "logs/tracking.log-1.gz"), "moved");
    assert_each_once(&lrs, 38);
}

#[test]
fn a_file_that_vanishes_and_does_not_turn_up_is_an_error() {
    let directory = logs();
    directory.write("logs/tracking.log-2", lines(400..402));
    let lrs = moving(&directory, |logs| {
        fs::remove_file(logs.join("tracking.log-1")).unwrap();
        fs::write(logs.join("other.log"), line(500)).unwrap();
    });
    let run = send(&directory, &lrs).run().with_code(3);
    run.assert_error("failed to open `logs/tracking.log-1`: No such file");
    assert_eq!(ended(&run, "logs/tracking.log-1"), "failed");
    assert_each_once(&lrs, 21);
}

fn set_time(path: &Path, hours_ago: u64) {
    let file = fs::File::options().append(true).open(path).unwrap();
    let ago = std::time::Duration::from_secs(3600 * hours_ago);
    file.set_modified(std::time::SystemTime::now() - ago)
        .unwrap();
}

/// Packs a log, gives the time of the log to the gzip file, and removes the log.
fn pack_with_time(logs: &Path, from: &str, to: &str) {
    let (from, to) = (logs.join(from), logs.join(to));
    let time = fs::metadata(&from).unwrap().modified().unwrap();
    fs::write(&to, gzip(fs::read(&from).unwrap())).unwrap();
    let packed = fs::File::options().append(true).open(to).unwrap();
    packed.set_modified(time).unwrap();
    fs::remove_file(from).unwrap();
}

fn remove_the_oldest_and_add_a_new_archive(logs: &Path) {
    fs::remove_file(logs.join("tracking.log-20250101")).unwrap();
    fs::write(logs.join("tracking.log-20260101.gz"), gzip(lines(500..505))).unwrap();
}

fn remove_one_and_pack_another(logs: &Path) {
    fs::remove_file(logs.join("tracking.log-20250101")).unwrap();
    pack_with_time(logs, "tracking.log-1", "tracking.log-1.gz");
}

#[test]
fn only_a_file_of_the_same_time_or_name_is_taken_for_a_vanished_archive() {
    for (moves, code, end, count) in [
        (
            remove_the_oldest_and_add_a_new_archive as fn(&Path),
            3,
            "failed",
            43,
        ),
        // Both logs have the same time, and the gzip file is that of the other log.
        (remove_one_and_pack_another, 3, "failed", 38),
        (
            |logs| pack_with_time(logs, "tracking.log-20250101", "tracking.log-20250101.gz"),
            0,
            "moved",
            40,
        ),
        (
            |logs| pack_with_time(logs, "tracking.log-20250101", "tracking.log-2.gz"),
            0,
            "moved",
            40,
        ),
    ] {
        let directory = logs();
        directory.write("logs/tracking.log-20250101", lines(400..402));
        for log in ["tracking.log-20250101", "tracking.log-1"] {
            set_time(&directory.path("logs").join(log), 9000);
        }
        let lrs = moving(&directory, moves);
        let run = send(&directory, &lrs).run().with_code(code);
        assert_eq!(ended(&run, "logs/tracking.log-20250101"), end);
        assert_each_once(&lrs, count);
    }
}

/// With each log that the first run reads, one more log is found, and the archive is renamed before it is opened.
#[test]
fn inputs_that_are_found_after_the_last_search_are_left_to_the_next_run() {
    let directory = RunDirectory::new();
    let log = |nth: u32| lines(10 * nth..10 * nth + 8) + &filler().repeat(3);
    directory.write("logs/a.log-0", log(0));
    directory.write("logs/b.log-0", lines(900..905));
    let logs = directory.path("logs");
    let (moved, is_over) = (
        Arc::new(AtomicU32::new(0)),
        Arc::new(AtomicBool::new(false)),
    );
    let lrs = Lrs::with_faults({
        let (moved, is_over) = (Arc::clone(&moved), Arc::clone(&is_over));
        let posts = AtomicU32::new(0);
        move |_, method| {
            // The statements of a log are in four requests.
            let is_first_of_log = method == "POST" && posts.fetch_add(1, Relaxed).is_multiple_of(4);
            if is_first_of_log && !is_over.load(Relaxed) {
                let nth = moved.fetch_add(1, Relaxed);
                let b = |nth: u32| logs.join(format!("b.log-{nth}"));
                fs::rename(b(nth), b(nth + 1)).unwrap();
                fs::write(logs.join(format!("a.log-{}", nth + 1)), log(nth + 1)).unwrap();
            }
            ServerFault::None
        }
    });
    let run = send(&directory, &lrs).run().with_code(0);
    is_over.store(true, Relaxed);
    run.assert_stderr("during the run, and the next run reads it");
    assert_eq!(ended(&run, "logs/b.log-0"), "moved");
    assert!(!run.stderr.contains("stopped"), "{}", run.stderr);
    let logs = moved.load(Relaxed) as usize + 1;
    assert!(sent(&lrs).len() < 8 * logs);
    send(&directory, &lrs).run().with_code(0);
    assert_each_once(&lrs, 8 * logs + 5);
}

#[test]
fn lines_that_are_written_to_a_renamed_log_while_and_after_it_is_read_are_delivered_once() {
    let directory = logs();
    let lrs = moving(&directory, |logs| {
        let late = logs.join("a.log-1");
        fs::rename(logs.join("a.log"), &late).unwrap();
        let mut late = fs::File::options().append(true).open(late).unwrap();
        late.write_all(line(600).as_bytes()).unwrap();
        fs::write(logs.join("a.log"), line(700)).unwrap();
    });
    let run = send(&directory, &lrs).run().with_code(0);
    assert_eq!(ended(&run, "logs/a.log"), "done");
    assert_each_once(&lrs, 39);
    directory.append("logs/a.log-1", &(line(601) + "{\"name\""));
    send(&directory, &lrs).run().with_code(0);
    assert_each_once(&lrs, 41);
    directory.append("logs/a.log-1", ": 1}\n");
    directory.append("logs/a.log-1", &line(602));
    directory.write("logs/a.log-1.gz", gzip(directory.read("logs/a.log-1")));
    directory.remove("logs/a.log-1");
    send(&directory, &lrs).run().with_code(0);
    assert_each_once(&lrs, 42);
}

/// With two shards, `a.log` and `tracking.log` belong to the second, and `tracking.log-2` to the first.
#[test]
fn a_log_that_is_renamed_into_another_shard_is_no_failure() {
    for (name, code) in [("tracking.log-2", 0), ("other", 3)] {
        let directory = logs();
        directory.remove("logs/tracking.log-1");
        let moves = match code {
            0 => |logs: &Path| rename(logs, "tracking.log-2"),
            _ => |logs: &Path| rename(logs, "other"),
        };
        let lrs = moving(&directory, moves);
        let run = send(&directory, &lrs).args(&["--shard", "1/2"]);
        let run = run.run().with_code(code);
        if code == 0 {
            run.assert_stderr(&format!("note: `logs/tracking.log` was moved to `logs/{name}` during the run, and another shard reads it"));
            assert_eq!(ended(&run, "logs/tracking.log"), "moved");
        }
        assert_each_once(&lrs, 8);
    }
}

fn rename(logs: &Path, name: &str) {
    fs::rename(logs.join("tracking.log"), logs.join(name)).unwrap();
}
