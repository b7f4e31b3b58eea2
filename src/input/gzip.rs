//! Decompression of gzip files. A file may consist of several members, which are gzip streams one after another, and
//! may have zeros after a member, because tapes and block devices fill up the last block with zeros.

use std::io::{self, BufRead, Cursor, ErrorKind, Read};

use flate2::bufread::GzDecoder;

use super::foreign::{Container, Foreign, GZIP_MAGIC, is_text, message_after};
use super::start::ReadStart;

/// Decompresses the members of a gzip file as one text.
pub struct GzipMembers<R> {
    /// The current member, or `None` after the last one.
    member: Option<GzDecoder<Compressed<R>>>,
    /// The number of the current member, from 1.
    number: u64,
    /// The first bytes of the current member, if the member is not the first. They are decompressed already.
    start: Cursor<Vec<u8>>,
    /// The error after these bytes.
    error: Option<io::Error>,
    /// The container of the compressed bytes.
    container: Container,
}

impl<R: BufRead> GzipMembers<R> {
    /// Returns a reader that decompresses bytes, which come from `container`. The bytes start with the header of the first
    /// member.
    pub fn new(compressed: R, container: Container) -> Self {
        let compressed = Compressed {
            reader: compressed,
            position: 0,
            has_failed: false,
        };
        Self {
            member: Some(GzDecoder::new(compressed)),
            number: 1,
            start: Cursor::default(),
            error: None,
            container,
        }
    }

    /// Goes to the next member, if there is one.
    ///
    /// # Errors
    /// Returns an error if the next member is data of another kind, or bytes other than gzip follow. The start of the
    /// first member is checked when the file is opened.
    fn next_member(&mut self) -> io::Result<()> {
        let Some(mut compressed) = self.member.take().map(GzDecoder::into_inner) else {
            return Ok(());
        };
        if !compressed.has_member(self.container)? {
            return Ok(());
        }
        let mut member = GzDecoder::new(compressed);
        self.number += 1;
        let start = ReadStart::of(&mut member, Foreign::in_member);
        if let Some(kind) = Foreign::in_member(&start.bytes) {
            let message = kind.message_of_member(self.number);
            return Err(io::Error::new(ErrorKind::Unsupported, message));
        }
        let explained = |error| explained(error, member.get_ref());
        self.error = start.error.map(explained);
        self.start = Cursor::new(start.bytes);
        self.member = Some(member);
        Ok(())
    }
}

impl<R: BufRead> Read for GzipMembers<R> {
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
                Err(error) => return Err(explained(error, member.get_ref())),
                read => return read,
            }
        }
    }
}

/// Returns an error that says what to do about a file that cannot be decompressed. An error of the reader itself is
/// returned as it is.
fn explained<R>(error: io::Error, compressed: &Compressed<R>) -> io::Error {
    let at = compressed.position;
    let message = match error.kind() {
        _ if compressed.has_failed => return error,
        ErrorKind::UnexpectedEof => {
            format!("the gzip data is cut off after byte {at}; get the whole file again")
        }
        ErrorKind::InvalidInput | ErrorKind::InvalidData => {
            format!("the gzip data is damaged before byte {at} ({error}); get the file again")
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
    /// Whether the reader has failed, so that an error is not about gzip.
    has_failed: bool,
}

impl<R: BufRead> Compressed<R> {
    /// Skips zeros and white space, and returns whether another member follows.
    ///
    /// # Errors
    /// Returns an error that says how to read the bytes if they are not gzip.
    fn has_member(&mut self, container: Container) -> io::Result<bool> {
        loop {
            let bytes = self.fill_buf()?;
            let is_padding = |byte: &&u8| **byte == 0 || byte.is_ascii_whitespace();
            let padding = bytes.iter().take_while(is_padding).count();
            let rest = &bytes[padding..];
            let (is_empty, is_end) = (rest.is_empty(), bytes.is_empty());
            let is_gzip = rest.starts_with(&GZIP_MAGIC) || GZIP_MAGIC.starts_with(rest);
            self.consume(padding);
            if is_end || !is_empty {
                return match is_end || is_gzip {
                    true => Ok(!is_end),
                    false => Err(self.other_bytes(container)),
                };
            }
        }
    }

    /// Returns the error for bytes after the last member.
    fn other_bytes(&mut self, container: Container) -> io::Error {
        let offset = self.position;
        let start = ReadStart::of(self, |start| Foreign::recognize(start, container));
        if let Some(error) = start.error {
            return error;
        }
        let bytes = start.bytes;
        let before = "the end of the gzip data";
        let kind = Foreign::recognize(&bytes, container);
        let message = if kind.is_some() || is_text(&bytes) {
            message_after(before, offset, kind, container)
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
    use std::io::Write;

    use flate2::Compression;
    use flate2::write::GzEncoder;

    use super::*;

    fn compressed(text: &str) -> Vec<u8> {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
        encoder.write_all(text.as_bytes()).unwrap();
        encoder.finish().unwrap()
    }

    fn decompress(compressed: &[u8]) -> (String, bool) {
        let mut text = String::new();
        let failed = GzipMembers::new(compressed, Container::File)
            .read_to_string(&mut text)
            .is_err();
        (text, failed)
    }

    #[test]
    fn members_are_one_text_and_trailing_zeros_are_ignored() {
        let two = [compressed("a"), compressed(""), compressed("b")].concat();
        assert_eq!(decompress(&two), ("ab".into(), false));
        assert_eq!(
            decompress(&[two.clone(), vec![0; 5000]].concat()),
            ("ab".into(), false)
        );
        assert_eq!(
            decompress(&[compressed("a"), vec![0; 3], compressed("b")].concat()),
            ("ab".into(), false)
        );
    }

    #[test]
    fn gzip_within_a_later_member_is_an_error() {
        let inner = |text| [compressed("a"), compressed(text)].concat();
        for size in [1, 2, 100] {
            let mut encoder = GzEncoder::new(inner("b"), Compression::fast());
            encoder.write_all(&compressed("c")).unwrap();
            let file = encoder.finish().unwrap();
            let mut reader = GzipMembers::new(&file[..], Container::File);
            let mut text = Vec::new();
            let mut buffer = vec![0; size];
            let error = loop {
                match reader.read(&mut buffer) {
                    Ok(read) => text.extend_from_slice(&buffer[..read]),
                    Err(error) => break error,
                }
            };
            assert!(text.starts_with(b"ab") && text.len() <= 3, "{text:?}");
            assert!(
                error
                    .to_string()
                    .starts_with("member 3 of the gzip file is")
            );
        }
        assert_eq!(decompress(&inner("\u{1f}b")).0, "a\u{1f}b");
    }

    #[test]
    fn other_bytes_after_a_member_are_an_error() {
        assert!(decompress(&[compressed("a"), b"garbage".to_vec()].concat()).1);
        assert!(decompress(&compressed("a")[..10]).1);
    }
}
