//! The records of a line that holds several: events that run together, elements of an array, and what is left over.

use std::ops::Range;

use bumpalo::Bump;

use super::next_record::{Candidate, candidate, doubtful_from, wraps_objects};
use crate::json::Value;

/// The number of bytes that may be parsed in vain for each byte of a text, so that a crafted line costs little time.
const IN_VAIN: usize = 16;

/// Splits a text that is not one event into its records. Each object that is in no other and has `event` or `data` is a
/// record, with the text before it, such as the prefix of a logger. The other parts are leftovers, and records of their
/// own. White space, commas and the brackets of arrays between objects belong to no record, and neither does a prefix with
/// braces. Returns `None` if no object is an event, or if the text is one record.
#[cold]
pub fn records_in(text: &str) -> Option<Vec<Range<usize>>> {
    let bytes = text.as_bytes();
    let mut split = Split {
        text,
        records: Vec::new(),
        start: 0,
        has_event: false,
        has_braces: false,
    };
    let mut damaged = None;
    let mut in_vain = 0;
    let mut from = 0;
    while let Some(at) = memchr::memchr(b'{', &bytes[from..]).map(|at| from + at) {
        if let Some(sound) = damaged.clone() {
            from = match candidate(bytes, sound, at, true) {
                Candidate::Record { end, is_event } => {
                    split.end_leftover(at);
                    split.end_record(at, end, is_event);
                    damaged = None;
                    end
                }
                Candidate::Nested { next, examined } => {
                    in_vain += examined;
                    next
                }
                Candidate::Undecided => at + 1,
            };
            if in_vain > IN_VAIN * text.len() {
                break;
            }
            continue;
        }
        match Value::parse_start(&text[at..], &Bump::new()) {
            Ok((value, length)) => {
                from = at + length;
                split.end_record(at, from, has_payload(value));
            }
            Err(error) => {
                if let Some(length) = braces_of_prefix(&text[at..]) {
                    split.has_braces = true;
                    from = at + length;
                    continue;
                }
                let before = &bytes[at..at + error.at];
                if wraps_objects(before) {
                    break;
                }
                let doubtful = doubtful_from(before).max(1);
                damaged = Some(at..at + doubtful);
                let newline = memchr::memchr(b'\n', before).map_or(doubtful, |newline| newline + 1);
                from = at + doubtful.min(newline);
            }
        }
    }
    split.end_leftover(text.len());
    let is_whole = |range: &Range<usize>| text[range.clone()].len() == text.trim().len();
    let is_split = split.has_event && !matches!(&*split.records, [only] if is_whole(only));
    is_split.then_some(split.records)
}

/// Returns the length of a group of braces that is no object, as in the prefix `app{worker}: ` of a logger.
fn braces_of_prefix(text: &str) -> Option<usize> {
    const LONGEST: usize = 256;

    let rest = text.as_bytes().get(1..)?;
    if rest.trim_ascii_start().starts_with(b"\"") {
        return None;
    }
    let mut depth = 1;
    for (at, byte) in rest.iter().take(LONGEST).enumerate() {
        match byte {
            b'{' => depth += 1,
            b'}' => depth -= 1,
            b'\n' => return None,
            _ => {}
        }
        if depth == 0 {
            return Some(at + 2);
        }
    }
    None
}

fn has_payload(value: Value<'_>) -> bool {
    let object = value.as_object();
    object.is_some_and(|object| {
        ["event", "data"]
            .iter()
            .any(|key| object.get(key).is_some())
    })
}

struct Split<'a> {
    text: &'a str,
    records: Vec<Range<usize>>,
    /// The end of the last record.
    start: usize,
    has_event: bool,
    /// Whether the text after the last record has braces that are no object, so that no event can be read with this text.
    has_braces: bool,
}

impl Split<'_> {
    /// Adds the object from `at` to `end` as a record, with the text before it.
    fn end_record(&mut self, at: usize, end: usize, is_event: bool) {
        let before = &self.text[self.start..at];
        let separators = before.len() - before.trim_start_matches(is_separator).len();
        let start = match separators == before.len() || self.has_braces {
            true => at,
            false => self.start + before.len() - before.trim_start().len(),
        };
        self.records.push(start..end);
        self.start = end;
        self.has_event |= is_event;
        self.has_braces = false;
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
            (
                format!("{cut},{EVENT}, {EVENT}]"),
                vec![&format!("{cut},"), EVENT, EVENT],
            ),
            (
                format!("{{\"name\": ,{EVENT},"),
                vec!["{\"name\": ,", EVENT],
            ),
            (format!("{{\"name\":\n{EVENT}\n"), vec!["{\"name\":", EVENT]),
            (format!("app{{worker}}: {EVENT}"), vec![EVENT]),
            (format!("req={{id: {{5}}}}, {EVENT}\r"), vec![EVENT]),
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
            format!(r#"{{"event":{{"body":"he wrote {EVENT} ok"}}}}"#),
            format!(r#"{{"records":[{EVENT},{{"a" 1}},{EVENT},{EVENT}],"x":1}}"#),
            format!("{{\n  \"message\":\n  {EVENT}\n"),
        ] {
            assert_eq!(records(&text), none, "{text}");
        }
    }
}
