//! The rejects file: one JSON object for each line that is rejected or unparsable, with the line itself.

use std::fs::{self, File, OpenOptions};
use std::io::{self, BufWriter, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde::Serialize;
use tempfile::NamedTempFile;

use super::directory::temporary_file;
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

/// The file. It is readable by its owner alone, since it holds personal data, and stands under its name only when it is
/// complete.
pub struct RejectsFile {
    path: PathBuf,
    writer: BufWriter<Place>,
    /// How long the file was when it was marked.
    mark: u64,
}

pub(crate) const OWNER_ONLY: u32 = 0o600;

enum Place {
    Temporary(NamedTempFile),
    /// With a state, the rows of earlier runs stay: their lines are not read again.
    Appended(File),
    /// What is no regular file, such as a pipe, is written to and never replaced.
    Special(File),
}

impl RejectsFile {
    /// Starts the file.
    ///
    /// # Errors
    /// It cannot be created.
    pub fn create(path: &Path) -> Result<Self> {
        let is_special = fs::metadata(path).is_ok_and(|metadata| !metadata.is_file());
        let place = if is_special {
            OpenOptions::new()
                .write(true)
                .open(path)
                .map(Place::Special)
        } else {
            let directory = path
                .parent()
                .filter(|parent| !parent.as_os_str().is_empty());
            temporary_file(path, directory.unwrap_or(Path::new(".")), OWNER_ONLY)
                .map(Place::Temporary)
        };
        let place = place.with_context(|| format!("failed to create `{}`", path.display()))?;
        Ok(Self {
            path: path.to_owned(),
            writer: BufWriter::new(place),
            mark: 0,
        })
    }

    /// Goes on with the file of earlier runs, if there is one. Rows are durable when they are written.
    ///
    /// # Errors
    /// It cannot be opened.
    pub fn append(path: &Path) -> Result<Self> {
        if fs::metadata(path).is_ok_and(|metadata| !metadata.is_file()) {
            return Self::create(path);
        }
        let mut options = OpenOptions::new();
        options.append(true).create(true);
        #[cfg(unix)]
        {
            use std::os::unix::fs::OpenOptionsExt;
            options.mode(OWNER_ONLY);
        }
        let file = options
            .open(path)
            .with_context(|| format!("failed to open `{}`", path.display()))?;
        Ok(Self {
            path: path.to_owned(),
            writer: BufWriter::new(Place::Appended(file)),
            mark: 0,
        })
    }

    /// Appends rows.
    ///
    /// # Errors
    /// They cannot be written.
    pub fn write(&mut self, rows: &[u8]) -> Result<()> {
        if rows.is_empty() {
            return Ok(());
        }
        let mut write = || {
            self.writer.write_all(rows)?;
            if matches!(self.writer.get_ref(), Place::Appended(_)) {
                self.writer.flush()?;
            }
            if let Place::Appended(file) = self.writer.get_ref() {
                file.sync_data()?;
            }
            Ok::<(), io::Error>(())
        };
        write().with_context(|| format!("failed to write `{}`", self.path.display()))
    }

    /// Remembers what is written so far.
    ///
    /// # Errors
    /// It cannot be written.
    pub fn mark(&mut self) -> Result<()> {
        let marked = self
            .writer
            .flush()
            .and_then(|()| match self.writer.get_mut() {
                Place::Temporary(file) => file.stream_position(),
                Place::Appended(file) => file.metadata().map(|metadata| metadata.len()),
                Place::Special(_) => Ok(0),
            });
        self.mark = marked.with_context(|| format!("failed to write `{}`", self.path.display()))?;
        Ok(())
    }

    /// Takes back what was written since the mark. From a pipe nothing can be taken back.
    ///
    /// # Errors
    /// It cannot be taken back.
    pub fn back_to_mark(&mut self) -> Result<()> {
        let mark = self.mark;
        let back = self
            .writer
            .flush()
            .and_then(|()| match self.writer.get_mut() {
                Place::Temporary(file) => {
                    file.as_file().set_len(mark)?;
                    file.seek(SeekFrom::Start(mark)).map(drop)
                }
                Place::Appended(file) => file.set_len(mark),
                Place::Special(_) => Ok(()),
            });
        back.with_context(|| format!("failed to write `{}`", self.path.display()))
    }

    /// Completes the file.
    ///
    /// # Errors
    /// It cannot be written.
    pub fn finish(self) -> Result<()> {
        let place = self
            .writer
            .into_inner()
            .map_err(io::IntoInnerError::into_error);
        let finished = place.and_then(|place| match place {
            Place::Temporary(file) => {
                file.as_file().sync_data()?;
                file.persist(&self.path)?;
                Ok(())
            }
            Place::Appended(file) => file.sync_data(),
            Place::Special(_) => Ok(()),
        });
        finished.with_context(|| format!("failed to write `{}`", self.path.display()))
    }
}

impl Write for Place {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match self {
            Self::Temporary(file) => file.write(bytes),
            Self::Appended(file) | Self::Special(file) => file.write(bytes),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        match self {
            Self::Temporary(file) => file.flush(),
            Self::Appended(file) | Self::Special(file) => file.flush(),
        }
    }
}
