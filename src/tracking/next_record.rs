//! Finding the record that follows a damaged one. Damage costs one record, so the next record must be found in the rest of
//! its line, or in the next lines.

use std::borrow::Cow;
use std::ops::Range;

use bumpalo::Bump;

use super::event::is_event_like;
use crate::json::Value;

/// The number of bytes in which an object after damage must end.
const LONGEST_OBJECT: usize = 512 << 10;

/// The number of bytes in which the text after an object must end.
const LONGEST_TEXT: usize = 4 << 10;

/// The decision about an object in a damaged record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Candidate {
    /// The object begins another record.
    Record {
        /// The index at which the object ends.
        end: usize,
        is_event: bool,
    },
    /// The object may be nested in the damaged record.
    Nested {
        /// The index before which no other object can begin another record.
        next: usize,
        /// The number of bytes that were parsed in vain.
        examined: usize,
    },
    /// The decision depends on bytes that are not read yet.
    Undecided,
}

/// Decides whether the object at the index `at` begins another record than the damaged one. That is so if the object is an
/// event or has the first key of the damaged record, and if the text around it shows that it is no value, no element and no
/// part of a text. `sound` has the bytes of the damaged record that are not in doubt. `is_last` tells that no more bytes
/// follow.
pub fn candidate(bytes: &[u8], sound: Range<usize>, at: usize, is_last: bool) -> Candidate {
    let start = sound.start;
    let nested = |length: usize, examined: usize| {
        let line = &bytes[at..at + length];
        let length = memchr::memchr(b'\n', line).unwrap_or(length).max(1);
        Candidate::Nested {
            next: at + length,
            examined,
        }
    };
    match bytes[at + 1..].trim_ascii_start().first() {
        Some(b'"') => {}
        None if !is_last => return Candidate::Undecided,
        _ => return nested(1, 0),
    }
    let before = &bytes[start..at];
    let may_follow = !sound.contains(&at) && may_precede(before);
    let array = before.trim_ascii_end().strip_suffix(b"[");
    let begins_array = array.is_some_and(begins_line);
    if !may_follow && !begins_array && !begins_line(before) {
        return nested(1, 0);
    }
    let (length, is_event) = match parsed(&bytes[at..], is_last) {
        Parsed::Object { length, is_event } => (length, is_event),
        Parsed::Damaged(length) => return nested(doubtful_from(&bytes[at..at + length]), length),
        Parsed::Open => return Candidate::Undecided,
    };
    let end = at + length;
    let Some(after) = After::of(&bytes[end..], is_last) else {
        return Candidate::Undecided;
    };
    let is_record = match after {
        After::RestOfObject => false,
        After::Text => may_follow && is_event,
        After::Separator { .. } if may_follow => is_event || is_sibling(bytes, start, at),
        After::Separator { ends_line } => is_event && (ends_line || begins_array),
    };
    if !is_record {
        return nested(length, length);
    }
    if may_follow && is_in_array(before) {
        match Elements::from(bytes, end, is_last) {
            Elements::OfObject { end } => {
                return Candidate::Nested {
                    next: end,
                    examined: end - at,
                };
            }
            Elements::Undecided => return Candidate::Undecided,
            Elements::Other => {}
        }
    }
    Candidate::Record { end, is_event }
}

/// Returns whether an array that is the value of a key is open at the end of the bytes, as far as brackets tell.
fn is_in_array(before: &[u8]) -> bool {
    let mut closed = 0;
    memchr::memrchr2_iter(b'[', b']', before).any(|at| {
        if before[at] == b']' {
            closed += 1;
            return false;
        }
        let is_open = closed == 0;
        closed = closed.max(1) - 1;
        is_open && before[..at].trim_ascii_end().ends_with(b":")
    })
}

/// The objects that follow an object after commas.
enum Elements {
    /// The objects are elements of an array in an object, of which more follows. The last element ends at this index.
    OfObject {
        end: usize,
    },
    Other,
    /// The decision depends on bytes that are not read yet.
    Undecided,
}

impl Elements {
    /// Looks at the objects after the one that ends at the index `end`.
    fn from(bytes: &[u8], mut end: usize, is_last: bool) -> Self {
        let first = end;
        while end - first < LONGEST_OBJECT {
            let mut tokens = bytes[end..].iter().enumerate();
            let mut token = || tokens.find(|(_, byte)| !byte.is_ascii_whitespace());
            let two = (token(), token());
            end += match two {
                (Some((_, b',')), Some((at, b'{'))) => match parsed(&bytes[end + at..], is_last) {
                    Parsed::Object { length, .. } => at + length,
                    Parsed::Damaged(_) => return Self::Other,
                    Parsed::Open => return Self::Undecided,
                },
                (Some((_, b']')), Some((_, b'}' | b','))) => {
                    let is_key = |(_, byte): (usize, &u8)| *byte == b'"';
                    let is_object = matches!(two.1, Some((_, b'}'))) || token().is_some_and(is_key);
                    return match is_object {
                        true => Self::OfObject { end },
                        false => Self::Other,
                    };
                }
                (_, None) if !is_last => return Self::Undecided,
                _ => return Self::Other,
            };
        }
        Self::Other
    }
}

/// Returns the index from which on the bytes before damage are in doubt: a text may have lost its end, or begin too late. The
/// damage is noticed after the next quote at the latest, so these are the bytes from the last quote but one. Objects that
/// begin before are nested in the damaged one.
pub fn doubtful_from(before: &[u8]) -> usize {
    let is_escaped = |at: usize| {
        let backslashes = before[..at].iter().rev().take_while(|&&byte| byte == b'\\');
        backslashes.count() % 2 == 1
    };
    let quotes = memchr::memrchr_iter(b'"', before);
    quotes.filter(|&at| !is_escaped(at)).nth(1).unwrap_or(0)
}

/// Returns whether a record that breaks off is an object around an array of objects that is still open, so that the objects
/// after the damage are nested, too.
pub fn wraps_objects(record: &[u8]) -> bool {
    let first = memchr::memchr(b'{', record).unwrap_or(record.len());
    let mut open = Vec::new();
    let mut bytes = record.iter().enumerate().skip(first);
    while let Some((at, byte)) = bytes.next() {
        match byte {
            b'"' => {
                while let Some((_, byte)) = bytes.next() {
                    match byte {
                        b'\\' => drop(bytes.next()),
                        b'"' => break,
                        _ => {}
                    }
                }
            }
            b'{' | b'[' => open.push(at),
            b'}' | b']' => drop(open.pop()),
            _ => {}
        }
    }
    let outer = open.get(1).map(|&at| &record[at..]);
    outer
        .and_then(|outer| outer.strip_prefix(b"["))
        .is_some_and(|items| items.trim_ascii_start().starts_with(b"{"))
}

enum Parsed {
    Object {
        length: usize,
        is_event: bool,
    },
    /// The object has an error at this index, or is too long.
    Damaged(usize),
    Open,
}

/// Parses the object at the start of some bytes. Bytes that are not UTF-8 count as characters of a text.
fn parsed(bytes: &[u8], is_last: bool) -> Parsed {
    /// The length of the longest word or escape, which counts as cut off before the end of the text.
    const LONGEST_WORD: usize = 16;

    let mut length = 8 << 10;
    loop {
        let part = &bytes[..bytes.len().min(length)];
        let text = match std::str::from_utf8(part) {
            Ok(text) => Cow::Borrowed(text),
            Err(_) => Cow::Owned(with_question_marks(part)),
        };
        let arena = Bump::new();
        let error = match Value::parse_start(&text, &arena) {
            Ok((value, length)) => {
                let is_event = is_event_like(value);
                return Parsed::Object { length, is_event };
            }
            Err(error) => error.at,
        };
        let is_cut_off = error + LONGEST_WORD > part.len();
        if !is_cut_off || length >= LONGEST_OBJECT {
            return Parsed::Damaged(error);
        }
        if part.len() == bytes.len() {
            return match is_last {
                true => Parsed::Damaged(error),
                false => Parsed::Open,
            };
        }
        length *= 8;
    }
}

/// Returns a text of the same length, with a question mark for each byte that is not UTF-8.
pub fn with_question_marks(bytes: &[u8]) -> String {
    let chunks = bytes.utf8_chunks();
    let texts = chunks.flat_map(|chunk| [chunk.valid().into(), "?".repeat(chunk.invalid().len())]);
    texts.collect()
}

/// Returns whether another record may follow the bytes of a damaged record at once: the next object is no value of a key, no
/// first element, and is not at the start of a text that has lost its backslashes.
fn may_precede(before: &[u8]) -> bool {
    let mut before = before.trim_ascii_end();
    // A question mark may stand for a damaged byte.
    while let Some(rest) = before.strip_suffix(b"?") {
        before = rest.trim_ascii_end();
    }
    let Some((last, rest)) = before.split_last() else {
        return true;
    };
    match last {
        b':' | b'{' => false,
        b'"' => !rest.trim_ascii_end().ends_with(b":"),
        b'[' => {
            let blanks = |byte: &&u8| matches!(byte, b' ' | b'\t');
            let blanks = rest.iter().rev().take_while(blanks).count();
            let outer = rest[..rest.len() - blanks].last();
            matches!(outer, None | Some(b'\n' | b']' | b'}'))
        }
        _ => true,
    }
}

/// Returns whether the next object begins a line, left of the lines before it in the damaged record. Such an object is not
/// nested, even after a colon, unless more of the damaged record follows it.
fn begins_line(before: &[u8]) -> bool {
    /// The number of bytes before the object in which lines are compared, so that crafted lines cost little time.
    const MOST_BYTES: usize = 4 << 10;

    let is_blank = |byte: &&u8| matches!(byte, b' ' | b'\t');
    let indentation = before.iter().rev().take_while(is_blank).count();
    let Some(lines) = before[..before.len() - indentation].strip_suffix(b"\n") else {
        return false;
    };
    let near = &lines[lines.len().saturating_sub(MOST_BYTES)..];
    let width = |line: &[u8]| line.len() - line.trim_ascii_start().len();
    let mut inner = near.split(|&byte| byte == b'\n').skip(1).peekable();
    match inner.peek() {
        None => indentation == 0,
        Some(_) => inner.all(|line| width(line) > indentation),
    }
}

/// The bytes after an object, up to the end of the line or the next object.
enum After {
    /// The end of the input, white space, a comma, or the end of an array.
    Separator { ends_line: bool },
    /// Text such as the prefix of a logger.
    Text,
    /// The rest of an object or text around the object.
    RestOfObject,
}

impl After {
    /// Returns `None` if more bytes are needed.
    fn of(rest: &[u8], is_last: bool) -> Option<Self> {
        let rest = &rest[..rest.len().min(LONGEST_TEXT)];
        let end = match memchr::memchr2(b'\n', b'{', rest) {
            Some(end) => end,
            None if rest.len() == LONGEST_TEXT => return Some(Self::RestOfObject),
            None if is_last => rest.len(),
            None => return None,
        };
        let ends_line = rest.get(end) != Some(&b'{');
        let is_separator =
            |byte: &u8| byte.is_ascii_whitespace() || matches!(byte, b',' | b'[' | b']');
        let between = rest[..end].trim_ascii();
        Some(match between {
            b"" | b"," => Self::Separator { ends_line },
            [b']', more @ ..] if more.iter().all(is_separator) => {
                Self::Separator { ends_line: false }
            }
            [b',' | b':' | b']', ..] => Self::RestOfObject,
            _ if memchr::memchr2(b'"', b'}', between).is_some() => Self::RestOfObject,
            _ => Self::Text,
        })
    }
}

/// Returns whether an object directly follows another one, or a comma, and has the same first key as the damaged record.
fn is_sibling(bytes: &[u8], start: usize, at: usize) -> bool {
    const LONGEST_KEY: usize = 256;

    let first_key = |object: &[u8]| {
        let key = object[1..].trim_ascii_start();
        let key = &key[..key.len().min(LONGEST_KEY)];
        let length = memchr::memchr(b'"', key.get(1..)?)?;
        Some(key[..length + 2].to_vec())
    };
    let before = &bytes[start..at];
    let Some(first) = memchr::memchr(b'{', before) else {
        return false;
    };
    matches!(before.trim_ascii_end(), [.., b'}' | b','])
        && first_key(&before[first..]).is_some_and(|key| Some(key) == first_key(&bytes[at..]))
}
