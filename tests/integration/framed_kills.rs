//! Runs that are stopped or killed within lines with several events, within arrays, and between the pieces of events.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

use crate::harness::{Run, RunDirectory, gzip, line};
use crate::kills::kill_and_repeat;
use crate::lrs::{Lrs, ServerFault};

fn event(second: u32) -> String {
    line(second).trim_end().to_owned()
}

fn anonymous(second: u32) -> String {
    event(second).replace("\"username\": \"ada\", ", "")
}

/// The lines of Docker for two pieces of an event, with another line of standard error between them.
fn pieces(second: u32) -> String {
    let event = event(second);
    let piece = |log: &str, stream| json!({"log": log, "stream": stream, "time": "x"});
    let other = piece(&line(second + 1), "stderr");
    let (first, last) = (piece(&event[..60], "stdout"), &event[60..]);
    let last = piece(&format!("{last}\n"), "stdout");
    format!("{first}\n{other}\n{last}\n")
}

/// Returns logs with 40 to 50 events each, whose records are not one a line. Each log has an event without a user.
fn logs(first: u32) -> [(&'static str, String); 4] {
    let seconds = |from: u32| (first + from..first + from + 40).map(event);
    let [array, together] = [100, 200].map(|from| seconds(from).collect::<Vec<_>>());
    let lines = together.chunks(9);
    let cut = &event(first)[..50];
    let lines = lines.map(|events| events.concat() + &anonymous(first) + cut + "\n");
    let docker = (first..first + 40).step_by(2).map(|nth| pieces(nth + 300));
    [
        (
            "array",
            format!("[{},{}]", array.join(","), anonymous(first)),
        ),
        (
            "indented",
            format!("[\n  {},\n  {}\n]\n", array.join(",\n  "), anonymous(first))
                .replace("\"event\"", "\n    \"event\"")
                .replace("2024-03-05", "2024-03-06"),
        ),
        ("together", lines.collect()),
        (
            "docker",
            docker.collect::<String>()
                + &json!({"log": anonymous(first) + "\n", "stream": "stdout"}).to_string()
                + "\n",
        ),
    ]
}

/// Returns the statements and the rejected lines of a run that nothing disturbs.
fn undisturbed(directory: &RunDirectory) -> (BTreeMap<String, Value>, BTreeSet<String>) {
    let arguments = [
        "transform",
        "-o",
        "out",
        "--rejects",
        "rejects",
        "--unwrap",
        "auto",
    ];
    directory.run_with_state(&arguments).run().with_code(0);
    let files = directory.files("out");
    let rows = files
        .iter()
        .flat_map(|name| directory.json_lines(&format!("out/{name}")));
    let statements = rows.map(|row| (row["id"].as_str().unwrap().to_owned(), row));
    (statements.collect(), rejects(directory))
}

fn rejects(directory: &RunDirectory) -> BTreeSet<String> {
    let rows = directory.json_lines("rejects").into_iter();
    let rows = rows.map(|row| json!([row["file"], row["line"], row["byte"], row["raw"]]));
    rows.map(|row| row.to_string()).collect()
}

#[test]
fn a_send_that_the_server_stops_at_any_request_delivers_each_event_once() {
    for (name, text) in logs(0) {
        for bytes in [text.clone().into_bytes(), gzip(&text)] {
            let whole = RunDirectory::new();
            whole.write("logs/a.log", &bytes);
            let (statements, rejected) = undisturbed(&whole);
            assert!(statements.len() >= 40, "{name}");
            for stop in [0, 2, 5] {
                let directory = RunDirectory::new();
                directory.write("logs/a.log", &bytes);
                let lrs = Lrs::with_faults(move |nth, _| match nth == stop {
                    true => ServerFault::Status(401),
                    false => ServerFault::None,
                });
                let send = || {
                    let run = directory.send(&lrs.xapi());
                    run.args(&["--connections", "1", "--unwrap", "auto"])
                };
                send().run().with_code(5);
                assert_eq!(lrs.stored().len(), 7 * stop, "{name}");
                send().run().with_code(0);
                assert!(lrs.stored() == statements, "{name} {stop}");
                assert_eq!(rejects(&directory), rejected, "{name} {stop}");
                let requests = lrs.request_count();
                let ended = send().run().with_code(0);
                assert_eq!((lrs.request_count(), ended.count("lines")), (requests, 0));
            }
        }
    }
}

#[test]
fn runs_that_are_killed_and_repeated_deliver_each_event_once() {
    let [whole, transformed, sent] = [(); 3].map(|()| RunDirectory::new());
    for directory in [&whole, &transformed, &sent] {
        for nth in 0..4 {
            for (name, text) in logs(nth * 1000) {
                directory.write(&format!("logs/{name}-{nth}.log"), &text);
                directory.write(
                    &format!("logs/{name}-{nth}.gz"),
                    gzip(text.replace("ada", "eve")),
                );
            }
        }
    }
    let (statements, rejected) = undisturbed(&whole);
    let unwrapping = |run: Run| run.args(&["--unwrap", "auto"]);
    kill_and_repeat(20, || unwrapping(transformed.transform()));
    assert!(transformed.statement_counts() == whole.statement_counts());
    assert_eq!(rejects(&transformed), rejected);
    let lrs = Lrs::healthy();
    kill_and_repeat(20, || unwrapping(sent.send(&lrs.xapi())));
    assert!(lrs.stored() == statements);
    assert_eq!(rejects(&sent), rejected);
}
