//! Opening an input. Compressions, and files that are not logs, are recognized by their first bytes, not by the file name.

use std::fs::File;
use std::io::{self, BufRead, BufReader, Read, Seek, SeekFrom};
use std::path::Path;

use super::bytes_read::{BytesRead, CountedReader};
use super::file_stamp::StampedFile;
use super::first_record::FirstRecord;
use super::foreign::{Container, EXAMINED_BYTES, Foreign};
use super::look_ahead::{FirstEvent, first_event, look_ahead};
use super::members::Members;
use super::not_a_log::NotALog;
use super::position::PositionTracker;
use super::source::{Origin, Shape, Source};
use super::start::ReadStart;
use crate::cloud::{ObjectReader, ObjectVersion};
use crate::compression::Compression;

/// The number of compressed bytes that are read at once. Reads of this size take little time compared with
/// decompression.
const BUFFER_BYTES: usize = 1 << 17;

/// An open input.
pub struct Opened {
    /// Reads the decompressed input.
    pub reader: Box<dyn Read + Send>,
    /// Whether the input is a file that is not compressed, so lines may still be appended to it.
    pub may_grow: bool,
    /// The compression that the reader removes.
    pub compression: Option<Compression>,
    /// Whether the events of the input have the marker `[tracking]`, the name of their logger.
    pub is_marked: bool,
    /// Whether the input begins like a stream of JSON values that are not one a line.
    pub is_json: bool,
    /// Whether the first line is one of a log driver of containers, which writes each record on a line.
    pub is_of_log_driver: bool,
    /// Whether the first event of the input is a row of a rejects file.
    pub is_rejects: bool,
    /// The position at which `reader` starts. `None` if the positions of lines are not needed.
    pub start: Option<PositionTracker>,
    /// The file before its first byte was read, if all later changes of the file can be noticed.
    pub stamped: Option<StampedFile>,
    pub(super) file: Option<File>,
    /// The version of the object that is read, if the input is an object.
    object: Option<ObjectVersion>,
    /// The size of the file when it was opened, or 0 if the input is not a file.
    pub(super) size: u64,
}

/// Opens an input, and decompresses it if it is compressed.
///
/// # Errors
/// Returns an error if the file cannot be opened or its first byte cannot be read, and if the input is a directory or a
/// file that is not a log ([`Foreign`]).
pub fn open(source: &Source, bytes_read: &BytesRead) -> io::Result<Opened> {
    let mut opened = match &source.origin {
        Origin::Stdin => opened(None, bytes_read),
        Origin::File(path) => opened(Some(File::open(path)?), bytes_read),
        Origin::Object(object) => opened_object(object.open()?, bytes_read),
    }?;
    if source.is_own_rejects {
        // The run may append rows to the file while it reads the file.
        opened.reader = Box::new(opened.reader.take(source.size.unwrap_or(0)));
    }
    let ahead = look_ahead(opened.reader)?;
    if let Some(kind) = ahead.wide_encoding {
        let container = Container::of(!source.is_local_file(), opened.compression);
        return Err(io::Error::other(NotALog(kind.message(container))));
    }
    opened.reader = ahead.reader;
    if source.shape == Shape::Log {
        let first = match &mut opened.file {
            Some(file) if ahead.is_undecided && source.is_file() => search(file)?,
            _ => ahead.first,
        };
        opened.is_marked = first == Some(FirstEvent::Marked);
        opened.is_rejects = first == Some(FirstEvent::Row);
        opened.is_json = ahead.first_record != FirstRecord::Line;
        opened.is_of_log_driver = ahead.is_of_log_driver;
    }
    Ok(opened)
}

/// Returns the kind of the first event or row in a file, at whose present position other readers go on.
fn search(file: &mut File) -> io::Result<Option<FirstEvent>> {
    let position = file.stream_position()?;
    file.rewind()?;
    let start = opened(Some(file.try_clone()?), &BytesRead::default())?;
    let first = first_event(start.reader);
    file.seek(SeekFrom::Start(position))?;
    Ok(first)
}

impl Opened {
    /// Opens the same file again at its first byte, even if its path now names another file.
    ///
    /// # Errors
    /// Returns an error if the input is not a file or cannot be read.
    pub fn rewind(self, bytes_read: &BytesRead) -> io::Result<Self> {
        let opened = match (self.file, self.object) {
            (_, Some(object)) => {
                bytes_read.restart();
                opened_object(object.open()?, bytes_read)?
            }
            (file, None) => {
                let mut file = file.ok_or(io::ErrorKind::NotSeekable)?;
                file.rewind()?;
                bytes_read.restart();
                opened(Some(file), bytes_read)?
            }
        };
        Ok(Self {
            is_marked: self.is_marked,
            is_rejects: self.is_rejects,
            is_json: self.is_json,
            is_of_log_driver: self.is_of_log_driver,
            stamped: self.stamped,
            ..opened
        })
    }
}

fn opened(file: Option<File>, bytes_read: &BytesRead) -> io::Result<Opened> {
    let mut is_pipe = true;
    let (raw, size): (Box<dyn Read + Send>, u64) = match &file {
        None => (Box::new(io::stdin()), 0),
        Some(file) => {
            let metadata = file.metadata()?;
            if metadata.is_dir() {
                return Err(io::ErrorKind::IsADirectory.into());
            }
            is_pipe = !metadata.is_file();
            (Box::new(file.try_clone()?), metadata.len())
        }
    };
    let stamped = file.as_ref().and_then(StampedFile::new);
    let is_encoded = false;
    let mut opened = unpacked(raw, is_pipe, is_encoded, size, bytes_read)?;
    opened.may_grow = opened.compression.is_none() && file.is_some();
    opened.stamped = stamped;
    opened.file = file;
    Ok(opened)
}

/// Opens an object. Objects never grow: a longer object is another version.
fn opened_object(object: ObjectReader, bytes_read: &BytesRead) -> io::Result<Opened> {
    let version = object.version().clone();
    // The reader itself checks that the object is read to its end.
    let size = 0;
    let (is_pipe, is_encoded) = (true, version.is_encoded());
    let mut opened = unpacked(Box::new(object), is_pipe, is_encoded, size, bytes_read)?;
    opened.stamped = StampedFile::of_object(&version);
    opened.object = Some(version);
    Ok(opened)
}

/// Decompresses bytes that are compressed. Bytes that are compressed twice are decompressed twice if they are those of an
/// object that `is_encoded` for the transfer.
fn unpacked(
    raw: Box<dyn Read + Send>,
    is_pipe: bool,
    is_encoded: bool,
    size: u64,
    bytes_read: &BytesRead,
) -> io::Result<Opened> {
    let plain = Container::of(is_pipe, None);
    let mut start = Start::read(raw, plain);
    if let Some(error) = start.error_at_first_byte() {
        return Err(error);
    }
    let compression = Compression::of_bytes(&start.bytes);
    let reader = if let Some(compression) = compression {
        let buffered = BufReader::with_capacity(BUFFER_BYTES, start.whole());
        let counted = CountedReader::new(buffered, bytes_read, size);
        let start = unpack(counted, compression, plain)?;
        match Compression::of_bytes(&start.bytes).filter(|_| is_encoded) {
            Some(inner) => {
                let container = start.container;
                let buffered = BufReader::with_capacity(BUFFER_BYTES, start.whole());
                unpack(buffered, inner, container)?.checked()?
            }
            None => start.checked()?,
        }
    } else {
        Box::new(CountedReader::new(start.checked()?, bytes_read, size))
    };
    Ok(Opened {
        reader,
        may_grow: false,
        compression,
        is_marked: false,
        is_rejects: false,
        is_json: false,
        is_of_log_driver: false,
        start: None,
        stamped: None,
        file: None,
        object: None,
        size,
    })
}

/// Returns the decompressed content of bytes, which come from a container.
fn unpack(
    bytes: impl BufRead + Send + 'static,
    compression: Compression,
    container: Container,
) -> io::Result<Start> {
    let members = Members::new(bytes, compression, container)?;
    let content = container.with(compression);
    Ok(Start::read(Box::new(members), content))
}

/// The first bytes of a reader, and the reader of the rest.
struct Start {
    bytes: Vec<u8>,
    /// The error that ended the first bytes.
    error: Option<io::Error>,
    rest: Box<dyn Read + Send>,
    container: Container,
}

impl Start {
    fn read(mut reader: Box<dyn Read + Send>, container: Container) -> Self {
        let start = ReadStart::of(&mut reader, |start| Foreign::recognize(start, container));
        if start.is_at_end {
            // Bytes that are written to the file from now on are not read, since nobody has examined them: an empty file
            // may be a compressed file a moment later.
            reader = Box::new(io::empty());
        }
        Self {
            bytes: start.bytes,
            error: start.error,
            rest: reader,
            container,
        }
    }

    /// Takes the error, if the first byte could not be read.
    fn error_at_first_byte(&mut self) -> Option<io::Error> {
        self.error.take_if(|_| self.bytes.is_empty())
    }

    /// Returns a reader of all bytes, or an error if the first bytes are not those of a log.
    fn checked(self) -> io::Result<Box<dyn Read + Send>> {
        if let Some(kind) = Foreign::recognize(&self.bytes, self.container) {
            return Err(io::Error::other(NotALog(kind.message(self.container))));
        }
        Ok(self.whole())
    }

    /// Returns a reader of all bytes.
    fn whole(self) -> Box<dyn Read + Send> {
        let start = io::Cursor::new(self.bytes);
        match self.error {
            None => Box::new(start.chain(self.rest)),
            // The lines before the error are read first, then the reader fails with the error.
            Some(error) => Box::new(start.chain(FailingReader(Some(error)))),
        }
    }
}

/// A reader that fails once with the error, if there is one, and is then at its end.
pub struct FailingReader(pub Option<io::Error>);

impl Read for FailingReader {
    fn read(&mut self, _: &mut [u8]) -> io::Result<usize> {
        self.0.take().map_or(Ok(0), Err)
    }
}

/// Opens a lookup table, and decompresses it if it is compressed.
///
/// # Errors
/// Returns an error that says how to get a table if the file is of another kind, and an error if the file cannot be read.
pub fn open_table(path: &Path) -> io::Result<Box<dyn BufRead>> {
    let file = File::open(path)?;
    if file.metadata()?.is_dir() {
        let message = "it is a directory; give the file of the table";
        return Err(io::Error::new(io::ErrorKind::IsADirectory, message));
    }
    let mut file = BufReader::with_capacity(1 << 16, file);
    let Some(compression) = Compression::of_bytes(file.fill_buf()?) else {
        check_table(&mut file, Container::File)?;
        return Ok(Box::new(file));
    };
    let members = Members::new(file, compression, Container::File)?;
    let mut text = BufReader::with_capacity(1 << 16, members);
    check_table(&mut text, Container::CompressedFile(compression))?;
    Ok(Box::new(text))
}

/// Checks that the next bytes of a reader may be the start of a lookup table.
fn check_table(reader: &mut impl BufRead, container: Container) -> io::Result<()> {
    let start = reader.fill_buf()?;
    let start = &start[..start.len().min(EXAMINED_BYTES)];
    Foreign::recognize(start, container).map_or(Ok(()), |kind| {
        let message = kind.message_of_table(container);
        Err(io::Error::new(io::ErrorKind::Unsupported, message))
    })
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;

    use super::*;
    use crate::input::Shape;

    /// A reader of a file that is empty at first.
    struct Growing(bool);

    impl Read for Growing {
        fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
            match std::mem::replace(&mut self.0, true) {
                false => Ok(0),
                true => [0x1f, 0x8b].as_slice().read(buffer),
            }
        }
    }

    #[test]
    fn a_file_that_was_empty_is_not_read_as_plain_text_when_it_becomes_a_compressed_file() {
        let start = Start::read(Box::new(Growing(false)), Container::File);
        let mut bytes = Vec::new();
        let mut reader = start.checked().unwrap();
        reader.read_to_end(&mut bytes).unwrap();
        assert_eq!(bytes, b"");
    }

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
            stamp: None,
            is_own_rejects: false,
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
