//! The temporary file of an output.

use std::borrow::Cow;
use std::io::{self, Write};
use std::path::Path;

use tempfile::NamedTempFile;

use super::early_sync::EarlySync;
use crate::compression::Compression;
use crate::convert::ConvertedBatch;
use crate::files::{ANY_FILE, recorded_temporary_file};

/// An output that is being written under a temporary name.
pub struct PartFile {
    file: NamedTempFile,
    compression: Option<Compression>,
    sync: EarlySync,
    is_empty: bool,
}

impl PartFile {
    /// Creates the temporary file in the directory of the file `path`. First calls `record` with the path of the
    /// temporary file.
    ///
    /// # Errors
    /// Returns the error of `record`, or an error if the file cannot be created.
    pub fn create(
        path: &Path,
        compression: Option<Compression>,
        record: impl FnMut(&Path) -> io::Result<()>,
    ) -> io::Result<Self> {
        let file = recorded_temporary_file(path, ANY_FILE, record)?;
        // Other runs remove files that no run has locked. Some file systems have no locks, and there no run removes files.
        let _ = file.as_file().try_lock();
        Ok(Self {
            file,
            compression,
            sync: EarlySync::default(),
            is_empty: true,
        })
    }

    /// Appends the records of a batch.
    ///
    /// # Errors
    /// Returns an error if the records cannot be written.
    pub fn write(&mut self, batch: &ConvertedBatch) -> io::Result<()> {
        let bytes = packed(batch, self.compression)?;
        self.is_empty = false;
        // This writes to the `File` inside, because `NamedTempFile` would name the temporary file in its errors.
        self.file.as_file_mut().write_all(&bytes)?;
        self.sync.written(self.file.as_file(), bytes.len())
    }

    /// Syncs the file. Returns the file, which still has its temporary name.
    ///
    /// # Errors
    /// Returns an error if the file cannot be written or synced.
    pub fn close(mut self) -> io::Result<NamedTempFile> {
        if let Some(compression) = self.compression.filter(|_| self.is_empty) {
            // An empty file is not valid gzip, so the compressed form of an empty text is written.
            self.file
                .as_file_mut()
                .write_all(&compression.member(b"")?)?;
        }
        self.sync.join()?;
        self.file.as_file().sync_data()?;
        Ok(self.file)
    }
}

/// Returns the records of a batch as they are written.
///
/// # Errors
/// Returns an error if they cannot be compressed.
pub fn packed(
    batch: &ConvertedBatch,
    compression: Option<Compression>,
) -> io::Result<Cow<'_, [u8]>> {
    Ok(match (compression, &batch.member) {
        (None, _) => Cow::Borrowed(&*batch.bytes),
        (Some(kind), Some((of_member, member))) if kind == *of_member => Cow::Borrowed(member),
        (Some(kind), _) => Cow::Owned(kind.member(&batch.bytes)?),
    })
}
