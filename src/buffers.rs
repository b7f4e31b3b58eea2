//! Buffers that are used again and again: having new memory paged in and zeroed costs more than filling it.

use std::ops::{Deref, DerefMut};
use std::sync::{Arc, Mutex, PoisonError};

/// Larger buffers, which few batches need, are not kept.
const KEPT_BYTES: usize = 4 << 20;

/// Those that are not in use.
#[derive(Clone, Debug, Default)]
pub struct Buffers(Arc<Mutex<Vec<Vec<u8>>>>);

/// A buffer, which goes back to the others when it is dropped.
#[derive(Debug, Default)]
pub struct Buffer {
    bytes: Vec<u8>,
    /// Those that it goes back to, if it does.
    others: Option<Buffers>,
}

impl Buffers {
    /// An empty buffer.
    pub fn empty(&self) -> Buffer {
        let mut buffer = self.filled();
        buffer.clear();
        buffer
    }

    /// A buffer with whatever is in it.
    pub fn filled(&self) -> Buffer {
        let bytes = self.with(Vec::pop);
        Buffer {
            bytes: bytes.unwrap_or_default(),
            others: Some(self.clone()),
        }
    }

    fn with<T>(&self, act: impl FnOnce(&mut Vec<Vec<u8>>) -> T) -> T {
        act(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Buffer {
    /// Another one, with whatever is in it.
    pub fn another(&self) -> Self {
        self.others
            .as_ref()
            .map(Buffers::filled)
            .unwrap_or_default()
    }
}

/// A buffer that goes nowhere.
impl From<Vec<u8>> for Buffer {
    fn from(bytes: Vec<u8>) -> Self {
        Self {
            bytes,
            others: None,
        }
    }
}

impl Deref for Buffer {
    type Target = Vec<u8>;

    fn deref(&self) -> &Vec<u8> {
        &self.bytes
    }
}

impl DerefMut for Buffer {
    fn deref_mut(&mut self) -> &mut Vec<u8> {
        &mut self.bytes
    }
}

impl Drop for Buffer {
    fn drop(&mut self) {
        let bytes = std::mem::take(&mut self.bytes);
        if let Some(others) = &self.others
            && (1..=KEPT_BYTES).contains(&bytes.capacity())
        {
            others.with(|others| others.push(bytes));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_buffer_is_used_again_unless_it_is_large() {
        let buffers = Buffers::default();
        buffers.empty().extend(b"something");
        let again = buffers.filled();
        assert_eq!(**again, *b"something");
        assert!(buffers.filled().is_empty());
        drop(again);
        assert!(buffers.empty().is_empty());
        drop({
            let mut large = buffers.empty();
            large.reserve(KEPT_BYTES + 1);
            large
        });
        assert_eq!(buffers.filled().capacity(), 0);
    }
}
