//! The records of a line that holds several: events that run together, elements of an array, and what is left over.

use std::ops::Range;

use bumpalo::Bump;

use super::event::is_event_like;
use crate::json::Value;

/// The limit on the bytes that are parsed in vain for each line, so that a crafted line costs little time.
const MOST_BYTES_IN_VAIN: usize = 64 << 20;

/// Splits a text that is not one event into its records. Each object that is in no other and has `event` or `data` is a
/// record, with the text before it, such as the prefix of a logger. The other parts are leftovers, and records of their
/// own. White space, commas and the brackets of arrays between objects belong to no record. Returns `None` if no object
/// is an event, or if the text is one record.
#[cold]
pub fn records_in(text: &str) -> Option<Vec<Range<usize>>> {
    let mut split = Split {
        text,
        records: Vec::new(),
        start: 0,
        has_event: false,
    };
    let mut is_torn = false;
    let mut in_vain = 0;
    let mut from = 0;
    while let Some(at) = memchr::memchr(b'{', &text.as_bytes()[from..]).map(|at| from + at) {
        let arena = Bump::new();
        match Value::parse_start(&text[at..], &arena) {
            Ok((value, length)) => {
                from = at + length;
                if !is_torn {
                    split.end_record(at, from, has_payload(value));
                } else if is_event_like(value) && !is_nested(text, at..from) {
                    split.end_leftover(at);
                    split.end_record(at, from, true);
                    is_torn = false;
                }
            }
            Err(error) => {
                is_torn = true;
                in_vain += error.at;
                from = at + 1;
                if in_vain > MOST_BYTES_IN_VAIN {
                    break;
                }
            }
        }
    }
    split.end_leftover(text.len());
    let is_whole = |range: &Range<usize>| text[range.clone()].len() == text.trim().len();
    let is_split = split.has_event && !matches!(&*split.records, [only] if is_whole(only));
    is_split.then_some(split.records)
}

fn has_payload(value: Value<'_>) -> bool {
    let object = value.as_object();
    object.is_some_and(|object| {
        ["event", "data"]
            .iter()
            .any(|key| object.get(key).is_some())
    })
}

/// Returns whether an object in a damaged text may be nested in the damaged object: as an element, as the value of a key, or
/// in a text that has lost its backslashes.
fn is_nested(text: &str, object: Range<usize>) -> bool {
    // A question mark may stand for a damaged byte.
    let before = text[..object.start].trim_end_matches(|c: char| c.is_whitespace() || c == '?');
    let is_in_text = before
        .strip_suffix('"')
        .is_some_and(|before| before.trim_end().ends_with(':'));
    let after = text[object.end..].trim_start();
    is_in_text
        || before.ends_with([':', ',', '[', '{'])
        || after.starts_with(['}', ']', ',', ':', '"'])
}

struct Split<'a> {
    text: &'a str,
    records: Vec<Range<usize>>,
    /// The end of the last record.
    start: usize,
    has_event: bool,
}

impl Split<'_> {
    /// Adds the object from `at` to `end` as a record, with the text before it.
    fn end_record(&mut self, at: usize, end: usize, is_event: bool) {
        let before = &self.text[self.start..at];
        let separators = before.len() - before.trim_start_matches(is_separator).len();
        let start = match separators == before.len() {
            true => at,
            false => self.start + before.len() - before.trim_start().len(),
        };
        self.records.push(start..end);
        self.start = end;
        self.has_event |= is_event;
    }

    /// Adds the text before `end` as a record, if there is any.
    fn end_leftover(&mut self, end: usize) {
        let leftover = &self.text[self.start..end];
        if !leftover.trim_matches(is_separator).is_empty() {
            let start = self.start + leftover.len() - leftover.trim_start().len();
            let end = self.start + leftover.trim_end().len();
            self.records.push(start..end);
        }
        self.start = end;
    }
}

/// Returns whether a character may stand between the elements of an array, or between events that run together.
fn is_separator(c: char) -> bool {
    c.is_whitespace() || matches!(c, ',' | '[' | ']' | '\u{feff}' | '\0')
}

#[cfg(test)]
mod tests {
    use super::*;

    const EVENT: &str = r#"{"name":"a","event":{},"context":{}}"#;

    fn records(text: &str) -> Vec<&str> {
        let records = records_in(text).unwrap_or_default();
        records.into_iter().map(|record| &text[record]).collect()
    }

    #[test]
    fn each_event_is_a_record_and_each_leftover_too() {
        let cut = &EVENT[..EVENT.len() - 12];
        let prefixed = format!("2024 INFO [x] - {EVENT}");
        let document = EVENT.replace(',', ",\n  ");
        for (text, expected) in [
            (format!("{EVENT}{EVENT}"), vec![EVENT, EVENT]),
            (format!("{EVENT}{prefixed}\r"), vec![EVENT, &prefixed]),
            (format!("{prefixed} {prefixed}"), vec![&prefixed, &prefixed]),
            (format!("{EVENT}{cut}"), vec![EVENT, cut]),
            (format!("{cut}{EVENT}"), vec![cut, EVENT]),
            (
                format!("{cut}2024 - {EVENT}{EVENT}x"),
                vec![&format!("{cut}2024 -"), EVENT, EVENT, "x"],
            ),
            (format!("{EVENT},"), vec![EVENT]),
            (format!("[{EVENT},"), vec![EVENT]),
            (format!("{EVENT}]"), vec![EVENT]),
            (format!("\u{feff}[ {EVENT} , {EVENT} ]"), vec![EVENT, EVENT]),
            (
                format!("{document}\n{document}"),
                vec![&document, &document],
            ),
            (format!(r#"{{"a":1}}{EVENT}"#), vec![r#"{"a":1}"#, EVENT]),
            (format!("{EVENT} HTTP/1.1"), vec![EVENT, "HTTP/1.1"]),
        ] {
            assert_eq!(records(&text), expected, "{text}");
        }
    }

    #[test]
    fn other_lines_and_objects_in_damaged_objects_are_not_split() {
        let none: [&str; 0] = [];
        for text in [
            EVENT.to_owned(),
            format!("INFO - {EVENT}\r"),
            "[".to_owned(),
            r#"{"a":1}{"b":2}"#.to_owned(),
            format!(r#"{{"message":{EVENT},"x"#),
            format!(r#"{{"message":{EVENT}"#),
            format!(r#"{{"items":[{{}},{EVENT}],"x"#),
            format!(r#"{{"items":[{{}} {EVENT}],"x"#),
            format!(r#"{{"log":"{EVENT}","x":1}}"#),
            format!(r#"{{"log":"{EVENT}"#),
        ] {
            assert_eq!(records(&text), none, "{text}");
        }
    }
}
