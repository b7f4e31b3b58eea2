//! Files on their way: under a temporary, hidden name until they are complete.

use std::borrow::Cow;
use std::fs;
use std::io::{self, Write};
use std::path::Path;

use flate2::write::GzEncoder;
use tempfile::NamedTempFile;

use super::early_sync::EarlySync;
use super::{Compression, Output};

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
    pub fn write(&mut self, output: &Output) -> io::Result<()> {
        let bytes = match (self.compression, &output.member) {
            (Compression::None, _) => Cow::Borrowed(&output.bytes),
            (Compression::Gzip, Some(member)) => Cow::Borrowed(member),
            (Compression::Gzip, None) => Cow::Owned(gzip_member(&output.bytes)?),
        };
        self.is_empty = false;
        self.file.write_all(&bytes)?;
        self.sync.written(self.file.as_file(), bytes.len())
    }

    /// Makes durable what is written, and gives the file, which still has its temporary name.
    ///
    /// # Errors
    /// It cannot be written.
    pub fn close(mut self) -> io::Result<NamedTempFile> {
        if self.is_empty && self.compression == Compression::Gzip {
            // No bytes at all are no gzip file.
            self.file.write_all(&gzip_member(b"")?)?;
        }
        self.sync.join()?;
        self.file.as_file().sync_data()?;
        Ok(self.file)
    }
}

/// A gzip member that holds the text. A file of several is one text to every reader, so that each can be packed on a
/// thread of its own.
///
/// # Errors
/// There is none that is known of.
pub fn gzip_member(text: &[u8]) -> io::Result<Vec<u8>> {
    let mut encoder = GzEncoder::new(Vec::new(), flate2::Compression::default());
    encoder.write_all(text)?;
    encoder.finish()
}

/// Gives the file its name.
pub fn persist(file: NamedTempFile, path: &Path) -> io::Result<()> {
    // Without the words of the library, which repeat the system's.
    file.persist(path).map(drop).map_err(|error| error.error)
}

/// Makes the names in the directory of a file durable, where the system can.
pub(crate) fn sync_directory(path: &Path) -> io::Result<()> {
    #[cfg(unix)]
    fs::File::open(path.parent().unwrap_or(Path::new(".")))?.sync_all()?;
    #[cfg(not(unix))]
    let _ = path;
    Ok(())
}

/// The mode that any new file has.
pub const ANY_FILE: u32 = 0o666;

const PART: &str = ".part";

/// Whether the name is that of a temporary file.
pub(crate) fn is_part(path: &Path) -> bool {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    name.starts_with('.') && name.ends_with(PART)
}

/// A hidden file beside the one that it will be. The umask takes from its mode, as from that of any new file.
pub(crate) fn temporary_file(
    path: &Path,
    directory: &Path,
    mode: u32,
) -> io::Result<NamedTempFile> {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let prefix = format!(".{name}.");
    let mut builder = tempfile::Builder::new();
    builder.prefix(&prefix).suffix(PART);
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        builder.permissions(fs::Permissions::from_mode(mode));
    }
    builder.tempfile_in(directory).map_err(without_path)
}

/// The error without the temporary name that the library tells: messages name the file that it was to become.
fn without_path(error: io::Error) -> io::Error {
    match error.to_string().split_once(" at path ") {
        Some((words, _)) => io::Error::new(error.kind(), words.to_owned()),
        None => error,
    }
}
