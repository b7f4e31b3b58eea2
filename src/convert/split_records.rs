//! The records of a line that is not one event but holds several.

use std::iter;
use std::ops::Range;

use bumpalo::Bump;

use super::converted_batch::ConvertedBatch;
use super::converted_line::ConvertedLine;
use super::line_converter::LineConverter;
use super::record_writer::Layout;
use super::row_origin::{content_of, line_of};
use crate::input::{Line, LineContent};
use crate::outcome::{Outcome, Reason};
use crate::tracking::{LineWrapper, RejectsRow, records_in};

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
        let may_split = matches!(fault.reason, Reason::NotJson | Reason::NotWrapped);
        let Some(text) = std::str::from_utf8(bytes).ok().filter(|_| may_split) else {
            return Vec::new();
        };
        let wrapped = match line.is_joined {
            true => None,
            false => self.wrapper.lines_in(text, arena),
        };
        let is_whole = wrapped
            .as_ref()
            .is_none_or(|lines| lines.len() == 1 && fault.reason == Reason::NotJson);
        let lines = wrapped.unwrap_or_else(|| vec![text]);
        let (mut before, mut records, mut is_split) = (line, Vec::new(), !is_whole);
        for text in lines {
            let parts = records_in(text).filter(|_| self.splits_lines);
            is_split |= parts.is_some();
            let parts = parts.unwrap_or_else(|| iter::once(0..text.len()).collect());
            records.extend(parts.into_iter().map(|part| part_of(before, text, part)));
            before.byte += text.len() as u64 + 1;
        }
        if !is_split {
            return Vec::new();
        }
        let of_line = |part: Line<'a>| match row {
            Some(row) => SplitRecord {
                row: Some(row_of_part(row, line.number, part, arena)),
                line: Line {
                    number: line.number,
                    ..part
                },
            },
            None => SplitRecord {
                row: None,
                line: part,
            },
        };
        records.into_iter().map(of_line).collect()
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

/// Returns a part of the text of a line as a record of its own.
fn part_of<'a>(line: Line<'a>, text: &'a str, part: Range<usize>) -> Line<'a> {
    let before = &text.as_bytes()[..part.start];
    let newlines = memchr::memchr_iter(b'\n', before).count() as u64;
    let byte = match memchr::memrchr(b'\n', before) {
        Some(newline) => (part.start - newline - 1) as u64,
        None => line.byte + part.start as u64,
    };
    Line {
        number: line.number + newlines,
        offset: line.offset + part.start as u64,
        content: LineContent::Whole(&text.as_bytes()[part]),
        byte,
        ..line
    }
}

/// Returns the row of a record, given the row, its number, and the part of its line.
fn row_of_part<'a>(
    row: &RejectsRow<'a>,
    number: u64,
    part: Line<'a>,
    arena: &'a Bump,
) -> &'a RejectsRow<'a> {
    arena.alloc(RejectsRow {
        line: row.line + part.number - number,
        byte: part.byte_number(),
        content: Some(content_of(part.content)),
        ..*row
    })
}
