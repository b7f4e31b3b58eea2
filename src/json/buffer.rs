//! The end of an output buffer, to which JSON text is appended.

use super::plain::{copy_plain, plain_length};

/// The number of spare bytes that the buffer gets whenever it grows. This is about the length of one statement, so the
/// buffer seldom grows more than once for a statement.
const GROWTH: usize = 1536;

/// The end of an output buffer.
pub(crate) struct JsonBuffer<'o> {
    /// The text, followed by spare bytes, which are removed on drop. With spare bytes, appending is a copy to a slice,
    /// without a call that grows the vector.
    out: &'o mut Vec<u8>,
    /// The length of the text.
    at: usize,
}

impl<'o> JsonBuffer<'o> {
    pub(crate) fn at_end_of(out: &'o mut Vec<u8>) -> Self {
        Self { at: out.len(), out }
    }

    /// The length of the text, including the text that the buffer held at the start.
    #[inline]
    pub(crate) fn length(&self) -> usize {
        self.at
    }

    /// Whether the text has this byte at a position.
    #[inline]
    pub(crate) fn has_at(&self, position: usize, byte: u8) -> bool {
        self.out[..self.at].get(position) == Some(&byte)
    }

    #[inline]
    pub(crate) fn byte(&mut self, byte: u8) {
        self.space(1)[0] = byte;
        self.at += 1;
    }

    pub(crate) fn bytes(&mut self, bytes: &[u8]) {
        self.space(bytes.len())[..bytes.len()].copy_from_slice(bytes);
        self.at += bytes.len();
    }

    /// Appends a comma unless the key is the first, then a key without characters to escape, and a colon. This takes
    /// only a few instructions if the key is a constant to the compiler.
    #[inline(always)]
    pub(crate) fn plain_key(&mut self, key: &'static str, is_first: bool) {
        debug_assert_eq!(plain_length(key.as_bytes()), key.len());
        let space = self.space(key.len() + 4);
        // For the first key, the quote below overwrites this comma.
        space[0] = b',';
        let start = usize::from(!is_first);
        let space = &mut space[start..start + key.len() + 3];
        space[0] = b'"';
        space[1..1 + key.len()].copy_from_slice(key.as_bytes());
        space[1 + key.len()..].copy_from_slice(b"\":");
        self.at += start + key.len() + 3;
    }

    /// Appends a string without characters to escape.
    #[inline]
    pub(crate) fn plain_string(&mut self, word: &'static str) {
        debug_assert_eq!(plain_length(word.as_bytes()), word.len());
        let space = &mut self.space(word.len() + 2)[..word.len() + 2];
        space[0] = b'"';
        space[1..=word.len()].copy_from_slice(word.as_bytes());
        space[word.len() + 1] = b'"';
        self.at += word.len() + 2;
    }

    /// Appends a text as a JSON string.
    pub(crate) fn string(&mut self, text: &str) {
        let space = self.space(text.len() + 2);
        space[0] = b'"';
        let plain = copy_plain(text.as_bytes(), &mut space[1..]);
        if plain < text.len() {
            self.at += 1 + plain;
            self.escaped(&text.as_bytes()[plain..]);
        } else {
            space[1 + plain] = b'"';
            self.at += plain + 2;
        }
    }

    /// Appends the rest of a string. Its first byte must be escaped.
    fn escaped(&mut self, mut bytes: &[u8]) {
        while let [byte, rest @ ..] = bytes {
            self.escape(*byte);
            let plain = copy_plain(rest, self.space(rest.len()));
            self.at += plain;
            bytes = &rest[plain..];
        }
        self.byte(b'"');
    }

    fn escape(&mut self, byte: u8) {
        let short = match byte {
            b'"' | b'\\' => byte,
            b'\n' => b'n',
            b'\r' => b'r',
            b'\t' => b't',
            0x08 => b'b',
            0x0c => b'f',
            _ => {
                self.bytes(format!("\\u{byte:04x}").as_bytes());
                return;
            }
        };
        self.bytes(&[b'\\', short]);
    }

    /// The spare bytes of the buffer, at least `length` of them.
    #[inline]
    fn space(&mut self, length: usize) -> &mut [u8] {
        if self.out.len() - self.at < length {
            self.grow(length);
        }
        &mut self.out[self.at..]
    }

    #[cold]
    fn grow(&mut self, length: usize) {
        self.out.resize(self.at + length + GROWTH, 0);
    }
}

impl Drop for JsonBuffer<'_> {
    fn drop(&mut self) {
        self.out.truncate(self.at);
    }
}
