//! Rejects files that a run reads and writes: missing, damaged, linked and locked files, and logs of the same name.

use serde_json::json;

use crate::harness::{ROOT_URL, Run, RunDirectory, gzip, line};
use crate::lrs::Lrs;
use crate::rejects::{WITH_ADA, row};
use crate::retried_rejects::{directory, kept, left, of_eve, retry, transform};

#[test]
fn a_file_that_cannot_be_written_or_read_to_its_end_stays_as_it_was() {
    let directory = directory();
    let before = directory.read("rejects.jsonl");
    let full = retry(&directory, transform(), &[])
        .with_largest_file(0)
        .run();
    full.with_code(6).assert_no_part_files();
    assert_eq!(directory.read("rejects.jsonl"), before);
    let long = retry(&directory, transform(), &["--max-line-bytes", "200"]).run();
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
        let run = transform().in_directory(&directory);
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
        (&packed, "the rejects file `rejects.jsonl` is compressed"),
    ] {
        directory.write("rejects.jsonl", bytes);
        for state in [&[][..], &["--state", "state"]] {
            let run = retry(&directory, transform(), state).run().with_code(2);
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
    let alone = retry(&directory, transform(), &quiet).run().with_code(0);
    assert_eq!(alone.stderr, "");
    assert_eq!(directory.read("rejects.jsonl"), b"");
    directory.remove("rejects.jsonl");
    directory.write("a.log", line(1) + &of_eve(2));
    retry(&directory, transform(), &["a.log"])
        .run()
        .with_code(0);
    assert_eq!(kept(&directory), [json!(["a.log", 2, "unknown-user"])]);
}

#[test]
fn a_last_row_without_its_newline_is_whole() {
    for (state, inputs) in [
        (&[][..], &["rejects.jsonl"][..]),
        (&["--state", "state"], &["rejects.jsonl"]),
        (&["--state", "state"], &["b.log"]),
    ] {
        let directory = directory();
        directory.write("b.log", of_eve(7));
        let whole = String::from_utf8(directory.read("rejects.jsonl")).unwrap();
        directory.write("rejects.jsonl", whole.trim_end());
        let run = transform().in_directory(&directory).args(state);
        let run = run.args(&["--users", "with.csv", "--rejects", "rejects.jsonl"]);
        let ended = run.args(inputs).run().with_code(0);
        ended.assert_not_stderr("incomplete");
        if inputs == ["b.log"] {
            assert_eq!(kept(&directory).len(), 5);
        } else {
            assert_eq!((ended.count("emitted"), kept(&directory)), (2, left()));
        }
    }
}

#[test]
fn a_cut_last_row_stays_as_text_without_a_state() {
    let directory = directory();
    let whole = directory.read("rejects.jsonl");
    let cut = &whole[..whole.len() - 20];
    directory.write("rejects.jsonl", cut);
    for emitted in [1, 0] {
        let ended = retry(&directory, transform(), &[]).run().with_code(0);
        assert_eq!(ended.count("emitted"), emitted);
        let rows = directory.json_lines("rejects.jsonl");
        assert_eq!((rows.len(), &rows[2]["reason"]), (3, &json!("not-json")));
        assert!(cut.ends_with(rows[2]["raw"].as_str().unwrap().as_bytes()));
    }
}

/// The run that was killed has not recorded the line, so the next run with the state reads the line again.
#[test]
fn a_cut_last_row_is_removed_with_a_note_if_there_is_a_state() {
    let note =
        "note: the last row of `rejects.jsonl` was incomplete, because a run was killed, so its ";
    for inputs in [
        &["rejects.jsonl"][..],
        &["b.log"],
        &["b.log", "rejects.jsonl"],
    ] {
        let directory = directory();
        directory.write("b.log", of_eve(7));
        let cut = &row("b.log", 1, &of_eve(7), "unknown-user")[..90];
        directory.append("rejects.jsonl", cut);
        let run = || {
            let run = transform().in_directory(&directory);
            let run = run.args(&["--state", "state", "--users", "with.csv"]);
            run.args(&["--rejects", "rejects.jsonl"]).args(inputs).run()
        };
        run()
            .with_code(0)
            .assert_stderr(&format!("{note}90 bytes were removed;"));
        run().with_code(0).assert_not_stderr("incomplete");
        let expected = match inputs {
            ["rejects.jsonl"] => 2,
            ["b.log"] => 5,
            _ => 3,
        };
        assert_eq!(kept(&directory).len(), expected, "{inputs:?}");
    }
}

#[test]
fn a_byte_order_mark_may_precede_the_first_row() {
    let directory = directory();
    let rows = String::from_utf8(directory.read("rejects.jsonl")).unwrap();
    directory.write("rejects.jsonl", "\u{feff}".to_owned() + &rows);
    let ended = retry(&directory, transform(), &[]).run().with_code(0);
    assert_eq!((ended.count("emitted"), kept(&directory)), (2, left()));
    directory.write("marked.json", "\u{feff}".to_owned() + &rows);
    let explain = Run::explain().in_directory(&directory);
    let shown = explain.args(&["--users", "with.csv", "marked.json"]).run();
    assert_eq!(shown.with_code(0).rows()[0]["file"], "logs/a.log");
}

#[test]
fn lines_leave_only_for_an_output_that_lasts() {
    let directory = directory();
    let before = directory.read("rejects.jsonl");
    let run = |shell: &str| {
        let run = retry(&directory, Run::transform(), &[]);
        run.after_shell(shell).run()
    };
    // Standard output of the tests is a pipe.
    for shell in ["true", "exec > /dev/null", "exec > /dev/full"] {
        run(shell).with_code(2).assert_error(
            "converted lines are removed from `rejects.jsonl`, and a pipe may lose them: give `--output`, or",
        );
        assert_eq!(directory.read("rejects.jsonl"), before);
    }
    run("exec > out.jsonl").with_code(0);
    assert_eq!(kept(&directory), left());
    assert_eq!(directory.json_lines("out.jsonl").len(), 2);
}

#[test]
fn two_runs_do_not_use_the_file_at_the_same_time() {
    let directory = directory();
    let run = |inputs: &[&str]| {
        let run = transform().in_directory(&directory);
        run.args(&["--rejects", "rejects.jsonl"]).args(inputs)
    };
    directory.write("a.log", line(1));
    let mut first = run(&["rejects.jsonl", "-"]).start();
    first.wait_for("", ".rejects.jsonl.");
    let state = ["--state", "state", "a.log"];
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
        let run = transform().in_directory(&directory);
        let run = run.args(&["--users", "with.csv", "--shard", shard]);
        let ended = run.args(&["--rejects", &name, &name]).run().with_code(0);
        assert_eq!(
            (ended.count("emitted"), directory.read(&name)),
            (1, Vec::new())
        );
    }
}
