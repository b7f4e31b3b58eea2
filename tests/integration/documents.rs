//! Inputs that are one JSON document.

use crate::harness::{Run, gzip, line};
use crate::inputs::{seconds, two_lines};

#[test]
fn a_log_with_the_suffix_json_is_read_as_lines() {
    for stdin in [two_lines().into_bytes(), gzip(two_lines())] {
        let ended = Run::transform()
            .file("a.json", stdin)
            .args(&["-o", "out", "a.json"])
            .run()
            .with_code(0);
        assert_eq!(seconds(&ended.read("out/a.json.xapi.jsonl")), [1.0, 2.0]);
    }
    for first in [
        "\n",
        "{\"cut\": \n",
        "{\"event\": NaN}\n",
        "{\"event\": 1} x\n",
    ] {
        let run = Run::transform()
            .file("a.json", first.to_owned() + &line(1))
            .args(&["-o", "out", "a.json"]);
        let ended = run.run().with_code(0);
        assert_eq!(ended.count("emitted"), 1, "{first}");
    }
    // An event that spans several lines is a document, even if one of its lines looks like an event.
    let document = line(1).replace("\"name\"", "\"other\": {\"event\": 1}\n, \"name\"");
    let ended = Run::transform()
        .file("a.json", document)
        .args(&["-o", "out", "a.json"])
        .run()
        .with_code(0);
    assert_eq!(ended.files("out"), ["a.json"]);
    // A single event on a single line is a document.
    let ended = Run::transform()
        .file("a.json", line(1))
        .args(&["-o", "out", "a.json"])
        .run()
        .with_code(0);
    assert_eq!(ended.files("out"), ["a.json"]);
}

#[test]
fn a_document_can_be_too_long_or_truncated() {
    let document = line(1);
    let run =
        Run::explain()
            .file("long.json", &document)
            .args(&["--max-line-bytes", "50", "long.json"]);
    assert_eq!(run.run().with_code(0).rows()[0]["reason"], "too-long");
    let mut cut = gzip(&document);
    cut.truncate(cut.len() - 20);
    let ended = Run::explain()
        .file("cut.json", cut)
        .args(&["cut.json"])
        .run()
        .with_code(3);
    assert_eq!(ended.rows()[0]["reason"], "truncated");
}
