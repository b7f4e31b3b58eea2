//! Checks that bytes behind a short mark are really compressed data, since damaged text may begin with such a mark, too.

use flate2::{Decompress, FlushDecompress, Status};

/// The header of deflate data.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Header {
    Zlib,
    Gzip,
    None,
}

/// Returns whether bytes are the start of a gzip member. If the bytes end soon, its header decides.
pub fn is_gzip_member(start: &[u8]) -> bool {
    let [0x1f, 0x8b, 8, 0..=0x1f, rest @ ..] = start else {
        return false;
    };
    // The effort of the compression and the number of the system, after the four bytes of the time.
    let has_header = matches!(rest, [_, _, _, _, 0 | 2 | 4, 0..=13 | 255, ..]);
    has_header && inflates(start, Header::Gzip)
}

/// Returns whether bytes are the start of deflate data. Random bytes soon lead to an error of the decompression. Data that
/// ends soon has a checksum.
pub fn inflates(start: &[u8], header: Header) -> bool {
    /// The number of compressed bytes without an error that prove the data.
    const ENOUGH_BYTES: usize = 2048;
    /// The number of such bytes if there are no more, since the last line of a log is left to the next run.
    const LEAST_BYTES: usize = 128;

    let start = &start[..start.len().min(ENOUGH_BYTES)];
    let mut inflater = match header {
        Header::Zlib => Decompress::new(true),
        Header::Gzip => Decompress::new_gzip(15),
        Header::None => Decompress::new(false),
    };
    let mut content = [0; 4096];
    let mut read = 0;
    loop {
        let out = inflater.total_out();
        let result = inflater.decompress(&start[read..], &mut content, FlushDecompress::None);
        read = usize::try_from(inflater.total_in()).unwrap_or(read);
        match result {
            Ok(Status::StreamEnd) => return inflater.total_out() > 0 || header == Header::Gzip,
            Ok(_) if inflater.total_out() > out => {}
            Ok(_) if start.len() == ENOUGH_BYTES => return out > 0,
            Ok(_) => return header == Header::Gzip || read >= LEAST_BYTES,
            Err(_) => return false,
        }
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use flate2::Compression;
    use flate2::write::{DeflateEncoder, GzEncoder, ZlibEncoder};
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn data_of_every_length_is_recognized_by_its_first_bytes_or_as_a_whole() {
        for length in [1, 10, 63, 64, 255, 256, 1000, 100_000] {
            // Text that does not repeat itself.
            let text: Vec<u8> = (0..length)
                .map(|n: u32| n.wrapping_mul(2_654_435_761).to_be_bytes()[0])
                .collect();
            let level = Compression::default();
            let mut gzip = GzEncoder::new(Vec::new(), level);
            gzip.write_all(&text).unwrap();
            let gzip = gzip.finish().unwrap();
            assert!(is_gzip_member(&gzip) && is_gzip_member(&gzip[..12]));
            let mut zlib = ZlibEncoder::new(Vec::new(), level);
            zlib.write_all(&text).unwrap();
            assert!(inflates(&zlib.finish().unwrap(), Header::Zlib));
            let mut deflate = DeflateEncoder::new(Vec::new(), level);
            deflate.write_all(&text).unwrap();
            assert!(inflates(&deflate.finish().unwrap(), Header::None));
        }
    }

    proptest! {
        #[test]
        fn text_behind_a_mark_is_no_data(text in "\\PC{0,200}") {
            let lines = (0..80).map(|n| format!("\n{{\"name\": \"play_video\", \"time\": {}}}", n * n * n * 7));
            let lines = lines.collect::<String>().into_bytes();
            let bytes = [text.as_bytes(), &lines].concat();
            let header = b"\x1f\x8b\x08\0\0\0\0\0\0\x03";
            prop_assert!(!is_gzip_member(&[header, &bytes[..]].concat()));
            prop_assert!(!inflates(&[b"\x78\x9c", &bytes[..]].concat(), Header::Zlib));
        }
    }
}
