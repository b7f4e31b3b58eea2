//! Inputs that are read at the same time have the same output as inputs that are read one after the other.

use std::collections::BTreeMap;

use crate::harness::{RunDirectory, gzip, lines};

/// The files in `out`, by name.
fn output(directory: &RunDirectory) -> BTreeMap<String, Vec<u8>> {
    let names = directory.files("out").into_iter();
    names
        .map(|name| (name.clone(), directory.read(&format!("out/{name}"))))
        .collect()
}

/// Transforms the logs of two nights, many of which start with the same lines. Returns the output, in which each
/// statement must occur once.
fn two_nights(options: &[&str]) -> BTreeMap<String, Vec<u8>> {
    let directory = RunDirectory::new();
    let transform = || directory.run_with_state(&[&["transform", "-o", "out"], options].concat());
    let common = lines(0..2000);
    let rotated = lines(6000..8000);
    directory.write("logs/a-copy.log.gz", gzip(&common));
    directory.write("logs/a.log", &common);
    directory.write("logs/b.log", common.clone() + &lines(2000..3000));
    directory.write("logs/c.log", common + &lines(3000..4000));
    directory.write("logs/d.log", lines(4000..6000));
    directory.write("logs/d.log.gz", gzip(lines(4000..6000)));
    directory.write("logs/t.log", &rotated);
    transform().run().with_code(0);
    // The log `t.log` was rotated, after it had got some more lines.
    directory.write("logs/t.log", lines(8000..9000));
    directory.write("logs/t.log-1", rotated + &lines(9000..9010));
    transform().run().with_code(0);
    let counts = directory.statement_counts();
    assert_eq!(counts.len(), 9010);
    assert!(counts.values().all(|&count| count == 1));
    output(&directory)
}

#[test]
fn inputs_with_common_lines_are_delivered_once_at_any_number_of_threads() {
    let one_by_one = two_nights(&["--threads", "1"]);
    assert!(one_by_one.contains_key("t.log.xapi.3.jsonl"));
    let side_by_side = ["--threads", "4"];
    assert!(two_nights(&side_by_side) == one_by_one);
    // Rejects keep the order of the inputs.
    let in_order = ["--threads", "4", "--rejects", "rejects"];
    assert!(two_nights(&in_order) == one_by_one);
}
