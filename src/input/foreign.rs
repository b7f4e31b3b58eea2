//! Files that are not logs: other compressions, archives, encryption, encodings, databases, programs. They are recognized
//! by their first bytes, never by their names, so that each file is one error that says how to read the file. Otherwise
//! each of its lines would be reported as unparsable.

mod description;
mod in_line;
mod inflate;
mod marks;
mod openpgp;
mod reading;
mod text;
mod wide_encoding;

use flate2::{Decompress, FlushDecompress};

use description::Description::{self, Noun, State};
pub use in_line::{ForeignData, message_after};
use marks::{MARKS, MARKS_OF_BINARY, MARKS_OF_COMPRESSIONS, Marks};
use reading::Reading;
pub use text::is_text;
use text::{holds_json_text, is_armored, is_binary};
use wide_encoding::wide_encoding;

use crate::compression::{Compression, after_skippable_frame};

/// The number of first bytes in which all kinds of files are recognized. The mark of a tar archive is the last.
pub const EXAMINED_BYTES: usize = 512;

/// A kind of file that is not a log.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Foreign {
    is: Description,
    reading: Reading,
}

/// The container in which bytes of another kind were found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Container {
    /// The bytes are those of a file.
    File,
    /// The bytes come from a pipe.
    Pipe,
    /// The bytes are the decompressed content of a file.
    CompressedFile(Compression),
    /// The bytes come from a pipe and are decompressed.
    CompressedPipe(Compression),
}

impl Container {
    pub fn of(is_pipe: bool, compression: Option<Compression>) -> Self {
        match (is_pipe, compression) {
            (false, None) => Self::File,
            (true, None) => Self::Pipe,
            (false, Some(compression)) => Self::CompressedFile(compression),
            (true, Some(compression)) => Self::CompressedPipe(compression),
        }
    }

    /// Returns the container of the decompressed content of data in this container.
    pub fn with(self, compression: Compression) -> Self {
        let is_pipe = matches!(self, Self::Pipe | Self::CompressedPipe(_));
        Self::of(is_pipe, Some(compression))
    }

    /// Returns a shell command that writes the bytes to standard output, or `None` for the bytes of a file.
    fn writer(self) -> Option<&'static str> {
        match self {
            Self::File => None,
            Self::Pipe => Some("…"),
            Self::CompressedFile(Compression::Gzip) => Some("gzip -dc FILE"),
            Self::CompressedPipe(Compression::Gzip) => Some("… | gzip -dc"),
            Self::CompressedFile(Compression::Zstd) => Some("zstd -dc FILE"),
            Self::CompressedPipe(Compression::Zstd) => Some("… | zstd -dc"),
        }
    }

    fn compression(self) -> Option<Compression> {
        match self {
            Self::File | Self::Pipe => None,
            Self::CompressedFile(compression) | Self::CompressedPipe(compression) => {
                Some(compression)
            }
        }
    }
}

impl Foreign {
    const GZIP_TWICE: Self = Self::new(State("compressed twice with gzip"), Reading::Itself);
    const GZIP: Self = Self::new(State("compressed with gzip"), Reading::Itself);
    const ZSTD_TWICE: Self = Self::new(State("compressed twice with zstd"), Reading::Itself);
    /// Data of zstd, in a build that reads it.
    const ZSTD: Self = Self::new(State("compressed with zstd"), Reading::Itself);
    const ZLIB: Self = Self::new(
        State("compressed with zlib"),
        Reading::Advice(
            "decompress it with `zlib-flate -uncompress` or the module `zlib` of Python, and read what it writes",
        ),
    );
    const ZSTD_OR_LZ4: Self = Self::new(
        State("compressed with zstd or lz4"),
        Reading::Command("zstd -dc FILE"),
    );
    const OPENPGP: Self = Self::new(
        State("encrypted or signed with OpenPGP"),
        Reading::Command("gpg --decrypt FILE"),
    );
    const MONGODUMP: Self = Self::new(
        Noun("a MongoDB dump"),
        Reading::Command("bsondump --quiet FILE"),
    );

    const fn new(is: Description, reading: Reading) -> Self {
        Self { is, reading }
    }

    /// Recognizes a kind of file by its first bytes, up to [`EXAMINED_BYTES`]. Returns `None` if the bytes may be the
    /// start of a log. A compressed file is of another kind, also if this program decompresses it.
    pub fn recognize(start: &[u8], container: Container) -> Option<Self> {
        /// The number of first bytes that are not UTF-8 in another encoding. A document may have no more before other data.
        const SURE_BYTES: usize = 32;

        if let Some(inner) = Compression::of_bytes(start) {
            let is_twice = container.compression() == Some(inner);
            return Some(match (inner, is_twice) {
                (Compression::Gzip, true) => Self::GZIP_TWICE,
                (Compression::Gzip, false) => Self::GZIP,
                (Compression::Zstd, true) => Self::ZSTD_TWICE,
                (Compression::Zstd, false) => Self::ZSTD,
            });
        }
        if holds_json_text(start) {
            return None;
        }
        if let Some(rest) = after_skippable_frame(start) {
            let kind = Self::with_mark(rest, MARKS_OF_COMPRESSIONS.iter());
            return Some(kind.unwrap_or(Self::ZSTD_OR_LZ4));
        }
        let of_binary = MARKS_OF_BINARY.iter().filter(|_| is_binary(start));
        let marks = MARKS_OF_COMPRESSIONS.iter().chain(MARKS).chain(of_binary);
        if let Some(kind) = Self::with_mark(start, marks) {
            return Some(kind);
        }
        if is_zlib(start) {
            return Some(Self::ZLIB);
        }
        if openpgp::is_message(start) {
            return Some(Self::OPENPGP);
        }
        if is_bson(start) {
            return Some(Self::MONGODUMP);
        }
        if is_text(&start[..start.len().min(SURE_BYTES)]) {
            return None;
        }
        let (is, command) = wide_encoding(start)?;
        Some(Self::new(is, Reading::Command(command)))
    }

    /// Recognizes UTF-16 and UTF-32 of which the first bytes are no ASCII characters, by later ones.
    pub fn wide_encoding_within(bytes: &[u8]) -> Option<Self> {
        const BYTES: usize = 128;

        let mut parts = bytes.chunks_exact(BYTES);
        let (is, command) = parts.find_map(|part| {
            let zeros = part.iter().filter(|&&byte| byte == 0).count();
            wide_encoding(part).filter(|_| zeros >= BYTES / 4)
        })?;
        Some(Self::new(is, Reading::Command(command)))
    }

    fn with_mark(start: &[u8], mut kinds: impl Iterator<Item = &'static Marks>) -> Option<Self> {
        let (is, reading, _) = kinds.find(|(_, _, marks)| {
            let begins = |(at, mark): &(usize, &[u8])| {
                let rest = start.get(*at..);
                rest.is_some_and(|rest| rest.starts_with(mark))
            };
            marks.iter().any(begins)
        })?;
        Some(Self::new(*is, *reading))
    }

    /// Recognizes a kind of file by the first bytes of a member of a compressed file that has other members before. The
    /// member may begin in the middle of a line, so only binary data counts, and armored data.
    pub fn in_member(start: &[u8], compression: Compression) -> Option<Self> {
        let kind = Self::recognize(start, Container::CompressedFile(compression));
        let is_compressed = || Compression::of_bytes(start).is_some();
        kind.filter(|_| is_compressed() || is_binary(start) || is_armored(start))
    }

    /// Returns an explanation for an error: the kind, and the way to read such a file.
    pub fn message(self, container: Container) -> String {
        let Self { is, reading } = self;
        let advice = match (container, container.writer()) {
            (Container::Pipe | Container::CompressedPipe(_), Some(writer)) => {
                reading.of_pipe(writer)
            }
            (_, writer) => reading.of_file(writer),
        };
        let build = self.build();
        format!("it is {is}{}; {advice}{build}", self.within(container))
    }

    /// Returns an explanation for an error about a lookup table: the kind, and the way to get a table from such a file.
    pub fn message_of_table(self, container: Container) -> String {
        let Self { is, reading } = self;
        let advice = reading.advice_for_table(container.writer());
        let build = self.build();
        format!("it is {is}{}; {advice}{build}", self.within(container))
    }

    /// Returns an explanation for an error about a member of a compressed file: the kind of the data in the member.
    pub fn message_of_member(self, number: u64, compression: Compression) -> String {
        format!(
            "{} {number} of the {} file is {}; decompress the files that were joined, one by one",
            compression.member_noun(),
            compression.name(),
            self.is
        )
    }

    /// Returns the end of the advice about a compression that other builds read.
    fn build(self) -> &'static str {
        let is_zstd = self.is == Self::ZSTD.is || self == Self::ZSTD_OR_LZ4;
        match is_zstd && !Compression::Zstd.is_available() {
            true => {
                "; or read zstd with a build that has the feature: in the checkout, run `cargo install --locked --path . --features zstd`"
            }
            false => "",
        }
    }

    fn within(self, container: Container) -> &'static str {
        match container.compression() {
            Some(_) if matches!(self, Self::GZIP_TWICE | Self::ZSTD_TWICE) => "",
            Some(Compression::Gzip) => ", within gzip",
            Some(Compression::Zstd) => ", within zstd",
            None => "",
        }
    }
}

/// Returns whether zlib can decompress bytes. The two bytes of its header alone also begin texts.
fn is_zlib(start: &[u8]) -> bool {
    if start.first() != Some(&0x78) || std::str::from_utf8(start).is_ok() {
        return false;
    }
    let mut text = [0; 16];
    let mut zlib = Decompress::new(true);
    let result = zlib.decompress(start, &mut text, FlushDecompress::None);
    result.is_ok() && zlib.total_out() > 0
}

/// Returns whether bytes are the start of a BSON document, of which a dump of MongoDB consists: a length of less than
/// 16 MiB, and the type and the key of the first member.
fn is_bson(start: &[u8]) -> bool {
    let [a, b, c, 0, 1..=19, key @ ..] = start else {
        return false;
    };
    let end = key.iter().position(|&byte| byte == 0).unwrap_or(0);
    let is_key = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'$' | b'-');
    [*a, *b, *c] != [0; 3] && end > 0 && key[..end].iter().all(is_key)
}

#[cfg(test)]
mod tests {
    use super::reading::NEW;
    use super::*;

    fn is(start: &[u8]) -> Option<Description> {
        Foreign::recognize(start, Container::File).map(|kind| kind.is)
    }

    #[test]
    fn the_start_of_a_log_is_of_no_other_kind() {
        let holes = [vec![0; 512], [&[0; 9][..], b"{\"name\""].concat()];
        // The mark of a tar archive without its end.
        let mustard = [&[b'a'; 256][..], b"mustard\"}\n"].concat();
        let odd: [&[u8]; 14] = [
            b"",
            b"{",
            b"{\"name\": \"play_video\"}\n",
            b"\xef\xbb\xbf{\"name\"",
            b"\x1b[36mlms-1 | \x1b[0m2024-03-05",
            b"MZ 2024-03-05 INFO {\"name\"",
            b"PAR1 2024-03-05 INFO",
            b"ORC\n{\"name\": 1}",
            b"PK 2024",
            b"BZh is a prefix {\"name\"",
            b"]\n",
            b"\0{\"name\": 1}",
            // The rest of a character whose first byte is in another file, after a log was split.
            b"\xa4hnlich\"}\n",
            b"\x85ngstr\xc3\xb6m\"}\n",
        ];
        let odd = odd.iter().map(|start| start.to_vec());
        for start in odd.chain(holes).chain([mustard]) {
            assert_eq!(is(&start), None, "{start:?}");
        }
    }

    #[test]
    fn wide_encodings_are_recognized_with_and_without_a_byte_order_mark() {
        let text = "\n{\"name\": 1}";
        let utf_16 = |bytes: fn(u16) -> [u8; 2], mark: &str| {
            let text = format!("{mark}{text}");
            text.encode_utf16().flat_map(bytes).collect::<Vec<u8>>()
        };
        let utf_32 = |bytes: fn(u32) -> [u8; 4], mark: &str| {
            let text = format!("{mark}{text}");
            let units = text.chars().map(u32::from);
            units.flat_map(bytes).collect::<Vec<u8>>()
        };
        for mark in ["\u{feff}", ""] {
            for (start, is, from) in [
                (utf_16(u16::to_le_bytes, mark), "UTF-16", "UTF-16LE"),
                (utf_16(u16::to_be_bytes, mark), "UTF-16", "UTF-16BE"),
                (utf_32(u32::to_le_bytes, mark), "UTF-32", "UTF-32LE"),
                (utf_32(u32::to_be_bytes, mark), "UTF-32", "UTF-32BE"),
            ] {
                let kind = Foreign::recognize(&start, Container::File).unwrap();
                let command = format!("iconv -f {from} -t UTF-8 FILE");
                let message = kind.message(Container::File);
                let expected =
                    format!("it is {is} text; run `{command} > {NEW}`, read {NEW}, and ");
                assert!(message.starts_with(&expected), "{message}");
            }
        }
    }

    #[test]
    fn the_message_says_how_to_read_the_kind_in_its_container() {
        for (container, expected) in [
            (Container::File, "`gpg --decrypt FILE > FILE.new.log`"),
            (Container::Pipe, "`… | gpg --decrypt - | event-router … -`"),
            (
                Container::CompressedFile(Compression::Gzip),
                "`gzip -dc FILE | gpg --decrypt - > FILE.new.log`",
            ),
            (
                Container::CompressedPipe(Compression::Gzip),
                "`… | gzip -dc | gpg --decrypt - | event-router … -`",
            ),
        ] {
            let message = Foreign::OPENPGP.message(container);
            assert!(message.contains(expected), "{message}");
        }
    }
}
