//! The pieces of lines that log drivers of containers cut.

use serde_json::json;

use crate::harness::{Run, RunDirectory, line};

fn event(second: u32) -> String {
    line(second).trim_end().to_owned()
}

fn docker(text: &str, stream: &str) -> String {
    json!({"log": text, "stream": stream, "time": "2024-03-05T08:00:46.8Z"}).to_string() + "\n"
}

fn cri(text: &str, stream: &str, tag: char) -> String {
    format!("2024-03-05T08:00:46.8Z {stream} {tag} {text}\n")
}

/// Returns an event of several pieces of 16 KiB.
fn long_event(second: u32) -> String {
    let padding = format!("\"padding\": \"{}\", \"event\"", "x\\n".repeat(20_000));
    event(second).replacen("\"event\"", &padding, 1)
}

/// Returns lines of a driver for an event of several pieces of 16 KiB, with a line of the other stream between them.
fn in_pieces(second: u32, is_docker: bool) -> String {
    let event = long_event(second);
    let pieces: Vec<&str> = event
        .as_bytes()
        .chunks(16_384)
        .map(|piece| std::str::from_utf8(piece).unwrap())
        .collect();
    let mut log = String::new();
    for (nth, piece) in pieces.iter().enumerate() {
        let is_last = nth + 1 == pieces.len();
        log += &match (is_docker, is_last) {
            (true, true) => docker(&format!("{piece}\n"), "stdout"),
            (true, false) => docker(piece, "stdout"),
            (false, true) => cri(piece, "stdout", 'F'),
            (false, false) => cri(piece, "stdout", 'P'),
        };
        log += &match is_docker {
            true => docker("GET /\n", "stderr"),
            false => cri("GET /", "stderr", 'F'),
        };
    }
    log
}

#[test]
fn pieces_are_joined_with_any_framing_and_any_number_of_threads() {
    for is_docker in [true, false] {
        let log: String = (0..30).map(|second| in_pieces(second, is_docker)).collect();
        // Two records are on the first line, so that it begins like a stream of JSON values.
        let two = docker("GET /\n", "stdout").trim_end().to_owned() + &docker("GET /\n", "stdout");
        let before = if is_docker { two } else { String::new() };
        for framing in ["auto", "json", "lines"] {
            for threads in ["1", "8"] {
                let run = Run::transform().file("a.log", before.clone() + &log);
                let arguments = [
                    "--unwrap",
                    "auto",
                    "--framing",
                    framing,
                    "--threads",
                    threads,
                ];
                let ended = run.args(&arguments).args(&["a.log"]).run().with_code(0);
                assert_eq!(ended.count("emitted"), 30, "{framing}: {}", ended.stderr);
            }
        }
    }
}

#[test]
fn whole_events_without_newlines_are_no_pieces_whatever_other_lines_are() {
    let events: String = (0..200)
        .map(|second| docker(&event(second), "stdout"))
        .collect();
    for other in ["started\n", "wrote C:\\temp\\n", "GET /"] {
        let log = docker(other, "stdout") + &events + &docker(&long_event(200), "stdout");
        let run = Run::transform().file("a.log", log);
        let ended = run.args(&["--unwrap", "log", "a.log"]).run().with_code(0);
        let counts = ["emitted", "unparsable", "lines"].map(|name| ended.count(name));
        assert_eq!(counts, [201, 1, 202], "{other}");
    }
}

#[test]
fn a_line_that_is_too_long_or_lacks_its_last_piece_has_one_outcome() {
    let piece = cri(
        &format!("{{\"event\": \"{}", "x".repeat(500)),
        "stdout",
        'P',
    );
    let wholes = |seconds: std::ops::Range<u32>, stream| {
        let lines = seconds.map(|second| cri(&event(second), stream, 'F'));
        lines.collect::<String>()
    };
    // The other stream has more than a batch of lines.
    let others = wholes(1000..10_000, "stderr");
    for (pieces, reason) in [(1, "truncated 1"), (1000, "too-long 1")] {
        for last in ["", "stdout"] {
            let after = if last.is_empty() {
                String::new()
            } else {
                wholes(1..2, last)
            };
            let log = wholes(0..1, "stdout") + &piece.repeat(pieces) + &others + &after;
            let run = Run::transform().file("a.log", log);
            let arguments = ["--unwrap", "auto", "--max-line-bytes", "100000", "a.log"];
            let ended = run.args(&arguments).run().with_code(0);
            let emitted = 9001 + u64::from(!last.is_empty());
            assert_eq!(
                (ended.count("emitted"), ended.count("lines")),
                (emitted, emitted + 1)
            );
            ended.assert_stderr(reason);
        }
    }
}

#[test]
fn pieces_at_the_end_are_held_back_only_while_their_file_is_written() {
    for is_docker in [true, false] {
        let whole = |second, stream| match is_docker {
            true => docker(&(event(second) + "\n"), stream),
            false => cri(&event(second), stream, 'F'),
        };
        let piece = match is_docker {
            true => docker(&long_event(0)[..16_384], "stdout"),
            false => cri(&event(0)[..60], "stdout", 'P'),
        };
        let directory = RunDirectory::new();
        directory.write(
            "logs/a.log",
            whole(1, "stdout") + &piece + &whole(2, "stderr"),
        );
        let run = || {
            directory
                .transform()
                .args(&["--unwrap", "log"])
                .run()
                .with_code(0)
        };
        let ended = run();
        assert_eq!(ended.count("emitted"), 1);
        ended.assert_stderr(
            "note: the last event of `logs/a.log` is not complete, so the next run will read it",
        );
        directory.age("logs/a.log");
        let ended = run();
        assert_eq!((ended.count("emitted"), ended.count("unparsable")), (1, 1));
        ended.assert_stderr("truncated 1");
        assert_eq!(run().count("lines"), 0);
        directory.append("logs/a.log", &whole(3, "stdout"));
        assert_eq!(run().count("emitted"), 1);
    }
}

#[test]
fn pieces_in_an_array_are_reported_with_a_cause_that_is_true() {
    let log = in_pieces(0, true).trim_end().replace('\n', ",\n");
    let run = Run::transform().file("a.log", format!("[{log}]\n"));
    let ended = run.args(&["--unwrap", "log", "a.log"]).run().with_code(0);
    assert_eq!(ended.count("emitted"), 0);
    ended.assert_stderr(
        "pieces are joined only if each is a line of its own, as the log driver writes it",
    );
}
