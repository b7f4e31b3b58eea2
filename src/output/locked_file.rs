//! The rejects file under its final name, locked until the end of the run.

use std::fs::{self, File, Metadata, OpenOptions, TryLockError};
use std::io::{self, BufRead, BufReader, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, anyhow};

use crate::exit_code::{ExitCode, Fatal, OrExit};
use crate::files::{OWNER_ONLY, failed_to_write, is_of_system};
use crate::input::FileStamp;

/// A locked file. Only one run at a time uses it, because a run may remove rows that it has appended, up to the length that
/// the file had before.
pub(super) struct LockedFile {
    file: File,
    /// The path of the file itself, if the given path was a link.
    pub path: PathBuf,
    /// The length of the file when it was locked.
    pub length: u64,
    /// Whether this run has created the file to replace it. Then the file is removed at the end if it is neither written
    /// nor replaced.
    is_own: bool,
}

impl LockedFile {
    /// Opens and locks a file, and creates it if it does not exist. `append` tells that the file is not replaced. Returns
    /// `None` for a pipe, a device or a directory.
    ///
    /// # Errors
    /// Returns an error that names the path if another run has locked the file, or the file cannot be opened.
    pub fn open(path: &Path, append: bool) -> Result<Option<Self>, Fatal> {
        let is_other = fs::metadata(path).is_ok_and(|metadata| !metadata.is_file());
        let ends_in_slash = path.as_os_str().as_encoded_bytes().ends_with(b"/");
        if is_other || is_of_system(path) || ends_in_slash {
            return Ok(None);
        }
        loop {
            let name = path.display();
            let is_new = !path.exists();
            let opened = open_or_create(path);
            let verb = if is_new { "create" } else { "open" };
            let file = opened
                .with_context(|| format!("failed to {verb} `{name}`"))
                .or_exit(ExitCode::Output)?;
            if let Err(TryLockError::WouldBlock) = file.try_lock() {
                return Err(anyhow!(
                    "the rejects file `{name}` is in use by another run; run again when that run has ended"
                ))
                .or_exit(ExitCode::Locked);
            }
            // Any other error means that the file system has no locks. Another run may have replaced or removed the file
            // before it was locked.
            if is_named(&file, path) == Some(false) {
                continue;
            }
            let real = path.is_symlink().then(|| fs::canonicalize(path).ok());
            return Ok(Some(Self {
                path: real.flatten().unwrap_or(path.to_owned()),
                length: file.metadata().map_or(0, |metadata| metadata.len()),
                file,
                is_own: is_new && !append,
            }));
        }
    }

    /// Returns whether the file was empty when it was opened, and was not created by this run.
    pub fn was_empty(&self) -> bool {
        self.length == 0 && !self.is_own
    }

    /// Returns the metadata of the file.
    ///
    /// # Errors
    /// Returns an error that names the path if the metadata cannot be read.
    pub fn metadata(&self) -> Result<Metadata> {
        self.named(self.file.metadata())
    }

    /// Returns a reader of the bytes that the file had when it was locked.
    ///
    /// # Errors
    /// Returns an error that names the path if the file cannot be read.
    pub fn read(&self) -> Result<impl BufRead> {
        let mut file = &self.file;
        self.named(file.seek(SeekFrom::Start(0)))?;
        Ok(BufReader::new(file).take(self.length))
    }

    /// Adds the newline of a last row that lacks only its newline, and removes any other incomplete row. Returns the
    /// number of bytes that were removed.
    ///
    /// # Errors
    /// Returns an error that names the path if the file cannot be read or written.
    pub fn end_last_row(&self) -> Result<u64> {
        self.named(end_last_row(&self.file))
    }

    /// Appends all bytes of a reader, and makes them durable.
    ///
    /// # Errors
    /// Returns an error that names the path if the file cannot be written.
    pub fn append(&self, mut reader: impl Read) -> Result<()> {
        let copied = io::copy(&mut reader, &mut &self.file);
        self.named(copied.and_then(|_| self.file.sync_data()))
    }

    fn named<T>(&self, result: io::Result<T>) -> Result<T> {
        result.with_context(|| failed_to_write(&self.path))
    }
}

impl Drop for LockedFile {
    fn drop(&mut self) {
        let is_empty = || self.file.metadata().is_ok_and(|file| file.len() == 0);
        if self.is_own && is_empty() && is_named(&self.file, &self.path) == Some(true) {
            let _ = fs::remove_file(&self.path);
        }
    }
}

fn open_or_create(path: &Path) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.read(true).append(true).create(true);
    #[cfg(unix)]
    {
        use std::os::unix::fs::OpenOptionsExt;
        options.mode(OWNER_ONLY);
    }
    options.open(path)
}

fn end_last_row(mut file: &File) -> io::Result<u64> {
    let (length, whole) = (file.metadata()?.len(), length_of_whole_lines(file)?);
    if length == whole {
        return Ok(0);
    }
    let mut last = [0];
    file.seek(SeekFrom::Start(length - 1))?;
    file.read_exact(&mut last)?;
    if last == *b"}" {
        return file.write_all(b"\n").map(|()| 0);
    }
    file.set_len(whole).map(|()| length - whole)
}

/// Returns whether an open file still has this path. Returns `None` on systems where files have no identity.
fn is_named(file: &File, path: &Path) -> Option<bool> {
    let opened = FileStamp::of(&file.metadata().ok()?)?;
    let named = fs::metadata(path).ok();
    let named = named.and_then(|metadata| FileStamp::of(&metadata));
    Some(named.is_some_and(|named| opened.is_same_file(&named)))
}

/// Returns the length of a file up to its last complete line.
fn length_of_whole_lines(mut file: &File) -> io::Result<u64> {
    const PIECE: u64 = 1 << 16;
    let mut end = file.metadata()?.len();
    while end > 0 {
        let start = end.saturating_sub(PIECE);
        file.seek(SeekFrom::Start(start))?;
        let mut piece = Vec::new();
        Read::by_ref(&mut file)
            .take(end - start)
            .read_to_end(&mut piece)?;
        if let Some(newline) = memchr::memrchr(b'\n', &piece) {
            return Ok(start + newline as u64 + 1);
        }
        end = start;
    }
    Ok(0)
}
