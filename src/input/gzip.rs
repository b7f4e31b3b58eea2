//! Gzip with any number of members, one after the other, and the zeros that tapes and block devices put behind them.

use std::io::{self, BufRead, Read};

use flate2::bufread::GzDecoder;

/// Unpacks the members of a gzip file as one text.
pub struct GzipMembers<R> {
    /// Only while a member is changed for the next there is none.
    member: Option<GzDecoder<R>>,
}

impl<R: BufRead> GzipMembers<R> {
    /// The packed bytes, from the first member's header on.
    pub fn new(packed: R) -> Self {
        Self {
            member: Some(GzDecoder::new(packed)),
        }
    }
}

impl<R: BufRead> Read for GzipMembers<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        while let Some(member) = &mut self.member {
            let read = member.read(buffer)?;
            if read > 0 || buffer.is_empty() {
                return Ok(read);
            }
            let Some(mut packed) = self.member.take().map(GzDecoder::into_inner) else {
                break;
            };
            if skip_zeros(&mut packed)? {
                self.member = Some(GzDecoder::new(packed));
            }
        }
        Ok(0)
    }
}

/// Passes over zeros; whether something follows.
fn skip_zeros(packed: &mut impl BufRead) -> io::Result<bool> {
    loop {
        let bytes = packed.fill_buf()?;
        if bytes.is_empty() {
            return Ok(false);
        }
        let zeros = bytes.iter().take_while(|&&byte| byte == 0).count();
        let all = zeros == bytes.len();
        packed.consume(zeros);
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

    fn packed(text: &str) -> Vec<u8> {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
        encoder.write_all(text.as_bytes()).unwrap();
        encoder.finish().unwrap()
    }

    fn unpacked(packed: &[u8]) -> (String, bool) {
        let mut text = String::new();
        let failed = GzipMembers::new(packed).read_to_string(&mut text).is_err();
        (text, failed)
    }

    #[test]
    fn members_are_one_text_and_zeros_behind_them_nothing() {
        let two = [packed("a"), packed(""), packed("b")].concat();
        assert_eq!(unpacked(&two), ("ab".into(), false));
        assert_eq!(
            unpacked(&[two.clone(), vec![0; 5000]].concat()),
            ("ab".into(), false)
        );
        assert_eq!(
            unpacked(&[packed("a"), vec![0; 3], packed("b")].concat()),
            ("ab".into(), false)
        );
    }

    #[test]
    fn anything_else_behind_a_member_is_an_error_after_its_text() {
        assert!(unpacked(&[packed("a"), b"garbage".to_vec()].concat()).1);
        assert!(unpacked(&packed("a")[..10]).1);
    }
}
