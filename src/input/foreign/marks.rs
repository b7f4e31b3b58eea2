//! The first bytes of the kinds of files that are not logs.

use super::description::Description::{self, Noun, State};
use super::reading::{self, Reading};
use Reading::{Advice, Command, Unpack, UnpackFile};

/// The description of a kind of file, the way to read it, and its marks: bytes at an offset.
pub type Marks = (Description, Reading, &'static [(usize, &'static [u8])]);

pub const EXPORT: Reading = Advice("export its events as JSON, one event a line");
const LEAVE_OUT: Reading = Advice(reading::LEAVE_OUT);

/// The identifier of the data of S/MIME, which follows a length of 2 to 4 bytes.
const CMS: &[u8] = b"\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x07";

/// Marks of compressions, with which no log begins.
pub const MARKS_OF_COMPRESSIONS: &[Marks] = &[
    (
        State("compressed with bzip2"),
        Command("bzip2 -dc FILE"),
        &[(4, b"1AY&SY"), (4, b"\x17rE8P\x90")],
    ),
    (
        State("compressed with xz"),
        Command("xz -dc FILE"),
        &[(0, b"\xfd7zXZ\0")],
    ),
    (
        State("compressed with lzma"),
        Command("xz -dc --format=lzma FILE"),
        &[(0, b"\x5d\0\0")],
    ),
    (
        State("compressed with zstd"),
        Command("zstd -dc FILE"),
        &[(0, b"\x28\xb5\x2f\xfd")],
    ),
    (
        State("compressed with lz4"),
        Command("lz4 -dc FILE"),
        &[(0, b"\x04\x22\x4d\x18"), (0, b"\x02\x21\x4c\x18")],
    ),
    (
        State("compressed with lzop"),
        Command("lzop -dc FILE"),
        &[(0, b"\x89LZO\0\r\n\x1a\n")],
    ),
    (
        State("compressed with snappy"),
        Command("snzip -dc FILE"),
        &[(0, b"\xff\x06\0\0sNaPpY"), (0, b"\x82SNAPPY\0")],
    ),
    (
        State("compressed with compress"),
        Command("gzip -dc FILE"),
        &[(0, b"\x1f\x9d")],
    ),
];

/// Marks of other kinds of files, with which no log begins.
pub const MARKS: &[Marks] = &[
    (
        Noun("gzip in base64"),
        Command("base64 -d FILE"),
        &[(0, b"H4sI")],
    ),
    // Archives, which hold several files.
    (
        Noun("a tar archive"),
        Unpack("tar -xf FILE -C DIR"),
        &[(257, b"ustar\0"), (257, b"ustar  \0")],
    ),
    (
        Noun("a zip archive"),
        UnpackFile("unzip -q FILE -d DIR"),
        &[(0, b"PK\x03\x04"), (0, b"PK\x05\x06"), (0, b"PK\x07\x08")],
    ),
    (
        Noun("a 7z archive"),
        UnpackFile("7z x FILE -oDIR"),
        &[(0, b"7z\xbc\xaf\x27\x1c")],
    ),
    (
        Noun("a rar archive"),
        UnpackFile("unrar x FILE DIR/"),
        &[(0, b"Rar!\x1a\x07")],
    ),
    // Encryptions. The module `openpgp` recognizes messages of OpenPGP that are not text.
    (
        State("encrypted with OpenPGP"),
        Command("gpg --decrypt FILE"),
        &[(0, b"-----BEGIN PGP MESSAGE")],
    ),
    (
        State("encrypted with age"),
        Command("age --decrypt FILE"),
        &[
            (0, b"age-encryption.org/"),
            (0, b"-----BEGIN AGE ENCRYPTED"),
        ],
    ),
    (
        State("encrypted with S/MIME"),
        Advice(
            "run `openssl cms -decrypt -inform PEM -in FILE -inkey KEY -out FILE.new.log`, read FILE.new.log",
        ),
        &[(0, b"-----BEGIN PKCS7"), (0, b"-----BEGIN CMS")],
    ),
    (
        State("encrypted with S/MIME"),
        Advice(
            "run `openssl cms -decrypt -inform DER -in FILE -inkey KEY -out FILE.new.log`, read FILE.new.log",
        ),
        &[(2, CMS), (4, CMS), (5, CMS)],
    ),
    (
        State("encrypted with openssl"),
        Advice("run `openssl enc -d -CIPHER -in FILE -out FILE.new.log`, read FILE.new.log"),
        &[(0, b"Salted__")],
    ),
    (
        State("encrypted with openssl, in base64"),
        Advice("run `openssl enc -d -a -CIPHER -in FILE -out FILE.new.log`, read FILE.new.log"),
        &[(0, b"U2FsdGVkX1")],
    ),
    (
        State("encrypted with Ansible Vault"),
        Command("ansible-vault decrypt --output - FILE"),
        &[(0, b"$ANSIBLE_VAULT;")],
    ),
    // Databases and columnar files.
    (
        Noun("an SQLite database"),
        EXPORT,
        &[(0, b"SQLite format 3\0")],
    ),
    (
        Noun("an Avro file"),
        Command("avro-tools tojson FILE"),
        &[(0, b"Obj\x01")],
    ),
    (
        Noun("an archive of mongodump"),
        Advice("restore it with `mongorestore`, and write the events with `mongoexport`"),
        &[(0, b"\x6d\xe2\x99\x81")],
    ),
    (
        Noun("a systemd journal"),
        Advice("run `journalctl --file FILE --output cat > FILE.new.log`, read FILE.new.log"),
        &[(0, b"LPKSHHRH")],
    ),
    // Other files that lie beside logs.
    (
        Noun("a pointer of Git LFS"),
        Advice("fetch the file with `git lfs pull`"),
        &[(0, b"version https://git-lfs.github.com/")],
    ),
    (
        Noun("an Office document"),
        LEAVE_OUT,
        &[(0, b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1")],
    ),
    (Noun("a PDF document"), LEAVE_OUT, &[(0, b"%PDF-")]),
    (
        Noun("an image"),
        LEAVE_OUT,
        &[
            (0, b"\x89PNG\r\n\x1a\n"),
            (0, b"\xff\xd8\xff"),
            (0, b"GIF89a"),
        ],
    ),
    (
        Noun("an executable"),
        LEAVE_OUT,
        &[
            (0, b"\x7fELF"),
            (0, b"\xcf\xfa\xed\xfe"),
            (0, b"\xca\xfe\xba\xbe"),
            // Compiled Python, after the first byte of its version.
            (1, b"\r\r\n\0\0\0\0"),
        ],
    ),
];

/// Marks with which a text may begin, too. They count only in a file that holds binary data.
pub const MARKS_OF_BINARY: &[Marks] = &[
    (
        Noun("a Parquet file"),
        EXPORT,
        &[(0, b"PAR1"), (0, b"PARE")],
    ),
    (Noun("an ORC file"), EXPORT, &[(0, b"ORC")]),
    (Noun("an executable"), LEAVE_OUT, &[(0, b"MZ")]),
];
