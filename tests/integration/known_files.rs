//! Files that have not changed since the last run with `--state`.

use std::fs::{self, File};
use std::time::{Duration, SystemTime};

use serde_json::{Value, json};

use crate::harness::{Ended, RunDirectory, gzip, line, lines};
use crate::lrs::Lrs;

const JOURNAL: &str = "state/journal.jsonl";

/// Waits until the files are older than the granularity of times that the program assumes.
fn wait_until_times_differ() {
    std::thread::sleep(Duration::from_millis(2100));
}

fn run(directory: &RunDirectory, code: i32) -> Ended {
    let transform = ["transform", "-o", "out", "--report", "report.json"];
    directory.run_with_state(&transform).run().with_code(code)
}

/// The journal without the days on which inputs were seen, since a day may end between two runs.
fn journal(directory: &RunDirectory) -> Vec<Value> {
    let mut rows = directory.json_lines(JOURNAL);
    rows.retain(|row| row.get("seen").is_none());
    rows
}

/// The names of the inputs that the run opened.
fn opened(ended: &Ended) -> Vec<String> {
    let report = ended.report();
    let inputs = report["inputs"].as_array().unwrap().iter();
    let opened = inputs.filter(|input| input["bytes"] != json!(0));
    opened
        .map(|input| input["name"].as_str().unwrap().replace("logs/", ""))
        .collect()
}

#[cfg(unix)]
#[test]
fn a_file_is_opened_again_only_after_a_change() {
    let directory = RunDirectory::new();
    directory.write("logs/a.log", lines(0..5));
    directory.write("logs/b.log.gz", gzip(lines(10..15)));
    let packed = gzip(lines(20..500));
    directory.write("logs/c.log.gz", &packed[..packed.len() / 2]);
    directory.age("logs/c.log.gz");
    directory.write("logs/d.log", lines(500..505) + "half a li");
    directory.write("logs/e.json", line(600));
    directory.write("logs/empty.log", "");
    directory.write("logs/f.log", "{\"name\": \"an unsupported event\"}\n");
    wait_until_times_differ();
    run(&directory, 3);

    // A file that cannot be read to its end and a file with a held-back line are opened in every run.
    let (journal, outputs) = (journal(&directory), directory.files("out"));
    let ended = run(&directory, 3);
    assert_eq!(opened(&ended), ["c.log.gz", "d.log"]);
    let report = ended.report();
    // The unchanged files are counted, and not listed.
    assert_eq!(report["inputs"].as_array().unwrap().len(), 2);
    assert_eq!(report["total"]["inputs"], json!(7));
    assert_eq!(report["total"]["unchanged_inputs"], json!(5));
    assert_eq!(report["total"]["done_inputs"], json!(6));
    assert_eq!(self::journal(&directory), journal);
    assert_eq!(directory.files("out"), outputs);

    // The content decides about files that changed, and they are known again.
    directory.remove("logs/c.log.gz");
    directory.append("logs/d.log", "ne\n");
    fs::rename(directory.path("logs/a.log"), directory.path("logs/a.log-1")).unwrap();
    let copy = directory.read("logs/b.log.gz");
    directory.write("logs/z.log.gz", copy);
    wait_until_times_differ();
    let ended = run(&directory, 0);
    assert_eq!(opened(&ended), ["a.log-1", "d.log", "z.log.gz"]);
    assert_eq!(ended.count("emitted"), 0);
    assert_eq!(opened(&run(&directory, 0)), [""; 0]);

    // The contents are replaced by contents of the same size, and the time is set back.
    let time = File::open(directory.path("logs/a.log-1")).unwrap();
    let time = time.metadata().unwrap().modified().unwrap();
    directory.write("logs/a.log-1", lines(5..10));
    let file = File::options()
        .append(true)
        .open(directory.path("logs/a.log-1"));
    file.unwrap().set_modified(time).unwrap();
    let ended = run(&directory, 0);
    assert_eq!(
        (opened(&ended), ended.count("emitted")),
        (vec!["a.log-1".to_owned()], 5)
    );
}

#[test]
fn a_file_that_was_just_written_is_opened_again() {
    let directory = RunDirectory::new();
    directory.write("logs/a.log", lines(0..5));
    directory.write("logs/b.log", "{\"name\": \"other\"}\n");
    // A file with a time in the future counts as just written, however long the runs take.
    let set_time = |name: &str, time: SystemTime| {
        let file = File::options().append(true).open(directory.path(name));
        file.unwrap().set_modified(time).unwrap();
    };
    let time = SystemTime::now() + Duration::from_secs(3600);
    set_time("logs/b.log", time);
    run(&directory, 0);
    for second in 1..4 {
        directory.write("logs/a.log", lines(second * 10..second * 10 + 5));
        set_time("logs/a.log", time);
        let ended = run(&directory, 0);
        assert_eq!((opened(&ended).len(), ended.count("emitted")), (2, 5));
    }
}

#[cfg(unix)]
#[test]
fn a_file_is_opened_if_one_of_the_destinations_needs_its_lines() {
    let directory = RunDirectory::new();
    directory.write("logs/a.log", lines(0..5));
    directory.write("logs/b.log", lines(5..9));
    wait_until_times_differ();
    let (one, other) = (Lrs::healthy(), Lrs::healthy());
    let report = ["--report", "report.json"];
    directory.send(&one.xapi()).run().with_code(0);
    let ended = directory.send(&one.xapi()).args(&report).run().with_code(0);
    assert_eq!(opened(&ended), [""; 0]);
    let routers = json!([
        {"backend_name": "xAPI", "route_url": one.xapi()},
        {"backend_name": "xAPI", "route_url": other.xapi()},
    ]);
    directory.write("routers.json", routers.to_string());
    for expected in [&["a.log", "b.log"][..], &[]] {
        let send = directory.run_with_state(&["send", "--routers", "routers.json"]);
        let ended = send.args(&report).run().with_code(0);
        assert_eq!(opened(&ended), expected);
        assert_eq!((one.stored().len(), other.stored().len()), (9, 9));
    }
    let ended = directory
        .send(&other.xapi())
        .args(&report)
        .run()
        .with_code(0);
    assert_eq!(opened(&ended), [""; 0]);
    // Files, to which nothing was delivered, are another destination.
    let ended = run(&directory, 0);
    assert_eq!((opened(&ended).len(), ended.count("emitted")), (2, 9));
    // The runs of each destination leave the records of the others as they are.
    assert_eq!(opened(&run(&directory, 0)), [""; 0]);
    let send = directory.send(&one.xapi());
    let ended = send.args(&report).run().with_code(0);
    assert_eq!(opened(&ended), [""; 0]);
}

#[cfg(unix)]
#[test]
fn two_directories_of_output_files_share_a_state_directory() {
    let directory = RunDirectory::new();
    directory.write("logs/a.log", lines(0..5));
    directory.write("logs/b.json", line(6));
    wait_until_times_differ();
    let run = |output: &str| {
        let arguments = ["transform", "-o", output, "--report", "report.json"];
        let ended = directory.run_with_state(&arguments).run().with_code(0);
        (opened(&ended).len(), ended.count("emitted"))
    };
    assert_eq!([run("one"), run("two")], [(2, 6); 2]);
    assert_eq!([run("one"), run("two"), run("one")], [(0, 0); 3]);
    directory.append("logs/a.log", &lines(10..12));
    assert_eq!([run("one"), run("two")], [(1, 2); 2]);
}

#[cfg(unix)]
#[test]
fn tables_are_loaded_only_if_a_line_is_converted() {
    let directory = RunDirectory::new();
    // These files are opened in every run: the last line has no newline, and the gzip file has no end.
    directory.write("logs/b.log", lines(10..12) + "{\"name\"");
    let packed = gzip(lines(20..500));
    directory.write("logs/c.log.gz", &packed[..packed.len() / 2]);
    directory.age("logs/c.log.gz");
    directory.write("logs/a.log", lines(0..5));
    directory.write(
        "users.csv",
        "id,username,email,xapi_id,caliper_id\n1,ada,,,\n",
    );
    wait_until_times_differ();
    let send = |code: i32| {
        let run = directory.run_with_state(&["transform", "-o", "out"]);
        let run = run.args(&["--users", "users.csv", "--unknown-user", "derive"]);
        run.run().with_code(code)
    };
    send(3);
    directory.write("users.csv", "id,username,email,xapi_id,caliper_id\n1,ada\n");
    send(3);
    directory.append("logs/a.log", &lines(5..6));
    send(2).assert_error("row 2 of `users.csv`");
    directory.remove("users.csv");
    send(2).assert_error("failed to open `users.csv`");
}

#[test]
fn inputs_that_no_run_has_found_for_some_days_are_forgotten() {
    for (days, emitted) in [("20", 0), ("5", 3)] {
        let directory = RunDirectory::new();
        directory.write("logs/a.log", lines(0..3));
        // Files are opened in parallel: either of them may be the first input.
        directory.write("logs/b.log", lines(5..8));
        run(&directory, 0);
        let journal = String::from_utf8(directory.read(JOURNAL)).unwrap();
        let (journal, seen) = journal.trim_end().rsplit_once('\n').unwrap();
        let seen: Value = serde_json::from_str(seen).unwrap();
        let day = seen["seen"]["day"].as_u64().unwrap();
        assert_eq!(seen["seen"]["inputs"], json!([[1, 2]]));
        let seen = |day: u64, input: u64| json!({"seen": {"day": day, "inputs": [[input, input]]}});
        let journal = format!("{journal}\n{}\n{}\n", seen(day - 10, 1), seen(day, 2));
        directory.write(JOURNAL, journal);
        let transform =
            directory.run_with_state(&["transform", "-o", "out", "--forget-after", days]);
        assert_eq!(transform.run().with_code(0).count("emitted"), emitted);
    }
}

#[test]
fn the_output_of_a_forgotten_log_is_not_replaced() {
    let directory = RunDirectory::new();
    directory.write("logs/a.log", lines(0..3));
    run(&directory, 0);
    let delivered = directory.read("out/a.log.xapi.jsonl");
    directory.write("logs/a.log", lines(5..7));
    // Without its journal, the state directory knows no input, as if it had forgotten the input.
    directory.remove(JOURNAL);
    let ended = run(&directory, 0);
    assert_eq!(ended.count("emitted"), 2);
    assert_eq!(directory.read("out/a.log.xapi.jsonl"), delivered);
    assert_ne!(directory.read("out/a.log.xapi.2.jsonl"), delivered);
}

#[test]
fn a_run_with_the_clock_in_the_future_lets_no_input_be_forgotten() {
    let directory = RunDirectory::new();
    directory.write("logs/a.log", lines(0..3));
    run(&directory, 0);
    let journal = String::from_utf8(directory.read(JOURNAL)).unwrap();
    let (journal, seen) = journal.trim_end().rsplit_once('\n').unwrap();
    let mut seen: Value = serde_json::from_str(seen).unwrap();
    let day = seen["seen"]["day"].as_u64().unwrap();
    seen["seen"]["day"] = json!(day + 5000);
    directory.write(JOURNAL, format!("{journal}\n{seen}\n"));
    directory.write("logs/b.log", lines(5..7));
    for emitted in [2, 0, 0] {
        assert_eq!(run(&directory, 0).count("emitted"), emitted);
    }
}

#[test]
fn a_damaged_number_of_a_destination_does_no_harm() {
    let directory = RunDirectory::new();
    directory.write("logs/a.log", lines(0..3));
    run(&directory, 0);
    let entry = json!({"destination": {"destination": u64::MAX, "to": "elsewhere"}});
    directory.append(JOURNAL, &format!("{entry}\n"));
    directory.write("logs/b.log", lines(5..7));
    for emitted in [2, 0] {
        assert_eq!(run(&directory, 0).count("emitted"), emitted);
    }
}

/// The end of the note about a file that the state directory does not know.
const REPEATED: &str = "note: use a new output directory with a new state directory: `";

#[test]
fn outputs_that_the_state_directory_does_not_know_are_kept_and_named() {
    let directory = RunDirectory::new();
    directory.write("logs/a.log", lines(0..5));
    directory.write("logs/b.log", lines(5..9));
    directory.write("logs/c.json", line(20));
    let transform = || directory.run_with_state(&["transform", "-o", "out"]);
    transform().run().with_code(0).assert_not_stderr(REPEATED);
    fs::remove_dir_all(directory.path("state")).unwrap();
    let ended = transform().run().with_code(0);
    // The outputs are written at the same time, so any of them may be the first.
    ended.assert_stderr(
        "is kept, since this state directory does not know it or has forgotten it, so `",
    );
    assert_eq!(ended.stderr.matches(REPEATED).count(), 1);
    let expected = [
        "a.log.xapi.2.jsonl",
        "a.log.xapi.jsonl",
        "b.log.xapi.2.jsonl",
        "b.log.xapi.jsonl",
        "c.2.json",
        "c.json",
    ];
    assert_eq!(directory.files("out"), expected);

    // Files of which the state directory knows are no surprise, nor are lines that are not converted.
    directory.append("logs/a.log", &line(10));
    directory.write("logs/d.log", "{\"name\": \"other\"}\n");
    directory.write("out/d.log.xapi.jsonl", "");
    transform().run().with_code(0).assert_not_stderr(REPEATED);
}

#[test]
fn the_output_of_a_forgotten_document_is_kept() {
    let directory = RunDirectory::new();
    directory.write("logs/z.json", line(0));
    directory.write("logs/a.log", lines(1..3));
    let run = || {
        directory
            .run_with_state(&["transform", "-o", "out"])
            .run()
            .with_code(0)
    };
    run();
    let kept = directory.read("out/z.json");
    // The journal of a run long ago, and one of today, which did not find the document.
    let journal = String::from_utf8(directory.read(JOURNAL)).unwrap();
    let journal = journal
        .lines()
        .filter(|line| !line.starts_with("{\"seen\""));
    let journal: Vec<&str> = journal.collect();
    let number = |name: &str| {
        let added = journal
            .iter()
            .find(|line| line.contains(name) && line.starts_with("{\"input\""));
        let added: Value = serde_json::from_str(added.unwrap()).unwrap();
        added["input"]["input"].as_u64().unwrap()
    };
    let today = SystemTime::now()
        .duration_since(SystemTime::UNIX_EPOCH)
        .unwrap()
        .as_secs()
        / 86_400;
    let seen = |day: u64, input: u64| {
        format!("{{\"seen\":{{\"day\":{day},\"inputs\":[[{input},{input}]]}}}}\n")
    };
    let seen = seen(today - 500, number("z.json")) + &seen(today, number("a.log"));
    directory.write(JOURNAL, journal.join("\n") + "\n" + &seen);
    directory.write("logs/z.json", line(5));
    run().assert_stderr("since this state directory does not know it or has forgotten it");
    assert_eq!(
        directory.files("out"),
        ["a.log.xapi.jsonl", "z.2.json", "z.json"]
    );
    assert_eq!(directory.read("out/z.json"), kept);
    let forgotten = String::from_utf8(directory.read(JOURNAL)).unwrap();
    // The number of the forgotten input is not used again.
    let numbers: Vec<&str> = forgotten
        .lines()
        .filter(|line| line.starts_with("{\"input\""))
        .collect();
    assert_eq!(numbers.len(), 3);
    assert!(
        numbers[2].starts_with("{\"input\":{\"input\":3,"),
        "{forgotten}"
    );

    // The output of the changed document is replaced, as usual.
    directory.write("logs/z.json", line(6));
    run().assert_not_stderr("does not know");
    assert_eq!(
        directory.files("out"),
        ["a.log.xapi.jsonl", "z.2.json", "z.json"]
    );
    assert_eq!(directory.read("out/z.json"), kept);
    let replaced = String::from_utf8(directory.read("out/z.2.json")).unwrap();
    assert!(replaced.contains("09:00:00.000006"), "{replaced}");
}
