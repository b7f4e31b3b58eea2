//! Decompression of files. A file may consist of several members one after another, called frames in zstd, and may have
//! zeros after a member, because tapes and block devices fill up the last block with zeros.

use std::io::{self, BufRead, Cursor, ErrorKind, Read};

use super::decoder::Decoder;
use super::foreign::{Container, Foreign, is_text, message_after};
use super::start::ReadStart;
use crate::compression::Compression;

/// Decompresses the members of a file as one text.
pub struct Members<R> {
    compression: Compression,
    /// The current member, or `None` after the last one.
    member: Option<Decoder<Compressed<R>>>,
    /// The number of the current member, from 1.
    number: u64,
    /// The first bytes of the current member, if the member is not the first. They are decompressed already.
    start: Cursor<Vec<u8>>,
    /// The error after these bytes.
    error: Option<io::Error>,
    /// The container of the compressed bytes.
    container: Container,
}

impl<R: BufRead> Members<R> {
    /// Returns a reader that decompresses bytes, which come from `container`. The bytes start with the header of the first
    /// member.
    ///
    /// # Errors
    /// Returns an error if this build does not read the compression, or there is not enough memory.
    pub fn new(compressed: R, compression: Compression, container: Container) -> io::Result<Self> {
        let compressed = Compressed {
            reader: compressed,
            position: 0,
            has_failed: false,
        };
        Ok(Self {
            compression,
            member: Some(Decoder::new(compressed, compression)?),
            number: 1,
            start: Cursor::default(),
            error: None,
            container,
        })
    }

    /// Goes to the next member, if there is one.
    ///
    /// # Errors
    /// Returns an error if the next member is data of another kind, or bytes of no member follow. The start of the first
    /// member is checked when the file is opened.
    fn next_member(&mut self) -> io::Result<()> {
        let compression = self.compression;
        let Some(mut member) = self.member.take() else {
            return Ok(());
        };
        let compressed = member.compressed();
        if !compressed.has_member(compression, self.container)? {
            return Ok(());
        }
        member = member.next_member();
        self.number += 1;
        let in_member = |start: &[u8]| Foreign::in_member(start, compression);
        let start = ReadStart::of(&mut member, in_member);
        if let Some(kind) = in_member(&start.bytes) {
            let message = kind.message_of_member(self.number, compression);
            return Err(io::Error::new(ErrorKind::Unsupported, message));
        }
        let explained = |error| explained(error, compression, member.compressed());
        self.error = start.error.map(explained);
        self.start = Cursor::new(start.bytes);
        self.member = Some(member);
        Ok(())
    }
}

impl<R: BufRead> Read for Members<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        loop {
            let read = self.start.read(buffer)?;
            if read > 0 || buffer.is_empty() {
                return Ok(read);
            }
            if let Some(error) = self.error.take() {
                return Err(error);
            }
            let Some(member) = &mut self.member else {
                return Ok(0);
            };
            match member.read(buffer) {
                Ok(0) => self.next_member()?,
                Err(error) => {
                    return Err(explained(error, self.compression, member.compressed()));
                }
                read => return read,
            }
        }
    }
}

/// Returns an error that says what to do about a file that cannot be decompressed. An error of the reader itself is
/// returned as it is.
fn explained<R>(
    error: io::Error,
    compression: Compression,
    compressed: &Compressed<R>,
) -> io::Error {
    let (name, at) = (compression.name(), compressed.position);
    let message = match error.kind() {
        _ if compressed.has_failed => return error,
        ErrorKind::UnexpectedEof => {
            format!("the {name} data is cut off after byte {at}; get the whole file again")
        }
        ErrorKind::InvalidInput | ErrorKind::InvalidData => {
            format!("the {name} data is damaged before byte {at} ({error}); get the file again")
        }
        _ => return error,
    };
    io::Error::new(error.kind(), message)
}

/// Compressed bytes.
struct Compressed<R> {
    reader: R,
    /// The number of bytes that were consumed.
    position: u64,
    /// Whether the reader has failed, so that an error is not about the compression.
    has_failed: bool,
}

impl<R: BufRead> Compressed<R> {
    /// Skips zeros and white space, and returns whether another member follows.
    ///
    /// # Errors
    /// Returns an error that says how to read the bytes if they are no member.
    fn has_member(&mut self, compression: Compression, container: Container) -> io::Result<bool> {
        loop {
            let bytes = self.fill_buf()?;
            let is_padding = |byte: &&u8| **byte == 0 || byte.is_ascii_whitespace();
            let padding = bytes.iter().take_while(is_padding).count();
            let rest = &bytes[padding..];
            let (is_empty, is_end) = (rest.is_empty(), bytes.is_empty());
            let is_member = compression.may_begin(rest);
            self.consume(padding);
            if is_end || !is_empty {
                return match is_end || is_member {
                    true => Ok(!is_end),
                    false => Err(self.other_bytes(compression, container)),
                };
            }
        }
    }

    /// Returns the error for bytes after the last member.
    fn other_bytes(&mut self, compression: Compression, container: Container) -> io::Error {
        let offset = self.position;
        let start = ReadStart::of(self, |start| Foreign::recognize(start, container));
        if let Some(error) = start.error {
            return error;
        }
        let bytes = start.bytes;
        let before = format!("the end of the {} data", compression.name());
        let kind = Foreign::recognize(&bytes, container);
        let message = if kind.is_some() || is_text(&bytes) {
            message_after(&before, offset, kind, container)
        } else {
            format!(
                "after {before}, at byte {}, other bytes follow, which are left out; if the file should have more lines, get the file again; if not, keep its first {offset} bytes (`head -c {offset}`)",
                offset + 1
            )
        };
        io::Error::new(ErrorKind::InvalidData, message)
    }
}

impl<R: BufRead> Read for Compressed<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.fill_buf()?.read(buffer)?;
        self.consume(read);
        Ok(read)
    }
}

impl<R: BufRead> BufRead for Compressed<R> {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        let result = self.reader.fill_buf();
        self.has_failed = result.is_err();
        result
    }

    fn consume(&mut self, bytes: usize) {
        self.position += bytes as u64;
        self.reader.consume(bytes);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn available() -> impl Iterator<Item = Compression> {
        Compression::ALL
            .into_iter()
            .filter(|kind| kind.is_available())
    }

    fn reader(file: &[u8], compression: Compression) -> Members<&[u8]> {
        Members::new(file, compression, Container::File).unwrap()
    }

    fn decompress(file: &[u8], compression: Compression) -> (String, Option<String>) {
        let mut text = String::new();
        let result = reader(file, compression).read_to_string(&mut text);
        (text, result.err().map(|error| error.to_string()))
    }

    #[test]
    fn members_are_one_text_and_trailing_zeros_are_ignored() {
        for kind in available() {
            let member = |text: &[u8]| kind.member(text).unwrap();
            let two = [member(b"a"), member(b""), member(b"b")].concat();
            for (file, text) in [
                (two.clone(), "ab"),
                ([two, vec![0; 5000]].concat(), "ab"),
                ([member(b"a"), vec![0; 3], member(b"b")].concat(), "ab"),
            ] {
                assert_eq!(decompress(&file, kind), (text.to_owned(), None));
            }
        }
    }

    #[test]
    fn compressed_data_within_a_later_member_is_an_error() {
        for kind in available() {
            let member = |text: &[u8]| kind.member(text).unwrap();
            let inner = |text: &[u8]| [member(b"a"), member(text)].concat();
            let file = [inner(b"b"), member(&member(b"c"))].concat();
            for size in [1, 2, 100] {
                let mut reader = reader(&file, kind);
                let mut text = Vec::new();
                let mut buffer = vec![0; size];
                let error = loop {
                    match reader.read(&mut buffer) {
                        Ok(read) => text.extend_from_slice(&buffer[..read]),
                        Err(error) => break error.to_string(),
                    }
                };
                assert!(text.starts_with(b"ab") && text.len() <= 3, "{text:?}");
                let (noun, name) = (kind.member_noun(), kind.name());
                let expected =
                    format!("{noun} 3 of the {name} file is compressed twice with {name}; ");
                assert!(error.starts_with(&expected), "{error}");
            }
            let text = decompress(&inner("\u{1f}b".as_bytes()), kind).0;
            assert_eq!(text, "a\u{1f}b");
        }
    }

    #[test]
    fn other_bytes_after_a_member_are_an_error() {
        for kind in available() {
            let member = kind.member(b"a").unwrap();
            let garbage = [&member[..], b"garbage"].concat();
            let (text, error) = decompress(&garbage, kind);
            assert_eq!(text, "a");
            let after = format!("after the end of the {} data", kind.name());
            assert!(error.is_some_and(|error| error.contains(&after)));
        }
    }

    #[test]
    fn a_member_that_is_cut_off_is_an_error_at_each_byte() {
        for kind in available() {
            let whole = kind.member(b"a text").unwrap();
            let two = [&whole[..], &whole].concat();
            for end in (4..two.len()).filter(|&end| end != whole.len()) {
                let (_, error) = decompress(&two[..end], kind);
                let cut = format!("the {} data is cut off after byte {end}", kind.name());
                assert!(error.is_some_and(|error| error.starts_with(&cut)), "{end}");
            }
        }
    }
}
