//! Rejects files that a run reads and writes: missing, damaged, linked and locked files, and logs of the same name.

use serde_json::json;

use crate::harness::{ROOT_URL, Run, RunDirectory, gzip, line};
use crate::lrs::Lrs;
use crate::rejects::{WITH_ADA, row};
use crate::retries::{directory, kept, left, of_eve, retry};

#[test]
fn a_file_that_cannot_be_written_or_read_to_its_end_stays_as_it_was() {
    let directory = directory();
    let before = directory.read("rejects.jsonl");
    let full = retry(&directory, Run::transform(), &[])
        .with_largest_file(0)
        .run();
    full.with_code(6).assert_no_part_files();
    assert_eq!(directory.read("rejects.jsonl"), before);
    let long = retry(&directory, Run::transform(), &["--max-line-bytes", "200"]).run();
    long.with_code(3)
        .assert_error("line 1 of `rejects.jsonl` is longer than");
    assert_eq!(directory.read("rejects.jsonl"), before);
    let dry = retry(
        &directory,
        Run::send("http://localhost:1/xAPI"),
        &["--dry-run"],
    )
    .run();
    dry.with_code(2)
        .assert_error("remove `--rejects`: a `--dry-run` delivers nothing");
}

#[test]
fn the_file_may_have_several_names() {
    let directory = directory();
    let link = directory.path("link");
    std::os::unix::fs::symlink(directory.path("rejects.jsonl"), &link).unwrap();
    let run = |rejects: &str, input: &str| {
        let run = Run::transform().in_directory(&directory);
        let run = run.args(&["--users", "with.csv", "--rejects", rejects, input]);
        run.run()
    };
    directory.write("logs/other", "");
    run("link", "logs/../rejects.jsonl").with_code(0);
    assert_eq!(kept(&directory), left());
    assert!(link.is_symlink());
    directory.append("rejects.jsonl", &row("a", 1, &line(5), "no-user"));
    run("./rejects.jsonl", "link").with_code(0);
    assert_eq!(kept(&directory), left());
    std::fs::hard_link(directory.path("rejects.jsonl"), directory.path("hard")).unwrap();
    let hard = run("hard", "rejects.jsonl").with_code(2);
    hard.assert_error("`rejects.jsonl` and the rejects file `hard` are two names of one file");
}

#[test]
fn a_log_is_never_replaced_by_its_rejects() {
    let directory = directory();
    let log = line(1) + &String::from_utf8(directory.read("rejects.jsonl")).unwrap();
    let packed = gzip(directory.read("rejects.jsonl"));
    for (bytes, message) in [
        (
            log.as_bytes(),
            "the output of `--rejects` would replace `rejects.jsonl`, which the run reads",
        ),
        (&packed, "the rejects file `rejects.jsonl` is gzipped"),
    ] {
        directory.write("rejects.jsonl", bytes);
        for state in [&[][..], &["-o", "out", "--state", "state"]] {
            let run = retry(&directory, Run::transform(), state)
                .run()
                .with_code(2);
            run.assert_error(message);
            assert_eq!(directory.read("rejects.jsonl"), bytes);
        }
    }
}

#[test]
fn a_rejects_file_that_does_not_exist_yet_has_no_lines() {
    let directory = RunDirectory::new();
    directory.write("with.csv", WITH_ADA);
    let quiet = ["--quiet", "--fail-on", "empty"];
    let alone = retry(&directory, Run::transform(), &quiet)
        .run()
        .with_code(0);
    assert_eq!(alone.stderr, "");
    assert_eq!(directory.read("rejects.jsonl"), b"");
    directory.remove("rejects.jsonl");
    directory.write("a.log", line(1) + &of_eve(2));
    retry(&directory, Run::transform(), &["a.log"])
        .run()
        .with_code(0);
    assert_eq!(kept(&directory), [json!(["a.log", 2, "unknown-user"])]);
}

#[test]
fn a_cut_last_row_is_no_loss() {
    for state in [&[][..], &["-o", "out", "--state", "state"]] {
        let directory = directory();
        let whole = directory.read("rejects.jsonl");
        let text = std::str::from_utf8(&whole).unwrap();
        // Without its newline, the last row is whole.
        directory.write("rejects.jsonl", text.trim_end());
        let ended = retry(&directory, Run::transform(), state)
            .run()
            .with_code(0);
        assert_eq!((ended.count("emitted"), kept(&directory)), (2, left()));
        // A row that a killed run has not completed is repeated by the next run with the state. Otherwise, it stays.
        directory.write("rejects.jsonl", &whole[..whole.len() - 20]);
        retry(&directory, Run::transform(), state)
            .run()
            .with_code(0);
        let rows = directory.json_lines("rejects.jsonl");
        match state {
            [] => assert!(text[text.len() / 2..].contains(rows[2]["raw"].as_str().unwrap())),
            _ => assert_eq!(kept(&directory), left()),
        }
        let before = directory.read("rejects.jsonl");
        retry(&directory, Run::transform(), state)
            .run()
            .with_code(0);
        assert_eq!(directory.read("rejects.jsonl"), before);
    }
}

#[test]
fn two_runs_do_not_use_the_file_at_the_same_time() {
    let directory = directory();
    let run = |inputs: &[&str]| {
        let run = Run::transform().in_directory(&directory);
        run.args(&["--rejects", "rejects.jsonl"]).args(inputs)
    };
    directory.write("a.log", line(1));
    let mut first = run(&["rejects.jsonl", "-"]).start();
    first.wait_for("", ".rejects.jsonl.");
    let state = ["-o", "out", "--state", "state", "a.log"];
    for inputs in [&["rejects.jsonl"][..], &["a.log"], &state] {
        let second = run(inputs).run().with_code(7);
        second.assert_error("the rejects file `rejects.jsonl` is in use by another run");
    }
    first.write(&line(2));
    assert_eq!(first.end().with_code(0).count("emitted"), 4);
    assert_eq!(kept(&directory), [json!(["logs/a.log", 3, "not-json"])]);
}

#[test]
fn a_state_directory_does_not_keep_a_rejects_file_from_being_read_again() {
    let directory = directory();
    for number in 1..3 {
        let run = Run::transform().in_directory(&directory);
        let run = run.args(&["-o", "out", "--state", "state", "--users", "with.csv"]);
        let ended = run.args(&["rejects.jsonl"]).run().with_code(0);
        assert_eq!(ended.count("emitted"), 2);
        assert_eq!(directory.files("out").len(), number);
    }
    let journal = directory.read("state/journal.jsonl");
    assert!(!String::from_utf8(journal).unwrap().contains("\"input\""));
    assert_eq!(directory.json_lines("rejects.jsonl").len(), 4);
}

#[test]
fn verify_reads_the_file_and_changes_nothing() {
    let directory = directory();
    let before = directory.read("rejects.jsonl");
    let lrs = Lrs::healthy();
    let run = Run::send(&lrs.xapi()).in_directory(&directory);
    let run = run.args(&["--users", "with.csv", "rejects.jsonl"]);
    run.run().with_code(0);
    let url = lrs.xapi();
    let verify = [
        "verify",
        "--to",
        "xapi",
        "--lms-root-url",
        ROOT_URL,
        "--url",
        &url,
    ];
    let ended = retry(&directory, Run::new(&verify), &[]).run().with_code(0);
    assert_eq!(
        (ended.count("emitted"), directory.read("rejects.jsonl")),
        (2, before)
    );
}

#[test]
fn each_shard_reads_its_own_rejects_file() {
    let directory = directory();
    for shard in ["0/2", "1/2"] {
        let name = format!("rejects-{}.jsonl", &shard[..1]);
        directory.write(&name, row("a", 1, &line(5), "no-user"));
        let run = Run::transform().in_directory(&directory);
        let run = run.args(&["--users", "with.csv", "--shard", shard]);
        let ended = run.args(&["--rejects", &name, &name]).run().with_code(0);
        assert_eq!(
            (ended.count("emitted"), directory.read(&name)),
            (1, Vec::new())
        );
    }
}
