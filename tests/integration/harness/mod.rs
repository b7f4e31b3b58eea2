//! Runs the program and shows what a run wrote.

mod directory;
mod run;
mod samples;

pub use directory::RunDirectory;
pub use run::{Ended, Run, Running};
pub use samples::{ROOT_URL, filler, fixture, gzip, json_lines, line, lines, poisoned};
