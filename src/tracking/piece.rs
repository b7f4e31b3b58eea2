//! Lines that are pieces of a JSON text that is laid out over several lines.

use super::marker::has_marker;

/// A piece of a JSON text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Piece {
    /// The brace at the start of an object that is in no other.
    Start,
    /// A member that tells where an event comes from.
    Origin,
    /// A member with what happened in an event.
    Body,
    /// Any other bracket or member.
    Other,
}

impl Piece {
    /// Returns the piece that a line is. Returns `None` if the line is no piece.
    pub fn of(line: &str) -> Option<Self> {
        let text = line.trim();
        match text.as_bytes() {
            [b'{'] if line.starts_with('{') => Some(Self::Start),
            [b'{' | b'[' | b'}' | b']'] | [b'}' | b']', b','] => Some(Self::Other),
            [b'"', rest @ ..] => Self::of_member(rest),
            [.., b' ', b'{'] if is_prefix(&text[..text.len() - 1]) => Some(Self::Start),
            _ => None,
        }
    }

    /// Returns the piece that a member of an object, or a text in an array, is. `rest` follows the first quote.
    fn of_member(rest: &[u8]) -> Option<Self> {
        let quote = memchr::memchr_iter(b'"', rest).find(|&at| at == 0 || rest[at - 1] != b'\\')?;
        let (key, rest) = (&rest[..quote], rest[quote + 1..].trim_ascii());
        let Some(value) = rest.strip_prefix(b":") else {
            return (rest == b",").then_some(Self::Other);
        };
        let is_whole = match value.trim_ascii() {
            [b'{' | b'['] => true,
            [b'{', ..] => value.ends_with(b"}") || value.ends_with(b"},"),
            [b'[', ..] => value.ends_with(b"]") || value.ends_with(b"],"),
            [] => false,
            _ => !value.ends_with(b"}"),
        };
        is_whole.then_some(match key {
            b"context" | b"event_type" | b"event_source" => Self::Origin,
            b"event" | b"data" => Self::Body,
            _ => Self::Other,
        })
    }
}

/// Returns whether a text is the prefix of an event with the marker `[tracking]`.
fn is_prefix(text: &str) -> bool {
    has_marker(text.as_bytes()) && !text.contains(['{', '"'])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pieces_are_told_from_other_lines() {
        for (line, expected) in [
            ("{", Some(Piece::Start)),
            ("INFO 17 [tracking] [user 7] - {\r", Some(Piece::Start)),
            ("  {", Some(Piece::Other)),
            ("}", Some(Piece::Other)),
            ("  },\r", Some(Piece::Other)),
            ("\t]", Some(Piece::Other)),
            ("  \"event_type\": \"play_video\",", Some(Piece::Origin)),
            ("\"event_source\" : \"server\"", Some(Piece::Origin)),
            ("  \"context\": {", Some(Piece::Origin)),
            ("  \"event\": {},", Some(Piece::Body)),
            ("  \"time\": 1", Some(Piece::Other)),
            ("  \"a\\\"b\": -1.5e9,", Some(Piece::Other)),
            ("  \"a\": null", Some(Piece::Other)),
            ("  \"a text\",", Some(Piece::Other)),
            ("", None),
            ("function () {", None),
            ("GET / [tracking", None),
            ("\"name\": \"x\", \"context\": {}}", None),
            ("event_type\": \"x\",", None),
            ("\"{\\\"name\\\": 1}\"", None),
            ("\"a text\"", None),
            ("{}", None),
        ] {
            assert_eq!(Piece::of(line), expected, "{line}");
        }
    }
}
