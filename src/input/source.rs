//! An input before it is opened.

use std::ffi::OsStr;
use std::path::PathBuf;

use super::file_stamp::FileStamp;
use crate::cloud::Object;

/// One input of a run.
#[derive(Clone, Debug)]
pub struct Source {
    pub origin: Origin,
    /// The name in messages and reports: the path as given, or `-` for standard input.
    pub name: String,
    /// The path below the directory argument or below the prefix of objects, or the file name of a file argument; `stdin` for standard input.
    pub relative: PathBuf,
    pub shape: Shape,
    /// The size of the file or object in bytes, before decompression. `None` if the input is neither.
    pub size: Option<u64>,
    /// The identity, size and times of the file when it was found, on systems that have them.
    pub stamp: Option<FileStamp>,
    /// Whether the input is the rejects file that the run replaces at its end, because lines that are emitted leave the
    /// file. Only its first `size` bytes are read.
    pub is_own_rejects: bool,
}

impl Source {
    /// Returns whether the input is a regular file or an object, which can be read several times.
    pub fn is_file(&self) -> bool {
        self.size.is_some()
    }

    /// Returns whether the input is an object that may be a document, as far as its name tells.
    pub fn may_be_document(&self) -> bool {
        let is_json = self.relative.extension() == Some(OsStr::new("json"));
        is_json && matches!(self.origin, Origin::Object(_))
    }

    /// Returns whether the input is a regular file, which other programs can read by its name.
    pub fn is_local_file(&self) -> bool {
        self.is_file() && matches!(self.origin, Origin::File(_))
    }
}

/// The origin of an input.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Origin {
    Stdin,
    File(PathBuf),
    /// An object in object storage.
    Object(Object),
}

/// The form in which an input contains events.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Shape {
    /// Events, usually one a line.
    Log,
    /// One event, as a JSON document that may extend over several lines, in a file whose name ends in `.json`.
    Document,
}

/// The way in which an input is cut into records.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Framing {
    /// As JSON if the input begins like an array or like a document over several lines. Otherwise each line is a record, or
    /// several if it is not one event.
    #[default]
    Auto,
    /// Each line is a record.
    Lines,
    /// Each value in a stream of JSON values, and each element of an array, is a record.
    Json,
}

impl Shape {
    /// Returns the index of the newline that ends the first line of a log. Returns `None` for a document, which counts
    /// as one line even if it contains newlines.
    pub fn newline(self, text: &[u8]) -> Option<usize> {
        match self {
            Self::Log => memchr::memchr(b'\n', text),
            Self::Document => None,
        }
    }
}
