//! The pieces of long lines, which the log drivers of containers cut.

use std::borrow::Cow;

use bumpalo::Bump;
use memchr::memmem;

use super::cri::CriLine;
use super::marker::has_marker;
use super::object_progress::ObjectProgress;
use super::traces::may_hold_event;
use crate::json::Value;
use crate::outcome::Flaw;

/// The length of a piece of Docker, which cuts a line when a buffer of 16 KiB is full.
const DOCKER_PIECE_BYTES: usize = 16 << 10;

/// A line of a log driver, which has a whole line of a container or a piece of one.
#[derive(Clone, Copy, Debug)]
pub struct LinePiece<'a> {
    /// Whether the text is from standard error, and not from standard output.
    pub is_stderr: bool,
    pub mark: PieceMark,
    /// Whether the line is one of Docker's log driver json-file, and not one of a container runtime.
    is_docker: bool,
    /// The text of the container, for Docker as JSON without the quotes around it.
    text: &'a [u8],
}

/// How a line of a log driver tells whether the line of the container goes on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PieceMark {
    /// The line of the container ends here.
    Last,
    /// The line of the container goes on.
    More,
    /// The text of Docker has no newline at its end: it is a piece, a log shipper has removed the newline, or the container
    /// has ended without a newline.
    NoNewline,
}

impl<'a> LinePiece<'a> {
    /// Parses a line. Returns `None` if the line is from no log driver that cuts lines. `with_docker` says whether lines of
    /// Docker count.
    pub fn parse(line: &'a [u8], with_docker: bool) -> Option<Self> {
        let line = without_start(line);
        if with_docker && let Some(rest) = line.strip_prefix(b"{\"log\":") {
            return Self::of_docker(rest);
        }
        let cri = CriLine::parse(line)?;
        let mark = match cri.is_partial {
            true => PieceMark::More,
            false => PieceMark::Last,
        };
        Some(Self {
            is_stderr: cri.is_stderr,
            mark,
            is_docker: false,
            text: cri.text,
        })
    }

    /// Parses a line as in `{"log":"text\n","stream":"stdout","time":"…"}`, given what follows the first colon.
    fn of_docker(rest: &'a [u8]) -> Option<Self> {
        const KEY: &[u8] = b"\"stream\"";

        let text = rest.trim_ascii_start().strip_prefix(b"\"")?;
        // Within the text, all quotes have a backslash before them.
        let end = memmem::find_iter(text, KEY).find(|at| !text[..*at].ends_with(b"\\"))?;
        let stream = text[end + KEY.len()..].trim_ascii_start();
        let stream = stream.strip_prefix(b":")?.trim_ascii_start();
        let text = text[..end].trim_ascii_end().strip_suffix(b",")?;
        let text = text.trim_ascii_end().strip_suffix(b"\"")?;
        let before = text.strip_suffix(b"n").unwrap_or_default();
        let backslashes = before.iter().rev().take_while(|byte| **byte == b'\\');
        let mark = match backslashes.count() % 2 {
            1 => PieceMark::Last,
            _ => PieceMark::NoNewline,
        };
        Some(Self {
            is_stderr: stream.starts_with(b"\"stderr\""),
            mark,
            is_docker: true,
            text,
        })
    }

    /// Returns the text of the container. Returns `None` if the line is not JSON as Docker writes it.
    pub fn text(&self) -> Option<Cow<'a, [u8]>> {
        if !self.is_docker {
            return Some(self.text.into());
        }
        let arena = Bump::new();
        let quoted = [b"\"", self.text, b"\""].concat();
        match Value::parse(std::str::from_utf8(&quoted).ok()?, &arena) {
            Ok(Value::Str(text)) => Some(text.as_bytes().to_vec().into()),
            _ => None,
        }
    }

    /// Returns whether a line of a container begins with this piece and goes on in the next. `text` is the text of the
    /// piece.
    ///
    /// A text of Docker without a newline is a piece if an object within it has no end, or if it has the length of a piece.
    /// So a whole event is no piece.
    pub fn begins_line(&self, text: &[u8]) -> bool {
        match self.mark {
            PieceMark::Last => false,
            PieceMark::More => true,
            PieceMark::NoNewline => match ObjectProgress::default().after(text) {
                ObjectProgress::Within { .. } => true,
                ObjectProgress::Before => self.is_certain(text) || has_marker(text),
                ObjectProgress::Complete => false,
                ObjectProgress::Broken => self.is_certain(text),
            },
        }
    }

    /// Returns whether the mark or the length of a piece shows that the line of the container goes on, whatever its text is.
    pub fn is_certain(&self, text: &[u8]) -> bool {
        match self.mark {
            PieceMark::Last => false,
            PieceMark::More => true,
            PieceMark::NoNewline => {
                // A character that is cut is left out, or each of its bytes is replaced by three bytes.
                let replaced = || memmem::find_iter(text, "\u{fffd}").count();
                text.len() > DOCKER_PIECE_BYTES - 4
                    && text.len() - 2 * replaced() <= DOCKER_PIECE_BYTES
            }
        }
    }
}

/// Returns a line without what may stand before its first byte: NUL bytes of a log that was truncated, a byte-order mark,
/// and white space.
fn without_start(line: &[u8]) -> &[u8] {
    match line {
        [b'{' | b'0'..=b'9', ..] => line,
        _ => {
            let nuls = line.iter().take_while(|byte| **byte == 0).count();
            let line = &line[nuls..];
            let line = line.strip_prefix("\u{feff}".as_bytes()).unwrap_or(line);
            line.trim_ascii_start()
        }
    }
}

/// Returns the flaw of a line that is the first piece of a longer one, if the longer line may be an event.
pub fn first_piece(line: &[u8]) -> Option<Flaw> {
    let piece = LinePiece::parse(line, true)?;
    let is_event = || has_marker(line) || may_hold_event(line);
    if !piece.begins_line(&piece.text()?) || !is_event() {
        return None;
    }
    Some(match piece.is_docker {
        true => Flaw::DockerPiece,
        false => Flaw::CriPiece,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pieces_are_told_from_whole_lines() {
        use PieceMark::{Last, More, NoNewline};

        for (line, expected) in [
            (
                r#"{"log":"a","stream":"stdout","time":"x"}"#,
                Some((false, NoNewline, "a")),
            ),
            (
                r#"{"log": "a\"b\\\n", "stream": "stderr"}"#,
                Some((true, Last, "a\"b\\\n")),
            ),
            (
                r#"{"log":"a\\n","stream":"stdout"}"#,
                Some((false, NoNewline, "a\\n")),
            ),
            (
                r#"{"log":"a \"stream\" \"stream","stream":"stderr","attrs":{"x":"y","stream":"z"}}"#,
                Some((true, NoNewline, "a \"stream\" \"stream")),
            ),
            (
                "\u{feff} 2024-03-05T08:00:46.8Z stdout P a",
                Some((false, More, "a")),
            ),
            (
                "\0\0{\"log\":\"a\",\"stream\":\"stdout\"}",
                Some((false, NoNewline, "a")),
            ),
            ("2024-03-05T08:00:46.8Z stderr F a", Some((true, Last, "a"))),
            (r#"{"log":{},"stream":"stdout"}"#, None),
            (r#"{"log":"a","b":"c","stream":"stdout"}"#, None),
            (r#"{"message":"a"}"#, None),
            ("GET /", None),
        ] {
            let piece = LinePiece::parse(line.as_bytes(), true);
            let found = piece.and_then(|piece| {
                let text = String::from_utf8(piece.text()?.to_vec()).unwrap();
                Some((piece.is_stderr, piece.mark, text))
            });
            let expected = expected.map(|(stderr, mark, text)| (stderr, mark, text.to_owned()));
            assert_eq!(found, expected, "{line}");
        }
    }

    #[test]
    fn the_first_pieces_of_events_are_told_from_other_lines() {
        let (docker, cri) = (Some(Flaw::DockerPiece), Some(Flaw::CriPiece));
        for (line, expected) in [
            (r#"2024-03-05T08:00:46.8Z stdout P {"event_type": "a"#, cri),
            (
                r#"2024-03-05T08:00:46.8Z stderr P INFO [tracking] - {"na"#,
                cri,
            ),
            (r#"2024-03-05T08:00:46.8Z stdout F {"event_type": "a"#, None),
            ("2024-03-05T08:00:46.8Z stdout P GET /", None),
            (
                r#"{"log":"{\"event_type\": \"a","stream":"stdout"}"#,
                docker,
            ),
            (r#"{"log":"{\"event_type\": {}","stream":"stdout"}"#, docker),
            (
                r#"{"log": "INFO [tracking] - {\"na", "stream": "stdout", "time": ""}"#,
                docker,
            ),
            (
                r#"{"log":"{\"event_type\": \"a\n","stream":"stdout"}"#,
                None,
            ),
            (
                r#"{"log":"{\"event_type\": \"a\"}","stream":"stdout"}"#,
                None,
            ),
            (r#"{"log":"GET /","stream":"stdout"}"#, None),
        ] {
            assert_eq!(first_piece(line.as_bytes()), expected, "{line}");
        }
    }

    #[test]
    fn a_text_with_the_length_of_a_piece_goes_on_unless_its_object_is_complete() {
        for (text, expected) in [
            ("x".repeat(16_384), true),
            ("x".repeat(16_383), true),
            (format!("{}\u{fffd}", "x".repeat(16_383)), true),
            ("x".repeat(16_385), false),
            ("x".repeat(16_000), false),
            (format!("{{\"a\":\"{}\"}}", "x".repeat(16_376)), false),
        ] {
            let line = serde_json::json!({"log": text, "stream": "stdout"}).to_string();
            let piece = LinePiece::parse(line.as_bytes(), true).unwrap();
            assert_eq!(
                piece.begins_line(text.as_bytes()),
                expected,
                "{}",
                text.len()
            );
        }
    }
}
