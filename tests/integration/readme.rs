//! The README tells today's truth.

use std::fs;
use std::path::Path;

use event_routing_backends::outcome::Reason;

use crate::harness::{Run, fixture};

fn readme() -> String {
    fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("README.md")).unwrap()
}

/// The commands that the README gives to be run in a checkout, without `cargo run --release --`.
fn commands() -> Vec<Vec<String>> {
    let commands = readme();
    let commands = commands
        .lines()
        .filter_map(|line| line.strip_prefix("cargo run --release -- "));
    commands
        .map(|command| command.split(' ').map(str::to_owned).collect())
        .collect()
}

#[test]
fn its_commands_work_as_written() {
    let commands = commands();
    assert_eq!(commands.len(), 4);
    for command in &commands {
        let arguments: Vec<&str> = command.iter().map(String::as_str).collect();
        let run = Run::new(&arguments);
        // In a directory that looks like a checkout.
        copy(&fixture(""), &run.directory.path("fixtures"));
        let ended = run.run().with_code(0);
        if command[..] == commands[0][..] {
            assert_eq!(ended.files("out"), ["tracking.log.xapi.jsonl"]);
            for line in ended.stderr.lines().skip(1) {
                assert!(readme().contains(line), "{line}");
            }
        }
    }
}

fn copy(from: &Path, to: &Path) {
    for entry in walkdir::WalkDir::new(from).into_iter().map(Result::unwrap) {
        let target = to.join(entry.path().strip_prefix(from).unwrap());
        if entry.file_type().is_dir() {
            fs::create_dir_all(target).unwrap();
        } else {
            fs::copy(entry.path(), target).unwrap();
        }
    }
}

#[test]
fn it_has_every_reason_code_and_every_option() {
    let readme = readme();
    for reason in Reason::ALL {
        assert!(
            readme.contains(&format!("`{}`", reason.code())),
            "{}",
            reason.code()
        );
    }
    for command in ["transform", "explain", "send", "recover"] {
        let help = Run::new(&[command, "--help"]).run().with_code(0).stdout;
        let help = String::from_utf8(help).unwrap();
        let options = help
            .split_whitespace()
            .filter(|word| word.starts_with("--") && word.len() > 2);
        for option in options.map(|option| option.trim_end_matches([',', ';', ':', '.', ')'])) {
            assert!(option == "--help" || readme.contains(option), "{option}");
        }
    }
}
