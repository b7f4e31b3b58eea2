//! Dead letters and `recover`, after given faults and after random sequences of faults.

use serde_json::{Value, json};

use crate::harness::{Ended, Run, line, lines, poisoned};
use crate::lrs::{Lrs, ServerFault};

pub fn send(format: &str, url: &str, log: &str) -> Run {
    Run::send_to(format, url)
        .args(&["--retry-delay", "0.001", "--dead-letters", "dead", "log"])
        .file("log", log)
}

/// Recovers the dead letters of a run, in a directory of its own.
pub fn recover(ended: &Ended, url: &str) -> Run {
    let mut run = Run::new(&["recover", "--url", url, "--dead-letters", "dead"]).args(&[
        "--retry-delay",
        "0.001",
        "--report",
        "report.json",
    ]);
    for name in ended.files("dead") {
        let name = format!("dead/{name}");
        run = run.file(&name, ended.read(&name));
    }
    run
}

/// The message is what a nightly job mails.
#[test]
fn quiet_runs_still_report_dead_letters() {
    let lrs = Lrs::with_faults(|_, _| ServerFault::Status(400));
    let run_quietly = |run: Run| {
        let ended = run.args(&["--quiet"]).run().with_code(4);
        let url = lrs.xapi();
        let error = format!(
            "error: failed to deliver 2 records to `{url}`, now kept in 2 dead letters; `event-router dead-letters dead` shows why, and how to settle them\n"
        );
        assert!(ended.stderr.ends_with(&error), "{}", ended.stderr);
        ended
    };
    let sent = send("xapi", &lrs.xapi(), &lines(0..2)).args(&["--unknown-user", "derive"]);
    let sent = run_quietly(sent);
    run_quietly(recover(&sent, &lrs.xapi()));
}

/// Dead letters of `size` statements each, which were unavailable at a URL.
pub fn unavailable(format: &str, url: &str, log: &str, size: usize) -> Ended {
    let run = match format {
        "xapi" => Run::transform(),
        _ => Run::transform_to(format).args(&["--envelope", "none"]),
    };
    let ended = run.args(&["-"]).stdin(log).run().with_code(0);
    let envelope = json!({"sensor": "https://a.example", "sendTime": "2024-03-05T09:00:00.000Z", "dataVersion": "v"});
    let items: Vec<Value> = (ended.rows().into_iter().zip(1..))
        .map(|(row, line)| json!({"file": "log", "line": line, "id": id(&row), "payload": row}))
        .collect();
    for (nth, items) in items.chunks(size).enumerate() {
        let letter = json!({
            "version": 1,
            "format": format,
            "router": url,
            "reason": "unavailable",
            "status": 503,
            "answer": "away",
            "attempts": 9,
            "envelope": (format == "caliper").then_some(&envelope),
            "items": items,
        });
        let name = format!("dead/letter-{nth}.json");
        ended.directory.write(&name, letter.to_string());
    }
    ended
}

/// Returns the id of a statement or of an event.
fn id(row: &Value) -> &str {
    row["id"].as_str().unwrap().trim_start_matches("urn:uuid:")
}

#[test]
fn recover_delivers_dead_letters_and_removes_them() {
    for format in ["xapi", "caliper"] {
        let lrs = Lrs::healthy();
        let url = if format == "xapi" {
            lrs.xapi()
        } else {
            lrs.caliper()
        };
        let ended = unavailable(format, &url, &lines(0..40), 20);
        let recovered = recover(&ended, &url).run().with_code(0);
        assert_eq!(recovered.files("dead"), [""; 0]);
        assert_eq!(lrs.stored().len(), 40);
        let report = recovered.report();
        assert_eq!(report["routers"][0]["delivered"], 40);
        assert_eq!(report["total"], Value::Null);
    }
}

#[test]
fn a_statement_refused_again_stays_in_its_dead_letter_with_another_attempt() {
    let lrs = Lrs::healthy();
    let ended = send("xapi", &lrs.xapi(), &(lines(0..3) + &poisoned(7)))
        .run()
        .with_code(4);
    let first = ended.dead_letters()[0]["attempts"].as_u64().unwrap();
    let names = ended.files("dead");
    let again = recover(&ended, &lrs.xapi()).run().with_code(4);
    assert_eq!(again.files("dead"), names);
    assert_eq!(again.dead_letters()[0]["attempts"], first + 1);
    assert_eq!(
        again.dead_letters()[0]["items"],
        ended.dead_letters()[0]["items"]
    );
}

#[test]
fn a_dead_letter_keeps_only_the_statements_that_are_refused_again() {
    let lrs = Lrs::healthy();
    let log = lines(0..3) + &poisoned(7) + &line(9);
    let ended = unavailable("xapi", &lrs.xapi(), &log, 5);
    let again = recover(&ended, &lrs.xapi()).run().with_code(4);
    let left = again.dead_letters();
    assert_eq!(left.len(), 1);
    assert_eq!(
        (&left[0]["reason"], &left[0]["items"][0]["line"]),
        (&json!("refused"), &json!(4))
    );
    assert_eq!(lrs.stored().len(), 4);
}

#[test]
fn dead_letters_of_other_routers_are_skipped_unless_router_url_names_them() {
    let (gone, lrs) = (Lrs::healthy(), Lrs::healthy());
    let ended = unavailable("xapi", &gone.xapi(), &lines(0..3), 3);
    let other = recover(&ended, &lrs.xapi()).run().with_code(4);
    other.assert_stderr("1 dead letter for");
    assert_eq!(other.files("dead").len(), 1);
    let moved = recover(&ended, &lrs.xapi())
        .args(&["--router-url", &gone.xapi()])
        .run()
        .with_code(0);
    assert_eq!(moved.files("dead"), [""; 0]);
    assert_eq!(lrs.stored().len(), 3);
}

#[test]
fn a_dry_or_stopped_recovery_keeps_undelivered_dead_letters() {
    let lrs = Lrs::healthy();
    let ended = unavailable("xapi", &lrs.xapi(), &lines(0..3), 3);
    let dry = recover(&ended, &lrs.xapi())
        .args(&["--dry-run"])
        .run()
        .with_code(0);
    assert_eq!(dry.files("dead"), ended.files("dead"));
    let forbidding = Lrs::with_faults(|_, _| ServerFault::Status(401));
    let stopped = recover(&ended, &forbidding.xapi())
        .args(&["--router-url", &lrs.xapi()])
        .run()
        .with_code(5);
    assert_eq!(stopped.files("dead"), ended.files("dead"));
    stopped.assert_stderr("line 1 of `log`");
}

#[test]
fn a_file_that_is_not_a_dead_letter_is_an_error_and_the_others_are_sent() {
    let lrs = Lrs::healthy();
    let ended = unavailable("xapi", &lrs.xapi(), &lines(0..3), 3);
    let recovered = recover(&ended, &lrs.xapi())
        .file("dead/0.json", "{}")
        .file("dead/note.txt", "not mine")
        .run()
        .with_code(3);
    recovered.assert_stderr("0.json` is not a dead letter");
    assert_eq!(recovered.files("dead"), ["0.json", "note.txt"]);
    assert_eq!(lrs.stored().len(), 3);
    Run::new(&["recover", "--url", &lrs.xapi(), "--dead-letters", "nowhere"])
        .run()
        .with_code(2);
}

#[cfg(unix)]
#[test]
fn pipes_and_dangling_links_are_named_and_not_read() {
    use std::process::Command;
    let lrs = Lrs::healthy();
    let run = send("xapi", &lrs.xapi(), &(lines(0..3) + &poisoned(7)));
    let run = run.file("dead/note", "not mine");
    let directory = run.directory.clone();
    let pipe = Command::new("mkfifo")
        .arg(directory.path("dead/pipe.json"))
        .status();
    assert!(pipe.unwrap().success());
    std::os::unix::fs::symlink("nowhere", directory.path("dead/link.json")).unwrap();
    run.run().with_code(4);
    for command in [
        &["dead-letters", "dead"][..],
        &["recover", "--dead-letters", "dead", "--url", &lrs.xapi()],
    ] {
        let ended = Run::new(command).in_directory(&directory).run();
        ended.assert_stderr("pipe.json` is not a regular file and was skipped");
        ended.assert_stderr("failed to read `dead/link.json`");
        let code = if command[0] == "recover" { 4 } else { 3 };
        assert_eq!(ended.code, code);
    }
}

#[test]
fn without_a_server_the_error_names_the_command_that_knows_the_server() {
    let run = Run::new(&["recover", "--dead-letters", "my dead"]).file("my dead/a", "");
    run.run().with_code(2).assert_error(
        "there is no server to send to: give `--url`, `--clickhouse-url` or `--routers`; \
         `event-router dead-letters 'my dead'` prints the whole command",
    );
}
