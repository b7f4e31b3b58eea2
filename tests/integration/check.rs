//! `--check`.

use crate::harness::{Run, fixture, gzip, line, lines};

/// The expected documents have other white space than the output.
#[test]
fn documents_compare_equal_despite_other_white_space() {
    let expected = fixture("xapi");
    let run = Run::transform().tables().args(&[
        "--events",
        "all",
        "--check",
        "-o",
        expected.to_str().unwrap(),
    ]);
    run.path(&fixture("events")).run().with_code(0);
}

#[test]
fn output_compares_equal_with_itself_despite_compression_or_other_white_space() {
    let log = lines(0..3000);
    let made = Run::transform()
        .file("a.log", &log)
        .args(&["-o", "out", "a.log"])
        .run()
        .with_code(0);
    let output = made.read("out/a.log.xapi.jsonl");
    for (name, compress, bytes) in [
        ("out/a.log.xapi.jsonl", "none", output.clone()),
        ("out/a.log.xapi.jsonl.gz", "gzip", gzip(&output)),
        (
            "out/a.log.xapi.jsonl",
            "none",
            String::from_utf8(output)
                .unwrap()
                .replace("\":", "\": ")
                .into(),
        ),
    ] {
        let run = Run::transform().file("a.log", &log).file(name, bytes);
        let ended = run
            .args(&["--compress", compress, "--check", "-o", "out", "a.log"])
            .run()
            .with_code(0);
        assert_eq!(ended.stdout, b"");
    }
}

#[test]
fn each_difference_is_shown_and_nothing_is_written() {
    let made = Run::transform()
        .file("a.log", line(1) + &line(2))
        .args(&["a.log"])
        .run()
        .with_code(0);
    let output = String::from_utf8(made.stdout).unwrap();
    for (expected, shown) in [
        (output.replace("1.0}", "1.5}"), "time\": 1.5"),
        (output.replace("2.0}", "2}"), "time\": 2\n"),
        (
            output.lines().next().unwrap().to_owned(),
            "a.log.xapi.jsonl:2",
        ),
        (output.clone() + "{\"more\": 1}\n", "-  \"more\": 1"),
    ] {
        let run = Run::transform()
            .file("a.log", line(1) + &line(2))
            .file("out/a.log.xapi.jsonl", &expected);
        let ended = run
            .args(&["--check", "-o", "out", "a.log"])
            .run()
            .with_code(1);
        let stdout = String::from_utf8(ended.stdout.clone()).unwrap();
        assert!(stdout.contains(shown), "{stdout}");
        assert_eq!(ended.read("out/a.log.xapi.jsonl"), expected.into_bytes());
    }
}

#[test]
fn a_missing_file_and_a_surplus_file_are_differences() {
    let run = Run::transform()
        .file("a.log", line(1))
        .args(&["--check", "-o", "out", "a.log"]);
    let ended = run.run().with_code(1);
    assert_eq!(ended.files("."), ["a.log"]);
    assert!(
        String::from_utf8(ended.stdout)
            .unwrap()
            .contains("out/a.log.xapi.jsonl: is missing")
    );

    let rejected = line(1).replace("ada", "");
    let run = Run::transform()
        .file("e.json", &rejected)
        .args(&["--check", "-o", "out", "e.json"]);
    run.run().with_code(0);
    let run = Run::transform()
        .file("e.json", &rejected)
        .file("out/e.json", "{\"id\": 1}");
    run.args(&["--check", "-o", "out", "e.json"])
        .run()
        .with_code(1);
}

#[test]
fn check_requires_an_output_directory_and_refuses_a_rejects_file() {
    Run::transform()
        .file("a.log", line(1))
        .args(&["--check", "a.log"])
        .run()
        .with_code(2);
    let run = Run::transform()
        .file("a.log", line(1))
        .env("EVENT_ROUTER_CHECK", "false");
    run.args(&["a.log"]).run().with_code(0);
    let run = Run::transform().file("a.log", line(1));
    run.args(&["--check", "--rejects", "r", "-o", "out", "a.log"])
        .run()
        .with_code(2);
}

#[test]
fn at_most_20_differences_are_shown_and_the_rest_are_counted() {
    let log = lines(0..30);
    let expected = "{}\n".repeat(31);
    let run = Run::transform()
        .file("a.log", log)
        .file("out/a.log.xapi.jsonl", expected);
    let ended = run
        .args(&["--check", "-o", "out", "a.log"])
        .run()
        .with_code(1);
    let stdout = String::from_utf8(ended.stdout).unwrap();
    assert_eq!(stdout.matches("+++").count(), 20);
    assert!(stdout.contains("11 more differences"), "{stdout}");
}
