//! The records of a line that is not one event but holds several.

use bumpalo::Bump;

use super::converted_batch::ConvertedBatch;
use super::converted_line::ConvertedLine;
use super::line_converter::LineConverter;
use super::record_writer::Layout;
use super::row_origin::line_of;
use crate::input::{Line, LineContent};
use crate::outcome::{Outcome, Reason};
use crate::tracking::{LineWrapper, RejectsRow, RowContent, records_in};

/// A record of a line that holds several.
pub struct SplitRecord<'a> {
    pub line: Line<'a>,
    /// The row, if the line is a row of a rejects file.
    row: Option<&'a RejectsRow<'a>>,
}

impl LineConverter {
    /// Returns the records of a line that is not one event but holds events. Returns no records if the line has no events
    /// or is one.
    #[cold]
    pub fn records_of<'a>(
        &'a self,
        line: Line<'a>,
        conversion: &ConvertedLine<'a>,
        arena: &'a Bump,
    ) -> Vec<SplitRecord<'a>> {
        let row = conversion.row;
        let line = row.map_or(Some(line), |row| line_of(row, line));
        let (Some(line), Outcome::Unparsable(fault)) = (line, &conversion.outcome) else {
            return Vec::new();
        };
        let LineContent::Whole(bytes) = line.content else {
            return Vec::new();
        };
        let may_split = self.splits_lines && fault.reason == Reason::NotJson;
        let text = std::str::from_utf8(bytes).ok().filter(|_| may_split);
        let Some((text, records)) = text.and_then(|text| Some((text, records_in(text)?))) else {
            return Vec::new();
        };
        let records = records.into_iter().map(|record| {
            let before = &text.as_bytes()[..record.start];
            let newline = memchr::memrchr(b'\n', before);
            let newlines = memchr::memchr_iter(b'\n', before).count() as u64;
            let byte = match newline {
                Some(newline) => (record.start - newline - 1) as u64,
                None => line.byte + record.start as u64,
            };
            let raw = &text[record.clone()];
            let row = row.map(|row| {
                &*arena.alloc(RejectsRow {
                    line: row.line + newlines,
                    byte: (byte > 0).then_some(byte + 1),
                    content: Some(RowContent::Text { raw }),
                    ..*row
                })
            });
            let line = Line {
                number: line.number + newlines,
                offset: line.offset + record.start as u64,
                content: LineContent::Whole(raw.as_bytes()),
                byte,
                ..line
            };
            SplitRecord { line, row }
        });
        records.collect()
    }

    /// Converts a record of a line that holds several. The record is not split again.
    #[cold]
    pub fn convert_record<'a>(
        &'a self,
        record: &SplitRecord<'a>,
        layout: Layout,
        arena: &'a Bump,
        batch: &mut ConvertedBatch,
    ) -> Option<ConvertedLine<'a>> {
        let wrapper = &LineWrapper::None;
        let converted = self.convert_wrapped(record.line, wrapper, layout, arena, batch)?;
        Some(ConvertedLine {
            row: record.row,
            ..converted
        })
    }
}
