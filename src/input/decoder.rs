//! The decoder of a member of a compressed file.

use std::io::{self, BufRead, Read};

use flate2::bufread::GzDecoder;

#[cfg(feature = "zstd")]
use super::zstd_frame::ZstdFrame;
use crate::compression::Compression;

/// Decompresses a member of a file, and is then at its end.
pub enum Decoder<R> {
    Gzip(Box<GzDecoder<R>>),
    #[cfg(feature = "zstd")]
    Zstd(ZstdFrame<R>),
}

impl<R: BufRead> Decoder<R> {
    /// Returns a decoder of the member that begins with the next byte.
    ///
    /// # Errors
    /// Returns an error if this build does not read the compression, or there is not enough memory.
    pub fn new(compressed: R, compression: Compression) -> io::Result<Self> {
        match compression {
            Compression::Gzip => Ok(Self::Gzip(Box::new(GzDecoder::new(compressed)))),
            #[cfg(feature = "zstd")]
            Compression::Zstd => ZstdFrame::new(compressed).map(Self::Zstd),
            #[cfg(not(feature = "zstd"))]
            Compression::Zstd => Err(io::ErrorKind::Unsupported.into()),
        }
    }

    /// Returns a decoder of the next member, which begins where the present member has ended.
    pub fn next_member(self) -> Self {
        match self {
            Self::Gzip(decoder) => Self::Gzip(Box::new(GzDecoder::new(decoder.into_inner()))),
            #[cfg(feature = "zstd")]
            Self::Zstd(decoder) => Self::Zstd(decoder.next_frame()),
        }
    }

    /// Returns the reader of the compressed bytes.
    pub fn compressed(&mut self) -> &mut R {
        match self {
            Self::Gzip(decoder) => decoder.get_mut(),
            #[cfg(feature = "zstd")]
            Self::Zstd(decoder) => &mut decoder.compressed,
        }
    }
}

impl<R: BufRead> Read for Decoder<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        match self {
            Self::Gzip(decoder) => decoder.read(buffer),
            #[cfg(feature = "zstd")]
            Self::Zstd(decoder) => decoder.read(buffer),
        }
    }
}
