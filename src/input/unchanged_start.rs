//! The check that a file still has its first bytes while it is read. A log that was truncated and written again may be
//! longer than the part that was read, so that reading goes on in the middle of other lines. The first bytes tell that the
//! log has changed, since they contain a time.

use std::fs::File;
use std::io::{self, ErrorKind, Read};

use super::open::Opened;

impl Opened {
    /// Returns whether a file that is not compressed has these first bytes now, and has not shrunk since it was opened.
    /// If the bytes are fewer than `most`, the file must have no more bytes. Compressed files are not compared.
    ///
    /// # Errors
    /// Returns an error if the file cannot be read.
    pub fn has_start(&self, start: &[u8], most: usize) -> io::Result<bool> {
        match &self.file {
            Some(file) if self.may_grow => {
                Ok(file.metadata()?.len() >= self.size && begins_with(file, start, most)?)
            }
            _ => Ok(true),
        }
    }

    /// Lets the reader fail as soon as the file has other first bytes, unless the file is compressed.
    ///
    /// # Errors
    /// Returns an error if the file cannot be opened once more.
    pub fn with_unchanged_start(mut self, start: &[u8]) -> io::Result<Self> {
        if let Some(file) = self.file.as_ref().filter(|_| self.may_grow) {
            self.reader = Box::new(UnchangedStart {
                reader: self.reader,
                file: file.try_clone()?,
                start: start.to_vec(),
            });
        }
        Ok(self)
    }
}

/// Reads a file, and compares its first bytes after each read, before the bytes that were read are passed on.
struct UnchangedStart<R> {
    reader: R,
    file: File,
    start: Vec<u8>,
}

impl<R: Read> Read for UnchangedStart<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.reader.read(buffer)?;
        if read > 0 && !begins_with(&self.file, &self.start, self.start.len())? {
            return Err(io::Error::new(
                ErrorKind::UnexpectedEof,
                "the file was truncated while it was read, so lines are lost; if there is a copy of the file, read the copy",
            ));
        }
        Ok(read)
    }
}

/// Returns whether the first bytes of a file, at most `most`, are `start`. The position at which the file is read stays
/// the same.
#[cfg(unix)]
fn begins_with(file: &File, start: &[u8], most: usize) -> io::Result<bool> {
    use std::os::unix::fs::FileExt;

    let mut now = vec![0; most];
    let mut length = 0;
    while length < most {
        match file.read_at(&mut now[length..], length as u64) {
            Ok(0) => break,
            Ok(read) => length += read,
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(now[..length] == *start)
}

#[cfg(not(unix))]
fn begins_with(_: &File, _: &[u8], _: usize) -> io::Result<bool> {
    Ok(true)
}

#[cfg(all(test, unix))]
mod tests {
    use std::io::Write;

    use super::*;

    #[test]
    fn bytes_read_after_a_truncation_are_not_passed_on_even_if_the_file_has_grown() {
        let mut file = tempfile::tempfile().unwrap();
        file.write_all(b"one\ntwo\n").unwrap();
        let mut reader = UnchangedStart {
            reader: io::Cursor::new("one\ntwo\nrest"),
            file: file.try_clone().unwrap(),
            start: b"one\n".to_vec(),
        };
        let mut buffer = [0; 4];
        assert_eq!(reader.read(&mut buffer).unwrap(), 4);
        file.set_len(0).unwrap();
        let written = "new lines, longer than the old ones\n";
        std::os::unix::fs::FileExt::write_all_at(&file, written.as_bytes(), 0).unwrap();
        let error = reader.read(&mut buffer).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::UnexpectedEof);
    }

    #[test]
    fn a_short_start_must_be_the_whole_file() {
        let mut file = tempfile::tempfile().unwrap();
        file.write_all(b"one\ntwo\n").unwrap();
        assert!(begins_with(&file, b"one\n", 4).unwrap());
        assert!(!begins_with(&file, b"one\n", 16).unwrap());
        assert!(begins_with(&file, b"one\ntwo\n", 16).unwrap());
    }
}
