//! Rejects files as inputs.

use serde_json::{Value, json};

use crate::harness::{Ended, Run, gzip, line, lines};
use crate::lrs::Lrs;

/// A users table without ada, and one with her.
pub const WITHOUT_ADA: &str =
    "id,username,email,xapi_id,caliper_id\n1,bob,,5f3c8b0e-8f0f-4a37-9a4b-0c4f6c5f9f10,\n";
pub const WITH_ADA: &str =
    "id,username,email,xapi_id,caliper_id\n5,ada,,0f3c8b0e-8f0f-4a37-9a4b-0c4f6c5f9f11,\n";

/// The row that the program writes for a line.
pub fn row(file: &str, number: u64, raw: &str, reason: &str) -> String {
    let row = json!({"file": file, "line": number, "reason": reason, "detail": "as it was", "raw": raw.trim_end()});
    // The keys of this value are sorted, unlike those of a row that the program writes.
    row.to_string() + "\n"
}

/// The rejects of a log with five events of ada, which names her in no users table, and a line that is no event.
fn rejected() -> Ended {
    let run = Run::transform()
        .file("without.csv", WITHOUT_ADA)
        .file("with.csv", WITH_ADA)
        .file("tracking.log", "x\n".to_owned() + &lines(1..6));
    let run = run.args(&["--users", "without.csv", "--rejects", "rejects.jsonl"]);
    let ended = run.args(&["tracking.log"]).run().with_code(0);
    assert_eq!((ended.count("rejected"), ended.count("unparsable")), (5, 1));
    ended
}

fn retry(ended: &Ended, command: Run) -> Run {
    command
        .in_directory(&ended.directory)
        .args(&["--users", "with.csv"])
}

fn outcomes(rows: &[Value]) -> Vec<Value> {
    let shown = rows
        .iter()
        .map(|row| json!([row["file"], row["line"], row["outcome"], row["reason"]]));
    shown.collect()
}

#[test]
fn a_row_is_converted_as_the_line_that_it_stands_for() {
    let ended = rejected();
    let transform = |input: &str| retry(&ended, Run::transform().args(&[input]));
    let log = transform("tracking.log").run().with_code(0);
    let again = transform("rejects.jsonl").run().with_code(0);
    assert_eq!(again.stdout, log.stdout);
    assert_eq!(again.rows().len(), 5);
    for outcome in ["emitted", "rejected", "unparsable", "lines"] {
        assert_eq!(again.count(outcome), log.count(outcome), "{outcome}");
    }
    // The form of the lines counts, not the name of the file.
    let text = ended.read("rejects.jsonl");
    let plain = lines(20..22);
    for (name, bytes) in [
        ("retry.json", text.clone()),
        ("retry.log", [plain.as_bytes(), &text].concat()),
        ("retry.gz", [gzip(&text), gzip(&plain)].concat()),
    ] {
        ended.directory.write(name, bytes);
        let again = transform(name).run().with_code(0);
        let more = if name == "retry.json" { 0 } else { 2 };
        assert_eq!(again.count("emitted"), 5 + more, "{name}");
        assert_eq!(again.count("lines"), 6 + more, "{name}");
    }
}

#[test]
fn explain_names_the_line_of_the_log() {
    let ended = rejected();
    let explain = |users: &str| {
        let run = Run::explain().in_directory(&ended.directory);
        let run = run.args(&["--users", users, "rejects.jsonl"]);
        outcomes(&run.run().with_code(0).rows())
    };
    let bad = json!(["tracking.log", 1, "unparsable", "not-json"]);
    let rejected = |line| json!(["tracking.log", line, "rejected", "unknown-user"]);
    let emitted = |line| json!(["tracking.log", line, "emitted", null]);
    let with_bad = |events: Vec<Value>| [vec![bad.clone()], events].concat();
    assert_eq!(
        explain("without.csv"),
        with_bad((2..7).map(rejected).collect())
    );
    assert_eq!(explain("with.csv"), with_bad((2..7).map(emitted).collect()));
}

#[test]
fn lines_keep_their_reasons_and_their_rows_when_they_are_rejected_again() {
    let wrapped = json!({"log": line(3).replace("ada", "")}).to_string() + "\n";
    let marked = format!("INFO [tracking] - {}", line(1));
    for (log, option, reasons) in [
        (
            [marked.as_bytes(), b"INFO [tracking] {\n"].concat(),
            None,
            &["not-json"][..],
        ),
        (
            b"\xffx {\"event\": 1}\n{\"a\": 1}\n".to_vec(),
            None,
            &["not-utf8", "no-event"],
        ),
        (
            [
                "x".repeat(5000).as_bytes(),
                b"\n",
                line(2).replace("ada", "").as_bytes(),
            ]
            .concat(),
            Some(["--max-line-bytes", "4000"]),
            &["too-long", "no-user"],
        ),
        (
            [wrapped.as_bytes(), b"{\"a\":1}\n"].concat(),
            Some(["--unwrap", "log"]),
            &["no-user", "not-wrapped"],
        ),
        (
            [line(1), line(1).replace("\"v\"", "\"w\"")].concat().into(),
            Some(["--on-collision", "reject"]),
            &["collision"],
        ),
    ] {
        let is_collision = reasons == ["collision"];
        let run = |rejects: &str, input: &str| {
            let run = Run::transform().args(&["--rejects", rejects, input]);
            let run = run.args(option.as_ref().map_or(&[], |option| option));
            run.args(if is_collision { &["--dedupe"] } else { &[] })
        };
        let first = run("first", "a.log").file("a.log", log).run().with_code(0);
        let rows = first.json_lines("first");
        let of_rows: Vec<_> = rows
            .iter()
            .map(|row| row["reason"].as_str().unwrap())
            .collect();
        assert_eq!(of_rows, reasons);
        let second = run("second", "first").in_directory(&first.directory).run();
        let second = second.with_code(0);
        assert_eq!(second.read("second"), first.read("first"));
        for outcome in ["rejected", "unparsable"] {
            assert_eq!(second.count(outcome), first.count(outcome), "{reasons:?}");
        }
    }
    let cut = &gzip(lines(1..40))[..200];
    let first = Run::transform()
        .file("a.log", cut)
        .args(&["--rejects", "first", "a.log"])
        .run();
    let second = Run::transform().in_directory(&first.directory);
    let second = second
        .args(&["--rejects", "second", "first"])
        .run()
        .with_code(0);
    assert_eq!(second.json_lines("second")[0]["reason"], "truncated");
    assert_eq!(second.read("second"), first.read("first"));
}

#[test]
fn a_cut_row_is_a_line_that_is_not_json() {
    let text = row("a.log", 1, &line(1), "no-user") + &row("a.log", 2, &line(2), "no-user");
    let cut = text.trim_end_matches("}\n");
    let run = Run::explain()
        .file("r", cut)
        .args(&["r"])
        .run()
        .with_code(0);
    assert_eq!(
        outcomes(&run.rows()),
        [
            json!(["a.log", 1, "emitted", null]),
            json!(["r", 2, "unparsable", "not-json"]),
        ]
    );
}

#[test]
fn a_row_in_a_row_stands_for_the_innermost_line() {
    let inner = row("tracking.log", 7, &line(7), "unknown-user");
    let outer = row("rejects.jsonl", 1, &inner, "no-event");
    for unwrap in [&[][..], &["--unwrap", "raw"]] {
        let run = Run::explain().file("r", &outer).args(unwrap).args(&["r"]);
        let rows = run.run().with_code(0).rows();
        assert_eq!(
            outcomes(&rows),
            [json!(["tracking.log", 7, "emitted", null])]
        );
    }
}

#[test]
fn dead_letters_name_the_line_of_the_log() {
    let lrs = Lrs::healthy();
    let poison = crate::harness::poisoned(3);
    let run =
        Run::send(&lrs.xapi()).file("r", line(1) + &row("tracking.log", 9, &poison, "no-user"));
    let ended = run
        .args(&["--dead-letters", "dead", "r"])
        .run()
        .with_code(4);
    let letter = &ended.dead_letters()[0];
    let text = letter.to_string();
    assert!(
        text.contains("\"file\":\"tracking.log\"") && text.contains("\"line\":9"),
        "{text}"
    );
    assert_eq!(lrs.stored().len(), 1);
}

#[test]
fn a_run_that_can_convert_no_row_today_is_no_empty_run() {
    let ended = rejected();
    let run = |input: &str| {
        let run = Run::transform().in_directory(&ended.directory);
        let run = run.args(&["--quiet", "--fail-on", "empty", "--users", "without.csv"]);
        run.args(&[input]).run()
    };
    assert_eq!(run("rejects.jsonl").with_code(0).stderr, "");
    run("tracking.log").with_code(1);
}
