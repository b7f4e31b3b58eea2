//! `--shard`.

use crate::harness::{Ended, Run, line};

/// Adds a tree of logs below a directory. Some of the logs have the same file name.
fn with_tree(mut run: Run, below: &str) -> Run {
    for nth in 0..12 {
        run = run.file(&format!("{below}/{nth}/tracking.log"), line(nth));
        run = run.file(&format!("{below}/tracking.log-{nth}"), line(100 + nth));
    }
    run.args(&[below])
}

#[test]
fn each_input_is_in_exactly_one_shard() {
    let run = with_tree(Run::transform().args(&["-o", "out"]), "logs");
    let all = run.run().with_code(0).files("out");
    assert_eq!(all.len(), 24);
    for of in [1, 2, 5] {
        let shares = (0..of).map(|nth| {
            let shard = format!("{nth}/{of}");
            let run = Run::transform().args(&["-o", "out", "--shard", &shard]);
            let ended = with_tree(run, "logs").run().with_code(0);
            let files = ended.files("out");
            let told = format!("note: {} of 24 inputs in this shard", files.len());
            ended.assert_stderr(&told);
            assert_eq!(ended.count("lines"), files.len() as u64);
            files
        });
        let shares: Vec<_> = shares.collect();
        assert!(
            shares.iter().all(|files| files.len() >= 24 / of / 3),
            "{shares:?}"
        );
        let mut together = shares.concat();
        together.sort();
        assert_eq!(together, all);
    }
}

#[test]
fn shards_do_not_depend_on_the_path_of_the_directory() {
    let files = |below: &str| {
        let run = Run::transform().args(&["-o", "out", "--shard", "1/3"]);
        with_tree(run, below).run().with_code(0).files("out")
    };
    assert_eq!(files("logs"), files("mnt/archive/2024"));
    // Files that are given by name are assigned by their file name.
    let named = |below: &str| {
        let mut run = Run::transform().args(&["-o", "out", "--shard", "1/3"]);
        for nth in 0..9 {
            let name = format!("{below}/tracking.log-{nth}");
            run = run.file(&name, line(nth)).args(&[&name]);
        }
        run.run().with_code(0).files("out")
    };
    assert_eq!(named("a"), named("b/c"));
}

#[test]
fn each_command_selects_the_same_shard() {
    let explained = with_tree(Run::explain().args(&["--shard", "2/3"]), "logs");
    let rows = explained.run().with_code(0).rows();
    let transformed = with_tree(Run::transform().args(&["--shard", "2/3"]), "logs");
    let transformed = transformed.run().with_code(0).rows();
    let out = rows.iter().map(|row| row["out"][0].clone());
    assert_eq!(out.collect::<Vec<_>>(), transformed);
}

#[test]
fn an_empty_shard_is_no_failure_and_a_missing_input_fails_in_each_shard() {
    let run = |nth: &str| -> Ended {
        let run = Run::transform().file("a.log", line(1));
        run.args(&["--shard", nth, "a.log"]).run().with_code(0)
    };
    let (first, second) = (run("0/2"), run("1/2"));
    let mut lines = [first.count("lines"), second.count("lines")];
    lines.sort_unstable();
    assert_eq!(lines, [0, 1]);
    let empty = if first.count("lines") == 0 {
        first
    } else {
        second
    };
    empty.assert_stderr("note: 0 of 1 input in this shard");
    empty.assert_not_stderr("nothing to read");
    for nth in ["0/2", "1/2"] {
        let run = Run::transform().args(&["--shard", nth, "no.log"]);
        run.run().with_code(3);
    }
}

#[test]
fn two_inputs_with_the_same_output_are_refused_in_each_shard() {
    for nth in 0..4 {
        let shard = format!("{nth}/4");
        let run = Run::transform()
            .file("logs/a.log", line(1))
            .file("logs/a.log.gz", line(2));
        let ended = run.args(&["-o", "out", "--shard", &shard, "logs"]).run();
        let ended = ended.with_code(2);
        ended.assert_stderr("would both write");
    }
}

#[test]
fn invalid_shards_are_refused() {
    for (shard, message) in [
        ("16/16", "shards count from 0, so the last is 15/16"),
        ("0/0", "there must be at least one shard"),
        ("1", "expected K/N"),
        ("-1/4", "expected K/N"),
        ("a/b", "expected K/N"),
    ] {
        let shard = format!("--shard={shard}");
        let run = Run::transform().file("a.log", line(1));
        let ended = run.args(&[&shard, "a.log"]).run().with_code(2);
        ended.assert_stderr(message);
    }
    let ended = Run::transform().args(&["--shard", "0/2", "-"]).run();
    let ended = ended.with_code(2);
    ended.assert_stderr("cannot be used with standard input");
}
