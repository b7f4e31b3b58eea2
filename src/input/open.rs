//! Opening an input. Gzip is recognized by its first bytes, not by the file name.

use std::fs::File;
use std::io::{self, BufReader, Read, Seek};

use super::bytes_read::{BytesRead, CountedReader};
use super::gzip::GzipMembers;
use super::position::PositionTracker;
use super::source::{Origin, Source};

/// The number of compressed bytes that are read at once. Reads of this size take little time compared with
/// decompression.
const BUFFER_BYTES: usize = 1 << 17;

/// An open input.
pub struct Opened {
    /// Reads the decompressed input.
    pub reader: Box<dyn Read + Send>,
    /// Whether the input is a file that is not compressed, so lines may still be appended to it.
    pub may_grow: bool,
    /// The position at which `reader` starts. `None` if the positions of lines are not needed.
    pub start: Option<PositionTracker>,
    file: Option<File>,
}

/// Opens an input, and decompresses it if it is gzipped.
///
/// # Errors
/// Returns an error if the file cannot be opened or its first bytes cannot be read, and if the input is a directory, a
/// tar archive or compressed in another way than gzip.
pub fn open(source: &Source, bytes_read: &BytesRead) -> io::Result<Opened> {
    match &source.origin {
        Origin::Stdin => opened(None, bytes_read),
        Origin::File(path) => opened(Some(File::open(path)?), bytes_read),
    }
}

impl Opened {
    /// Opens the same file again at its first byte, even if its path now names another file.
    ///
    /// # Errors
    /// Returns an error if the input is not a file or cannot be read.
    pub fn rewind(self, bytes_read: &BytesRead) -> io::Result<Self> {
        let mut file = self.file.ok_or(io::ErrorKind::NotSeekable)?;
        file.rewind()?;
        opened(Some(file), bytes_read)
    }
}

fn opened(file: Option<File>, bytes_read: &BytesRead) -> io::Result<Opened> {
    let mut may_be_tar = false;
    let (mut raw, size): (Box<dyn Read + Send>, u64) = match &file {
        None => (Box::new(io::stdin()), 0),
        Some(file) => {
            let metadata = file.metadata()?;
            if metadata.is_dir() {
                return Err(io::ErrorKind::IsADirectory.into());
            }
            // Pipes are not checked for an archive: waiting for enough bytes would delay the first lines of a pipe.
            may_be_tar = metadata.is_file();
            (Box::new(file.try_clone()?), metadata.len())
        }
    };
    let mut magic = Vec::with_capacity(LONGEST_MAGIC);
    let longest = LONGEST_MAGIC as u64;
    raw.by_ref().take(longest).read_to_end(&mut magic)?;
    let mut unsupported = UNSUPPORTED_COMPRESSIONS.iter();
    if let Some((_, name)) = unsupported.find(|(other, _)| magic.starts_with(other)) {
        let message = format!("it is compressed with {name}; decompress it first, or pipe it in");
        return Err(io::Error::new(io::ErrorKind::Unsupported, message));
    }
    let is_gzip = magic.starts_with(&GZIP_MAGIC);
    let whole = io::Cursor::new(magic).chain(raw);
    let mut reader: Box<dyn Read + Send> = if is_gzip {
        let buffered = BufReader::with_capacity(BUFFER_BYTES, whole);
        let counted = CountedReader::new(buffered, bytes_read, size);
        Box::new(GzipMembers::new(counted))
    } else {
        Box::new(CountedReader::new(whole, bytes_read, size))
    };
    if may_be_tar {
        reader = reject_tar(reader)?;
    }
    Ok(Opened {
        reader,
        may_grow: !is_gzip && file.is_some(),
        start: None,
        file,
    })
}

/// Returns a reader of the same bytes, or an error if they are a tar archive.
fn reject_tar(mut reader: Box<dyn Read + Send>) -> io::Result<Box<dyn Read + Send>> {
    /// The bytes that mark POSIX and GNU archives, in the header of the first file.
    const MAGIC: &[u8] = b"ustar";
    const MAGIC_OFFSET: usize = 257;

    let mut start = Vec::new();
    let end = (MAGIC_OFFSET + MAGIC.len()) as u64;
    let read = reader.by_ref().take(end).read_to_end(&mut start);
    if start.get(MAGIC_OFFSET..) == Some(MAGIC) {
        let message = "it is a tar archive; unpack it, or pipe in the output of `tar -xOf`";
        return Err(io::Error::new(io::ErrorKind::Unsupported, message));
    }
    let start = io::Cursor::new(start);
    Ok(match read {
        Ok(_) => Box::new(start.chain(reader)),
        // The lines before the error are read first, then the reader fails with the error.
        Err(error) => Box::new(start.chain(FailingReader(Some(error)))),
    })
}

/// A reader that fails once with the error, and is then at its end.
struct FailingReader(Option<io::Error>);

impl Read for FailingReader {
    fn read(&mut self, _: &mut [u8]) -> io::Result<usize> {
        self.0.take().map_or(Ok(0), Err)
    }
}

const GZIP_MAGIC: [u8; 2] = [0x1f, 0x8b];

/// The first bytes and the names of compressions that are not supported. They are recognized so that a compressed file
/// is reported once. Otherwise each of its lines would be reported as invalid UTF-8.
const UNSUPPORTED_COMPRESSIONS: [(&[u8], &str); 4] = [
    (b"BZh", "bzip2"),
    (b"\xfd7zXZ\0", "xz"),
    (b"\x28\xb5\x2f\xfd", "zstd"),
    (b"PK\x03\x04", "zip"),
];

const LONGEST_MAGIC: usize = 6;

/// Returns whether the next bytes of a reader are the start of a gzip file.
///
/// # Errors
/// Returns an error if the reader fails.
pub fn is_gzip(reader: &mut impl io::BufRead) -> io::Result<bool> {
    Ok(reader.fill_buf()?.starts_with(&GZIP_MAGIC))
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;

    use super::*;
    use crate::input::Shape;

    #[test]
    fn rewinding_reads_the_opened_file_again_after_its_rotation() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("tracking.log");
        std::fs::write(&path, "the log that was opened\n").unwrap();
        let source = Source {
            name: String::new(),
            relative: PathBuf::new(),
            shape: Shape::Log,
            size: None,
            origin: Origin::File(path.clone()),
        };
        let bytes_read = BytesRead::default();
        let mut opened = open(&source, &bytes_read).unwrap();
        io::copy(&mut opened.reader, &mut io::sink()).unwrap();
        std::fs::rename(&path, directory.path().join("tracking.log-1")).unwrap();
        std::fs::write(&path, "a new one\n").unwrap();
        let mut text = String::new();
        let mut again = opened.rewind(&bytes_read).unwrap();
        again.reader.read_to_string(&mut text).unwrap();
        assert_eq!(text, "the log that was opened\n");
    }
}
