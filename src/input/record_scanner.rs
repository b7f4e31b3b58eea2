//! Finding the ends of records in a stream of JSON values.

use std::ops::ControlFlow::{self, Break, Continue};

use crate::tracking::{Candidate, candidate, doubtful_from, wraps_objects};

/// The depth of nesting from which on an object counts as damaged, so that the memory for its brackets is bounded.
const DEEPEST: usize = 10_000;

/// The length from which on a damaged object ends where another object follows at once. A shorter damaged object ends with
/// a line, and is searched for whole events when it is converted.
const LONG_DAMAGE: usize = 64 << 10;

/// The number of bytes that may be parsed in vain for each byte of a damaged object.
const IN_VAIN: usize = 16;

/// Finds the ends of records, as more bytes are read. A record is an object, with the text before it in its line, or a
/// line of other text. The brackets of arrays around objects, commas and white space are in no record, so a run
/// can resume at any position between records, in arrays and elsewhere.
#[derive(Debug, Default)]
pub struct RecordScanner {
    state: State,
    /// The opening brackets of the object, as far as they are not closed.
    open: Vec<u8>,
    /// The last byte of the object that is not white space, or `a` for any byte of a number or a word.
    last: u8,
    /// The white space before the first other byte of the line in which the record begins.
    indentation: usize,
    /// The white space at the start of the current line, as far as nothing else has followed. `None` after other bytes.
    line_space: Option<usize>,
    is_damaged: bool,
    /// Whether the damaged object is one around an array of objects, so that no object in its line is another record.
    wraps_objects: bool,
    /// The number of bytes that may still be parsed in vain in the damaged object, so that crafted bytes cost little time.
    credit: usize,
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
            let step = match self.state {
                State::Object => self.in_object(bytes, at, start),
                State::String | State::Escape => Continue(self.in_string(bytes, at, start)),
                State::Between => self.in_between(byte, at),
                State::Text => self.in_text(byte, at),
                State::Damaged => self.in_damaged(bytes, at, start, is_last),
            };
            match step {
                Continue(next) => at = next,
                Break(found) => return found,
            }
        }
        Found::Nothing(at)
    }

    /// Takes the byte of an object at an index. Returns the next index, or the end of the record.
    #[inline]
    fn in_object(&mut self, bytes: &[u8], at: usize, start: usize) -> ControlFlow<Found, usize> {
        if !self.take(bytes[at]) {
            return Continue(self.damage(bytes, start, at));
        }
        if self.open.is_empty() {
            self.state = State::Between;
            return Break(Found::End(at + 1));
        }
        Continue(at + 1)
    }

    /// Skips a string, as far as it is there. Returns the next index.
    #[inline]
    fn in_string(&mut self, bytes: &[u8], at: usize, start: usize) -> usize {
        if self.state == State::Escape {
            self.state = State::String;
            return at + usize::from(bytes[at] != b'\n');
        }
        let Some(length) = memchr::memchr3(b'"', b'\\', b'\n', &bytes[at..]) else {
            return bytes.len();
        };
        let at = at + length;
        match bytes[at] {
            b'"' => (self.state, self.last) = (State::Object, b'"'),
            b'\\' => self.state = State::Escape,
            // No string has a newline, so the object is damaged, and its line ends here.
            _ => return self.damage(bytes, start, at),
        }
        at + 1
    }

    /// Skips a byte between records, or begins a record with the byte.
    fn in_between(&mut self, byte: u8, at: usize) -> ControlFlow<Found, usize> {
        if self.is_between(byte) {
            return Continue(at + 1);
        }
        self.indentation = self.line_space.unwrap_or(self.indentation);
        self.line_space = None;
        self.begin(byte);
        Break(Found::Start(at))
    }

    /// Takes a byte of the text before an object, or of a line without an object.
    fn in_text(&mut self, byte: u8, at: usize) -> ControlFlow<Found, usize> {
        match byte {
            b'\n' => {
                self.state = State::Between;
                Break(Found::End(at))
            }
            b'{' => {
                self.begin(byte);
                Continue(at)
            }
            _ => Continue(at + 1),
        }
    }

    /// Returns whether the last record that has begun is a damaged object, which cannot become an event, whatever follows.
    pub fn is_damaged(&self) -> bool {
        self.is_damaged
    }

    /// Notes that the object that begins at `start` is damaged at an index or before it. Returns the index at which another
    /// record may begin.
    fn damage(&mut self, bytes: &[u8], start: usize, at: usize) -> usize {
        let before = &bytes[start..at];
        (self.state, self.is_damaged) = (State::Damaged, true);
        self.wraps_objects = wraps_objects(before);
        self.credit = IN_VAIN * before.len();
        start + doubtful_from(before).max(1).min(before.len())
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
                // A number or a word ends here. What may follow is the same as after an array.
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

    /// Looks for the end of a damaged object at an index. Returns the next index at which it may end.
    fn in_damaged(
        &mut self,
        bytes: &[u8],
        at: usize,
        start: usize,
        is_last: bool,
    ) -> ControlFlow<Found, usize> {
        let end = match bytes[at] {
            b'{' => self.at_object(bytes, at, start, is_last),
            b'\n' => self.at_newline(bytes, at, start, is_last),
            _ => End::No(at),
        };
        match end {
            End::Yes => {
                self.state = State::Between;
                Break(Found::End(at))
            }
            End::Undecided => Break(Found::Nothing(at)),
            End::No(next) => {
                let rest = bytes.get(next.max(at + 1)..).unwrap_or_default();
                let length = memchr::memchr2(b'\n', b'{', rest).unwrap_or(rest.len());
                let next = next.max(at + 1) + length;
                self.credit += (next - at) * IN_VAIN;
                Continue(next)
            }
        }
    }

    /// Decides whether a damaged object ends before the object at an index.
    fn at_object(&mut self, bytes: &[u8], at: usize, start: usize, is_last: bool) -> End {
        if at - start > LONG_DAMAGE && bytes[..at].trim_ascii_end().ends_with(b"}") {
            match bytes.get(at + 1) {
                None if !is_last => return End::Undecided,
                Some(b'"') => return End::Yes,
                _ => {}
            }
        }
        if self.wraps_objects || self.credit == 0 {
            return End::No(at + 1);
        }
        match candidate(bytes, start..start, at, is_last) {
            Candidate::Record { .. } => End::Yes,
            Candidate::Nested { next, examined } => {
                self.credit = self.credit.saturating_sub(examined);
                End::No(next)
            }
            Candidate::Undecided => End::Undecided,
        }
    }

    /// Decides whether a damaged object ends with the line that ends at an index: text follows, or an object that is not nested
    /// in the damaged object, as its indentation tells.
    fn at_newline(&self, bytes: &[u8], at: usize, start: usize, is_last: bool) -> End {
        let rest = &bytes[at + 1..];
        let is_blank = |byte: &&u8| matches!(byte, b' ' | b'\t');
        let space = rest.iter().take_while(is_blank).count();
        let ends = match rest.get(space) {
            None if is_last || space > LONG_DAMAGE => false,
            None => return End::Undecided,
            Some(b'{') => {
                let before = bytes[start..at].trim_ascii_end();
                space <= self.indentation && !before.ends_with(b":") && !before.ends_with(b"[")
            }
            // The prefix of a logger may begin with a bracket.
            Some(b'[') if space == 0 => match rest.get(1) {
                None if !is_last => return End::Undecided,
                None => false,
                Some(byte) => {
                    !byte.is_ascii_whitespace() && !matches!(byte, b'{' | b'[' | b']' | b'"')
                }
            },
            Some(b'"' | b'}' | b']' | b',' | b'[' | b'\n' | b'\r') => false,
            Some(_) => space == 0,
        };
        match ends {
            true => End::Yes,
            false => End::No(at + 1),
        }
    }
}

/// The decision whether a damaged object ends at an index.
enum End {
    Yes,
    /// The object does not end before this index.
    No(usize),
    /// The decision depends on bytes that are not read yet.
    Undecided,
}

#[cfg(test)]
mod tests;
