//! The help of commands: what fits the screen, and what a new user looks for.

use crate::harness::Run;

/// The help on a terminal of 80 columns.
#[track_caller]
fn help(arguments: &[&str]) -> String {
    let ended = Run::new(arguments).env("COLUMNS", "80").run().with_code(0);
    String::from_utf8(ended.stdout).unwrap()
}

#[test]
fn the_short_help_fits_two_screens_and_begins_with_the_required_options() {
    for command in ["transform", "send", "verify", "explain"] {
        let help = help(&[command, "-h"]);
        let lines = help.lines().count();
        assert!(lines <= 80, "{command}: {lines} lines\n{help}");
        let options = help
            .lines()
            .filter(|line| line.trim_start().starts_with('-'));
        let first: Vec<&str> = options.take(2).map(str::trim_start).collect();
        assert!(first[0].starts_with("--to "), "{help}");
        assert!(first[1].starts_with("--lms-root-url "), "{help}");
        assert!(help.contains("[INPUT]..."), "{help}");
        assert!(!help.contains("--sensor"), "{help}");
        assert!(help.contains("`--help` shows all options"), "{help}");
    }
}

#[test]
fn the_long_help_has_all_options_examples_exit_codes_and_the_way_to_the_guide() {
    for (command, example) in [
        (
            "transform",
            "event-router transform --repair all -o old logs/",
        ),
        ("send", "event-router send --probe --url"),
        ("verify", "event-router verify --all --url"),
        (
            "recover",
            "event-router recover --dead-letters dead --discard refused",
        ),
    ] {
        let help = help(&[command, "--help"]);
        for text in [example, "Exit codes", "\nGuide: README.md and src/guide/"] {
            assert!(help.contains(text), "{text}\n{help}");
        }
        if command != "recover" {
            assert!(help.contains("--sensor"), "{help}");
        }
    }
    assert!(help(&["--help"]).contains("Exit codes"));
    assert!(help(&["man", "transform"]).contains("the sensor that envelopes name"));
    let page = help(&["man", "transform"]);
    assert!(
        page.contains("event\\-router transform \\-\\-repair all"),
        "{page}"
    );
}

#[test]
fn the_short_help_begins_with_what_the_command_does() {
    for command in [
        "transform",
        "send",
        "inspect",
        "events",
        "completions",
        "man",
    ] {
        assert!(!help(&[command, "-h"]).contains("--progress"), "{command}");
        assert!(
            help(&[command, "--help"]).contains("--progress"),
            "{command}"
        );
    }
    let send = help(&["send", "-h"]);
    let usage = "Usage: event-router send [OPTIONS] --to <TO> --lms-root-url <URL> [INPUT]...\n";
    assert!(send.contains(usage), "{send}");
    assert!(
        send.contains(" event-router send --probe [OPTIONS]\n"),
        "{send}"
    );
}
