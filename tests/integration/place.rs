//! Runs that follow one another in one directory.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::process::{Child, Command, Stdio};

use serde_json::Value;
use tempfile::TempDir;

use crate::harness::{ROOT_URL, json_lines, line};

/// A directory in which runs follow one another.
pub struct Place(pub TempDir);

impl Place {
    pub fn new() -> Self {
        Self(TempDir::new().unwrap())
    }

    pub fn write(&self, name: &str, bytes: impl AsRef<[u8]>) {
        let path = self.0.path().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, bytes).unwrap();
    }

    pub fn append(&self, name: &str, text: &str) {
        let old = fs::read(self.0.path().join(name)).unwrap();
        self.write(name, [&old, text.as_bytes()].concat());
    }

    pub fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_event-router"));
        command
            .current_dir(self.0.path())
            .args(arguments)
            .args([
                "--to",
                "xapi",
                "--lms-root-url",
                ROOT_URL,
                "--state",
                "state",
            ])
            .args(["logs"])
            .stdout(Stdio::null())
            .stderr(Stdio::piped());
        command
    }

    pub fn transform(&self) -> Command {
        self.command(&["transform", "-o", "out", "--rejects", "rejects"])
    }

    pub fn send(&self, url: &str) -> Command {
        let mut command = self.command(&["send", "--url", url, "--retry-delay", "0.01"]);
        command.args([
            "--batch-size",
            "7",
            "--dead-letters",
            "dead",
            "--rejects",
            "rejects",
        ]);
        command
    }

    /// The names of the files below a directory, hidden ones too.
    pub fn files(&self, below: &str) -> Vec<String> {
        let directory = self.0.path().join(below);
        let entries = walkdir::WalkDir::new(&directory)
            .sort_by_file_name()
            .into_iter()
            .flatten();
        let files = entries.filter(|entry| entry.file_type().is_file());
        let name = |path: &Path| path.strip_prefix(&directory).unwrap().display().to_string();
        files.map(|entry| name(entry.path())).collect()
    }

    pub fn rows(&self, name: &str) -> Vec<Value> {
        json_lines(&fs::read(self.0.path().join(name)).unwrap())
    }

    /// How often each statement stands in the output.
    pub fn output(&self) -> BTreeMap<String, usize> {
        let mut counts = BTreeMap::new();
        for name in self.files("out") {
            assert!(!name.starts_with('.'), "{name}");
            for row in self.rows(&format!("out/{name}")) {
                *counts.entry(row.to_string()).or_default() += 1;
            }
        }
        counts
    }
}

/// Runs it, and gives what it said.
#[track_caller]
pub fn run(mut command: Command, code: i32) -> String {
    let output = command.output().unwrap();
    let said = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(code), "{said}");
    said
}

pub fn lines(seconds: std::ops::Range<u32>) -> String {
    seconds.map(line).collect()
}

/// Sends a signal by its name.
#[cfg(unix)]
pub fn signal(child: &Child, name: &str) {
    let id = child.id().to_string();
    let sent = Command::new("kill")
        .args(["-s", name, &id])
        .status()
        .unwrap();
    assert!(sent.success());
}
