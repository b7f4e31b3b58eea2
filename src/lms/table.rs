//! Lookup tables as files: CSV or TSV, plain or compressed, with a header row.
//!
//! A table whose header contains a tab is TSV. If the header has more semicolons than commas, semicolons separate the
//! cells, as in tables that spreadsheets write in many languages. MySQL's client writes TSV without quotes, and with a backslash before
//! characters that would end a cell or a row. The client writes a carriage return as it is, so in its tables only a
//! newline ends a row. TSV with quotes as in CSV is read as well.

use std::borrow::Cow;
use std::io::{BufRead, Cursor, Read};
use std::path::Path;

use anyhow::{Context, Result, ensure};
use csv::{ByteRecord, ReaderBuilder, Terminator};

use super::header;
use crate::input::open_table;

/// A cell of a table.
#[derive(Clone, Copy)]
pub(super) struct Cell<'r> {
    raw: &'r str,
    has_escapes: bool,
}

impl<'r> Cell<'r> {
    /// Returns the text, or `None` if the cell is `NULL` or `\N`, which MySQL's clients write for an absent value. An
    /// empty cell is an empty text.
    pub(super) fn nullable(self) -> Option<Cow<'r, str>> {
        if self.raw == "NULL" {
            None
        } else {
            self.not_null()
        }
    }

    /// Returns the text of a cell whose column is never null in the database, so `NULL` is a text. Returns `None` only
    /// if the cell is `\N`.
    pub(super) fn not_null(self) -> Option<Cow<'r, str>> {
        match self.raw {
            "\\N" => None,
            raw if self.has_escapes => Some(unescaped(raw)),
            raw => Some(raw.into()),
        }
    }
}

/// The layout of a table, as its header row shows it.
struct Dialect {
    delimiter: u8,
    /// Whether cells may be in quotes. If not, cells have backslash escapes.
    is_quoted: bool,
    /// Whether only a newline ends a row. If so, a carriage return inside a row is part of a cell.
    ends_with_newline: bool,
    /// Whether a row ends with a carriage return and a newline.
    ends_with_crlf: bool,
}

impl Dialect {
    fn of_header(header: &[u8]) -> Self {
        let is_tsv = header.contains(&b'\t');
        let count = |byte| memchr::memchr_iter(byte, header).count();
        let is_quoted = !is_tsv || header.contains(&b'"');
        let line = header.strip_suffix(b"\r\n");
        let ends_with_newline = !is_quoted && !line.unwrap_or(header).contains(&b'\r');
        Self {
            delimiter: match is_tsv {
                true => b'\t',
                false if count(b';') > count(b',') => b';',
                false => b',',
            },
            is_quoted,
            ends_with_newline,
            ends_with_crlf: ends_with_newline && line.is_some(),
        }
    }

    fn reader<R: Read>(&self, text: R) -> csv::Reader<R> {
        ReaderBuilder::new()
            .delimiter(self.delimiter)
            .quoting(self.is_quoted)
            .terminator(if self.ends_with_newline {
                Terminator::Any(b'\n')
            } else {
                Terminator::CRLF
            })
            .flexible(true)
            .buffer_capacity(1 << 18)
            .from_reader(text)
    }

    /// Returns the last cell of a row. If rows end with a carriage return and a newline, removes this carriage return.
    fn last_cell<'r>(&self, cell: &'r [u8]) -> &'r [u8] {
        match cell.strip_suffix(b"\r") {
            Some(cell) if self.ends_with_crlf => cell,
            _ => cell,
        }
    }
}

/// Reads the table at `path` row by row. Passes the number and the cells of each row to `take`. The header is row 1,
/// and blank rows are not counted. The cells are in the order of `columns`, whatever their order in the file; other
/// columns are left out.
///
/// # Errors
/// Returns an error that names the path if the file cannot be read, a column is missing, a row has more or fewer cells
/// than the header, or `take` fails.
pub(super) fn read<const N: usize>(
    path: &Path,
    columns: [&str; N],
    mut take: impl FnMut(u64, [Cell<'_>; N]) -> Result<()>,
) -> Result<()> {
    let name = path.display();
    let mut text = open_table(path).with_context(|| format!("failed to open `{name}`"))?;
    let failed = || format!("failed to read `{name}`");
    let mut header = Vec::new();
    text.read_until(b'\n', &mut header).with_context(failed)?;
    let dialect = Dialect::of_header(&header);
    let mut reader = dialect.reader(Cursor::new(header).chain(text));
    let header = reader.headers().with_context(failed)?;
    let width = header.len();
    let indexes = header::find_columns(header, columns).with_context(failed)?;

    let mut record = ByteRecord::new();
    let mut number = 1;
    while reader.read_byte_record(&mut record).with_context(failed)? {
        let is_blank = record.len() == 1 && dialect.last_cell(&record[0]).is_empty();
        if is_blank {
            continue;
        }
        number += 1;
        let length = record.len();
        ensure!(
            length == width,
            "row {number} of `{name}` has {length} cells, but the header row has {width}; export the table again"
        );
        let mut cells = [Cell {
            raw: "",
            has_escapes: !dialect.is_quoted,
        }; N];
        for (cell, index) in cells.iter_mut().zip(indexes) {
            let mut bytes = &record[index];
            if index + 1 == width {
                bytes = dialect.last_cell(bytes);
            }
            cell.raw = std::str::from_utf8(bytes).with_context(|| {
                format!("row {number} of `{name}` is not UTF-8: export the table as UTF-8, in Excel as `CSV UTF-8`")
            })?;
        }
        take(number, cells).with_context(|| format!("failed to load row {number} of `{name}`"))?;
    }
    Ok(())
}

/// Checks that the table at `path` can be opened.
///
/// # Errors
/// Returns an error that names the path if the file cannot be opened.
pub(super) fn check(path: &Path) -> Result<()> {
    let opened = open_table(path).with_context(|| format!("failed to open `{}`", path.display()));
    opened.map(drop)
}

/// Unescapes a TSV cell. The cell either has backslash escapes, or is in quotes and has each quote in its text doubled.
fn unescaped(cell: &str) -> Cow<'_, str> {
    if let Some(inner) = cell
        .strip_prefix('"')
        .and_then(|cell| cell.strip_suffix('"'))
    {
        let undoubled = inner.replace("\"\"", "");
        if undoubled.len() < inner.len() && !undoubled.contains('"') {
            return inner.replace("\"\"", "\"").into();
        }
    }
    if !cell.contains('\\') {
        return cell.into();
    }
    let mut text = String::with_capacity(cell.len());
    let mut rest = cell.chars();
    while let Some(c) = rest.next() {
        text.push(match c {
            '\\' => match rest.next() {
                Some('t') => '\t',
                Some('n') => '\n',
                Some('0') => '\0',
                Some(other) => other,
                None => '\\',
            },
            _ => c,
        });
    }
    text.into()
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use super::*;
    use crate::compression::Compression;

    fn second_column(table: &[u8]) -> Result<Vec<Option<String>>> {
        let mut file = tempfile::NamedTempFile::new()?;
        file.write_all(table)?;
        let mut column = Vec::new();
        read(file.path(), ["id", "name"], |_, [_, name]| {
            column.push(name.nullable().map(Cow::into_owned));
            Ok(())
        })?;
        Ok(column)
    }

    #[test]
    fn the_header_tells_csv_from_tsv() {
        for (table, name) in [
            ("id,name\n1,\"a, \"\"b\"\"\"\n", "a, \"b\""),
            ("\u{feff}name,x,id\r\na\tb,,1\r\n", "a\tb"),
            ("id\tname\n1\t\"a\" b, \"c\n", "\"a\" b, \"c"),
            ("id\tname\n1\ta\\tb\\\\c\\nd\n", "a\tb\\c\nd"),
            ("id\tname\n1\t\"a, \"\"b\"\"\"\n", "a, \"b\""),
            ("id\tname\n1\t\"a\"\n", "\"a\""),
            ("\"id\"\t\"name\"\n\"1\"\t\"a\"\n", "a"),
            ("id;name\r\n1;a, b\r\n", "a, b"),
            ("\u{feff}\"name\";\"id\"\n\"a; b\";1\n", "a; b"),
        ] {
            let column = second_column(table.as_bytes()).unwrap();
            assert_eq!(column, [Some(name.to_owned())], "{table}");
        }
    }

    #[test]
    fn null_is_absent_and_an_empty_cell_is_empty() {
        let column = second_column(b"id\tname\n1\tNULL\n2\t\\N\n3\t\n").unwrap();
        assert_eq!(column, [None, None, Some(String::new())]);
    }

    #[test]
    fn null_is_text_in_a_column_that_is_never_null() {
        let mut file = tempfile::NamedTempFile::new().unwrap();
        file.write_all(b"id\tname\n1\tNULL\n2\t\\N\n").unwrap();
        let mut column = Vec::new();
        read(file.path(), ["name"], |_, [name]| {
            column.push(name.not_null().map(Cow::into_owned));
            Ok(())
        })
        .unwrap();
        assert_eq!(column, [Some("NULL".to_owned()), None]);
    }

    /// MySQL's client escapes newlines, tabs and backslashes, but not carriage returns.
    #[test]
    fn a_carriage_return_in_a_cell_does_not_end_the_row() {
        for (table, names) in [
            (
                "id\tname\n1\ta\r\\nb\rc\n2\td\r\n",
                &["a\r\nb\rc", "d\r"][..],
            ),
            ("name\tid\r\na\rb\t1\r\nc\t2\r\n\r\n", &["a\rb", "c"]),
            ("id\tname\r\n1\ta\r\r\n2\tb", &["a\r", "b"]),
            ("id,name\n1,\"a\r\nb\"\n2,c\r\n", &["a\r\nb", "c"]),
            ("id,name\r\n1,\"a\r\"\r\n\n2,\"b\"\n", &["a\r", "b"]),
            ("id,name\r1,a\r2,b\r", &["a", "b"]),
            ("id\tname\r1\ta\r2\tb\r", &["a", "b"]),
        ] {
            let column = second_column(table.as_bytes()).unwrap();
            let column: Vec<&str> = column.iter().flatten().map(String::as_str).collect();
            assert_eq!(column, names, "{table:?}");
        }
    }

    #[test]
    fn a_table_may_be_compressed() {
        let kinds = Compression::ALL.into_iter();
        for compression in kinds.filter(|compression| compression.is_available()) {
            let member = |text| compression.member(text).unwrap();
            let table = [member(b"id,name\n1,"), member(b"a\n")].concat();
            assert_eq!(second_column(&table).unwrap(), [Some("a".to_owned())]);
        }
    }

    #[test]
    fn a_row_with_too_few_cells_is_an_error_that_names_it() {
        let error = second_column(b"id,name\n1,a\n2\n").unwrap_err();
        assert!(error.to_string().contains("row 3"), "{error:#}");
    }
}
