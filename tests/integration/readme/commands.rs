//! Runs the commands of the pages in a shell, in a directory that looks like a checkout with logs.

use std::io::Read;
use std::os::unix::fs::PermissionsExt;
use std::process::{Command, Output};

use flate2::read::GzDecoder;
use serde_json::json;

use super::*;
use crate::harness::RunDirectory;

/// The program, which makes no requests here. A run without requests that has a state cannot write rejects.
const EVENT_ROUTER: &str = r#"unset EVENT_ROUTER_REJECTS
case "$1" in
send | recover) set -- "$@" --dry-run ;;
verify) shift; set -- send "$@" --dry-run ;;
esac
exec "$PROGRAM" "$@""#;
const CARGO: &str = r#"if [ "$1" = run ]; then shift 3; exec event-router "$@"; fi"#;
const MYSQL: &str = r#"if grep -q auth_user; then table=users; else table=courses; fi
cat "$CHECKOUT/fixtures/$table.csv""#;
const DOCKER: &str = r#"case "$1" in
exec) shift 3; export MYSQL_ROOT_PASSWORD=secret; exec "$@" ;;
logs) cat logs/tracking.log ;;
inspect) echo container.log ;;
esac"#;

/// Makes a directory that has what the commands of the pages read.
pub fn checkout() -> RunDirectory {
    let checkout = RunDirectory::new();
    copy(&fixture(""), &checkout.path("fixtures"));
    copy(&root().join("src/guide"), &checkout.path("src/guide"));
    for (name, script) in [
        ("event-router", EVENT_ROUTER),
        ("cargo", CARGO),
        ("mysql", MYSQL),
        ("tutor", "echo secret"),
        ("docker", DOCKER),
        ("sudo", r#"exec "$@""#),
        ("install", ""),
        ("systemctl", ""),
        ("jq", ""),
        ("perl", ""),
        ("python3", ""),
    ] {
        write_script(&checkout, &format!("usr/local/bin/{name}"), script);
    }
    write_script(&checkout, "tests/bench/compare", "");

    let sample = fs::File::open(fixture("sample/tracking.log.gz")).unwrap();
    let mut log = Vec::new();
    GzDecoder::new(sample).read_to_end(&mut log).unwrap();
    let lines = String::from_utf8_lossy(&log);
    let wrapped = lines.lines().map(|line| json!({ "log": line }).to_string());
    checkout.write("changed.log", &log);
    checkout.write("container.log", wrapped.collect::<Vec<_>>().join("\n"));
    checkout.write("logs/tracking.log", &log);
    checkout.write("edx/var/log/tracking/tracking.log", &log);

    for table in ["users", "courses"] {
        let csv = checkout.read(&format!("fixtures/{table}.csv"));
        checkout.write(&format!("{table}.tsv"), &csv);
        checkout.write(&format!("etc/event-router/{table}.tsv"), &csv);
        let query = checkout.read(&format!("src/guide/{table}.sql"));
        checkout.write(&format!("etc/event-router/{table}.sql"), &query);
    }
    let export = fs::read_to_string(checkout.path("src/guide/export.sh")).unwrap();
    let export = below(&checkout, &export);
    write_script(&checkout, "etc/event-router/export", &export);
    let reject = json!({ "file": "tracking.log", "line": 1, "reason": "unknown-user", "raw": lines.lines().next() });
    for rejects in ["rejects.jsonl", "var/lib/event-router/rejects.jsonl"] {
        checkout.write(rejects, format!("{reject}\n"));
    }
    let jobs = Page::read("src/guide/jobs.md");
    let variables = jobs.fences("ini")[0].replace("=/", "=");
    checkout.write("etc/event-router/env", variables);
    checkout.write("etc/event-router/lrs.json", &jobs.fences("json")[0]);
    let owner_only = fs::Permissions::from_mode(0o600);
    fs::set_permissions(checkout.path("etc/event-router/lrs.json"), owner_only).unwrap();
    for dead_letters in ["dead", "var/lib/event-router/dead"] {
        fs::create_dir_all(checkout.path(dead_letters)).unwrap();
    }
    checkout
}

pub fn write_script(checkout: &RunDirectory, name: &str, script: &str) {
    checkout.write(name, format!("#!/bin/sh\n{script}\n"));
    fs::set_permissions(checkout.path(name), fs::Permissions::from_mode(0o755)).unwrap();
}

/// Returns the script with the absolute paths in it as paths below the checkout.
fn below(checkout: &RunDirectory, script: &str) -> String {
    let root = checkout.path("").display().to_string();
    let root = root.trim_end_matches('/');
    let mut script = format!(" {script}");
    for (before, start) in [
        (" ", "etc"),
        (" ", "usr"),
        ("=", "usr"),
        (" ", "var"),
        (" ", "edx"),
    ] {
        let path = format!("{before}/{start}/");
        script = script.replace(&path, &format!("{before}{root}/{start}/"));
    }
    script
}

pub fn run_shell(checkout: &RunDirectory, commands: &str, path: &str) -> Output {
    let script = below(checkout, commands);
    let mut command = Command::new("sh");
    command
        .args(["-e", "-c", &script])
        .current_dir(checkout.path(""));
    command.env_clear().env("PATH", path);
    command.env("PROGRAM", env!("CARGO_BIN_EXE_event-router"));
    command.env("CHECKOUT", checkout.path(""));
    command.output().unwrap()
}

pub fn run(checkout: &RunDirectory, commands: &str, path: &str) {
    let output = run_shell(checkout, commands, path);
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{commands}: {stderr}");
    // The rejects of the sample are rejected again when they are replayed.
    let mut warnings = stderr.lines().filter(|line| line.contains("warning"));
    let is_replay = |line: &str| line.contains("all 11 events were rejected");
    assert!(warnings.all(is_replay), "{commands}: {stderr}");
}

#[test]
fn every_command_that_is_shown_works() {
    let pages = pages();
    let commands = pages.iter().map(|page| page.fences("sh"));
    for commands in commands.filter(|commands| !commands.is_empty()) {
        let checkout = checkout();
        let path = checkout.path("usr/local/bin");
        let path = format!("{}:/usr/bin:/bin", path.display());
        for commands in commands {
            run(&checkout, &commands, &path);
        }
    }
}
