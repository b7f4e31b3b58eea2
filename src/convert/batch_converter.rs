//! A batch of lines → a batch of records.

use bumpalo::Bump;

use super::contents_of::count_outcome;
use super::converted_batch::ConvertedBatch;
use super::converted_line::{ConvertedLine, EventType};
use super::line_converter::LineConverter;
use super::record_writer::Layout;
use super::root_search::RootSearch;
use super::row_origin::{RowOrigin, content_of};
use crate::buffers::Buffers;
use crate::compression::Compression;
use crate::input::{Line, LineBatch, LineContent, Shape, Source};
use crate::lms::DerivedId;
use crate::outcome::{FilteredBy, Outcome, Reason, Tally};
use crate::tracking::RejectsRow;

/// The size of output from which a batch is delivered in parts. The output of a usual batch is smaller. The limit keeps
/// a log that was crafted to fill memory from doing so. The records of one event are never split between parts, so a
/// part can exceed the limit by the records of its last event.
const PART_BYTES: usize = 16 << 20;

/// Converts batches of lines into batches of records.
pub struct BatchConverter {
    pub converter: LineConverter,
    pub layout_of_documents: Layout,
    pub max_line_bytes: usize,
    /// Whether to write rows for the rejects file.
    pub keeps_rejects: bool,
    /// The compression of the records of logs.
    pub compression: Option<Compression>,
    /// Whether to count details that only the JSON report shows, such as the number of lines for each event name.
    pub keeps_details: bool,
    /// Whether the run is an inspection, which counts events and needs no records.
    pub inspects: bool,
    pub buffers: Buffers,
    pub root_search: RootSearch,
}

impl BatchConverter {
    /// Converts the lines of a batch. If the output grows large, converts only the first lines, and returns the
    /// remaining lines as a new batch.
    pub fn convert(
        &self,
        source: &Source,
        mut batch: LineBatch,
    ) -> (ConvertedBatch, Option<LineBatch>) {
        let mut converted = ConvertedBatch {
            bytes: self.buffers.empty(),
            first_line: batch.first_line,
            bytes_read: batch.bytes_read,
            ..ConvertedBatch::default()
        };
        converted.contents = self.inspects.then(Box::default);
        let last_of_part = self.convert_part(source, &batch, &mut converted);
        if converted.tally.emitted > 0 {
            let lines = batch.lines(source.shape, self.max_line_bytes);
            let tally = &mut converted.tally;
            self.root_search
                .search(&self.converter, &batch, lines, tally);
        }
        let rest = last_of_part.map(|nth| batch.split_after(nth));
        if let Some(foreign) = converted.suspects.foreign {
            let whole_lines = match source.shape {
                Shape::Log => batch.lines_before(foreign),
                Shape::Document => 0,
            };
            batch.positions.truncate(whole_lines);
        }
        converted.positions = std::mem::take(&mut batch.positions);
        let compression = self.compression.filter(|_| source.shape == Shape::Log);
        if let Some(compression) = compression.filter(|_| !converted.bytes.is_empty()) {
            // If compression fails here, `member` is `None`. Then the writer of the output file compresses the records
            // again, and reports the error if that fails too.
            let member = compression.member(&converted.bytes).ok();
            converted.member = member.map(|bytes| (compression, bytes));
        }
        (converted, rest)
    }

    /// Converts lines until the output has the size of a part, or data that is no log begins. If lines of the log
    /// remain, returns the index of the last converted line.
    fn convert_part(
        &self,
        source: &Source,
        batch: &LineBatch,
        converted: &mut ConvertedBatch,
    ) -> Option<usize> {
        let layout = self.layout(source);
        let mut arena = Bump::new();
        let lines = batch.lines(source.shape, self.max_line_bytes);
        let mut lines = lines.enumerate().peekable();
        while let Some((nth, line)) = lines.next() {
            arena.reset();
            let conversion = self.converter.convert(line, layout, &arena, converted);
            if let Some(conversion) = conversion {
                if matches!(conversion.outcome, Outcome::Unparsable(_))
                    && let Some((data, text)) = batch.foreign_data(line, source.shape)
                {
                    converted.suspects.foreign = Some(data);
                    let conversion = self.converter.convert(text, layout, &arena, converted);
                    if let Some(conversion) = conversion {
                        self.note(&conversion, text, source, converted);
                    }
                    return None;
                }
                if !self.convert_records(&conversion, line, source, &arena, converted) {
                    self.note(&conversion, line, source, converted);
                }
            }
            // A batch with pieces has hardly more bytes than its longest line and a usual batch.
            let may_split = batch.joins.is_none() && lines.peek().is_some();
            if converted.bytes.len() >= PART_BYTES && may_split {
                return Some(nth);
            }
        }
        None
    }

    /// Converts the records of a line that is not one event. Returns `false` if the line does not hold several records.
    #[inline]
    fn convert_records<'a>(
        &'a self,
        conversion: &ConvertedLine<'a>,
        line: Line<'a>,
        source: &Source,
        arena: &'a Bump,
        converted: &mut ConvertedBatch,
    ) -> bool {
        if !matches!(conversion.outcome, Outcome::Unparsable(_)) {
            return false;
        }
        let records = self.converter.records_of(line, conversion, arena);
        let layout = self.layout(source);
        let mut arena = Bump::new();
        for record in &records {
            arena.reset();
            let conversion = self
                .converter
                .convert_record(record, layout, &arena, converted);
            if let Some(conversion) = conversion {
                self.note(&conversion, record.line, source, converted);
            }
        }
        !records.is_empty()
    }

    fn layout(&self, source: &Source) -> Layout {
        match source.shape {
            Shape::Log => Layout::Lines,
            Shape::Document => self.layout_of_documents,
        }
    }

    /// Counts a converted line, and notes what the run needs to know about the line.
    fn note(
        &self,
        conversion: &ConvertedLine<'_>,
        line: Line<'_>,
        source: &Source,
        converted: &mut ConvertedBatch,
    ) {
        if let Some(contents) = &mut converted.contents {
            count_outcome(conversion, line, source, contents);
        }
        let tally = &mut converted.tally;
        tally.count(&conversion.outcome, conversion.records);
        self.count_details(conversion, line.number, tally);
        let suspects = &mut converted.suspects;
        match conversion.name {
            // The run that wrote the row has reported the line.
            _ if conversion.row.is_some() => suspects.has_known_event = true,
            Some(name) if conversion.known.is_some() || name.starts_with('/') => {
                suspects.has_known_event = true;
            }
            name => {
                let (outcome, wrapper) = (&conversion.outcome, &self.converter.wrapper);
                match conversion.event_type {
                    EventType::Absent => suspects.note_nameless(line, wrapper),
                    EventType::Other
                        if suspects.has_known_event
                            && !matches!(outcome, Outcome::Unparsable(_)) =>
                    {
                        suspects.note_nested(line, name, wrapper);
                    }
                    _ => suspects.note(line, name, outcome, wrapper, converted.first_line == 1),
                }
            }
        }
        if conversion.row.is_some() || source.is_own_rejects {
            note_row(conversion, line, source, converted);
        }
        if self.keeps_rejects {
            write_row(conversion, line, source, &mut converted.rejects);
        }
    }

    /// Counts what is not counted with the outcome of a line.
    #[inline]
    fn count_details(&self, conversion: &ConvertedLine<'_>, number: u64, tally: &mut Tally) {
        match conversion.outcome {
            Outcome::Unsupported(_) => {
                let kind = conversion.kind_of_unsupported();
                tally.details.unsupported.count(kind);
                count_repairable(conversion, tally);
            }
            Outcome::Emitted => {
                tally.details.without_time += u64::from(conversion.time.is_none());
                if !conversion.two_times.is_empty() {
                    tally.details.two_times += 1;
                    tally
                        .details
                        .repairs_of_two_times
                        .extend(conversion.two_times);
                }
                match conversion.derived_id {
                    Some(DerivedId::Listed) => tally.details.derived_ids += 1,
                    Some(DerivedId::Unknown) => tally.details.derived_unknown_ids += 1,
                    None => {}
                }
                if !conversion.repairs.is_empty() {
                    tally.details.repaired.count(conversion.repairs);
                }
            }
            Outcome::Rejected(ref fault) if conversion.repairs.is_empty() => {
                tally.details.rejected.count(fault);
            }
            Outcome::Rejected(_) => count_repairable(conversion, tally),
            Outcome::Filtered(FilteredBy::Events) => {
                if let Some(nth) = conversion.known {
                    tally.filtered.note_name(nth);
                }
            }
            Outcome::Filtered(_) => count_repairable(conversion, tally),
            _ => {}
        }
        if self.keeps_details {
            if let Some(nth) = conversion.known {
                tally.details.count_known(nth);
            }
            tally.details.count_line(number, conversion.time);
        }
    }
}

/// Counts an event that more repairs would convert.
fn count_repairable(conversion: &ConvertedLine<'_>, tally: &mut Tally) {
    if !conversion.repairs.is_empty() {
        let repairable = &mut tally.details.repairable;
        *repairable.entry(conversion.repairs).or_default() += 1;
    }
}

/// Appends the row of a line to the rows for the rejects file if the line is rejected, or unparsable for another reason
/// than [`Reason::NotTracking`]. Lines of other programs have nothing to retry, and are most of the output of a
/// container.
fn write_row(conversion: &ConvertedLine<'_>, line: Line<'_>, source: &Source, rows: &mut Vec<u8>) {
    let fault = conversion.outcome.fault();
    if let Some((reason, detail)) = fault.filter(|(reason, _)| *reason != Reason::NotTracking) {
        let row = RejectsRow {
            reason: reason.code(),
            detail,
            ..origin(conversion, line, source)
        };
        row.write(rows);
    }
}

/// Returns the row of a line, without a reason. A line that is rejected again keeps its earlier row, so that rows always
/// name the log.
fn origin<'a>(
    conversion: &ConvertedLine<'a>,
    line: Line<'a>,
    source: &'a Source,
) -> RejectsRow<'a> {
    match conversion.row {
        Some(row) => *row,
        None => RejectsRow {
            file: &source.name,
            line: line.number,
            byte: line.byte_number(),
            reason: "",
            detail: "",
            content: Some(content_of(line.content)),
        },
    }
}

/// Notes what became of a line that is a row of a rejects file, or a line of the rejects file of the run. The line
/// leaves that file only if it is emitted, or if another program wrote it.
#[cold]
fn note_row(
    conversion: &ConvertedLine<'_>,
    line: Line<'_>,
    source: &Source,
    converted: &mut ConvertedBatch,
) {
    converted.tally.details.rows += u64::from(conversion.row.is_some());
    match (&conversion.outcome, line.content) {
        (Outcome::Emitted, _) => {
            let origin = origin(conversion, line, source);
            let event = converted.records.last().map_or(0, |record| record.event);
            converted.row_origins.push(RowOrigin::new(event, &origin));
        }
        _ if !source.is_own_rejects => {}
        (Outcome::Unsupported(_) | Outcome::Filtered(_), LineContent::Whole(text)) => {
            converted.rejects.extend_from_slice(text);
            converted.rejects.push(b'\n');
        }
        (_, LineContent::TooLong { .. }) => {
            converted.lost_line.get_or_insert(line.number);
        }
        _ => {}
    }
}
