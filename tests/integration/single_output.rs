//! One output for all inputs: a file, and `-` for standard output.

use std::io::Read;

use flate2::read::MultiGzDecoder;

use crate::harness::{Ended, Run, RunDirectory, filler, gzip, line, lines};
use crate::lrs::Lrs;

/// A run over three inputs, of which `c.log` has a rejected line.
fn run(arguments: &[&str]) -> Run {
    let rejected = line(6)
        .replace("\"ada\"", "\"\"")
        .replace("\"user_id\": 5", "\"user_id\": null");
    Run::transform()
        .args(arguments)
        .args(&["a.log", "b.log.gz", "c.log"])
        .file("a.log", lines(0..3))
        .file("b.log.gz", gzip(lines(3..5)))
        .file("c.log", format!("{}{rejected}", line(5)))
}

/// Returns the standard output of a run.
fn expected() -> Vec<u8> {
    let ended = run(&[]).run().with_code(0);
    assert_eq!(ended.rows().len(), 6);
    ended.stdout
}

fn unpacked(bytes: &[u8]) -> Vec<u8> {
    let mut text = Vec::new();
    MultiGzDecoder::new(bytes).read_to_end(&mut text).unwrap();
    text
}

#[track_caller]
fn usage_error(arguments: &[&str], message: &str) {
    let ended = run(arguments).run().with_code(2);
    ended.assert_error(message);
    assert_eq!(ended.stdout, b"");
    assert_eq!(ended.files("."), ["a.log", "b.log.gz", "c.log"]);
}

#[test]
fn a_file_takes_the_output_of_all_inputs_in_order() {
    for threads in ["1", "4"] {
        for name in ["all.jsonl", "new/all.jsonl"] {
            let ended = run(&["-o", name, "--threads", threads]).run().with_code(0);
            assert_eq!(ended.read(name), expected());
            assert_eq!(ended.stdout, b"");
            ended.assert_no_part_files();
        }
        let ended = run(&["-o", "all.jsonl.gz", "--threads", threads])
            .run()
            .with_code(0);
        assert_eq!(unpacked(&ended.read("all.jsonl.gz")), expected());
    }
    let ended = run(&["-o", "all.jsonl.gz", "--compress", "gzip", "--dedupe"])
        .run()
        .with_code(0);
    assert_eq!(unpacked(&ended.read("all.jsonl.gz")), expected());
    let ended = run(&["-o", "all.jsonl.gz", "--since", "2030-01-01"])
        .run()
        .with_code(0);
    assert_eq!(unpacked(&ended.read("all.jsonl.gz")), b"");
}

#[test]
fn a_directory_stays_a_directory_whatever_its_name() {
    let ended = run(&["-o", "out.jsonl"])
        .file("out.jsonl/old", "")
        .run()
        .with_code(0);
    let names = [
        "a.log.xapi.jsonl",
        "b.log.xapi.jsonl",
        "c.log.xapi.jsonl",
        "old",
    ];
    assert_eq!(ended.files("out.jsonl"), names);
    run(&["-o", "new.jsonl/"])
        .run()
        .with_code(0)
        .read("new.jsonl/a.log.xapi.jsonl");
}

#[test]
fn a_file_is_replaced_when_the_run_is_complete_unless_it_is_kept() {
    let ended = run(&["-o", "all.jsonl"])
        .file("all.jsonl", "old")
        .run()
        .with_code(0);
    assert_eq!(ended.read("all.jsonl"), expected());
    let ended = run(&["-o", "all.jsonl", "--no-clobber"])
        .file("all.jsonl", "old")
        .run()
        .with_code(6);
    ended.assert_error("`all.jsonl` exists, and `--no-clobber` keeps it");
    assert_eq!(ended.read("all.jsonl"), b"old");
}

#[cfg(unix)]
#[test]
fn the_temporary_file_of_a_killed_run_is_removed() {
    let (left, other) = (".all.jsonl.aB3dE6.part", ".some.jsonl.aB3dE6.part");
    let run = run(&["-o", "all.jsonl"]).file(left, "x").file(other, "x");
    let ended = run.run().with_code(0);
    assert_eq!(
        ended.files("."),
        [other, "a.log", "all.jsonl", "b.log.gz", "c.log"]
    );
}

#[test]
fn a_link_stays_and_the_file_that_it_leads_to_is_replaced() {
    for old in [Some("old"), None] {
        let directory = RunDirectory::new();
        directory.write("to/a.log", "");
        if let Some(old) = old {
            directory.write("to/all.jsonl", old);
        }
        let link = directory.path("all.jsonl");
        std::os::unix::fs::symlink("to/all.jsonl", &link).unwrap();
        let run = run(&["-o", "all.jsonl"]).in_directory(&directory);
        let run = run.file("a.log", lines(0..3)).file("c.log", line(5));
        run.file("b.log.gz", gzip(lines(3..5))).run().with_code(0);
        assert!(link.is_symlink());
        assert_eq!(directory.json_lines("to/all.jsonl").len(), 6);
    }
}

#[test]
fn an_input_that_is_missing_or_damaged_costs_only_its_own_lines() {
    let ended = run(&["-o", "all.jsonl", "none.log"]).run().with_code(3);
    assert_eq!(ended.read("all.jsonl"), expected());
}

#[cfg(unix)]
#[test]
fn a_run_that_ends_early_leaves_the_earlier_file() {
    let check = |ended: &Ended| {
        ended.assert_stderr(
            "warning: `all.jsonl` is not written, since the run ended early: run again",
        );
        ended.assert_stderr("nothing written to `all.jsonl` from ");
        ended.assert_not_stderr(" emitted");
        ended.assert_not_stderr(" events/s");
        assert_eq!(ended.read("all.jsonl"), b"old");
        ended.assert_no_part_files();
        let report: serde_json::Value = serde_json::from_slice(&ended.read("report")).unwrap();
        assert_eq!(report["total"]["outcomes"]["emitted"], 0);
        for input in report["inputs"].as_array().unwrap() {
            assert_eq!(input["outcomes"]["emitted"], 0, "{input}");
            assert_ne!(input["ended"], "done", "{input}");
        }
    };
    let run = Run::transform()
        .args(&["-o", "all.jsonl", "--report", "report", "a.log", "-"])
        .file("a.log", lines(0..3))
        .file("all.jsonl", "old");
    let mut running = run.start();
    running.write(&(line(1) + &filler()));
    running.wait_for(".", ".all.jsonl.");
    running.signal("INT");
    running.wait_within(std::time::Duration::from_secs(60));
    check(&running.end().with_code(130));

    let run = Run::transform()
        .args(&["-o", "all.jsonl", "--report", "report", "a.log", "big.log"])
        .with_largest_file(1 << 16);
    let run = run.file("a.log", lines(0..3)).file("all.jsonl", "old");
    let run = run.file("big.log", lines(0..1000));
    let ended = run.run().with_code(6);
    ended.assert_stderr("error: failed to write `all.jsonl`");
    check(&ended);
}

#[test]
fn options_that_need_a_directory_are_usage_errors_with_a_file() {
    for (arguments, message) in [
        (
            &["--state", "state"][..],
            "`--state` needs a directory as `--output`",
        ),
        (&["--check"], "`--check` needs a directory as `--output`"),
        (
            &["--compress", "gzip"],
            "`--compress gzip` and the name `all.jsonl` contradict each other",
        ),
        (
            &["--rejects", "all.jsonl"],
            "`--output` and `--rejects` would both write `all.jsonl`",
        ),
    ] {
        usage_error(&[&["-o", "all.jsonl"], arguments].concat(), message);
    }
    let run = run(&["-o", "all.jsonl", "play.json"]).file("play.json", line(1));
    let ended = run.run().with_code(2);
    ended.assert_error("`play.json` holds a single event, whose output is a file of its own");
    let run = Run::transform()
        .args(&["-o", "a.jsonl", "a.jsonl"])
        .file("a.jsonl", line(1));
    run.run()
        .with_code(2)
        .assert_error("the output of `--output` would replace `a.jsonl`, which the run reads");
}

#[test]
fn rejected_lines_are_tried_again_into_a_new_file_only() {
    let directory = RunDirectory::new();
    let users = "id,username,email,xapi_id,caliper_id\n";
    directory.write("log", line(1));
    directory.write("users.csv", users);
    let run = |arguments: &[&str]| {
        let run = Run::transform().in_directory(&directory);
        run.args(&["--users", "users.csv", "--rejects", "r.jsonl"])
            .args(arguments)
            .run()
    };
    run(&["-o", "all.jsonl", "log"]).with_code(0);
    directory.write("all.jsonl", "{}\n");
    directory.write(
        "users.csv",
        format!("{users}5,ada,,32e08e30f8ae4ce294a8c2bfe38a70cb,\n"),
    );
    let ended = run(&["-o", "all.jsonl", "r.jsonl"]).with_code(2);
    ended.assert_error("`all.jsonl` exists, and may have the only records of lines that have left the rejects file");
    assert_eq!(directory.json_lines("r.jsonl").len(), 1);
    run(&["-o", "more.jsonl", "r.jsonl"]).with_code(0);
    assert_eq!(directory.json_lines("more.jsonl").len(), 1);
    assert_eq!(directory.read("r.jsonl"), b"");
}

#[test]
fn a_dash_is_standard_output() {
    assert_eq!(run(&["-o", "-"]).run().with_code(0).stdout, expected());
    let ended = run(&["-o", "out", "--report", "-"]).run().with_code(0);
    let report: serde_json::Value = serde_json::from_slice(&ended.stdout).unwrap();
    assert_eq!(report["total"]["outcomes"]["emitted"], 6);
    let ended = run(&["-o", "out", "--rejects", "-"]).run().with_code(0);
    assert_eq!(ended.rows().len(), 1);
    assert_eq!(ended.rows()[0]["reason"], "no-user");
    assert!(!ended.files(".").contains(&"-".to_owned()));

    // Standard input may be `-`, too.
    let rejects = Run::transform().args(&["-o", "out", "--rejects", "-", "-"]);
    let ended = rejects.stdin("{\"event\": {}}\n").run().with_code(0);
    assert_eq!(ended.count("lines"), 1);

    let lrs = Lrs::healthy();
    let send = Run::send(&lrs.xapi())
        .args(&["--report", "-", "log"])
        .file("log", line(1));
    let ended = send.run().with_code(0);
    let report: serde_json::Value = serde_json::from_slice(&ended.stdout).unwrap();
    assert_eq!(report["routers"][0]["delivered"], 1);
}

#[test]
fn two_outputs_on_standard_output_are_a_usage_error() {
    for (arguments, message) in [
        (
            &["--report", "-"][..],
            "the records and `--report -` would both write to standard output",
        ),
        (
            &["-o", "-", "--rejects", "-"],
            "the records and `--rejects -` would both write",
        ),
        (
            &["-o", "out", "--rejects", "-", "--report", "-"],
            "`--rejects -` and `--report -` would both write",
        ),
        (
            &["-o", "out", "--check", "--report", "-"],
            "the differences that `--check` finds and `--report -`",
        ),
    ] {
        usage_error(arguments, message);
    }
}

#[test]
fn a_name_of_a_file_of_another_kind_makes_no_directory() {
    for name in ["x.json", "x.CSV", "out.json.gz", "out.json.zst"] {
        let run = || Run::transform().file("a.log", line(1));
        let ended = run().args(&["-o", name, "a.log"]).run().with_code(2);
        ended.assert_error(&format!(
            "`{name}` is neither a directory nor a name for one file, which ends with .jsonl, .jsonl.gz or .jsonl.zst; "
        ));
        assert_eq!(ended.files(""), ["a.log"]);
        let slash = format!("{name}/");
        let ended = run().args(&["-o", &slash, "a.log"]).run().with_code(0);
        let files = [format!("{name}/a.log.xapi.jsonl"), "a.log".to_owned()];
        assert!(files.iter().all(|file| ended.files("").contains(file)));
        let again = run().in_directory(&ended.directory);
        again.args(&["-o", name, "a.log"]).run().with_code(0);
    }
}
