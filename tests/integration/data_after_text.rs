//! Inputs in which data of another kind follows lines of text, as when files of several kinds are joined.

use std::io::Write;

use flate2::Compression;
use flate2::write::ZlibEncoder;
use proptest::prelude::*;
use proptest::test_runner::RngSeed;
use serde_json::{Value, json};

use crate::harness::{Ended, Run, gzip, line, lines};

pub fn utf_16(text: &str) -> Vec<u8> {
    text.encode_utf16().flat_map(u16::to_le_bytes).collect()
}

fn zlib(text: &str) -> Vec<u8> {
    let mut encoder = ZlibEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(text.as_bytes()).unwrap();
    encoder.finish().unwrap()
}

/// The packets that `gpg --symmetric` and `gpg --encrypt` write: the encrypted session key and the first bytes of the
/// encrypted data.
fn openpgp() -> [Vec<u8>; 2] {
    let password = b"\x8c\x0d\x04\x09\x03\x08\xa1\xf8\xc2\xa6\x04\x0a\x4a\xff\xff";
    let public_key = b"\x85\x01\x0c\x03\xad\x4c\x4a\xf0\x3d\xbc\x55\xf5\x01\x08\0";
    let public_key = [&public_key[..], &[0xc3; 256]].concat();
    let data = b"\xd2\xc0\x4c\x01\xb8\n\xc1\x92\n\x7f";
    [&password[..], &public_key].map(|key| [key, data].concat())
}

pub fn fails_after(ended: Ended, lines: u64, emitted: u64, message: &str) -> Ended {
    let ended = ended.with_code(3);
    ended.assert_error(message);
    let counts = (ended.count("lines"), ended.count("emitted"));
    assert_eq!(counts, (lines, emitted), "{message}");
    ended
}

/// Checks that a run reports data of another kind at this byte.
fn fails_at(at: usize, ended: Ended, lines: u64, emitted: u64) -> Ended {
    let ended = fails_after(ended, lines, emitted, "failed to read `a.");
    ended.assert_stderr(&format!(" begins at byte {at}, after "));
    ended
}

#[test]
fn data_of_another_kind_after_lines_of_text_is_an_error_that_says_where_it_begins() {
    let text = lines(0..3);
    let at = text.len() + 1;
    let more = [b'\n', 0xff].repeat(100);
    let [with_password, with_public_key] = openpgp();
    let starts: [(Vec<u8>, &str, &str); 9] = [
        (
            with_password,
            "data encrypted or signed with OpenPGP",
            "| gpg --decrypt - ",
        ),
        (
            with_public_key,
            "data encrypted or signed with OpenPGP",
            "| gpg --decrypt - ",
        ),
        (gzip(lines(3..400)), "data compressed with gzip", ""),
        (
            b"BZh91AY&SY\x9b\x97\x1f\x9c\0\0".to_vec(),
            "data compressed with bzip2",
            "| bzip2 -dc - ",
        ),
        (
            b"\xfd7zXZ\0\0\x04\xe6\xd6\xb4\x46".to_vec(),
            "data compressed with xz",
            "| xz -dc - ",
        ),
        (
            b"\x28\xb5\x2f\xfd\x24\x0b\x59\0\0{\"name\":1}".to_vec(),
            "data compressed with zstd",
            "| zstd -dc - ",
        ),
        (
            utf_16(&lines(3..4)),
            "UTF-16 text",
            "| iconv -f UTF-16LE -t UTF-8 - ",
        ),
        (
            [b"\xff\xfe", &utf_16(&lines(3..4))[..]].concat(),
            "UTF-16 text",
            "| iconv -f UTF-16LE -t UTF-8 - ",
        ),
        (
            // Data after a hole of NUL bytes is found, too.
            [&[0; 50][..], &gzip(line(3))].concat(),
            "data compressed with gzip",
            "",
        ),
    ];
    for (start, kind, command) in starts {
        let at = at + start.iter().take_while(|&&byte| byte == 0).count();
        let bytes = [text.as_bytes(), &start, &more].concat();
        let message = |name: &str, advice: String| {
            format!(
                "failed to read `{name}` to its end: {kind} begins at byte {at}, after 3 lines of text; {advice}"
            )
        };
        let before = at - 1;
        for (name, bytes, rest, first) in [
            (
                "a.log",
                bytes.clone(),
                format!("tail -c +{at} a.log"),
                format!("head -c {before} a.log"),
            ),
            (
                "a.log.gz",
                gzip(&bytes),
                format!("gzip -dc a.log.gz | tail -c +{at}"),
                format!("gzip -dc a.log.gz | head -c {before}"),
            ),
        ] {
            let run = Run::transform().file(name, bytes).args(&[name]);
            let advice = format!(
                "run `{first} > {name}.1.log; {rest} {command}> {name}.2.log`, read both files, and move {name} away or leave it out with `--exclude`"
            );
            fails_after(run.run(), 3, 3, &message(name, advice));
        }
        for (bytes, rest) in [
            (bytes.clone(), format!("… | tail -c +{at}")),
            (gzip(&bytes), format!("… | gzip -dc | tail -c +{at}")),
        ] {
            let run = Run::transform().stdin(bytes).args(&["-"]);
            let advice = format!(
                "read it with `{rest} {command}| event-router … -`; if the input comes out of an archive, unpack the archive into a folder and give the folder"
            );
            fails_after(run.run(), 3, 3, &message("-", advice));
        }
    }
}

#[test]
fn data_may_follow_an_event_without_a_newline_between_them() {
    let text = lines(0..3);
    for data in [
        gzip(lines(3..400)),
        b"\x28\xb5\x2f\xfd\x24\x0b\x59\0\0{\"name\":1}\n".to_vec(),
        utf_16(&lines(3..4)),
        zlib(&lines(3..4)),
        zlib(&lines(3..400)),
    ] {
        let bytes = [text.trim_end().as_bytes(), &data].concat();
        let run = Run::transform().file("a.log", bytes).args(&["a.log"]);
        fails_at(text.len(), run.run(), 3, 3);
    }
}

#[test]
fn the_position_of_the_data_does_not_depend_on_batches_and_threads() {
    let text = lines(0..12_000);
    // The lines after the data are not read, because nobody knows where the data ends.
    let bytes = [text.as_bytes(), &gzip(lines(0..40)), text.as_bytes()].concat();
    let at = text.len() + 1;
    let message =
        format!("data compressed with gzip begins at byte {at}, after 12000 lines of text; ");
    for threads in ["1", "4"] {
        let run = Run::transform()
            .file("a.log", &bytes)
            .file("b.log", line(1));
        let arguments = ["--threads", threads, "-o", "out", "a.log", "b.log"];
        let ended = run.args(&arguments).run();
        let error = format!("failed to read `a.log` to its end: {message}");
        fails_after(ended, 12_001, 12_001, &error);
    }
}

#[test]
fn with_a_state_each_run_reports_the_data() {
    let text = lines(0..3);
    for data in [
        gzip(lines(3..400)),
        zlib(&lines(3..40)),
        // The message that `gpg --sign` compresses.
        [b"\xa3\x02", &zlib(&lines(3..40))[..]].concat(),
        // Without a newline.
        b"\x28\xb5\x2f\xfd\x24\x0b\x59\0\0{\"name\":1}".to_vec(),
    ] {
        let bytes = [text.as_bytes(), &data].concat();
        let arguments = ["--state", "state", "-o", "out", "a.log"];
        let run = Run::transform().file("a.log", bytes).args(&arguments);
        let at = text.len() + 1;
        let first = fails_at(at, run.run(), 3, 3);
        let again = Run::transform().in_directory(&first.directory);
        fails_at(at, again.args(&arguments).run(), 0, 0);
    }
}

#[test]
fn lines_with_damaged_bytes_are_bad_lines_and_no_data_of_another_kind() {
    for damaged in [
        &b"\x1f\x8b"[..],
        b"\x1f\x8b\x08",
        b"\x1f\x8b\x08\0",
        b"\x1f\x8b\x08\x08{\"name\": 1}",
        b"\x1f\x8b\x08\0\0\0\0\0damaged, and no gzip",
        b"\x28\xb5\x2f\xfd is damaged",
        b"BZh91AY&SY is \xe4",
        b"\xfd7zXZ\0 is damaged",
        b"\x8c\x0d\x04\x09 is damaged",
        b"\x85\x01\x0c\x03 is damaged",
        b"x\x9c is damaged",
        b"\xa3\x01\x01",
        b"\x5d\0\0\x80",
        b"\0\0{\0\"\0",
        b"\xff\xfe{\"name\": 1}",
        b"{\"name\": \"\xff\"}(\xb5/",
        b"MZ\0\xff",
        b"x\xda\x03\0\0\0\0\x01",
    ] {
        let bytes = [line(0).as_bytes(), damaged, b"\n", line(1).as_bytes()].concat();
        let run = Run::transform().file("a.log", bytes).args(&["a.log"]);
        let ended = run.run().with_code(0);
        assert_eq!((ended.count("lines"), ended.count("emitted")), (3, 2));
    }
}

proptest! {
    #![proptest_config(ProptestConfig {
        cases: 20,
        failure_persistence: None,
        rng_seed: RngSeed::Fixed(20_240_305),
        ..ProptestConfig::default()
    })]

    #[test]
    fn bad_lines_of_text_in_any_encoding_never_end_a_file(
        texts in prop::collection::vec("\\PC{20,60}", 40),
        marks in prop::collection::vec(0..MARKS.len(), 40),
        latin in any::<bool>(),
    ) {
        let bad = texts.iter().zip(marks).map(|(text, mark)| {
            let text: Vec<u8> = match latin {
                true => text.chars().map(|c| c as u8).filter(|&byte| byte & 0x7f >= b' ').collect(),
                false => text.bytes().collect(),
            };
            [MARKS[mark], &text, b" \n"].concat()
        });
        let bytes = [line(0).into_bytes(), bad.collect::<Vec<_>>().concat(), line(1).into_bytes()];
        let run = Run::transform().file("a.log", bytes.concat()).args(&["a.log"]);
        let ended = run.run();
        prop_assert_eq!(ended.code, 0, "{}", ended.stderr);
        prop_assert_eq!(ended.count("emitted"), 2);
    }
}

/// The first bytes of other kinds of data.
const MARKS: [&[u8]; 16] = [
    b"",
    b"\x1f\x8b\x08",
    b"\x1f\x8b\x08\0",
    b"BZh91AY&SY",
    b"\xfd7zXZ\0",
    b"\x28\xb5\x2f\xfd",
    b"\x04\x22\x4d\x18",
    b"\xff\x06\0\0sNaPpY",
    b"PK\x03\x04",
    b"\x78\x9c",
    b"x^",
    b"\x8c\x0d\x04\x09\x03\x08",
    b"\x85\x01\x0c\x03",
    b"\xff\xfe",
    b"SQLite format 3\0",
    b"Salted__\xe4",
];

#[test]
fn data_of_another_kind_after_a_document_is_an_error_in_every_run() {
    let document = serde_json::to_string_pretty(&serde_json::from_str::<Value>(&line(1)).unwrap());
    let document = document.unwrap();
    // A document is converted anew. A file whose beginning looks like several records is a log, whose records are known.
    for (between, data, again) in [
        ("\n", gzip(line(2)), 1),
        ("", utf_16(&line(2)), 0),
        ("\n", openpgp()[0].clone(), 1),
    ] {
        let bytes = [document.as_bytes(), between.as_bytes(), &data].concat();
        let at = document.len() + between.len() + 1;
        let arguments = [
            "--report",
            "report.json",
            "--state",
            "state",
            "-o",
            "out",
            "a.json",
        ];
        let run = Run::transform().file("a.json", bytes).args(&arguments);
        let ended = fails_at(at, run.run(), 1, 1);
        let second = Run::transform()
            .in_directory(&ended.directory)
            .args(&arguments)
            .run();
        let second = fails_at(at, second, again, again);
        assert_eq!(second.report()["inputs"][0]["ended"], json!("failed"));
    }
}
