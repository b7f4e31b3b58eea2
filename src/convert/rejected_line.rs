//! The row of a rejected line in the rejects file.

use std::borrow::Cow;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde::{Deserialize, Serialize};

use crate::input::LineContent;

/// A line that is rejected or unparsable, with the keys of the rejects file.
#[derive(Clone, Serialize)]
pub struct RejectedLine<'a> {
    /// The input's name, as given.
    pub file: &'a str,
    pub line: u64,
    /// The code of the reason.
    pub reason: &'static str,
    pub detail: &'a str,
    /// The line itself. It is `None` for an event that is rejected because it has the id of an earlier event: that is
    /// found at delivery, when the line is no longer in memory.
    #[serde(flatten)]
    pub content: Option<RejectedContent<'a>>,
}

/// The content of a rejected line.
#[derive(Clone, Serialize)]
#[serde(untagged)]
pub enum RejectedContent<'a> {
    Text { raw: &'a str },
    NotUtf8 { raw_base64: String },
    TooLong { offset: u64, length: u64 },
}

impl<'a> From<LineContent<'a>> for RejectedContent<'a> {
    fn from(content: LineContent<'a>) -> Self {
        match content {
            LineContent::Whole(bytes) | LineContent::Truncated(bytes) => {
                match std::str::from_utf8(bytes) {
                    Ok(raw) => Self::Text { raw },
                    Err(_) => Self::NotUtf8 {
                        raw_base64: STANDARD.encode(bytes),
                    },
                }
            }
            LineContent::TooLong { offset, length } => Self::TooLong { offset, length },
        }
    }
}

/// A row of a rejects file that an earlier run wrote.
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
    /// Appends the row of a line that was read with `--unwrap raw`. If the line is itself a row of a rejects file, the
    /// new row holds the original line with its file and line number. So a rejects file can be converted again any
    /// number of times, and its rows always name the original log.
    pub fn write_original(&self, out: &mut Vec<u8>) {
        let earlier = match self.content {
            Some(RejectedContent::Text { raw }) => serde_json::from_str(raw).ok(),
            _ => None,
        };
        match &earlier {
            None => self.write(out),
            Some(EarlierRow {
                file, line, raw, ..
            }) => RejectedLine {
                file,
                line: *line,
                content: Some(RejectedContent::Text { raw }),
                ..self.clone()
            }
            .write(out),
        }
    }

    /// Appends the row, a JSON object, and a newline.
    pub fn write(&self, out: &mut Vec<u8>) {
        // Writing strings and integers to memory cannot fail.
        let _ = serde_json::to_writer(&mut *out, self);
        out.push(b'\n');
    }
}
