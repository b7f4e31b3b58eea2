//! What is written, and where.

use std::fs;
use std::io::Read;
use std::process::{Command, Stdio};

use flate2::read::MultiGzDecoder;

use crate::harness::{ROOT_URL, Run, fixture, gzip, json_lines, line};

/// A member of gzip for each batch, one for none at all; and by the thread that delivers where duplicates are taken out.
#[test]
fn output_is_compressed_when_asked_whichever_thread_does_it() {
    let log: String = (0..20_000).map(line).collect();
    assert!(log.len() > 3 << 20);
    let logs = [("long", log.as_str()), ("empty", ""), ("short", &line(1))];
    for options in [&[][..], &["--dedupe"]] {
        for (name, log) in logs {
            let transform = || Run::transform().file("a.log", log).args(options);
            let packed = transform().args(&["--compress", "gzip", "-o", "out", "a.log"]);
            let packed = packed.run().with_code(0).read("out/a.log.xapi.jsonl.gz");
            let mut text = Vec::new();
            MultiGzDecoder::new(&packed[..])
                .read_to_end(&mut text)
                .unwrap();
            let plain = transform().args(&["a.log"]).run().with_code(0);
            assert!(text == plain.stdout, "{name}");
            assert!(!packed.is_empty());
        }
    }
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
        let metadata = fs::metadata(ended.directory.path(name)).unwrap();
        metadata.permissions().mode() & 0o777
    };
    let usual = mode("a.log");
    assert_eq!((mode("out/a.log.xapi.jsonl"), mode("r")), (usual, 0o600));
}

#[test]
fn nothing_is_written_twice_or_over_what_is_read() {
    let run = |arguments: &[&str]| {
        let run = Run::transform()
            .file("x.log", line(1))
            .file("b/x.log", line(2))
            .file("e.json", line(3));
        run.file("u.csv", "id,username,email,xapi_id,caliper_id\n")
            .args(arguments)
    };
    for (arguments, message) in [
        (
            vec!["-o", "out", "x.log", "b/x.log"],
            "would both write `out/x.log.xapi.jsonl`",
        ),
        (vec!["-o", "out", "x.log", "x.log"], "is given twice"),
        (
            vec!["-o", "out", "--rejects", "out/x.log.xapi.jsonl", "x.log"],
            "would both write",
        ),
        (vec!["-o", ".", "e.json"], "would replace `e.json`"),
        (vec!["-o", "new/..", "e.json"], "would replace `e.json`"),
        (vec!["--rejects", "x.log", "x.log"], "would replace `x.log`"),
        (
            vec!["--users", "u.csv", "--rejects", "./u.csv", "x.log"],
            "would replace `u.csv`",
        ),
        (
            vec!["--files-from", "x.log", "--rejects", "x.log"],
            "would replace `x.log`",
        ),
    ] {
        let ended = run(&arguments).run().with_code(2);
        assert!(ended.stderr.contains(message), "{}", ended.stderr);
        assert_eq!(ended.files("."), ["b/x.log", "e.json", "u.csv", "x.log"]);
        assert_eq!(ended.read("x.log"), line(1).into_bytes());
    }
}

#[test]
fn what_a_run_writes_is_not_among_its_inputs_the_next_time() {
    let run = || {
        let run = Run::transform()
            .file("logs/a.log", "x\n")
            .file("logs/out/b.log", "x\n");
        run.file("logs/rejects.jsonl", line(1)).args(&[
            "--rejects",
            "logs/rejects.jsonl",
            "-o",
            "logs/out",
            "logs",
        ])
    };
    let ended = run().run().with_code(0);
    assert_eq!(ended.count("lines"), 1);
    assert_eq!(
        crate::harness::json_lines(&ended.read("logs/rejects.jsonl")).len(),
        1
    );
}

#[test]
fn of_several_exit_codes_the_largest_wins() {
    let broken = &crate::harness::gzip(line(1))[..30];
    let run = || {
        Run::transform()
            .file("cut.log", broken)
            .file("a.log", line(1))
    };
    let in_the_way = run()
        .file("out/a.log.xapi.jsonl/x", "")
        .args(&["-o", "out"]);
    in_the_way.args(&["a.log", "cut.log"]).run().with_code(6);
    let in_the_way = run()
        .file("out/a.log.xapi.jsonl/x", "")
        .args(&["-o", "out"]);
    in_the_way.args(&["cut.log", "a.log"]).run().with_code(6);
    run()
        .args(&["--check", "-o", "out", "cut.log", "a.log"])
        .run()
        .with_code(3);
}

#[test]
fn a_failed_output_counts_for_nothing() {
    let run = Run::transform().file("a.log", line(1) + "x\n");
    let run = run
        .file("b.log", line(2) + &line(3) + "x\n")
        .file("out/b.log.xapi.jsonl/x", "");
    let ended = run
        .args(&["--rejects", "r", "-o", "out", "b.log", "a.log"])
        .run()
        .with_code(6);
    let rejects = crate::harness::json_lines(&ended.read("r"));
    assert_eq!(
        rejects
            .iter()
            .map(|row| row["file"].as_str().unwrap())
            .collect::<Vec<_>>(),
        ["a.log"]
    );
    assert_eq!(ended.count("emitted"), 1);
    assert!(
        ended.stderr.contains("2 inputs (1 failed)"),
        "{}",
        ended.stderr
    );
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
        .current_dir(run.directory.path(""))
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

#[test]
fn inputs_that_are_read_at_a_time_are_told_in_order_and_each_fails_by_itself() {
    let mut run = Run::transform();
    for nth in 0..12u32 {
        let log = (0..2000)
            .map(|second| line(nth * 2000 + second))
            .collect::<String>();
        let bytes = match nth {
            4 => gzip(log)[..500].to_vec(),
            _ => gzip(log),
        };
        run = run.file(&format!("logs/{nth:02}.log.gz"), bytes);
    }
    let run = run.file("out/07.log.xapi.jsonl/in-the-way", "");
    let ended = run
        .args(&[
            "--threads",
            "4",
            "-o",
            "out",
            "--report",
            "report.json",
            "logs",
        ])
        .run()
        .with_code(6);
    let report: serde_json::Value = serde_json::from_slice(&ended.read("report.json")).unwrap();
    let inputs = report["inputs"].as_array().unwrap();
    for (nth, input) in inputs.iter().enumerate() {
        assert_eq!(input["name"], format!("logs/{nth:02}.log.gz"));
        let failed = [4, 7].contains(&nth);
        assert_eq!(input["ended"] == "failed", failed, "{input}");
        if !failed {
            let output = format!("out/{nth:02}.log.xapi.jsonl");
            assert_eq!(input["output"], output.as_str());
            assert_eq!(json_lines(&ended.read(&output)).len(), 2000);
        }
    }
    assert_eq!(inputs.len(), 12);
    let sum = |key: &str| {
        inputs
            .iter()
            .map(|input| input[key].as_u64().unwrap())
            .sum::<u64>()
    };
    assert_eq!(sum("lines"), report["total"]["lines"].as_u64().unwrap());
    assert_eq!(sum("bytes"), report["total"]["bytes"].as_u64().unwrap());
}
