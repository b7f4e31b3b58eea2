//! Opening an input. Gzip is told by its magic bytes, never by a name.

use std::fs::File;
use std::io::{self, BufReader, Read, Seek};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use super::gzip::GzipMembers;
use super::{Follower, Origin, Source};

/// Counts bytes that are read, as stored: what progress is measured by.
#[derive(Clone, Debug, Default)]
pub struct BytesRead {
    in_all: Arc<AtomicU64>,
    here: Arc<AtomicU64>,
}

impl BytesRead {
    /// The same for one of the inputs.
    pub fn of_input(&self) -> Self {
        Self {
            in_all: Arc::clone(&self.in_all),
            here: Arc::default(),
        }
    }

    /// From all inputs.
    pub fn in_all(&self) -> u64 {
        self.in_all.load(Ordering::Relaxed)
    }

    /// From this input.
    pub fn here(&self) -> u64 {
        self.here.load(Ordering::Relaxed)
    }

    fn add(&self, bytes: u64) {
        self.in_all.fetch_add(bytes, Ordering::Relaxed);
        self.here.fetch_add(bytes, Ordering::Relaxed);
    }
}

/// Large enough that reads are rare beside inflating what they bring.
const BUFFER_BYTES: usize = 1 << 17;

/// An input that is open.
pub struct Opened {
    /// Gives it unpacked.
    pub reader: Box<dyn Read + Send>,
    /// Whether it may be a log that is still written to.
    pub may_grow: bool,
    /// Where the reader is, when its places are to be known.
    pub start: Option<Follower>,
    file: Option<File>,
}

/// Opens an input, unpacked.
///
/// # Errors
/// The file cannot be opened, or not a byte of it be read.
pub fn open(source: &Source, bytes_read: &BytesRead) -> io::Result<Opened> {
    match &source.origin {
        Origin::Stdin => opened(None, bytes_read),
        Origin::File(path) => opened(Some(File::open(path)?), bytes_read),
    }
}

impl Opened {
    /// The same from its start, though another file may have its name by now.
    ///
    /// # Errors
    /// It is no file, or cannot be read.
    pub fn rewound(self, bytes_read: &BytesRead) -> io::Result<Self> {
        let mut file = self.file.ok_or(io::ErrorKind::NotSeekable)?;
        file.rewind()?;
        opened(Some(file), bytes_read)
    }
}

fn opened(file: Option<File>, bytes_read: &BytesRead) -> io::Result<Opened> {
    let is_file = file.is_some();
    let mut may_be_tar = false;
    let (raw, size): (Box<dyn Read + Send>, u64) = match &file {
        None => (Box::new(io::stdin()), 0),
        Some(file) => {
            let metadata = file.metadata()?;
            if metadata.is_dir() {
                return Err(io::ErrorKind::IsADirectory.into());
            }
            // What is read of a pipe to know it would keep short lines waiting.
            may_be_tar = metadata.is_file();
            (Box::new(file.try_clone()?), metadata.len())
        }
    };
    let mut counted = Counted {
        reader: raw,
        bytes_read: bytes_read.clone(),
        read: 0,
        size,
    };
    let mut magic = Vec::with_capacity(LONGEST_MAGIC);
    counted
        .by_ref()
        .take(LONGEST_MAGIC as u64)
        .read_to_end(&mut magic)?;
    if let Some((_, name)) = OTHER_COMPRESSIONS
        .iter()
        .find(|(other, _)| magic.starts_with(other))
    {
        let message = format!("it is compressed with {name}; unpack it, or pipe it in unpacked");
        return Err(io::Error::new(io::ErrorKind::Unsupported, message));
    }
    let packed = magic.starts_with(&GZIP_MAGIC);
    let whole = io::Cursor::new(magic).chain(counted);
    let reader: Box<dyn Read + Send> = if packed {
        Box::new(GzipMembers::new(BufReader::with_capacity(
            BUFFER_BYTES,
            whole,
        )))
    } else {
        Box::new(whole)
    };
    Ok(Opened {
        reader: if may_be_tar { no_tar(reader)? } else { reader },
        may_grow: !packed && is_file,
        start: None,
        file,
    })
}

/// The same text, if it is no tar archive.
fn no_tar(mut reader: Box<dyn Read + Send>) -> io::Result<Box<dyn Read + Send>> {
    /// Where the first header has it, in the format of POSIX and of GNU.
    const MAGIC: &[u8] = b"ustar";
    const MAGIC_AT: usize = 257;

    let mut start = Vec::new();
    let end = (MAGIC_AT + MAGIC.len()) as u64;
    let read = reader.by_ref().take(end).read_to_end(&mut start);
    if start.get(MAGIC_AT..) == Some(MAGIC) {
        let message = "it is a tar archive; unpack it, or pipe in what `tar -xOf` gives";
        return Err(io::Error::new(io::ErrorKind::Unsupported, message));
    }
    let start = io::Cursor::new(start);
    Ok(match read {
        Ok(_) => Box::new(start.chain(reader)),
        // It is told where it was met, behind what could be read.
        Err(error) => Box::new(start.chain(Failing(Some(error)))),
    })
}

/// What fails once.
struct Failing(Option<io::Error>);

impl Read for Failing {
    fn read(&mut self, _: &mut [u8]) -> io::Result<usize> {
        self.0.take().map_or(Ok(0), Err)
    }
}

const GZIP_MAGIC: [u8; 2] = [0x1f, 0x8b];

/// What is told from text, since each of its lines would only be no UTF-8.
const OTHER_COMPRESSIONS: [(&[u8], &str); 4] = [
    (b"BZh", "bzip2"),
    (b"\xfd7zXZ\0", "xz"),
    (b"\x28\xb5\x2f\xfd", "zstd"),
    (b"PK\x03\x04", "zip"),
];

const LONGEST_MAGIC: usize = 6;

/// Whether what comes next is gzip.
///
/// # Errors
/// It cannot be read.
pub fn is_gzip(reader: &mut impl io::BufRead) -> io::Result<bool> {
    Ok(reader.fill_buf()?.starts_with(&GZIP_MAGIC))
}

struct Counted<R> {
    reader: R,
    bytes_read: BytesRead,
    /// What was read of this input.
    read: u64,
    /// How many bytes there were when it was opened; 0 where that is not known, as of a pipe.
    size: u64,
}

impl<R: Read> Read for Counted<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.reader.read(buffer)?;
        if read == 0 && !buffer.is_empty() && self.read < self.size {
            // A log that is copied and cut by its rotation. What was cut off was in nobody's hands.
            let message = format!(
                "it shrank while it was read, of its {} bytes there were {}",
                self.size, self.read
            );
            return Err(io::Error::new(io::ErrorKind::UnexpectedEof, message));
        }
        self.read += read as u64;
        self.bytes_read.add(read as u64);
        Ok(read)
    }
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;

    use super::*;
    use crate::input::Shape;

    #[test]
    fn what_is_read_again_is_the_file_that_was_opened_whatever_has_its_name() {
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
        // It is rotated.
        std::fs::rename(&path, directory.path().join("tracking.log-1")).unwrap();
        std::fs::write(&path, "a new one\n").unwrap();
        let mut text = String::new();
        let mut again = opened.rewound(&bytes_read).unwrap();
        again.reader.read_to_string(&mut text).unwrap();
        assert_eq!(text, "the log that was opened\n");
    }
}
