//! The directory of one run, or of several runs in sequence.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::rc::Rc;

use serde_json::Value;
use tempfile::TempDir;

use super::run::Run;
use super::samples::{ROOT_URL, json_lines};

/// A temporary directory that lives as long as anything refers to it. Names are relative to the directory.
#[derive(Clone)]
pub struct RunDirectory(Rc<TempDir>);

impl RunDirectory {
    pub fn new() -> Self {
        Self(Rc::new(TempDir::new().unwrap()))
    }

    pub fn path(&self, name: impl AsRef<Path>) -> PathBuf {
        self.0.path().join(name)
    }

    /// Writes a file, and creates the directories above it.
    pub fn write(&self, name: &str, bytes: impl AsRef<[u8]>) {
        let path = self.path(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, bytes).unwrap();
    }

    pub fn append(&self, name: &str, text: &str) {
        self.write(name, [&self.read(name), text.as_bytes()].concat());
    }

    /// Gives a file the times of a file that was written an hour ago, so that it is not taken for one that is still
    /// being written.
    pub fn age(&self, name: &str) {
        let file = fs::File::options().append(true).open(self.path(name));
        let hour = std::time::Duration::from_secs(3600);
        let then = std::time::SystemTime::now() - hour;
        file.unwrap().set_modified(then).unwrap();
    }

    pub fn remove(&self, name: &str) {
        fs::remove_file(self.path(name)).unwrap();
    }

    #[track_caller]
    pub fn read(&self, name: &str) -> Vec<u8> {
        let path = self.path(name);
        fs::read(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
    }

    /// The JSON value in a file.
    #[track_caller]
    pub fn json(&self, name: &str) -> Value {
        serde_json::from_slice(&self.read(name)).unwrap()
    }

    /// The JSON values in a file, one a line.
    #[track_caller]
    pub fn json_lines(&self, name: &str) -> Vec<Value> {
        json_lines(&self.read(name))
    }

    /// The permissions of a file.
    #[cfg(unix)]
    pub fn mode(&self, name: &str) -> u32 {
        use std::os::unix::fs::PermissionsExt;
        let metadata = fs::metadata(self.path(name)).unwrap();
        metadata.permissions().mode() & 0o777
    }

    /// The names of all files below a directory, hidden files included, in order.
    pub fn files(&self, below: &str) -> Vec<String> {
        let directory = self.path(below);
        let entries = walkdir::WalkDir::new(&directory)
            .sort_by_file_name()
            .into_iter()
            .flatten();
        let files = entries.filter(|entry| entry.file_type().is_file());
        let name = |path: &Path| path.strip_prefix(&directory).unwrap().display().to_string();
        files.map(|entry| name(entry.path())).collect()
    }

    /// The number of times that each statement occurs in the files of `out`, all of which must be finished.
    #[track_caller]
    pub fn statement_counts(&self) -> BTreeMap<String, usize> {
        let mut counts = BTreeMap::new();
        for name in self.files("out") {
            assert!(!name.starts_with('.'), "{name}");
            for row in self.json_lines(&format!("out/{name}")) {
                *counts.entry(row.to_string()).or_default() += 1;
            }
        }
        counts
    }

    /// A run that reads `logs` and keeps its state in `state`.
    pub fn run_with_state(&self, arguments: &[&str]) -> Run {
        Run::new(arguments).in_directory(self).args(&[
            "--to",
            "xapi",
            "--lms-root-url",
            ROOT_URL,
            "--state",
            "state",
            "logs",
        ])
    }

    /// `transform` of `logs` into `out`, with a state.
    pub fn transform(&self) -> Run {
        self.run_with_state(&["transform", "-o", "out", "--rejects", "rejects"])
    }

    /// `send` of `logs` in batches of seven, with a state.
    pub fn send(&self, url: &str) -> Run {
        let run = self.run_with_state(&["send", "--url", url, "--retry-delay", "0.01"]);
        run.args(&["--batch-size", "7", "--dead-letters", "dead"])
            .args(&["--rejects", "rejects"])
    }
}
