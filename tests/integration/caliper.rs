//! Caliper envelopes and the options of Caliper.

use serde_json::{Value, json};

use crate::harness::{ROOT_URL, Run, fixture, line, lines};

fn row(run: Run) -> Value {
    run.stdin(line(1))
        .args(&["-"])
        .run()
        .with_code(0)
        .rows()
        .remove(0)
}

#[test]
fn each_event_has_an_envelope_with_the_lms_as_its_sensor() {
    let envelope =
        row(Run::transform_to("caliper").args(&["--send-time", "2024-03-05T10:00:00.5+01:00"]));
    assert_eq!(envelope["sensor"], ROOT_URL);
    assert_eq!(envelope["sendTime"], "2024-03-05T09:00:00.500Z");
    assert_eq!(
        envelope["dataVersion"],
        "http://purl.imsglobal.org/ctx/caliper/v1p2"
    );
    assert_eq!(envelope["data"].as_array().unwrap().len(), 1);
    let of_another =
        row(Run::transform_to("caliper").args(&["--sensor", "https://sensor.example"]));
    assert_eq!(of_another["sensor"], "https://sensor.example");
}

#[test]
fn envelope_none_writes_the_bare_event() {
    let bare = row(Run::transform_to("caliper").args(&["--envelope", "none"]));
    let in_envelope = row(Run::transform_to("caliper"));
    assert_eq!(bare, in_envelope["data"][0]);
    assert_eq!(bare["type"], "MediaEvent");
}

#[test]
fn the_send_time_is_the_same_for_a_whole_run_and_can_be_set() {
    let run = Run::transform_to("caliper").stdin(lines(0..9000));
    let rows = run.args(&["-"]).run().with_code(0).rows();
    assert!(
        rows.iter()
            .all(|row| row["sendTime"] == rows[0]["sendTime"])
    );

    let of_epoch = row(Run::transform_to("caliper").env("SOURCE_DATE_EPOCH", "1709630047"));
    assert_eq!(of_epoch["sendTime"], "2024-03-05T09:14:07.000Z");
    let run = Run::transform_to("caliper").env("SOURCE_DATE_EPOCH", "1709630047");
    assert_eq!(
        row(run.args(&["--send-time", "2020-01-01T00:00:00Z"]))["sendTime"],
        "2020-01-01T00:00:00.000Z"
    );

    for arguments in [
        ["--sensor", "x"],
        ["--send-time", "2024-03-05T09:14:07Z"],
        ["--envelope", "event"],
    ] {
        // The third case gives `--envelope` twice.
        Run::transform_to("caliper")
            .args(&arguments)
            .args(&["--envelope", "none", "-"])
            .run()
            .with_code(2);
    }
    for (time, epoch) in [("yesterday", "0"), ("2024-03-05", "0")] {
        let run = Run::transform_to("caliper")
            .env("SOURCE_DATE_EPOCH", epoch)
            .args(&["--send-time", time, "-"]);
        run.run().with_code(2);
    }
    Run::transform_to("caliper")
        .env("SOURCE_DATE_EPOCH", "now")
        .args(&["-"])
        .run()
        .with_code(2);
}

#[test]
fn explain_shows_what_transform_writes() {
    let fixed = ["--send-time", "2024-03-05T09:14:07Z"];
    let explained = row(Run::explain_to("caliper").args(&fixed));
    assert_eq!(
        explained["out"],
        json!([row(Run::transform_to("caliper").args(&fixed))])
    );
}

#[test]
fn event_ids_are_stable_across_runs_and_differ_between_events() {
    let ids = || {
        let log = lines(0..1000);
        let run = Run::transform_to("caliper")
            .stdin(log)
            .args(&["--envelope", "none", "-"]);
        let rows = run.run().with_code(0).rows();
        rows.iter()
            .map(|row| row["id"].as_str().unwrap().to_owned())
            .collect::<Vec<_>>()
    };
    let mut first = ids();
    assert_eq!(first, ids());
    assert!(first.iter().all(|id| id.starts_with("urn:uuid:")));
    first.sort();
    first.dedup();
    assert_eq!(first.len(), 1000);
}

#[test]
fn options_of_one_format_are_refused_by_the_other() {
    for (format, arguments) in [
        ("caliper", ["--actor", "external-id"]),
        ("xapi", ["--envelope", "none"]),
        ("xapi", ["--sensor", "x"]),
        ("xapi", ["--send-time", "2024-03-05T09:14:07Z"]),
    ] {
        let ended = Run::transform_to(format)
            .args(&arguments)
            .args(&["-"])
            .run()
            .with_code(2);
        ended.assert_stderr(arguments[0]);
    }
}

#[test]
fn the_names_of_output_files_contain_the_format() {
    let run = Run::transform_to("caliper")
        .file("a.log", line(1))
        .args(&["-o", "out", "a.log"]);
    assert_eq!(run.run().with_code(0).files("out"), ["a.log.caliper.jsonl"]);
}

#[test]
fn check_requires_a_fixed_send_time() {
    let expected = fixture("caliper");
    let check = || {
        let run = Run::transform_to("caliper")
            .tables()
            .args(&["--events", "all", "--check"]);
        run.args(&["-o", expected.to_str().unwrap()])
            .path(&fixture("events"))
    };
    let ended = check().run().with_code(2);
    ended.assert_stderr("`--send-time`");
    check()
        .args(&["--send-time", "2024-04-01T00:00:00Z"])
        .run()
        .with_code(0);
    check()
        .env("SOURCE_DATE_EPOCH", "1711929600")
        .run()
        .with_code(0);
    check().args(&["--envelope", "none"]).run().with_code(1);
}
