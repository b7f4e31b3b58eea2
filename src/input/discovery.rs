//! The result of a search for inputs.

use std::fmt;
use std::path::PathBuf;

use super::file_stamp::FileStamp;
use super::source::Source;

/// The inputs of a run, and the problems met while looking for them.
#[derive(Debug, Default)]
pub struct Discovery {
    pub sources: Vec<Source>,
    /// The inputs that [`Discovery::keep_shard`] left out because runs of other shards convert them.
    pub in_other_shards: Vec<Source>,
    /// Arguments and directory entries that cannot be read.
    pub errors: Vec<NotFound>,
    /// Files in directories that were skipped because of their names, with their stamps.
    pub skipped: Vec<(PathBuf, Option<FileStamp>)>,
    /// The first file or directory in a directory that was skipped because it is hidden.
    pub hidden: Option<PathBuf>,
    /// Whether the rejects file of the run is an argument and does not exist, because no line has been rejected yet.
    pub lacks_rejects: bool,
}

/// An input that does not exist or cannot be examined.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NotFound {
    /// The path as given, or found in a directory.
    pub name: String,
    pub error: String,
    /// Whether no file of this name exists. A file of a directory may be renamed while the directory is listed.
    pub is_missing: bool,
    /// Whether the file would be an input: an argument, or a file of a directory that the globs select.
    pub is_wanted: bool,
}

impl fmt::Display for NotFound {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "failed to open `{}`: {}", self.name, self.error)
    }
}
