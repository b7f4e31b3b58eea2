//! Finding how far an input was read before, by its bytes.

use std::io::{self, BufRead, Read};

use crate::input::{Position, PositionTracker, Shape};

/// So many first bytes are enough to tell inputs apart that differ at all: logs begin with a time.
const HEAD_BYTES: usize = 4096;

/// The first bytes of an input.
pub struct Head {
    pub bytes: Vec<u8>,
    shape: Shape,
    /// So many of them can be told from others: what a log begins with, and not a line that is still being written.
    telling: usize,
}

impl Head {
    /// Reads them, fewer where there are no more.
    ///
    /// # Errors
    /// None of them can be read.
    pub fn read(reader: &mut dyn Read, shape: Shape) -> io::Result<Self> {
        let mut bytes = Vec::with_capacity(HEAD_BYTES);
        match reader.take(HEAD_BYTES as u64).read_to_end(&mut bytes) {
            Err(error) if bytes.is_empty() => return Err(error),
            // What breaks off is told when it is read.
            _ => {}
        }
        let telling = match shape {
            Shape::Log if bytes.len() < HEAD_BYTES => {
                memchr::memrchr(b'\n', &bytes).map_or(0, |newline| newline + 1)
            }
            _ => bytes.len(),
        };
        Ok(Self {
            bytes,
            shape,
            telling,
        })
    }

    /// The hash of so many bytes, if there are as many.
    pub fn hash(&self, bytes: u64) -> Option<u128> {
        let head = self.bytes.get(..usize::try_from(bytes).ok()?)?;
        Some(xxhash_rust::xxh3::xxh3_128(head))
    }

    /// What each input begins with that holds some of the lines of this one: a line, or of a document all that is here.
    pub fn beginning(&self) -> &[u8] {
        let line = match self.shape {
            Shape::Log => memchr::memchr(b'\n', &self.bytes).map(|newline| newline + 1),
            Shape::Document => None,
        };
        &self.bytes[..line.unwrap_or(self.bytes.len())]
    }

    /// How many bytes an input is known by, and their hash.
    pub fn print(&self) -> (u64, u128) {
        let head = &self.bytes[..self.telling];
        (head.len() as u64, xxhash_rust::xxh3::xxh3_128(head))
    }
}

/// Reads up to the last of some places, given in the order of their offsets. Gives a follower at each that the input has:
/// where its bytes up to there have the hash, and no line goes on.
pub fn follow(reader: &mut impl BufRead, places: &[Position]) -> Vec<PositionTracker> {
    let mut follower = PositionTracker::new();
    let mut found = Vec::new();
    for place in places {
        while follower.offset < place.offset {
            let Ok(bytes) = reader.fill_buf() else {
                // As far as it can be read, it is shorter than it was.
                return found;
            };
            if bytes.is_empty() {
                return found;
            }
            let wanted = usize::try_from(place.offset - follower.offset).unwrap_or(usize::MAX);
            let taken = wanted.min(bytes.len());
            follower.hash.update(&bytes[..taken]);
            follower.offset += taken as u64;
            reader.consume(taken);
        }
        (follower.line, follower.open) = (place.line, place.open);
        let mut is_whole = || matches!(reader.fill_buf(), Ok([] | [b'\n', ..]));
        if follower.position() == *place && (!place.open || is_whole()) {
            found.push(follower.clone());
        }
    }
    found
}

/// Reads all of a document. Gives the place behind it, where it is one line.
pub fn follow_document(reader: &mut impl BufRead) -> io::Result<PositionTracker> {
    let mut follower = PositionTracker::new();
    loop {
        let bytes = reader.fill_buf()?;
        if bytes.is_empty() {
            follower.line = u64::from(follower.offset > 0);
            return Ok(follower);
        }
        let taken = bytes.len();
        follower.hash.update(bytes);
        follower.offset += taken as u64;
        reader.consume(taken);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn place(text: &str) -> Position {
        Position {
            line: text.matches('\n').count() as u64,
            offset: text.len() as u64,
            hash: xxhash_rust::xxh3::xxh3_128(text.as_bytes()),
            open: !text.is_empty() && !text.ends_with('\n'),
        }
    }

    fn found(text: &str, places: &[Position]) -> Vec<Position> {
        let found = follow(&mut text.as_bytes(), places);
        found.iter().map(PositionTracker::position).collect()
    }

    #[test]
    fn places_are_those_of_the_same_bytes() {
        let places = ["", "one\n", "one\ntwX\n", "one\ntwo\n", "one\ntwo\nthree\n"].map(place);
        assert_eq!(
            found("one\ntwo\nth", &places),
            [places[0], places[1], places[3]]
        );
    }

    #[test]
    fn a_place_behind_a_line_that_goes_on_is_none() {
        let places = ["one\n", "one\ntw"].map(place);
        assert_eq!(found("one\ntwo\n", &places), places[..1]);
        assert_eq!(found("one\ntw", &places), places);
        assert_eq!(found("one\ntw\n", &places), places);
    }

    #[test]
    fn a_head_may_be_shorter_than_others() {
        let head = Head::read(&mut &b"abc"[..], Shape::Document).unwrap();
        let hash = xxhash_rust::xxh3::xxh3_128;
        let hashes = [0, 2, 3, 4].map(|bytes| head.hash(bytes));
        assert_eq!(
            hashes[..3],
            [hash(b""), hash(b"ab"), hash(b"abc")].map(Some)
        );
        assert_eq!(hashes[3], None);
    }

    #[test]
    fn a_log_is_not_known_by_a_line_that_is_still_being_written() {
        let head = Head::read(&mut &b"a line\nhal"[..], Shape::Log).unwrap();
        assert_eq!(head.print(), (7, xxhash_rust::xxh3::xxh3_128(b"a line\n")));
    }
}
