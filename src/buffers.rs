//! A pool of buffers for reuse. The operating system zeroes and maps each page of new memory, and that takes longer
//! than filling a buffer with text.

use std::ops::{Deref, DerefMut};
use std::sync::{Arc, Mutex, PoisonError};

/// The largest capacity of a buffer that returns to the pool. Few batches of lines need a larger buffer, and the pool
/// should not keep their memory.
const KEPT_BYTES: usize = 4 << 20;

/// A pool of buffers. All clones share the same buffers.
#[derive(Clone, Debug, Default)]
pub struct Buffers(Arc<Mutex<Vec<Vec<u8>>>>);

/// A buffer, which returns to its pool when it is dropped.
#[derive(Debug, Default)]
pub struct Buffer {
    bytes: Vec<u8>,
    /// The pool, unless the buffer was created without one.
    pool: Option<Buffers>,
}

impl Buffers {
    /// Returns an empty buffer.
    pub fn empty(&self) -> Buffer {
        let mut buffer = self.filled();
        buffer.clear();
        buffer
    }

    /// Returns a buffer that may still hold the bytes of its last use. A caller that overwrites the bytes anyway saves
    /// the time to zero them.
    pub fn filled(&self) -> Buffer {
        let bytes = self.with(Vec::pop).unwrap_or_default();
        let pool = Some(self.clone());
        Buffer { bytes, pool }
    }

    fn with<T>(&self, act: impl FnOnce(&mut Vec<Vec<u8>>) -> T) -> T {
        act(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Buffer {
    /// Moves the bytes from index `at` to the end into another buffer of the same pool, and returns that buffer.
    pub fn split_off(&mut self, at: usize) -> Self {
        let mut rest = self.pool.as_ref().map(Buffers::empty).unwrap_or_default();
        rest.extend_from_slice(&self[at..]);
        self.truncate(at);
        rest
    }
}

/// Creates a buffer without a pool.
impl From<Vec<u8>> for Buffer {
    fn from(bytes: Vec<u8>) -> Self {
        Self { bytes, pool: None }
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
        if let Some(pool) = &self.pool
            && (1..=KEPT_BYTES).contains(&bytes.capacity())
        {
            pool.with(|buffers| buffers.push(bytes));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn buffers_are_reused_unless_they_are_large() {
        let buffers = Buffers::default();
        let mut first = buffers.empty();
        first.extend(b"something");
        let rest = first.split_off(4);
        assert_eq!((&**first, &**rest), (&b"some"[..], &b"thing"[..]));
        drop((first, rest));
        let [mut large, small, new] = [(); 3].map(|()| buffers.empty());
        assert!(large.is_empty() && large.capacity() > 0);
        assert!(small.is_empty() && small.capacity() > 0);
        assert_eq!(new.capacity(), 0);
        large.reserve(KEPT_BYTES + 1);
        drop(large);
        assert_eq!(buffers.empty().capacity(), 0);
    }
}
