//! Data of another kind that begins within a log, as if files of several kinds had been joined.

use super::marks::{MARKS, MARKS_OF_COMPRESSIONS};
use super::reading::Reading;
use super::{Container, EXAMINED_BYTES, Foreign, is_binary, wide_encoding};

/// Data of another kind that begins after lines of text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ForeignData {
    kind: Foreign,
    /// The offset of the data in the decompressed input.
    offset: u64,
    /// The number of lines before the data.
    lines: u64,
    /// Whether the last of these lines has no newline.
    is_in_line: bool,
}

impl ForeignData {
    /// Looks for data in a line that is not JSON. The line has this number, from 1, and this offset in the decompressed
    /// input. Also returns the length of the text before the data in the line.
    pub fn find(line: &[u8], number: u64, offset: u64) -> Option<(Self, usize)> {
        if !may_be_binary(line) {
            return None;
        }
        let nuls = line.iter().take_while(|&&byte| byte == 0).count();
        let starts = [0, nuls, after_object(line)].into_iter();
        let (kind, start) = starts
            .filter_map(|start| Some((recognize(&line[start..])?, start)))
            .min_by_key(|(_, start)| *start)?;
        let found = Self {
            kind,
            offset: offset + start as u64,
            lines: number - u64::from(start <= nuls),
            is_in_line: start > nuls,
        };
        Some((found, if found.is_in_line { start } else { 0 }))
    }

    /// Returns the number of lines with a newline before the data, from the line with this number on.
    pub fn whole_lines_from(self, first: u64) -> usize {
        let end = self.lines + 1 - u64::from(self.is_in_line);
        usize::try_from(end.saturating_sub(first)).unwrap_or(usize::MAX)
    }

    /// Returns an explanation for an error: the position and the kind, and the way to read the rest of the input.
    pub fn message(self, container: Container) -> String {
        let noun = if self.lines == 1 { "line" } else { "lines" };
        let before = format!("{} {noun} of text", self.lines);
        message_after(&before, self.offset, Some(self.kind), container)
    }
}

/// Returns an explanation for an error about data that follows other data in the container: `before`. `kind` is the kind
/// of the data, or `None` for text.
pub fn message_after(
    before: &str,
    offset: u64,
    kind: Option<Foreign>,
    container: Container,
) -> String {
    let first = offset + 1;
    let rest = match container.writer() {
        Some(writer) => format!("{writer} | tail -c +{first}"),
        None => format!("tail -c +{first} FILE"),
    };
    let (data, reading) = match kind {
        Some(Foreign { is, reading }) => (format!("data begins that is {is}"), reading),
        None => ("text begins".to_owned(), Reading::Itself),
    };
    let advice = reading.advice(Some(&rest));
    let archive = match container {
        Container::File | Container::GzipFile => "",
        Container::Pipe | Container::GzipPipe => {
            "; if the input comes out of an archive, unpack the archive into a folder and give the folder"
        }
    };
    format!("after {before}, at byte {first}, {data}; {advice}{archive}")
}

/// Returns whether a line has bytes that texts in UTF-8 do not have. Other control characters count at the start only,
/// where marks are, so that long lines are examined fast.
fn may_be_binary(line: &[u8]) -> bool {
    const START: usize = 16;

    is_binary(&line[..line.len().min(START)])
        || memchr::memchr(0, line).is_some()
        || simdutf8::basic::from_utf8(line).is_err()
}

/// Returns the index after the last brace before the first byte that no text has, or 0 without a brace. Data follows an
/// object at once if the file of the object ends without a newline.
fn after_object(line: &[u8]) -> usize {
    let text = std::str::from_utf8(line).map_or_else(|error| error.valid_up_to(), |_| line.len());
    let text = memchr::memchr(0, line).map_or(text, |nul| text.min(nul));
    memchr::memrchr(b'}', &line[..text]).map_or(0, |brace| brace + 1)
}

/// Recognizes a kind of data, or returns `None` for a line that may be damaged. A mark has at least three bytes that are
/// fixed, since damage in a log may look like a shorter mark.
fn recognize(start: &[u8]) -> Option<Foreign> {
    const LEAST_BYTES: usize = 4;

    let start = &start[..start.len().min(EXAMINED_BYTES)];
    if let [0x1f, 0x8b, 8, 0..=0x1f, ..] | [0x1f, 0x8b, 8] = start {
        return Some(Foreign::GZIP_DATA);
    }
    let mut marks = MARKS_OF_COMPRESSIONS.iter().chain(MARKS);
    let marked = marks.find(|(_, _, marks)| {
        let begins = |(at, mark): &(usize, &[u8])| {
            let rest = start.get(*at..);
            mark.len() >= LEAST_BYTES && rest.is_some_and(|rest| rest.starts_with(mark))
        };
        marks.iter().any(begins)
    });
    match marked {
        Some((is, reading, _)) => Some(Foreign::new(is, *reading)),
        None => wide_encoding_of(start),
    }
}

/// Recognizes UTF-16 and UTF-32 by the zeros of the first ASCII characters, of which a damaged line has no such sequence.
fn wide_encoding_of(start: &[u8]) -> Option<Foreign> {
    const BYTES: usize = 32;

    let start = &start[..start.len().min(BYTES)];
    let zeros = start.iter().filter(|&&byte| byte == 0).count();
    let (is, command) = wide_encoding(start).filter(|_| zeros >= BYTES / 4)?;
    Some(Foreign::new(is, Reading::Command(command)))
}
