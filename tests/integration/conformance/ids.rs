//! The ids by the specification are those of the reference.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::harness::{Run, fixture};

/// The actor, verb and time of each statement, or the actor's assignee and the time of each event, by id.
fn records(format: &str, conformance: &str) -> BTreeMap<String, Vec<Value>> {
    let run = Run::transform_to(format)
        .tables()
        .args(&["--events", "all"]);
    let run = match format {
        "caliper" => run.args(&["--envelope", "none"]),
        _ => run,
    };
    let run = run.args(&["--conformance", conformance, "-q"]);
    let run = run
        .path(&fixture("events"))
        .path(&fixture("sample/tracking.log.gz"));
    let ended = run.run().with_code(0);
    let mut records = BTreeMap::new();
    for record in ended.rows() {
        let kept: Vec<Value> = match format {
            "xapi" => ["actor", "verb", "timestamp"]
                .map(|key| record[key].clone())
                .into(),
            _ => ["type", "action", "eventTime"]
                .map(|key| record[key].clone())
                .into(),
        };
        let id = record["id"].as_str().unwrap().to_owned();
        records.insert(id, kept);
    }
    records
}

#[test]
fn ids_actors_verbs_and_times_are_those_of_the_reference() {
    for (format, rejected) in [("xapi", 0), ("caliper", 1)] {
        let reference = records(format, "reference");
        let spec = records(format, "spec");
        assert!(spec.len() > 80, "{format}");
        assert_eq!(spec.len() + rejected, reference.len(), "{format}");
        for (id, kept) in &spec {
            assert_eq!(reference.get(id), Some(kept), "{format} {id}");
        }
    }
}
