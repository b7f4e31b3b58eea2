//! Output files, standard output and rejects.

use std::io::Read;

use flate2::read::MultiGzDecoder;

use crate::harness::{Run, fixture, gzip, line, lines};
use crate::rejects::row;

/// Gzip output has one member for each batch, and one if there is no batch. With `--dedupe`, the delivering thread
/// compresses.
#[test]
fn compressed_output_equals_plain_output_with_and_without_dedupe() {
    let log = lines(0..20_000);
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
fn an_existing_output_file_is_replaced_and_no_temporary_file_is_left() {
    let run = Run::transform()
        .file("a.log", line(1))
        .file("out/a.log.xapi.jsonl", "old");
    let ended = run.args(&["-o", "out", "a.log"]).run().with_code(0);
    assert_eq!(ended.files("out"), ["a.log.xapi.jsonl"]);
    assert!(ended.read("out/a.log.xapi.jsonl").starts_with(b"{\"id\""));
}

#[cfg(unix)]
#[test]
fn output_has_default_permissions_and_rejects_are_private() {
    let run = Run::transform()
        .file("a.log", "x\n")
        .args(&["--rejects", "r", "-o", "out", "a.log"]);
    let ended = run.run().with_code(0);
    let mode = |name: &str| ended.directory.mode(name);
    let usual = mode("a.log");
    assert_eq!((mode("out/a.log.xapi.jsonl"), mode("r")), (usual, 0o600));
}

#[test]
fn outputs_that_would_replace_each_other_or_an_input_are_refused() {
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
            vec!["--files-from", "u.csv", "--rejects", "u.csv"],
            "would replace `u.csv`",
        ),
    ] {
        let ended = run(&arguments).run().with_code(2);
        ended.assert_stderr(message);
        assert_eq!(ended.files("."), ["b/x.log", "e.json", "u.csv", "x.log"]);
        assert_eq!(ended.read("x.log"), line(1).into_bytes());
    }
}

#[test]
fn output_files_below_an_input_directory_are_not_read_as_inputs() {
    let run = || {
        let run = Run::transform()
            .file("logs/a.log", "x\n")
            .file("logs/out/b.log", "x\n");
        run.file("logs/rejects.jsonl", row("a.log", 1, "y", "not-json"))
            .args(&["--rejects", "logs/rejects.jsonl", "-o", "logs/out", "logs"])
    };
    let ended = run().run().with_code(0);
    assert_eq!(ended.count("lines"), 1);
    assert_eq!(ended.json_lines("logs/rejects.jsonl").len(), 1);
}

#[test]
fn the_largest_of_several_exit_codes_wins() {
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
fn lines_of_a_failed_output_are_neither_counted_nor_kept_as_rejects() {
    let run = Run::transform().file("a.log", line(1) + "x\n");
    let run = run
        .file("b.log", line(2) + &line(3) + "x\n")
        .file("out/b.log.xapi.jsonl/x", "");
    let ended = run
        .args(&["--rejects", "r", "-o", "out", "b.log", "a.log"])
        .run()
        .with_code(6);
    let rejects = ended.json_lines("r");
    assert_eq!(
        rejects
            .iter()
            .map(|row| row["file"].as_str().unwrap())
            .collect::<Vec<_>>(),
        ["a.log"]
    );
    assert_eq!(ended.count("emitted"), 1);
    ended.assert_stderr("2 inputs (1 failed)");
}

#[test]
fn an_unwritable_output_fails_its_input_alone_and_exits_with_6() {
    let run = Run::transform()
        .file("a.log", line(1))
        .file("b.log", line(2));
    let run = run.file("out/a.log.xapi.jsonl/in-the-way", "");
    let ended = run
        .args(&["-o", "out", "a.log", "b.log"])
        .run()
        .with_code(6);
    ended.assert_stderr("failed to write `out/a.log.xapi.jsonl`");
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
fn a_closed_standard_output_is_not_an_error() {
    let run = Run::transform().file("a.log", lines(0..20_000));
    let mut running = run.args(&["a.log"]).start();
    let mut stdout = running.child.stdout.take().unwrap();
    stdout.read_exact(&mut [0; 100]).unwrap();
    drop(stdout);
    let ended = running.end().with_code(0);
    let verdict = ended.stderr.lines().find(|line| line.contains(" written "));
    let verdict = verdict.unwrap();
    assert!(verdict.starts_with("at most "), "{verdict}");
    let end = "from 1 input (0 done, stopped): its reader closed it before the end";
    assert!(verdict.ends_with(end), "{verdict}");
}

#[cfg(target_os = "linux")]
#[test]
fn a_full_standard_output_exits_with_6() {
    let log = fixture("sample/tracking.log.gz");
    let run = Run::transform().path(&log).after_shell("exec > /dev/full");
    let ended = run.run().with_code(6);
    ended.assert_stderr("failed to write to standard output");
}

#[test]
fn quiet_shows_only_errors() {
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
fn rejects_contain_the_line_and_the_reason() {
    let mut log = b"{\"event\": {\"x\": ]}\n\n\xff\xfe{}\n".to_vec();
    log.extend(line(1).replace("ada", "").into_bytes());
    let run = Run::transform().stdin(&log).args(&["--rejects", "r", "-"]);
    let ended = run.run().with_code(0);
    let rows = ended.json_lines("r");
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
fn inputs_read_in_parallel_are_reported_in_order_and_fail_independently() {
    let mut run = Run::transform();
    for nth in 0..12u32 {
        let log = lines(nth * 2000..(nth + 1) * 2000);
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
    let report = ended.report();
    let inputs = report["inputs"].as_array().unwrap();
    for (nth, input) in inputs.iter().enumerate() {
        assert_eq!(input["name"], format!("logs/{nth:02}.log.gz"));
        let failed = [4, 7].contains(&nth);
        assert_eq!(input["ended"] == "failed", failed, "{input}");
        if !failed {
            let output = format!("out/{nth:02}.log.xapi.jsonl");
            assert_eq!(input["output"], output.as_str());
            assert_eq!(ended.json_lines(&output).len(), 2000);
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
