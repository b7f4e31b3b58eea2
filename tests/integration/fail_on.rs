//! `--fail-on`: limits, and empty runs.

use std::fs::File;
use std::io::{BufRead, BufReader};
use std::process::Command;
use std::time::Duration;

use crate::harness::{Run, line, lines};

fn run(log: &str, fail_on: &str) -> Run {
    Run::transform()
        .file("a.log", log)
        .args(&["--quiet", "--fail-on", fail_on])
}

#[test]
fn a_run_fails_if_more_lines_than_the_limit_have_an_outcome() {
    let rejected = line(2).replace("ada", "");
    let unsupported = line(3).replace("play_video", "x").repeat(80);
    // One of 20 wanted events is rejected, and one of 101 lines is unparsable.
    let log = lines(10..29) + &rejected + &unsupported + "x\n";
    for (fail_on, message) in [
        ("rejected=1", None),
        (
            "rejected=0",
            Some("1 line was rejected, so the run fails as `--fail-on rejected` demands"),
        ),
        ("rejected=5%", None),
        (
            "rejected=4.999999%",
            Some(
                "1 line was rejected, more than 4.999999% of 20, so the run fails as `--fail-on rejected=4.999999%` demands",
            ),
        ),
        ("unparsable=1%", None),
        (
            "unparsable=0.9%",
            Some(
                "1 line is unparsable, more than 0.9% of 101, so the run fails as `--fail-on unparsable=0.9%` demands",
            ),
        ),
        ("rejected=5%,unparsable=1,empty", None),
    ] {
        let ended = run(&log, fail_on).args(&["a.log"]).run();
        let ended = ended.with_code(i32::from(message.is_some()));
        assert_eq!(ended.errors(), message.as_slice(), "{fail_on}");
    }
    let two = run(&(rejected.repeat(3) + &line(1)), "rejected=2");
    two.args(&["a.log"]).run().with_code(1).assert_error(
        "3 lines were rejected, more than 2, so the run fails as `--fail-on rejected=2` demands",
    );
}

/// Duplicates count as wanted events.
#[test]
fn a_share_is_a_share_of_emitted_duplicate_and_rejected_lines() {
    let log = line(1).repeat(9) + &line(2).replace("ada", "");
    for (share, code) in [("rejected=10%", 0), ("rejected=9%", 1)] {
        let run = run(&log, share).args(&["--dedupe", "a.log"]);
        run.run().with_code(code);
    }
}

#[test]
fn limits_that_are_not_numbers_are_refused() {
    for (value, message) in [
        (
            "rejected=five",
            "write the limit as a number of lines, `rejected=100`, or as a share of at most 100%, `rejected=0.5%`",
        ),
        ("unparsable=101%", "`unparsable=0.5%`"),
        ("empty=1", "`empty` takes no limit"),
        ("emitted", "give rejected, unparsable, collision or empty"),
    ] {
        let ended = run("", value).args(&["a.log"]).run().with_code(2);
        ended.assert_stderr(message);
    }
    let run = run("", "collision=5%").args(&["a.log"]).run().with_code(2);
    run.assert_stderr("`--fail-on collision` needs `--dedupe`");
}

#[test]
fn fail_on_empty_fails_without_an_input_and_without_an_output() {
    let no_user = line(1).replace("ada", "");
    let ended = run(&no_user, "empty").args(&["a.log"]).run().with_code(1);
    ended.assert_error(
        "1 line was read and nothing was converted, so the run fails as `--fail-on empty` demands",
    );
    let ended = run(&line(1), "empty").args(&["--course", "x", "a.log"]);
    ended.run().with_code(1);
    run(&(no_user + &line(2)), "empty")
        .args(&["a.log"])
        .run()
        .with_code(0);

    let directory = |fail_on: &str| run("", fail_on).file("dir/notes.txt", "");
    directory("rejected").args(&["dir"]).run().with_code(0);
    let ended = directory("empty").args(&["dir"]).run().with_code(1);
    ended.assert_error("no input was found, so the run fails as `--fail-on empty` demands");
    directory("empty")
        .args(&["--shard", "0/2", "dir"])
        .run()
        .with_code(1);
    run("", "empty").args(&["nowhere.log"]).run().with_code(3);
}

#[test]
fn a_shard_without_inputs_is_not_empty() {
    for shard in ["0/2", "1/2"] {
        let run = run(&line(1), "empty").args(&["--shard", shard, "a.log"]);
        assert_eq!(run.run().with_code(0).stderr, "");
    }
}

#[test]
fn a_night_without_new_lines_is_not_empty_but_new_lines_must_be_emitted() {
    let arguments = ["-o", "out", "--state", "state", "a.log"];
    let first = run(&line(1), "empty").args(&arguments).run().with_code(0);
    let again = |log: &str| {
        let run = run("", "empty").in_directory(&first.directory);
        first.directory.write("a.log", line(1) + log);
        run.args(&arguments).run()
    };
    assert_eq!(again("").with_code(0).stderr, "");
    again(&line(2).replace("ada", "")).with_code(1);
}

#[cfg(unix)]
#[test]
fn a_run_that_a_signal_stops_is_not_empty() {
    let rejected = line(1).replace("ada", "");
    let run = run(&rejected, "empty").args(&["--rejects", "rejects", "a.log", "-"]);
    let rejects = run.directory.path("rejects");
    let made = Command::new("mkfifo").arg(&rejects).status();
    assert!(made.unwrap().success());
    let mut running = run.args(&["--report", "report.json"]).start();
    // The row of the rejected line shows that the first input was read. The second input never ends.
    let mut rejects = BufReader::new(File::open(rejects).unwrap());
    rejects.read_line(&mut String::new()).unwrap();
    running.signal("INT");
    running.wait_within(Duration::from_secs(60));
    let ended = running.end().with_code(130);
    let report = ended.report();
    assert_eq!(report["total"]["outcomes"]["rejected"], 1);
    assert_eq!(ended.stderr, "");
}
