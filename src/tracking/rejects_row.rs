//! The rows of a rejects file: JSON objects, each with a rejected or unparsable line of a log. A row is an input line
//! like any other, and stands for the line that it holds.

use std::borrow::Cow;
use std::num::NonZeroU64;

use base64::Engine;
use base64::display::Base64Display;
use base64::engine::general_purpose::STANDARD;
use bumpalo::Bump;
use serde::de::IgnoredAny;
use serde::{Deserialize, Serialize, Serializer};

use crate::outcome::Reason;

/// A line that is rejected or unparsable, with the keys of the rejects file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct RejectsRow<'a> {
    /// The input's name, as given.
    pub file: &'a str,
    pub line: u64,
    /// The number of the byte, from 1, at which the record begins in its line. `None` for a record that begins with its
    /// line.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub byte: Option<u64>,
    /// The code of the reason.
    pub reason: &'a str,
    pub detail: &'a str,
    /// The line itself. It is `None` for an event that is rejected because it has the id of an earlier event: that is
    /// found at delivery, when the line is no longer in memory.
    #[serde(flatten)]
    pub content: Option<RowContent<'a>>,
}

/// The content of a rejected line.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(untagged)]
pub enum RowContent<'a> {
    Text {
        raw: &'a str,
    },
    NotUtf8 {
        #[serde(serialize_with = "base64")]
        raw_base64: &'a [u8],
    },
    TooLong {
        offset: u64,
        length: u64,
    },
}

/// The start of each row that [`RejectsRow::write`] writes.
const START: &[u8] = b"{\"file\":\"";

/// A row with all keys that a row may have.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Row<'a> {
    #[serde(borrow)]
    file: Cow<'a, str>,
    line: u64,
    byte: Option<NonZeroU64>,
    #[serde(borrow)]
    reason: Cow<'a, str>,
    #[serde(borrow, default)]
    detail: Cow<'a, str>,
    raw: Option<String>,
    raw_base64: Option<String>,
    offset: Option<u64>,
    length: Option<u64>,
}

impl<'a> RejectsRow<'a> {
    /// Appends the row, a JSON object, and a newline.
    pub fn write(&self, out: &mut Vec<u8>) {
        // Writing strings and integers to memory cannot fail.
        let _ = serde_json::to_writer(&mut *out, self);
        out.push(b'\n');
    }

    /// Returns whether a line is the start of a row, without its end. A run that was killed may have left such a line at
    /// the end of the file.
    pub fn is_cut(line: &[u8]) -> bool {
        let start = line.len().min(START.len());
        start > 0
            && line[..start] == START[..start]
            && !line.ends_with(b"\n")
            && serde_json::from_slice::<IgnoredAny>(line).is_err()
    }

    /// Reads a row. Returns `None` if the line is not a row: a JSON object with the keys that [`write`](Self::write)
    /// writes and no others, in any order. Only the detail may be missing. A byte-order mark may precede the row.
    pub fn read(line: &[u8], arena: &'a Bump) -> Option<Self> {
        let line = line.strip_prefix(b"\xef\xbb\xbf").unwrap_or(line);
        let row: Row<'_> = serde_json::from_slice(line).ok()?;
        let content = match (row.raw, row.raw_base64, row.offset, row.length) {
            (Some(raw), None, None, None) => Some(RowContent::Text {
                raw: arena.alloc_str(&raw),
            }),
            (None, Some(text), None, None) => Some(RowContent::NotUtf8 {
                raw_base64: arena.alloc_slice_copy(&STANDARD.decode(text).ok()?),
            }),
            (None, None, Some(offset), Some(length)) => {
                Some(RowContent::TooLong { offset, length })
            }
            (None, None, None, None) if row.reason == Reason::Collision.code() => None,
            _ => return None,
        };
        Some(Self {
            file: arena.alloc_str(&row.file),
            line: row.line,
            byte: row.byte.map(NonZeroU64::get),
            reason: arena.alloc_str(&row.reason),
            detail: arena.alloc_str(&row.detail),
            content,
        })
    }
}

fn base64<S: Serializer>(bytes: &[u8], serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_str(&Base64Display::new(bytes, &STANDARD))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_row_is_read_as_it_was_written() {
        let contents = [
            Some(RowContent::Text {
                raw: "{\"a\": \"\\u00e9\\n\"}\u{1}é",
            }),
            Some(RowContent::NotUtf8 {
                raw_base64: b"\xff{}",
            }),
            Some(RowContent::TooLong {
                offset: 5,
                length: 1 << 40,
            }),
            None,
        ];
        for content in contents {
            let row = RejectsRow {
                byte: None,
                file: "logs/\"tracking\".log",
                line: 7,
                reason: "collision",
                detail: "a `detail`\t",
                content,
            };
            let mut text = Vec::new();
            row.write(&mut text);
            let arena = Bump::new();
            assert_eq!(RejectsRow::read(&text, &arena), Some(row));
        }
    }

    #[test]
    fn a_row_has_the_keys_of_the_rejects_file_and_no_others() {
        for (line, is_row) in [
            (
                r#" {"raw": "x", "detail":"", "reason":"no-user", "line":1, "file":"a"}"#,
                true,
            ),
            (
                r#"{"file":"a","line":1,"reason":"no-user","detail":"","raw":"x","event":{}}"#,
                false,
            ),
            (
                r#"{"file":"a","line":1,"reason":"no-user","detail":"","raw":"x","offset":1}"#,
                false,
            ),
            (
                r#"{"file":"a","line":1,"reason":"no-user","detail":"","raw_base64":"?"}"#,
                false,
            ),
            (
                r#"{"file":"a","line":1,"reason":"no-user","detail":""}"#,
                false,
            ),
            (
                r#"{"file":"a","line":1,"reason":"no-user","raw":"x"}"#,
                true,
            ),
            (
                "\u{feff}{\"file\":\"a\",\"line\":1,\"reason\":\"no-user\",\"raw\":\"x\"}",
                true,
            ),
            (
                r#"{"file":"a","line":1,"reason":"no-user","detail":"","raw":"x"#,
                false,
            ),
            (r#"{"name":"a","event":{}}"#, false),
            ("x", false),
        ] {
            let arena = Bump::new();
            let row = RejectsRow::read(line.as_bytes(), &arena);
            assert_eq!(row.is_some(), is_row, "{line}");
        }
    }
}
