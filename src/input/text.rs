//! The text of a batch, in a reusable buffer.

use std::ops::Deref;

use crate::buffers::{Buffer, Buffers};

/// Text that was read from an input.
#[derive(Debug)]
pub struct Text {
    /// At least as long as the text. The rest holds bytes of earlier uses.
    buffer: Buffer,
    length: usize,
}

impl Text {
    /// Returns an empty text in one of the buffers.
    pub(super) fn empty(buffers: &Buffers) -> Self {
        Self::in_buffer(buffers.filled())
    }

    fn in_buffer(buffer: Buffer) -> Self {
        Self { buffer, length: 0 }
    }

    /// Returns the part of the buffer after the text, enlarged so that the text can grow to `length`.
    pub(super) fn spare(&mut self, length: usize) -> &mut [u8] {
        let length = length.max(self.length);
        if self.buffer.len() < length {
            self.buffer.resize(length, 0);
        }
        &mut self.buffer[self.length..length]
    }

    /// Appends the first `bytes` of the [spare](Self::spare) part to the text.
    pub(super) fn grow(&mut self, bytes: usize) {
        self.length = (self.length + bytes).min(self.buffer.len());
    }

    /// Splits the text, and returns the part from `at`.
    pub(super) fn split_off(&mut self, at: usize) -> Self {
        let tail = &self.buffer[at..self.length];
        let mut rest = Self::in_buffer(self.buffer.another());
        rest.spare(tail.len()).copy_from_slice(tail);
        rest.length = tail.len();
        self.length = at;
        rest
    }

    pub(super) fn truncate(&mut self, length: usize) {
        self.length = self.length.min(length);
    }
}

impl From<Vec<u8>> for Text {
    fn from(text: Vec<u8>) -> Self {
        Self {
            length: text.len(),
            buffer: text.into(),
        }
    }
}

impl Deref for Text {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        &self.buffer[..self.length]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reused_buffer_does_not_show_its_earlier_content() {
        let buffers = Buffers::default();
        let mut text = Text::empty(&buffers);
        text.spare(8).copy_from_slice(b"one\ntwo\n");
        text.grow(7);
        let rest = text.split_off(4);
        assert_eq!((&*text, &*rest), (&b"one\n"[..], &b"two"[..]));
        drop((text, rest));
        let mut again = Text::empty(&buffers);
        assert!(again.is_empty() && !again.buffer.is_empty());
        again.spare(2)[0] = b'x';
        again.grow(1);
        assert_eq!(&*again, b"x");
    }
}
