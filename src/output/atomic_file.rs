//! A file that gets its final name only when it is complete. The rejects file and the report are written in this way.

use std::fs::{self, File, Metadata, OpenOptions};
use std::io::{self, BufReader, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use tempfile::NamedTempFile;

use crate::files::{
    STDOUT, failed_to_write, is_of_system, parent, persist, remove_abandoned, temporary_file,
};

/// A file that is being written. A new file is removed if this value is dropped without [`finish`](Self::finish).
pub struct AtomicFile {
    path: PathBuf,
    kind: FileKind,
}

enum FileKind {
    /// A new file, under a temporary name.
    Temporary(NamedTempFile),
    /// A file that earlier runs may have written, opened for appending under its final name.
    Appended(File),
    /// A pipe or a device, which is written to and never replaced.
    Special(File),
}

impl AtomicFile {
    /// Starts a new file. The umask applies to the mode.
    ///
    /// # Errors
    /// Returns an error that names the path if the file cannot be created.
    pub fn create(path: &Path, mode: u32) -> Result<Self> {
        let is_special =
            fs::metadata(path).is_ok_and(|metadata| is_of_system(path) || !metadata.is_file());
        let is_directory = path.as_os_str().as_encoded_bytes().ends_with(b"/");
        let kind = if path == Path::new(STDOUT) {
            stdout().map(FileKind::Special)
        } else if is_special {
            let file = OpenOptions::new().append(true).open(path);
            file.map(FileKind::Special)
        } else if path.file_name().is_none() || is_directory {
            // Without this check, the error would come only at the end of the run, when the file is renamed.
            Err(io::Error::new(
                io::ErrorKind::InvalidInput,
                "the path does not name a file",
            ))
        } else {
            let name = path.file_name().unwrap_or_default().to_string_lossy();
            remove_abandoned(parent(path), |other| other == name);
            temporary_file(path, mode).map(FileKind::Temporary)
        };
        Ok(Self {
            path: path.to_owned(),
            kind: kind.with_context(|| format!("failed to create `{}`", path.display()))?,
        })
    }

    /// Opens a file that earlier runs may have written, to append to it, or creates the file with this mode.
    ///
    /// # Errors
    /// Returns an error that names the path if the file cannot be opened.
    pub fn append(path: &Path, mode: u32) -> Result<Self> {
        let is_other = fs::metadata(path).is_ok_and(|metadata| !metadata.is_file());
        if is_other || path == Path::new(STDOUT) {
            return Self::create(path, mode);
        }
        let mut options = OpenOptions::new();
        options.read(true).append(true).create(true);
        #[cfg(unix)]
        {
            use std::os::unix::fs::OpenOptionsExt;
            options.mode(mode);
        }
        let file = options.open(path);
        let file = file.with_context(|| format!("failed to open `{}`", path.display()))?;
        Ok(Self {
            path: path.to_owned(),
            kind: FileKind::Appended(file),
        })
    }

    /// Gives a new file the owner and the mode of the file that it will replace, so that the programs that read or write
    /// that file can go on. Errors are ignored: only root may give files away, and other users then own the new file.
    pub fn keep_owner(&self, replaced: &Metadata) {
        #[cfg(unix)]
        {
            use std::os::unix::fs::{MetadataExt, fchown};
            let file = self.file();
            if fchown(file, Some(replaced.uid()), Some(replaced.gid())).is_ok() {
                let _ = file.set_permissions(replaced.permissions());
            }
        }
        #[cfg(not(unix))]
        let _ = replaced;
    }

    /// Returns the path of the file until it is finished, if the file is a new one.
    pub fn temporary_path(&self) -> Option<&Path> {
        match &self.kind {
            FileKind::Temporary(file) => Some(file.path()),
            FileKind::Appended(_) | FileKind::Special(_) => None,
        }
    }

    fn file(&self) -> &File {
        match &self.kind {
            FileKind::Temporary(file) => file.as_file(),
            FileKind::Appended(file) | FileKind::Special(file) => file,
        }
    }

    fn is_special(&self) -> bool {
        matches!(self.kind, FileKind::Special(_))
    }

    fn named<T>(&self, result: io::Result<T>) -> Result<T> {
        result.with_context(|| failed_to_write(&self.path))
    }

    /// Writes bytes at the end.
    ///
    /// # Errors
    /// Returns an error that names the path if the bytes cannot be written.
    pub fn write(&mut self, bytes: &[u8]) -> Result<()> {
        // This writes to the `File` inside, because `NamedTempFile` would name the temporary file in its errors.
        self.named(self.file().write_all(bytes))
    }

    /// Makes the written bytes durable.
    ///
    /// # Errors
    /// Returns an error that names the path if the file cannot be synced.
    pub fn sync(&self) -> Result<()> {
        if self.is_special() {
            return Ok(());
        }
        self.named(self.file().sync_data())
    }

    /// Returns the number of bytes in the file. For a pipe or a device the number has no meaning.
    ///
    /// # Errors
    /// Returns an error that names the path if the length cannot be read.
    pub fn length(&self) -> Result<u64> {
        self.named(self.file().metadata().map(|metadata| metadata.len()))
    }

    /// Returns a reader of the bytes from this offset on. Nothing may be written to the file while it is read.
    ///
    /// # Errors
    /// Returns an error that names the path if the file has no such offset.
    pub fn read_from(&self, offset: u64) -> Result<BufReader<&File>> {
        let mut file = self.file();
        self.named(file.seek(SeekFrom::Start(offset)))?;
        Ok(BufReader::new(file))
    }

    /// Shortens the file to `length` bytes. Does nothing for a pipe or a device.
    ///
    /// # Errors
    /// Returns an error that names the path if the file cannot be truncated.
    pub fn truncate(&mut self, length: u64) -> Result<()> {
        if self.is_special() {
            return Ok(());
        }
        let mut file = self.file();
        let truncated = file.set_len(length);
        let moved = truncated.and_then(|()| file.seek(SeekFrom::Start(length)));
        self.named(moved.map(drop))
    }

    /// Syncs the file, and renames a new file to its final name.
    ///
    /// # Errors
    /// Returns an error that names the path if the file cannot be synced or renamed.
    pub fn finish(self) -> Result<()> {
        self.sync()?;
        match self.kind {
            FileKind::Temporary(file) => {
                persist(file, &self.path).with_context(|| failed_to_write(&self.path))
            }
            FileKind::Appended(_) | FileKind::Special(_) => Ok(()),
        }
    }
}

/// Returns standard output. Its path cannot be opened if it is a socket, or belongs to another user.
fn stdout() -> io::Result<File> {
    #[cfg(unix)]
    {
        use std::os::fd::AsFd;
        io::stdout().as_fd().try_clone_to_owned().map(File::from)
    }
    #[cfg(not(unix))]
    OpenOptions::new().append(true).open(STDOUT)
}
