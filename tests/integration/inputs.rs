//! Inputs: files, directories, lists, pipes, compression.

use serde_json::json;

use crate::harness::{Run, RunDirectory, gzip, json_lines, line, lines};

pub fn two_lines() -> String {
    line(1) + &line(2)
}

/// The seconds of the statements, which identify the converted lines.
pub fn seconds(stdout: &[u8]) -> Vec<f64> {
    let time = "https://w3id.org/xapi/video/extensions/time";
    let rows = json_lines(stdout);
    rows.iter()
        .map(|row| row["result"]["extensions"][time].as_f64().unwrap())
        .collect()
}

#[test]
fn gzip_is_recognized_by_its_content_and_may_have_several_members() {
    let members = [gzip(line(1)), gzip(""), gzip(line(2))].concat();
    let run = Run::transform()
        .file("plain.gz", line(3))
        .file("packed.log", members);
    let ended = run.args(&["plain.gz", "packed.log"]).run().with_code(0);
    assert_eq!(seconds(&ended.stdout), [3.0, 1.0, 2.0]);
}

#[test]
fn standard_input_may_be_plain_or_compressed() {
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
fn a_pipe_that_is_given_twice_is_refused() {
    let run = Run::transform().args(&["-", "/dev/stdin"]);
    let ended = run.stdin(two_lines()).run().with_code(2);
    ended.assert_error("`-` and `/dev/stdin` are the same pipe");
    let run = Run::transform().args(&["/dev/null", "/dev/null", "-"]);
    let ended = run.stdin(two_lines()).run().with_code(0);
    assert_eq!(seconds(&ended.stdout), [1.0, 2.0]);
}

#[test]
fn a_truncated_gzip_file_yields_each_complete_line_and_exits_with_3() {
    let lines = lines(1..2000);
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
    let reject = &ended.json_lines("rejects")[0];
    assert_eq!(
        (&reject["reason"], &reject["line"]),
        (&json!("truncated"), &json!(before.len() + 1))
    );
    assert!(line(before.len() as u32 + 1).starts_with(reject["raw"].as_str().unwrap()));
    ended.assert_stderr("failed to read `cut.log.gz` to its end");
}

#[test]
fn a_damaged_gzip_file_does_not_affect_other_inputs() {
    let mut packed = gzip(lines(1..2000));
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
fn a_missing_input_does_not_affect_other_inputs() {
    let run = Run::transform()
        .file("b.log", line(1))
        .args(&["a.log", "b.log"]);
    let ended = run.run().with_code(3);
    assert_eq!(seconds(&ended.stdout), [1.0]);
    ended.assert_stderr("failed to open `a.log`");
}

#[test]
fn crlf_blank_lines_and_byte_order_marks_are_accepted() {
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
fn a_line_over_the_limit_is_rejected_with_its_offset_and_length() {
    let long = format!("{{\"name\": \"{}\"}}\n", "x".repeat(3 << 20));
    let text = [line(1), long.clone(), line(2)].concat();
    for limit in ["1000", "2000000"] {
        let run =
            Run::transform()
                .stdin(&text)
                .args(&["--max-line-bytes", limit, "--rejects", "r", "-"]);
        let ended = run.run().with_code(0);
        assert_eq!(seconds(&ended.stdout), [1.0, 2.0]);
        let reject = &ended.json_lines("r")[0];
        assert_eq!(reject["reason"], "too-long");
        assert_eq!(reject["line"], 2);
        assert_eq!(
            (&reject["offset"], &reject["length"]),
            (&json!(line(1).len()), &json!(long.len() - 1))
        );
        assert_eq!(reject.get("raw"), None);
    }
}

#[cfg(unix)]
#[test]
fn nul_bytes_before_an_event_are_skipped_however_many_and_resuming_counts_them() {
    // Logrotate with `copytruncate` leaves a hole of NUL bytes before the next line.
    const HOLE: u64 = 48 << 20;
    let arguments = ["--max-line-bytes", "5000", "--state", "state"];
    let arguments = [&arguments[..], &["--rejects", "r", "-o", "out", "a.log"]].concat();
    let run = Run::transform().file("a.log", line(1));
    let path = run.directory.path("a.log");
    let append = |hole: u64, text: &str| {
        let mut file = std::fs::File::options().append(true).open(&path).unwrap();
        file.set_len(file.metadata().unwrap().len() + hole).unwrap();
        std::io::Write::write_all(&mut file, text.as_bytes()).unwrap();
    };
    append(HOLE, &line(2));
    append(7, "no event\n");
    append(HOLE, "");
    let first = run.args(&arguments).run().with_code(0);
    assert_eq!((first.count("emitted"), first.count("lines")), (2, 3));
    assert_eq!(first.json_lines("r")[0]["raw"], "no event");
    // The last line has only NUL bytes and no newline, so it is left to the next run.
    append(7, &(line(3) + "\0\0\n"));
    let again = Run::transform().in_directory(&first.directory);
    let again = again.args(&arguments).run().with_code(0);
    assert_eq!((again.count("emitted"), again.count("lines")), (1, 2));
    assert_eq!(again.json_lines("r")[1]["raw"], "\0");
    let seconds_of = |name| seconds(&again.read(name));
    assert_eq!(seconds_of("out/a.log.xapi.jsonl"), [1.0, 2.0]);
    assert_eq!(seconds_of("out/a.log.xapi.2.jsonl"), [3.0]);
}

#[test]
fn directories_are_read_in_name_order_without_csv_markdown_and_hidden_files() {
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
    ended.assert_stderr("note: 2 files skipped because of their names, such as `logs/README.md`");
    ended.assert_stderr("2 inputs (2 files skipped)");
    assert_eq!(ended.count("emitted"), 2);
}

#[test]
fn skipped_files_are_reported_and_shown_when_quiet_only_if_there_is_no_input() {
    let arguments = ["--quiet", "--report", "report.json", "logs"];
    let run = Run::transform().file("logs/a.log", line(1));
    let run = run.file("logs/README.md", "").file("logs/.hidden.md", "");
    let ended = run.args(&arguments).run().with_code(0);
    assert_eq!(ended.stderr, "");
    assert_eq!(ended.report()["total"]["skipped_files"], 1);
    let run = Run::transform().file("logs/a.log.bak2024", "");
    let run = run.args(&["--exclude", "*.bak*"]).args(&arguments);
    assert_eq!(
        run.run().with_code(0).stderr,
        "warning: no input was found: 1 file skipped because of its name, such as `logs/a.log.bak2024`; choose files with `--include` and `--exclude`\n"
    );
    for (file, shown) in [
        ("logs/.a.log", "logs/.a.log"),
        ("logs/.old/a.log", "logs/.old"),
    ] {
        let ended = Run::transform().file(file, "").args(&arguments).run();
        assert_eq!(
            ended.with_code(0).stderr,
            format!(
                "warning: no input was found: hidden files, such as `{shown}`, are not read unless they are named as inputs\n"
            )
        );
    }
    let run = Run::transform().file("logs/out/a", "").args(&arguments);
    let run = run.args(&["-o", "logs/out"]);
    let warning = "warning: no input was found, so there is nothing to read: check the paths";
    assert!(run.run().with_code(0).stderr.starts_with(warning));
}

#[test]
fn only_the_first_run_with_a_state_directory_notes_skipped_files() {
    let directory = RunDirectory::new();
    directory.write("logs/a.log", line(1));
    directory.write("logs/README.md", "");
    for is_noted in [true, false] {
        let ended = directory.transform().run().with_code(0);
        let note = "note: 1 file skipped because of its name, such as `logs/README.md`";
        assert_eq!(ended.stderr.contains(note), is_noted);
        ended.assert_stderr("1 input (1 file skipped)");
    }
}

#[test]
fn a_skipped_file_is_counted_once_and_not_if_an_argument_names_it() {
    let run = Run::transform().file("logs/a/a.log", line(1));
    let run = run.file("logs/a/x.md", "").file("logs/b.md", line(2));
    let run = run.args(&["--report", "report.json", "logs", "./logs/a", "logs/b.md"]);
    let ended = run.run().with_code(0);
    ended.assert_stderr("note: 1 file skipped because of its name, such as `logs/a/x.md`");
    assert_eq!(ended.report()["total"]["skipped_files"], 1);
}

#[test]
fn inputs_can_be_listed_in_a_file() {
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
fn a_run_without_inputs_is_refused_with_a_hint() {
    let ended = Run::transform().run().with_code(2);
    ended.assert_stderr("`-` for standard input");
    Run::transform().args(&["-", "-"]).run().with_code(2);
    Run::transform()
        .args(&["--files-from", "-", "-"])
        .run()
        .with_code(2);
}

#[test]
fn output_keeps_the_order_of_the_input_at_any_number_of_threads() {
    let log = lines(0..40_000);
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

#[cfg(unix)]
#[test]
fn directories_are_read_with_their_links_and_without_their_pipes() {
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
        ended.assert_stderr(&format!("failed to open `{path}`"));
    }
    ended.assert_stderr("4 inputs (2 failed)");
}

#[cfg(unix)]
#[test]
fn a_list_can_contain_paths_that_are_not_utf8() {
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
fn numbers_out_of_range_are_refused() {
    for arguments in [
        ["--threads", "0"],
        ["--threads", "100000"],
        ["--max-line-bytes", "0"],
        ["--max-line-bytes", "2G"],
    ] {
        let ended = Run::transform()
            .args(&arguments)
            .args(&["-"])
            .run()
            .with_code(2);
        ended.assert_stderr(arguments[0]);
    }
}

#[test]
fn earlier_output_below_the_log_directory_is_no_input() {
    for (format, options) in [
        ("xapi", &[][..]),
        ("caliper", &[]),
        ("xapi", &["--output-format", "clickhouse"]),
    ] {
        let directory = RunDirectory::new();
        directory.write("logs/a.log", line(1));
        // The second run with a new state directory writes a numbered file.
        for (output, state) in [("logs/old", "s1"), ("logs/old", "s2"), ("new", "s3")] {
            let run = Run::transform_to(format).in_directory(&directory);
            let run = run
                .args(options)
                .args(&["-o", output, "--state", state, "logs"]);
            let ended = run.run().with_code(0);
            assert_eq!(ended.files(output).len(), 1 + usize::from(state == "s2"));
            let skipped = if output == "new" { 2 } else { 0 };
            assert_eq!(
                ended.stderr.contains("files skipped"),
                skipped > 0,
                "{}",
                ended.stderr
            );
        }
    }
}
