//! The rejects file: one JSON object for each line that is rejected or unparsable, with the line itself.
//!
//! The file may be an input of the run that writes it. Then the lines that are still rejected are collected in a new file,
//! which replaces the old file at the end of the run.

use std::collections::HashSet;
use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{BufRead, BufReader, Read, Seek, SeekFrom, Write};
use std::path::Path;

use anyhow::{Context, Result, anyhow};
use xxhash_rust::xxh3::xxh3_128;

use super::AtomicFile;
use crate::exit_code::{ExitCode, Fatal, OrExit};
use crate::files::{OWNER_ONLY, failed_to_write};
use crate::input::FileStamp;

/// A rejects file that is being written. Only its owner can read it, because it holds personal data.
pub struct RejectsFile {
    file: AtomicFile,
    is_appended: bool,
    /// Whether the file will replace rows of an earlier run that are not among the inputs.
    replaces: bool,
    /// The length of the file at the last call of [`mark`](Self::mark).
    mark: u64,
    /// The file as an input of the run.
    retried: Option<Retried>,
    /// Locked until the end of the run, so that no other run replaces a file that this run reads or appends to.
    lock: Option<File>,
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
    /// Returns an error that names the path if the file cannot be created or opened, or if another run uses it.
    pub fn open(path: &Path, append: bool, is_retried: bool) -> Result<Self, Fatal> {
        // The new file replaces the file itself, not a link to it.
        let is_link = is_retried && path.is_symlink();
        let real = is_link.then(|| fs::canonicalize(path).ok()).flatten();
        let path = real.as_deref().unwrap_or(path);
        let lock = lock(path, is_retried)?;
        let open = || -> Result<Self> {
            let create = |path| AtomicFile::create(path, OWNER_ONLY);
            if append && is_retried {
                end_last_row(path).with_context(|| failed_to_write(path))?;
            }
            let file = match append {
                true => AtomicFile::append(path, OWNER_ONLY),
                false => create(path),
            }?;
            let retried = is_retried.then(|| -> Result<Retried> {
                let (old, file) = (fs::metadata(path)?, create(path)?);
                file.keep_owner(&old);
                Ok(Retried {
                    bytes: old.len(),
                    file,
                    rows: HashSet::new(),
                })
            });
            Ok(Self {
                file,
                is_appended: append,
                replaces: !append && !is_retried && replaces_rows(path),
                mark: 0,
                retried: retried.transpose()?,
                lock,
            })
        };
        open().or_exit(ExitCode::Output)
    }

    /// Returns whether the rows of earlier runs are kept.
    pub fn is_appended(&self) -> bool {
        self.is_appended
    }

    /// Returns whether the file will replace rows of an earlier run that are not among the inputs.
    pub fn replaces(&self) -> bool {
        self.replaces
    }

    /// Returns the number of bytes that the run reads of the file, if the file is an input.
    pub fn retried_bytes(&self) -> Option<u64> {
        self.retried.as_ref().map(|retried| retried.bytes)
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
            return self.file.finish();
        };
        if !are_delivered {
            if self.is_appended {
                return self.file.finish();
            }
            retried.restart()?;
            if let Some(old) = self.lock {
                retried.copy(BufReader::new(old).take(retried.bytes))?;
            }
        }
        let start = if self.is_appended { retried.bytes } else { 0 };
        retried.copy(self.file.read_from(start)?)?;
        retried.file.finish()
    }
}

/// Returns whether a new rejects file at this path would replace rows.
pub fn replaces_rows(path: &Path) -> bool {
    fs::metadata(path).is_ok_and(|metadata| metadata.is_file() && metadata.len() > 0)
}

impl Retried {
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

/// Locks a file until the returned value is dropped: for this run only if the run replaces the file, else together with
/// other runs that write it. Returns `None` if there is no file yet.
///
/// # Errors
/// Returns an error if another run has locked the file, or if a file that the run replaces cannot be opened.
fn lock(path: &Path, is_replaced: bool) -> Result<Option<File>, Fatal> {
    let stamp = |metadata: &fs::Metadata| FileStamp::of(metadata);
    loop {
        let name = path.display();
        if !is_replaced && !fs::metadata(path).is_ok_and(|metadata| metadata.is_file()) {
            return Ok(None);
        }
        let file = match File::open(path) {
            Ok(file) => file,
            Err(_) if !is_replaced => return Ok(None),
            Err(error) => {
                return Err(error)
                    .with_context(|| format!("failed to open `{name}`"))
                    .or_exit(ExitCode::Output);
            }
        };
        let locked = match is_replaced {
            true => file.try_lock(),
            false => file.try_lock_shared(),
        };
        if let Err(TryLockError::WouldBlock) = locked {
            return Err(anyhow!(
                "the rejects file `{name}` is in use by another run; run again when that run has ended"
            ))
            .or_exit(ExitCode::Locked);
        }
        // Any other error means that the file system has no locks. Another run may have replaced the file before it was
        // locked.
        let opened = file.metadata().ok().and_then(|opened| stamp(&opened));
        let named = fs::metadata(path).ok().and_then(|named| stamp(&named));
        match (opened, named) {
            (Some(opened), Some(named)) if !opened.is_same_file(&named) => {}
            (Some(_), None) => {}
            _ => return Ok(Some(file)),
        }
    }
}

/// Adds the newline of a last row that lacks only its newline. Any other incomplete row is left, and removed when the
/// file is opened to append to it.
fn end_last_row(path: &Path) -> std::io::Result<()> {
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
