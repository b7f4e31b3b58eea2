//! `--state` and a live log that vanishes before it is opened: it is no failure if its content turns up, and the content
//! decides if the state directory knows it.
#![cfg(unix)]

use std::fs;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};

use crate::harness::{RunDirectory, gzip, lines};
use crate::lrs::{Lrs, ServerFault};
use crate::moved::{assert_each_once, ended, logs, send};

/// A server that moves files before it answers the next request, once it is armed.
fn moving_later(directory: &RunDirectory, moves: fn(&Path)) -> (Lrs, Arc<AtomicBool>) {
    let logs = directory.path("logs");
    let is_armed = Arc::new(AtomicBool::new(false));
    let armed = Arc::clone(&is_armed);
    let lrs = Lrs::with_faults(move |_, method| {
        if method == "POST" && armed.swap(false, Relaxed) {
            moves(&logs);
        }
        ServerFault::None
    });
    (lrs, is_armed)
}

/// The log is packed into a file that was listed, and whose identity stays the same.
fn complete_gzip(logs: &Path) {
    fs::write(logs.join("tracking.log-2.gz"), gzip(lines(100..113))).unwrap();
    fs::remove_file(logs.join("tracking.log")).unwrap();
}

fn replace_by_others(logs: &Path) {
    fs::remove_file(logs.join("tracking.log")).unwrap();
    fs::write(logs.join("tracking.log-20260101"), lines(300..305)).unwrap();
}

fn pack_archive(logs: &Path) {
    fs::write(logs.join("tracking.log-1.gz"), gzip(lines(200..220))).unwrap();
    fs::remove_file(logs.join("tracking.log-1")).unwrap();
    fs::remove_file(logs.join("tracking.log")).unwrap();
}

#[test]
fn the_content_of_a_vanished_log_decides_if_an_earlier_run_has_read_the_log() {
    let warning = "warning: `logs/tracking.log` vanished before it was opened, and `";
    for (moves, is_known, code, is_warned, sent) in [
        (complete_gzip as fn(&Path), true, 0, false, 8 + 20 + 13),
        (complete_gzip, false, 0, true, 8 + 20 + 13),
        (replace_by_others, true, 3, false, 8 + 20 + 10 + 5),
        (replace_by_others, false, 0, true, 8 + 20 + 5),
        (pack_archive, true, 3, false, 8 + 20 + 10),
        (pack_archive, false, 3, false, 8 + 20),
    ] {
        let directory = logs();
        let (lrs, is_armed) = moving_later(&directory, moves);
        let first = directory.read("logs/a.log");
        directory.remove("logs/a.log");
        if !is_known {
            directory.remove("logs/tracking.log");
        }
        send(&directory, &lrs).run().with_code(0);
        directory.write("logs/a.log", first);
        match is_known {
            true => directory.append("logs/tracking.log", &lines(110..113)),
            false => directory.write("logs/tracking.log", lines(100..113)),
        }
        if std::ptr::fn_addr_eq(moves, complete_gzip as fn(&Path)) {
            let packed = gzip(lines(100..113));
            directory.write("logs/tracking.log-2.gz", &packed[..packed.len() / 2]);
        }
        is_armed.store(true, Relaxed);
        let run = send(&directory, &lrs).run().with_code(code);
        let end = if code == 0 { "moved" } else { "failed" };
        assert_eq!(ended(&run, "logs/tracking.log"), end);
        assert_eq!(run.stderr.contains(warning), is_warned, "{}", run.stderr);
        assert_each_once(&lrs, sent);
    }
}

#[test]
fn an_archive_that_was_listed_with_a_vanished_log_and_has_not_changed_since_is_not_taken_for_it() {
    let directory = logs();
    directory.write("logs/tracking.log-20260101", lines(300..305));
    // A file that has just been written may have been written while the inputs were listed.
    std::thread::sleep(std::time::Duration::from_millis(100));
    let (lrs, is_armed) = moving_later(&directory, |logs| {
        fs::remove_file(logs.join("tracking.log")).unwrap();
    });
    is_armed.store(true, Relaxed);
    let run = send(&directory, &lrs).run().with_code(3);
    assert_eq!(ended(&run, "logs/tracking.log"), "failed");
}
