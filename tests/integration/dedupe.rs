//! `--dedupe`, which drops events that the run has already emitted and reports events with the same id and other
//! content.

use serde_json::{Value, json};

use crate::harness::{Ended, ROOT_URL, Run, fixture, json_lines, line, lines};
use crate::lrs::Lrs;

/// A line whose statement has the id of the statement of `line(second)`, but another video.
fn colliding(second: u32) -> String {
    line(second).replace("\"id\": \"v\"", "\"id\": \"w\"")
}

/// Two logs with common lines and with a line of each outcome. With `times` of 1000, each log is several batches long.
fn overlapping(run: Run, times: u32) -> Run {
    let bad = "no event\n\n".to_owned() + &line(0).replace("ada", "");
    let other = bad + &line(0).replace("play_video", "x");
    let a = lines(0..6 * times) + &other + &line(6 * times - 1);
    let b = lines(4 * times..6 * times) + &colliding(1) + &lines(6 * times..10 * times);
    run.file("logs/a.log", a)
        .file("logs/b.log", b + &colliding(1) + &other)
}

fn overlapping_transform(arguments: &[&str]) -> Run {
    overlapping(Run::transform(), 1000)
        .args(&["--rejects", "rejects", "logs"])
        .args(arguments)
}

#[track_caller]
fn assert_balance(ended: &Ended, expected: [u64; 5]) {
    let outcomes = [
        "emitted",
        "duplicate",
        "rejected",
        "unsupported",
        "unparsable",
    ];
    let counts = outcomes.map(|outcome| ended.count(outcome));
    assert_eq!(counts, expected, "{}", ended.stderr);
    assert_eq!(ended.count("lines"), counts.iter().sum::<u64>());
}

/// The messages, without the line that has the speed.
fn messages(ended: &Ended) -> String {
    let lines = ended
        .stderr
        .lines()
        .filter(|line| !line.ends_with(" events/s"));
    lines.collect::<Vec<_>>().join("\n")
}

#[test]
fn common_lines_are_written_once_at_any_number_of_threads() {
    let distinct = Run::transform().stdin(lines(0..10_000)).args(&["-"]).run();
    for (on_collision, expected) in [
        ("keep", [10_001, 2002, 2, 2, 2]),
        ("reject", [10_000, 2001, 4, 2, 2]),
    ] {
        let [one, four] = ["1", "4"].map(|threads| {
            let options = [
                "--dedupe",
                "--on-collision",
                on_collision,
                "--threads",
                threads,
            ];
            overlapping_transform(&options).run().with_code(0)
        });
        assert_balance(&one, expected);
        assert_eq!(one.stdout, four.stdout);
        assert_eq!(messages(&one), messages(&four));
        assert_eq!(one.read("rejects"), four.read("rejects"));

        let mut written = one.rows();
        let is_other = |row: &Value| row.to_string().contains("+type@video+block@w");
        assert_eq!(
            written.iter().filter(|row| is_other(row)).count() as u64,
            expected[0] - 10_000
        );
        written.retain(|row| !is_other(row));
        assert_eq!(written, distinct.rows());

        let warning = "warning: logs/b.log:2001 and logs/a.log:2 have the same id ";
        one.assert_stderr(warning);
        let collisions = one.json_lines("rejects");
        let collisions: Vec<_> = collisions
            .iter()
            .filter(|row| row["reason"] == "collision")
            .map(|row| (row["file"].as_str().unwrap(), row["line"].as_u64().unwrap()))
            .collect();
        if on_collision == "keep" {
            assert_eq!(collisions, []);
            one.assert_stderr("10,001 statements, 1 collision\n");
        } else {
            assert_eq!(collisions, [("logs/b.log", 2001), ("logs/b.log", 6002)]);
            one.assert_stderr("collision 2");
        }
    }
    // Without `--dedupe`, no line is dropped.
    assert_balance(&overlapping_transform(&[]).run(), [12_003, 0, 2, 2, 2]);
}

#[test]
fn a_rejected_collision_names_the_line_with_the_same_id() {
    let run = Run::transform().file("a.log", line(1) + &colliding(1));
    let ended = run
        .args(&[
            "--dedupe",
            "--on-collision",
            "reject",
            "--rejects",
            "r",
            "a.log",
        ])
        .run()
        .with_code(0);
    let id = ended.rows()[0]["id"].as_str().unwrap().to_owned();
    let row = json!({
        "file": "a.log",
        "line": 2,
        "reason": "collision",
        "detail": format!("a.log:1 has the same id, {id}, but different content"),
    });
    assert_eq!(ended.json_lines("r"), [row]);
}

#[test]
fn at_most_20_collisions_are_reported_and_the_rest_are_counted() {
    for (count, more) in [
        (20, None),
        (34, Some("warning: 14 more events have the id")),
    ] {
        let log = lines(0..count) + &(0..count).map(colliding).collect::<String>();
        let run = Run::transform().file("a.log", log);
        let ended = run.args(&["--dedupe", "a.log"]).run().with_code(0);
        let reported = ended.stderr.matches("have the same id").count();
        assert_eq!(
            (reported, ended.count("emitted")),
            (20, 2 * u64::from(count))
        );
        assert_eq!(ended.stderr.contains("more events have"), more.is_some());
        ended.assert_stderr(more.unwrap_or_default());
    }
}

#[test]
fn lines_that_were_not_delivered_make_no_duplicates() {
    for in_the_way in ["out/a.log.xapi.jsonl/x", "out/b.log.xapi.jsonl/x"] {
        let run = Run::transform()
            .file("a.log", line(1) + &colliding(1))
            .file("b.log", line(1) + &colliding(1))
            .file("c.log", colliding(1) + &line(1) + &line(2))
            .file(in_the_way, "");
        let ended = run
            .args(&["--dedupe", "-o", "out", "a.log", "b.log", "c.log"])
            .run()
            .with_code(6);
        let written = |name: &str| {
            let bytes = ended.read(&format!("out/{name}.log.xapi.jsonl"));
            json_lines(&bytes).len()
        };
        if in_the_way.starts_with("out/a") {
            assert_eq!((written("b"), written("c")), (2, 1));
            assert_balance(&ended, [3, 2, 0, 0, 0]);
        } else {
            assert_eq!((written("a"), written("c")), (2, 1));
            assert_balance(&ended, [3, 2, 0, 0, 0]);
        }
    }
}

#[test]
fn output_without_duplicates_compares_equal_with_itself() {
    let run = |arguments: &[&str]| overlapping(Run::transform(), 1).args(arguments);
    let made = run(&["--dedupe", "-o", "out", "logs"]).run().with_code(0);
    let again = |arguments: &[&str]| {
        let mut again = run(&["--check", "-o", "out", "logs"]).args(arguments);
        for name in made.files("out") {
            let name = format!("out/{name}");
            again = again.file(&name, made.read(&name));
        }
        again.run()
    };
    let ended = again(&["--dedupe"]).with_code(0);
    assert_balance(&ended, [11, 4, 2, 2, 2]);
    again(&[]).with_code(1);
}

#[test]
fn a_document_is_a_duplicate_of_the_same_event_in_a_log_or_another_document() {
    let event =
        std::fs::read(fixture("events/problem/problem_check.three-questions.json")).unwrap();
    let event: Value = serde_json::from_slice(&event).unwrap();
    let run = Run::transform()
        .tables()
        .file("in/a.log", format!("{event}\n"))
        .file("in/b.json", format!("{event:#}\n"))
        .file("in/c.json", event.to_string());
    let run = run.args(&["--dedupe", "--events", "all", "-o", "out"]);
    let first = run.args(&["in/b.json", "in/a.log", "in/c.json"]).run();
    let first = first.with_code(0);
    assert_eq!(first.files("out"), ["a.log.xapi.jsonl", "b.json"]);
    assert_eq!(first.read("out/a.log.xapi.jsonl"), b"");
    assert_balance(&first, [1, 2, 0, 0, 0]);
    first.assert_not_stderr("have the same id");
}

#[test]
fn common_lines_are_sent_once_at_any_number_of_threads() {
    for (format, threads, times) in [
        ("xapi", "1", 1000),
        ("xapi", "4", 1000),
        ("caliper", "4", 10),
    ] {
        let lrs = Lrs::healthy();
        let url = match format {
            "xapi" => lrs.xapi(),
            _ => lrs.caliper(),
        };
        let run = Run::new(&[
            "send",
            "--lms-root-url",
            ROOT_URL,
            "--to",
            format,
            "--dedupe",
        ]);
        let run = run
            .args(&[
                "--url",
                &url,
                "--on-collision",
                "reject",
                "--threads",
                threads,
            ])
            .args(&["--rejects", "rejects", "--report", "report.json", "logs"]);
        let ended = overlapping(run, times).run().with_code(0);
        let report = ended.report();
        let (outcomes, sum) = (&report["total"]["outcomes"], &report["total"]["lines"]);
        let counts = outcomes.as_object().unwrap().values();
        assert_eq!(
            counts.map(|count| count.as_u64().unwrap()).sum::<u64>(),
            *sum
        );
        // A Caliper id is derived from the whole event, so there are no collisions.
        let (emitted, collisions) = match format {
            "xapi" => (10 * times, 2),
            _ => (10 * times + 1, 0),
        };
        assert_eq!(outcomes["emitted"], emitted);
        assert_eq!(outcomes["duplicate"], 12 * times + 3 - emitted - collisions);
        assert_eq!(report["total"]["collisions"], collisions);
        assert_eq!(report["total"]["written"], emitted);
        let router = &report["routers"][0];
        assert_eq!(
            (&router["delivered"], &router["duplicates"]),
            (&json!(emitted), &json!(0))
        );
        assert_eq!(lrs.stored().len(), emitted as usize);
    }
}

#[test]
fn each_router_gets_the_events_it_accepts_once() {
    let servers = [Lrs::healthy(), Lrs::healthy()];
    let routers: Vec<Value> = ["a", "b"]
        .iter()
        .zip(&servers)
        .map(|(host, lrs)| {
            json!({
                "backend_name": "xAPI", "route_url": lrs.xapi(), "enabled": true,
                "auth_scheme": null, "username": null, "password": null, "auth_key": null,
                "configurations": {"match_params": {"host": host}, "override_args": {}, "headers": {}},
            })
        })
        .collect();
    // The statement does not contain the host.
    let from =
        |host: &str| line(1).replace("{\"name\"", &format!("{{\"host\": \"{host}\", \"name\""));
    let run = Run::new(&[
        "send",
        "--lms-root-url",
        ROOT_URL,
        "--to",
        "xapi",
        "--dedupe",
    ])
    .file("routers.json", Value::from(routers).to_string())
    .file("log", from("a") + &from("b") + &from("ab") + &from("b"));
    let ended = run
        .args(&["--routers", "routers.json", "log"])
        .run()
        .with_code(0);
    assert_eq!(servers.map(|lrs| lrs.stored().len()), [1, 1]);
    assert_balance(&ended, [3, 1, 0, 0, 0]);
}

#[test]
fn on_collision_requires_dedupe() {
    for command in ["transform", "send"] {
        let run = Run::new(&[command, "--to", "xapi", "--lms-root-url", ROOT_URL, "-"]);
        let ended = run.args(&["--on-collision", "keep"]).run().with_code(2);
        let message = "`--on-collision` needs `--dedupe`";
        ended.assert_stderr(message);
    }
}

#[test]
fn fail_on_collision_exits_with_1_and_requires_dedupe() {
    for (log, code) in [(line(1) + &line(1), 0), (line(1) + &colliding(1), 1)] {
        Run::transform()
            .args(&["--dedupe", "--fail-on", "collision", "-"])
            .stdin(log)
            .run()
            .with_code(code);
    }
    Run::transform()
        .args(&["--fail-on", "collision", "-"])
        .run()
        .with_code(2);
}
