//! `send` to a healthy server.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use crate::harness::{Ended, ROOT_URL, Run, line, lines};
use crate::lrs::{Lrs, ServerFault, ServerSettings, id_of};

pub fn send(url: &str, log: &str) -> Run {
    send_to("xapi", url, log)
}

pub fn send_to(format: &str, url: &str, log: &str) -> Run {
    Run::send_to(format, url)
        .args(&["--retry-delay", "0.01", "--report", "report.json", "log"])
        .file("log", log)
}

pub fn router(ended: &Ended) -> Value {
    let report = ended.report();
    report["routers"][0].clone()
}

pub fn transformed(log: &str, format: &str) -> BTreeMap<String, Value> {
    let mut run = Run::transform_to(format).args(&["-"]).stdin(log);
    if format == "caliper" {
        run = run.args(&["--envelope", "none"]);
    }
    let rows = run.run().with_code(0).rows();
    rows.into_iter()
        .map(|row| (id_of(&row).to_owned(), row))
        .collect()
}

/// Checks that the server has stored each of these once, and nothing else.
#[track_caller]
pub fn assert_stored(lrs: &Lrs, expected: &BTreeMap<String, Value>) {
    let stored = lrs.stored();
    let differing = expected
        .iter()
        .find(|(id, value)| stored.get(*id) != Some(value));
    assert_eq!(differing, None);
    assert_eq!(stored.len(), expected.len());
}

#[test]
fn send_stores_each_statement_that_transform_writes_once() {
    for (arguments, requests) in [
        (&["--batch-size", "100"][..], 10),
        (&["--batch-size", "100", "--connections", "1"], 10),
        (&["--batch-size", "100", "--compress-requests"], 10),
        (&[][..], 2),
        (&["--threads", "1", "--batch-bytes", "20000"], 0),
    ] {
        let lrs = Lrs::start(ServerSettings {
            keeps_all: true,
            ..ServerSettings::default()
        });
        let log = lines(0..1000);
        let ended = send(&lrs.xapi(), &log).args(arguments).run().with_code(0);
        assert_stored(&lrs, &transformed(&log, "xapi"));
        let records = lrs.records();
        if requests > 0 {
            assert_eq!(records.requests.len(), requests, "{arguments:?}");
        } else {
            assert!(records.requests.len() > 10);
            assert!(
                records
                    .requests
                    .iter()
                    .all(|request| request.body.len() <= 20_000)
            );
        }
        assert_eq!(router(&ended)["delivered"], 1000);
        assert_eq!(router(&ended)["requests"], records.requests.len());
    }
}

#[test]
fn caliper_requests_have_one_envelope_or_one_for_each_event() {
    let log = lines(0..250);
    for (arguments, envelopes) in [(&[][..], false), (&["--caliper-array"], true)] {
        let lrs = Lrs::healthy();
        send_to("caliper", &lrs.caliper(), &log)
            .args(&["--batch-size", "100"])
            .args(arguments)
            .run()
            .with_code(0);
        assert_stored(&lrs, &transformed(&log, "caliper"));
        let records = lrs.records();
        assert_eq!(records.requests.len(), 3);
        for request in &records.requests {
            let body: Value = serde_json::from_slice(&request.body).unwrap();
            assert_eq!(body.is_array(), envelopes);
            let envelope = if envelopes { &body[0] } else { &body };
            assert_eq!(envelope["sensor"], ROOT_URL);
        }
    }
}

#[test]
fn statements_with_the_same_id_never_share_a_request() {
    let lrs = Lrs::healthy();
    let other = line(1).replace("\"id\": \"v\"", "\"id\": \"w\"");
    let log = line(1) + &line(1) + &other;
    let ended = send(&lrs.xapi(), &log)
        .args(&["--dead-letters", "dead"])
        .run()
        .with_code(4);
    let router = router(&ended);
    assert_eq!(
        (
            &router["delivered"],
            &router["duplicates"],
            &router["undeliverable"]
        ),
        (&json!(1), &json!(1), &json!(1))
    );
    assert_eq!(lrs.stored().len(), 1);
}

#[test]
fn a_dry_run_sends_nothing_and_reports_the_number_of_requests() {
    let lrs = Lrs::healthy();
    let ended = send(&lrs.xapi(), &lines(0..30))
        .args(&["--dry-run", "--batch-size", "10", "--dead-letters", "dead"])
        .run()
        .with_code(0);
    assert_eq!(lrs.request_count(), 0);
    ended.assert_stderr("30 would be delivered");
    assert_eq!(
        (&router(&ended)["requests"], &router(&ended)["delivered"]),
        (&json!(3), &json!(30))
    );
    assert!(!ended.directory.path("dead").exists());
}

#[test]
fn rate_limits_the_requests_of_all_connections_together() {
    let lrs = Lrs::healthy();
    let started = std::time::Instant::now();
    send(&lrs.xapi(), &lines(0..60))
        .args(&["--batch-size", "10", "--rate", "10"])
        .run()
        .with_code(0);
    assert_eq!(lrs.request_count(), 6);
    assert!(started.elapsed().as_millis() >= 500);
}

#[test]
fn an_input_is_done_when_each_statement_is_delivered_or_a_dead_letter() {
    // The first request succeeds. It has the statements of the first log and half of those of the second.
    let inputs = |fault: ServerFault, arguments: &[&str], code| {
        let lrs = Lrs::with_faults(move |nth, _| match nth {
            0 => ServerFault::None,
            _ => fault.clone(),
        });
        let run = send(&lrs.xapi(), &lines(0..6)).args(arguments);
        let run = run.args(&["--connections", "1", "--batch-size", "9"]);
        let run = run.args(&["--max-retries", "0", "second", "unsupported", "third"]);
        let ended = run
            .file("second", lines(10..16))
            .file("unsupported", "{\"name\": \"a\", \"event\": 1}\n")
            .file("third", line(20))
            .run()
            .with_code(code);
        let report = ended.report();
        let of_each = report["inputs"].as_array().unwrap().iter();
        let of_each: Vec<String> = of_each
            .map(|input| {
                assert_eq!(input["ended"] == "stopped", input["bytes"].is_null());
                input["ended"].as_str().unwrap().to_owned()
            })
            .collect();
        let done = of_each.iter().filter(|ended| *ended == "done").count();
        assert_eq!(report["total"]["done_inputs"], done);
        (of_each, ended.stderr)
    };
    let (of_each, said) = inputs(ServerFault::Status(401), &[], 5);
    assert_eq!(of_each, ["done", "stopped", "done", "stopped"]);
    assert!(said.contains("4 inputs (2 done, stopped)"), "{said}");
    let (of_each, said) = inputs(ServerFault::Status(422), &["--dead-letters", "dead"], 4);
    assert_eq!(of_each, ["done"; 4]);
    assert!(said.contains("from 4 inputs\n"), "{said}");
}

#[test]
fn rejected_lines_are_kept_and_the_counts_add_up() {
    let lrs = Lrs::healthy();
    let log = line(1) + "no event\n" + &line(2).replace("ada", "");
    let ended = send(&lrs.xapi(), &log)
        .args(&["--rejects", "rejects"])
        .run()
        .with_code(0);
    assert_eq!(ended.json_lines("rejects").len(), 2);
    assert_eq!(
        (
            ended.count("emitted"),
            ended.count("rejected"),
            ended.count("unparsable")
        ),
        (1, 1, 1)
    );
    let report = ended.report();
    assert_eq!(report["total"]["outcomes"]["emitted"], 1);
    assert_eq!(report["total"]["lines"], 3);
}
