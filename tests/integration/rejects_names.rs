//! Names and locks of the rejects file: which files a run may replace, and when two runs may write the same file.

use std::os::unix::fs::{MetadataExt, symlink};

use serde_json::json;

use crate::harness::{Run, RunDirectory, line, lines};
use crate::lrs::{Lrs, ServerFault};
use crate::rejects::row;
use crate::retried_rejects::{directory, kept, left, retry, transform};

/// Runs in a directory with an export of events, and logs of which one has an unfinished last line.
fn with_logs() -> RunDirectory {
    let directory = RunDirectory::new();
    directory.write("logs/tracking.log", lines(1..4) + "{\"cut");
    directory.write("logs/other.log", lines(4..6) + "x\n");
    symlink(directory.path("logs/tracking.log"), directory.path("link")).unwrap();
    directory
}

#[test]
fn a_file_that_is_no_rejects_file_or_report_is_left_as_it_is() {
    let directory = with_logs();
    directory.write("note.txt", "some text");
    let before = directory.read("logs/tracking.log");
    for (option, kind) in [
        ("--rejects", "no rejects file"),
        ("--report", "no report of an earlier run"),
    ] {
        for name in ["logs/tracking.log", "link", "note.txt"] {
            for input in ["logs", "logs/other.log"] {
                for state in [&[][..], &["--state", "state"]] {
                    let run = Run::transform().in_directory(&directory);
                    let run = run.args(&["-o", "out", option, name, input]).args(state);
                    let ended = run.run().with_code(2);
                    ended.assert_error(&format!("`{name}` is {kind}"));
                    ended.assert_no_part_files();
                    assert_eq!(directory.read("logs/tracking.log"), before);
                    assert_eq!(directory.read("note.txt"), b"some text");
                }
            }
        }
    }
}

#[test]
fn files_of_earlier_runs_are_replaced() {
    let directory = with_logs();
    let run = |input: &str| {
        let run = Run::transform().in_directory(&directory);
        let files = ["--rejects", "rejects.jsonl", "--report", "report.json"];
        run.args(&files).args(&[input]).run().with_code(0)
    };
    for (input, rejected) in [("logs", 2), ("logs/other.log", 1), ("logs/tracking.log", 1)] {
        run(input);
        assert_eq!(kept(&directory).len(), rejected, "{input}");
        assert_eq!(directory.json("report.json")["schema"], 1);
    }
    // A killed run may have left a row without its end.
    directory.write("rejects.jsonl", "\n{\"file\":\"logs/other.log\",\"li");
    run("logs/other.log");
    assert_eq!(kept(&directory).len(), 1);
}

#[test]
fn an_empty_file_is_not_replaced() {
    let directory = with_logs();
    directory.write("tracking.log", "");
    let inode = || directory.path("tracking.log").metadata().unwrap().ino();
    let before = inode();
    for inputs in [&["tracking.log"][..], &["tracking.log", "logs/other.log"]] {
        let run = Run::transform().in_directory(&directory);
        let run = run.args(&["--rejects", "tracking.log"]).args(inputs);
        run.run().with_code(0).assert_no_part_files();
        assert_eq!(inode(), before);
    }
    assert_eq!(directory.json_lines("tracking.log")[0]["raw"], "x");
}

#[test]
fn a_link_to_the_file_stays_a_link() {
    for target in [Some(row("a", 1, &line(5), "no-user")), None] {
        let directory = with_logs();
        if let Some(rows) = &target {
            directory.write("rejects.jsonl", rows);
        }
        let link = directory.path("current");
        symlink(directory.path("rejects.jsonl"), &link).unwrap();
        let run = Run::transform().in_directory(&directory);
        let run = run.args(&["--rejects", "current", "logs/other.log"]);
        run.run().with_code(0).assert_no_part_files();
        assert!(link.is_symlink());
        assert_eq!(kept(&directory), [json!(["logs/other.log", 3, "not-json"])]);
    }
}

#[test]
fn only_one_run_at_a_time_uses_a_rejects_file() {
    for exists in [false, true] {
        for (first, second) in [
            (Some("state-1"), None),
            (None, Some("state-1")),
            (None, None),
            // Both append.
            (Some("state-1"), Some("state-2")),
        ] {
            let directory = with_logs();
            if exists {
                directory.write("r", row("a", 1, &line(9), "no-user"));
            }
            let writing = |run: Run, state: Option<&str>| {
                let run = run.in_directory(&directory).args(&["--rejects", "r"]);
                let state = state.map_or(vec![], |state| vec!["--state", state]);
                run.args(&state).args(&["logs/other.log"])
            };
            let silent = Lrs::with_faults(|_, _| ServerFault::Silence);
            let mut running = writing(Run::send(&silent.xapi()), first).start();
            running.wait_until(|_| silent.request_count() > 0);
            let ended = writing(Run::transform().args(&["-o", "out"]), second).run();
            let ended = ended.with_code(7);
            ended.assert_error(
                "the rejects file `r` is in use by another run; run again when that run has ended",
            );
            running.signal("KILL");
            running.child.wait().unwrap();
            let rows = directory.json_lines("r").len();
            let of_first = usize::from(first.is_some());
            assert_eq!(rows, usize::from(exists) + of_first);
        }
    }
}

#[test]
fn a_run_that_fails_to_start_leaves_no_empty_file() {
    let directory = with_logs();
    let run = Run::transform().in_directory(&directory);
    let run = run.args(&["--rejects", "r", "--report", "no/report", "logs/other.log"]);
    run.run().with_code(6);
    assert!(!directory.path("r").exists());
}

#[test]
fn standard_output_that_is_another_file_of_the_run_is_a_usage_error() {
    let directory = directory();
    directory.write("a.log", line(1));
    std::fs::hard_link(directory.path("a.log"), directory.path("b.log")).unwrap();
    let before = ["rejects.jsonl", "a.log"].map(|name| directory.read(name));
    for (command, arguments, file, error) in [
        (
            Run::transform(),
            ["--rejects", "rejects.jsonl", "rejects.jsonl"].as_slice(),
            "rejects.jsonl",
            "standard output is the rejects file `rejects.jsonl`",
        ),
        (
            Run::transform(),
            &["--rejects", "rejects.jsonl", "a.log"],
            "./rejects.jsonl",
            "standard output is the rejects file `rejects.jsonl`",
        ),
        (
            Run::transform(),
            &["a.log"],
            "b.log",
            "standard output is the input `a.log`, so the run would read what it writes",
        ),
        (
            Run::transform(),
            &["--shard", "1/2", "a.log", "b.log", "rejects.jsonl"],
            "rejects.jsonl",
            "standard output is the input `rejects.jsonl`",
        ),
        (
            Run::explain(),
            &["a.log"],
            "a.log",
            "standard output is the input `a.log`",
        ),
    ] {
        let run = command.in_directory(&directory).args(arguments);
        let ended = run.after_shell(&format!("exec >> {file}")).run();
        ended.with_code(2).assert_error(error);
        assert_eq!(
            ["rejects.jsonl", "a.log"].map(|name| directory.read(name)),
            before
        );
    }
}

#[test]
fn a_rejects_file_that_is_named_twice_is_read_once() {
    for second in ["rejects.jsonl", "./rejects.jsonl", "link", "."] {
        let directory = directory();
        std::os::unix::fs::symlink("rejects.jsonl", directory.path("link")).unwrap();
        let ended = retry(&directory, transform(), &["--include", "*.jsonl", second]).run();
        let ended = ended.with_code(0);
        assert_eq!((ended.count("emitted"), ended.count("lines")), (2, 4));
        assert_eq!(kept(&directory), left());
        assert_eq!(directory.statement_counts().len(), 2);
        assert!(
            directory
                .statement_counts()
                .values()
                .all(|&count| count == 1)
        );
    }
}
