//! `explain` of a single line, such as `a.log:22`: its event and its results, with the origin of each field.

use std::fs;

use crate::harness::{Ended, Run, fixture, gzip, line, lines};

fn explain(arguments: &[&str]) -> Run {
    Run::explain_as_text().args(arguments)
}

fn stdout(ended: &Ended) -> String {
    String::from_utf8(ended.stdout.clone()).unwrap()
}

/// Returns the note about a field: the text behind the arrow in the line with these words.
fn note_of<'o>(output: &'o str, words: &str) -> Option<&'o str> {
    let line = output.lines().find(|line| line.contains(words));
    let line = line.unwrap_or_else(|| panic!("{words}: {output}"));
    line.split_once("← ").map(|(_, note)| note)
}

#[test]
fn a_line_is_named_as_messages_name_lines() {
    let two = line(7).trim_end().to_owned() + &line(8);
    let byte = line(7).len();
    let second = format!("two.log:1:{byte}");
    for (argument, positions) in [
        ("a.log:2", &["a.log:2"][..]),
        ("a.log:2:", &["a.log:2"]),
        ("a.log.gz:3", &["a.log.gz:3"]),
        // The file that is named like a line comes first.
        ("a.log:3", &["a.log:3:1"]),
        ("a.log:3:1", &["a.log:3:1"]),
        ("two.log:1", &["two.log:1", &second]),
        (&second, &[&second]),
    ] {
        let run = explain(&["--quiet", argument]);
        let run = run.file("a.log", lines(1..4)).file("a.log:3", line(9));
        let run = run
            .file("two.log", &two)
            .file("a.log.gz", gzip(lines(1..4)));
        let output = stdout(&run.run().with_code(0));
        let heads = output.lines().filter(|line| line.contains(": emitted"));
        let heads: Vec<_> = heads
            .map(|head| head.replace(": play_video: emitted", ""))
            .collect();
        assert_eq!(heads, positions, "{output}");
    }
}

#[test]
fn several_lines_and_whole_inputs_are_explained_in_one_run() {
    let run = explain(&["--quiet", "a.log:2", "a.log:1", "b.log"]);
    let run = run.file("a.log", lines(1..4)).file("b.log", line(5));
    let output = stdout(&run.run().with_code(0));
    let heads = output.lines().filter(|line| line.contains(": emitted"));
    let heads: Vec<_> = heads
        .map(|head| head.replace(": play_video: emitted", ""))
        .collect();
    assert_eq!(heads, ["a.log:2", "a.log:1", "b.log:1"]);
    let row = output.lines().last().unwrap();
    assert!(row.starts_with("    {\"id\":"), "{output}");
}

#[test]
fn with_json_a_line_has_the_same_object_as_in_the_whole_log() {
    let log = lines(1..5);
    let all = Run::explain().file("a.log", &log).args(&["a.log"]).run();
    let one = Run::explain().file("a.log", &log).args(&["a.log:3"]).run();
    let all = String::from_utf8(all.with_code(0).stdout).unwrap();
    let third = format!("{}\n", all.lines().nth(2).unwrap());
    assert_eq!(stdout(&one.with_code(0)), third);
}

#[test]
fn a_line_that_does_not_exist_or_is_blank_is_an_error() {
    let array = format!("[\n{},\n\n{}]\n", line(1).trim_end(), line(2));
    for (argument, message) in [
        ("a.log:4", "line 4 of `a.log` is blank"),
        ("a.log:9", "`a.log` has no line 9: its last line is 4"),
        ("a.log:0", "`a.log` has no line 0: lines count from 1"),
        (
            "a.log:2:5",
            "no event begins at byte 5 of line 2 of `a.log`: events begin at 1",
        ),
        (
            "array.json:3",
            "no event begins in line 3 of `array.json`: the one before begins in line 2, so try `array.json:2`",
        ),
        (
            ".:3",
            "`.:3` is a line of a folder: name the file with the line",
        ),
        ("cut.log:2", "failed to read `cut.log` up to line 2: "),
    ] {
        let run = explain(&["--framing", "auto", argument]);
        let run = run
            .file("a.log", lines(1..4) + "\n")
            .file("array.json", &array);
        let ended = run.file("cut.log", &gzip(lines(1..900))[..40]).run();
        ended.with_code(3).assert_error(message);
    }
}

#[test]
fn options_that_choose_lines_are_refused_with_a_line() {
    for (options, message) in [
        (
            ["--only", "rejected"],
            "`a.log:1` names a line, which is shown in any case: leave out `--only`, `--reason` and `--limit`, which choose lines of whole inputs",
        ),
        (["--reason", "no-user"], "`a.log:1` names a line"),
        (["--limit", "1"], "`a.log:1` names a line"),
    ] {
        let run = explain(&options).file("a.log", line(1));
        let ended = run.args(&["a.log:1"]).run();
        ended.with_code(2).assert_error(message);
    }
}

#[test]
fn an_argument_that_is_almost_a_line_has_the_form_of_lines() {
    for argument in ["a.log:2-3", "a.log:x"] {
        let ended = explain(&[argument]).file("a.log", line(1)).run();
        let message = format!("`{argument}` names no line: write `a.log:22` for line 22");
        ended.with_code(2).assert_error(&message);
    }
}

#[test]
fn the_line_of_a_rejects_file_is_named_as_in_its_log() {
    let log = line(1) + &line(2).replace("ada", "") + "x\n";
    let run = Run::transform().file("a.log", log);
    let ended = run.args(&["--rejects", "r.jsonl", "a.log"]).run();
    for (argument, head) in [
        (
            "r.jsonl:1",
            "a.log:2: play_video: rejected, no-user: the event names no user\n    to do: nothing; the visitor was anonymous\nsource\n{\n  \"name\": \"play_video\",\n",
        ),
        ("r.jsonl:2", "a.log:3: (no name): unparsable, not-json: "),
    ] {
        let run = explain(&[argument]).in_directory(&ended.directory).run();
        let output = stdout(&run.with_code(0));
        assert!(output.starts_with(head), "{output}");
    }
}

#[test]
fn each_field_of_a_result_has_its_origin() {
    let log = fixture("sample/tracking.log.gz");
    let run = explain(&["--color", "never"]).tables();
    let run = run.args(&[&format!("{}:1", log.display())]).run();
    let output = stdout(&run.with_code(0));
    let users = format!("context.user_id, from {}", fixture("users.csv").display());
    let courses = format!(
        "context.course_id, from {}",
        fixture("courses.csv").display()
    );
    let (source, result) = output.split_once("\nresult\n").unwrap();
    for (words, note) in [
        ("\"homePage\"", "--lms-root-url"),
        ("\"name\": \"d1b7a9c4", users.as_str()),
        ("verbs/played", "name"),
        (
            "@video+block@v7",
            "context.course_id, event.id, --lms-root-url",
        ),
        ("\"en-US\"", &courses),
        ("extensions/time\"", "event.currentTime"),
        ("extensions/length\"", "event.duration"),
        ("session-id", "session"),
        ("\"timestamp\"", "time"),
        ("\"version\"", "constant"),
        ("\"objectType\": \"Activity\"", "constant"),
    ] {
        assert_eq!(note_of(result, words), Some(note), "{words}");
    }
    let id = note_of(result, "\"id\": \"925a15e8").unwrap();
    assert!(
        id.starts_with("context.user_id, time, name, --lms-root-url, from "),
        "{id}"
    );
    for (words, note) in [
        (
            "\"name\": \"play_video\"",
            Some("decides the kind of the record"),
        ),
        ("\"course_id\"", Some("required")),
        ("\"id\": \"v7\"", Some("required")),
        ("\"event\": {", Some("a text of JSON")),
        ("\"ip\"", None),
    ] {
        assert_eq!(note_of(source, words), note, "{words}");
    }
}

/// Returns the fields of the results in an explanation that have a note with these words: their keys and values.
fn fields_with<'o>(output: &'o str, words: &str) -> Vec<&'o str> {
    let noted = output.lines().filter_map(|line| line.split_once("  ← "));
    let noted = noted.filter(|(_, note)| note.contains(words));
    noted
        .map(|(field, _)| field.trim().trim_end_matches(','))
        .collect()
}

#[test]
fn only_values_that_the_formats_fix_are_called_constant() {
    let families = fs::read_dir(fixture("events")).unwrap();
    let files = families.flat_map(|family| fs::read_dir(family.unwrap().path()).unwrap());
    let lines = files.map(|file| format!("{}:1", file.unwrap().path().display()));
    let events: Vec<String> = lines.collect();
    let fixed: [(&str, &[&str]); 2] = [
        (
            "xapi",
            &[
                "\"objectType\": \"Activity\"",
                "\"objectType\": \"Agent\"",
                "\"objectType\": \"GroupActivity\"",
                "\"objectType\": \"StatementRef\"",
                "\"version\": \"1.0.3\"",
            ],
        ),
        (
            "caliper",
            &[
                "\"@context\": \"http://purl.imsglobal.org/ctx/caliper/v1p2\"",
                "\"dataVersion\": \"http://purl.imsglobal.org/ctx/caliper/v1p2\"",
                "\"type\": \"CourseOffering\"",
                "\"type\": \"Person\"",
                "\"type\": \"Score\"",
                "\"type\": \"Session\"",
            ],
        ),
    ];
    for (format, fixed) in fixed {
        let run = Run::explain_as_text_to(format).tables();
        let run = run.args(&["--quiet", "--events", "all"]);
        let events: Vec<&str> = events.iter().map(String::as_str).collect();
        let output = stdout(&run.args(&events).run().with_code(0));
        let mut constants = fields_with(&output, "constant");
        constants.sort_unstable();
        constants.dedup();
        assert_eq!(constants, fixed);
    }
}

#[test]
fn a_value_that_the_conversion_compares_has_its_field_as_the_origin() {
    for (event, words, note) in [
        (
            "completion/edx.completion.block_completion.changed.half",
            "\"completion\": false",
            Some("event.completion"),
        ),
        (
            "problem/edx.grades.problem.submitted",
            "\"success\": false",
            Some("event.weighted_earned, event.weighted_possible"),
        ),
        (
            "problem/problem_check.zero-max-grade",
            "\"scaled\": 0.0",
            Some("if there is event.grade and event.max_grade"),
        ),
    ] {
        let event = format!("{}:1", fixture(&format!("events/{event}.json")).display());
        let run = explain(&["--quiet", "--events", "all", &event]).run();
        let output = stdout(&run.with_code(0));
        let (_, result) = output.split_once("\nresult\n").unwrap();
        assert_eq!(note_of(result, words), note, "{event}");
    }
    let log = line(1).replace("\"currentTime\": 1", "\"currentTime\": 1e17");
    let run = explain(&["--quiet", "a.log:1"]).file("a.log", log).run();
    let output = stdout(&run.with_code(0));
    let time = note_of(&output, "extensions/time\"");
    assert_eq!(time, Some("event.currentTime"));
}

#[test]
fn a_large_event_has_origins_only_for_the_fields_that_were_followed() {
    let large = format!("\"x\": \"{}\", \"id\"", "y ".repeat(200_000));
    let log = line(1).replace("\"id\"", &large);
    assert!(log.len() > 400_000);
    let run = explain(&["--quiet", "--color", "always", "a.log:1"]);
    let output = stdout(&run.file("a.log", log).run().with_code(0));
    assert!(
        output.ends_with("The event is large, so not every field was followed to the result.\n")
    );
    let (_, result) = output.split_once("result\x1b[0m\n").unwrap();
    assert!(!result.contains("no field found"), "{result}");
    assert!(!output.contains("\x1b[2m"), "no field is faint");
}

#[test]
fn options_of_the_format_and_the_actor_key_are_origins() {
    for format in ["xapi", "caliper"] {
        let run = Run::explain_as_text_to(format);
        let run = run.args(&["--quiet", "--transformer-version", "9.9.9"]);
        let run = run.env("EVENT_ROUTER_ACTOR_KEY", "a".repeat(32).as_str());
        let output = stdout(&run.file("a.log", line(1)).args(&["a.log:1"]).run());
        let version = note_of(&output, "@9.9.9");
        assert_eq!(version, Some("--transformer-version"));
        let actor = "← username, --lms-root-url, the actor key";
        assert!(output.contains(actor), "{output}");
        if format == "caliper" {
            assert_eq!(note_of(&output, "\"sendTime\""), Some("--send-time"));
            assert_eq!(note_of(&output, "\"sensor\""), Some("--sensor"));
        }
    }
}

#[test]
fn origins_do_not_depend_on_filters_nor_on_users_who_are_in_no_table() {
    let log = line(1).replace("\"context\"", "\"user_id\": 5, \"context\"");
    let id = "0c3f64c1-7c08-4b8c-a6a4-0a9c1a9d6a05";
    let users = format!("id,username,email,xapi_id,caliper_id\n5,ada,ada@example.com,{id},{id}\n");
    let name = format!("\"name\": \"{id}\"");
    for (options, words, note) in [
        (&["--since", "2024-03-05"][..], "\"timestamp\"", "time"),
        (
            &["--course", "course-v1:a+b+c"],
            "\"course_id\"",
            "required",
        ),
        (&["--users", "users.csv"], &name, "user_id, from users.csv"),
        (
            &["--users", "users.csv", "--actor", "mbox"],
            "\"mbox\"",
            "user_id, from users.csv",
        ),
        (&["--events", "play_video"], "verbs/played", "name"),
    ] {
        let run = explain(options)
            .file("a.log", &log)
            .file("users.csv", &users);
        let output = stdout(&run.args(&["a.log:1"]).run().with_code(0));
        assert_eq!(note_of(&output, words), Some(note), "{options:?}");
    }
}

#[cfg(target_os = "linux")]
#[test]
fn source_and_result_are_side_by_side_on_a_wide_terminal() {
    let run = explain(&["--quiet", "a.log:1"]).file("a.log", line(1));
    let run = run.env("TERM", "xterm").env("NO_COLOR", "1");
    let output = stdout(&run.on_terminal().run().with_code(0)).replace('\r', "");
    let mut lines = output.lines();
    assert_eq!(lines.next(), Some("a.log:1: play_video: emitted"));
    let heading = format!("source{} │ result", " ".repeat(52));
    assert_eq!(lines.next(), Some(heading.as_str()));
    for line in lines {
        let columns: Vec<_> = line.split(" │").collect();
        assert_eq!(columns.len(), 2, "{line}");
        assert_eq!(columns[0].chars().count(), 58, "{line}");
        assert!(columns[1].chars().count() <= 59, "{line}");
    }
    assert!(output.contains("← event.currentTime\n"), "{output}");
}

#[test]
fn fields_and_origins_have_colours_if_wanted() {
    let coloured = explain(&["--color", "always", "a.log:1"]).file("a.log", line(1));
    let output = stdout(&coloured.run().with_code(0));
    assert!(
        output.contains("\x1b[36m← event.currentTime\x1b[0m"),
        "{output}"
    );
    let plain = explain(&["a.log:1"]).file("a.log", line(1)).run();
    assert!(!stdout(&plain.with_code(0)).contains('\x1b'));
}
