//! Text as it is read, in a buffer that is used again.

use std::ops::Deref;

use crate::buffers::{Buffer, Buffers};

/// What is read of an input.
#[derive(Debug)]
pub struct Text {
    /// Longer than the text, and filled with whatever was there before.
    buffer: Buffer,
    length: usize,
}

impl Text {
    /// A text that is empty yet.
    pub(super) fn empty(buffers: &Buffers) -> Self {
        Self::over(buffers.filled())
    }

    fn over(buffer: Buffer) -> Self {
        Self { buffer, length: 0 }
    }

    /// The room behind the text, up to a length that it may get.
    pub(super) fn room(&mut self, length: usize) -> &mut [u8] {
        let length = length.max(self.length);
        if self.buffer.len() < length {
            self.buffer.resize(length, 0);
        }
        &mut self.buffer[self.length..length]
    }

    /// Takes what was put at the start of the room into the text.
    pub(super) fn take_in(&mut self, bytes: usize) {
        self.length = (self.length + bytes).min(self.buffer.len());
    }

    /// Cuts the text, and gives what is cut off.
    pub(super) fn split_off(&mut self, at: usize) -> Self {
        let cut = &self.buffer[at..self.length];
        let mut rest = Self::over(self.buffer.another());
        rest.room(cut.len()).copy_from_slice(cut);
        rest.length = cut.len();
        self.length = at;
        rest
    }

    /// Cuts the text.
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
    fn a_buffer_is_used_again_and_shows_nothing_of_what_it_held() {
        let buffers = Buffers::default();
        let mut text = Text::empty(&buffers);
        text.room(8).copy_from_slice(b"one\ntwo\n");
        text.take_in(7);
        let rest = text.split_off(4);
        assert_eq!((&*text, &*rest), (&b"one\n"[..], &b"two"[..]));
        drop((text, rest));
        let mut again = Text::empty(&buffers);
        assert!(again.is_empty() && !again.buffer.is_empty());
        again.room(2)[0] = b'x';
        again.take_in(1);
        assert_eq!(&*again, b"x");
    }
}
