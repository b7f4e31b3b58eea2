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
use crate::outcome::{Fault, Outcome, Reason};
use crate::tracking::{LineWrapper, RejectsRow, parse_line, records_in, with_question_marks};

/// A record of a line that holds several.
pub struct SplitRecord<'a> {
    pub line: Line<'a>,
    /// The row, if the line is a row of a rejects file.
    row: Option<&'a RejectsRow<'a>>,
    /// The fault of the record, if it is no line.
    fault: Option<Fault>,
    /// Whether the record was in a JSON object that a log driver put around the line.
    is_unwrapped: bool,
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
        let bytes = match line.content {
            LineContent::Whole(bytes) => bytes,
            // Pieces of which some are missing may be followed by those of an event.
            LineContent::Truncated(bytes) if line.is_joined => bytes,
            _ => return Vec::new(),
        };
        let wrapper = self.wrapper_of(line);
        let Some(text) = text_to_split(bytes, fault.reason, wrapper, arena) else {
            return Vec::new();
        };
        let wrapped = wrapper.lines_in(text, arena);
        let is_whole = match (fault.reason, wrapped.as_deref()) {
            (_, None) | (Reason::NotJson, Some([_])) => true,
            (Reason::NoEvent, Some(lines)) => {
                !lines.iter().any(|line| is_event(line.text.as_bytes()))
            }
            _ => false,
        };
        let is_unwrapped = wrapped.is_some();
        let lines = match wrapped {
            // The bytes that are not UTF-8 must not become question marks.
            Some(_) if fault.reason == Reason::NotUtf8 => return Vec::new(),
            Some(lines) => lines
                .into_iter()
                .map(|line| (line.text, line.text.as_bytes(), line.fault))
                .collect(),
            None => vec![(text, bytes, None)],
        };
        let (mut before, mut records, mut is_split) = (line, Vec::new(), !is_whole);
        for (text, bytes, fault) in lines {
            let parts = match fault {
                Some(_) => iter::once(0..text.len()).collect(),
                None => self.parts_of(text, bytes),
            };
            is_split |= !matches!(&*parts, [part] if part.len() == text.len());
            let parts = parts.into_iter();
            records.extend(parts.map(|part| (part_of(before, bytes, part), fault.clone())));
            before.byte += text.len() as u64 + 1;
        }
        if !is_split {
            return Vec::new();
        }
        let of_line = |(part, fault): (Line<'a>, Option<Fault>)| match row {
            Some(row) => SplitRecord {
                row: Some(row_of_part(row, line.number, part, arena)),
                line: Line {
                    number: line.number,
                    ..part
                },
                fault,
                is_unwrapped,
            },
            None => SplitRecord {
                row: None,
                line: part,
                fault,
                is_unwrapped,
            },
        };
        records.into_iter().map(of_line).collect()
    }

    /// Returns the parts of a text that are records. `bytes` is the text with the bytes that are not UTF-8. They end a record
    /// if an event follows them.
    fn parts_of(&self, text: &str, bytes: &[u8]) -> Vec<Range<usize>> {
        let whole = || iter::once(0..text.len()).collect();
        if !self.splits_lines {
            return whole();
        }
        let parts = records_in(text).unwrap_or_else(whole).into_iter();
        let divided = parts.flat_map(|part| {
            let event = text[part.clone()].find('{').map(|at| part.start + at);
            let is_divided = |at: &usize| {
                std::str::from_utf8(&bytes[part.start..*at]).is_err()
                    && is_event(&bytes[*at..part.end])
            };
            match event.filter(is_divided) {
                Some(at) => vec![part.start..at, at..part.end],
                None => vec![part],
            }
        });
        divided.collect()
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
        let converted = match &record.fault {
            Some(fault) => ConvertedLine::of_outcome(Outcome::Unparsable(fault.clone())),
            None => {
                let wrapper = &LineWrapper::None;
                self.convert_wrapped(record.line, wrapper, layout, arena, batch)?
            }
        };
        if let Some(contents) = &mut batch.contents {
            let is_event = !matches!(converted.outcome, Outcome::Unparsable(_));
            contents.form.unwrapped += u64::from(record.is_unwrapped && is_event);
        }
        Some(ConvertedLine {
            row: record.row,
            ..converted
        })
    }
}

/// Returns the text of a line that may hold several records, given the reason why the line is not one event.
fn text_to_split<'a>(
    bytes: &'a [u8],
    reason: Reason,
    wrapper: &LineWrapper,
    arena: &'a Bump,
) -> Option<&'a str> {
    match reason {
        Reason::NotJson | Reason::NotWrapped | Reason::Truncated => std::str::from_utf8(bytes).ok(),
        // The lines may be within several layers of wrapping.
        Reason::NoEvent if matches!(wrapper, LineWrapper::Auto) => std::str::from_utf8(bytes).ok(),
        Reason::NotUtf8 => Some(arena.alloc_str(&with_question_marks(bytes))),
        _ => None,
    }
}

fn is_event(line: &[u8]) -> bool {
    matches!(parse_line(line, &Bump::new()), Ok(Some(_)))
}

/// Returns a part of the text of a line as a record of its own.
fn part_of<'a>(line: Line<'a>, text: &'a [u8], part: Range<usize>) -> Line<'a> {
    let before = &text[..part.start];
    let newlines = memchr::memchr_iter(b'\n', before).count() as u64;
    let byte = match memchr::memrchr(b'\n', before) {
        Some(newline) => (part.start - newline - 1) as u64,
        None => line.byte + part.start as u64,
    };
    Line {
        number: line.number + newlines,
        offset: line.offset + part.start as u64,
        content: LineContent::Whole(&text[part]),
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
