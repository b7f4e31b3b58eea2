//! Files and readers that disappear during a run: as little as possible is lost, and one line of the messages names the
//! path.

use std::fs::{self, File};
use std::io::{Read, Write};
use std::process::Command;

use crate::disk_full::send;
use crate::harness::{Run, json_lines, line, lines, poisoned};
use crate::lrs::Lrs;

#[test]
fn a_rejects_pipe_without_a_reader_is_an_error() {
    let run = Run::transform().args(&["--rejects", "pipe", "-o", "out", "-"]);
    let pipe = run.directory.path("pipe");
    assert!(
        Command::new("mkfifo")
            .arg(&pipe)
            .status()
            .unwrap()
            .success()
    );
    let mut running = run.start();
    // A pipe opens only when both ends do.
    drop(File::open(&pipe).unwrap());
    running.write(&("no event\n".repeat(1000) + &line(1)));
    let ended = running.end().with_code(6);
    ended.assert_error("failed to write `pipe`: Broken pipe");
    assert_eq!(ended.json_lines("out/stdin.xapi.jsonl").len(), 1);
}

#[test]
fn an_input_that_vanishes_before_it_is_opened_fails_alone() {
    let run = Run::transform()
        .file("a.log", line(1))
        .file("b.log", line(2));
    let mut running = run
        .args(&["--report", "r", "-o", "out", "-", "a.log", "b.log"])
        // With one thread, inputs are opened one after the other.
        .args(&["--threads", "1"])
        .start();
    running.write(&line(3));
    running.wait_for("out", ".stdin.xapi.jsonl.");
    fs::remove_file(running.directory.path("a.log")).unwrap();
    let ended = running.end().with_code(3);
    ended.assert_error("failed to open `a.log`: No such file");
    assert_eq!(ended.files("out"), ["b.log.xapi.jsonl", "stdin.xapi.jsonl"]);
    let report: serde_json::Value = serde_json::from_slice(&ended.read("r")).unwrap();
    let ends = report["inputs"]
        .as_array()
        .unwrap()
        .iter()
        .map(|input| input["ended"].as_str().unwrap());
    assert_eq!(ends.collect::<Vec<_>>(), ["done", "failed", "done"]);
}

#[test]
fn an_input_that_shrinks_while_it_is_read_fails_after_its_remaining_lines() {
    // The log is longer than the program reads ahead while standard output is blocked.
    let log = lines(0..40_000);
    let run = Run::transform()
        .file("a.log", &log)
        .file("b.log", line(200_000));
    let mut running = run
        .args(&["--threads", "1", "--report", "r", "a.log", "b.log"])
        .start();
    let mut stdout = running.child.stdout.take().unwrap();
    stdout.read_exact(&mut [0]).unwrap();
    let file = File::options()
        .write(true)
        .open(running.directory.path("a.log"));
    file.unwrap().set_len(1000).unwrap();
    let mut rest = String::new();
    stdout.read_to_string(&mut rest).unwrap();
    let ended = running.end().with_code(3);
    ended.assert_error("failed to read `a.log` to its end: the file shrank while it was read: ");
    let rows = json_lines(format!("{{{rest}").as_bytes());
    assert!(
        rows.len() < 40_000
            && rows.last().unwrap()["timestamp"] == "2024-03-05T09:00:00.200000+00:00"
    );
}

#[test]
fn an_input_that_grows_while_it_is_read_is_read_to_its_new_end() {
    let run = Run::transform()
        .file("a.log", lines(0..40_000))
        .args(&["--threads", "1", "a.log"]);
    let mut running = run.start();
    let mut stdout = running.child.stdout.take().unwrap();
    stdout.read_exact(&mut [0]).unwrap();
    let file = File::options()
        .append(true)
        .open(running.directory.path("a.log"));
    file.unwrap().write_all(line(200_000).as_bytes()).unwrap();
    std::io::copy(&mut stdout, &mut std::io::sink()).unwrap();
    assert_eq!(running.end().with_code(0).count("emitted"), 40_001);
}

#[test]
fn an_unreadable_input_fails_alone() {
    let run = Run::transform().file("a.log", line(1));
    let ended = run.args(&["/proc/self/mem", "a.log"]).run().with_code(3);
    ended.assert_error("failed to open `/proc/self/mem`: Input/output error");
    assert_eq!(ended.rows().len(), 1);
}

#[test]
fn a_vanished_output_directory_fails_only_the_output_that_is_being_written() {
    let run = Run::transform().file("a.log", line(1));
    let one_after_the_other = ["--threads", "1", "-o", "out", "-", "a.log"];
    let mut running = run.args(&one_after_the_other).start();
    running.write(&line(3));
    running.wait_for("out", ".stdin.xapi.jsonl.");
    fs::remove_dir_all(running.directory.path("out")).unwrap();
    let ended = running.end().with_code(6);
    ended.assert_error("failed to write `out/stdin.xapi.jsonl`: No such file");
    assert_eq!(ended.files("out"), ["a.log.xapi.jsonl"]);
}

#[test]
fn a_vanished_dead_letter_directory_stops_the_run() {
    let lrs = Lrs::healthy();
    let mut running = send(&lrs).args(&["--report", "r"]).start();
    running.wait_for(".", "dead");
    running.wait_for(".", ".r.");
    // The program looks at the first megabytes before it converts the first line.
    running.write(&"\n".repeat(2 << 20));
    fs::remove_dir_all(running.directory.path("dead")).unwrap();
    running.write(&poisoned(1));
    let ended = running.end().with_code(6);
    ended.assert_error("failed to write the dead letter `dead/");
    assert!(
        ended.errors()[0].contains("No such file"),
        "{}",
        ended.stderr
    );
    assert_eq!(ended.count("left"), 1);
}
