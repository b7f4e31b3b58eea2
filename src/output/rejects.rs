//! The rejects file: one JSON object for each line that is rejected or unparsable, with the line itself.
//!
//! The file may be an input of the run that writes it. Then the lines that are still rejected are collected in a new file,
//! which replaces the old file at the end of the run.

use std::fs;
use std::io::{self, BufRead};
use std::path::Path;

use anyhow::{Context, Result, anyhow};
use bumpalo::Bump;

use super::AtomicFile;
use super::locked_file::LockedFile;
use super::replacement::Replacement;
use crate::console::Console;
use crate::exit_code::{ExitCode, Fatal, OrExit};
use crate::files::{OWNER_ONLY, first_line};
use crate::tracking::RejectsRow;

/// A rejects file that is being written. Only its owner can read it, because it holds personal data.
pub struct RejectsFile {
    /// The path as given.
    name: String,
    file: AtomicFile,
    is_appended: bool,
    /// The length of the file at the last call of [`mark`](Self::mark).
    mark: u64,
    /// The file that replaces this file at the end of the run, if this file is an input and not empty.
    replacement: Option<Replacement>,
    /// The file under its final name. It is `None` if the file is a pipe or a device.
    target: Option<LockedFile>,
}

impl RejectsFile {
    /// Creates a new file, or, if `append`, opens the file of earlier runs to append to it. Appended rows are durable
    /// when [`write`](Self::write) returns. `is_input` tells that the file is an input of the run.
    ///
    /// # Errors
    /// Returns an error that names the path if the file cannot be created or opened, if another run uses it, or if an
    /// existing file is no rejects file.
    pub fn open(
        path: &Path,
        append: bool,
        is_input: bool,
        console: &Console,
    ) -> Result<Self, Fatal> {
        let target = LockedFile::open(path, append && !is_input)?;
        if let Some(target) = target.as_ref().filter(|_| !is_input) {
            check_rows(target, path)?;
        }
        if let Some(target) = target.as_ref().filter(|_| append) {
            let removed = target.end_last_row().or_exit(ExitCode::Output)?;
            if removed > 0 {
                console.note(&format!(
                    "note: the last row of `{}` was incomplete, because a run was killed, so its {removed} bytes were removed; the next run that reads the line writes the row again",
                    path.display()
                ));
            }
        }
        Self::start(path, append, is_input, target).or_exit(ExitCode::Output)
    }

    fn start(
        path: &Path,
        is_appended: bool,
        is_input: bool,
        target: Option<LockedFile>,
    ) -> Result<Self> {
        let name = path.display().to_string();
        // The new file replaces the file itself, not a link to it.
        let path = target.as_ref().map_or(path, |target| &target.path);
        let old = target.as_ref().filter(|old| is_input && old.length > 0);
        let file = match is_appended {
            true => AtomicFile::append(path, OWNER_ONLY),
            false => AtomicFile::create(path, OWNER_ONLY),
        };
        Ok(Self {
            name,
            file: file?,
            is_appended,
            mark: 0,
            replacement: old.map(|old| Replacement::new(path, old)).transpose()?,
            target,
        })
    }

    /// Returns the path of the file, as given.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Returns whether the rows of earlier runs are kept.
    pub fn is_appended(&self) -> bool {
        self.is_appended
    }

    /// Returns whether the file will replace rows of an earlier run that are not among the inputs.
    pub fn replaces(&self) -> bool {
        let has_rows = self.target.as_ref().is_some_and(|target| target.length > 0);
        has_rows && !self.is_appended && self.replacement.is_none()
    }

    /// Returns the length up to which the run reads the file, in case the file is an input. Returns `None` for a pipe.
    pub fn input_length(&self) -> Option<u64> {
        let replaced = self.replacement.as_ref().map(Replacement::old_length);
        replaced.or(self.target.as_ref().map(|target| target.length))
    }

    /// Writes all rows. `are_old` tells that their lines were read from this file. If there is an error, removes the
    /// rows that were written, so that the next run can write all of them without repeating any.
    ///
    /// # Errors
    /// Returns an error that names the path if the rows cannot be written.
    pub fn write(&mut self, rows: &[u8], are_old: bool) -> Result<()> {
        if rows.is_empty() {
            return Ok(());
        }
        if let Some(replacement) = self.replacement.as_mut().filter(|_| are_old) {
            return replacement.write(rows);
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
        let Some(mut replacement) = self.replacement else {
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
            replacement.restart()?;
            if let Some(old) = &self.target {
                replacement.copy(old.read()?)?;
            }
        }
        let start = if self.is_appended {
            replacement.old_length()
        } else {
            0
        };
        replacement.copy(self.file.read_from(start)?)?;
        replacement.finish()
    }
}

/// Returns whether a new rejects file at this path would replace a file that is not empty.
pub fn replaces_rows(path: &Path) -> bool {
    fs::metadata(path).is_ok_and(|metadata| metadata.is_file() && metadata.len() > 0)
}

/// Returns whether the first line of a file that is not blank is a row, whole or cut. Returns `None` if there is no such
/// line.
///
/// # Errors
/// Returns an error if the file cannot be read.
pub fn begins_with_row(reader: impl BufRead) -> io::Result<Option<bool>> {
    let line = first_line(reader)?;
    let is_row = || RejectsRow::read(&line, &Bump::new()).is_some() || RejectsRow::is_cut(&line);
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
