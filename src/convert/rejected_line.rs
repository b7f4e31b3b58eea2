//! The row of a rejected line in the rejects file.

use std::borrow::Cow;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde::{Deserialize, Serialize};

use crate::input::LineContent;
use crate::outcome::Reason;

/// A line that is rejected or unparsable.
#[derive(Clone, Debug)]
pub struct RejectedLine<'a> {
    /// The input's name, as given.
    pub file: &'a str,
    pub line: u64,
    /// The line itself, unless it is no longer in memory, as with a collision.
    pub content: Option<LineContent<'a>>,
    pub reason: Reason,
    pub detail: &'a str,
}

/// A row of an earlier rejects file.
#[derive(Deserialize)]
struct EarlierRow<'a> {
    #[serde(borrow)]
    file: Cow<'a, str>,
    line: u64,
    #[serde(rename = "reason")]
    _reason: serde::de::IgnoredAny,
    #[serde(borrow)]
    raw: Cow<'a, str>,
}

impl RejectedLine<'_> {
    /// Appends the row of a line that was read with `--unwrap`. If the line is itself a row of a rejects file, the new row
    /// holds the original line with its file and number, so that rejects can be replayed any number of times.
    pub fn write_unwrapped(&self, out: &mut Vec<u8>) {
        let earlier = match self.content {
            Some(LineContent::Whole(line)) => serde_json::from_slice(line).ok(),
            _ => None,
        };
        match &earlier {
            None => self.write(out),
            Some(EarlierRow {
                file, line, raw, ..
            }) => RejectedLine {
                file,
                line: *line,
                content: Some(LineContent::Whole(raw.as_bytes())),
                ..self.clone()
            }
            .write(out),
        }
    }

    /// Appends the row, a JSON object, and a newline.
    pub fn write(&self, out: &mut Vec<u8>) {
        #[derive(Serialize)]
        struct Row<'a> {
            file: &'a str,
            line: u64,
            reason: &'a str,
            detail: &'a str,
            #[serde(skip_serializing_if = "Option::is_none")]
            raw: Option<&'a str>,
            #[serde(skip_serializing_if = "Option::is_none")]
            raw_base64: Option<String>,
            #[serde(skip_serializing_if = "Option::is_none")]
            offset: Option<u64>,
            #[serde(skip_serializing_if = "Option::is_none")]
            length: Option<u64>,
        }

        let mut row = Row {
            file: self.file,
            line: self.line,
            reason: self.reason.code(),
            detail: self.detail,
            raw: None,
            raw_base64: None,
            offset: None,
            length: None,
        };
        match self.content {
            None => {}
            Some(LineContent::Whole(bytes) | LineContent::Truncated(bytes)) => {
                match std::str::from_utf8(bytes) {
                    Ok(text) => row.raw = Some(text),
                    Err(_) => row.raw_base64 = Some(STANDARD.encode(bytes)),
                }
            }
            Some(LineContent::TooLong { offset, length }) => {
                (row.offset, row.length) = (Some(offset), Some(length))
            }
        }
        // Writing strings and integers to memory cannot fail.
        let _ = serde_json::to_writer(&mut *out, &row);
        out.push(b'\n');
    }
}
