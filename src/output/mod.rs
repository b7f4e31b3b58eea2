//! Outputs: a directory, one file, the same in object storage, standard output, a comparison with a directory, and the
//! rejects file.

mod atomic_file;
mod check;
mod csv_table;
mod directory;
mod early_sync;
mod locked_file;
mod objects;
mod open_object;
mod open_output;
mod part_file;
mod rejects;
mod replacement;
mod single_file;
mod single_object;
mod stdout;

pub use atomic_file::AtomicFile;
pub use check::Check;
pub use csv_table::CsvTable;
pub use directory::Directory;
pub use objects::Objects;
pub use open_object::ObjectStorage;
pub use rejects::{RejectsFile, begins_with_row, replaces_rows};
pub use single_file::SingleFile;
pub use single_object::SingleObject;
pub use stdout::Stdout;
