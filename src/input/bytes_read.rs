//! Counting the bytes read, before decompression, for the progress bar and reports.

use std::io::{self, BufRead, Read};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// Two counters of the bytes that were read, before decompression: from all inputs, and from one input. A third counts the
/// bytes of all inputs after decompression.
#[derive(Clone, Debug, Default)]
pub struct BytesRead {
    total: Arc<AtomicU64>,
    of_input: Arc<AtomicU64>,
    unpacked: Arc<AtomicU64>,
}

impl BytesRead {
    /// Returns counters for another input, which share the counter of all inputs.
    pub fn for_input(&self) -> Self {
        Self {
            total: Arc::clone(&self.total),
            of_input: Arc::default(),
            unpacked: Arc::clone(&self.unpacked),
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

    /// Returns the number of bytes of all inputs after decompression.
    pub fn unpacked(&self) -> u64 {
        self.unpacked.load(Ordering::Relaxed)
    }

    /// Counts bytes after decompression.
    pub fn add_unpacked(&self, bytes: u64) {
        self.unpacked.fetch_add(bytes, Ordering::Relaxed);
    }

    /// Takes back the bytes of this input, which is read again from its start.
    pub fn restart(&self) {
        let bytes = self.of_input.swap(0, Ordering::Relaxed);
        self.total.fetch_sub(bytes, Ordering::Relaxed);
    }

    fn add(&self, bytes: u64) {
        self.total.fetch_add(bytes, Ordering::Relaxed);
        self.of_input.fetch_add(bytes, Ordering::Relaxed);
    }
}

/// Counts the bytes that are taken from a reader, and fails if a file ends before the size that it had when it was
/// opened.
pub struct CountedReader<R> {
    reader: R,
    bytes_read: BytesRead,
    /// The number of bytes taken from this reader so far.
    taken: u64,
    /// The size of the file, or 0 if the input is not a file.
    size: u64,
}

impl<R> CountedReader<R> {
    pub fn new(reader: R, bytes_read: &BytesRead, size: u64) -> Self {
        Self {
            reader,
            bytes_read: bytes_read.clone(),
            taken: 0,
            size,
        }
    }

    fn count(&mut self, bytes: usize) {
        self.taken += bytes as u64;
        self.bytes_read.add(bytes as u64);
    }

    /// Checks that the reader, which is at its end, has returned the whole file.
    fn check_end(&self) -> io::Result<()> {
        if self.taken >= self.size {
            return Ok(());
        }
        // The file was truncated, for example by logrotate's `copytruncate`. This run can no longer read the rest of
        // its lines.
        let message = format!(
            "the file shrank while it was read: it ended after {} of {} bytes, so lines are lost; if there is a copy of the file, read the copy",
            self.taken, self.size
        );
        Err(io::Error::new(io::ErrorKind::UnexpectedEof, message))
    }
}

impl<R: Read> Read for CountedReader<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.reader.read(buffer)?;
        if read == 0 && !buffer.is_empty() {
            self.check_end()?;
        }
        self.count(read);
        Ok(read)
    }
}

/// Does not count the bytes that are only buffered.
impl<R: BufRead> BufRead for CountedReader<R> {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        if self.reader.fill_buf()?.is_empty() {
            self.check_end()?;
        }
        self.reader.fill_buf()
    }

    fn consume(&mut self, bytes: usize) {
        self.count(bytes);
        self.reader.consume(bytes);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_that_are_read_again_count_once() {
        let all = BytesRead::default();
        let (one, other) = (all.for_input(), all.for_input());
        other.add(5);
        one.add(7);
        one.restart();
        one.add(9);
        assert_eq!([one.of_input(), other.of_input(), all.total()], [9, 5, 14]);
    }
}
