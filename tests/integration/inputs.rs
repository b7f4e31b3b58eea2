//! What is read, and how.

use serde_json::json;

use crate::harness::{Run, gzip, line};

pub fn two_lines() -> String {
    line(1) + &line(2)
}

/// The seconds of the statements on standard output: which lines came through.
pub fn seconds(stdout: &[u8]) -> Vec<f64> {
    let time = "https://w3id.org/xapi/video/extensions/time";
    let rows = crate::harness::json_lines(stdout);
    rows.iter()
        .map(|row| row["result"]["extensions"][time].as_f64().unwrap())
        .collect()
}

#[test]
fn gzip_is_told_by_its_first_bytes_and_may_have_several_members() {
    let members = [gzip(line(1)), gzip(""), gzip(line(2))].concat();
    let run = Run::transform()
        .file("plain.gz", line(3))
        .file("packed.log", members);
    let ended = run.args(&["plain.gz", "packed.log"]).run().with_code(0);
    assert_eq!(seconds(&ended.stdout), [3.0, 1.0, 2.0]);
}

#[test]
fn standard_input_is_an_input_plain_or_packed() {
    for stdin in [two_lines().into_bytes(), gzip(two_lines())] {
        let ended = Run::transform()
            .args(&["-o", "out", "-"])
            .stdin(stdin)
            .run()
            .with_code(0);
        assert_eq!(seconds(&ended.read("out/stdin.xapi.jsonl")), [1.0, 2.0]);
    }
}

#[cfg(unix)]
#[test]
fn a_pipe_that_is_named_twice_is_an_error_before_any_of_it_is_read() {
    let run = Run::transform().args(&["-", "/dev/stdin"]);
    let ended = run.stdin(two_lines()).run().with_code(2);
    ended.assert_error("`-` and `/dev/stdin` are one pipe");
    let run = Run::transform().args(&["/dev/null", "/dev/null", "-"]);
    let ended = run.stdin(two_lines()).run().with_code(0);
    assert_eq!(seconds(&ended.stdout), [1.0, 2.0]);
}

#[test]
fn a_cut_gzip_gives_every_line_before_the_break_and_exits_with_3() {
    let lines: String = (1..2000).map(line).collect();
    let mut packed = gzip(&lines);
    packed.truncate(packed.len() / 2);
    let run = Run::transform()
        .file("cut.log.gz", packed)
        .file("whole.log", line(5000));
    let run = run.args(&[
        "--rejects",
        "rejects",
        "-o",
        "out",
        "cut.log.gz",
        "whole.log",
    ]);
    let ended = run.run().with_code(3);
    let before = seconds(&ended.read("out/cut.log.xapi.jsonl"));
    assert!(before.len() > 100 && before.len() < 1999);
    assert_eq!(
        before,
        (1..=before.len() as u32).map(f64::from).collect::<Vec<_>>()
    );
    assert_eq!(seconds(&ended.read("out/whole.log.xapi.jsonl")), [5000.0]);
    assert_eq!(ended.count("unparsable"), 1);
    let reject = &crate::harness::json_lines(&ended.read("rejects"))[0];
    assert_eq!(
        (&reject["reason"], &reject["line"]),
        (&json!("truncated"), &json!(before.len() + 1))
    );
    assert!(line(before.len() as u32 + 1).starts_with(reject["raw"].as_str().unwrap()));
    assert!(
        ended
            .stderr
            .contains("failed to read `cut.log.gz` to its end"),
        "{}",
        ended.stderr
    );
}

#[test]
fn a_damaged_gzip_costs_its_file_alone() {
    let mut packed = gzip((1..2000).map(line).collect::<String>());
    let middle = packed.len() / 2;
    packed[middle..middle + 50].fill(0xff);
    let run = Run::transform()
        .file("a.log.gz", packed)
        .file("b.log", line(1))
        .args(&["-o", "out"]);
    let ended = run.args(&["a.log.gz", "b.log"]).run().with_code(3);
    assert_eq!(ended.files("out"), ["a.log.xapi.jsonl", "b.log.xapi.jsonl"]);
    assert_eq!(seconds(&ended.read("out/b.log.xapi.jsonl")), [1.0]);
}

#[test]
fn a_missing_input_costs_that_input_alone() {
    let run = Run::transform()
        .file("b.log", line(1))
        .args(&["a.log", "b.log"]);
    let ended = run.run().with_code(3);
    assert_eq!(seconds(&ended.stdout), [1.0]);
    assert!(
        ended.stderr.contains("failed to open `a.log`"),
        "{}",
        ended.stderr
    );
}

#[test]
fn line_ends_blank_lines_and_marks_are_no_obstacle() {
    let text = format!(
        "\u{feff}{}\r\n\n  \r\n\u{feff}\n{}",
        line(1).trim_end(),
        line(2).trim_end()
    );
    let ended = Run::transform().stdin(text).args(&["-"]).run().with_code(0);
    assert_eq!(seconds(&ended.stdout), [1.0, 2.0]);
    assert_eq!(ended.count("lines"), 2);
}

#[test]
fn a_line_past_the_limit_is_too_long_and_told_by_its_place() {
    let long = format!("{{\"name\": \"{}\"}}\n", "x".repeat(3 << 20));
    let text = [line(1), long.clone(), line(2)].concat();
    for limit in ["1000", "2000000"] {
        let run =
            Run::transform()
                .stdin(&text)
                .args(&["--max-line-bytes", limit, "--rejects", "r", "-"]);
        let ended = run.run().with_code(0);
        assert_eq!(seconds(&ended.stdout), [1.0, 2.0]);
        let reject = &crate::harness::json_lines(&ended.read("r"))[0];
        assert_eq!(reject["reason"], "too-long");
        assert_eq!(reject["line"], 2);
        assert_eq!(
            (&reject["offset"], &reject["length"]),
            (&json!(line(1).len()), &json!(long.len() - 1))
        );
        assert_eq!(reject.get("raw"), None);
    }
}

#[test]
fn directories_are_read_in_name_order_without_tables_and_prose() {
    let run = Run::transform()
        .file("logs/b/tracking.log", line(2))
        .file("logs/a.log.gz", gzip(line(1)));
    let run = run
        .file("logs/users.csv", "id\n")
        .file("logs/README.md", "# x\n")
        .file("logs/.x.log", line(9));
    let ended = run.args(&["-o", "logs/out", "logs"]).run().with_code(0);
    assert_eq!(
        ended.files("logs/out"),
        ["a.log.xapi.jsonl", "b/tracking.log.xapi.jsonl"]
    );
    assert!(
        ended.stderr.contains("2 files left aside"),
        "{}",
        ended.stderr
    );
    assert_eq!(ended.count("emitted"), 2);
}

#[test]
fn inputs_may_come_from_a_list() {
    let run = Run::transform()
        .file("1.log", line(1))
        .file("2.log", line(2))
        .file("list", "2.log\n\n1.log");
    assert_eq!(
        seconds(
            &run.args(&["--files-from", "list"])
                .run()
                .with_code(0)
                .stdout
        ),
        [2.0, 1.0]
    );
    let run = Run::transform().file("1.log", line(1)).stdin("1.log\n");
    assert_eq!(
        seconds(&run.args(&["--files-from", "-"]).run().with_code(0).stdout),
        [1.0]
    );
}

#[test]
fn without_inputs_the_usage_is_told() {
    let ended = Run::transform().run().with_code(2);
    assert!(
        ended.stderr.contains("`-` for standard input"),
        "{}",
        ended.stderr
    );
    Run::transform().args(&["-", "-"]).run().with_code(2);
    Run::transform()
        .args(&["--files-from", "-", "-"])
        .run()
        .with_code(2);
}

#[test]
fn order_holds_over_many_batches_at_any_number_of_threads() {
    let log: String = (0..40_000).map(line).collect();
    let expected: Vec<f64> = (0..40_000).map(f64::from).collect();
    let mut outputs = Vec::new();
    for threads in ["1", "2", "7"] {
        let run = Run::transform()
            .file("a.log", &log)
            .file("b.log.gz", gzip(&log));
        let ended = run
            .args(&["--threads", threads, "-o", "out", "a.log", "b.log.gz"])
            .run()
            .with_code(0);
        outputs.push(ended.read("out/a.log.xapi.jsonl"));
        outputs.push(ended.read("out/b.log.xapi.jsonl"));
        outputs.push(
            Run::transform()
                .stdin(&log)
                .args(&["--threads", threads, "-"])
                .run()
                .with_code(0)
                .stdout,
        );
    }
    assert_eq!(seconds(&outputs[0]), expected);
    assert!(outputs.iter().all(|output| *output == outputs[0]));
}

#[test]
fn what_is_packed_otherwise_is_told_and_not_read() {
    let run = Run::transform()
        .file("a.log", b"\xfd7zXZ\0 and so on")
        .file("b.log", line(1));
    let ended = run
        .args(&["-o", "out", "a.log", "b.log"])
        .run()
        .with_code(3);
    assert!(
        ended.stderr.contains("compressed with xz; unpack it"),
        "{}",
        ended.stderr
    );
    assert!(
        ended.stderr.contains("2 inputs (1 failed)"),
        "{}",
        ended.stderr
    );
    assert_eq!(ended.files("out"), ["b.log.xapi.jsonl"]);
}

#[test]
fn a_tar_archive_is_told_and_not_read_as_a_log() {
    let mut header = [0; 512];
    header[..5].copy_from_slice(b"a.log");
    header[257..262].copy_from_slice(b"ustar");
    let archive = [&header[..], line(1).as_bytes()].concat();
    for archive in [gzip(&archive), archive] {
        let ended = Run::transform()
            .file("logs", archive)
            .args(&["logs"])
            .run()
            .with_code(3);
        ended.assert_error("failed to open `logs`: it is a tar archive; unpack it");
    }
}

#[test]
fn wrapped_lines_that_are_not_unwrapped_are_hinted_at() {
    let wrapped = json!({"log": line(1)}).to_string();
    let hint = "`--unwrap KEY`";
    for (log, arguments, is_hinted) in [
        (wrapped.clone(), &["-"][..], true),
        (wrapped.clone() + "\n" + &line(1), &["-"], false),
        (wrapped, &["--unwrap", "log", "-"], false),
        (String::new(), &["-"], false),
    ] {
        let ended = Run::transform().args(arguments).stdin(log).run();
        assert_eq!(
            ended.stderr.contains(hint),
            is_hinted,
            "{arguments:?}: {}",
            ended.stderr
        );
    }
}

#[cfg(unix)]
#[test]
fn links_are_followed_and_pipes_in_directories_left_alone() {
    use std::os::unix::fs::symlink;
    let run = Run::transform()
        .file("elsewhere/x", line(1))
        .file("logs/b.log", line(2));
    let logs = run.directory.path("logs");
    symlink("../elsewhere/x", logs.join("a.log")).unwrap();
    symlink("../logs", logs.join("loop.log")).unwrap();
    symlink("nowhere", logs.join("dangling.log")).unwrap();
    assert!(
        std::process::Command::new("mkfifo")
            .arg(logs.join("pipe.log"))
            .status()
            .unwrap()
            .success()
    );
    let ended = run.args(&["logs"]).run().with_code(3);
    assert_eq!(seconds(&ended.stdout), [1.0, 2.0]);
    for path in ["logs/loop.log", "logs/dangling.log"] {
        assert!(
            ended.stderr.contains(&format!("failed to open `{path}`")),
            "{}",
            ended.stderr
        );
    }
    assert!(
        ended.stderr.contains("4 inputs (2 failed)"),
        "{}",
        ended.stderr
    );
}

#[cfg(unix)]
#[test]
fn a_list_may_name_paths_that_are_not_text() {
    use std::os::unix::ffi::OsStrExt;
    let run = Run::transform();
    let name = std::ffi::OsStr::from_bytes(b"\xff.log");
    std::fs::write(run.directory.path(name), line(1)).unwrap();
    let ended = run
        .file("list", b"\xff.log\r\n")
        .args(&["--files-from", "list"])
        .run()
        .with_code(0);
    assert_eq!(seconds(&ended.stdout), [1.0]);
}

#[test]
fn numbers_that_make_no_sense_are_refused() {
    for arguments in [
        ["--threads", "0"],
        ["--threads", "100000"],
        ["--max-line-bytes", "0"],
        ["--max-line-bytes", "1e9"],
    ] {
        let ended = Run::transform()
            .args(&arguments)
            .args(&["-"])
            .run()
            .with_code(2);
        assert!(ended.stderr.contains(arguments[0]), "{}", ended.stderr);
    }
}
