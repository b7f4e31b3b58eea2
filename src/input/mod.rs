//! What is read: files, directories and standard input, plain or gzipped, in batches of whole lines.

mod batch_reader;
mod discover;
mod gzip;
mod line_batch;
mod open;
mod position;
mod shard;
mod text;

pub use batch_reader::{BATCH_BYTES, BatchReader, ReadEnd};
pub use discover::{Discovery, NameFilter, NotFound, discover};
pub use line_batch::{Line, LineBatch, LineContent, Unreadable};
pub use open::{BytesRead, Opened, is_gzip, open};
pub use position::{Follower, Position, hex};
pub use shard::Shard;
pub use text::Text;

use std::path::PathBuf;

/// One input of a run.
#[derive(Clone, Debug)]
pub struct Source {
    pub origin: Origin,
    /// The name in messages and reports: the path as given, `-` for standard input.
    pub name: String,
    /// Below a directory argument the path from there, else the file's name; `stdin` for standard input.
    pub relative: PathBuf,
    pub shape: Shape,
    /// In bytes as stored, where it is known.
    pub size: Option<u64>,
}

/// Where an input comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Origin {
    Stdin,
    File(PathBuf),
}

/// What an input holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Shape {
    /// One event a line.
    Log,
    /// One event, as a document of any layout. Its file's name ends in `.json`.
    Document,
}
