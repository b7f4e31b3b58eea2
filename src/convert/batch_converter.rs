//! A batch of lines → a batch of records.

use std::io::{self, Write};

use bumpalo::Bump;
use flate2::Compression;
use flate2::write::GzEncoder;

use super::converted_batch::ConvertedBatch;
use super::line_converter::LineConverter;
use super::record_writer::Layout;
use super::rejected_line::RejectedLine;
use crate::buffers::Buffers;
use crate::input::{Line, LineBatch, Shape, Source};
use crate::outcome::Outcome;
use crate::tracking::LineWrapper;

/// The size of output from which a batch is delivered in parts. The output of a usual batch is smaller, but a log may
/// be crafted to fill memory. A part exceeds this size by the records of one event at most.
const PART_BYTES: usize = 16 << 20;

/// Converts batches of lines into batches of records.
pub struct BatchConverter {
    pub converter: LineConverter,
    pub layout_of_documents: Layout,
    pub max_line_bytes: usize,
    /// Whether to write rows for the rejects file.
    pub keeps_rejects: bool,
    /// Whether to compress the records of logs.
    pub compresses: bool,
    /// Whether to count the details that only a report shows.
    pub keeps_details: bool,
    pub buffers: Buffers,
}

impl BatchConverter {
    /// Converts the lines of a batch. If the output grows large, converts only the first lines, and returns the others.
    pub fn convert(
        &self,
        source: &Source,
        mut batch: LineBatch,
    ) -> (ConvertedBatch, Option<LineBatch>) {
        let mut converted = ConvertedBatch {
            bytes: self.buffers.empty(),
            first_line: batch.first_line,
            ..ConvertedBatch::default()
        };
        let last_of_part = self.convert_part(source, &batch, &mut converted);
        let rest = last_of_part.map(|nth| batch.split_after(nth));
        converted.positions = std::mem::take(&mut batch.positions);
        if self.compresses && source.shape == Shape::Log && !converted.bytes.is_empty() {
            // Without a member, the output compresses the records itself. If that fails too, the output reports the
            // error.
            converted.member = gzip_member(&converted.bytes).ok();
        }
        (converted, rest)
    }

    /// Converts lines until there is enough output for a part. Returns the index of the last converted line if lines
    /// are left.
    fn convert_part(
        &self,
        source: &Source,
        batch: &LineBatch,
        converted: &mut ConvertedBatch,
    ) -> Option<usize> {
        let layout = match source.shape {
            Shape::Log => Layout::Lines,
            Shape::Document => self.layout_of_documents,
        };
        let mut arena = Bump::new();
        let lines = batch.lines(source.shape, self.max_line_bytes);
        let mut lines = lines.enumerate().peekable();
        while let Some((nth, line)) = lines.next() {
            arena.reset();
            self.convert_line(&source.name, line, layout, &arena, converted);
            if converted.bytes.len() >= PART_BYTES && lines.peek().is_some() {
                return Some(nth);
            }
        }
        None
    }

    fn convert_line(
        &self,
        file: &str,
        line: Line<'_>,
        layout: Layout,
        arena: &Bump,
        converted: &mut ConvertedBatch,
    ) {
        let Some(conversion) = self.converter.convert(line, layout, arena, converted) else {
            return;
        };
        let tally = &mut converted.tally;
        tally.count(&conversion.outcome, conversion.records);
        if self.keeps_details {
            let is_parsed = !matches!(conversion.outcome, Outcome::Unparsable(_));
            if is_parsed {
                tally.details.count_event(conversion.known, conversion.name);
            }
            tally.details.count_line(line.number, conversion.time);
        }
        let fault = conversion.outcome.fault();
        if let Some((reason, detail)) = fault.filter(|_| self.keeps_rejects) {
            let rejected = RejectedLine {
                file,
                line: line.number,
                content: Some(line.content.into()),
                reason: reason.code(),
                detail,
            };
            match &self.converter.wrapper {
                LineWrapper::Json(key) if key == "raw" => {
                    rejected.write_original(&mut converted.rejects);
                }
                _ => rejected.write(&mut converted.rejects),
            }
        }
    }
}

/// Returns a gzip member that holds `text`. Readers take consecutive members of a file as one text, so each batch can
/// be compressed on a thread of its own.
///
/// # Errors
/// Returns an error if the encoder fails, which it does not do when it writes to memory.
pub fn gzip_member(text: &[u8]) -> io::Result<Vec<u8>> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(text)?;
    encoder.finish()
}
