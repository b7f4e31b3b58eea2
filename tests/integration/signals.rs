//! Runs that a signal or a closed output stops.
#![cfg(unix)]

use std::io::Read;
use std::time::Duration;

use serde_json::json;

use crate::harness::{Ended, Run, RunDirectory, Running, line, lines, poisoned};
use crate::lrs::{Lrs, ServerFault};

/// Starts a server that fails all requests from this number on.
fn failing_server(from: usize, fault: ServerFault) -> Lrs {
    Lrs::with_faults(move |nth, _| match nth {
        nth if nth >= from => fault.clone(),
        _ => ServerFault::None,
    })
}

/// Starts a run that sends over one connection, and waits until the server has received this many requests.
fn start(send: Run, lrs: &Lrs, requests: usize) -> Running {
    let running = send.args(&["--connections", "1"]).start();
    running.wait_until(|_| lrs.request_count() >= requests);
    running
}

/// Waits for the end of a run that a signal stops. The servers of these tests would hold the run for minutes.
fn end(mut running: Running) -> Ended {
    running.wait_within(Duration::from_secs(60));
    running.end()
}

#[test]
fn a_run_stopped_by_a_signal_can_be_resumed() {
    for (name, code) in [("INT", 130), ("TERM", 143)] {
        let directory = RunDirectory::new();
        directory.write("logs/a.log", lines(0..100));
        let lrs = failing_server(5, ServerFault::RetryAfter(503, "600".to_owned()));
        let running = start(directory.send(&lrs.xapi()), &lrs, 6);
        running.signal(name);
        let ended = end(running).with_code(code);
        for text in [
            "1 input (0 done, stopped by SIG",
            "35 delivered",
            "65 left",
            "the first record not delivered is from line 36 of `logs/a.log`",
        ] {
            ended.assert_stderr(text);
        }
        let healthy = Lrs::healthy();
        directory.send(&healthy.xapi()).run().with_code(0);
        assert_eq!(healthy.stored().len(), 100);
    }
}

#[test]
fn a_signal_stops_a_run_with_a_full_report_though_the_server_does_not_answer() {
    let directory = RunDirectory::new();
    directory.write("logs/a.log", lines(0..5000));
    let lrs = failing_server(5, ServerFault::Silence);
    let send = directory.send(&lrs.xapi());
    let running = start(send.args(&["--report", "report.json"]), &lrs, 6);
    running.signal("TERM");
    let ended = end(running).with_code(143);
    for text in [
        "stopped by SIGTERM",
        "35 delivered",
        "4,965 left",
        "line 36",
    ] {
        ended.assert_stderr(text);
    }
    let report = ended.report();
    assert_eq!(report["stopped_by"], "SIGTERM");
    assert_eq!(report["exit_code"], 143);
    assert_eq!(report["inputs"][0]["ended"], "stopped");
    assert_eq!(report["routers"][0]["left"], 4965);
}

#[test]
fn a_signal_stops_recover_with_a_summary_and_a_report() {
    let directory = RunDirectory::new();
    directory.write("logs/a.log", lines(0..3) + &poisoned(3) + &line(4));
    directory.send(&Lrs::healthy().xapi()).run().with_code(4);
    let letters = directory.files("dead");
    let lrs = failing_server(0, ServerFault::RetryAfter(503, "600".to_owned()));
    let router = directory.json(&format!("dead/{}", letters[0]))["router"].clone();
    let recover = Run::new(&["recover", "--url", &lrs.xapi(), "--dead-letters", "dead"])
        .in_directory(&directory)
        .args(&["--router-url", router.as_str().unwrap()])
        .args(&["--report", "report.json"]);
    let running = start(recover, &lrs, 1);
    running.signal("INT");
    let ended = end(running).with_code(130);
    ended.assert_stderr("was interrupted; the first record not delivered is from line 4");
    ended.assert_stderr("1 left");
    let report = ended.report();
    assert_eq!(report["exit_code"], 130);
    assert_eq!(report["routers"][0]["left"], 1);
    assert_eq!(directory.files("dead"), letters);
}

#[test]
fn a_second_signal_stops_the_run_at_once() {
    let directory = RunDirectory::new();
    directory.write("logs/a.log", lines(0..100));
    for (name, code) in [("INT", 130), ("TERM", 143)] {
        let lrs = failing_server(1, ServerFault::Silence);
        let mut running = start(directory.send(&lrs.xapi()), &lrs, 2);
        // The system may merge signals that follow each other fast.
        while running.child.try_wait().unwrap().is_none() {
            running.signal(name);
        }
        let ended = running.end().with_code(code);
        // After one signal, the run waits for the answer, and prints a summary.
        ended.assert_not_stderr("stopped by SIG");
    }
}

#[test]
fn a_signal_stops_a_run_that_waits_for_input() {
    let mut running = Run::transform()
        .args(&["-o", "out", "--report", "report.json", "-"])
        .start();
    running.write(&line(1));
    running.wait_for("out", ".stdin");
    running.signal("INT");
    let ended = end(running).with_code(130);
    ended.assert_stderr("1 input (0 done, stopped by SIGINT)");
    assert_eq!(ended.files("out"), [""; 0]);
    assert_eq!(ended.report()["total"]["lines"], 0);
}

#[test]
fn explain_says_that_a_signal_ended_it_early() {
    let run = Run::explain_as_text().args(&["a.log", "-"]);
    let mut running = run.file("a.log", line(1)).start();
    let mut output = running.child.stdout.take().unwrap();
    output.read_exact(&mut [0]).unwrap();
    running.signal("INT");
    output.read_to_end(&mut Vec::new()).unwrap();
    let ended = end(running).with_code(130);
    ended.assert_stderr("warning: SIGINT ended the run early, so only the lines that were read");
}

#[test]
fn rejects_of_an_undelivered_input_are_not_kept() {
    let mut running = Run::transform()
        .args(&["-o", "out", "--rejects", "rejects", "whole.log", "-"])
        .file("whole.log", "no event\n")
        .start();
    // The program delivers the lines of a pipe in blocks of a megabyte.
    running.write(&("no event\n".repeat(300_000) + &line(1)));
    running.wait_until(|directory| {
        let entries = directory.path("").read_dir().unwrap().flatten();
        entries.into_iter().any(|entry| {
            let is_large = entry.metadata().is_ok_and(|file| file.len() > 100_000);
            is_large && entry.file_name().to_string_lossy().starts_with(".rejects")
        })
    });
    running.signal("INT");
    let rows = running.end().with_code(130).json_lines("rejects");
    assert_eq!((rows.len(), &rows[0]["file"]), (1, &json!("whole.log")));
}

#[test]
fn a_closed_standard_output_ends_the_run_though_more_input_may_come() {
    let mut running = Run::transform().args(&["-"]).start();
    drop(running.child.stdout.take());
    // The program delivers the lines of a pipe in blocks of a megabyte.
    running.write(&line(1).repeat(20_000));
    end(running).with_code(0);
}

#[test]
fn a_report_that_cannot_be_written_does_not_hide_the_signal() {
    let mut running = Run::transform()
        .args(&["-o", "out", "--report", "/dev/full", "-"])
        .start();
    running.write(&line(1));
    running.wait_for("out", ".stdin");
    running.signal("INT");
    let ended = running.end().with_code(130);
    ended.assert_error("failed to write `/dev/full`: No space left");
}
