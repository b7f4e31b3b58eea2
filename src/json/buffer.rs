//! Where JSON text grows, a string or a byte at a time.

use super::plain::{copy_plain, plain_length};

/// The room that is made at once, about as much as one statement takes.
const ROOM: usize = 1536;

/// The end of a buffer, while JSON text is put there.
pub(crate) struct JsonBuffer<'o> {
    /// Behind what is written stand zeros, until this is dropped: so writing is no more than putting bytes to a place.
    out: &'o mut Vec<u8>,
    /// Where what is written ends.
    at: usize,
}

impl<'o> JsonBuffer<'o> {
    pub(crate) fn at_end_of(out: &'o mut Vec<u8>) -> Self {
        Self { at: out.len(), out }
    }

    /// How much is in the buffer, also of what was there before.
    #[inline]
    pub(crate) fn length(&self) -> usize {
        self.at
    }

    /// Whether a byte stands at a place.
    #[inline]
    pub(crate) fn has_at(&self, place: usize, byte: u8) -> bool {
        self.out[..self.at].get(place) == Some(&byte)
    }

    #[inline]
    pub(crate) fn byte(&mut self, byte: u8) {
        self.room(1)[0] = byte;
        self.at += 1;
    }

    pub(crate) fn bytes(&mut self, bytes: &[u8]) {
        self.room(bytes.len())[..bytes.len()].copy_from_slice(bytes);
        self.at += bytes.len();
    }

    /// Puts a key in which there is nothing to escape, and the colon behind it. Where the key is known to the compiler, that
    /// is a few moves.
    #[inline(always)]
    pub(crate) fn plain_key(&mut self, key: &'static str, is_first: bool) {
        debug_assert_eq!(plain_length(key.as_bytes()), key.len());
        let room = self.room(key.len() + 4);
        // The quote takes the place of the comma where there is none.
        room[0] = b',';
        let start = usize::from(!is_first);
        let room = &mut room[start..start + key.len() + 3];
        room[0] = b'"';
        room[1..1 + key.len()].copy_from_slice(key.as_bytes());
        room[1 + key.len()..].copy_from_slice(b"\":");
        self.at += start + key.len() + 3;
    }

    /// Puts a string in which there is nothing to escape.
    #[inline]
    pub(crate) fn plain_string(&mut self, word: &'static str) {
        debug_assert_eq!(plain_length(word.as_bytes()), word.len());
        let room = &mut self.room(word.len() + 2)[..word.len() + 2];
        room[0] = b'"';
        room[1..=word.len()].copy_from_slice(word.as_bytes());
        room[word.len() + 1] = b'"';
        self.at += word.len() + 2;
    }

    /// Puts a text as a JSON string.
    pub(crate) fn string(&mut self, text: &str) {
        let room = self.room(text.len() + 2);
        room[0] = b'"';
        let plain = copy_plain(text.as_bytes(), &mut room[1..]);
        if plain < text.len() {
            self.at += 1 + plain;
            self.escaped(&text.as_bytes()[plain..]);
        } else {
            room[1 + plain] = b'"';
            self.at += plain + 2;
        }
    }

    /// Puts the rest of a string, from the first byte that must be escaped.
    fn escaped(&mut self, mut bytes: &[u8]) {
        while let [byte, rest @ ..] = bytes {
            self.escape(*byte);
            let plain = copy_plain(rest, self.room(rest.len()));
            self.at += plain;
            bytes = &rest[plain..];
        }
        self.byte(b'"');
    }

    fn escape(&mut self, byte: u8) {
        const HEX: &[u8; 16] = b"0123456789abcdef";

        let short = match byte {
            b'"' | b'\\' => byte,
            b'\n' => b'n',
            b'\r' => b'r',
            b'\t' => b't',
            0x08 => b'b',
            0x0c => b'f',
            _ => {
                let [high, low] = [byte >> 4, byte & 15].map(|digit| HEX[usize::from(digit)]);
                self.bytes(&[b'\\', b'u', b'0', b'0', high, low]);
                return;
            }
        };
        self.bytes(&[b'\\', short]);
    }

    /// The place for what comes next, which is at least so long.
    #[inline]
    fn room(&mut self, length: usize) -> &mut [u8] {
        if self.out.len() - self.at < length {
            self.make_room(length);
        }
        &mut self.out[self.at..]
    }

    #[cold]
    fn make_room(&mut self, length: usize) {
        self.out.resize(self.at + length + ROOM, 0);
    }
}

impl Drop for JsonBuffer<'_> {
    fn drop(&mut self) {
        self.out.truncate(self.at);
    }
}
