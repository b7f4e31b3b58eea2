//! Events with the deepest supported nesting, which a debug build must convert without a stack overflow.

use std::fs;

use serde_json::{Value, json};

use crate::harness::{Run, fixture};

/// The deepest nesting of arrays and objects that the program reads.
const MAX_DEPTH: usize = 900;

/// A value of alternating objects and arrays with that nesting. serde_json cannot read such a value.
fn nested(depth: usize) -> String {
    let starts: String = (0..depth).map(|nth| ["{\"a\":", "["][nth % 2]).collect();
    let ends: String = (0..depth).rev().map(|nth| ["}", "]"][nth % 2]).collect();
    format!("{starts}1{ends}")
}

/// The lines of an event, in each of which one field of `event` or `context` is replaced by a deeply nested value.
fn lines_of(event: &Value) -> Vec<String> {
    let mut lines = Vec::new();
    for part in ["event", "context"] {
        let fields = event[part]
            .as_object()
            .into_iter()
            .flat_map(|fields| fields.keys());
        for field in fields {
            let mut event = event.clone();
            event[part][field] = json!("(nested)");
            let value = nested(MAX_DEPTH - 2);
            lines.push(event.to_string().replacen("\"(nested)\"", &value, 1));
        }
    }
    lines
}

#[test]
fn events_with_the_deepest_nesting_convert_to_both_formats() {
    let families = fs::read_dir(fixture("events")).unwrap();
    let files = families.flat_map(|family| fs::read_dir(family.unwrap().path()).unwrap());
    let mut lines = Vec::new();
    for file in files {
        let path = file.unwrap().path();
        let event: Value = serde_json::from_slice(&fs::read(&path).unwrap()).unwrap();
        // One event of each name.
        if path.file_stem().unwrap().to_str() == event["name"].as_str() {
            lines.extend(lines_of(&event));
        }
    }
    assert!(lines.len() > 200);
    let log = lines.join("\n");
    for format in ["xapi", "caliper"] {
        let run = Run::explain_to(format)
            .tables()
            .args(&["--events", "all", "-"]);
        let explained = run.stdin(&log).run().with_code(0);
        let outcomes = explained.stdout.split(|&byte| byte == b'\n');
        let outcomes: Vec<_> = outcomes.filter(|row| !row.is_empty()).collect();
        assert_eq!(outcomes.len(), lines.len());
    }
}

#[test]
fn deeper_lines_are_unparsable_and_the_run_continues() {
    let line = |depth| format!("{{\"name\":\"a\",\"event\":{}}}\n", nested(depth));
    let log = line(MAX_DEPTH) + &line(MAX_DEPTH - 1);
    let rows = Run::explain()
        .args(&["-"])
        .stdin(log)
        .run()
        .with_code(0)
        .rows();
    assert_eq!(rows[0]["reason"], "not-json");
    assert!(
        rows[0]["detail"]
            .as_str()
            .unwrap()
            .starts_with("nesting deeper than 900 at byte ")
    );
    assert_eq!(rows[1]["outcome"], "unsupported");
}
