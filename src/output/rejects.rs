//! The rejects file: one JSON object for each line that is rejected or unparsable, with the line itself.

use std::fs::{File, OpenOptions};
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde::Serialize;

use crate::input::{Line, LineContent};
use crate::outcome::Reason;

/// A line that came to nothing.
#[derive(Clone, Debug)]
pub struct RejectedLine<'a> {
    /// The input's name, as given.
    pub file: &'a str,
    pub line: Line<'a>,
    pub reason: Reason,
    pub detail: &'a str,
}

impl RejectedLine<'_> {
    /// Appends the object and a newline.
    pub fn write(&self, out: &mut Vec<u8>) {
        #[derive(Serialize)]
        struct Row<'a> {
            file: &'a str,
            line: u64,
            reason: &'a str,
            detail: &'a str,
            #[serde(skip_serializing_if = "Option::is_none")]
            raw: Option<&'a str>,
            #[serde(skip_serializing_if = "Option::is_none")]
            raw_base64: Option<String>,
            #[serde(skip_serializing_if = "Option::is_none")]
            offset: Option<u64>,
            #[serde(skip_serializing_if = "Option::is_none")]
            length: Option<u64>,
        }

        let mut row = Row {
            file: self.file,
            line: self.line.number,
            reason: self.reason.code(),
            detail: self.detail,
            raw: None,
            raw_base64: None,
            offset: None,
            length: None,
        };
        match self.line.content {
            LineContent::Whole(bytes) | LineContent::Truncated(bytes) => {
                match std::str::from_utf8(bytes) {
                    Ok(text) => row.raw = Some(text),
                    Err(_) => row.raw_base64 = Some(STANDARD.encode(bytes)),
                }
            }
            LineContent::TooLong { offset, length } => {
                (row.offset, row.length) = (Some(offset), Some(length))
            }
        }
        // Strings and integers always serialize, and memory takes them.
        let _ = serde_json::to_writer(&mut *out, &row);
        out.push(b'\n');
    }
}

/// The file, readable by its owner alone: it holds personal data.
pub struct RejectsFile {
    path: PathBuf,
    writer: BufWriter<File>,
}

impl RejectsFile {
    /// Creates the file, or empties it.
    ///
    /// # Errors
    /// It cannot be created.
    pub fn create(path: &Path) -> Result<Self> {
        let mut options = OpenOptions::new();
        options.write(true).create(true).truncate(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        let file = options
            .open(path)
            .with_context(|| format!("failed to create `{}`", path.display()))?;
        Ok(Self {
            path: path.to_owned(),
            writer: BufWriter::new(file),
        })
    }

    /// Appends rows.
    ///
    /// # Errors
    /// They cannot be written.
    pub fn write(&mut self, rows: &[u8]) -> Result<()> {
        self.writer
            .write_all(rows)
            .with_context(|| format!("failed to write `{}`", self.path.display()))
    }

    /// Completes the file.
    ///
    /// # Errors
    /// It cannot be written.
    pub fn finish(mut self) -> Result<()> {
        self.writer
            .flush()
            .with_context(|| format!("failed to write `{}`", self.path.display()))
    }
}
