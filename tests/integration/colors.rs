//! `--color`, and the variables that choose colours.

use crate::harness::{Run, line};

const CODES: char = '\u{1b}';

/// A run that prints an error, a warning, a note and the summary.
fn run_with_messages() -> Run {
    let page = r#"{"name": "/courses/", "event_type": "/courses/", "event": {}, "context": {}, "time": "2024-03-05T09:14:07+00:00"}"#;
    let run = Run::transform().file("logs/a.log", page);
    run.file("logs/README.md", "")
        .args(&["-o", "out", "logs", "absent"])
}

#[test]
fn labels_of_messages_are_coloured_if_the_user_says_so() {
    let ended = run_with_messages().args(&["--color", "always"]).run();
    let ended = ended.with_code(3);
    ended.assert_stderr("\u{1b}[1m\u{1b}[31merror:\u{1b}[0m failed to open `absent`");
    ended.assert_stderr("\u{1b}[1m\u{1b}[33mwarning:\u{1b}[0m ");
    ended.assert_stderr("\u{1b}[1m\u{1b}[32mnote:\u{1b}[0m 1 file");
}

#[test]
fn the_option_precedes_the_variables_and_no_color_the_others() {
    for (option, variables, is_coloured) in [
        ("auto", &[][..], false),
        ("auto", &[("CLICOLOR_FORCE", "1")], true),
        ("auto", &[("CLICOLOR_FORCE", "0")], false),
        ("auto", &[("CLICOLOR_FORCE", "1"), ("NO_COLOR", "1")], false),
        ("Always", &[("NO_COLOR", "1")], true),
        ("never", &[("CLICOLOR_FORCE", "1")], false),
    ] {
        let mut run = run_with_messages().args(&["--color", option]);
        for (name, value) in variables {
            run = run.env(name, value);
        }
        let ended = run.run().with_code(3);
        let has_codes = ended.stderr.contains(CODES);
        assert_eq!(has_codes, is_coloured, "{option} {variables:?}");
    }
}

#[cfg(target_os = "linux")]
#[test]
fn messages_on_a_terminal_are_coloured_unless_no_color_is_set() {
    let run = |no_color| {
        let run = run_with_messages().env("TERM", "xterm");
        let run = run.env("NO_COLOR", no_color).on_terminal();
        String::from_utf8(run.run().stdout).unwrap()
    };
    assert!(run("").contains("[31merror:"));
    assert!(!run("1").contains("[31merror:"));
}

#[test]
fn errors_and_help_of_the_command_line_obey_too() {
    for arguments in [
        &["--color", "always", "transform", "--nonsense"][..],
        &["transform", "--nonsense", "--color=always"],
    ] {
        let ended = Run::new(arguments).run().with_code(2);
        ended.assert_stderr("\u{1b}[31merror:");
    }
    let run = Run::new(&["transform", "--nonsense"]).env("EVENT_ROUTER_COLOR", "always");
    run.run().with_code(2).assert_stderr("\u{1b}[31merror:");
    for (color, is_coloured) in [("always", true), ("never", false)] {
        let help = Run::new(&["send", "--help", "--color", color]).run();
        let help = String::from_utf8(help.with_code(0).stdout).unwrap();
        assert_eq!(help.contains(CODES), is_coloured);
    }
}

#[test]
fn differences_are_coloured() {
    let run = Run::transform().file("a.log", line(1));
    let run = run.file("out/a.log.xapi.jsonl", "{\"id\": 1}\n");
    let run = run.args(&["--check", "-o", "out", "--color", "always", "a.log"]);
    let stdout = String::from_utf8(run.run().with_code(1).stdout).unwrap();
    assert!(stdout.contains("\u{1b}[31m-  \"id\": 1\u{1b}[0m\n"));
    assert!(stdout.contains("\u{1b}[32m+  \"id\": \"") && stdout.contains("\u{1b}[36m@@ "));
}

#[test]
fn records_and_reports_are_never_coloured() {
    let run = Run::transform().file("a.log", line(1));
    let run = run.env("EVENT_ROUTER_COLOR", "always");
    let run = run.args(&["--report", "report.json", "--rejects", "rejects", "a.log"]);
    let ended = run.run().with_code(0);
    assert_eq!(ended.rows().len(), 1);
    assert!(!ended.stdout.contains(&(CODES as u8)));
    let variables = &ended.report()["variables"];
    let expected = ["EVENT_ROUTER_COLOR", "EVENT_ROUTER_VERBOSE"];
    assert_eq!(*variables, serde_json::json!(expected));
}
