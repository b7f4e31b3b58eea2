//! Finds recorded positions in an input, by hashing the bytes before each position.

use std::io::{self, BufRead, Read};

use super::head_lines::HeadLines;
use crate::input::{Position, PositionTracker, Shape};
use crate::tracking::ObjectProgress;

/// The number of first bytes of an input that are hashed to recognize it. This many bytes hold at least one line in
/// most logs. They differ between logs, because each line contains a time.
pub const HEAD_BYTES: usize = 4096;

/// The first bytes of an input.
pub struct Head {
    pub bytes: Vec<u8>,
    shape: Shape,
    /// The number of first bytes that identify the input. If a log is shorter than the head, its incomplete last line
    /// does not count, because the line may still grow, unless the line is the only line of the log.
    identifying: usize,
}

impl Head {
    /// Reads the first bytes, or all bytes of a short input. Also returns the error that ended the first bytes. The
    /// reader may not fail again, so the caller must report the error.
    ///
    /// # Errors
    /// Returns an error if reading fails at the first byte.
    pub fn read(reader: &mut dyn Read, shape: Shape) -> io::Result<(Self, Option<io::Error>)> {
        let mut bytes = Vec::with_capacity(HEAD_BYTES);
        let read = reader.take(HEAD_BYTES as u64).read_to_end(&mut bytes);
        let error = match read {
            Err(error) if bytes.is_empty() => return Err(error),
            read => read.err(),
        };
        let identifying = match shape {
            Shape::Log if bytes.len() < HEAD_BYTES => {
                memchr::memrchr(b'\n', &bytes).map_or(bytes.len(), |newline| newline + 1)
            }
            _ => bytes.len(),
        };
        let head = Self {
            bytes,
            shape,
            identifying,
        };
        Ok((head, error))
    }

    /// Returns the hash of the first `length` bytes, or `None` if the head is shorter.
    pub fn hash(&self, length: u64) -> Option<u128> {
        let head = self.bytes.get(..usize::try_from(length).ok()?)?;
        Some(xxhash_rust::xxh3::xxh3_128(head))
    }

    /// Returns whether an input with the same first `length` bytes probably begins with the same lines. A part of a line,
    /// such as an opening brace, may be the same in many inputs.
    pub fn is_telling(&self, length: u64) -> bool {
        let Ok(length) = usize::try_from(length) else {
            return false;
        };
        let before = self.bytes.get(..length);
        length >= HEAD_BYTES || before.is_some_and(|before| before.ends_with(b"\n"))
    }

    /// Returns the first line of a log, as far as it is in the head, or the head of a document. Every input that starts
    /// with the same line has the same beginning.
    pub fn beginning(&self) -> &[u8] {
        let newline = self.shape.newline(&self.bytes);
        &self.bytes[..newline.map_or(self.bytes.len(), |newline| newline + 1)]
    }

    /// Returns the hashes of the first lines, or no hashes for a document.
    pub fn lines(&self) -> HeadLines {
        match self.shape {
            Shape::Log => HeadLines::of(&self.bytes[..self.identifying]),
            Shape::Document => HeadLines::default(),
        }
    }

    /// Returns the hashes of the first lines of a log that is shorter than a head. If the log has no complete line, its
    /// line counts as complete. Returns `None` for other inputs.
    pub fn lines_of_short(&self) -> Option<HeadLines> {
        let is_short = self.shape == Shape::Log && (1..HEAD_BYTES).contains(&self.bytes.len());
        is_short.then(|| match self.line_count() {
            0 => HeadLines::of(&[&self.bytes, &b"\n"[..]].concat()),
            _ => self.lines(),
        })
    }

    /// Returns the number of complete lines.
    pub fn line_count(&self) -> usize {
        memchr::memchr_iter(b'\n', &self.bytes).count()
    }

    /// Returns the position after the last complete line of a log that is shorter than a head.
    pub fn end_of_lines(&self) -> Position {
        let (offset, hash) = self.fingerprint();
        Position {
            line: self.line_count() as u64,
            offset,
            hash,
            open: false,
        }
    }

    /// Returns whether the last complete line ends within an object that goes over several lines. A run cannot resume
    /// there.
    pub fn ends_within_object(&self) -> bool {
        let lines = self.bytes[..self.identifying].split_inclusive(|&byte| byte == b'\n');
        let progress = lines.fold(ObjectProgress::default(), |progress, line| {
            match progress.is_within() {
                true => progress.after(line),
                false => ObjectProgress::default().after(line),
            }
        });
        progress.is_within()
    }

    /// Returns the number of identifying bytes and their hash.
    pub fn fingerprint(&self) -> (u64, u128) {
        let head = &self.bytes[..self.identifying];
        (head.len() as u64, xxhash_rust::xxh3::xxh3_128(head))
    }
}

/// The end of an input that ended before all positions were reached.
pub struct LogEnd {
    /// The number of bytes before the end.
    pub offset: u64,
    /// The number of bytes before a last line without a newline, or before the end.
    pub whole_lines: u64,
    /// The error that ended the input, if it could not be read further.
    pub result: io::Result<()>,
}

/// Reads a log up to the last of `positions`, which are in ascending order. Returns a tracker for each position that is
/// found in the log, and the end of the log if it ends earlier. A position is found if the bytes before it have the
/// recorded hash, and if it is not in the middle of a line.
pub fn track_log(
    reader: &mut impl BufRead,
    positions: &[Position],
) -> (Vec<PositionTracker>, Option<LogEnd>) {
    let mut tracker = PositionTracker::default();
    let mut found = Vec::new();
    for position in positions {
        let mut before = reader.by_ref().take(position.offset - tracker.offset);
        let mut object = ObjectWriter::default();
        let mut result = match position.open {
            true => io::copy(&mut before, &mut Both(&mut tracker, &mut object)).map(|_| ()),
            false => io::copy(&mut before, &mut tracker).map(|_| ()),
        };
        let is_reached = tracker.offset == position.offset;
        let mut line_ends = true;
        if result.is_ok() && is_reached && position.open {
            match reader.fill_buf() {
                Ok(rest) => {
                    // After a whole line, the position is one after pieces, which end only with the input.
                    let is_in_line = tracker.line_start < tracker.offset;
                    let is_newline = matches!(rest, [b'\n', ..] | [b'\r', b'\n', ..]);
                    // An object may go on after the newline.
                    let is_end = is_in_line && is_newline && !object.progress.is_within();
                    line_ends = rest.is_empty() || is_end;
                }
                Err(error) => result = Err(error),
            }
        }
        if result.is_err() || !is_reached {
            let end = LogEnd {
                offset: tracker.offset,
                whole_lines: tracker.line_start,
                result,
            };
            return (found, Some(end));
        }
        (tracker.line, tracker.open) = (position.line, position.open);
        if tracker.position() == *position && line_ends {
            found.push(tracker.clone());
        }
    }
    (found, None)
}

/// Finds out whether bytes end within an object, which may go over several lines.
#[derive(Default)]
struct ObjectWriter {
    progress: ObjectProgress,
    is_in_line: bool,
}

impl io::Write for ObjectWriter {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        for line in bytes.split_inclusive(|&byte| byte == b'\n') {
            if !self.is_in_line && !self.progress.is_within() {
                self.progress = ObjectProgress::default();
            }
            self.progress = self.progress.after(line);
            self.is_in_line = !line.ends_with(b"\n");
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Writes the same bytes to two writers that take all bytes.
struct Both<'w>(&'w mut PositionTracker, &'w mut ObjectWriter);

impl io::Write for Both<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.write_all(bytes)?;
        self.1.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Reads a document, which counts as one line. Returns a tracker at its end.
pub fn track_document(reader: &mut impl BufRead) -> io::Result<PositionTracker> {
    let mut tracker = PositionTracker::default();
    tracker.line = u64::from(io::copy(reader, &mut tracker)? > 0);
    Ok(tracker)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn position(text: &str) -> Position {
        Position {
            line: text.matches('\n').count() as u64,
            offset: text.len() as u64,
            hash: xxhash_rust::xxh3::xxh3_128(text.as_bytes()),
            open: !text.is_empty() && !text.ends_with('\n'),
        }
    }

    fn found(text: &str, positions: &[Position]) -> Vec<Position> {
        let (found, _) = track_log(&mut text.as_bytes(), positions);
        found.iter().map(PositionTracker::position).collect()
    }

    #[test]
    fn a_position_is_found_after_the_same_bytes() {
        let positions =
            ["", "one\n", "one\ntwX\n", "one\ntwo\n", "one\ntwo\nthree\n"].map(position);
        assert_eq!(
            found("one\ntwo\nth", &positions),
            [positions[0], positions[1], positions[3]]
        );
    }

    #[test]
    fn an_open_position_is_not_found_if_its_line_continues() {
        let positions = ["one\n", "one\ntw"].map(position);
        assert_eq!(found("one\ntwo\n", &positions), positions[..1]);
        assert_eq!(found("one\ntw", &positions), positions);
        assert_eq!(found("one\ntw\n", &positions), positions);
    }

    #[test]
    fn an_open_position_after_pieces_is_not_found_if_a_line_follows() {
        let pieces = Position {
            open: true,
            ..position("one\ntwo\n")
        };
        assert_eq!(found("one\ntwo\n", &[pieces]), [pieces]);
        for longer in ["one\ntwo\n\n", "one\ntwo\nthree\n", "one\ntwo\nth"] {
            assert_eq!(found(longer, &[pieces]), []);
        }
    }

    #[test]
    fn an_open_position_within_an_object_is_not_found_if_the_object_continues() {
        let positions = ["{}\n", "{}\n{\n\"a\": 1,"].map(position);
        assert_eq!(
            found("{}\n{\n\"a\": 1,\n\"b\": 2}\n", &positions),
            positions[..1]
        );
        assert_eq!(found("{}\n{\n\"a\": 1,", &positions), positions);
    }

    #[test]
    fn a_head_has_a_hash_for_each_length_up_to_its_own() {
        let (head, _) = Head::read(&mut &b"abc"[..], Shape::Document).unwrap();
        let hash = xxhash_rust::xxh3::xxh3_128;
        let hashes = [0, 2, 3, 4].map(|bytes| head.hash(bytes));
        assert_eq!(
            hashes[..3],
            [hash(b""), hash(b"ab"), hash(b"abc")].map(Some)
        );
        assert_eq!(hashes[3], None);
    }

    #[test]
    fn an_incomplete_line_does_not_identify_a_log() {
        let (head, _) = Head::read(&mut &b"a line\nhal"[..], Shape::Log).unwrap();
        assert_eq!(
            head.fingerprint(),
            (7, xxhash_rust::xxh3::xxh3_128(b"a line\n"))
        );
    }

    #[test]
    fn a_line_may_end_within_an_object() {
        for (text, is_within) in [
            ("{\n", true),
            ("{\n \"a\"", true),
            ("{\n}\n", false),
            ("INFO {}\n{\"a\": 1}\n", false),
            ("{}\n{\n \"a\": 1,\n", true),
            ("#\n", false),
        ] {
            let (head, _) = Head::read(&mut text.as_bytes(), Shape::Log).unwrap();
            assert_eq!(head.ends_within_object(), is_within, "{text}");
        }
    }

    /// No bytes would be the first bytes of every other input.
    #[test]
    fn a_log_without_a_complete_line_is_identified_by_all_its_bytes() {
        let (head, _) = Head::read(&mut &b"hal"[..], Shape::Log).unwrap();
        let expected = (3, xxhash_rust::xxh3::xxh3_128(b"hal"));
        assert_eq!(head.fingerprint(), expected);
    }

    #[test]
    fn a_head_tells_the_lines_of_an_input_if_it_has_a_complete_line_or_is_long() {
        let (head, _) = Head::read(&mut &b"one\ntwo\n"[..], Shape::Log).unwrap();
        assert_eq!(
            [0, 3, 4, 6, 8].map(|length| head.is_telling(length)),
            [false, false, true, false, true]
        );
        let long = [b'x'; HEAD_BYTES];
        let (head, _) = Head::read(&mut &long[..], Shape::Log).unwrap();
        assert!(head.is_telling(HEAD_BYTES as u64));
    }
}
