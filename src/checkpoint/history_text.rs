//! The form of a history in the journal: two texts with positions that are separated by blanks. A position is its line,
//! its offset and its hash, separated by commas, followed by `open` if its line has no newline. The time of an end is the
//! last part of the end.
//!
//! The first version of the journal has arrays of objects instead of the two texts.

use std::fmt::Write;

use serde::{Deserialize, Serialize};

use crate::input::Position;

/// A position at which an input ended when it was read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct End {
    pub position: Position,
    /// The time when the input was read, in seconds since 1970. 0 in journals of earlier versions.
    pub at: u64,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct HistoryJson<E, P> {
    #[serde(skip_serializing_if = "Option::is_none")]
    ends: Option<E>,
    #[serde(skip_serializing_if = "Option::is_none")]
    passed: Option<P>,
}

/// An end in the first version of the journal.
#[derive(Deserialize)]
struct EndJson {
    #[serde(flatten)]
    position: Position,
    #[serde(default)]
    at: u64,
}

/// Returns the JSON text of a history: the ends of an input, and its other positions.
pub fn to_text(ends: &[End], passed: &[Position]) -> String {
    let end_text = |end: &End| {
        let mut text = position_text(&end.position);
        if end.at > 0 {
            // Writing to a string cannot fail.
            let _ = write!(text, ",{}", end.at);
        }
        text
    };
    let ends: Vec<String> = ends.iter().map(end_text).collect();
    let passed: Vec<String> = passed.iter().map(position_text).collect();
    let joined = |texts: Vec<String>| (!texts.is_empty()).then(|| texts.join(" "));
    let json = HistoryJson {
        ends: joined(ends),
        passed: joined(passed),
    };
    // Strings can always be serialized.
    serde_json::to_string(&json).unwrap_or_default()
}

/// Reads the ends of an input and its other positions from the JSON text of a history, in the form of any version.
/// Positions that are damaged are left out: without them, a run may deliver more lines of a shorter copy again.
pub fn from_text(text: &str) -> (Vec<End>, Vec<Position>) {
    if let Ok(json) = serde_json::from_str::<HistoryJson<&str, &str>>(text) {
        let ends = json.ends.unwrap_or_default().split_ascii_whitespace();
        let passed = json.passed.unwrap_or_default().split_ascii_whitespace();
        let passed = passed.filter_map(|text| Some(read_position(text)?.0));
        return (ends.filter_map(read_end).collect(), passed.collect());
    }
    match serde_json::from_str::<HistoryJson<Vec<EndJson>, Vec<Position>>>(text) {
        Ok(json) => {
            let ends = json.ends.unwrap_or_default().into_iter();
            let ends = ends.map(|EndJson { position, at }| End { position, at });
            (ends.collect(), json.passed.unwrap_or_default())
        }
        Err(_) => Default::default(),
    }
}

fn position_text(position: &Position) -> String {
    let Position {
        line,
        offset,
        hash,
        open,
    } = position;
    let open = if *open { ",open" } else { "" };
    format!("{line},{offset},{hash:032x}{open}")
}

fn read_end(text: &str) -> Option<End> {
    let (position, rest) = read_position(text)?;
    let at = rest.map_or(Some(0), |at| at.parse().ok())?;
    Some(End { position, at })
}

/// Returns a position and the text after it.
fn read_position(text: &str) -> Option<(Position, Option<&str>)> {
    let mut parts = text.splitn(4, ',');
    let line = parts.next()?.parse().ok()?;
    let offset = parts.next()?.parse().ok()?;
    let hash = u128::from_str_radix(parts.next()?, 16).ok()?;
    let (open, rest) = match parts.next() {
        Some("open") => (true, None),
        Some(rest) => match rest.strip_prefix("open,") {
            Some(rest) => (true, Some(rest)),
            None => (false, Some(rest)),
        },
        None => (false, None),
    };
    let position = Position {
        line,
        offset,
        hash,
        open,
    };
    Some((position, rest))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn position(line: u64, open: bool) -> Position {
        Position {
            line,
            offset: line * 10,
            hash: u128::from(line) << 100,
            open,
        }
    }

    #[test]
    fn a_history_is_read_from_its_text_and_from_the_form_of_the_first_version() {
        let ends = [(1, false, 0), (2, true, 0), (3, false, 9), (4, true, 8)];
        let ends = ends.map(|(line, open, at)| End {
            position: position(line, open),
            at,
        });
        let passed = [position(5, false), position(6, true)];
        for (ends, passed) in [
            (&ends[..], &passed[..]),
            (&[], &passed),
            (&ends, &[]),
            (&[], &[]),
        ] {
            let text = to_text(ends, passed);
            assert_eq!(from_text(&text), (ends.to_vec(), passed.to_vec()), "{text}");
        }

        let first =
            r#"{"ends":[{"line":3,"offset":30,"hash":"00000030000000000000000000000000"}]}"#;
        let end = End {
            position: position(3, false),
            at: 0,
        };
        assert_eq!(from_text(first), (vec![end], Vec::new()));
    }

    #[test]
    fn damaged_positions_are_left_out() {
        let (ends, _) = from_text(r#"{"ends":"1,10 x,1,0 3,30,1f,soon 4,40,ff","passed":""}"#);
        let offsets: Vec<u64> = ends.iter().map(|end| end.position.offset).collect();
        assert_eq!(offsets, [40]);
    }
}
