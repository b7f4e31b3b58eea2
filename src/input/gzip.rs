//! Decompression of gzip files. A file may consist of several members, which are gzip streams one after another, and
//! may have zeros after a member, because tapes and block devices fill up the last block with zeros.

use std::io::{self, BufRead, Read};

use flate2::bufread::GzDecoder;

use super::foreign::GZIP_MAGIC;

/// Decompresses the members of a gzip file as one text.
pub struct GzipMembers<R> {
    /// The current member, or `None` after the last one.
    member: Option<GzDecoder<R>>,
    /// The number of the current member, from 1.
    number: u64,
    /// The number of first bytes of the current member that are those of gzip, or `None` after any other byte.
    magic: Option<usize>,
}

impl<R: BufRead> GzipMembers<R> {
    /// Returns a reader that decompresses bytes. The bytes start with the header of the first member.
    pub fn new(compressed: R) -> Self {
        Self {
            member: Some(GzDecoder::new(compressed)),
            number: 1,
            magic: Some(0),
        }
    }

    /// Fails if the first bytes of a member after the first one are those of gzip. The first member is checked when the
    /// file is opened.
    fn check_start(&mut self, text: &[u8]) -> io::Result<()> {
        for byte in text {
            let Some(matched) = self.magic else {
                return Ok(());
            };
            self.magic = (GZIP_MAGIC.get(matched) == Some(byte)).then_some(matched + 1);
            if self.number > 1 && matched + 1 == GZIP_MAGIC.len() && self.magic.is_some() {
                let message = format!(
                    "member {} of the gzip file is compressed twice with gzip; decompress the files that were joined, one by one",
                    self.number
                );
                return Err(io::Error::new(io::ErrorKind::Unsupported, message));
            }
        }
        Ok(())
    }
}

impl<R: BufRead> Read for GzipMembers<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        while let Some(member) = &mut self.member {
            let read = member.read(buffer)?;
            if read > 0 || buffer.is_empty() {
                self.check_start(&buffer[..read])?;
                return Ok(read);
            }
            let Some(mut compressed) = self.member.take().map(GzDecoder::into_inner) else {
                break;
            };
            if skip_zeros(&mut compressed)? {
                self.member = Some(GzDecoder::new(compressed));
                self.number += 1;
                self.magic = Some(0);
            }
        }
        Ok(0)
    }
}

/// Skips zeros, and returns whether other bytes follow.
fn skip_zeros(compressed: &mut impl BufRead) -> io::Result<bool> {
    loop {
        let bytes = compressed.fill_buf()?;
        if bytes.is_empty() {
            return Ok(false);
        }
        let zeros = bytes.iter().take_while(|&&byte| byte == 0).count();
        let all = zeros == bytes.len();
        compressed.consume(zeros);
        if !all {
            return Ok(true);
        }
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
        let failed = GzipMembers::new(compressed)
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
            let mut reader = GzipMembers::new(&file[..]);
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
