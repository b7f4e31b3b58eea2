//! Output files that replace others, `--no-clobber`, and inputs with the same lines.

use std::fs::File;
use std::io::Read;
use std::process::Command;

use serde_json::json;

use crate::harness::{Run, RunDirectory, line, lines};

#[test]
fn replaced_output_files_are_counted() {
    let directory = RunDirectory::new();
    for folder in ["a", "b"] {
        directory.write(&format!("{folder}/tracking.log"), line(1));
        directory.write(&format!("{folder}/event.json"), line(2));
    }
    let run = |folder: &str| {
        let run = Run::transform().in_directory(&directory);
        let run = run.args(&["--report", "report.json", "-o", "out", folder]);
        run.run().with_code(0)
    };
    run("a").assert_not_stderr("replaced");
    let ended = run("b");
    ended.assert_stderr("from 2 inputs (2 files replaced)");
    let report = ended.report();
    assert_eq!(report["total"]["replaced_files"], 2);
    assert_eq!(report["inputs"][0]["replaced"], true);
}

#[test]
fn no_clobber_keeps_existing_files_and_converts_the_other_inputs() {
    let run = Run::transform()
        .file("a/x.log", line(1))
        .file("a/y.log", line(2))
        .file("a/z.json", line(3))
        .file("out/x.log.xapi.jsonl", "kept")
        .file("out/z.json", "kept");
    let ended = run.args(&["--no-clobber", "-o", "out", "a"]).run();
    let ended = ended.with_code(6);
    let remedy = "exists, and `--no-clobber` keeps it: move it, or write to another directory";
    let [log, document] = ["out/x.log.xapi.jsonl", "out/z.json"].map(|path| {
        assert_eq!(ended.read(path), b"kept");
        format!("`{path}` {remedy}")
    });
    let mut errors = ended.errors();
    errors.sort();
    assert_eq!(errors, [log, document]);
    assert_eq!(ended.json_lines("out/y.log.xapi.jsonl").len(), 1);
    assert_eq!(ended.count("emitted"), 1);
    ended.assert_no_part_files();
}

#[test]
fn no_clobber_replaces_files_without_records() {
    for (gzip, name) in [
        (&[][..], "out/a.log.xapi.jsonl"),
        (&["--compress", "gzip"], "out/a.log.xapi.jsonl.gz"),
    ] {
        let arguments = ["--no-clobber", "-o", "out", "a.log"];
        let first = Run::transform().file("a.log", line(1)).args(&arguments);
        let first = first.args(gzip).args(&["--course", "x"]).run().with_code(0);
        let empty = first.read(name);
        let run = |code| {
            let run = Run::transform().in_directory(&first.directory);
            run.args(&arguments).args(gzip).run().with_code(code)
        };
        let ended = run(0);
        ended.assert_not_stderr("replaced");
        ended.assert_no_part_files();
        let full = first.directory.read(name);
        assert!(full.len() > empty.len(), "{name}");
        run(6);
        assert_eq!(first.directory.read(name), full);
    }
}

#[test]
fn an_output_file_that_a_run_leaves_empty_is_named() {
    let directory = RunDirectory::new();
    directory.write("a.log", line(1));
    directory.write("b.log", line(2));
    let run = || {
        let run = Run::transform().in_directory(&directory);
        run.args(&["-o", "out", "a.log", "b.log"])
            .run()
            .with_code(0)
    };
    run().assert_not_stderr("warning");
    directory.write("a.log", line(1).replace("play_video", "/request"));
    run().assert_stderr("warning: `out/a.log.xapi.jsonl` had records and is empty now, which `--no-clobber` prevents\n");
    run().assert_not_stderr("had records");
}

const APPEARED: &str = "failed to write `out/stdin.xapi.jsonl`: a file of this name appeared during the run, and \
                        `--no-clobber` keeps it: move it and run again, or write to another directory";

#[test]
fn no_clobber_keeps_a_file_that_appears_during_the_run() {
    let run = Run::transform().args(&["--no-clobber", "-o", "out", "-"]);
    let mut running = run.start();
    running.write(&line(1));
    running.wait_for("out", ".stdin.xapi.jsonl.");
    running.directory.write("out/stdin.xapi.jsonl", "kept");
    let ended = running.end().with_code(6);
    assert_eq!(ended.errors(), [APPEARED]);
    assert_eq!(ended.read("out/stdin.xapi.jsonl"), b"kept");
    assert_eq!(ended.count("emitted"), 0);
    ended.assert_no_part_files();
}

#[cfg(unix)]
#[test]
fn a_run_that_resumes_keeps_a_file_that_appears_and_converts_the_lines_later() {
    let directory = RunDirectory::new();
    let night = || directory.transform().args(&["--no-clobber"]);
    // The row of the rejected line blocks the run until the pipe is read, after the first line has its temporary file.
    let unsupported = line(2).replace("play_video", "other") + "\n";
    let rejected = line(3).replace("ada", &format!("ada\", \"pad\": \"{}", "x".repeat(200_000)));
    let rejected = rejected.replace("course-v1:a+b+c", "x");
    let log = line(1) + &unsupported.repeat(15_000) + &rejected;
    directory.write("logs/x.log", &log);
    let pipe = directory.path("rejects");
    let made = Command::new("mkfifo").arg(&pipe).status();
    assert!(made.unwrap().success());
    let running = night().start();
    let mut pipe = File::open(pipe).unwrap();
    running.wait_for("out", ".x.log.xapi.jsonl.");
    // The file has the length of the output.
    let output = Run::transform().stdin(&log).args(&["-"]).run().stdout;
    let other = vec![b'x'; output.len()];
    directory.write("out/x.log.xapi.jsonl", &other);
    let read = pipe.read_to_end(&mut Vec::new());
    assert!(read.unwrap() > 200_000);
    let ended = running.end().with_code(6);
    let error = ended.errors()[0];
    assert!(
        error.ends_with(APPEARED.split_once(": ").unwrap().1),
        "{error}"
    );
    assert_eq!(directory.read("out/x.log.xapi.jsonl"), other);

    directory.remove("rejects");
    night().run().with_code(6);
    directory.remove("out/x.log.xapi.jsonl");
    let ended = night().run().with_code(0);
    assert_eq!(directory.read("out/x.log.xapi.jsonl"), output);
    ended.assert_no_part_files();
}

#[test]
fn a_replaced_rejects_file_is_counted_and_kept_by_no_clobber() {
    let directory = RunDirectory::new();
    let bad = "no event\n";
    for folder in ["a", "b", "c", "d"] {
        directory.write(&format!("{folder}/{folder}.log"), line(1) + bad);
    }
    let run = |arguments: &[&str]| {
        let run = Run::transform().in_directory(&directory);
        run.args(&["-o", "out", "--rejects", "r.jsonl"])
            .args(arguments)
    };
    // A file without rows has nothing to keep.
    directory.write("r.jsonl", "");
    let ended = run(&["--no-clobber", "a"]).run().with_code(0);
    ended.assert_not_stderr("replaced");
    let rows = directory.read("r.jsonl");

    let ended = run(&["--no-clobber", "b"]).run().with_code(6);
    ended.assert_error("the rejects file `r.jsonl` has rows, and `--no-clobber` keeps it: move it, name another file, or make it an input, too");
    assert_eq!(directory.read("r.jsonl"), rows);
    assert_eq!(directory.files("out"), ["a.log.xapi.jsonl"]);

    // As an input, the file keeps its rows.
    let ended = run(&["--no-clobber", "b", "r.jsonl"]).run().with_code(0);
    ended.assert_not_stderr("replaced");
    assert_eq!(directory.json_lines("r.jsonl").len(), 2);

    let ended = run(&["c"]).run().with_code(0);
    ended.assert_stderr("from 1 input (1 file replaced)");
    assert_eq!(directory.json_lines("r.jsonl").len(), 1);

    // With a state, rows are appended.
    run(&["--no-clobber", "--state", "state", "d"])
        .run()
        .with_code(0)
        .assert_not_stderr("replaced");
    assert_eq!(directory.json_lines("r.jsonl").len(), 2);
}

#[test]
fn no_clobber_needs_a_directory() {
    let ended = Run::transform().args(&["--no-clobber", "-"]).run();
    ended
        .with_code(2)
        .assert_error("`--no-clobber` needs `--output`");
}

#[test]
fn a_run_that_resumes_replaces_only_files_of_its_own() {
    let directory = RunDirectory::new();
    let night = |code: i32| {
        let run = directory.transform().args(&["--no-clobber"]);
        let ended = run.run().with_code(code);
        ended.assert_not_stderr("replaced");
    };
    directory.write("logs/x.log", line(1));
    directory.write("logs/z.json", line(2));
    night(0);
    directory.append("logs/x.log", &line(3));
    directory.write("logs/z.json", line(4));
    night(0);
    let files = ["x.log.xapi.2.jsonl", "x.log.xapi.jsonl", "z.json"];
    assert_eq!(directory.files("out"), files);

    directory.write("logs/y.log", lines(5..7));
    directory.write("out/y.log.xapi.jsonl", "kept");
    night(6);
    assert_eq!(directory.read("out/y.log.xapi.jsonl"), b"kept");
    directory.remove("out/y.log.xapi.jsonl");
    night(0);
    assert_eq!(directory.json_lines("out/y.log.xapi.jsonl").len(), 2);
}

#[test]
fn lines_that_another_input_of_the_run_has_are_not_told_as_delivered_by_earlier_runs() {
    for threads in ["1", "4"] {
        let directory = RunDirectory::new();
        let night = || {
            let arguments = ["transform", "-o", "out", "--report", "report.json"];
            let run = directory.run_with_state(&arguments);
            run.args(&["--threads", threads]).run().with_code(0)
        };
        directory.write("logs/a.log", lines(0..3));
        directory.write("logs/b.log", lines(0..3));
        directory.write("logs/c.log", lines(0..4));
        let ended = night();
        ended.assert_stderr(
            "6 same as in another input, and skipped  `logs/b.log` is the same as `logs/a.log`, …\n",
        );
        ended.assert_not_stderr("earlier runs");
        assert_eq!(ended.count("emitted"), 4);
        let report = ended.report();
        let (total, copy) = (&report["total"], &report["inputs"][1]);
        assert_eq!(
            (&total["passed_over"], &total["repeated_lines"]),
            (&json!(0), &json!(6))
        );
        assert_eq!(
            (&copy["same_as"], &copy["repeated_lines"]),
            (&json!("logs/a.log"), &json!(3))
        );

        // The next run reads one line of each log.
        directory.append("logs/a.log", &line(9));
        directory.append("logs/b.log", &line(9));
        let ended = night();
        ended.assert_stderr("10 read by earlier runs, and skipped  blank lines included\n");
        ended.assert_stderr(
            "1 same as in another input, and skipped  `logs/b.log` is the same as `logs/a.log`\n",
        );
    }
}

#[test]
fn the_lines_of_a_copy_are_counted_like_those_of_the_log() {
    let directory = RunDirectory::new();
    let log = lines(0..3) + "\n \n" + &lines(3..5);
    directory.write("logs/a.log", &log);
    directory.write("logs/b.log", &log);
    let run = || directory.run_with_state(&["transform", "-o", "out", "--report", "report.json"]);
    let ended = run().run().with_code(0);
    ended.assert_stderr(
        "5 same as in another input, and skipped  `logs/b.log` is the same as `logs/a.log`\n",
    );
    assert_eq!(ended.count("lines"), 5);
    let report = ended.report();
    assert_eq!(report["inputs"][1]["repeated_lines"], 5);
    assert_eq!(report["total"]["repeated_lines"], 5);

    // A log that goes on after the copied lines.
    directory.write("logs/c.log", lines(20..24));
    directory.write("logs/d.log", lines(20..26));
    let ended = run().run().with_code(0);
    ended.assert_stderr(
        "4 same as in another input, and skipped  `logs/d.log` begins like `logs/c.log`\n",
    );
}
