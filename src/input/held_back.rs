//! Inputs that are still being written, and are therefore left to the next run.

use std::fmt;
use std::fs::{File, Metadata};
use std::io::{self, ErrorKind};
use std::path::Path;
use std::time::Duration;

use super::bytes_read::BytesRead;
use super::open::Opened;
use super::source::{Origin, Source};

/// The reason why an input, or the rest of it, is left to the next run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum HeldBack {
    /// The input is a gzip file without its end.
    UnfinishedGzip,
    /// The input ends, after this number of lines, earlier than a known input that begins with the same lines.
    ShorterCopy { lines: u64 },
    /// The input was replaced or truncated while it was opened.
    Changed,
}

impl fmt::Display for HeldBack {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::UnfinishedGzip => formatter
                .write_str("the gzip file has no end, so a program may still be writing it"),
            Self::ShorterCopy { lines } => write!(
                formatter,
                "a program may still be copying it, since its first {lines} lines are known from a longer input"
            ),
            Self::Changed => formatter.write_str("it was changed while it was opened"),
        }
    }
}

/// The time after its last change until which a file counts as being written. Programs that pack or copy a log write
/// many times a second. Over a slow network, a few minutes may pass between two writes.
const WRITING_TIME: Duration = Duration::from_secs(5 * 60);

/// Returns whether a file was changed in the last minutes. A time in the future counts as such a change.
fn is_recent(metadata: &Metadata) -> bool {
    let modified = metadata.modified().ok();
    let age = modified.and_then(|modified| modified.elapsed().ok());
    age.is_none_or(|age| age < WRITING_TIME)
}

/// Returns whether the file that would be packed to this gzip file still exists, such as `tracking.log-1` beside
/// `tracking.log-1.gz`. Programs remove it after packing.
fn has_unpacked_twin(path: &Path) -> bool {
    path.extension()
        .is_some_and(|extension| extension == "gz" && path.with_extension("").is_file())
}

/// Returns whether an error says that a gzip file has no end.
pub fn is_cut_off(error: &io::Error) -> bool {
    error.kind() == ErrorKind::UnexpectedEof
}

impl Opened {
    /// Returns whether the input was changed in the last minutes.
    pub fn is_recent(&self) -> bool {
        let metadata = self.file.as_ref().and_then(|file| file.metadata().ok());
        metadata.is_some_and(|metadata| is_recent(&metadata))
    }

    /// Returns whether the input is a gzip file that another program may still be writing.
    pub fn may_be_unfinished(&self, source: &Source) -> bool {
        let is_gzip_file = self.file.is_some() && !self.may_grow;
        let has_twin = || matches!(&source.origin, Origin::File(path) if has_unpacked_twin(path));
        is_gzip_file && (self.is_recent() || has_twin())
    }

    /// Decompresses a gzip file once to its end. Returns the input, open at its first byte again, or `None` if the file
    /// has no end.
    ///
    /// # Errors
    /// Returns an error if the file cannot be read. Damage within the file is not an error here, since reading the input
    /// again reports it.
    pub fn if_finished(self, bytes_read: &BytesRead) -> io::Result<Option<Self>> {
        let mut opened = self.rewind(&BytesRead::default())?;
        match io::copy(&mut opened.reader, &mut io::sink()) {
            Err(error) if is_cut_off(&error) => Ok(None),
            _ => opened.rewind(bytes_read).map(Some),
        }
    }

    /// Returns the file whose growth [`GrowingGzip::has_grown`] tells, if the input is a gzip file.
    pub fn growing_gzip(&self) -> Option<GrowingGzip> {
        let file = self.file.as_ref().filter(|_| !self.may_grow)?;
        let size = file.metadata().ok()?.len();
        let file = file.try_clone().ok()?;
        Some(GrowingGzip { file, size })
    }
}

/// A gzip file that is read, and may be written meanwhile.
pub struct GrowingGzip {
    file: File,
    /// The size of the file when it was opened.
    size: u64,
}

impl GrowingGzip {
    /// Returns whether the file has grown since it was opened, or was changed in the last minutes.
    pub fn has_grown(&self) -> bool {
        let metadata = self.file.metadata();
        metadata.is_ok_and(|metadata| metadata.len() > self.size || is_recent(&metadata))
    }
}
