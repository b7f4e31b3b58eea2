//! The generated logs that the benchmark reads, and their known counts.

use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};

use event_routing_backends::convert::default_and_other_events;
use event_routing_backends::format::Format;

use crate::generate;
use crate::generator::{LogCounts, LogOptions};

/// The input of a run: one log or several.
#[derive(Clone)]
pub struct Input {
    pub files: Vec<PathBuf>,
    /// The uncompressed size.
    pub bytes: u64,
    pub lines: u64,
    /// The number of lines that must become xAPI statements.
    xapi: u64,
    /// The number of lines that must become Caliper events.
    caliper: u64,
}

impl Input {
    /// Writes a log.
    pub fn generate(path: PathBuf, options: &LogOptions) -> Self {
        let written = generate::write_log(options, &path);
        let LogCounts { bytes, lines, .. } = written;
        Self {
            files: vec![path],
            bytes,
            lines,
            xapi: written.of(&default_and_other_events(Format::Xapi).0),
            caliper: written.of(&default_and_other_events(Format::Caliper).0),
        }
    }

    /// Compresses each file with gzip, and returns the compressed input.
    pub fn compressed(&self) -> Self {
        let files = self.files.iter().map(|file| generate::gzip(file)).collect();
        Self {
            files,
            ..self.clone()
        }
    }

    /// Combines two inputs into the input of one run.
    pub fn and(&self, other: &Self) -> Self {
        Self {
            files: [self.files.as_slice(), &other.files].concat(),
            bytes: self.bytes + other.bytes,
            lines: self.lines + other.lines,
            xapi: self.xapi + other.xapi,
            caliper: self.caliper + other.caliper,
        }
    }

    /// Concatenates all files into one file.
    pub fn in_one(&self, path: PathBuf) -> Self {
        let mut whole = File::create(&path).expect("the log can be created");
        for file in &self.files {
            let mut part = File::open(file).expect("the log can be read");
            io::copy(&mut part, &mut whole).expect("the log can be written");
        }
        Self {
            files: vec![path],
            ..self.clone()
        }
    }

    /// Returns the number of lines that must be emitted in a format.
    pub fn emitted(&self, format: &str) -> u64 {
        if format == "xapi" {
            self.xapi
        } else {
            self.caliper
        }
    }

    /// Returns the total size of the files.
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
    fs::metadata(file).expect("the log exists").len()
}
