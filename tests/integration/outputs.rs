//! What is written, and where.

use std::fs;
use std::io::Read;
use std::process::{Command, Stdio};

use flate2::read::GzDecoder;

use crate::harness::{ROOT_URL, Run, fixture, line};

#[test]
fn output_is_compressed_when_asked() {
    let run =
        Run::transform()
            .file("a.log", line(1))
            .args(&["--compress", "gzip", "-o", "out", "a.log"]);
    let ended = run.run().with_code(0);
    let mut text = Vec::new();
    GzDecoder::new(&ended.read("out/a.log.xapi.jsonl.gz")[..])
        .read_to_end(&mut text)
        .unwrap();
    let plain = Run::transform()
        .file("a.log", line(1))
        .args(&["a.log"])
        .run();
    assert_eq!(text, plain.stdout);
}

#[test]
fn what_stood_there_is_replaced_and_nothing_temporary_stays() {
    let run = Run::transform()
        .file("a.log", line(1))
        .file("out/a.log.xapi.jsonl", "old");
    let ended = run.args(&["-o", "out", "a.log"]).run().with_code(0);
    assert_eq!(ended.files("out"), ["a.log.xapi.jsonl"]);
    assert!(ended.read("out/a.log.xapi.jsonl").starts_with(b"{\"id\""));
}

#[cfg(unix)]
#[test]
fn output_has_the_usual_mode_and_rejects_are_for_their_owner() {
    use std::os::unix::fs::PermissionsExt;
    let run = Run::transform()
        .file("a.log", "x\n")
        .args(&["--rejects", "r", "-o", "out", "a.log"]);
    let ended = run.run().with_code(0);
    let mode = |name: &str| {
        let metadata = fs::metadata(ended.directory.path().join(name)).unwrap();
        metadata.permissions().mode() & 0o777
    };
    let usual = mode("a.log");
    assert_eq!((mode("out/a.log.xapi.jsonl"), mode("r")), (usual, 0o600));
}

#[test]
fn clashes_are_told_before_anything_is_done() {
    for (files, arguments, message) in [
        (
            vec!["a/x.log", "b/x.log"],
            vec!["-o", "out", "a/x.log", "b/x.log"],
            "would both write",
        ),
        (
            vec!["x.log"],
            vec!["-o", "out", "x.log", "x.log"],
            "would both write",
        ),
        (
            vec!["e.json"],
            vec!["-o", ".", "e.json"],
            "would replace the input",
        ),
        (
            vec!["x.log"],
            vec!["--rejects", "x.log", "x.log"],
            "would replace the input",
        ),
    ] {
        let mut run = Run::transform();
        for file in &files {
            run = run.file(file, line(1));
        }
        let ended = run.args(&arguments).run().with_code(2);
        assert!(ended.stderr.contains(message), "{}", ended.stderr);
        assert_eq!(ended.files("."), files);
        assert_eq!(ended.read(files[0]), line(1).into_bytes());
    }
}

#[test]
fn an_output_that_cannot_be_written_costs_its_input_and_exits_with_6() {
    let run = Run::transform()
        .file("a.log", line(1))
        .file("b.log", line(2));
    let run = run.file("out/a.log.xapi.jsonl/in-the-way", "");
    let ended = run
        .args(&["-o", "out", "a.log", "b.log"])
        .run()
        .with_code(6);
    assert!(
        ended
            .stderr
            .contains("failed to write `out/a.log.xapi.jsonl`"),
        "{}",
        ended.stderr
    );
    assert_eq!(
        ended.files("out"),
        ["a.log.xapi.jsonl/in-the-way", "b.log.xapi.jsonl"]
    );

    let run = Run::transform()
        .file("a.log", line(1))
        .file("out", "a file");
    run.args(&["-o", "out", "a.log"]).run().with_code(6);
}

#[test]
fn a_reader_that_goes_away_is_no_failure() {
    let run = Run::transform().file("a.log", (0..20_000).map(line).collect::<String>());
    let mut child = Command::new(env!("CARGO_BIN_EXE_event-router"))
        .args([
            "transform",
            "--to",
            "xapi",
            "--lms-root-url",
            ROOT_URL,
            "a.log",
        ])
        .current_dir(run.directory.path())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut stdout = child.stdout.take().unwrap();
    stdout.read_exact(&mut [0; 100]).unwrap();
    drop(stdout);
    let output = child.wait_with_output().unwrap();
    assert_eq!(
        output.status.code(),
        Some(0),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
}

#[cfg(target_os = "linux")]
#[test]
fn a_full_disk_is_a_failure() {
    let mut command = Command::new(env!("CARGO_BIN_EXE_event-router"));
    command.args(["transform", "--to", "xapi", "--lms-root-url", ROOT_URL]);
    let full = fs::OpenOptions::new()
        .write(true)
        .open("/dev/full")
        .unwrap();
    let output = command
        .arg(fixture("sample/tracking.log.gz"))
        .stdout(full)
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(6));
    let stderr = String::from_utf8(output.stderr).unwrap();
    assert!(
        stderr.contains("failed to write to standard output"),
        "{stderr}"
    );
}

#[test]
fn quiet_tells_only_errors() {
    let run = Run::transform()
        .file("a.log", line(1))
        .args(&["-q", "-o", "out/", "a.log"]);
    assert_eq!(run.run().with_code(0).stderr, "");
    let run = Run::transform().args(&["-q", "a.log"]);
    assert!(
        run.run()
            .with_code(3)
            .stderr
            .starts_with("error: failed to open `a.log`")
    );
}

#[test]
fn rejects_hold_the_line_and_the_reason() {
    let mut log = b"{\"event\": {\"x\": ]}\n\n\xff\xfe{}\n".to_vec();
    log.extend(line(1).replace("ada", "").into_bytes());
    let run = Run::transform().stdin(&log).args(&["--rejects", "r", "-"]);
    let ended = run.run().with_code(0);
    let rows = crate::harness::json_lines(&ended.read("r"));
    let summary = rows.iter().map(|row| {
        (
            row["line"].as_u64().unwrap(),
            row["reason"].as_str().unwrap(),
        )
    });
    assert_eq!(
        summary.collect::<Vec<_>>(),
        [(1, "not-json"), (3, "not-utf8"), (4, "no-user")]
    );
    assert_eq!(rows[0]["raw"], "{\"event\": {\"x\": ]}");
    assert_eq!(rows[1]["raw_base64"], "//57fQ==");
    assert!(
        rows.iter()
            .all(|row| row["file"] == "-" && row["detail"].is_string())
    );
}
