//! How the reading of an input has ended.

use std::io;

use super::held_back::HeldBack;
use crate::compression::Compression;

/// The result of reading an input, returned after its last batch.
#[derive(Debug)]
pub struct ReadEnd {
    /// An error if the input could not be read to its end.
    pub result: io::Result<()>,
    /// The number of bytes at the end that are left to a later run, or 0: those of a last line without a newline, or of a last
    /// event that is not complete.
    pub held_back: u64,
    /// Whether the bytes that are held back are a part of an event in several lines, and not a line without a newline.
    pub holds_event: bool,
    /// The reason why the rest of the input is left to a later run, although the last line is complete.
    pub rest: Option<HeldBack>,
    /// The compression of the input. The reader of batches does not know it.
    pub compression: Option<Compression>,
}

impl ReadEnd {
    /// Returns whether the whole input was read. If not, the next run must open the input again, even if the file is
    /// unchanged. The same holds for an input that has no such end, because it could not be opened or was held back as a
    /// whole.
    pub fn is_whole(&self) -> bool {
        self.result.is_ok() && self.held_back == 0 && self.rest.is_none()
    }
}
