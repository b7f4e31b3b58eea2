//! The rejects file: one JSON object for each line that is rejected or unparsable, with the line itself.

use std::path::Path;

use anyhow::Result;

use super::AtomicFile;
use crate::files::OWNER_ONLY;

/// A rejects file that is being written. Only its owner can read it, because it holds personal data.
pub struct RejectsFile {
    file: AtomicFile,
    is_appended: bool,
    /// The length of the file at the last call of [`mark`](Self::mark).
    mark: u64,
}

impl RejectsFile {
    /// Creates a new file, or, if `append`, opens the file of earlier runs to append to it. Appended rows are durable
    /// when [`write`](Self::write) returns.
    ///
    /// # Errors
    /// Returns an error that names the path if the file cannot be created or opened.
    pub fn open(path: &Path, append: bool) -> Result<Self> {
        let open = if append {
            AtomicFile::append
        } else {
            AtomicFile::create
        };
        Ok(Self {
            file: open(path, OWNER_ONLY)?,
            is_appended: append,
            mark: 0,
        })
    }

    /// Returns whether the rows of earlier runs are kept.
    pub fn is_appended(&self) -> bool {
        self.is_appended
    }

    /// Writes all rows. If there is an error, removes the rows that were written, so that the next run can write all of
    /// them without repeating any.
    ///
    /// # Errors
    /// Returns an error that names the path if the rows cannot be written.
    pub fn write(&mut self, rows: &[u8]) -> Result<()> {
        if rows.is_empty() {
            return Ok(());
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

    /// Completes the file.
    ///
    /// # Errors
    /// Returns an error that names the path if the file cannot be written.
    pub fn finish(self) -> Result<()> {
        self.file.finish()
    }
}
