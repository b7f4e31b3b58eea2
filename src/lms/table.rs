//! Lookup tables as files: CSV or TSV, plain or gzipped, with a header row.
//!
//! A header with a tab makes it TSV, which is what MySQL's client writes: not quoted, with a backslash before what would
//! break a row. Programs that write TSV with the quoting of CSV are understood as well.

use std::borrow::Cow;
use std::fs::File;
use std::io::{BufReader, Cursor, Read};
use std::path::Path;

use anyhow::{Context, Result, bail};
use csv::{ByteRecord, ReaderBuilder};
use flate2::bufread::MultiGzDecoder;

use crate::input::is_gzip;

/// A cell; `None` is NULL.
pub(super) type Cell<'r> = Option<Cow<'r, str>>;

/// Reads the table at `path` row by row, giving `take` each row's number (the header is row 1) and its cells in the
/// order of `columns`, whatever their order in the file. Other columns are passed over.
///
/// # Errors
/// The file cannot be read, a column is missing, a row is cut short, or what `take` found wrong: each names the path.
pub(super) fn read<const N: usize>(
    path: &Path,
    columns: [&str; N],
    mut take: impl FnMut(u64, [Cell<'_>; N]) -> Result<()>,
) -> Result<()> {
    let name = path.display();
    let mut text = open(path).with_context(|| format!("failed to open `{name}`"))?;
    let failed = || format!("failed to read `{name}`");
    let header = read_line(&mut text).with_context(failed)?;
    let is_tsv = header.contains(&b'\t');
    let is_quoted = !is_tsv || header.contains(&b'"');
    let mut reader = ReaderBuilder::new()
        .delimiter(if is_tsv { b'\t' } else { b',' })
        .quoting(is_quoted)
        .buffer_capacity(1 << 18)
        .from_reader(Cursor::new(header).chain(text));

    let places = {
        let header = reader.headers().with_context(failed)?;
        let names = header
            .iter()
            .map(|name| name.trim_start_matches('\u{feff}').trim());
        let names: Vec<&str> = names.collect();
        let mut places = [0; N];
        for (place, column) in places.iter_mut().zip(columns) {
            let Some(found) = names.iter().position(|name| *name == column) else {
                let names = names.join("`, `");
                bail!("`{name}` has no column `{column}`; its header row has `{names}`");
            };
            *place = found;
        }
        places
    };

    let mut record = ByteRecord::new();
    let mut number = 1;
    while reader.read_byte_record(&mut record).with_context(failed)? {
        number += 1;
        let mut cells = [const { None }; N];
        for (cell, place) in cells.iter_mut().zip(places) {
            let text = std::str::from_utf8(&record[place])
                .with_context(|| format!("row {number} of `{name}` is not UTF-8"))?;
            *cell = present(text).map(|text| {
                if is_quoted {
                    text.into()
                } else {
                    unescaped(text)
                }
            });
        }
        take(number, cells).with_context(|| format!("failed to take row {number} of `{name}`"))?;
    }
    Ok(())
}

/// `NULL` and `\N` are how MySQL's clients write an absent value; an empty cell is the text that it is.
fn present(cell: &str) -> Option<&str> {
    (cell != "NULL" && cell != "\\N").then_some(cell)
}

/// The text of a TSV cell: backslash escapes, or the quotes of a program that doubles those within.
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

fn open(path: &Path) -> std::io::Result<Box<dyn Read>> {
    let mut file = BufReader::with_capacity(1 << 16, File::open(path)?);
    let packed = is_gzip(&mut file)?;
    Ok(if packed {
        Box::new(MultiGzDecoder::new(file))
    } else {
        Box::new(file)
    })
}

/// The bytes of the first line, which tell CSV from TSV.
fn read_line(text: &mut impl Read) -> std::io::Result<Vec<u8>> {
    let mut line = Vec::new();
    let mut byte = [0];
    while text.read(&mut byte)? == 1 {
        line.push(byte[0]);
        if byte[0] == b'\n' {
            break;
        }
    }
    Ok(line)
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use flate2::Compression;
    use flate2::write::GzEncoder;

    use super::*;

    fn second_column(table: &[u8]) -> Result<Vec<Option<String>>> {
        let mut file = tempfile::NamedTempFile::new()?;
        file.write_all(table)?;
        let mut column = Vec::new();
        read(file.path(), ["id", "name"], |_, [_, name]| {
            column.push(name.map(Cow::into_owned));
            Ok(())
        })?;
        Ok(column)
    }

    #[test]
    fn csv_and_tsv_are_told_apart_by_the_header() {
        for (table, name) in [
            ("id,name\n1,\"a, \"\"b\"\"\"\n", "a, \"b\""),
            ("\u{feff}name,x,id\r\na\tb,,1\r\n", "a\tb"),
            ("id\tname\n1\t\"a\" b, \"c\n", "\"a\" b, \"c"),
            ("id\tname\n1\ta\\tb\\\\c\\nd\n", "a\tb\\c\nd"),
            ("id\tname\n1\t\"a, \"\"b\"\"\"\n", "a, \"b\""),
            ("id\tname\n1\t\"a\"\n", "\"a\""),
            ("\"id\"\t\"name\"\n\"1\"\t\"a\"\n", "a"),
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
    fn a_table_may_be_gzipped() {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
        encoder.write_all(b"id,name\n1,a\n").unwrap();
        assert_eq!(
            second_column(&encoder.finish().unwrap()).unwrap(),
            [Some("a".to_owned())]
        );
    }

    #[test]
    fn a_row_that_is_cut_short_is_an_error_that_names_it() {
        let error = second_column(b"id,name\n1,a\n2\n").unwrap_err();
        assert!(format!("{error:#}").contains("line: 3"), "{error:#}");
    }
}
