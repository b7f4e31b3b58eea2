//! Decompression of a frame of a zstd file.
//!
//! The reader of the crate `zstd` passes many blocks at once to the C library. If one of them is damaged, the text of the
//! blocks before is lost. Here, each call decompresses one block, so that every line before the damage is read.

use std::io::{self, BufRead, ErrorKind, Read};

use zstd::stream::raw::{Decoder, InBuffer, Operation, OutBuffer};

/// The base-2 logarithm of the largest window that a frame may need: 128 MiB, the window of `zstd --long`.
const WINDOW_LOG: u32 = 27;

/// The number of bytes of a frame from which the library can tell the size of its header.
const FIRST_BYTES: usize = 5;

/// Decompresses a frame, and is then at its end.
pub struct ZstdFrame<R> {
    pub compressed: R,
    decoder: Decoder<'static>,
    /// The number of bytes that the library wants next: the rest of a block, and the header of the block after.
    wanted: usize,
    is_at_end: bool,
}

impl<R: BufRead> ZstdFrame<R> {
    /// Returns a decoder of the frame that begins with the next byte.
    ///
    /// # Errors
    /// Returns an error if there is not enough memory.
    pub fn new(compressed: R) -> io::Result<Self> {
        let mut decoder = Decoder::new()?;
        decoder.set_parameter(zstd::zstd_safe::DParameter::WindowLogMax(WINDOW_LOG))?;
        Ok(Self {
            compressed,
            decoder,
            wanted: FIRST_BYTES,
            is_at_end: false,
        })
    }

    /// Returns a decoder of the next frame, which begins where the present frame has ended.
    pub fn next_frame(self) -> Self {
        Self {
            wanted: FIRST_BYTES,
            is_at_end: false,
            ..self
        }
    }
}

impl<R: BufRead> Read for ZstdFrame<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        while !self.is_at_end && !buffer.is_empty() {
            let bytes = self.compressed.fill_buf()?;
            let mut input = InBuffer::around(&bytes[..bytes.len().min(self.wanted)]);
            let mut output = OutBuffer::around(&mut *buffer);
            let is_cut_off = bytes.is_empty();
            let wanted = self
                .decoder
                .run(&mut input, &mut output)
                .map_err(explained)?;
            let (read, written) = (input.pos(), output.pos());
            self.compressed.consume(read);
            (self.wanted, self.is_at_end) = (wanted.max(1), wanted == 0);
            if written > 0 {
                return Ok(written);
            }
            if is_cut_off && !self.is_at_end {
                return Err(ErrorKind::UnexpectedEof.into());
            }
        }
        Ok(0)
    }
}

/// Returns an error of the library as one that says what to do about frames that are not damaged.
fn explained(error: io::Error) -> io::Error {
    let advice = match error.to_string().as_str() {
        "Frame requires too much memory for decoding" => {
            "the zstd data needs a window of more than 128 MiB; run `zstd -dc --long=31 FILE > FILE.new.log`, read FILE.new.log, and move FILE away or leave it out with `--exclude`"
        }
        "Dictionary mismatch" => {
            "the zstd data needs a dictionary; run `zstd -dc -D DICTIONARY FILE > FILE.new.log`, read FILE.new.log, and move FILE away or leave it out with `--exclude`"
        }
        _ => return io::Error::new(ErrorKind::InvalidData, error),
    };
    io::Error::new(ErrorKind::Unsupported, advice)
}
