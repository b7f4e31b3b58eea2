//! The header row of a table, and the error about a file without one. Messages repeat the names of columns and nothing
//! else: the first line of a log, or of a table without a header row, holds personal data.

use anyhow::{Result, bail, ensure};
use csv::StringRecord;

/// Returns the index of each column in the header row.
///
/// # Errors
/// Returns an error if a column is missing, or if the row is no header row.
pub(super) fn find_columns<const N: usize>(
    header: &StringRecord,
    columns: [&str; N],
) -> Result<[usize; N]> {
    let names = header
        .iter()
        .map(|name| name.trim_start_matches('\u{feff}').trim());
    let names: Vec<&str> = names.collect();
    ensure!(
        names.iter().any(|name| !name.is_empty()),
        "the table is empty, without a header row; export it again"
    );
    let mut missing: Vec<&str> = Vec::new();
    for column in columns {
        if !names.contains(&column) && !missing.contains(&column) {
            missing.push(column);
        }
    }
    if missing.is_empty() {
        return Ok(columns.map(|column| names.iter().position(|name| *name == column).unwrap_or(0)));
    }
    if columns.iter().all(|column| missing.contains(column)) {
        check_is_header(&names, &missing)?;
    }
    let noun = if missing.len() == 1 {
        "column"
    } else {
        "columns"
    };
    let (missing, names) = (missing.join("`, `"), names.join("`, `"));
    bail!("the table has no {noun} `{missing}`; its header row has `{names}`");
}

/// Checks that a row which has none of the columns has at least names of other columns.
fn check_is_header(names: &[&str], columns: &[&str]) -> Result<()> {
    if names.iter().all(|name| is_name(name)) {
        return Ok(());
    }
    let first = names.first().copied().unwrap_or_default();
    let begins_with = |start: &[char]| first.starts_with(start);
    let is_json = begins_with(&['{', '[']) || names.iter().any(|name| name.contains("{\""));
    let columns = columns.join("`, `");
    if is_json {
        bail!(
            "it is a log, or another file of JSON, and no table: give a CSV or TSV file with the columns `{columns}`"
        );
    }
    if first.starts_with("+-") {
        bail!(
            "it is a drawing of a table, as MySQL's client shows it on a terminal: export the table with `mysql --batch`"
        );
    }
    bail!(
        "its first line names no columns: a table is CSV or TSV and begins with a header row, which has the columns `{columns}`"
    );
}

/// Returns whether a text may be the name of a column: a short word, or a few.
fn is_name(text: &str) -> bool {
    const MOST_BYTES: usize = 40;

    let is_of_name = |c: char| c.is_alphanumeric() || matches!(c, '_' | ' ' | '-' | '.');
    text.len() <= MOST_BYTES
        && text.chars().all(is_of_name)
        && text.chars().any(char::is_alphabetic)
        && !text.contains("  ")
}
