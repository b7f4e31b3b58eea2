//! The rejects file: one JSON object for each line that is rejected or unparsable, with the line itself.

use std::io::Write;
use std::path::Path;

use anyhow::{Context, Result};

use super::WholeFile;
use crate::files::OWNER_ONLY;

/// The file. It is readable by its owner alone, since it holds personal data.
pub struct RejectsFile {
    file: WholeFile,
    is_appended: bool,
    /// How long the file was when it was marked.
    mark: u64,
}

impl RejectsFile {
    /// Starts the file.
    ///
    /// # Errors
    /// It cannot be created.
    pub fn create(path: &Path) -> Result<Self> {
        Ok(Self {
            file: WholeFile::create(path, OWNER_ONLY)?,
            is_appended: false,
            mark: 0,
        })
    }

    /// Goes on with the file of earlier runs, if there is one. Rows are durable when they are written.
    ///
    /// # Errors
    /// It cannot be opened.
    pub fn append(path: &Path) -> Result<Self> {
        Ok(Self {
            file: WholeFile::append(path, OWNER_ONLY)?,
            is_appended: true,
            mark: 0,
        })
    }

    /// Whether it goes on with what earlier runs wrote.
    pub fn is_appended(&self) -> bool {
        self.is_appended
    }

    /// Appends rows.
    ///
    /// # Errors
    /// They cannot be written.
    pub fn write(&mut self, rows: &[u8]) -> Result<()> {
        if rows.is_empty() {
            return Ok(());
        }
        let written = self.file.length().and_then(|before| {
            let mut written = self.file.write_all(rows);
            if self.is_appended {
                written = written.and_then(|()| self.file.sync());
            }
            if written.is_err() {
                // All of them or none: their lines are read again.
                let _ = self.file.back_to(before);
            }
            written
        });
        written.with_context(|| self.file.failed())
    }

    /// Remembers what is written so far.
    ///
    /// # Errors
    /// Its length cannot be told.
    pub fn mark(&mut self) -> Result<()> {
        let marked = self.file.length();
        self.mark = marked.with_context(|| self.file.failed())?;
        Ok(())
    }

    /// Takes back what was written since the mark. From a pipe nothing can be taken back.
    ///
    /// # Errors
    /// It cannot be taken back.
    pub fn back_to_mark(&mut self) -> Result<()> {
        let back = self.file.back_to(self.mark);
        back.with_context(|| self.file.failed())
    }

    /// Completes the file.
    ///
    /// # Errors
    /// It cannot be written.
    pub fn finish(self) -> Result<()> {
        self.file.finish()
    }
}
