//! The header row of a table, and the error about a file without one. Messages repeat the first line only if it has a known
//! column: the first line of a log, or of a table without a header row, holds personal data.

use anyhow::{Error, Result, anyhow, bail, ensure};
use csv::StringRecord;

/// The columns of all tables.
const KNOWN: [&str; 7] = [
    "id",
    "username",
    "email",
    "xapi_id",
    "caliper_id",
    "course_id",
    "display_name",
];

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
    if !names.iter().any(|name| KNOWN.contains(name)) {
        return Err(no_header(&names, &missing));
    }
    let noun = if missing.len() == 1 {
        "column"
    } else {
        "columns"
    };
    let is_of = |own: &str| names.contains(&own) && !columns.contains(&own);
    let tip = if is_of("course_id") {
        ": a table of courses is given with `--courses`"
    } else if is_of("username") {
        ": a table of users is given with `--users`"
    } else {
        ""
    };
    let (missing, names) = (missing.join("`, `"), names.join("`, `"));
    bail!("the table has no {noun} `{missing}`; its header row has `{names}`{tip}");
}

/// Returns the error about a first line that has no known column. The first line of a table without a header row names a
/// person, so the error does not repeat the line.
fn no_header(names: &[&str], columns: &[&str]) -> Error {
    let first = names.first().copied().unwrap_or_default();
    let begins_with = |start: &[char]| first.starts_with(start);
    let is_json = begins_with(&['{', '[']) || names.iter().any(|name| name.contains("{\""));
    let columns = columns.join("`, `");
    if is_json {
        return anyhow!(
            "it is a log, or another file of JSON, and no table: give a CSV or TSV file with the columns `{columns}`"
        );
    }
    if first.starts_with("+-") {
        return anyhow!(
            "it is a drawing of a table, as MySQL's client shows it on a terminal: export the table with `mysql --batch`"
        );
    }
    anyhow!(
        "its first line names none of the columns `{columns}`: a table is CSV or TSV and begins with a header row"
    )
}
