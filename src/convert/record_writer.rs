//! The JSON text of the records of one event.

use std::io::{self, Write};

use jiff::civil::DateTime;
use serde::Serialize;
use uuid::Uuid;

use super::clickhouse_row::{self, ClickHouseRow};
use super::converted_batch::{ConvertedBatch, ConvertedRecord};
use crate::json;
use crate::outcome::{Fault, Reason};
use crate::routing::RouterSet;
use crate::xapi::Statement;

/// The most bytes that the records of one event may have. The records of real events are much smaller. The limit bounds
/// the memory that a crafted event can fill.
const MAX_OUTPUT_BYTES: usize = 64 << 20;

/// The form in which records are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Layout {
    /// One record a line.
    Lines,
    /// One indented document: the record, or an array if there are several.
    Document,
}

/// Appends the records of one line to a batch.
pub struct RecordWriter<'b> {
    pub batch: &'b mut ConvertedBatch,
    pub layout: Layout,
    /// The number of the line in the input.
    pub line: u64,
    /// The number of bytes of the line before the text that is converted.
    pub byte: u64,
    /// The index of the position after the line in the batch.
    pub nth: u32,
    /// The routers that accept the event.
    pub routers: RouterSet,
}

impl RecordWriter<'_> {
    /// Returns a writer to the same batch.
    pub fn reborrowed(&mut self) -> RecordWriter<'_> {
        RecordWriter {
            batch: &mut *self.batch,
            ..*self
        }
    }

    /// Appends all records, or none if one of them fails. An inspection keeps no records: it only finds out whether the
    /// records can be written.
    ///
    /// # Errors
    /// Returns `NotRepresentable` if a value cannot be written as JSON, or if the records exceed 64 MiB.
    pub fn write<T: Serialize>(self, records: &[T], id: impl Fn(&T) -> Uuid) -> Result<(), Fault> {
        if self.batch.contents.is_some() && json::can_be_written(records, MAX_OUTPUT_BYTES) {
            return Ok(());
        }
        let ConvertedBatch {
            bytes,
            records: converted,
            ..
        } = self.batch;
        let (first, start) = (converted.len(), bytes.len());
        let event = converted.last().map_or(0, |last| last.event + 1);
        let mut out = LimitedWriter {
            max_length: start.saturating_add(MAX_OUTPUT_BYTES),
            layout: self.layout,
            out: bytes,
        };
        let converted_record = |record, end| ConvertedRecord {
            id: id(record),
            end,
            line: self.line,
            byte: self.byte,
            nth: self.nth,
            event,
            routers: self.routers,
        };
        let written = match (self.layout, records) {
            (Layout::Lines, _) => records.iter().try_for_each(|record| {
                out.append(record)?;
                out.end_line();
                converted.push(converted_record(record, out.out.len()));
                Ok(())
            }),
            (Layout::Document, [record]) => write_document(record, &mut out),
            (Layout::Document, _) => write_document(&records, &mut out),
        };
        if let Err(error) = written {
            bytes.truncate(start);
            converted.truncate(first);
            return Err(not_representable(&error));
        }
        if self.layout == Layout::Document {
            let end = bytes.len();
            converted.extend(records.iter().map(|record| converted_record(record, end)));
        }
        Ok(())
    }

    /// Appends a row of ClickHouse for each statement of an event, or none if one of them fails. Rows are written one a
    /// line, also in the output of a document.
    ///
    /// # Errors
    /// Returns `MissingField` or `BadTimestamp` if no row can hold the time, and the errors of [`write`](Self::write).
    pub fn write_rows(
        self,
        statements: &[Statement<'_>],
        time: Option<DateTime>,
    ) -> Result<(), Fault> {
        let time = clickhouse_row::emission_time(time)?;
        let rows = statements.iter().map(|statement| {
            let mut text = Vec::new();
            let mut out = LimitedWriter {
                max_length: MAX_OUTPUT_BYTES,
                layout: Layout::Lines,
                out: &mut text,
            };
            out.append(statement)
                .map_err(|error| not_representable(&error))?;
            Ok(ClickHouseRow::new(statement.id(), time, text))
        });
        let rows = rows.collect::<Result<Vec<_>, Fault>>()?;
        let lines = Self {
            layout: Layout::Lines,
            ..self
        };
        lines.write(&rows, |row| row.event_id)
    }
}

fn not_representable(error: &serde_json::Error) -> Fault {
    Fault::new(Reason::NotRepresentable, error.to_string())
}

fn write_document(
    document: &impl Serialize,
    out: &mut LimitedWriter<'_>,
) -> serde_json::Result<()> {
    serde_json::to_writer_pretty(&mut *out, document)?;
    out.end_line();
    Ok(())
}

/// Writes to memory up to a limit. The indentation of a document does not count towards the limit. So an event is
/// rejected or not, whichever layout its records are written in.
struct LimitedWriter<'o> {
    /// The largest length that `out` may have.
    max_length: usize,
    layout: Layout,
    out: &'o mut Vec<u8>,
}

impl LimitedWriter<'_> {
    /// Appends a value without white space.
    fn append(&mut self, value: &impl Serialize) -> serde_json::Result<()> {
        let start = self.out.len();
        if !json::append(value, self.out, self.max_length) {
            self.out.truncate(start);
            serde_json::to_writer(self, value)?;
        }
        Ok(())
    }

    fn end_line(&mut self) {
        self.out.push(b'\n');
        self.max_length = self.max_length.saturating_add(1);
    }
}

impl Write for LimitedWriter<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.write_all(bytes).map(|()| bytes.len())
    }

    /// Appends a piece of a value. serde_json calls only this method, once for each of the many pieces of a value.
    fn write_all(&mut self, bytes: &[u8]) -> io::Result<()> {
        if self.layout == Layout::Document && bytes.iter().all(u8::is_ascii_whitespace) {
            self.max_length = self.max_length.saturating_add(bytes.len());
        }
        if bytes.len() > self.max_length.saturating_sub(self.out.len()) {
            return Err(io::Error::other("the records of the event exceed 64 MiB"));
        }
        self.out.extend_from_slice(bytes);
        Ok(())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
