//! Lookup tables as files: CSV or TSV, plain or gzipped, with a header row.

use std::fs::File;
use std::io::{BufReader, Read};
use std::path::Path;

use anyhow::{Context, Result, bail};
use csv::ByteRecord;
use flate2::read::MultiGzDecoder;

use crate::input::is_gzip;

/// Reads the table at `path` row by row, giving `row` each row's number (the header is row 1) and its cells in the order
/// of `columns`, whatever their order in the file. Other columns are passed over.
///
/// # Errors
/// The file cannot be read, a column is missing, a row is cut short, or what `row` found wrong: each names the path.
pub(super) fn read<const N: usize>(
    path: &Path,
    columns: [&str; N],
    mut row: impl FnMut(u64, [Option<&str>; N]) -> Result<()>,
) -> Result<()> {
    let name = path.display();
    let mut text = open(path).with_context(|| format!("failed to open `{name}`"))?;
    let header = read_header(&mut text).with_context(|| format!("failed to read `{name}`"))?;
    let delimiter = if header.get_ref().contains(&b'\t') {
        b'\t'
    } else {
        b','
    };
    let mut reader = csv::ReaderBuilder::new()
        .delimiter(delimiter)
        .buffer_capacity(1 << 18)
        .from_reader(header.chain(text));

    let names = reader
        .headers()
        .with_context(|| format!("failed to read `{name}`"))?;
    let names: Vec<&str> = names
        .iter()
        .map(|name| name.trim_start_matches('\u{feff}').trim())
        .collect();
    let mut places = [0; N];
    for (place, column) in places.iter_mut().zip(columns) {
        let Some(found) = names.iter().position(|name| *name == column) else {
            bail!(
                "`{name}` has no column `{column}`: its header row is `{}`",
                names.join(&char::from(delimiter).to_string())
            );
        };
        *place = found;
    }

    let mut record = ByteRecord::new();
    let mut number = 1;
    while reader
        .read_byte_record(&mut record)
        .with_context(|| format!("failed to read `{name}`"))?
    {
        number += 1;
        let mut cells = [None; N];
        for (cell, place) in cells.iter_mut().zip(places) {
            let text = std::str::from_utf8(&record[place])
                .with_context(|| format!("row {number} of `{name}` is not UTF-8"))?;
            *cell = present(text);
        }
        row(number, cells).with_context(|| format!("failed to take row {number} of `{name}`"))?;
    }
    Ok(())
}

/// `NULL` and `\N` are how MySQL's clients write an absent value; an empty cell is the text that it is.
fn present(cell: &str) -> Option<&str> {
    (cell != "NULL" && cell != "\\N").then_some(cell)
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
fn read_header(text: &mut impl Read) -> std::io::Result<std::io::Cursor<Vec<u8>>> {
    let mut header = Vec::new();
    let mut byte = [0];
    while text.read(&mut byte)? == 1 {
        header.push(byte[0]);
        if byte[0] == b'\n' {
            break;
        }
    }
    Ok(std::io::Cursor::new(header))
}
