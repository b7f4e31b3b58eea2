//! Files on their way: under a temporary, hidden name until they are complete.

use std::borrow::Cow;
use std::io::{self, Write};
use std::path::Path;

use tempfile::NamedTempFile;

use super::early_sync::EarlySync;
use crate::convert::{ConvertedBatch, gzip_member};
use crate::files::{ANY_FILE, temporary_file};
use crate::output_names::Compression;

/// The output of an input on its way.
pub struct PartFile {
    file: NamedTempFile,
    compression: Compression,
    sync: EarlySync,
    is_empty: bool,
}

impl PartFile {
    /// Starts it beside the file that it will be.
    ///
    /// # Errors
    /// It cannot be created.
    pub fn create(path: &Path, directory: &Path, compression: Compression) -> io::Result<Self> {
        Ok(Self {
            file: temporary_file(path, directory, ANY_FILE)?,
            compression,
            sync: EarlySync::default(),
            is_empty: true,
        })
    }

    /// Its temporary name.
    pub fn path(&self) -> &Path {
        self.file.path()
    }

    /// Appends an output.
    ///
    /// # Errors
    /// It cannot be written.
    pub fn write(&mut self, batch: &ConvertedBatch) -> io::Result<()> {
        let bytes = match (self.compression, &batch.member) {
            (Compression::None, _) => Cow::Borrowed(&*batch.bytes),
            (Compression::Gzip, Some(member)) => Cow::Borrowed(member),
            (Compression::Gzip, None) => Cow::Owned(gzip_member(&batch.bytes)?),
        };
        self.is_empty = false;
        // Not by the library's writer, whose errors name the temporary file.
        self.file.as_file_mut().write_all(&bytes)?;
        self.sync.written(self.file.as_file(), bytes.len())
    }

    /// Makes durable what is written, and gives the file, which still has its temporary name.
    ///
    /// # Errors
    /// It cannot be written.
    pub fn close(mut self) -> io::Result<NamedTempFile> {
        if self.is_empty && self.compression == Compression::Gzip {
            // No bytes at all are no gzip file.
            self.file.as_file_mut().write_all(&gzip_member(b"")?)?;
        }
        self.sync.join()?;
        self.file.as_file().sync_data()?;
        Ok(self.file)
    }
}
