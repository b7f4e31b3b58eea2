//! Compression of the records of a batch.

use std::io::{self, Write};

use flate2::Compression;
use flate2::write::GzEncoder;

/// Returns a gzip member that holds `text`. Readers take consecutive members of a file as one text, so each batch can be
/// compressed on a thread of its own.
///
/// # Errors
/// Returns an error if the encoder fails, which it does not do when it writes to memory.
pub fn gzip_member(text: &[u8]) -> io::Result<Vec<u8>> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(text)?;
    encoder.finish()
}
