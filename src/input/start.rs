//! The first bytes of an input, or of a part of it.

use std::io::{self, Read};

use super::foreign::{EXAMINED_BYTES, Foreign};

/// The first bytes of a reader.
pub struct ReadStart {
    pub bytes: Vec<u8>,
    /// The error that ended the bytes.
    pub error: Option<io::Error>,
    /// Whether the reader has no more bytes.
    pub is_at_end: bool,
}

impl ReadStart {
    /// Reads the first bytes, up to [`EXAMINED_BYTES`]. Stops after a newline, since a pipe may have no more bytes yet,
    /// unless the bytes look like another kind of file.
    pub fn of(reader: &mut impl Read, recognize: impl Fn(&[u8]) -> Option<Foreign>) -> Self {
        /// The number of bytes that are read even if one of them is a newline. A mark may contain a newline.
        const LEAST_BYTES: usize = 16;

        let mut start = Self {
            bytes: vec![0; EXAMINED_BYTES],
            error: None,
            is_at_end: false,
        };
        let mut length = 0;
        while start.error.is_none() && !start.is_at_end && length < EXAMINED_BYTES {
            let read = &start.bytes[..length];
            if length >= LEAST_BYTES && read.contains(&b'\n') && recognize(read).is_none() {
                break;
            }
            match reader.read(&mut start.bytes[length..]) {
                Ok(0) => start.is_at_end = true,
                Ok(read) => length += read,
                Err(failed) if failed.kind() == io::ErrorKind::Interrupted => {}
                Err(failed) => start.error = Some(failed),
            }
        }
        start.bytes.truncate(length);
        start
    }
}
