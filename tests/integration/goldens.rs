//! The output for the fixtures equals that of the reference, in each format and at any number of threads.

use std::collections::BTreeMap;
use std::fs;
use std::path::PathBuf;

use event_routing_backends::{caliper, xapi};
use serde_json::Value;

use crate::harness::{Run, fixture, json_lines};

fn documents(folder: &str) -> BTreeMap<String, PathBuf> {
    let root = fixture(folder);
    let entries = walkdir::WalkDir::new(&root).into_iter().map(Result::unwrap);
    let files = entries.filter(|entry| entry.file_type().is_file());
    files
        .map(|file| {
            (
                file.path()
                    .strip_prefix(&root)
                    .unwrap()
                    .display()
                    .to_string(),
                file.into_path(),
            )
        })
        .collect()
}

fn value(bytes: &[u8]) -> Value {
    serde_json::from_slice(bytes).unwrap()
}

const FORMATS: [&str; 2] = ["xapi", "caliper"];

fn transform(format: &str) -> Run {
    let run = Run::transform_to(format).tables();
    // The send time of the expected envelopes.
    if format == "caliper" {
        run.args(&["--send-time", "2024-04-01T00:00:00Z"])
    } else {
        run
    }
}

#[test]
fn each_event_converts_as_in_the_reference() {
    for format in FORMATS {
        let expected = documents(format);
        for threads in ["1", "4"] {
            let run =
                transform(format).args(&["--events", "all", "--threads", threads, "-o", "out"]);
            let ended = run.path(&fixture("events")).run().with_code(0);
            assert_eq!(
                ended.files("out"),
                expected.keys().cloned().collect::<Vec<_>>()
            );
            for (name, path) in &expected {
                let written = ended.read(&format!("out/{name}"));
                assert_eq!(
                    value(&written),
                    value(&fs::read(path).unwrap()),
                    "{format} {name}"
                );
            }
        }
    }
}

/// The reference emits nothing for these events either, apart from a few differences that are documented. The reason
/// codes are our own.
const XAPI_REASONS: &[(&str, &str)] = &[
    (
        "navigation/edx.ui.lms.link_clicked.object-url",
        "wrong-type",
    ),
    ("video/play_video.id-in-a-list", "wrong-type"),
    ("actor-and-time/no-external-id", "no-external-id"),
    ("actor-and-time/no-user", "no-user"),
    ("actor-and-time/time-no-offset", "bad-timestamp"),
    ("actor-and-time/time-space", "bad-timestamp"),
    ("actor-and-time/unknown-user", "unknown-user"),
    ("actor-and-time/user-id-float", "wrong-type"),
    ("actor-and-time/user-id-object", "wrong-type"),
    ("actor-and-time/user-id-true", "wrong-type"),
    (
        "completion/edx.completion.block_completion.changed.no-block",
        "no-object-id",
    ),
    (
        "completion/edx.completion.block_completion.changed.text",
        "wrong-type",
    ),
    (
        "enrollment/edx.course.enrollment.activated.bad-course-id",
        "bad-course-id",
    ),
    (
        "enrollment/edx.course.enrollment.activated.unknown-course",
        "unknown-course",
    ),
    (
        "exam/edx.special_exam.timed.attempt.created.event-as-string",
        "missing-field",
    ),
    (
        "exam/edx.special_exam.timed.attempt.created.no-course",
        "missing-field",
    ),
    (
        "forum/edx.forum.response.created.no-course",
        "missing-field",
    ),
    ("forum/edx.forum.thread.created.numeric-id", "wrong-type"),
    (
        "grading/edx.grades.subsection.grade_calculated.no-possible",
        "missing-field",
    ),
    (
        "navigation/edx.ui.lms.link_clicked.no-target",
        "missing-field",
    ),
    (
        "navigation/edx.ui.lms.outline.selected.no-url",
        "no-object-id",
    ),
    (
        "navigation/edx.ui.lms.sequence.tab_selected.no-id",
        "no-object-id",
    ),
    ("other/not-representable", "not-representable"),
    (
        "problem/edx.grades.problem.submitted.no-weight",
        "missing-field",
    ),
    (
        "problem/edx.problem.hint.demandhint_displayed.no-index",
        "missing-field",
    ),
    (
        "problem/edx.problem.hint.demandhint_displayed.null-index",
        "missing-field",
    ),
    ("problem/showanswer.no-block-at-all", "missing-field"),
    ("problem/problem_check.browser.empty-form", "no-object-id"),
    (
        "problem/problem_check.browser.nothing-to-name",
        "no-object-id",
    ),
    ("problem/problem_check.no-referer", "missing-field"),
    (
        "problem/problem_check.three-questions.no-course",
        "missing-field",
    ),
    ("video/play_video.cut-event", "missing-field"),
    ("video/play_video.slash-course", "bad-course-id"),
    ("video/speed_change_video.number", "wrong-type"),
];

const CALIPER_REASONS: &[(&str, &str)] = &[
    ("actor-and-time/session-that-is-a-list", "wrong-type"),
    ("actor-and-time/user-id-float", "wrong-type"),
    ("actor-and-time/user-id-object", "wrong-type"),
    ("actor-and-time/user-id-true", "wrong-type"),
    (
        "navigation/edx.ui.lms.link_clicked.object-url",
        "wrong-type",
    ),
    ("video/play_video.id-in-a-list", "wrong-type"),
    ("actor-and-time/no-external-id", "no-external-id"),
    ("actor-and-time/no-time", "missing-field"),
    ("actor-and-time/no-user", "no-user"),
    ("actor-and-time/time-epoch", "bad-timestamp"),
    ("actor-and-time/time-no-offset", "bad-timestamp"),
    ("actor-and-time/time-ordinal", "bad-timestamp"),
    ("actor-and-time/time-week", "bad-timestamp"),
    ("actor-and-time/unknown-user", "unknown-user"),
    (
        "enrollment/edx.course.enrollment.activated.bad-course-id",
        "bad-course-id",
    ),
    (
        "enrollment/edx.course.enrollment.activated.unknown-course",
        "unknown-course",
    ),
    (
        "navigation/edx.ui.lms.link_clicked.no-target",
        "missing-field",
    ),
    (
        "navigation/edx.ui.lms.outline.selected.no-url",
        "missing-field",
    ),
    (
        "navigation/edx.ui.lms.sequence.outline.selected",
        "missing-field",
    ),
    (
        "navigation/edx.ui.lms.sequence.tab_selected.no-id",
        "missing-field",
    ),
    ("other/not-representable", "wrong-type"),
    ("problem/problem_check.browser", "missing-field"),
    (
        "problem/problem_check.browser.active-block",
        "missing-field",
    ),
    ("problem/problem_check.browser.empty-form", "missing-field"),
    (
        "problem/problem_check.browser.nothing-to-name",
        "missing-field",
    ),
    ("problem/problem_check.graded.no-course", "missing-field"),
    ("video/play_video.cut-event", "missing-field"),
    ("video/play_video.slash-course", "bad-course-id"),
    ("video/play_video.time-as-text", "wrong-type"),
];

#[test]
fn each_event_without_output_has_the_expected_reason() {
    for (format, reasons) in [("xapi", XAPI_REASONS), ("caliper", CALIPER_REASONS)] {
        let run = Run::explain_to(format).tables().args(&["--events", "all"]);
        let ended = run.path(&fixture("events")).run().with_code(0);
        let rejected: BTreeMap<String, String> = ended
            .rows()
            .iter()
            .filter(|row| row["outcome"] == "rejected")
            .map(|row| {
                let file = row["file"]
                    .as_str()
                    .unwrap()
                    .rsplit("fixtures/events/")
                    .next()
                    .unwrap();
                (
                    file.trim_end_matches(".json").to_owned(),
                    row["reason"].as_str().unwrap().to_owned(),
                )
            })
            .collect();
        let expected = reasons
            .iter()
            .map(|(file, reason)| ((*file).to_owned(), (*reason).to_owned()));
        assert_eq!(rejected, expected.collect(), "{format}");
    }
}

#[test]
fn the_sample_log_converts_as_in_the_reference() {
    let log = fixture("sample/tracking.log.gz");
    for (format, tally) in [
        ("xapi", [149, 158, 0, 11, 4, 322]),
        ("caliper", [58, 249, 0, 11, 4, 322]),
    ] {
        let mut outputs = Vec::new();
        for threads in ["1", "2", "7"] {
            let ended = transform(format)
                .args(&["--threads", threads])
                .path(&log)
                .run()
                .with_code(0);
            let outcomes = [
                "emitted",
                "unsupported",
                "filtered",
                "rejected",
                "unparsable",
                "lines",
            ];
            assert_eq!(outcomes.map(|outcome| ended.count(outcome)), tally);
            outputs.push(ended.stdout);
        }
        assert!(
            outputs.iter().all(|output| *output == outputs[0]),
            "the output depends on the number of threads"
        );
        let expected = fs::read(fixture(&format!("sample/tracking.log.{format}.jsonl"))).unwrap();
        assert_eq!(json_lines(&outputs[0]), json_lines(&expected), "{format}");
    }
}

#[test]
fn every_event_name_has_a_fixture() {
    let events = documents("events");
    let mut names: Vec<String> = Vec::new();
    for path in events.values() {
        names.extend(
            value(&fs::read(path).unwrap())["name"]
                .as_str()
                .map(str::to_owned),
        );
    }
    for name in xapi::EVENTS.iter().chain(caliper::EVENTS) {
        assert!(names.iter().any(|fixture| fixture == name), "{name}");
    }
}
