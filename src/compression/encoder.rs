//! The writer of compressed files.

use std::io::{self, Write};

use flate2::write::GzEncoder;

use super::Compression;

/// Compresses a text into a member of a zstd file. This takes half the time of [`Encoder`], which does not know the size of
/// the text.
///
/// # Errors
/// Returns an error if this build has no zstd.
#[cfg(feature = "zstd")]
pub fn zstd_frame(text: &[u8]) -> io::Result<Vec<u8>> {
    let mut compressor = zstd::bulk::Compressor::new(zstd::DEFAULT_COMPRESSION_LEVEL)?;
    compressor.set_parameter(zstd::zstd_safe::CParameter::ChecksumFlag(true))?;
    compressor.compress(text)
}

#[cfg(not(feature = "zstd"))]
pub fn zstd_frame(_: &[u8]) -> io::Result<Vec<u8>> {
    Err(unavailable())
}

#[cfg(not(feature = "zstd"))]
fn unavailable() -> io::Error {
    let message = Compression::Zstd.check().err();
    let message = message.map_or_else(String::new, |error| error.to_string());
    io::Error::new(io::ErrorKind::Unsupported, message)
}

/// Compresses what is written to it, or passes it on as it is.
pub enum Encoder<W: Write> {
    Plain(W),
    Gzip(Box<GzEncoder<W>>),
    #[cfg(feature = "zstd")]
    Zstd(Box<zstd::Encoder<'static, W>>),
}

impl<W: Write> Encoder<W> {
    /// Starts a file that is compressed in this way, if at all.
    ///
    /// # Errors
    /// Returns an error if this build has no such compression.
    pub fn new(writer: W, compression: Option<Compression>) -> io::Result<Self> {
        match compression {
            None => Ok(Self::Plain(writer)),
            Some(Compression::Gzip) => {
                let level = flate2::Compression::default();
                Ok(Self::Gzip(Box::new(GzEncoder::new(writer, level))))
            }
            #[cfg(feature = "zstd")]
            Some(Compression::Zstd) => {
                let mut encoder = zstd::Encoder::new(writer, zstd::DEFAULT_COMPRESSION_LEVEL)?;
                // Damage is found when the file is read, as in gzip.
                encoder.include_checksum(true)?;
                Ok(Self::Zstd(Box::new(encoder)))
            }
            #[cfg(not(feature = "zstd"))]
            Some(Compression::Zstd) => Err(unavailable()),
        }
    }

    /// Writes the end of the compressed data, and returns the writer.
    ///
    /// # Errors
    /// Returns an error if the writer fails.
    pub fn finish(self) -> io::Result<W> {
        match self {
            Self::Plain(writer) => Ok(writer),
            Self::Gzip(encoder) => encoder.finish(),
            #[cfg(feature = "zstd")]
            Self::Zstd(encoder) => encoder.finish(),
        }
    }
}

impl<W: Write> Write for Encoder<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match self {
            Self::Plain(writer) => writer.write(bytes),
            Self::Gzip(encoder) => encoder.write(bytes),
            #[cfg(feature = "zstd")]
            Self::Zstd(encoder) => encoder.write(bytes),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        // The file is flushed when it is complete. A flush of the encoder would make the file larger.
        Ok(())
    }
}
