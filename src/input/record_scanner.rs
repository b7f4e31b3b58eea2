//! Finding the ends of records in a stream of JSON values.

/// The depth of nesting from which on an object counts as damaged, so that the memory for its brackets is bounded.
const DEEPEST: usize = 10_000;

/// The length from which on a damaged object ends where another object follows at once. A shorter damaged object ends with
/// a line, and is searched for whole events when it is converted.
const LONG_DAMAGE: usize = 64 << 10;

/// Finds the ends of records, as more bytes are read. A record is an object, with the text before it in its line, or a
/// line of other text. The brackets of arrays around objects, commas and white space are in no record, so all positions
/// between records are alike, in arrays and elsewhere.
#[derive(Debug, Default)]
pub struct RecordScanner {
    state: State,
    /// The opening brackets of the object, as far as they are not closed.
    open: Vec<u8>,
    /// The last byte of the object that is not white space. `a` stands for a number or a word.
    last: u8,
    /// The white space before the first other byte of the line in which the record begins.
    indentation: usize,
    /// The white space at the start of the current line, as far as nothing else has followed. `None` after other bytes.
    line_space: Option<usize>,
    is_damaged: bool,
}

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

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum State {
    #[default]
    Between,
    /// In the text before an object, or in a line without an object.
    Text,
    Object,
    String,
    /// After a backslash in a string.
    Escape,
    Damaged,
}

/// A place in the bytes that were scanned.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Found {
    /// A record begins at this index.
    Start(usize),
    /// The record ends before this index.
    End(usize),
    /// More bytes are needed. The bytes before this index need not be scanned again.
    Nothing(usize),
}

impl RecordScanner {
    /// Scans bytes from an index on. `start` is the index at which the current record begins. `is_last` tells that no more
    /// bytes follow.
    pub fn next(&mut self, bytes: &[u8], from: usize, start: usize, is_last: bool) -> Found {
        let mut at = from;
        while let Some(&byte) = bytes.get(at) {
            match self.state {
                State::String => {
                    let rest = &bytes[at..];
                    let Some(length) = memchr::memchr3(b'"', b'\\', b'\n', rest) else {
                        return Found::Nothing(bytes.len());
                    };
                    at += length;
                    match bytes[at] {
                        b'"' => (self.state, self.last) = (State::Object, b'"'),
                        b'\\' => self.state = State::Escape,
                        _ => {
                            // No string has a newline, so the object is damaged, and its line ends here.
                            self.damage();
                            continue;
                        }
                    }
                    at += 1;
                    continue;
                }
                State::Escape => {
                    self.state = State::String;
                    if byte != b'\n' {
                        at += 1;
                    }
                    continue;
                }
                State::Between => {
                    if self.is_between(byte) {
                        at += 1;
                        continue;
                    }
                    self.indentation = self.line_space.unwrap_or(self.indentation);
                    self.line_space = None;
                    self.begin(byte);
                    return Found::Start(at);
                }
                State::Text if byte == b'\n' => {
                    self.state = State::Between;
                    return Found::End(at);
                }
                State::Text => {
                    if byte == b'{' {
                        self.begin(byte);
                    } else {
                        at += 1;
                    }
                    continue;
                }
                State::Damaged => match self.in_damaged(bytes, at, start, is_last) {
                    Some(Found::Nothing(next)) if next > at => {
                        at = next;
                        continue;
                    }
                    Some(found) => return found,
                    None => {
                        at += 1;
                        continue;
                    }
                },
                State::Object => {}
            }
            if !self.take(byte) {
                self.damage();
                // The first brace of a line may begin another object.
                let line = memchr::memrchr(b'\n', &bytes[start..at]).map(|newline| start + newline);
                at = line
                    .filter(|line| bytes[*line..at].trim_ascii().is_empty())
                    .unwrap_or(at);
                continue;
            }
            at += 1;
            if self.open.is_empty() {
                self.state = State::Between;
                return Found::End(at);
            }
        }
        Found::Nothing(at)
    }

    /// Returns whether the last record that has begun is a damaged object, which cannot become an event, whatever follows.
    pub fn is_damaged(&self) -> bool {
        self.is_damaged
    }

    fn damage(&mut self) {
        (self.state, self.is_damaged) = (State::Damaged, true);
    }

    /// Returns whether a byte between records is in no record.
    fn is_between(&mut self, byte: u8) -> bool {
        match byte {
            b'\n' => self.line_space = Some(0),
            b' ' | b'\t' | b'\r' => self.line_space = self.line_space.map(|space| space + 1),
            b',' | b'[' | b']' | 0 | 0xef | 0xbb | 0xbf => {}
            _ => return false,
        }
        true
    }

    /// Begins an object or another text.
    fn begin(&mut self, byte: u8) {
        self.open.clear();
        self.last = 0;
        self.is_damaged = false;
        self.state = if byte == b'{' {
            State::Object
        } else {
            State::Text
        };
    }

    /// Takes the next byte of an object. Returns `false` if the byte shows that the object is damaged.
    fn take(&mut self, byte: u8) -> bool {
        let is_in_object = self.open.last() == Some(&b'{');
        let has_value = matches!(self.last, b'"' | b'}' | b']' | b'a');
        let wants_value = match self.last {
            0 | b':' | b'[' => true,
            b',' => !is_in_object,
            _ => false,
        };
        match byte {
            b' ' | b'\t' | b'\n' | b'\r' => {
                // A number or a word ends here.
                if self.last == b'a' {
                    self.last = b']';
                }
                return true;
            }
            b'{' | b'[' if wants_value && self.open.len() < DEEPEST => self.open.push(byte),
            b'"' if wants_value || is_in_object && matches!(self.last, b'{' | b',') => {
                self.state = State::String;
                return true;
            }
            b':' if self.last == b'"' && is_in_object => {}
            b',' if has_value => {}
            b'}' if is_in_object && (has_value || self.last == b'{') => {
                self.open.pop();
            }
            b']' if self.open.last() == Some(&b'[') && (has_value || self.last == b'[') => {
                self.open.pop();
            }
            b'0'..=b'9' | b'a'..=b'z' | b'A'..=b'Z' | b'-' | b'+' | b'.'
                if wants_value || self.last == b'a' =>
            {
                self.last = b'a';
                return true;
            }
            _ => return false,
        }
        self.last = byte;
        true
    }

    /// Looks for the end of a damaged object at an index: a newline before text or an object that is not nested in the damaged
    /// object, as its indentation tells; or, in a long object, the start of another object.
    fn in_damaged(
        &mut self,
        bytes: &[u8],
        at: usize,
        start: usize,
        is_last: bool,
    ) -> Option<Found> {
        let byte = bytes[at];
        let rest = &bytes[at + 1..];
        if byte == b'{' && at - start > LONG_DAMAGE && bytes[..at].trim_ascii_end().ends_with(b"}")
        {
            match rest.first() {
                None if !is_last => return Some(Found::Nothing(at)),
                Some(b'"') => {
                    self.state = State::Between;
                    return Some(Found::End(at));
                }
                _ => {}
            }
        }
        if byte != b'\n' {
            let next = memchr::memchr2(b'\n', b'{', rest).map_or(bytes.len(), |next| at + 1 + next);
            return Some(Found::Nothing(next)).filter(|_| next > at);
        }
        let space = rest
            .iter()
            .take_while(|byte| matches!(byte, b' ' | b'\t'))
            .count();
        let ends = match rest.get(space) {
            None if is_last || space > LONG_DAMAGE => return None,
            None => return Some(Found::Nothing(at)),
            Some(b'{') => {
                let before = bytes[start..at].trim_ascii_end();
                space <= self.indentation && !before.ends_with(b":") && !before.ends_with(b"[")
            }
            Some(b'"' | b'}' | b']' | b',' | b'[' | b'\n' | b'\r') => false,
            Some(_) => space == 0,
        };
        ends.then(|| {
            self.state = State::Between;
            Found::End(at)
        })
    }
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
    let second = newline
        .and_then(|newline| bytes.get(newline + 1))
        .copied()
        .unwrap_or(b'"');
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
        _ if has_lines && matches!(second, b' ' | b'\t' | b'"' | b'}' | b']' | b'\r' | b'\n') => {
            FirstRecord::Document
        }
        _ => FirstRecord::Line,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Returns the records of a text, of which `step` more bytes are scanned at a time.
    fn records(text: &str, step: usize) -> Vec<&str> {
        let mut scanner = RecordScanner::default();
        let (mut from, mut start, mut found) = (0, None, Vec::new());
        let mut length = 0;
        loop {
            let is_last = length >= text.len();
            let bytes = &text.as_bytes()[..length.min(text.len())];
            match scanner.next(bytes, from, start.unwrap_or(0), is_last) {
                Found::Start(at) => (from, start) = (at, Some(at)),
                Found::End(at) => {
                    found.push(&text[start.take().unwrap()..at]);
                    from = at;
                }
                Found::Nothing(_) if is_last => {
                    found.extend(start.map(|start| &text[start..]));
                    return found;
                }
                Found::Nothing(at) => (from, length) = (at, length + step),
            }
        }
    }

    #[test]
    fn records_end_where_objects_end_however_many_bytes_are_read() {
        for (text, expected) in [
            (
                r#"{"a":"}\"{"}{"b":[1,{"c":{}}]} {}"#,
                vec![r#"{"a":"}\"{"}"#, r#"{"b":[1,{"c":{}}]}"#, "{}"],
            ),
            (
                "[\n  {\"a\": 1},\n  {\n  \"b\": [ true, null ]\n}]\n",
                vec![r#"{"a": 1}"#, "{\n  \"b\": [ true, null ]\n}"],
            ),
            (
                "INFO - {\"a\":1}\nGET /\n{}",
                vec!["INFO - {\"a\":1}", "GET /", "{}"],
            ),
            (
                "{\"a\": \"cut\n{\"b\":1}\n",
                vec!["{\"a\": \"cut", "{\"b\":1}"],
            ),
            (
                "{\"a\": 1, \"b{\"c\":1}\n{\"b\":1}",
                vec!["{\"a\": 1, \"b{\"c\":1}", "{\"b\":1}"],
            ),
            (
                "{\n  \"a\": {\n{\n  \"b\": 1\n}",
                vec!["{\n  \"a\": {", "{\n  \"b\": 1\n}"],
            ),
            (
                "[\n {\n  \"a\" 1,\n  \"n\": [\n   {\"x\": 1}\n  ]\n },\n {\"b\":1}\n]",
                vec![
                    "{\n  \"a\" 1,\n  \"n\": [\n   {\"x\": 1}\n  ]\n },",
                    "{\"b\":1}",
                ],
            ),
            (
                "{\"a\": \"cut\n2024 {\"b\":1}",
                vec!["{\"a\": \"cut", "2024 {\"b\":1}"],
            ),
            ("{\"a\":", vec!["{\"a\":"]),
            ("[]\n,", vec![]),
        ] {
            for step in [1, 2, 3, 1000] {
                assert_eq!(records(text, step), expected, "{text} {step}");
            }
        }
    }
}
