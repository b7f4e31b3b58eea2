//! `--conformance` as an option.

use serde_json::json;

use super::event;
use crate::harness::{ROOT_URL, Run};

#[test]
fn reference_is_the_default() {
    let log = event("problem/problem_check.three-questions", &[]).to_string();
    let output = |run: Run| {
        run.tables()
            .stdin(&log)
            .args(&["-"])
            .run()
            .with_code(0)
            .stdout
    };
    let default = output(Run::transform());
    assert_eq!(
        default,
        output(Run::transform().args(&["--conformance", "reference"]))
    );
    let spec = output(Run::transform().args(&["--conformance", "SPEC"]));
    assert_ne!(default, spec);
    assert_eq!(
        spec,
        output(Run::transform().env("EVENT_ROUTER_CONFORMANCE", "spec"))
    );
}

#[test]
fn the_root_url_must_be_an_iri() {
    for command in ["transform", "explain", "send", "verify"] {
        let run = Run::new(&[
            command,
            "--to",
            "xapi",
            "--lms-root-url",
            "courses.example.org",
        ]);
        let run = match command {
            "send" | "verify" => run.args(&["--url", "http://127.0.0.1:1/xAPI"]),
            _ => run,
        };
        let ended = run.args(&["--conformance", "spec", "-"]).run().with_code(2);
        ended.assert_error("`--conformance spec` (or EVENT_ROUTER_CONFORMANCE) needs an LMS root URL that is an IRI");
    }
}

#[test]
fn an_explanation_names_the_option_as_an_origin() {
    let log = event(
        "problem/edx.problem.completed",
        &[("/event/problem_id", json!("p 1"))],
    );
    let run = Run::new(&["explain", "--to", "xapi", "--lms-root-url", ROOT_URL]).tables();
    let run = run.args(&["--events", "all", "--conformance", "spec", "x.log:1"]);
    let ended = run.file("x.log", format!("{log}\n")).run().with_code(0);
    let text = String::from_utf8(ended.stdout).unwrap();
    assert!(
        text.contains("\"interactionType\": \"other\"  ← --conformance\n"),
        "{text}"
    );
    assert!(
        text.contains("/xblock/p%201\",  ← event.problem_id, --lms-root-url, --conformance\n"),
        "{text}"
    );
}

#[test]
fn a_state_directory_does_not_remember_the_mode() {
    let log = event("problem/problem_check.three-questions", &[]);
    let run = |conformance: &str| {
        let run = Run::transform().tables();
        run.args(&[
            "--conformance",
            conformance,
            "--state",
            "state",
            "-o",
            "out",
            "x.log",
        ])
    };
    let first = run("reference").file("x.log", format!("{log}\n"));
    let first = first.run().with_code(0);
    assert_eq!(first.files("out"), ["x.log.xapi.jsonl"]);
    let again = run("spec")
        .in_directory(&first.directory)
        .run()
        .with_code(0);
    assert_eq!(again.files("out"), ["x.log.xapi.jsonl"]);
}
