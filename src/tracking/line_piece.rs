//! The pieces of long lines, which the log drivers of containers cut.

use bumpalo::Bump;
use memchr::memmem;

use super::cri::CriLine;
use crate::json::Value;

/// A line of a log driver, which has a whole line of a container or a piece of one.
#[derive(Clone, Copy, Debug)]
pub struct LinePiece<'a> {
    /// Whether the text is from standard error, and not from standard output.
    pub is_stderr: bool,
    /// Whether the line of the container ends with this piece.
    pub is_last: bool,
    /// Whether the line is one of Docker's log driver json-file, and not one of a container runtime.
    pub is_docker: bool,
    /// The text of the container, for Docker as JSON without the quotes around it.
    text: &'a [u8],
}

impl<'a> LinePiece<'a> {
    /// Parses a line. Returns `None` if the line is from no log driver that cuts lines. `with_docker` says whether lines of
    /// Docker count.
    pub fn parse(line: &'a [u8], with_docker: bool) -> Option<Self> {
        if with_docker && let Some(rest) = line.strip_prefix(b"{\"log\":") {
            return Self::of_docker(rest);
        }
        let cri = CriLine::parse(line)?;
        Some(Self {
            is_stderr: cri.is_stderr,
            is_last: !cri.is_partial,
            is_docker: false,
            text: cri.text,
        })
    }

    /// Parses a line as in `{"log":"text\n","stream":"stdout","time":"…"}`, given what follows the first colon.
    fn of_docker(rest: &'a [u8]) -> Option<Self> {
        let text = rest.trim_ascii_start().strip_prefix(b"\"")?;
        let end = memmem::rfind(text, b"\"stream\"")?;
        let stream = text[end + b"\"stream\"".len()..].trim_ascii_start();
        let stream = stream.strip_prefix(b":")?.trim_ascii_start();
        let text = text[..end].trim_ascii_end().strip_suffix(b",")?;
        let text = text.trim_ascii_end().strip_suffix(b"\"")?;
        let before = text.strip_suffix(b"n").unwrap_or_default();
        let backslashes = before
            .iter()
            .rev()
            .take_while(|byte| **byte == b'\\')
            .count();
        Some(Self {
            is_stderr: stream.starts_with(b"\"stderr\""),
            is_last: backslashes % 2 == 1,
            is_docker: true,
            text,
        })
    }

    /// Appends the text of the container to the text of the pieces before.
    pub fn append_to(&self, out: &mut Vec<u8>) {
        if !self.is_docker {
            return out.extend_from_slice(self.text);
        }
        let arena = Bump::new();
        let quoted = [b"\"", self.text, b"\""].concat();
        let text = std::str::from_utf8(&quoted).ok();
        match text.and_then(|text| Value::parse(text, &arena).ok()) {
            Some(Value::Str(text)) => out.extend_from_slice(text.as_bytes()),
            _ => out.extend_from_slice(self.text),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pieces_are_told_from_whole_lines() {
        for (line, expected) in [
            (
                r#"{"log":"a","stream":"stdout","time":"x"}"#,
                Some((false, false, "a")),
            ),
            (
                r#"{"log": "a\"b\\\n", "stream": "stderr"}"#,
                Some((true, true, "a\"b\\\n")),
            ),
            (
                r#"{"log":"a\\n","stream":"stdout"}"#,
                Some((false, false, "a\\n")),
            ),
            (
                "2024-03-05T08:00:46.8Z stdout P a",
                Some((false, false, "a")),
            ),
            ("2024-03-05T08:00:46.8Z stderr F a", Some((true, true, "a"))),
            (r#"{"log":{},"stream":"stdout"}"#, None),
            (r#"{"message":"a"}"#, None),
            ("GET /", None),
        ] {
            let piece = LinePiece::parse(line.as_bytes(), true).map(|piece| {
                let mut text = Vec::new();
                piece.append_to(&mut text);
                (
                    piece.is_stderr,
                    piece.is_last,
                    String::from_utf8(text).unwrap(),
                )
            });
            let expected =
                expected.map(|(stderr, last, text): (_, _, &str)| (stderr, last, text.to_owned()));
            assert_eq!(piece, expected, "{line}");
        }
    }
}
