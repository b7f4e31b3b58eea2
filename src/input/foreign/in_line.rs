//! Data of another kind that begins within a log, as if files of several kinds had been joined.

use super::inflate::{Header, inflates, is_gzip_member};
use super::marks::{MARKS, MARKS_OF_COMPRESSIONS};
use super::openpgp::is_message_in_log;
use super::reading::Reading;
use super::text::{is_binary, is_text};
use super::wide_encoding::wide_encoding;
use super::{Container, Foreign};

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
    /// Looks for data in the first line of `text`, which is not JSON. The line has this number, from 1, and this offset in
    /// the decompressed input. Also returns the length of the text before the data in the line.
    pub fn find(text: &[u8], number: u64, offset: u64) -> Option<(Self, usize)> {
        Self::find_in_record(text, text.len(), number, offset)
    }

    /// Looks for data in the first line of a record, which has this length. More text may follow the record. The rest is as
    /// for [`Self::find`].
    pub fn find_in_record(
        text: &[u8],
        length: usize,
        number: u64,
        offset: u64,
    ) -> Option<(Self, usize)> {
        let record = &text[..length];
        let line = &record[..memchr::memchr(b'\n', record).unwrap_or(length)];
        if let Some((kind, start)) = armored(text, line) {
            return Some(Self::at(kind, start, 0, number, offset));
        }
        if !may_be_binary(line) {
            return None;
        }
        let nuls = line.iter().take_while(|&&byte| byte == 0).count();
        // UTF-16 is also recognized a byte too early or too late, in the wrong byte order.
        let mut starts = [after_object(line), 0, nuls].into_iter();
        let (kind, start) = starts.find_map(|start| Some((recognize(&text[start..])?, start)))?;
        Some(Self::at(kind, start, nuls, number, offset))
    }

    /// Returns data that begins at the index `start` of a line, which begins with this number of NUL bytes.
    fn at(kind: Foreign, start: usize, nuls: usize, number: u64, offset: u64) -> (Self, usize) {
        let found = Self {
            kind,
            offset: offset + start as u64,
            lines: number - u64::from(start <= nuls),
            is_in_line: start > nuls,
        };
        (found, if found.is_in_line { start } else { 0 })
    }

    /// Looks for data in each line of a document. Also returns the length of the text before the data.
    pub fn find_in_document(text: &[u8]) -> Option<(Self, usize)> {
        let mut at = 0;
        let lines = text.split_inclusive(|&byte| byte == b'\n');
        lines.zip(1..).find_map(|(line, number)| {
            let start = at;
            at += line.len();
            let (found, length) = Self::find(&text[start..], number, start as u64)?;
            Some((found, start + length))
        })
    }

    /// Returns the offset of the data in the decompressed input.
    pub fn offset(self) -> u64 {
        self.offset
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
    let (data, reading) = match kind {
        Some(Foreign { is, reading }) => (is.as_subject(), reading),
        None => ("text".to_owned(), Reading::Itself),
    };
    let part = |command: &str| match container.writer() {
        Some(writer) => format!("{writer} | {command}"),
        None => format!("{command} FILE"),
    };
    let rest = part(&format!("tail -c +{first}"));
    let advice = match container {
        Container::File | Container::CompressedFile(_) => {
            reading.of_rest(&part(&format!("head -c {offset}")), &rest)
        }
        Container::Pipe | Container::CompressedPipe(_) => {
            let advice = reading.of_pipe(&rest);
            format!(
                "{advice}; if the input comes out of an archive, unpack the archive into a folder and give the folder"
            )
        }
    };
    format!("{data} begins at byte {first}, after {before}; {advice}")
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

/// Recognizes a kind of data, or returns `None` for a line that may be damaged. Damage in a log may look like a mark of two
/// or three bytes, so these do not count alone. Behind a longer mark, too, no text may follow.
fn recognize(start: &[u8]) -> Option<Foreign> {
    const LEAST_BYTES: usize = 4;
    let marked = |(at, mark): &(usize, &[u8])| {
        let rest = start.get(*at..)?.strip_prefix(*mark)?;
        (mark.len() >= LEAST_BYTES && is_no_text(rest)).then_some(())
    };
    let mut marks = MARKS_OF_COMPRESSIONS.iter().chain(MARKS);
    let kind = marks.find(|(_, _, marks)| marks.iter().find_map(marked).is_some());
    if let Some((is, reading, _)) = kind {
        let is_zip = start.starts_with(b"PK");
        let is_archive = matches!(reading, Reading::Unpack(_) | Reading::UnpackFile(_));
        let is_damage = is_damaged_line(start, is_archive && !is_zip);
        return (!is_damage).then(|| Foreign::new(*is, *reading));
    }
    match start {
        _ if is_gzip_member(start) => Some(Foreign::GZIP),
        [0x78, ..] if inflates(start, Header::Zlib) => Some(Foreign::ZLIB),
        _ if is_message_in_log(start) => Some(Foreign::OPENPGP),
        _ => wide_encoding_of(start),
    }
}

/// Returns whether the bytes after a mark are no text: a control character that no text has follows soon in the same line,
/// or there are as many as in compressed data, of which they are a tenth. More damaged lines may follow a damaged line.
fn is_no_text(after_mark: &[u8]) -> bool {
    let soon = &after_mark[..after_mark.len().min(16)];
    let in_line = soon.split(|&byte| byte == b'\n').next();
    let more = &after_mark[..after_mark.len().min(256)];
    let controls = more.iter().filter(|&&byte| is_binary(&[byte])).count();
    in_line.is_some_and(is_binary) || controls > more.len() / 16
}

/// Returns whether the bytes from a mark to the end of its line are damage in a log: soon, a line with an object follows.
/// After the header of an archive that is not compressed, too, the lines of a log in it may follow.
fn is_damaged_line(start: &[u8], is_archive: bool) -> bool {
    /// No archive has a shorter header.
    const HEADER: usize = 30;
    const LINES: usize = 64;
    const LONGEST: usize = 1 << 16;

    let Some(end) = memchr::memchr(b'\n', start).filter(|&end| !is_archive || end < HEADER) else {
        return false;
    };
    let next = &start[end + 1..];
    let mut lines = next[..next.len().min(LONGEST)]
        .split(|&byte| byte == b'\n')
        .take(LINES);
    lines.any(|line| {
        let line = line.trim_ascii_end();
        line.ends_with(b"}") && memchr::memmem::find(line, b"{\"").is_some() && is_text(line)
    })
}

/// Recognizes data in the form of PEM, which is text, in the first line of `text`, by its mark and a line of base64 soon
/// after it. Also returns the index of the data.
fn armored(text: &[u8], line: &[u8]) -> Option<(Foreign, usize)> {
    const MARK: &[u8] = b"-----BEGIN ";
    const LINES: usize = 6;
    const SHORTEST: usize = 32;

    let start = match line.starts_with(MARK) {
        true => 0,
        false => memchr::memmem::find(line, b"}-----BEGIN ")? + 1,
    };
    let data = &text[start..];
    let kind = Foreign::with_mark(data, MARKS.iter())?;
    let is_digit = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/' | b'=');
    let mut lines = data
        .split(|&byte| byte == b'\n')
        .take(LINES)
        .map(<[u8]>::trim_ascii_end);
    let is_base64 = |line: &[u8]| line.len() >= SHORTEST && line.iter().all(is_digit);
    lines.any(is_base64).then_some((kind, start))
}

/// Recognizes UTF-16 and UTF-32 by the zeros of the first ASCII characters, of which a damaged line has no such sequence.
fn wide_encoding_of(start: &[u8]) -> Option<Foreign> {
    const BYTES: usize = 32;

    let start = &start[..start.len().min(BYTES)];
    let zeros = start.iter().filter(|&&byte| byte == 0).count();
    let (is, command) = wide_encoding(start).filter(|_| zeros >= BYTES / 4)?;
    Some(Foreign::new(is, Reading::Command(command)))
}
