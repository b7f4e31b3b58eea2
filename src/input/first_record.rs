//! Recognizing the framing of an input by its first record.

use super::record_scanner::{Found, RecordScanner};

/// The first record of an input.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FirstRecord {
    /// A line, or no record.
    Line,
    /// An object that extends over several lines.
    Document,
    /// An element of an array, or an object over several lines or in one line that another object follows.
    OfSeveral,
}

/// Recognizes the first record of an input, given its first bytes.
pub fn first_record(bytes: &[u8]) -> FirstRecord {
    let bytes = bytes.trim_ascii_start();
    let bytes = bytes
        .strip_prefix(b"\xef\xbb\xbf")
        .unwrap_or(bytes)
        .trim_ascii_start();
    if let Some(elements) = bytes.strip_prefix(b"[") {
        let object = elements.trim_ascii_start().strip_prefix(b"{");
        let is_array = object.is_some_and(|object| object.trim_ascii_start().starts_with(b"\""));
        return if is_array {
            FirstRecord::OfSeveral
        } else {
            FirstRecord::Line
        };
    }
    let mut scanner = RecordScanner::default();
    let Found::Start(start) = scanner.next(bytes, 0, 0, false) else {
        return FirstRecord::Line;
    };
    let found = scanner.next(bytes, start, start, false);
    let end = match found {
        Found::End(end) => end,
        _ => bytes.len(),
    };
    let newline = memchr::memchr(b'\n', &bytes[..end]);
    let has_lines = newline.is_some();
    let second = newline.and_then(|newline| bytes.get(newline + 1)).copied();
    let rest = &bytes[end..];
    let space = rest
        .iter()
        .take_while(|byte| byte.is_ascii_whitespace())
        .count();
    let is_in_line = memchr::memchr(b'\n', &rest[..space]).is_none();
    let is_followed = rest.get(space) == Some(&b'{') && (has_lines || is_in_line);
    match found {
        _ if scanner.is_damaged() => FirstRecord::Line,
        Found::End(_) if is_followed => FirstRecord::OfSeveral,
        // The first line of a log may be cut off. Then an event follows, and no part of the document.
        _ if matches!(
            second,
            Some(b' ' | b'\t' | b'"' | b'}' | b']' | b'\r' | b'\n')
        ) =>
        {
            FirstRecord::Document
        }
        _ => FirstRecord::Line,
    }
}
