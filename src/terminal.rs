//! The width of terminals.

use std::env;
use std::io;
#[cfg(unix)]
use std::os::fd::AsFd as Stream;
#[cfg(windows)]
use std::os::windows::io::AsHandle as Stream;

use terminal_size::{Width, terminal_size_of};

/// The width if neither the variable nor a terminal says another.
pub const USUAL_COLUMNS: usize = 80;

/// Returns the number of columns for results on standard output, or 80 if it is not known.
pub fn columns() -> usize {
    known_columns().unwrap_or(USUAL_COLUMNS)
}

/// Returns the number of columns for results on standard output: the variable COLUMNS, or the columns of the terminal.
pub fn known_columns() -> Option<usize> {
    let variable = env::var("COLUMNS").ok().and_then(|text| text.parse().ok());
    let columns = variable.filter(|&columns| columns > 0);
    columns.or_else(|| columns_of(io::stdout()))
}

/// Returns the number of columns of the terminal to which a stream leads, if it leads to one.
pub fn columns_of(stream: impl Stream) -> Option<usize> {
    let (Width(columns), _) = terminal_size_of(stream)?;
    Some(usize::from(columns)).filter(|&columns| columns > 0)
}
