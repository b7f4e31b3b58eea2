//! The width of the terminal.

use std::env;

use terminal_size::{Width, terminal_size_of};

/// The width of a result if neither the variable nor a terminal says another.
const USUAL_COLUMNS: usize = 80;

/// Returns the number of columns for results on standard output: the variable COLUMNS, or the columns of the terminal, or
/// 80 if standard output is no terminal.
pub fn columns() -> usize {
    let variable = env::var("COLUMNS").ok().and_then(|text| text.parse().ok());
    let of_terminal = || {
        let (Width(columns), _) = terminal_size_of(std::io::stdout())?;
        Some(usize::from(columns))
    };
    let columns = variable.or_else(of_terminal);
    columns
        .filter(|&columns| columns > 0)
        .unwrap_or(USUAL_COLUMNS)
}
