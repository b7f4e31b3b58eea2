//! `--conformance spec`: records that the specifications allow, with the ids of the reference.

mod caliper;
mod ids;
mod options;
mod xapi;

use std::fs;

use serde_json::Value;

use crate::harness::{Run, fixture};

/// Runs `explain` over events, and returns one row each.
fn explained(format: &str, conformance: &str, events: &[Value]) -> Vec<Value> {
    let log: String = events.iter().map(|event| format!("{event}\n")).collect();
    let run = Run::explain_to(format).tables().stdin(log);
    let run = match format {
        "caliper" => run.args(&["--envelope", "none"]),
        _ => run,
    };
    let run = run.args(&["--events", "all", "--conformance", conformance, "-"]);
    let rows = run.run().with_code(0).rows();
    assert_eq!(rows.len(), events.len());
    rows
}

/// The event of a fixture with some values set. A key of `event` may be given without `event`.
fn event(name: &str, edits: &[(&str, Value)]) -> Value {
    let path = fixture("events").join(format!("{name}.json"));
    let mut event: Value = serde_json::from_slice(&fs::read(path).unwrap()).unwrap();
    if let Some(text) = event["event"].as_str() {
        event["event"] = serde_json::from_str(text).unwrap();
    }
    for (pointer, value) in edits {
        let (parent, key) = pointer.rsplit_once('/').unwrap();
        event.pointer_mut(parent).unwrap()[key] = value.clone();
    }
    event
}

/// A name of a fixture, the values that are set in its event, and values of the records, by JSON pointer. Null stands for an
/// absent value.
type Case<'a> = (&'a str, &'a [(&'a str, Value)], &'a [(&'a str, Value)]);

/// Checks the values of records in the form of the specification.
fn assert_cases(format: &str, cases: &[Case<'_>]) {
    let events: Vec<Value> = cases
        .iter()
        .map(|(name, edits, _)| event(name, edits))
        .collect();
    let rows = explained(format, "spec", &events);
    for ((name, edits, expected), row) in cases.iter().zip(rows) {
        assert_eq!(row["outcome"], "emitted", "{name} {edits:?}: {row}");
        for (pointer, value) in *expected {
            let found = row["out"].pointer(pointer).unwrap_or(&Value::Null);
            assert_eq!(found, value, "{name} {edits:?} {pointer} {}", row["out"]);
        }
    }
}

/// Checks that an event is rejected for want of an object id. `detail` is a part of the detail.
fn assert_without_object_id(format: &str, event: Value, detail: &str) {
    let reference = &explained(format, "reference", std::slice::from_ref(&event))[0];
    assert_eq!(reference["outcome"], "emitted", "{reference}");
    let run = Run::explain_as_text_to(format)
        .tables()
        .stdin(event.to_string());
    let ended = run
        .args(&["--events", "all", "--conformance", "spec", "-"])
        .run();
    let text = String::from_utf8(ended.with_code(0).stdout).unwrap();
    let advice = "to do: nothing, the log does not say it; with `--conformance reference` the event is converted as the reference does";
    for expected in ["no-object-id", detail, advice] {
        assert!(text.contains(expected), "{expected}: {text}");
    }
}
