//! Inputs that are not logs: recognized by their first bytes, and reported once, with a way to read them.

use std::process::Command;

use serde_json::json;

use crate::harness::{Run, gzip, line};
use crate::inputs::two_lines;

/// The first bytes that common programs write, followed by the kind and the way to read it that the error names.
const KINDS: &[(&[u8], &str, &str)] = &[
    // gpg --symmetric, --encrypt, --encrypt --armor, --sign
    (
        b"\x8c\x0d\x04\x09\x03\x02\xa1\xf8\xc2\xa6\x04\xd4\xd4\x4a\xff\xd2",
        "OpenPGP",
        "run `gpg --decrypt a.log > a.log.new.log`, read a.log.new.log, and move a.log away or leave it out with `--exclude`\n",
    ),
    (
        b"\x85\x01\x8c\x03\xad\x4c\x4a\xf0\x3d\xbc\x55\xf5\x01\x0c\0\x81",
        "OpenPGP",
        "gpg --decrypt",
    ),
    (
        b"-----BEGIN PGP MESSAGE-----\n\nhQGMA61MSvA9vFX1AQwArkZIBrfYz9s\n",
        "OpenPGP",
        "gpg --decrypt",
    ),
    (
        b"\xa3\x01\x01\xdd\x01\x22\xfe\x90\x0d\x03\0\x0a\x01\xbc\xc8\xea",
        "OpenPGP",
        "gpg --decrypt",
    ),
    (b"BZh91AY&SY\x9b\x97\x1f\x9c\0\0", "bzip2", "bzip2 -dc"),
    (
        b"\xfd7zXZ\0\0\x04\xe6\xd6\xb4\x46\x02\0\x21\x01",
        "xz",
        "`xz -dc a.log > a.log.new.log`",
    ),
    (
        b"\x5d\0\0\x80\0\xff\xff\xff\xff\xff\xff\xff\xff\0\x3d\x88",
        "lzma",
        "xz -dc",
    ),
    #[cfg(not(feature = "zstd"))]
    (
        b"\x28\xb5\x2f\xfd\x24\x0b\x59\0\0{\"name\":1}\n",
        "zstd",
        "`zstd -dc a.log > a.log.new.log`, read a.log.new.log, and move a.log away or leave it out with `--exclude`; or read zstd with a build that has the feature: in the checkout, run `cargo install --locked --path . --features zstd`",
    ),
    (
        b"\x04\x22\x4d\x18\x64\x40\xa7\x0b\0\0\x80{\"nam",
        "lz4",
        "lz4 -dc",
    ),
    (b"\x02\x21\x4c\x18\x0c\0\0\0\xb0{\"name\"", "lz4", "lz4 -dc"),
    (b"\xff\x06\0\0sNaPpY\x01\x0f\0\0", "snappy", "snzip -dc"),
    (
        b"\x1f\x9d\x90{D\xb8\x61\x52\xa6",
        "compress",
        "gzip -dc a.log",
    ),
    (
        b"7z\xbc\xaf\x27\x1c\0\x04\x1b\xe3",
        "7z archive",
        "run `mkdir DIR && 7z x a.log -oDIR`, read DIR, and move a.log away or leave it out with `--exclude`\n",
    ),
    (
        b"PK\x03\x04\x14\0\0\0\x08\0",
        "zip archive",
        "`mkdir DIR && unzip -q a.log -d DIR`",
    ),
    (
        b"Rar!\x1a\x07\x01\0\x33\x92",
        "rar archive",
        "unrar x a.log DIR/",
    ),
    (
        b"PAR1\x15\x04\x15\x10\x15\x14",
        "Parquet",
        "export its events as JSON",
    ),
    (
        b"SQLite format 3\0\x10\0\x01\x01\0",
        "SQLite",
        "export its events as JSON",
    ),
    (b"Obj\x01\x04\x14avro.codec", "Avro", "avro-tools tojson"),
    (
        b"ORC\x0a\x0b\x0a\x03\0\0\0",
        "ORC",
        "export its events as JSON",
    ),
    (b"\xe6\0\0\0\x07_id\0\x65\xe6", "MongoDB dump", "bsondump"),
    (b"\x7fELF\x02\x01\x01\0\0\0", "executable", "leave it out"),
    (
        b"MZ\x90\0\x03\0\0\0\x04\0\0\0\xff\xff",
        "executable",
        "leave it out",
    ),
    (
        b"\xcf\xfa\xed\xfe\x07\0\0\x01",
        "executable",
        "leave it out",
    ),
    // Skippable frames before a frame of lz4, and before an unknown one.
    (
        b"\x50\x2a\x4d\x18\x04\0\0\0abcd\x04\x22\x4d\x18\x64\x40\xa7",
        "it is compressed with lz4",
        "lz4 -dc",
    ),
    #[cfg(not(feature = "zstd"))]
    (
        b"\x5f\x2a\x4d\x18\xff\xff\0\0abcdefgh",
        "zstd or lz4",
        "zstd -dc",
    ),
    // gpg --store --compress-level 0
    (
        b"\xad\x12\x1c\x62\x05a.log\x66\x0c\x21\x11{\"name\"",
        "OpenPGP",
        "gpg --decrypt",
    ),
    // A dump of MongoDB whose documents begin with another key than `_id`.
    (
        b"\xe6\x01\0\0\x02name\0\x0b\0\0\0play_video\0",
        "MongoDB dump",
        "bsondump",
    ),
    (
        b"\x78\x9c\xab\x56\xca\x4b\xcc\x4d\x55\xb2\x52\x50\x2a\xc8\x49\xac",
        "zlib",
        "zlib-flate -uncompress",
    ),
    // Compiled Python
    (
        b"\xa7\r\r\n\0\0\0\0\xc1\x16\x9c\x65\x1e\0\0\0\xe3\0\0\0",
        "an executable",
        "leave it out",
    ),
    (b"%PDF-1.7\n%\xb5\xb5\xb5\xb5\n", "PDF", "leave it out"),
    (
        b"$ANSIBLE_VAULT;1.1;AES256\n63336265613863303565\n",
        "Ansible Vault",
        "run `ansible-vault decrypt --output - a.log > a.log.new.log`, read a.log.new.log",
    ),
    (
        b"Salted__\x8c\x0d\x04\x09\x03\x02\xa1\xf8",
        "openssl",
        "run `openssl enc -d -CIPHER -in a.log -out a.log.new.log`, read a.log.new.log, and move a.log away",
    ),
    (
        b"U2FsdGVkX1+MDQQJAwKh+MKm\n",
        "openssl, in base64",
        "`openssl enc -d -a -CIPHER -in a.log -out a.log.new.log`",
    ),
    (
        b"-----BEGIN PKCS7-----\nMIIBrQYJKoZIhvcNAQcDoIIB\n",
        "S/MIME",
        "`openssl cms -decrypt -inform PEM -in a.log -inkey KEY -out a.log.new.log`",
    ),
];

#[test]
fn each_kind_is_one_error_that_says_how_to_read_it_whatever_its_name() {
    for &(start, kind, reading) in KINDS {
        // Lines follow, which are not counted.
        let bytes = [start, &[b'\n', 0xff, b'\n'].repeat(100)].concat();
        let run = Run::transform()
            .file("a.log", bytes)
            .file("b.log.gz.gpg", line(1));
        let ended = run.args(&["-o", "out", "a.log", "b.log.gz.gpg"]).run();
        let ended = ended.with_code(3);
        ended.assert_error("`a.log` is not a log: it is ");
        ended.assert_stderr(kind);
        ended.assert_stderr(reading);
        ended.assert_stderr("2 inputs (1 failed)");
        assert_eq!(
            (ended.count("lines"), ended.count("emitted")),
            (1, 1),
            "{kind}"
        );
        assert_eq!(ended.files("out"), ["b.log.gz.gpg.xapi.jsonl"]);
    }
}

#[test]
fn each_kind_is_recognized_within_gzip_and_in_a_pipe() {
    for &(start, kind, _) in KINDS {
        let packed = gzip(start);
        let run = Run::transform().file("a.log.gz", &packed);
        let ended = run.args(&["a.log.gz"]).run().with_code(3);
        ended.assert_error("`a.log.gz` is not a log: it is ");
        ended.assert_stderr(kind);
        ended.assert_stderr("within gzip");
        ended.assert_not_stderr("unzip -q a.log");
        for stdin in [start, &packed] {
            let ended = Run::transform().stdin(stdin).args(&["--quiet", "-"]).run();
            let ended = ended.with_code(3);
            ended.assert_error("`-` is not a log: it is ");
            ended.assert_stderr(kind);
            assert_eq!(ended.stdout, b"");
        }
    }
}

#[test]
fn events_in_a_binary_form_are_binary_data() {
    for event in [
        // MessagePack, CBOR, protocol buffers, the schema of an Arrow file
        &b"\x83\xaaevent_type\xaaplay_video\xacevent_source\xa7browser\xa8username\xa3ada"[..],
        b"\xa2jevent_typejplay_videolevent_sourcegbrowser",
        b"\x0a\x0aevent_type\x12\x0aplay_video\x0a\x0cevent_source\x12\x07browser",
        b"ARROW1\0\0\x0a\0\0\0event_type\0\0\x0c\0\0\0event_source\0\0",
    ] {
        let run = Run::transform().file("a.log", event.repeat(100));
        let ended = run.args(&["a.log"]).run().with_code(3);
        ended.assert_error("`a.log` is not a log: it is binary data; leave it out");
    }
    for text in [
        "event_type,event_source\n",
        "event_types\n",
        "event_type=a\n",
        "INFO event_type\n",
    ] {
        let run = Run::transform()
            .file("a.log", text.repeat(9))
            .args(&["a.log"]);
        run.run().with_code(0);
    }
}

#[test]
fn a_log_is_read_although_it_begins_like_another_kind_of_file() {
    for start in [
        "%PDF-",
        "GIF89a ",
        "H4sIA",
        "PAR1",
        "MZ",
        "PK ",
        "x^",
        "SQLite format 3 ",
        "Salted__",
        "-----BEGIN PGP MESSAGE",
        "age-encryption.org/",
        "version https://git-lfs.github.com/",
        "\u{a7}",
        "1234ustar",
    ] {
        for between in ["", " ", "\n"] {
            for text in [line(1), format!("INFO 17 [tracking] - {}", line(1))] {
                let text = format!("{start}{between}{text}{}", line(2));
                let run = Run::transform().stdin(&text).args(&["-"]);
                assert_eq!(run.run().with_code(0).count("emitted"), 2, "{text}");
            }
        }
    }
    // A byte-order mark of UTF-16 before lines in UTF-8.
    let text = [b"\xff\xfe", line(1).as_bytes(), line(2).as_bytes()].concat();
    let run = Run::transform().stdin(&text).args(&["-"]);
    assert_eq!(run.run().with_code(0).count("emitted"), 2);
}

#[test]
fn gzip_within_a_later_member_of_a_gzip_file_is_an_error_after_the_lines_before() {
    let joined = [gzip(line(1)), gzip(gzip(line(2)))].concat();
    let run = Run::transform()
        .file("a.log.gz", joined)
        .args(&["a.log.gz"]);
    let ended = run.run().with_code(3);
    ended.assert_error("failed to read `a.log.gz` to its end: member 2 of the gzip file is compressed twice with gzip; decompress the files that were joined, one by one");
    assert_eq!((ended.count("lines"), ended.count("emitted")), (1, 1));
}

#[test]
fn a_tar_archive_is_an_error_and_not_read_as_a_log() {
    let mut header = [0; 512];
    header[..5].copy_from_slice(b"a.log");
    header[257..262].copy_from_slice(b"ustar");
    let archive = [&header[..], line(1).as_bytes()].concat();
    for (archive, is) in [
        (
            gzip(&archive),
            "a tar archive, within gzip; run `mkdir DIR && gzip -dc logs | tar -xf - -C DIR`, read DIR, and move logs away",
        ),
        (
            archive,
            "a tar archive; run `mkdir DIR && tar -xf logs -C DIR`, read DIR, and move logs away",
        ),
    ] {
        let ended = Run::transform()
            .file("logs", &archive)
            .args(&["logs"])
            .run()
            .with_code(3);
        ended.assert_error(&format!("`logs` is not a log: it is {is}"));
        let run = Run::transform().stdin(archive).args(&["-"]);
        run.run().with_code(3).assert_stderr("it is a tar archive");
    }
}

#[test]
fn what_installed_programs_write_is_recognized() {
    let mut recognized = 0;
    for (program, arguments, kind) in [
        (
            "gpg",
            "--batch --symmetric --passphrase x --pinentry-mode loopback --homedir .",
            "OpenPGP",
        ),
        (
            "gpg",
            "--batch --symmetric --armor --passphrase x --pinentry-mode loopback --homedir .",
            "OpenPGP",
        ),
        ("iconv", "-f UTF-8 -t UTF-16", "UTF-16"),
        ("iconv", "-f UTF-8 -t UTF-16BE", "UTF-16"),
        ("iconv", "-f UTF-8 -t UTF-32", "UTF-32"),
        ("lz4", "-c -f", "lz4"),
        ("lz4", "-c -f -l", "lz4"),
        #[cfg(not(feature = "zstd"))]
        ("zstd", "-c", "zstd"),
        ("xz", "-c", "xz"),
        ("bzip2", "-c", "bzip2"),
        ("tar", "-c a.log", "tar archive"),
        ("base64", "a.gz", "gzip in base64"),
    ] {
        let run = Run::transform()
            .file("a.log", two_lines())
            .file("a.gz", gzip(two_lines()));
        let mut command = Command::new("sh");
        let script = format!("{program} {arguments} < a.log > b.log 2> /dev/null");
        let directory = run.directory.path("");
        let status = command
            .args(["-c", &script])
            .current_dir(directory)
            .status();
        // A program that is not installed is skipped.
        if !status.unwrap().success() {
            continue;
        }
        recognized += 1;
        let ended = run.args(&["b.log"]).run().with_code(3);
        ended.assert_error("`b.log` is not a log: it is ");
        ended.assert_stderr(kind);
    }
    // tar and base64 are installed on every machine.
    assert!(recognized >= 2);
}

#[test]
fn with_a_state_a_file_that_is_not_a_log_is_tried_again_by_the_next_run() {
    let arguments = [
        "--state",
        "state",
        "--report",
        "report.json",
        "-o",
        "out",
        "logs",
    ];
    let run = Run::transform()
        .file("logs/a.log.gz.gpg", KINDS[0].0)
        .file("logs/b.log", line(1));
    let first = run.args(&arguments).run().with_code(3);
    let input = &first.report()["inputs"][0];
    assert_eq!(
        (&input["ended"], &input["lines"]),
        (&json!("failed"), &json!(0))
    );
    let again = Run::transform().in_directory(&first.directory);
    let again = again.args(&arguments).run().with_code(3);
    again.assert_error("`logs/a.log.gz.gpg` is not a log: it is encrypted");
    first.directory.write("logs/a.log.gz.gpg", line(2));
    let mended = Run::transform().in_directory(&first.directory);
    let mended = mended.args(&arguments).run().with_code(0);
    assert_eq!(mended.count("emitted"), 1);
}
