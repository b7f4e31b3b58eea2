//! Counts the bytes read, as stored, for progress and reports.

use std::io::{self, Read};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// The number of stored bytes that were read, from all inputs and from one of them.
#[derive(Clone, Debug, Default)]
pub struct BytesRead {
    total: Arc<AtomicU64>,
    of_input: Arc<AtomicU64>,
}

impl BytesRead {
    /// Returns a counter for another input, with the same total.
    pub fn for_input(&self) -> Self {
        Self {
            total: Arc::clone(&self.total),
            of_input: Arc::default(),
        }
    }

    /// Returns the number of bytes read from all inputs.
    pub fn total(&self) -> u64 {
        self.total.load(Ordering::Relaxed)
    }

    /// Returns the number of bytes read from this input.
    pub fn of_input(&self) -> u64 {
        self.of_input.load(Ordering::Relaxed)
    }

    fn add(&self, bytes: u64) {
        self.total.fetch_add(bytes, Ordering::Relaxed);
        self.of_input.fetch_add(bytes, Ordering::Relaxed);
    }
}

/// Counts the bytes of a reader, and fails if a file ends before the size that it had when it was opened.
pub struct CountedReader<R> {
    pub reader: R,
    pub bytes_read: BytesRead,
    /// The number of bytes read from this reader.
    pub read: u64,
    /// The size of the file, or 0 if the input is not a file.
    pub size: u64,
}

impl<R: Read> Read for CountedReader<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.reader.read(buffer)?;
        if read == 0 && !buffer.is_empty() && self.read < self.size {
            // A log rotated by `copytruncate`: the rest of its lines is lost to this run.
            let message = format!(
                "the file shrank while it was read: {} of its {} bytes were left",
                self.read, self.size
            );
            return Err(io::Error::new(io::ErrorKind::UnexpectedEof, message));
        }
        self.read += read as u64;
        self.bytes_read.add(read as u64);
        Ok(read)
    }
}
