//! The first pieces of long lines, which the log drivers of containers cut.

use memchr::memmem;

use super::cri::CriLine;
use super::marker::has_marker;
use super::traces::may_hold_event;
use crate::outcome::Flaw;

/// Returns the flaw of a line that is the first piece of a longer one, if the longer line may be an event.
pub fn first_piece(line: &[u8]) -> Option<Flaw> {
    let flaw = if CriLine::parse(line).is_some_and(|line| line.is_partial) {
        Flaw::CriPiece
    } else if is_docker_piece(line) {
        Flaw::DockerPiece
    } else {
        return None;
    };
    (has_marker(line) || may_hold_event(line)).then_some(flaw)
}

/// Returns whether a line is a text of Docker's log driver json-file without the newline that ends each whole line. A text
/// with a whole object is no piece, since log shippers remove the newline.
fn is_docker_piece(line: &[u8]) -> bool {
    let text = || {
        let text = line.trim_ascii_start().strip_prefix(b"{\"log\":")?;
        let text = text.trim_ascii_start().strip_prefix(b"\"")?;
        let end = memmem::rfind(text, b"\"stream\"")?;
        let text = text[..end].trim_ascii_end().strip_suffix(b",")?;
        text.trim_ascii_end().strip_suffix(b"\"")
    };
    text().is_some_and(|text| !text.ends_with(b"\\n") && !text.ends_with(b"}"))
}

#[cfg(test)]
mod tests {
    use super::*;

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
}
