//! Buffers that are used again and again: zeroing new memory and having it paged in costs more than reading into it.

use std::ops::Deref;
use std::sync::{Arc, Mutex, PoisonError};

use super::BATCH_BYTES;

/// Larger buffers, which few lines need, are not kept.
const KEPT_BYTES: usize = 2 * BATCH_BYTES;

/// The buffers of an input that are not in use.
#[derive(Clone, Debug, Default)]
pub(super) struct Buffers(Arc<Mutex<Vec<Vec<u8>>>>);

/// Text in a buffer, which goes back to the others when the text is dropped.
#[derive(Debug)]
pub struct Text {
    /// Longer than the text, and filled with whatever was there before.
    buffer: Vec<u8>,
    length: usize,
    buffers: Buffers,
}

impl Buffers {
    /// A text that is empty yet.
    pub(super) fn text(&self) -> Text {
        let buffer = self.with(Vec::pop);
        Text {
            buffer: buffer.unwrap_or_default(),
            length: 0,
            buffers: self.clone(),
        }
    }

    fn with<T>(&self, act: impl FnOnce(&mut Vec<Vec<u8>>) -> T) -> T {
        act(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Text {
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
        let mut rest = self.buffers.text();
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
            buffer: text,
            buffers: Buffers::default(),
        }
    }
}

impl Deref for Text {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        &self.buffer[..self.length]
    }
}

impl Drop for Text {
    fn drop(&mut self) {
        let buffer = std::mem::take(&mut self.buffer);
        if (1..=KEPT_BYTES).contains(&buffer.len()) {
            self.buffers.with(|buffers| buffers.push(buffer));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_buffer_is_used_again_and_shows_nothing_of_what_it_held() {
        let buffers = Buffers::default();
        let mut text = buffers.text();
        text.room(8).copy_from_slice(b"one\ntwo\n");
        text.take_in(7);
        let rest = text.split_off(4);
        assert_eq!((&*text, &*rest), (&b"one\n"[..], &b"two"[..]));
        drop((text, rest));
        let mut again = buffers.text();
        assert!(again.is_empty() && !again.buffer.is_empty());
        again.room(2)[0] = b'x';
        again.take_in(1);
        assert_eq!(&*again, b"x");
    }

    #[test]
    fn a_large_buffer_is_not_kept() {
        let buffers = Buffers::default();
        drop({
            let mut text = buffers.text();
            text.room(KEPT_BYTES + 1);
            text
        });
        assert!(buffers.text().buffer.is_empty());
    }
}
