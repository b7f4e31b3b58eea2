//! Outputs that are files: a directory, one file, standard output, a comparison with a directory, and the rejects
//! file.

mod atomic_file;
mod check;
mod directory;
mod early_sync;
mod locked_file;
mod open_output;
mod part_file;
mod rejects;
mod replacement;
mod single_file;
mod stdout;

pub use atomic_file::AtomicFile;
pub use check::Check;
pub use directory::Directory;
pub use rejects::{RejectsFile, begins_with_row, replaces_rows};
pub use single_file::SingleFile;
pub use stdout::Stdout;
