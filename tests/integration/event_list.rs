//! `event-router events`, and the page of the guide that shows the same.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;
use std::fs;
use std::path::Path;

use serde_json::Value;

use crate::harness::Run;

fn events(arguments: &[&str]) -> Run {
    Run::new(&["events"]).args(arguments)
}

fn written(run: Run) -> String {
    String::from_utf8(run.run().with_code(0).stdout).unwrap()
}

fn json(arguments: &[&str]) -> Vec<Value> {
    serde_json::from_str(&written(events(arguments).args(&["--json"]))).unwrap()
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap()
}

fn last_word(iri: &Value) -> &str {
    text(iri).rsplit('/').next().unwrap()
}

/// Returns the cell of the guide's tables that tells the records of an event in a format.
fn cell(event: &Value, format: &str) -> String {
    let mapping = &event[format];
    let kinds = mapping["statements"].as_array();
    let kinds = kinds.or_else(|| mapping["events"].as_array());
    let kind_text = |kind: &Value| match kind["action"].as_str() {
        None => format!(
            "{} {}",
            last_word(&kind["verb"]),
            last_word(&kind["object_type"])
        ),
        Some(action) => format!(
            "{action} {} ({})",
            text(&kind["object_type"]),
            text(&kind["type"])
        ),
    };
    let kinds = kinds.into_iter().flatten().map(kind_text);
    let cell = kinds.collect::<Vec<_>>().join(", or ");
    match mapping["default"].as_bool() {
        Some(false) => cell + " \\*",
        _ => cell,
    }
}

/// The tables of the guide, made of the output of `events --json`.
fn markdown(events: &[Value]) -> String {
    let mut text = String::new();
    let families: BTreeSet<&str> = events
        .iter()
        .map(|event| self::text(&event["family"]))
        .collect();
    for family in families {
        let _ = write!(
            text,
            "### {family}\n\n| event | xAPI | Caliper |\n|---|---|---|\n"
        );
        for event in events.iter().filter(|event| event["family"] == family) {
            let name = self::text(&event["name"]);
            let (xapi, caliper) = (cell(event, "xapi"), cell(event, "caliper"));
            let _ = writeln!(text, "| `{name}` | {xapi} | {caliper} |");
        }
        text.push('\n');
    }
    let statements = events
        .iter()
        .filter_map(|event| event["xapi"]["statements"].as_array());
    let statements: Vec<&Value> = statements.flatten().collect();
    for (heading, key) in [("Verbs", "verb"), ("Object types", "object_type")] {
        let iris = statements.iter().map(|statement| &statement[key]);
        let iris: BTreeMap<&str, &str> =
            iris.map(|iri| (last_word(iri), self::text(iri))).collect();
        let _ = write!(text, "## {heading} of xAPI\n\n| word | IRI |\n|---|---|\n");
        for (word, iri) in iris {
            let _ = writeln!(text, "| {word} | `{iri}` |");
        }
        text.push('\n');
    }
    text
}

#[test]
fn the_guide_has_the_tables_that_convert() {
    let page = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/guide/events.md");
    let page = fs::read_to_string(page).unwrap();
    let tables = markdown(&json(&[]));
    assert!(
        page.contains(&tables),
        "src/guide/events.md must have these tables:\n\n{tables}"
    );
    assert_eq!(
        page.matches("\n|").count(),
        tables.matches("\n|").count() + 5
    );
}

#[test]
fn one_format_has_only_its_events_and_leaves_out_the_other() {
    for (format, other, count) in [("xapi", "caliper", 65), ("caliper", "xapi", 35)] {
        let events = json(&["--to", format]);
        assert_eq!(events.len(), count, "{format}");
        for event in events {
            assert!(event[format].is_object(), "{event}");
            assert!(event.get(other).is_none(), "{event}");
        }
    }
    let both = json(&[]);
    let of_exams = both.iter().filter(|event| event["family"] == "exam");
    assert!(
        of_exams.clone().count() == 6 && of_exams.clone().all(|event| event["caliper"].is_null())
    );
}

#[test]
fn the_table_fits_the_terminal_and_is_80_columns_wide_otherwise() {
    let longest = |text: &str| text.lines().map(str::len).max().unwrap();
    assert!(longest(&written(events(&[]))) <= 80);
    for columns in [40, 80, 200] {
        let table = written(events(&[]).env("COLUMNS", &columns.to_string()));
        assert!(longest(&table) <= columns, "{columns}");
        assert!(table.contains("*: not in the default list"));
    }
    let wide = written(events(&[]).env("COLUMNS", "200"));
    let row = wide
        .lines()
        .find(|line| line.contains(" speed_change_video "))
        .unwrap();
    let words: Vec<&str> = row.split_whitespace().collect();
    assert_eq!(
        words,
        [
            "speed_change_video",
            "interacted",
            "video",
            "ChangedSpeed",
            "VideoObject",
            "(MediaEvent)",
            "*"
        ]
    );
}

#[test]
fn help_of_the_option_names_the_command() {
    for command in ["transform", "send", "explain"] {
        let help = written(Run::new(&[command, "--help"]));
        let help: Vec<&str> = help.split_whitespace().collect();
        let help = help.join(" ");
        assert!(
            help.contains("`event-router events` lists them"),
            "{command}"
        );
    }
}

#[test]
fn events_can_be_chosen_by_name_and_the_legend_comes_first() {
    let names = |patterns: &[&str]| {
        let events = json(patterns);
        let names = events.iter().map(|event| text(&event["name"]).to_owned());
        names.collect::<Vec<_>>()
    };
    assert_eq!(
        names(&["problem_check", "play_*"]),
        ["problem_check", "play_video"]
    );
    assert!(names(&["default"]).len() < names(&["all"]).len());
    assert_eq!(names(&["all"]), names(&[]));
    let shown = written(events(&["problem_check"]));
    let (legend, shown) = shown.split_once("\n\n").unwrap();
    assert!(legend.starts_with("xAPI: verb and object type"), "{legend}");
    assert!(
        shown.contains("problem_check") && !shown.contains("play_video"),
        "{shown}"
    );
    let ended = events(&["problem_chek"]).run().with_code(2);
    ended.assert_error(
        "no event that can be converted has the name `problem_chek`: did you mean `problem_check`?",
    );
    let ended = events(&["--to", "caliper", "x*"]).run().with_code(2);
    ended.assert_stderr("has the name `x*`: `event-router events` lists all");
}
