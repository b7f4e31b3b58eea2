//! `--state` while logs are copied and truncated: the lines that were not read yet are read from the copy.
#![cfg(unix)]

use std::fs;
use std::path::Path;

use crate::harness::{filler, gzip, line, lines};
use crate::moved::{assert_each_once, ended, logs, moving, send};

#[test]
fn the_rest_of_a_log_that_is_copied_and_truncated_while_it_is_read_is_read_from_the_copy() {
    // A copy that was made before the run opened the log may lack lines.
    for (copy, is_whole) in [
        (Some("a.log.2"), true),
        (Some("a.log.3.gz"), false),
        (None, false),
    ] {
        let directory = logs();
        let whole = lines(0..8) + &filler().repeat(3) + &lines(8..16);
        directory.write("logs/a.log", whole);
        directory.write("logs/a.log.1.gz", gzip(lines(800..802)));
        directory.age("logs/a.log.1.gz");
        // A file of another program and other logs are no copies.
        directory.write("logs/a.log.offset", "12345");
        directory.write("logs/a.log.9", lines(810..820) + &filler().repeat(4));
        directory.write("logs/a.log.8.gz", gzip(lines(820..830)));
        if copy.is_some() {
            directory.write("logs/a.log.3.gz", gzip(lines(0..8) + &filler()));
        }
        let lrs = moving(
            &directory,
            if is_whole {
                copy_and_truncate
            } else {
                truncate
            },
        );
        let run = send(&directory, &lrs).run();
        let run = run.with_code(if copy.is_some() { 0 } else { 3 });
        if let Some(copy) = copy {
            assert_eq!(ended(&run, "logs/a.log"), "held_back");
            let note = format!(
                "note: `logs/a.log` was truncated while it was read, and its remaining lines are read from the copy `logs/{copy}`"
            );
            run.assert_stderr(&note);
            let lost = "; lines that were written after the copy was made are lost";
            assert_eq!(run.stderr.contains(lost), !is_whole, "{}", run.stderr);
        } else {
            assert_eq!(ended(&run, "logs/a.log"), "failed");
            run.assert_error("failed to read `logs/a.log` to its end: the file ");
            // The new file may have its line already, or may still be empty.
            let causes = [
                "shrank while it was read",
                "was truncated while it was read",
            ];
            let is_told = causes.iter().any(|cause| run.stderr.contains(cause));
            assert!(is_told, "{}", run.stderr);
        }
        let sent = if is_whole { 68 } else { 60 };
        assert_each_once(&lrs, sent);
        send(&directory, &lrs).run().with_code(0);
        assert_each_once(&lrs, sent + 1);
    }
}

fn copy_and_truncate(logs: &Path) {
    fs::copy(logs.join("a.log"), logs.join("a.log.2")).unwrap();
    truncate(logs);
}

fn truncate(logs: &Path) {
    fs::write(logs.join("a.log"), line(900)).unwrap();
}

/// The position up to which the log was read is then in the middle of a new line.
#[test]
fn a_log_that_is_truncated_while_it_is_read_and_grows_past_that_position_is_read_from_the_copy() {
    for keeps_copy in [true, false] {
        let directory = logs();
        directory.write(
            "logs/a.log",
            lines(0..8) + &filler().repeat(3) + &lines(8..16),
        );
        let lrs = moving(
            &directory,
            match keeps_copy {
                true => |logs: &Path| {
                    fs::copy(logs.join("a.log"), logs.join("a.log-1")).unwrap();
                    write_again(logs);
                },
                false => write_again,
            },
        );
        let run = send(&directory, &lrs).run();
        let run = run.with_code(if keeps_copy { 0 } else { 3 });
        if keeps_copy {
            run.assert_stderr("its remaining lines are read from the copy `logs/a.log-1`");
        } else {
            run.assert_error("failed to read `logs/a.log` to its end: the file was truncated while it was read, so lines are lost; ");
        }
        send(&directory, &lrs).run().with_code(0);
        let kept = if keeps_copy { 16 } else { 8 };
        assert_each_once(&lrs, kept + 10 + 20 + 30);
    }
}

fn write_again(logs: &Path) {
    let longer = lines(900..930) + &filler().repeat(5);
    fs::write(logs.join("a.log"), longer).unwrap();
}
