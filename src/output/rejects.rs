//! The rejects file: one JSON object for each line that is rejected or unparsable, with the line itself.
//!
//! The file may be an input of the run that writes it. Then the lines that are still rejected are collected in a new file,
//! which replaces the old file at the end of the run.

use std::collections::HashSet;
use std::fs::{self, OpenOptions};
use std::io::{self, BufRead, Read, Seek, SeekFrom, Write};
use std::path::Path;

use anyhow::{Context, Result, anyhow};
use bumpalo::Bump;
use xxhash_rust::xxh3::xxh3_128;

use super::AtomicFile;
use super::locked_file::LockedFile;
use crate::exit_code::{ExitCode, Fatal, OrExit};
use crate::files::{OWNER_ONLY, failed_to_write, first_line};
use crate::tracking::RejectedLine;

/// A rejects file that is being written. Only its owner can read it, because it holds personal data.
pub struct RejectsFile {
    file: AtomicFile,
    is_appended: bool,
    /// The length of the file at the last call of [`mark`](Self::mark).
    mark: u64,
    /// The file as an input of the run, if it is an input and not empty.
    retried: Option<Retried>,
    /// The file under its final name. It is `None` if the file is a pipe or a device.
    target: Option<LockedFile>,
}

/// The rejects file as an input of the run that writes it.
struct Retried {
    /// The length of the file when it was opened. Later rows are those of this run.
    bytes: u64,
    /// The new file. It gets the lines of the old file that are still rejected, and at the end the rows of other inputs.
    file: AtomicFile,
    /// The hashes of the rows in the new file. A run that was killed may have left a row that this run writes again.
    rows: HashSet<u128>,
}

impl RejectsFile {
    /// Creates a new file, or, if `append`, opens the file of earlier runs to append to it. Appended rows are durable
    /// when [`write`](Self::write) returns. If the file `is_retried`, it is an input of the run.
    ///
    /// # Errors
    /// Returns an error that names the path if the file cannot be created or opened, if another run uses it, or if an
    /// existing file is no rejects file.
    pub fn open(path: &Path, append: bool, is_retried: bool) -> Result<Self, Fatal> {
        let target = LockedFile::open(path, append && !is_retried)?;
        if let Some(target) = target.as_ref().filter(|_| !is_retried) {
            check_rows(target, path)?;
        }
        Self::start(path, append, is_retried, target).or_exit(ExitCode::Output)
    }

    fn start(
        path: &Path,
        is_appended: bool,
        is_retried: bool,
        target: Option<LockedFile>,
    ) -> Result<Self> {
        // The new file replaces the file itself, not a link to it.
        let path = target.as_ref().map_or(path, |target| &target.path);
        let old = target.as_ref().filter(|old| is_retried && old.length > 0);
        if old.is_some() && is_appended {
            end_last_row(path).with_context(|| failed_to_write(path))?;
        }
        let file = match is_appended {
            true => AtomicFile::append(path, OWNER_ONLY),
            false => AtomicFile::create(path, OWNER_ONLY),
        };
        Ok(Self {
            file: file?,
            is_appended,
            mark: 0,
            retried: old.map(|old| Retried::new(path, old)).transpose()?,
            target,
        })
    }

    /// Returns whether the rows of earlier runs are kept.
    pub fn is_appended(&self) -> bool {
        self.is_appended
    }

    /// Returns whether the file will replace rows of an earlier run that are not among the inputs.
    pub fn replaces(&self) -> bool {
        let has_rows = self.target.as_ref().is_some_and(|target| target.length > 0);
        has_rows && !self.is_appended && self.retried.is_none()
    }

    /// Returns the length up to which the run reads the file, in case the file is an input. Returns `None` for a pipe.
    pub fn retried_bytes(&self) -> Option<u64> {
        let retried = self.retried.as_ref().map(|retried| retried.bytes);
        retried.or(self.target.as_ref().map(|target| target.length))
    }

    /// Writes all rows. `is_retried` tells that their lines were read from this file. If there is an error, removes the
    /// rows that were written, so that the next run can write all of them without repeating any.
    ///
    /// # Errors
    /// Returns an error that names the path if the rows cannot be written.
    pub fn write(&mut self, rows: &[u8], is_retried: bool) -> Result<()> {
        if rows.is_empty() {
            return Ok(());
        }
        if let Some(retried) = self.retried.as_mut().filter(|_| is_retried) {
            return retried.write(rows);
        }
        let before = self.file.length()?;
        let mut written = self.file.write(rows);
        if self.is_appended {
            written = written.and_then(|()| self.file.sync());
        }
        if written.is_err() {
            let _ = self.file.truncate(before);
        }
        written
    }

    /// Remembers the current end of the file, for [`back_to_mark`](Self::back_to_mark).
    ///
    /// # Errors
    /// Returns an error that names the path if the length of the file cannot be read.
    pub fn mark(&mut self) -> Result<()> {
        self.mark = self.file.length()?;
        Ok(())
    }

    /// Removes the rows that were written after the last call of [`mark`](Self::mark). Does nothing for a pipe, because
    /// its rows cannot be taken back.
    ///
    /// # Errors
    /// Returns an error that names the path if the file cannot be truncated.
    pub fn back_to_mark(&mut self) -> Result<()> {
        self.file.truncate(self.mark)
    }

    /// Completes the file. If the file is an input, `are_delivered` tells whether those of its lines that were emitted
    /// are delivered. If they are not, all lines of the file stay.
    ///
    /// # Errors
    /// Returns an error that names the path if the file cannot be written.
    pub fn finish(self, are_delivered: bool) -> Result<()> {
        let Some(mut retried) = self.retried else {
            return match self.target.filter(LockedFile::was_empty) {
                // An empty file may be a log that another program has opened, so it is not replaced.
                Some(target) if !self.is_appended => target.append(self.file.read_from(0)?),
                _ => self.file.finish(),
            };
        };
        if !are_delivered {
            if self.is_appended {
                return self.file.finish();
            }
            retried.restart()?;
            if let Some(old) = &self.target {
                retried.copy(old.read()?)?;
            }
        }
        let start = if self.is_appended { retried.bytes } else { 0 };
        retried.copy(self.file.read_from(start)?)?;
        retried.file.finish()
    }
}

/// Returns whether a new rejects file at this path would replace a file that is not empty.
pub fn replaces_rows(path: &Path) -> bool {
    fs::metadata(path).is_ok_and(|metadata| metadata.is_file() && metadata.len() > 0)
}

impl Retried {
    /// Starts the new file.
    fn new(path: &Path, old: &LockedFile) -> Result<Self> {
        // The last row may have got its newline, or an incomplete row may have been removed.
        let old = old.metadata()?;
        let file = AtomicFile::create(path, OWNER_ONLY)?;
        file.keep_owner(&old);
        Ok(Self {
            bytes: old.len(),
            file,
            rows: HashSet::new(),
        })
    }

    /// Writes rows, except those that the new file already has.
    fn write(&mut self, rows: &[u8]) -> Result<()> {
        let lines = rows.split_inclusive(|&byte| byte == b'\n');
        let new: Vec<&[u8]> = lines
            .filter(|row| self.rows.insert(xxh3_128(row)))
            .collect();
        self.file.write(&new.concat())
    }

    /// Writes the rows that a reader has.
    fn copy(&mut self, mut reader: impl BufRead) -> Result<()> {
        let mut row = Vec::new();
        while reader.read_until(b'\n', &mut row)? > 0 {
            if !row.ends_with(b"\n") {
                row.push(b'\n');
            }
            self.write(&row)?;
            row.clear();
        }
        Ok(())
    }

    /// Removes all rows.
    fn restart(&mut self) -> Result<()> {
        self.rows.clear();
        self.file.truncate(0)
    }
}

/// Returns whether the first line of a file that is not blank is a row, whole or cut. Returns `None` if there is no such
/// line.
///
/// # Errors
/// Returns an error if the file cannot be read.
pub fn begins_with_row(reader: impl BufRead) -> io::Result<Option<bool>> {
    let line = first_line(reader)?;
    let is_row =
        || RejectedLine::read(&line, &Bump::new()).is_some() || RejectedLine::is_cut(&line);
    Ok((!line.is_empty()).then(is_row))
}

/// Checks that an existing file is a rejects file, so that no log is replaced or appended to.
fn check_rows(target: &LockedFile, path: &Path) -> Result<(), Fatal> {
    let name = path.display();
    let begins_with_row = begins_with_row(target.read().or_exit(ExitCode::Output)?);
    let begins_with_row = begins_with_row
        .with_context(|| format!("failed to read `{name}`"))
        .or_exit(ExitCode::Output)?;
    if begins_with_row == Some(false) {
        return Err(anyhow!(
            "`{name}` is no rejects file: its first line is not a row of rejected lines; give `--rejects` another path"
        ))
        .or_exit(ExitCode::Usage);
    }
    Ok(())
}

/// Adds the newline of a last row that lacks only its newline. Any other incomplete row is left, and removed when the
/// file is opened to append to it.
fn end_last_row(path: &Path) -> io::Result<()> {
    let mut file = OpenOptions::new().read(true).append(true).open(path)?;
    let mut last = [0];
    if file.metadata()?.len() > 0 {
        file.seek(SeekFrom::End(-1))?;
        file.read_exact(&mut last)?;
    }
    if last == *b"}" {
        file.write_all(b"\n")?;
    }
    Ok(())
}
