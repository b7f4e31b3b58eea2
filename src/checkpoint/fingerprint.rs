//! Finding how far an input was read before, by its bytes.

use std::io::{self, Read};

use crate::input::{Follower, Position};

/// So many first bytes are enough to tell inputs apart that differ at all: logs begin with a time.
const HEAD_BYTES: usize = 4096;

/// The first bytes of an input.
pub struct Head {
    pub bytes: Vec<u8>,
}

impl Head {
    /// Reads them, fewer where there are no more.
    ///
    /// # Errors
    /// None of them can be read.
    pub fn read(reader: &mut dyn Read) -> io::Result<Self> {
        let mut bytes = Vec::with_capacity(HEAD_BYTES);
        match reader.take(HEAD_BYTES as u64).read_to_end(&mut bytes) {
            Err(error) if bytes.is_empty() => Err(error),
            // What breaks off is told when it is read.
            _ => Ok(Self { bytes }),
        }
    }

    /// The hash of so many bytes, if there are as many.
    pub fn hash(&self, bytes: u64) -> Option<u128> {
        let head = self.bytes.get(..usize::try_from(bytes).ok()?)?;
        Some(xxhash_rust::xxh3::xxh3_128(head))
    }
}

/// Reads up to the last of some places, given in the order of their offsets. Gives a follower at each that the input has:
/// where its bytes up to there have the hash.
pub fn follow(reader: &mut dyn Read, places: &[Position]) -> Vec<Follower> {
    let mut follower = Follower::new();
    let mut buffer = vec![0; 1 << 16];
    let mut found = Vec::new();
    for place in places {
        while follower.offset < place.offset {
            let wanted = (place.offset - follower.offset).min(buffer.len() as u64);
            let wanted = usize::try_from(wanted).unwrap_or(buffer.len());
            match reader.read(&mut buffer[..wanted]) {
                Ok(0) => return found,
                Ok(read) => {
                    follower.hash.update(&buffer[..read]);
                    follower.offset += read as u64;
                }
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                // As far as it can be read, it is shorter than it was.
                Err(_) => return found,
            }
        }
        follower.line = place.line;
        if follower.position() == *place {
            found.push(follower.clone());
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    fn place(text: &str) -> Position {
        Position {
            line: text.lines().count() as u64,
            offset: text.len() as u64,
            hash: xxhash_rust::xxh3::xxh3_128(text.as_bytes()),
        }
    }

    #[test]
    fn places_are_those_of_the_same_bytes() {
        let places = ["", "one\n", "one\ntwX\n", "one\ntwo\n", "one\ntwo\nthree\n"].map(place);
        let found = follow(&mut &b"one\ntwo\nth"[..], &places);
        let found: Vec<Position> = found.iter().map(Follower::position).collect();
        assert_eq!(found, [places[0], places[1], places[3]]);
    }

    #[test]
    fn a_head_may_be_shorter_than_others() {
        let head = Head::read(&mut &b"abc"[..]).unwrap();
        let hash = xxhash_rust::xxh3::xxh3_128;
        let hashes = [0, 2, 3, 4].map(|bytes| head.hash(bytes));
        assert_eq!(
            hashes[..3],
            [hash(b""), hash(b"ab"), hash(b"abc")].map(Some)
        );
        assert_eq!(hashes[3], None);
    }
}
