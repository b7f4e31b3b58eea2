//! What the benchmark reads: logs, made for it, and what is known of them.

use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};

use event_routing_backends::{caliper, xapi};

use crate::generate;
use crate::generator::{LogOptions, Written};

/// The input of a run: one log or several.
#[derive(Clone)]
pub struct Input {
    pub files: Vec<PathBuf>,
    /// Unpacked.
    pub bytes: u64,
    pub lines: u64,
    /// How many lines are to become xAPI statements.
    xapi: u64,
    caliper: u64,
}

impl Input {
    /// Writes a log.
    pub fn generate(path: PathBuf, options: &LogOptions) -> Self {
        let written = generate::write_log(options, &path);
        let Written { bytes, lines, .. } = written;
        Self {
            files: vec![path],
            bytes,
            lines,
            xapi: written.of(xapi::DEFAULT_EVENTS),
            caliper: written.of(caliper::DEFAULT_EVENTS),
        }
    }

    /// The same packed with gzip, each file beside itself.
    pub fn packed(&self) -> Self {
        let files = self.files.iter().map(|file| generate::gzip(file)).collect();
        Self {
            files,
            ..self.clone()
        }
    }

    /// Two inputs of one run.
    pub fn and(&self, other: &Self) -> Self {
        Self {
            files: [self.files.as_slice(), &other.files].concat(),
            bytes: self.bytes + other.bytes,
            lines: self.lines + other.lines,
            xapi: self.xapi + other.xapi,
            caliper: self.caliper + other.caliper,
        }
    }

    /// All of it in one file.
    pub fn in_one(&self, path: PathBuf) -> Self {
        let mut whole = File::create(&path).expect("the log can be made");
        for file in &self.files {
            let mut part = File::open(file).expect("the log can be read");
            io::copy(&mut part, &mut whole).expect("the log can be written");
        }
        Self {
            files: vec![path],
            ..self.clone()
        }
    }

    /// How many lines are to be emitted in a format.
    pub fn emitted(&self, format: &str) -> u64 {
        if format == "xapi" {
            self.xapi
        } else {
            self.caliper
        }
    }

    /// How many bytes the files have.
    pub fn stored_bytes(&self) -> u64 {
        self.files.iter().map(|file| stored_bytes(file)).sum()
    }

    pub fn remove(&self) {
        for file in &self.files {
            fs::remove_file(file).expect("the log can be removed");
        }
    }
}

fn stored_bytes(file: &Path) -> u64 {
    fs::metadata(file).expect("the log is there").len()
}
