//! `transform --state`: inputs that were appended to, renamed or compressed since the last run.

use std::fs;

use serde_json::Value;

use crate::harness::{RunDirectory, gzip, line, lines};
use crate::lrs::Lrs;
use crate::rejects::row;

#[test]
fn a_renamed_or_compressed_log_is_not_delivered_again() {
    let directory = RunDirectory::new();
    directory.write("logs/tracking.log", lines(0..5));
    directory.transform().run().with_code(0);
    assert_eq!(directory.json_lines("out/tracking.log.xapi.jsonl").len(), 5);
    let ended = directory.transform().run().with_code(0);
    ended.assert_stderr("0 lines");

    // The log is rotated and then compressed, while a new log is started.
    fs::rename(
        directory.path("logs/tracking.log"),
        directory.path("logs/tracking.log-1"),
    )
    .unwrap();
    directory.transform().run().with_code(0);
    directory.write("logs/tracking.log-1.gz", gzip(lines(0..5)));
    directory.remove("logs/tracking.log-1");
    directory.write("logs/tracking.log", lines(5..8));
    directory.transform().run().with_code(0);
    assert_eq!(
        directory.files("out"),
        ["tracking.log.xapi.2.jsonl", "tracking.log.xapi.jsonl"]
    );
    assert_eq!(
        directory.json_lines("out/tracking.log.xapi.2.jsonl").len(),
        3
    );
    assert_eq!(directory.statement_counts().len(), 8);
}

#[test]
fn a_log_that_was_appended_to_is_continued_in_a_numbered_file() {
    let directory = RunDirectory::new();
    directory.write("logs/a.log", lines(0..3) + "cut");
    let ended = directory.transform().run().with_code(0);
    ended.assert_stderr("3 lines");
    // The unfinished line is completed, and is not an event.
    directory.append("logs/a.log", &(" off\n".to_owned() + &lines(3..5)));
    directory.transform().run().with_code(0);
    directory.append("logs/a.log", "\n \n");
    directory.transform().run().with_code(0);
    directory.append("logs/a.log", &lines(5..6));
    directory.transform().run().with_code(0);
    assert_eq!(
        directory.files("out"),
        [
            "a.log.xapi.2.jsonl",
            "a.log.xapi.3.jsonl",
            "a.log.xapi.jsonl"
        ]
    );
    assert_eq!(directory.statement_counts().len(), 6);
    let rejects = directory.json_lines("rejects");
    assert_eq!((rejects.len(), &rejects[0]["line"]), (1, &Value::from(4)));

    // The log is compressed, with two more lines, the last without a newline.
    directory.append("logs/a.log", &lines(6..8));
    let whole = directory.read("logs/a.log");
    directory.write("logs/a.log.gz", gzip(whole.trim_ascii_end()));
    directory.remove("logs/a.log");
    directory.transform().run().with_code(0);
    assert_eq!(directory.statement_counts().len(), 8);
}

#[test]
fn a_log_that_only_starts_like_a_delivered_log_is_delivered_from_a_common_position() {
    let directory = RunDirectory::new();
    directory.write("logs/a.log", lines(0..50));
    directory.transform().run().with_code(0);
    directory.write("logs/b.log", lines(0..40) + &lines(60..70));
    directory.transform().run().with_code(0);
    assert_eq!(directory.statement_counts().len(), 60);
    let again = directory.json_lines("out/b.log.xapi.jsonl").len() - 10;
    assert!(again < 10, "{again}");
    // Lines that two inputs of one run start with are delivered once.
    directory.write("logs/c.log", lines(100..110));
    directory.write("logs/d.log.gz", gzip(lines(100..112)));
    directory.transform().run().with_code(0);
    assert_eq!(directory.json_lines("out/c.log.xapi.jsonl").len(), 10);
    assert_eq!(directory.json_lines("out/c.log.xapi.2.jsonl").len(), 2);
}

#[test]
fn lines_that_could_not_be_delivered_are_delivered_by_the_next_run() {
    let directory = RunDirectory::new();
    directory.write("logs/a.log", lines(0..50));
    directory.write("logs/b.log", lines(0..60));
    directory.write("out/a.log.xapi.jsonl/in-the-way", "");
    let ended = directory.transform().run().with_code(6);
    ended.assert_stderr("whose output failed; the next run will convert `logs/b.log`");
    fs::remove_dir_all(directory.path("out")).unwrap();
    directory.transform().run().with_code(0);
    assert_eq!(directory.statement_counts().len(), 60);
}

#[test]
fn a_log_without_statements_has_no_output_file_until_an_event_is_appended() {
    let directory = RunDirectory::new();
    directory.write("logs/empty.log", "");
    directory.write("logs/begun.log", "{\"name\": ");
    directory.write("logs/none.log", "no event\n");
    for _ in 0..3 {
        directory.transform().run().with_code(0);
    }
    assert_eq!(directory.files("out"), [""; 0]);
    assert_eq!(directory.json_lines("rejects").len(), 1);
    directory.append("logs/none.log", &line(1));
    directory.transform().run().with_code(0);
    assert_eq!(directory.files("out"), ["none.log.xapi.jsonl"]);
}

#[test]
fn a_document_is_delivered_whole_and_delivered_again_after_a_change() {
    let directory = RunDirectory::new();
    let document = line(1).replace(", ", ",\n");
    directory.write("logs/d.json", &document[..60]);
    directory.transform().run().with_code(0);
    directory.write("logs/d.json", &document);
    directory.transform().run().with_code(0);
    assert_eq!(directory.files("out"), ["d.json"]);
    let first = directory.read("out/d.json");
    directory.transform().run().with_code(0);
    directory.write("logs/d.json", document.replace("000001", "000002"));
    directory.transform().run().with_code(0);
    assert_eq!(directory.files("out"), ["d.json"]);
    assert_ne!(directory.read("out/d.json"), first);
}

#[test]
fn the_output_of_a_resumed_log_may_be_compressed() {
    let directory = RunDirectory::new();
    directory.write("logs/a.log", lines(0..3));
    directory.transform().run().with_code(0);
    directory.append("logs/a.log", &lines(3..5));
    let compressed = directory.transform().args(&["--compress", "gzip"]);
    compressed.run().with_code(0);
    assert_eq!(directory.statement_counts().len(), 5);
}

#[test]
fn a_log_and_its_compressed_copy_are_delivered_once() {
    let directory = RunDirectory::new();
    directory.write("logs/a.log", lines(0..9));
    directory.write("logs/a.log.gz", gzip(lines(0..9)));
    directory.write("logs/b.log", lines(20..22));
    directory.write("logs/b.log.gz", gzip(lines(30..33)));
    directory.transform().run().with_code(0);
    assert_eq!(
        directory.files("out"),
        ["a.log.xapi.jsonl", "b.log.xapi.2.jsonl", "b.log.xapi.jsonl"]
    );
    assert_eq!(directory.statement_counts().len(), 14);
}

#[test]
fn an_unfinished_row_of_the_rejects_file_is_removed() {
    let directory = RunDirectory::new();
    directory.write("logs/a.log", "no event\n");
    let whole = row("z", 1, "x", "not-json");
    directory.write("rejects", whole + "{\"file\":\"a.log\",\"li");
    directory.transform().run().with_code(0);
    let rows = directory.json_lines("rejects");
    assert_eq!(
        (rows.len(), &rows[1]["reason"]),
        (2, &Value::from("not-json"))
    );
}

#[test]
fn a_second_run_with_the_same_state_names_the_first_and_exits() {
    let directory = RunDirectory::new();
    directory.write("logs/a.log", lines(0..3));
    directory.transform().run().with_code(0);
    let lock = fs::File::open(directory.path("state/lock")).unwrap();
    lock.try_lock().unwrap();
    let ended = directory.transform().run().with_code(7);
    ended.assert_stderr("the state directory `state` is in use by process ");
    lock.unlock().unwrap();
    directory.transform().run().with_code(0);
}

#[test]
fn options_that_conflict_with_a_state_are_refused() {
    let directory = RunDirectory::new();
    directory.write("logs/a.log", lines(0..3));
    for arguments in [
        &["transform"][..],
        &["transform", "-o", "out", "-"],
        &["transform", "-o", "out", "--check"],
        &["transform", "-o", "out", "/dev/null"],
    ] {
        directory.run_with_state(arguments).run().with_code(2);
    }
    directory.write("state/journal.jsonl", "x\n");
    let ended = directory.transform().run().with_code(6);
    ended.assert_stderr("`state/journal.jsonl` is not a journal of event-router");
}

#[cfg(unix)]
#[test]
fn only_the_owner_can_read_the_state() {
    let directory = RunDirectory::new();
    directory.write("logs/a.log", "no event\n");
    directory.transform().run().with_code(0);
    for name in ["state/journal.jsonl", "state/lock", "rejects"] {
        assert_eq!(directory.mode(name), 0o600, "{name}");
    }
}

#[test]
fn the_summary_tells_of_skipped_lines_and_of_an_unfinished_last_line() {
    let directory = RunDirectory::new();
    directory.write("logs/a.log", lines(0..5) + "half a li");
    let ended = directory.transform().run().with_code(0);
    ended.assert_stderr("the last line of `logs/a.log` is not complete");
    ended.assert_not_stderr("skipped");
    directory.append("logs/a.log", "ne\n");
    let ended = directory.transform().run().with_code(0);
    ended.assert_stderr("5 read by earlier runs, and skipped");
    ended.assert_stderr("1 unparsable");
}

#[test]
fn a_dry_run_with_a_state_refuses_a_rejects_file() {
    let directory = RunDirectory::new();
    directory.write("logs/a.log", "no event\n");
    let lrs = Lrs::healthy();
    let send = directory.send(&lrs.xapi()).args(&["--dry-run"]);
    let ended = send.run().with_code(2);
    ended.assert_stderr("remove `--rejects`");
}

#[test]
fn dedupe_in_a_resumed_run_compares_events_of_that_run_only() {
    let directory = RunDirectory::new();
    directory.write("logs/a.log", lines(0..5));
    let dedupe = || directory.transform().args(&["--dedupe"]);
    dedupe().run().with_code(0);
    // The second log repeats two lines that this run reads from the first log, and two lines that the earlier run read.
    directory.append("logs/a.log", &lines(5..10));
    directory.write("logs/b.log", lines(8..12) + &lines(3..5));
    let ended = dedupe().run().with_code(0);
    ended.assert_stderr("9 emitted");
    ended.assert_stderr("2 duplicate");
    assert_eq!(directory.json_lines("out/b.log.xapi.jsonl").len(), 4);
}

#[test]
fn nothing_of_a_shorter_copy_of_a_delivered_log_is_delivered_again() {
    let directory = RunDirectory::new();
    directory.write("logs/a.log", lines(0..5));
    directory.transform().run().with_code(0);
    directory.append("logs/a.log", &lines(5..10));
    directory.transform().run().with_code(0);
    // One copy ends where the first run ended, the other between the ends of the two runs.
    directory.write("logs/b.log", lines(0..5));
    directory.write("logs/c.log.gz", gzip(lines(0..7)));
    let ended = directory.transform().run().with_code(0);
    assert_eq!(ended.count("emitted"), 0);
    assert_eq!(
        directory.files("out"),
        ["a.log.xapi.2.jsonl", "a.log.xapi.jsonl"]
    );
    let ended = directory.transform().run().with_code(0);
    assert_eq!(ended.count("emitted"), 0);
    // The positions of the shorter copies do not hide the new lines of the longer log.
    directory.append("logs/a.log", &lines(10..12));
    directory.append("logs/b.log", "another line\n");
    directory.age("logs/b.log");
    let ended = directory.transform().run().with_code(0);
    ended.assert_stderr("2 emitted");
    ended.assert_stderr("1 unparsable");
    let counts = directory.statement_counts();
    assert_eq!(counts.values().filter(|&&count| count > 1).count(), 0);
}

#[test]
fn nothing_of_a_shorter_copy_of_a_large_log_is_delivered_again() {
    let directory = RunDirectory::new();
    let text = lines(0..86_400);
    assert!(text.len() > 8 << 20);
    let copy = |mebibytes: usize| &text[..=text[..mebibytes << 20].rfind('\n').unwrap()];
    directory.write("logs/a.log", &text);
    directory.write("logs/b.log", copy(6));
    directory.age("logs/b.log");
    directory.transform().run().with_code(0);
    directory.write("logs/c.log", copy(5));
    directory.age("logs/c.log");
    directory.transform().run().with_code(0);
    assert_eq!(directory.files("out"), ["a.log.xapi.jsonl"]);
    assert_eq!(directory.json_lines("out/a.log.xapi.jsonl").len(), 86_400);
}

#[test]
fn without_the_hashes_of_lines_at_most_twice_the_lines_that_a_copy_lacks_are_delivered_again() {
    let directory = RunDirectory::new();
    directory.write("logs/a.log", lines(0..9000));
    directory.transform().run().with_code(0);
    directory.append("logs/a.log", &lines(9000..9700));
    directory.transform().run().with_code(0);
    let mut rows = directory.statement_counts().len();
    directory.remove("state/journal.lines");
    for lacking in [1, 7, 40, 300, 2000, 4000] {
        directory.write("logs/b.log", lines(0..9700 - lacking));
        directory.age("logs/b.log");
        directory.transform().run().with_code(0);
        let counts = directory.statement_counts();
        assert_eq!(counts.len(), 9700);
        let again = counts.values().sum::<usize>() - rows;
        assert!(again <= 2 * lacking as usize, "{again} of {lacking}");
        rows += again;
    }
}
