//! `inspect`.

use serde_json::{Value, json};

use crate::harness::{Ended, Run, RunDirectory, fixture, gzip, line, lines};

/// A run that writes JSON.
fn inspect(arguments: &[&str]) -> Run {
    Run::new(&["inspect", "--json"]).args(arguments)
}

fn counts(ended: &Ended) -> Value {
    serde_json::from_slice(&ended.stdout).unwrap()
}

fn sum(rows: &Value, key: &str) -> u64 {
    let rows = rows.as_array().unwrap();
    rows.iter().map(|row| row[key].as_u64().unwrap()).sum()
}

fn assert_balances(shown: &Value) {
    let lines = &shown["lines"];
    let events = lines["events"].as_u64().unwrap();
    let unparsable = lines["unparsable"].as_u64().unwrap();
    assert_eq!(lines["all"], events + unparsable);
    let others = shown["other_events"]["count"].as_u64().unwrap();
    assert_eq!(sum(&shown["events"], "count") + others, events);
    assert_eq!(sum(&shown["unparsable"], "count"), unparsable);
    let without_day = ["events_without_time", "events_of_other_days"];
    let without_day = without_day.map(|key| shown[key].as_u64().unwrap());
    let on_days = sum(&shown["days"], "events");
    assert_eq!(on_days + without_day.iter().sum::<u64>(), events);
    for day in shown["days"].as_array().unwrap() {
        let families = day["families"].as_object().unwrap().values();
        let families: u64 = families.map(|count| count.as_u64().unwrap()).sum();
        assert_eq!(families, day["events"]);
    }
}

/// A log of several forms: events of default and other kinds, requests, old events, and lines that are no events.
fn mixed_log() -> String {
    let old = line(5).replace("+00:00", "");
    [
        line(1),
        line(2).replace("play_video", "edx.problem.completed"),
        line(3).replace("play_video", "/event"),
        line(4).replace("play_video", "some.plugin"),
        old.clone(),
        line(6).replace(r#""name": "play_video""#, r#""event_type": "play_video""#),
        line(7).replace("ada", ""),
        "no event\n".to_owned(),
        "\n".to_owned(),
        r#"{"name": 5, "event": 1}"#.to_owned(),
    ]
    .concat()
}

#[test]
fn the_counts_balance_and_are_those_of_transform() {
    for input in ["sample/tracking.log.gz", "events", "repairs"] {
        let input = fixture(input);
        let shown = counts(&inspect(&[]).path(&input).run().with_code(0));
        assert_balances(&shown);
        let transform = Run::transform().args(&["--report", "report.json"]);
        let report = transform.path(&input).run().with_code(0).report();
        assert_eq!(shown["lines"]["all"], report["total"]["lines"], "{input:?}");
        let outcomes = &report["total"]["outcomes"];
        assert_eq!(shown["lines"]["unparsable"], outcomes["unparsable"]);
        let command = shown["recommended"]["command"].as_str().unwrap();
        if !command.contains("--repair") {
            let left_out = sum(&shown["recommended"]["leaves_out"], "count");
            let lines = shown["lines"]["all"].as_u64().unwrap();
            assert_eq!(lines - left_out, outcomes["emitted"], "{input:?}");
        }
    }
}

#[test]
#[cfg(target_os = "linux")]
fn the_table_fits_a_terminal_of_40_columns() {
    let run = Run::new(&["inspect", "--quiet"]).path(&fixture("sample/tracking.log.gz"));
    let run = run.env("NO_COLOR", "1").after_shell("stty cols 40");
    let shown = String::from_utf8(run.on_terminal().run().with_code(0).stdout).unwrap();
    let (table, _) = shown.split_once("Unparsable lines").unwrap();
    for line in table.lines().map(str::trim_end) {
        assert!(line.chars().count() <= 40, "{line}");
    }
    let lines = [
        "Courses (2)",
        "Organizations (1)",
        "322 lines: 318 events, 4 unparsable",
    ];
    assert!(lines.iter().all(|line| table.contains(line)), "{table}");
}

#[cfg(unix)]
#[test]
fn commands_name_odd_files_so_that_a_shell_finds_them() {
    use std::ffi::OsStr;
    use std::os::unix::ffi::OsStrExt;

    let log = line(1) + &line(2).replace("\"play_video\"", "\"play\u{202e}\u{200b}\"") + "{\n";
    for (name, word) in [
        (&b"esc\x1b[31m.log"[..], r"$'esc\033[31m.log'"),
        (b"non\xffutf.log", r"$'non\377utf.log'"),
    ] {
        let path = std::path::Path::new(OsStr::from_bytes(name));
        let directory = RunDirectory::new();
        std::fs::write(directory.path(path), &log).unwrap();
        let run = Run::new(&["inspect"]).path(path).in_directory(&directory);
        let shown = String::from_utf8(run.run().with_code(0).stdout).unwrap();
        assert!(shown.contains(&format!("transform {word} ")), "{shown}");
        assert!(shown.contains(r"play\u{202e}\u{200b}"), "{shown}");
        let run = Run::transform().args(&["-o", "out"]).path(path);
        let ended = run.in_directory(&directory).run().with_code(0);
        ended.assert_stderr(&format!(" {word}`"));
        let position = [name, b":2"].concat();
        let run = Run::explain().path(std::path::Path::new(OsStr::from_bytes(&position)));
        run.in_directory(&directory).run().with_code(0);
    }
}

#[test]
fn each_kind_of_line_is_counted_once() {
    let run = inspect(&["a.log"]).file("a.log", mixed_log());
    let shown = counts(&run.run().with_code(0));
    assert_balances(&shown);
    let lines = json!({"all": 9, "events": 8, "unparsable": 1});
    assert_eq!(shown["lines"], lines);
    let events = shown["events"].as_array().unwrap();
    let events: Vec<Value> = events
        .iter()
        .map(|event| json!([event["kind"], event["name"], event["count"], event["xapi"]]))
        .collect();
    let expected = [
        json!(["named", "play_video", 3, "default"]),
        json!(["nameless", "(no name)", 2, "no"]),
        json!(["requests", "(requests)", 1, "no"]),
        json!(["named", "edx.problem.completed", 1, "on-request"]),
        json!(["named", "some.plugin", 1, "no"]),
    ];
    assert_eq!(events, expected);
    assert_eq!(shown["unparsable"][0]["first"], "a.log:8");
}

#[test]
fn the_recommended_command_converts_what_it_does_not_leave_out() {
    let directory = RunDirectory::new();
    directory.write("my logs/a.log", mixed_log());
    let run = inspect(&["my logs"]).in_directory(&directory);
    let shown = counts(&run.run().with_code(0));
    let command = shown["recommended"]["command"].as_str().unwrap();
    assert!(command.contains("'my logs'"), "{command}");
    assert!(command.contains("--repair name,naive-time"), "{command}");
    let words: Vec<&str> = command.split(' ').skip(1).collect();
    let words = words.join(" ").replace("'my logs'", "my\u{a0}logs");
    let words: Vec<String> = words
        .split(' ')
        .map(|word| word.replace('\u{a0}', " "))
        .collect();
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    let run = Run::new(&words).args(&["--report", "report.json"]);
    let report = run.in_directory(&directory).run().with_code(0).report();
    let left_out = sum(&shown["recommended"]["leaves_out"], "count");
    assert_eq!(report["total"]["outcomes"]["emitted"], 9 - left_out);
    assert_eq!(left_out, 6);
}

#[test]
fn the_recommended_command_writes_one_file_if_outputs_would_have_the_same_name() {
    let directory = RunDirectory::new();
    for name in ["d1/tracking.log", "d2/tracking.log", "dir/tracking.log"] {
        directory.write(name, line(1));
    }
    directory.write("dir/tracking.log.gz", gzip(line(2).as_bytes()));
    for (inputs, output, note) in [
        (&["d1"][..], "xapi-statements", ""),
        (&["d1", "d2"], "xapi-statements.jsonl", "same name"),
        (
            &["d1/tracking.log", "d2/tracking.log"],
            "xapi-statements.jsonl",
            "same name",
        ),
        (&["dir"], "xapi-statements.jsonl", "same name"),
        (
            &["d1", "./d1/tracking.log"],
            "xapi-statements.jsonl",
            "`./d1/tracking.log` is given twice",
        ),
    ] {
        let ended = inspect(inputs).in_directory(&directory).run().with_code(0);
        let recommended = &counts(&ended)["recommended"];
        let command = recommended["command"].as_str().unwrap();
        assert!(
            command.ends_with(&format!("--output {output}")),
            "{command}"
        );
        assert!(
            recommended["notes"].to_string().contains(note),
            "{recommended}"
        );
        let words: Vec<&str> = command.split(' ').skip(1).collect();
        Run::new(&words).in_directory(&directory).run().with_code(0);
    }
}

#[test]
fn wrapped_lines_are_read_and_the_command_has_unwrap() {
    let wrapped: Vec<String> = (1..=3)
        .map(|second| json!({"log": line(second), "stream": "stdout"}).to_string())
        .collect();
    let run = inspect(&["a.log"]).file("a.log", wrapped.join("\n"));
    let shown = counts(&run.run().with_code(0));
    assert_eq!(
        shown["lines"],
        json!({"all": 3, "events": 3, "unparsable": 0})
    );
    assert_eq!(shown["form"]["unwrapped_events"], 3);
    let command = shown["recommended"]["command"].as_str().unwrap();
    assert!(command.contains("--unwrap auto"), "{command}");
}

#[test]
fn missing_days_are_listed_and_stand_out() {
    let log = line(1) + &line(2).replace("2024-03-05", "2024-03-09");
    let run = inspect(&["a.log"]).file("a.log", &log);
    let shown = counts(&run.run().with_code(0));
    let missing = json!([{"from": "2024-03-06", "to": "2024-03-08", "days": 3}]);
    assert_eq!(shown["missing_days"], missing);
    let run = Run::new(&["inspect", "a.log"]).file("a.log", &log);
    let text = String::from_utf8(run.run().with_code(0).stdout).unwrap();
    assert!(
        text.contains("! 2024-03-06 to 2024-03-08 MISSING, 3 days"),
        "{text}"
    );
}

#[test]
fn users_and_courses_that_the_tables_lack_are_named() {
    let users = "id,username,email,xapi_id,caliper_id\n1,ada,a@example.org,,\n";
    let log = lines(1..3) + &line(3).replace("ada", "grace") + &line(4).replace("ada", "grace");
    let run = inspect(&["a.log", "--users", "users.csv"]);
    let run = run.file("users.csv", users).file("a.log", log);
    let shown = counts(&run.run().with_code(0));
    let lacking = json!({"count": 1, "is_estimate": false});
    let expected = json!({"lacking_events": 2, "lacking": lacking, "first": ["grace"]});
    assert_eq!(shown["tables"]["users"], expected);
    assert_eq!(shown["tables"]["courses"], Value::Null);
    assert_eq!(shown["recommended"]["leaves_out"][0]["count"], 2);
}

#[test]
fn one_and_eight_threads_show_the_same() {
    let log = fixture("sample/tracking.log.gz");
    let more = mixed_log().repeat(2_000);
    let shown = ["1", "8"].map(|threads| {
        let run = inspect(&["a.log", "--threads", threads]).file("a.log", &more);
        run.path(&log).run().with_code(0).stdout
    });
    assert_eq!(shown[0], shown[1]);
}

#[test]
fn a_truncated_gzip_file_counts_to_its_end_and_fails() {
    let whole = gzip(lines(1..2_000));
    let run = inspect(&["a.log.gz"]).file("a.log.gz", &whole[..whole.len() / 2]);
    let ended = run.run().with_code(3);
    ended.assert_stderr("a.log.gz");
    let shown = counts(&ended);
    assert_balances(&shown);
    assert_eq!(shown["files"]["failed"], 1);
    assert!(shown["lines"]["events"].as_u64().unwrap() > 0);
}

#[test]
fn standard_input_and_an_empty_input_are_shown() {
    let run = inspect(&["-"]).stdin(lines(1..4));
    let shown = counts(&run.run().with_code(0));
    assert_eq!(shown["lines"]["events"], 3);
    assert_eq!(shown["files"]["unpacked_bytes"], lines(1..4).len());
    let run = Run::new(&["inspect", "a.log"]).file("a.log", "");
    let text = String::from_utf8(run.run().with_code(0).stdout).unwrap();
    assert!(text.contains("0 lines"), "{text}");
}

#[test]
fn a_gap_of_more_than_a_year_is_not_a_missing_log() {
    let wrong = line(2).replace("2024-", "9998-");
    let log = line(1) + &wrong + &line(3).replace("2024-03-05", "2024-03-08");
    let shown = counts(&inspect(&["a.log"]).file("a.log", &log).run().with_code(0));
    assert_balances(&shown);
    assert_eq!(sum(&shown["missing_days"], "days"), 2);
    assert_eq!(shown["long_gaps"].as_array().unwrap().len(), 1);
    let run = Run::new(&["inspect", "a.log"]).file("a.log", &log);
    let text = String::from_utf8(run.run().with_code(0).stdout).unwrap();
    assert!(text.contains("MISSING: 2 days have no event"), "{text}");
    assert!(text.contains("1 gap is longer than a year"), "{text}");
}

#[test]
fn more_names_than_the_limit_are_counted_together() {
    // Eight names are frequent, and the names of all other events have a number.
    let event = |name: String| format!("{{\"name\": \"{name}\", \"event\": 1}}\n");
    let log: String = (0..30_000)
        .map(|number| match number % 20 {
            0 => event(format!("frequent.{}", number / 20 % 8)),
            _ => event(format!("plugin.{number}")),
        })
        .collect();
    let run = |threads| inspect(&["--threads", threads, "a.log"]).file("a.log", &log);
    let shown = counts(&run("4").run().with_code(0));
    assert_eq!(shown, counts(&run("1").run().with_code(0)));
    assert_balances(&shown);
    let most = shown["events"].as_array().unwrap()[..8].iter();
    let mut most: Vec<&str> = most.map(|row| row["name"].as_str().unwrap()).collect();
    most.sort_unstable();
    let frequent: Vec<String> = (0..8).map(|number| format!("frequent.{number}")).collect();
    assert_eq!(most, frequent);
    assert_eq!(shown["other_events"]["may_be_more"], true);
    assert_eq!(shown["events"].as_array().unwrap().len(), 100);
    let text = Run::new(&["inspect", "-"]).stdin("{\"name\": \"\\u001b[31m\", \"event\": 1}");
    let text = String::from_utf8(text.run().with_code(0).stdout).unwrap();
    assert!(!text.contains('\u{1b}'), "{text}");
}

#[test]
fn inputs_without_an_event_to_convert_get_no_command() {
    let request = line(1).replace("play_video", "/event");
    for (log, cause) in [
        ("id,username\n5,ada\n".to_owned(), "2 unparsable lines"),
        (request, "1 request"),
    ] {
        let run = Run::new(&["inspect", "a.log"]).file("a.log", &log);
        let text = String::from_utf8(run.run().with_code(0).stdout).unwrap();
        assert!(
            text.contains("No command is recommended: none of"),
            "{text}"
        );
        assert!(
            text.contains(cause) && !text.contains("transform"),
            "{text}"
        );
        let shown = counts(&inspect(&["a.log"]).file("a.log", log).run().with_code(0));
        assert_eq!(shown["recommended"]["command"], "");
    }
}

#[test]
fn the_notes_name_the_tables_that_the_command_lacks() {
    let users = "id,username,email,xapi_id,caliper_id\n5,ada,,32e08e30f8ae4ce294a8c2bfe38a70cb,\n";
    let courses = "course_id,display_name\ncourse-v1:a+b+c,The Course\n";
    let users_option: &[&str] = &["--users", "users.csv"];
    let courses_option: &[&str] = &["--courses", "courses.csv"];
    for (options, expected) in [
        (
            vec![],
            "without `--users` and `--courses`, the ids of users are derived",
        ),
        (
            vec![users_option],
            "without `--courses`, the ids of courses stand for their names",
        ),
        (
            vec![courses_option],
            "without `--users`, the ids of users are derived",
        ),
        (vec![users_option, courses_option], ""),
    ] {
        let run = inspect(&["a.log"])
            .args(&options.concat())
            .file("a.log", line(1));
        let run = run.file("users.csv", users).file("courses.csv", courses);
        let shown = counts(&run.run().with_code(0));
        let notes = shown["recommended"]["notes"].as_array().unwrap();
        let note = notes
            .iter()
            .find_map(|note| note.as_str().filter(|note| note.starts_with("without")));
        let is_expected = note.map_or(expected.is_empty(), |note| note.contains(expected));
        assert!(is_expected, "{options:?}: {note:?}");
    }
}

#[test]
fn a_root_url_that_no_event_has_is_told() {
    let log = line(1).replacen(
        '{',
        r#"{"host": "courses.example.org", "page": "https://courses.example.org/x", "#,
        1,
    );
    for (url, is_told) in [
        ("https://courses.example.org", false),
        ("https://wrong.example.org", true),
        ("http://courses.example.org", true),
    ] {
        let run = inspect(&["a.log", "--lms-root-url", url]).file("a.log", &log);
        let shown = counts(&run.run().with_code(0));
        let notes = shown["recommended"]["notes"].to_string();
        let told = format!(
            "the events come from `https://courses.example.org`, and no event from `{url}`"
        );
        assert_eq!(notes.contains(&told), is_told, "{notes}");
    }
}

#[test]
fn advice_about_many_inputs_names_an_option_that_there_is() {
    let directory = RunDirectory::new();
    for nth in 0..21 {
        directory.write(&format!("logs/{nth}.log"), "no event\n");
    }
    let run = Run::new(&["inspect", "logs"]).in_directory(&directory);
    let ended = run.run().with_code(0);
    ended.assert_stderr(
        "1 more input has such warnings; `event-router transform --report FILE …` lists",
    );
}

#[test]
fn tables_that_fit_no_event_are_told() {
    let users =
        "id,username,email,xapi_id,caliper_id\n1,grace,,32e08e30f8ae4ce294a8c2bfe38a70cb,\n";
    let run = Run::new(&["inspect", "a.log", "--users", "users.csv"]);
    let run = run.file("users.csv", users).file("a.log", lines(1..3));
    let text = String::from_utf8(run.run().with_code(0).stdout).unwrap();
    assert!(text.contains("these tables do not fit this log"), "{text}");
}

#[test]
fn the_reasons_are_those_of_the_recommended_command() {
    let without_user = line(30).replace(r#""name": "play_video""#, r#""event_type": "play_video""#);
    let without_user = without_user.replace("ada", "");
    let old =
        |second| line(second).replace(r#""name": "play_video""#, r#""event_type": "play_video""#);
    let log = (1..4).map(old).collect::<String>() + &without_user + &line(5).replace("ada", "");
    let users = "id,username,email,xapi_id,caliper_id\n5,ada,,32e08e30f8ae4ce294a8c2bfe38a70cb,\n";
    let log = log + &old(6).replace("ada", "grace") + &line(7).replace("ada", "grace");
    for (tables, unknown) in [(&[][..], 0), (&["--users", "users.csv"], 2)] {
        let run = inspect(&["a.log"])
            .args(tables)
            .file("users.csv", users)
            .file("a.log", &log);
        let shown = counts(&run.run().with_code(0));
        let recommended = &shown["recommended"];
        let mut expected = vec![json!({"what": "events without a user", "count": 2})];
        if unknown > 0 {
            let what = "events of users who are not in the table of users";
            expected.push(json!({"what": what, "count": unknown}));
        }
        assert_eq!(recommended["leaves_out"], json!(expected));
        let command = recommended["command"].as_str().unwrap();
        let words: Vec<&str> = command.split(' ').skip(1).collect();
        let run = Run::new(&words)
            .args(&["--report", "report.json"])
            .file("users.csv", users);
        let report = run.file("a.log", &log).run().with_code(0).report();
        let reasons = &report["total"]["reasons"];
        assert_eq!(reasons["no-user"], 2, "{reasons}");
        assert_eq!(reasons["unknown-user"].as_u64().unwrap_or(0), unknown);
    }
}

#[test]
fn tables_that_fit_no_event_hide_no_repair() {
    let users =
        "id,username,email,xapi_id,caliper_id\n1,grace,,32e08e30f8ae4ce294a8c2bfe38a70cb,\n";
    let log = lines(1..3).replace("+00:00", "");
    let run = inspect(&["a.log", "--users", "users.csv"]).file("users.csv", users);
    let shown = counts(&run.file("a.log", log).run().with_code(0));
    assert_eq!(
        shown["form"]["repairs"],
        json!([{"name": "naive-time", "events": 2}])
    );
    let left_out =
        json!([{"what": "events of users who are not in the table of users", "count": 2}]);
    assert_eq!(shown["recommended"]["leaves_out"], left_out);
    assert_eq!(shown["recommended"]["command"], "");
}
