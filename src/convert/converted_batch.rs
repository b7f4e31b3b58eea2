//! The records of consecutive lines.

use uuid::Uuid;

use super::row_origin::RowOrigin;
use super::suspects::Suspects;
use crate::buffers::Buffer;
use crate::compression::Compression;
use crate::contents::Contents;
use crate::input::Position;
use crate::outcome::Tally;
use crate::routing::RouterSet;

/// The records that consecutive lines of an input became, and the tally of the lines.
#[derive(Debug, Default)]
pub struct ConvertedBatch {
    /// The texts of the records, one after the other.
    pub bytes: Buffer,
    pub records: Vec<ConvertedRecord>,
    /// The number of the first line in the input.
    pub first_line: u64,
    /// The number of bytes of the input, before decompression, that were read for this batch and the batches before.
    pub bytes_read: u64,
    /// The position after each line, if positions are tracked.
    pub positions: Vec<Position>,
    /// `bytes`, compressed as a member of a file, if the output is compressed. The converting threads compress,
    /// because compression takes longer than anything else in a run. Code that changes `bytes` must clear this field.
    pub member: Option<(Compression, Vec<u8>)>,
    /// Rows for the rejects file, if there is one.
    pub rejects: Vec<u8>,
    /// The origins of the emitted lines that are rows of a rejects file, in the order of the rows.
    pub row_origins: Vec<RowOrigin>,
    /// The number of the first line of the run's own rejects file that was too long to be read. The file must not be
    /// replaced, since the line would be lost.
    pub lost_line: Option<u64>,
    pub tally: Tally,
    /// The lines that are probably no events.
    pub suspects: Suspects,
    /// The counts of the events, if the run is an inspection. Each event is parsed then.
    pub contents: Option<Box<Contents>>,
}

/// An xAPI statement, a Caliper envelope or a Caliper event of a [`ConvertedBatch`].
#[derive(Clone, Copy, Debug)]
pub struct ConvertedRecord {
    /// The id of the statement, or of the event in the envelope.
    pub id: Uuid,
    /// The index in the bytes of the batch at which the record's text ends, newline included. All records of a document
    /// have the same end, because they are one JSON text.
    pub end: usize,
    /// The number of the record's line in the input.
    pub line: u64,
    /// The number of bytes of this line before the text from which the record was made. 0 unless a line has several
    /// events.
    pub byte: u64,
    /// The index of the position after this line in the positions of the batch.
    pub nth: u32,
    /// The number of the record's event among the events of the batch that have records, from 0.
    pub event: u32,
    /// The routers (entries of routers.json) that accept the event.
    pub routers: RouterSet,
}

impl ConvertedRecord {
    /// Returns the number of the byte of the line, from 1, at which the record's event begins. Returns `None` for the
    /// first byte.
    pub fn byte_number(&self) -> Option<u64> {
        (self.byte > 0).then_some(self.byte + 1)
    }
}

impl ConvertedBatch {
    /// Returns the position after the line of a record, if positions are tracked.
    pub fn end_of(&self, record: &ConvertedRecord) -> Option<&Position> {
        self.positions.get(record.nth as usize)
    }

    /// Returns the position before the line of a record, if positions are tracked and the line is not the first of the
    /// batch.
    pub fn start_of(&self, record: &ConvertedRecord) -> Option<&Position> {
        self.positions.get((record.nth as usize).checked_sub(1)?)
    }

    /// Returns the origin of a record, if the record was made from a row of a rejects file.
    pub fn row_origin(&self, record: &ConvertedRecord) -> Option<&RowOrigin> {
        let rows = &self.row_origins;
        let found = rows.binary_search_by_key(&record.event, |row| row.event);
        found.ok().map(|nth| &rows[nth])
    }

    /// Returns the records with their texts, without newlines.
    pub fn records_with_text(&self) -> impl Iterator<Item = (ConvertedRecord, &[u8])> {
        let mut start = 0;
        self.records.iter().map(move |&record| {
            let text = &self.bytes[start..record.end];
            start = record.end;
            (record, text.trim_ascii_end())
        })
    }
}
