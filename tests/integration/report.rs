//! `--report`.

use std::fs;
use std::io::Read;
use std::path::Path;

use regex::Regex;
use serde_json::Value;

use crate::harness::{ROOT_URL, Run, fixture, gzip, line, lines};

/// A log with a line of each outcome and with each kind of event name.
fn log() -> String {
    [
        &line(2),
        &line(1),
        "\n",
        &line(3).replace("play_video", "pause_video"),
        &line(4).replace("play_video", "/courses/x/about"),
        &line(5).replace("play_video", "edx.bi.something"),
        &line(6).replace("\"play_video\"", "null"),
        &line(7).replace("2024", "2023"),
        &line(8).replace("ada", ""),
        "no event\n",
    ]
    .concat()
}

fn run(command: &str) -> Run {
    Run::new(&[command, "--to", "xapi", "--lms-root-url", ROOT_URL])
        .env("EVENT_ROUTER_SINCE", "2024-01-01")
        .file("a.log", log())
        .file("b/b.log.gz", &gzip(line(70).repeat(100))[..60])
        .args(&["--report", "report.json", "a.log", "nowhere.log", "b"])
}

/// The expected report of [`run`].
fn golden(name: &str) -> String {
    let goldens = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/integration/report");
    fs::read_to_string(goldens.join(name)).unwrap()
}

/// Replaces the values that differ from run to run.
fn normalized(report: &[u8]) -> String {
    let text = std::str::from_utf8(report).unwrap();
    let version = format!("\"version\": \"{}\"", env!("CARGO_PKG_VERSION"));
    let text = text.replace(&version, "\"version\": \"VERSION\"");
    let speed = Regex::new(r#""(seconds|mb_per_second)":( ?)(?:[0-9.e-]+|null)"#).unwrap();
    speed.replace_all(&text, "\"$1\":$2\"SPEED\"").into_owned()
}

/// Programs read the report. A new key may be added; a key that is removed or changes its meaning requires another
/// `schema`.
#[test]
fn the_schema_is_stable() {
    for threads in ["1", "4"] {
        let transform = run("transform")
            .args(&["-o", "out", "--fail-on", "rejected"])
            .env("EVENT_ROUTER_THREADS", threads);
        let send = run("send")
            .args(&[
                "--url",
                "https://lrs.example.org/xAPI?token=hunter2",
                "--dry-run",
            ])
            .env("EVENT_ROUTER_THREADS", threads);
        for (run, name) in [(transform, "transform.json"), (send, "send.json")] {
            let ended = run.without_counts().run().with_code(3);
            let golden = golden(name);
            let actual = normalized(&ended.read("report.json"));
            assert!(actual == golden, "not as expected: {actual}");
        }
    }
}

#[test]
fn the_guide_describes_every_key() {
    let page = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/guide/report.md");
    let page = fs::read_to_string(page).unwrap();
    let golden: Value = serde_json::from_str(&golden("send.json")).unwrap();
    let mut values = vec![(&golden, "")];
    while let Some((value, of)) = values.pop() {
        for element in value.as_array().into_iter().flatten() {
            values.push((element, of));
        }
        // The keys of these are codes and names, which other pages describe.
        let keys = value
            .as_object()
            .filter(|_| !["outcomes", "reasons", "events"].contains(&of));
        for (key, value) in keys.into_iter().flatten() {
            assert!(page.contains(&format!("`{key}`")), "{key}");
            values.push((value, key));
        }
    }
}

#[test]
fn the_counts_of_inputs_and_names_add_up_to_the_totals() {
    let run = Run::transform()
        .tables()
        .file("c.log", line(1))
        .file("out/c.log.xapi.jsonl/in-the-way", "")
        .args(&["--report", "report.json", "-o", "out", "c.log"]);
    let run = run
        .path(&fixture("sample/tracking.log.gz"))
        .path(&fixture("events"));
    let report = run.run().with_code(6).report();
    let (total, inputs) = (&report["total"], report["inputs"].as_array().unwrap());
    assert_eq!(inputs.len(), total["inputs"]);
    let failed: Vec<&Value> = inputs
        .iter()
        .filter(|input| input["ended"] == "failed")
        .collect();
    assert_eq!(
        (failed.len(), &total["failed_inputs"]),
        (1, &Value::from(1))
    );
    let error = failed[0]["error"].as_str().unwrap();
    assert!(
        error.starts_with("failed to write `out/c.log.xapi.jsonl`"),
        "{error}"
    );
    assert_eq!(
        (&failed[0]["lines"], &failed[0]["first_line"]),
        (&Value::from(0), &Value::Null)
    );

    fn numbers(value: &Value) -> u64 {
        value
            .as_object()
            .unwrap()
            .values()
            .map(|value| value.as_u64().unwrap())
            .sum()
    }
    for key in ["outcomes", "reasons", "events", "other_events"] {
        let sum: u64 = inputs.iter().map(|input| numbers(&input[key])).sum();
        assert_eq!(sum, numbers(&total[key]), "{key}");
        assert!(sum > 10, "{key}");
    }
    for key in ["lines", "written", "bytes"] {
        let sum: u64 = inputs
            .iter()
            .map(|input| input[key].as_u64().unwrap())
            .sum();
        assert_eq!(sum, total[key], "{key}");
    }
    for of in inputs.iter().chain([total]) {
        let unparsable = of["outcomes"]["unparsable"].as_u64().unwrap();
        let named = numbers(&of["events"]) + numbers(&of["other_events"]);
        assert_eq!(named + unparsable, of["lines"]);
    }
    assert_eq!(numbers(&total["outcomes"]), total["lines"]);
    let earliest = inputs
        .iter()
        .filter_map(|input| input["earliest"].as_str())
        .min();
    assert_eq!(earliest, total["earliest"].as_str());
}

#[test]
fn the_report_lists_a_bounded_number_of_names() {
    let log: String = (0..30_000)
        .map(|nth| line(1).replace("play_video", &format!("{}{nth}", "x".repeat(200))))
        .collect();
    let run = Run::transform()
        .stdin(log)
        .args(&["--report", "report.json", "-"]);
    let ended = run.run().with_code(0);
    assert!(ended.read("report.json").len() < 3000);
    assert_eq!(ended.report()["total"]["other_events"]["named"], 30_000);
}

#[test]
fn the_report_contains_no_secret() {
    let run = run("send")
        .args(&[
            "--dry-run",
            "--url=https://lrs.example.org/xAPI?token=hunter2",
        ])
        .args(&["--router-url", "https://ada:hunter2@x.example"])
        .env("EVENT_ROUTER_PASSWORD", "hunter2")
        .env("EVENT_ROUTER_USERNAME", "hunter2")
        .env("EVENT_ROUTER_ACTOR_KEY", "hunter2")
        .env("EVENT_ROUTER_REPORT", "hunter2");
    // An unknown router is a usage error, so no report is written.
    assert_eq!(run.run().with_code(2).files("."), ["a.log", "b/b.log.gz"]);

    let run = self::run("send")
        .args(&["--dry-run"])
        .env(
            "EVENT_ROUTER_URL",
            "https://lrs.example.org/xAPI?token=hunter2",
        )
        .env("EVENT_ROUTER_PASSWORD", "hunter2")
        .env("EVENT_ROUTER_USERNAME", "hunter2")
        .env("EVENT_ROUTER_ACTOR_KEY", "hunter2")
        // The option on the command line takes precedence.
        .env("EVENT_ROUTER_REPORT", "hunter2");
    let ended = run.run().with_code(3);
    let text = String::from_utf8(ended.read("report.json")).unwrap();
    assert!(!text.contains("hunter2"), "{text}");
    let variables = &ended.report()["variables"];
    let expected = [
        "EVENT_ROUTER_SINCE",
        "EVENT_ROUTER_URL",
        "EVENT_ROUTER_VERBOSE",
    ];
    assert_eq!(*variables, serde_json::json!(expected));
}

#[test]
fn a_run_that_ends_within_an_input_reports_the_last_line() {
    let run = Run::transform().file("a.log", lines(0..20_000)).args(&[
        "--report",
        "report.json",
        "a.log",
        "a.log",
    ]);
    let mut running = run.start();
    let mut stdout = running.child.stdout.take().unwrap();
    stdout.read_exact(&mut [0; 100]).unwrap();
    drop(stdout);
    let report = running.end().with_code(0).report();
    let [input] = report["inputs"].as_array().unwrap().as_slice() else {
        panic!("{report}");
    };
    assert_eq!(input["ended"], "stopped");
    assert_eq!(
        (&input["bytes"], &input["error"]),
        (&Value::Null, &Value::Null)
    );
    assert_eq!(report["total"]["inputs"], 2);
    assert!(input["last_line"].is_null() || input["last_line"].as_u64().unwrap() < 20_000);
}

#[test]
fn the_report_contains_the_exit_code() {
    let run = Run::transform()
        .stdin("x\n")
        .args(&["--report", "report.json", "-"]);
    let ended = run.args(&["--fail-on", "unparsable"]).run().with_code(1);
    assert_eq!(ended.report()["exit_code"], 1);
}

#[test]
fn times_are_reported_in_utc_in_each_format() {
    let at = |time: &str| line(1).replace("2024-03-05T09:00:00.000001+00:00", time);
    let log = at("2024-03-05T01:00:00.25+05:30") + &at("2024-03-05T00:00:00-01:00") + &line(1);
    for format in ["xapi", "caliper"] {
        let run = Run::transform_to(format).stdin(&log);
        let ended = run
            .args(&["-o", "out", "--report", "out/report.json", "-"])
            .run()
            .with_code(0);
        let report: Value = serde_json::from_slice(&ended.read("out/report.json")).unwrap();
        assert_eq!(report["total"]["earliest"], "2024-03-04T19:30:00.250000Z");
        assert_eq!(report["total"]["latest"], "2024-03-05T09:00:00.000001Z");
    }
}

#[cfg(unix)]
#[test]
fn a_report_in_an_empty_file_keeps_the_file_for_its_writer() {
    use std::os::unix::fs::MetadataExt;

    let arguments = ["--report", "report.json", "a.log"];
    let run = Run::transform()
        .file("report.json", "")
        .file("a.log", line(1));
    let path = run.directory.path("report.json");
    let before = std::fs::metadata(&path).unwrap().ino();
    let ended = run.args(&arguments).run().with_code(0);
    assert_eq!(std::fs::metadata(&path).unwrap().ino(), before);
    assert_eq!(ended.report()["exit_code"], 0);
    // The next report replaces the first.
    let again = Run::transform().in_directory(&ended.directory);
    let again = again.args(&arguments).run().with_code(0);
    assert_eq!(again.report()["exit_code"], 0);
}

#[test]
fn a_report_is_not_written_to_an_empty_file_that_has_lines_at_the_end_of_the_run() {
    let run = Run::transform().file("empty", "");
    let mut running = run.args(&["--report", "empty", "-o", "out", "-"]).start();
    running.write(&line(1));
    // The report is opened before the output.
    running.wait_for("out", ".stdin");
    running.directory.write("empty", "a line\n");
    let ended = running.end().with_code(6);
    ended.assert_error(
        "the report is not written, since another program has written to its file meanwhile",
    );
    assert_eq!(ended.read("empty"), b"a line\n");
}
