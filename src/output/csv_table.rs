//! A table as CSV.

use std::io::{self, Write};
use std::path::Path;

use anyhow::Result;

use super::AtomicFile;
use crate::compression::{Compression, Encoder};

/// A table that is being written. The file is removed if this value is dropped without [`complete`](Self::complete).
pub struct CsvTable(csv::Writer<Encoder<Bytes>>);

/// A file as a writer of bytes.
struct Bytes(AtomicFile);

impl CsvTable {
    /// Starts the table with its header row. The name `path` says whether the rows are compressed.
    ///
    /// # Errors
    /// Returns an error that names the path if the file cannot be written.
    pub fn start(file: AtomicFile, path: &Path, columns: &[&str]) -> Result<Self> {
        let bytes = Encoder::new(Bytes(file), Compression::of_name(path))?;
        let mut options = csv::WriterBuilder::new();
        let mut table = Self(options.buffer_capacity(1 << 18).from_writer(bytes));
        table.push(columns)?;
        Ok(table)
    }

    /// Adds a row.
    ///
    /// # Errors
    /// Returns an error that names the path if the file cannot be written.
    pub fn push(&mut self, cells: &[&str]) -> Result<()> {
        Ok(self.0.write_record(cells)?)
    }

    /// Writes the last bytes. The file keeps its temporary name.
    ///
    /// # Errors
    /// Returns an error that names the path if the file cannot be written.
    pub fn complete(self) -> Result<AtomicFile> {
        let bytes = self.0.into_inner().map_err(|error| error.into_error())?;
        let Bytes(file) = bytes.finish()?;
        Ok(file)
    }
}

impl Write for Bytes {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let written = self.0.write(bytes);
        written.map(|()| bytes.len()).map_err(io::Error::other)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
