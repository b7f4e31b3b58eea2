//! The compressions that this program reads and writes.
//!
//! A compressed file may consist of several members, which are decompressed one after the other. The members of a zstd file
//! are called frames.

mod encoder;

use std::io::{self, Write};
use std::path::Path;

use anyhow::{Result, bail};

pub use encoder::Encoder;

/// A compression of logs, tables and outputs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Compression {
    Gzip,
    /// Only builds with the feature `zstd` read and write it.
    Zstd,
}

const GZIP: [u8; 2] = [0x1f, 0x8b];
const ZSTD: [u8; 4] = [0x28, 0xb5, 0x2f, 0xfd];
/// The mark of a skippable frame after its first byte, which is one of 0x50 to 0x5f. Files of lz4 may begin with such frames, too.
const SKIPPABLE: [u8; 3] = [0x2a, 0x4d, 0x18];

impl Compression {
    pub const ALL: [Self; 2] = [Self::Gzip, Self::Zstd];

    /// Recognizes a compression that this build reads, by the first bytes of a file.
    pub fn of_bytes(start: &[u8]) -> Option<Self> {
        if start.starts_with(&GZIP) {
            return Some(Self::Gzip);
        }
        (Self::Zstd.is_available() && is_zstd(start)).then_some(Self::Zstd)
    }

    /// Recognizes a compression by the ending of a file name.
    pub fn of_name(path: &Path) -> Option<Self> {
        let ending = path.extension()?;
        Self::ALL.into_iter().find(|kind| ending == kind.ending())
    }

    /// Returns the ending of file names, without a dot.
    pub fn ending(self) -> &'static str {
        match self {
            Self::Gzip => "gz",
            Self::Zstd => "zst",
        }
    }

    pub fn name(self) -> &'static str {
        match self {
            Self::Gzip => "gzip",
            Self::Zstd => "zstd",
        }
    }

    /// Returns the word for a member of a file.
    pub fn member_noun(self) -> &'static str {
        match self {
            Self::Gzip => "member",
            Self::Zstd => "frame",
        }
    }

    /// Returns whether bytes are the start of a member, or the beginning of the mark of one.
    pub fn may_begin(self, bytes: &[u8]) -> bool {
        let begins = |mark: &[u8], bytes: &[u8]| bytes.iter().zip(mark).all(|(a, b)| a == b);
        match (self, bytes) {
            (Self::Gzip, _) => begins(&GZIP, bytes),
            (Self::Zstd, [0x50..=0x5f, rest @ ..]) => begins(&SKIPPABLE, rest),
            (Self::Zstd, _) => begins(&ZSTD, bytes),
        }
    }

    /// Returns whether this build reads and writes the compression.
    pub const fn is_available(self) -> bool {
        match self {
            Self::Gzip => true,
            Self::Zstd => cfg!(feature = "zstd"),
        }
    }

    /// Checks that this build reads and writes the compression.
    ///
    /// # Errors
    /// Returns an error that says how to get a build with the compression.
    pub fn check(self) -> Result<()> {
        if !self.is_available() {
            let name = self.name();
            bail!(
                "this build of event-router has no {name}: in the checkout, run `cargo install --locked --path . --features {name}`, or use gzip"
            );
        }
        Ok(())
    }

    /// Compresses a text into a member, which is a complete file of its own. A file may consist of several members, so
    /// that each batch can be compressed separately, on its own thread.
    ///
    /// # Errors
    /// Returns an error if this build has no such compression.
    pub fn member(self, text: &[u8]) -> io::Result<Vec<u8>> {
        if self == Self::Zstd {
            return encoder::zstd_frame(text);
        }
        let mut encoder = Encoder::new(Vec::new(), Some(self))?;
        encoder.write_all(text)?;
        encoder.finish()
    }
}

/// Returns a name without the ending of a compressed file.
pub fn without_ending(name: &str) -> &str {
    let endings = Compression::ALL.into_iter();
    let mut stems = endings.filter_map(|kind| name.strip_suffix(kind.ending())?.strip_suffix('.'));
    stems.next().unwrap_or(name)
}

/// Returns whether bytes are the start of a zstd file. If skippable frames do not end within `start`, the file counts as one
/// of zstd.
fn is_zstd(start: &[u8]) -> bool {
    let mut rest = start;
    while let Some(after) = after_skippable_frame(rest) {
        rest = after;
    }
    rest.starts_with(&ZSTD) || rest.is_empty() && !start.is_empty()
}

/// Returns the bytes after a skippable frame, with which files of zstd and of lz4 may begin. Returns no bytes if the
/// frame does not end within `start`, and `None` if `start` has no such frame.
pub fn after_skippable_frame(start: &[u8]) -> Option<&[u8]> {
    let [0x50..=0x5f, rest @ ..] = start else {
        return None;
    };
    let rest = rest.strip_prefix(&SKIPPABLE)?;
    let (length, rest) = rest.split_first_chunk::<4>().unwrap_or((&[0xff; 4], &[]));
    let length = usize::try_from(u32::from_le_bytes(*length)).ok();
    Some(length.and_then(|length| rest.get(length..)).unwrap_or(&[]))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn zstd_is_recognized_after_skippable_frames() {
        let skippable = [0x5a, 0x2a, 0x4d, 0x18, 2, 0, 0, 0, b'x', b'y'];
        let lz4 = [0x04, 0x22, 0x4d, 0x18];
        let zstd = Compression::Zstd
            .is_available()
            .then_some(Compression::Zstd);
        for (start, expected) in [
            (ZSTD.to_vec(), zstd),
            ([&skippable[..], &ZSTD].concat(), zstd),
            ([&skippable[..], &skippable, &ZSTD].concat(), zstd),
            ([&skippable[..], &skippable, &lz4].concat(), None),
            (skippable[..9].to_vec(), zstd),
            (skippable.to_vec(), zstd),
            (ZSTD[..3].to_vec(), None),
            (GZIP.to_vec(), Some(Compression::Gzip)),
            (Vec::new(), None),
        ] {
            assert_eq!(Compression::of_bytes(&start), expected, "{start:?}");
        }
    }

    #[test]
    fn the_beginning_of_a_mark_may_begin_a_member() {
        for (bytes, gzip, zstd) in [
            (&b""[..], true, true),
            (b"\x1f", true, false),
            (b"\x1f\x8b\x08", true, false),
            (b"\x28\xb5", false, true),
            (b"\x28\xb5\x2f\xfd\x24", false, true),
            (b"\x52\x2a", false, true),
            (b"\x52\x2b", false, false),
            (b"text", false, false),
        ] {
            assert_eq!(Compression::Gzip.may_begin(bytes), gzip, "{bytes:?}");
            assert_eq!(Compression::Zstd.may_begin(bytes), zstd, "{bytes:?}");
        }
    }

    #[test]
    fn only_the_ending_of_a_compressed_file_is_removed() {
        for (name, expected) in [
            ("a.log.gz", "a.log"),
            ("a.log.zst", "a.log"),
            ("a.log", "a.log"),
            ("agz", "agz"),
        ] {
            assert_eq!(without_ending(name), expected);
        }
    }
}
