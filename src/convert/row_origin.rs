//! The lines that the rows of a rejects file stand for, and the rows of lines.

use std::sync::Arc;

use crate::input::{Line, LineContent};
use crate::outcome::Reason;
use crate::tracking::{RejectsRow, RowContent};

/// The origin of an emitted line that an earlier run rejected: the line was read from a row of a rejects file.
#[derive(Clone, Debug)]
pub struct RowOrigin {
    /// The number of the row's event among the events of the batch that have records, from 0.
    pub event: u32,
    /// The input that had the line, and the number of the line in that input.
    pub file: Arc<str>,
    pub line: u64,
    /// The number of the byte of the line, from 1, at which the event begins. `None` for the first byte.
    pub byte: Option<u64>,
    /// The line itself, if it is text.
    pub raw: Option<Box<str>>,
}

impl RowOrigin {
    /// Returns the origin of the event with this number: a row of the rejects file, or any other line in it.
    pub fn new(event: u32, row: &RejectsRow<'_>) -> Self {
        Self {
            event,
            file: row.file.into(),
            line: row.line,
            byte: row.byte,
            raw: match row.content {
                Some(RowContent::Text { raw }) => Some(raw.into()),
                _ => None,
            },
        }
    }
}

/// Returns the line that a row stands for, with the number and the index of the row, which is `origin`. Returns `None` if
/// the row has no copy of the line.
pub fn line_of<'a>(row: &RejectsRow<'a>, origin: Line<'_>) -> Option<Line<'a>> {
    let content = match row.content? {
        RowContent::Text { raw } if row.reason == Reason::Truncated.code() => {
            LineContent::Truncated(raw.as_bytes())
        }
        RowContent::Text { raw } => LineContent::Whole(raw.as_bytes()),
        RowContent::NotUtf8 { raw_base64 } => LineContent::Whole(raw_base64),
        RowContent::TooLong { offset, length } => LineContent::TooLong { offset, length },
    };
    Some(Line {
        number: origin.number,
        // The offset of the line in its log is not known.
        offset: 0,
        content,
        // Only the lines of an input with the marker have this reason.
        is_marked: row.reason == Reason::NotTracking.code(),
        byte: row.byte.map_or(0, |byte| byte - 1),
        is_joined: false,
        nth: origin.nth,
    })
}

/// Returns the content of a line as a row has it.
pub fn content_of(content: LineContent<'_>) -> RowContent<'_> {
    match content {
        LineContent::Whole(bytes) | LineContent::Truncated(bytes) => {
            match std::str::from_utf8(bytes) {
                Ok(raw) => RowContent::Text { raw },
                Err(_) => RowContent::NotUtf8 { raw_base64: bytes },
            }
        }
        LineContent::TooLong { offset, length } => RowContent::TooLong { offset, length },
    }
}
