//! Runs that read the rejects file that they write: lines that are emitted leave the file.

use std::collections::BTreeSet;
use std::fs;
use std::os::unix::fs::{MetadataExt, PermissionsExt, chown};

use serde_json::{Value, json};

use crate::harness::{Ended, Run, RunDirectory, line, lines, poisoned};
use crate::kills::kill_and_repeat;
use crate::lrs::{Lrs, ServerFault};
use crate::rejects::{WITH_ADA, WITHOUT_ADA, row};

/// An event of a user who is in no table.
pub fn of_eve(second: u32) -> String {
    line(second).replace("ada", "eve")
}

/// A directory with a rejects file of four lines. Two of them can be converted with the table `with.csv`.
pub fn directory() -> RunDirectory {
    let directory = RunDirectory::new();
    directory.write("without.csv", WITHOUT_ADA);
    directory.write("with.csv", WITH_ADA);
    let rows = [
        row("logs/a.log", 1, &line(1), "unknown-user"),
        row("logs/a.log", 2, &of_eve(2), "unknown-course"),
        row("logs/a.log", 3, "x", "not-json"),
        row("logs/b.log", 1, &line(3), "unknown-user"),
    ];
    directory.write("rejects.jsonl", rows.concat());
    directory
}

/// The rejects file with `rejects.jsonl` as `--rejects` and, after other inputs, as an input.
pub fn retry(directory: &RunDirectory, command: Run, inputs: &[&str]) -> Run {
    let run = command
        .in_directory(directory)
        .args(&["--users", "with.csv"]);
    let run = run.args(&["--rejects", "rejects.jsonl"]).args(inputs);
    run.args(&["rejects.jsonl"])
}

/// `transform` with the output directory `out`.
pub fn transform() -> Run {
    Run::transform().args(&["-o", "out"])
}

/// The file, line and reason of each line of the rejects file.
pub fn kept(directory: &RunDirectory) -> Vec<Value> {
    let rows = directory.json_lines("rejects.jsonl");
    let shown = rows
        .iter()
        .map(|row| json!([row["file"], row["line"], row["reason"]]));
    shown.collect()
}

/// The rows that stay in the file after the lines of ada are converted. The reason of the second row has changed.
pub fn left() -> Vec<Value> {
    vec![
        json!(["logs/a.log", 2, "unknown-user"]),
        json!(["logs/a.log", 3, "not-json"]),
    ]
}

#[test]
fn emitted_lines_leave_the_file_and_the_others_stay() {
    let directory = directory();
    let path = directory.path("rejects.jsonl");
    fs::set_permissions(&path, fs::Permissions::from_mode(0o640)).unwrap();
    // Only root may give files away.
    let owner = chown(&path, Some(4321), None).map(|()| 4321);
    let owner = owner.unwrap_or_else(|_| path.metadata().unwrap().uid());
    for emitted in [2, 0, 0] {
        let ended = retry(&directory, transform(), &[]).run().with_code(0);
        assert_eq!(ended.count("emitted"), emitted);
        assert_eq!(directory.statement_counts().len(), 2);
        assert_eq!(kept(&directory), left());
        ended.assert_no_part_files();
    }
    assert_eq!(
        directory.json_lines("rejects.jsonl")[0]["raw"],
        of_eve(2).trim_end()
    );
    assert_eq!(directory.mode("rejects.jsonl"), 0o640);
    assert_eq!(path.metadata().unwrap().uid(), owner);
    directory.write("rejects.jsonl", "");
    retry(&directory, transform(), &[]).run().with_code(0);
    assert_eq!(directory.read("rejects.jsonl"), b"");
}

#[test]
fn rejects_of_other_inputs_are_added_once() {
    for state in [&[][..], &["--state", "state"]] {
        let directory = directory();
        directory.write("logs/c.log", of_eve(7) + &line(8) + "y\n");
        // Rows that a killed run has left and the next run writes again, as they are and with another detail.
        let again = Run::transform().in_directory(&directory);
        let again = again.args(&["--users", "with.csv", "--rejects", "c", "logs/c.log"]);
        let rows = again.run().with_code(0).read("c");
        directory.append("rejects.jsonl", std::str::from_utf8(&rows).unwrap());
        for _ in 0..3 {
            let run = retry(&directory, transform().args(state), &["logs/c.log"]);
            run.run().with_code(0).assert_no_part_files();
            let mut kept = kept(&directory);
            kept.sort_by_key(Value::to_string);
            let more = [
                json!(["logs/c.log", 1, "unknown-user"]),
                json!(["logs/c.log", 3, "not-json"]),
            ];
            assert_eq!(kept, [left(), more.to_vec()].concat(), "{state:?}");
        }
    }
}

#[test]
fn each_run_that_emits_lines_of_the_file_writes_another_output() {
    for state in [&[][..], &["--state", "state"]] {
        let directory = directory();
        let run = || {
            let run = Run::transform()
                .args(&["-o", "out", "--no-clobber"])
                .args(state);
            retry(&directory, run, &[]).run().with_code(0)
        };
        run();
        run();
        assert_eq!(directory.files("out"), ["rejects.jsonl.xapi.jsonl"]);
        directory.append("rejects.jsonl", &row("d.log", 1, &line(9), "no-user"));
        run();
        let files = ["rejects.jsonl.xapi.2.jsonl", "rejects.jsonl.xapi.jsonl"];
        assert_eq!(directory.files("out"), files);
        assert_eq!(directory.statement_counts().len(), 3);
    }
}

#[test]
fn lines_that_are_filtered_or_unsupported_stay_as_they_are() {
    let directory = directory();
    let unsupported = row(
        "logs/a.log",
        9,
        &line(9).replace("play_video", "other"),
        "no-user",
    );
    directory.append("rejects.jsonl", &unsupported);
    let before = directory.read("rejects.jsonl");
    let run = retry(&directory, transform(), &["--org", "other"]).run();
    assert_eq!(run.with_code(0).count("filtered"), 3);
    let after = directory.read("rejects.jsonl");
    let lines = |text: &[u8]| {
        String::from_utf8_lossy(text)
            .lines()
            .map(str::to_owned)
            .collect::<Vec<_>>()
    };
    let (before, after) = (lines(&before), lines(&after));
    assert_eq!(after.len(), 5);
    for unchanged in [0, 1, 3, 4] {
        assert_eq!(before[unchanged], after[unchanged]);
    }
}

#[test]
fn a_collision_keeps_its_line() {
    let directory = directory();
    let other = line(1).replace("\"v\"", "\"w\"");
    directory.append(
        "rejects.jsonl",
        &(row("logs/a.log", 8, &other, "unknown-user") + &other),
    );
    let options = ["--dedupe", "--on-collision", "reject"];
    retry(&directory, transform(), &options).run().with_code(0);
    let rows = directory.json_lines("rejects.jsonl");
    let collisions = rows.iter().filter(|row| row["reason"] == "collision");
    let shown = collisions.map(|row| json!([row["file"], row["line"], row["raw"]]));
    assert_eq!(
        shown.collect::<Vec<_>>(),
        [
            json!(["logs/a.log", 8, other.trim_end()]),
            json!(["rejects.jsonl", 6, other.trim_end()]),
        ]
    );
    let alone = retry(&directory, transform(), &[]).run().with_code(0);
    assert_eq!(alone.count("emitted"), 2);
    assert_eq!(kept(&directory), left());
}

fn send(directory: &RunDirectory, lrs: &Lrs, options: &[&str]) -> Ended {
    let run = Run::send(&lrs.xapi()).args(&["--retry-delay", "0.01", "--max-retries", "1"]);
    retry(directory, run, options).run()
}

#[test]
fn a_line_that_is_not_delivered_stays() {
    for options in [&[][..], &["--state", "state"]] {
        for poisoned in [false, true] {
            let directory = directory();
            if poisoned {
                directory.append(
                    "rejects.jsonl",
                    &row("a", 9, &crate::harness::poisoned(9), "no-user"),
                );
            }
            let before = directory.read("rejects.jsonl");
            let away = Lrs::with_faults(move |_, _| match poisoned {
                true => ServerFault::None,
                false => ServerFault::Status(503),
            });
            let ended = send(&directory, &away, options).with_code(5);
            ended.assert_stderr("note: `rejects.jsonl` keeps all its lines, because some converted lines were not delivered: run again");
            assert_eq!(directory.read("rejects.jsonl"), before, "{poisoned}");
            ended.assert_no_part_files();
        }
    }
}

#[test]
fn a_line_leaves_when_it_is_delivered_or_in_a_dead_letter() {
    for options in [&[][..], &["--state", "state"]] {
        let directory = directory();
        let lrs = Lrs::healthy();
        directory.append("rejects.jsonl", &row("a", 9, &poisoned(9), "no-user"));
        let options = [options, &["--dead-letters", "dead"]].concat();
        let ended = send(&directory, &lrs, &options).with_code(4);
        assert_eq!((kept(&directory), lrs.stored().len()), (left(), 2));
        assert_eq!(ended.dead_letters().len(), 1);
        // With a state, too, the file is read again whenever it is an input.
        let ended = send(&directory, &lrs, &options).with_code(0);
        assert_eq!((kept(&directory), ended.count("lines")), (left(), 2));
    }
}

#[test]
fn rejects_of_a_log_are_kept_when_the_server_stops_the_run() {
    let directory = directory();
    directory.write("logs/c.log", of_eve(7) + &lines(10..40));
    let away = Lrs::with_faults(|nth, _| match nth {
        0 => ServerFault::None,
        _ => ServerFault::Status(401),
    });
    let options = [
        "--state",
        "state",
        "--batch-size",
        "7",
        "--connections",
        "1",
        "logs/c.log",
    ];
    send(&directory, &away, &options).with_code(5);
    let with_eve = json!(["logs/c.log", 1, "unknown-user"]);
    assert_eq!(kept(&directory).len(), 5);
    assert_eq!(kept(&directory)[4], with_eve);
    let healthy = Lrs::healthy();
    for _ in 0..2 {
        send(&directory, &healthy, &options).with_code(0);
        assert_eq!(kept(&directory), [left(), vec![with_eve.clone()]].concat());
    }
    assert_eq!((away.stored().len(), healthy.stored().len()), (7, 32));
}

#[test]
fn no_line_is_lost_when_runs_are_killed() {
    for state in [&[][..], &["--state", "state"]] {
        let directory = directory();
        let all: String = (0..400)
            .map(|n| if n % 2 == 0 { line(n) } else { of_eve(n) })
            .collect();
        let rows = all
            .lines()
            .zip(1..)
            .map(|(line, number)| row("old.log", number, line, "no-user"));
        directory.write("rejects.jsonl", rows.collect::<String>());
        directory.write("logs/a.log", lines(1000..1200) + &of_eve(1200).repeat(100));
        let run = || {
            let run = Run::transform().args(&["-o", "out"]).args(state);
            retry(&directory, run, &["logs/a.log"])
        };
        kill_and_repeat(8, run);
        // Without a state, unfinished files of killed runs stay.
        let mut names = directory.files("out");
        names.retain(|name| !name.starts_with('.'));
        let outputs = names
            .iter()
            .map(|name| directory.json_lines(&format!("out/{name}")));
        let ids = outputs
            .flatten()
            .map(|statement| statement["id"].to_string());
        assert_eq!(ids.collect::<BTreeSet<_>>().len(), 400);
        let mut kept = kept(&directory);
        kept.sort_by_key(Value::to_string);
        assert_eq!(kept.len(), 300, "{state:?}");
        kept.dedup();
        assert_eq!(kept.len(), 300, "{state:?}");
    }
}

#[test]
fn a_run_that_is_killed_leaves_the_file_as_it_was() {
    for state in [&[][..], &["--state", "state"]] {
        let directory = directory();
        let before = directory.read("rejects.jsonl");
        let silent = Lrs::with_faults(|_, _| ServerFault::Silence);
        let run = Run::send(&silent.xapi()).args(state);
        let mut running = retry(&directory, run, &[]).start();
        running.wait_until(|_| silent.request_count() > 0);
        running.signal("KILL");
        running.child.wait().unwrap();
        assert_eq!(directory.read("rejects.jsonl"), before);
        send(&directory, &Lrs::healthy(), state)
            .with_code(0)
            .assert_no_part_files();
        assert_eq!(kept(&directory), left());
    }
}
