//! Looking ahead in an input for its first event or row of a rejects file.

use std::io::{self, Cursor, Read, Repeat, Take};

use bumpalo::Bump;

use super::first_record::{FirstRecord, first_record};
use super::foreign::{Foreign, ForeignData, is_text};
use super::not_a_log::NotALog;
use crate::tracking::{LinePiece, RejectsRow, marks_events, may_be_event};

/// The limit on the bytes that are read ahead and kept in memory for each open input, not counting leading NUL bytes.
/// Nearly all logs have an event in their first lines. The output of a container may begin with thousands of other
/// lines. In a file, these are searched to the end ([`first_event`]). In a pipe, only the bytes up to the limit are
/// searched. A line that reaches beyond the limit is examined up to the limit.
///
/// The limit does not depend on time, so a slow pipe is read up to its first event before its first line is converted.
/// No output is late, because the lines before the first event have none.
const MOST_BYTES: usize = 1 << 20;

/// The number of bytes that are read at once.
const BLOCK_BYTES: usize = 1 << 16;

/// The first line of an input that is an event or a row of a rejects file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum FirstEvent {
    /// An event with the marker `[tracking]`, the name of its logger.
    Marked,
    Unmarked,
    /// A row of a rejects file.
    Row,
}

impl FirstEvent {
    fn of(line: &[u8]) -> Option<Self> {
        if RejectsRow::read(line, &Bump::new()).is_some() {
            return Some(Self::Row);
        }
        let is_marked = marks_events(line)?;
        Some(if is_marked {
            Self::Marked
        } else {
            Self::Unmarked
        })
    }
}

/// A search for the first event or row.
#[derive(Default)]
struct Search {
    /// Whether a line may be an event, and is not certainly an event.
    has_candidate: bool,
}

impl Search {
    /// Returns the kind of the first event or row in more lines. A row after a line that may be an event is no sign of
    /// a rejects file, so that a log is never replaced by its rejects.
    fn find(&mut self, lines: &[u8]) -> Option<FirstEvent> {
        let mut lines = lines.split(|&byte| byte == b'\n');
        let first = lines.find_map(|line| {
            let first = FirstEvent::of(line);
            self.has_candidate |= first.is_none() && may_be_event(line);
            first
        })?;
        Some(match first {
            FirstEvent::Row if self.has_candidate => FirstEvent::Unmarked,
            first => first,
        })
    }
}

/// A reader whose first bytes were already read.
struct LookedAhead {
    /// The NUL bytes before `start`, which are not in memory.
    nuls: Take<Repeat>,
    start: Cursor<Vec<u8>>,
    /// The error after the first bytes.
    error: Option<io::Error>,
    rest: Box<dyn Read + Send>,
}

/// The start of an input.
pub(super) struct LookAhead {
    /// Reads all bytes of the input.
    pub reader: Box<dyn Read + Send>,
    /// The kind of the first event or row.
    pub first: Option<FirstEvent>,
    /// Whether no event or row is within the limit, there are more bytes, and the input does not begin with an array or a
    /// document.
    pub is_undecided: bool,
    /// The first record of the input.
    pub first_record: FirstRecord,
    /// Whether the first line that is not blank is one of a log driver of containers.
    pub is_of_log_driver: bool,
    /// The encoding of a text with neither, if it is not UTF-8.
    pub wide_encoding: Option<Foreign>,
}

/// Reads ahead to the first event or row.
///
/// # Errors
/// Returns an error if there is no event within the limit, and the bytes are no text in any encoding.
pub(super) fn look_ahead(reader: Box<dyn Read + Send>) -> io::Result<LookAhead> {
    let (reader, first) = looked_ahead(reader);
    let start = reader.start.get_ref();
    let has_none = first.is_none();
    let wide = Foreign::wide_encoding_within;
    let is_foreign = has_none && !has_event_in_text(start) && !has_data_after_text(start);
    let wide_encoding = is_foreign.then(|| wide(start)).flatten();
    if is_foreign && wide_encoding.is_none() && (is_binary(start) || is_serialized(start)) {
        let message = "it is binary data; leave it out, or decrypt or unpack it with the program that made it";
        return Err(io::Error::other(NotALog(message.to_owned())));
    }
    let first_record = first_record(start);
    Ok(LookAhead {
        // The elements of an array, and the events of a document, are behind no prefix with the marker. Searching for the
        // marker would read a large array twice.
        is_undecided: has_none
            && start.len() >= MOST_BYTES
            && matches!(first_record, FirstRecord::Line),
        first_record,
        is_of_log_driver: is_of_log_driver(start),
        wide_encoding,
        reader: Box::new(reader),
        first,
    })
}

/// Returns the kind of the first event or row. Keeps only one line in memory, and of a line only as many bytes as the
/// limit. An error ends the search; the run reports the error when the run reads the same bytes.
pub(super) fn first_event(mut reader: impl Read) -> Option<FirstEvent> {
    let mut bytes = Vec::new();
    let mut search = Search::default();
    loop {
        let length = bytes.len();
        bytes.resize(length + BLOCK_BYTES, 0);
        let read = match reader.read(&mut bytes[length..]) {
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {
                bytes.truncate(length);
                continue;
            }
            read => read.unwrap_or(0),
        };
        bytes.truncate(length + read);
        let end = if read == 0 || bytes.len() >= MOST_BYTES {
            bytes.len()
        } else {
            memchr::memrchr(b'\n', &bytes).map_or(0, |newline| newline + 1)
        };
        let first = search.find(&bytes[..end]);
        if first.is_some() || read == 0 {
            return first;
        }
        bytes.drain(..end);
    }
}

fn is_of_log_driver(bytes: &[u8]) -> bool {
    let mut lines = bytes.split(|&byte| byte == b'\n');
    let first = lines.find(|line| !line.trim_ascii().is_empty());
    first.is_some_and(|line| LinePiece::parse(line, true).is_some())
}

/// Returns whether a line in UTF-8 may be an event.
fn has_event_in_text(bytes: &[u8]) -> bool {
    let mut lines = bytes.split(|&byte| byte == b'\n');
    lines.any(|line| may_be_event(line) && std::str::from_utf8(line).is_ok())
}

/// Returns whether data of another kind follows text. The position of such data is found when the text is read.
fn has_data_after_text(bytes: &[u8]) -> bool {
    let found = ForeignData::find_in_document(bytes);
    let text = found.map(|(_, length)| bytes[..length].trim_ascii());
    text.is_some_and(|text| !text.is_empty() && is_text(text))
}

/// Returns whether bytes are neither UTF-8 nor text in another encoding. A tenth of encrypted or compressed bytes are
/// control characters that no text has. NUL bytes are not counted, since a log may have them after it was truncated in
/// place.
fn is_binary(bytes: &[u8]) -> bool {
    let is_control = |byte: u8| matches!(byte, 1..=7 | 0x0e..=0x1a | 0x1c..=0x1f);
    let controls = bytes.iter().filter(|byte| is_control(**byte)).count();
    let others = bytes.iter().filter(|byte| **byte != 0).count() - controls;
    let utf8 = simdutf8::compat::from_utf8(bytes);
    let is_no_text = utf8.is_err_and(|error| error.error_len().is_some());
    controls > others / 50 && is_no_text
}

/// Returns whether bytes are events in a binary form, such as MessagePack, CBOR or Arrow. Their keys have the length or the
/// value of the next text behind them. In all texts, a quote, a blank or another separator follows a key.
fn is_serialized(bytes: &[u8]) -> bool {
    let mut has_key = false;
    for key in [&b"event_type"[..], b"event_source"] {
        for at in memchr::memmem::find_iter(bytes, key) {
            match bytes.get(at + key.len()) {
                Some(
                    b'\t' | b'\n' | b'\r' | b' '..=b'/' | b':'..=b'@' | b'['..=b'`' | b'{'..=b'~',
                ) => {
                    return false;
                }
                // Quotes other than those of ASCII may follow in a text.
                Some(next) if next.is_ascii_alphanumeric() || !next.is_ascii() => {
                    let utf8 = simdutf8::compat::from_utf8(bytes);
                    has_key |= utf8.is_err_and(|error| error.error_len().is_some());
                }
                Some(_) => has_key = true,
                None => {}
            }
        }
    }
    has_key
}

fn looked_ahead(mut reader: Box<dyn Read + Send>) -> (LookedAhead, Option<FirstEvent>) {
    let mut nuls = 0;
    let mut start = Vec::new();
    let mut error = None;
    let mut examined = 0;
    let mut search = Search::default();
    let mut first = None;
    let mut is_at_end = false;
    while first.is_none() && !is_at_end && start.len() < MOST_BYTES {
        let length = start.len();
        start.resize(length + BLOCK_BYTES, 0);
        let read = reader.read(&mut start[length..]);
        start.truncate(length + read.as_ref().map_or(0, |read| *read));
        match read {
            Ok(read) => is_at_end = read == 0,
            Err(interrupted) if interrupted.kind() == io::ErrorKind::Interrupted => continue,
            Err(failed) => (error, is_at_end) = (Some(failed), true),
        }
        if length == 0 && start.iter().all(|&byte| byte == 0) {
            nuls += start.len() as u64;
            start.clear();
            continue;
        }
        let end = if is_at_end || start.len() >= MOST_BYTES {
            start.len()
        } else {
            memchr::memrchr(b'\n', &start[length..]).map_or(examined, |newline| length + newline)
        };
        first = search.find(&start[examined..end]);
        examined = end;
    }
    let reader = LookedAhead {
        nuls: io::repeat(0).take(nuls),
        start: Cursor::new(start),
        error,
        rest: reader,
    };
    (reader, first)
}

impl Read for LookedAhead {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let mut read = self.nuls.read(buffer)?;
        if read == 0 {
            read = self.start.read(buffer)?;
        }
        if read > 0 || buffer.is_empty() {
            return Ok(read);
        }
        // The first bytes are not needed any more, so their memory is freed.
        self.start = Cursor::default();
        match self.error.take() {
            Some(error) => Err(error),
            None => self.rest.read(buffer),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Reads one byte at a time, and fails at the end.
    struct Slow(Cursor<Vec<u8>>);

    impl Read for Slow {
        fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
            match self.0.read(&mut buffer[..1])? {
                0 => Err(io::Error::other("broken")),
                read => Ok(read),
            }
        }
    }

    #[test]
    fn all_bytes_and_the_error_are_read_after_looking_ahead() {
        for (text, expected) in [
            ("GET /\nINFO [tracking] - {\"event_type\": 1}\nlast", true),
            (
                "GET /\n{\"event_type\": 1, \"event_source\": 1}\nINFO [tracking] - {",
                false,
            ),
            ("GET /\nINFO [tracking] - {", true),
            ("", false),
            ("\0\0", false),
            ("\0\0\0INFO [tracking] - {\"event_type\": 1}\n", true),
        ] {
            let slow = Slow(Cursor::new(text.as_bytes().to_vec()));
            let mut ahead = look_ahead(Box::new(slow)).unwrap();
            let is_marked = ahead.first == Some(FirstEvent::Marked);
            assert_eq!(is_marked, expected, "{text}");
            let mut read = Vec::new();
            let error = ahead.reader.read_to_end(&mut read).unwrap_err();
            assert_eq!(
                (&*read, error.to_string().as_str()),
                (text.as_bytes(), "broken")
            );
        }
    }

    /// Returns the bytes that the reader keeps in memory, and whether the input is marked. Checks that all bytes are
    /// read.
    fn kept(bytes: &[u8]) -> (usize, bool) {
        let (mut reader, first) = looked_ahead(Box::new(Cursor::new(bytes.to_vec())));
        let kept = reader.start.get_ref().len();
        let mut read = Vec::new();
        reader.read_to_end(&mut read).unwrap();
        assert!(read == bytes);
        (kept, first == Some(FirstEvent::Marked))
    }

    #[test]
    fn nul_bytes_at_the_start_take_no_memory_and_do_not_count() {
        for nuls in [1, BLOCK_BYTES, 2 * MOST_BYTES + 5] {
            let event = b"INFO [tracking] - {\"event_type\": 1}\n";
            let (kept, is_marked) = kept(&[&vec![0; nuls][..], event].concat());
            assert!(is_marked && kept <= BLOCK_BYTES, "{nuls}");
        }
    }

    #[test]
    fn a_first_line_beyond_the_limit_is_examined_up_to_the_limit() {
        let long = "x".repeat(2 * MOST_BYTES);
        for (start, expected) in [
            ("INFO [tracking] - {\"a\": \"", true),
            ("{\"a\": \"", false),
        ] {
            assert_eq!(kept(format!("{start}{long}").as_bytes()).1, expected);
        }
    }

    #[test]
    fn the_first_event_is_looked_for_in_a_megabyte_and_searched_in_more() {
        for (kilobytes, expected) in [(900, true), (1100, false)] {
            let mut text = "GET /courses HTTP/1.1\n"
                .repeat(kilobytes << 10)
                .into_bytes();
            text.truncate(kilobytes << 10);
            text.extend(b"\nINFO [tracking] - {\"event_type\": 1}\n");
            let mut ahead = look_ahead(Box::new(Cursor::new(text.clone()))).unwrap();
            let found = (ahead.first.is_some(), ahead.is_undecided);
            assert_eq!(found, (expected, !expected), "{kilobytes}");
            let mut read = Vec::new();
            ahead.reader.read_to_end(&mut read).unwrap();
            assert_eq!(read, text);
            assert_eq!(first_event(&*text), Some(FirstEvent::Marked));
        }
        assert_eq!(first_event(&b"GET /\n"[..]), None);
    }
}
