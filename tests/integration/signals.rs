//! Runs that are asked to end.
#![cfg(unix)]

use std::io::Read;
use std::process::{Child, Command};
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::harness::{Run, json_lines, line};
use crate::lrs::{Fault, Lrs, Settings};
use crate::place::{Place, lines, run, signal};

/// A server to which the request of this number, and those behind it, are as told.
fn server(from: usize, fault: Fault) -> Lrs {
    Lrs::start(Settings {
        fault: Box::new(move |nth, _| match nth {
            nth if nth >= from => fault.clone(),
            _ => Fault::None,
        }),
        ..Settings::default()
    })
}

/// Starts a run that sends over one connection, and waits until the server has so many requests.
fn start(mut send: Command, lrs: &Lrs, requests: usize) -> Child {
    send.args(["--connections", "1"]);
    let child = send.spawn().unwrap();
    let deadline = Instant::now() + Duration::from_secs(20);
    while lrs.records().requests.len() < requests && Instant::now() < deadline {
        std::thread::sleep(Duration::from_millis(5));
    }
    child
}

/// Waits for the run. Gives its code, what it said, and how long it took.
fn end(mut child: Child) -> (Option<i32>, String, Duration) {
    let started = Instant::now();
    let code = child.wait().unwrap().code();
    let mut said = String::new();
    child.stderr.unwrap().read_to_string(&mut said).unwrap();
    (code, said, started.elapsed())
}

#[test]
fn signals_end_a_run_that_can_be_gone_on_with() {
    for (name, code) in [("INT", 130), ("TERM", 143)] {
        let place = Place::new();
        place.write("logs/a.log", lines(0..100));
        let lrs = server(5, Fault::RetryAfter(503, "600".to_owned()));
        let child = start(place.send(&lrs.xapi()), &lrs, 6);
        signal(&child, name);
        let (ended, said, took) = end(child);
        assert_eq!(ended, Some(code), "{said}");
        assert!(took < Duration::from_secs(3), "{took:?}");
        for words in [
            "1 input (0 done, stopped by SIG",
            "35 delivered",
            "65 left",
            "the first that was not delivered is of line 36 of `logs/a.log`",
        ] {
            assert!(said.contains(words), "{said}");
        }
        let lrs_again = Lrs::start(Settings::default());
        run(place.send(&lrs_again.xapi()), 0);
        assert_eq!(lrs_again.stored().len(), 100);
    }
}

#[test]
fn a_server_that_hangs_does_not_keep_a_run_from_ending_with_all_that_it_has_to_tell() {
    let place = Place::new();
    place.write("logs/a.log", lines(0..5000));
    let lrs = server(5, Fault::Silence);
    let mut send = place.send(&lrs.xapi());
    send.args(["--report", "report.json"]);
    let child = start(send, &lrs, 6);
    signal(&child, "TERM");
    let (ended, said, took) = end(child);
    assert_eq!(ended, Some(143), "{said}");
    assert!(took < Duration::from_secs(7), "{took:?}");
    for words in [
        "stopped by SIGTERM",
        "35 delivered",
        "4,965 left",
        "line 36",
    ] {
        assert!(said.contains(words), "{said}");
    }
    let report = std::fs::read(place.0.path().join("report.json")).unwrap();
    let report: Value = serde_json::from_slice(&report).unwrap();
    assert_eq!(report["stopped_by"], "SIGTERM");
    assert_eq!(report["exit_code"], 143);
    assert_eq!(report["inputs"][0]["ended"], "stopped");
    assert_eq!(report["routers"][0]["left"], 4965);
}

#[test]
fn a_second_signal_ends_at_once() {
    let place = Place::new();
    place.write("logs/a.log", lines(0..100));
    let lrs = server(1, Fault::Silence);
    let child = start(place.send(&lrs.xapi()), &lrs, 2);
    signal(&child, "INT");
    std::thread::sleep(Duration::from_millis(300));
    signal(&child, "TERM");
    let (ended, said, took) = end(child);
    assert_eq!(ended, Some(143), "{said}");
    assert!(took < Duration::from_secs(2), "{took:?}");
}

#[test]
fn an_input_that_waits_does_not_keep_a_run_from_ending() {
    let mut running = Run::transform()
        .args(&["-o", "out", "--report", "report.json", "-"])
        .start();
    running.write(&line(1));
    running.wait_for("out", ".stdin");
    let started = Instant::now();
    signal(&running.child, "INT");
    // Standard input stays open until the run has ended.
    while running.child.try_wait().unwrap().is_none() {
        assert!(started.elapsed() < Duration::from_secs(5));
        std::thread::sleep(Duration::from_millis(5));
    }
    let ended = running.end().with_code(130);
    assert!(
        ended.stderr.contains("1 input (0 done, stopped by SIGINT)"),
        "{}",
        ended.stderr
    );
    assert_eq!(ended.files("out"), [""; 0]);
    let report: Value = serde_json::from_slice(&ended.read("report.json")).unwrap();
    assert_eq!(report["total"]["lines"], 0);
}

#[test]
fn what_was_rejected_of_an_input_that_is_dropped_is_dropped_with_it() {
    let mut running = Run::transform()
        .args(&["-o", "out", "--rejects", "rejects", "whole.log", "-"])
        .file("whole.log", "no event\n")
        .start();
    // Lines of a pipe are delivered by the megabyte.
    running.write(&("no event\n".repeat(300_000) + &line(1)));
    let deadline = Instant::now() + Duration::from_secs(60);
    let is_written = |entry: std::io::Result<std::fs::DirEntry>| {
        let (name, metadata) = entry
            .map(|entry| (entry.file_name(), entry.metadata()))
            .unwrap();
        name.to_string_lossy().starts_with(".rejects")
            && metadata.is_ok_and(|metadata| metadata.len() > 100_000)
    };
    while !std::fs::read_dir(running.directory.path())
        .unwrap()
        .any(is_written)
    {
        assert!(Instant::now() < deadline);
        std::thread::sleep(Duration::from_millis(5));
    }
    signal(&running.child, "INT");
    let ended = running.end().with_code(130);
    let rows = json_lines(&ended.read("rejects"));
    assert_eq!((rows.len(), &rows[0]["file"]), (1, &json!("whole.log")));
}

#[test]
fn a_run_ends_when_nobody_reads_its_output_though_its_input_waits() {
    let mut running = Run::transform().args(&["-"]).start();
    drop(running.child.stdout.take());
    // Lines of a pipe are delivered by the megabyte.
    running.write(&line(1).repeat(20_000));
    let started = Instant::now();
    while running.child.try_wait().unwrap().is_none() {
        assert!(started.elapsed() < Duration::from_secs(10));
        std::thread::sleep(Duration::from_millis(5));
    }
    running.end().with_code(0);
}

#[test]
fn a_report_that_cannot_be_written_does_not_hide_the_signal() {
    let mut running = Run::transform()
        .args(&["-o", "out", "--report", "/dev/full", "-"])
        .start();
    running.write(&line(1));
    running.wait_for("out", ".stdin");
    signal(&running.child, "INT");
    let ended = running.end().with_code(130);
    ended.assert_told("failed to write `/dev/full`: No space left");
}
