//! Gzip files that are damaged, and gzip files in which other data follows.

use crate::data_after_text::{fails_after, utf_16};
use crate::harness::{Run, gzip, line, lines};

fn base64(bytes: &[u8]) -> Vec<u8> {
    use base64::{Engine, engine::general_purpose::STANDARD};

    let text = STANDARD.encode(bytes).into_bytes();
    text.chunks(76).collect::<Vec<_>>().join(&b'\n')
}

#[test]
fn another_kind_of_data_in_a_later_member_of_a_gzip_file_is_an_error_after_the_lines_before() {
    for (data, kind) in [
        (gzip(line(2)), "compressed twice with gzip"),
        (
            b"BZh91AY&SY\x9b\x97\x1f\x9c\0\0".to_vec(),
            "compressed with bzip2",
        ),
        (
            b"\xfd7zXZ\0\0\x04\xe6\xd6\xb4\x46".to_vec(),
            "compressed with xz",
        ),
        (
            b"\x8c\x0d\x04\x09\x03\x02\xa1\xf8\xc2\xa6\x04\xd4\xd4\x4a\xff\xd2".to_vec(),
            "encrypted or signed with OpenPGP",
        ),
        (utf_16(&line(2)), "UTF-16 text"),
        (base64(&gzip(lines(2..40))), "gzip in base64"),
        (
            b"-----BEGIN PGP MESSAGE-----\n\nhQGMA61MSvA9vFX1AQwArkZIBrfYz9s\n".to_vec(),
            "encrypted with OpenPGP",
        ),
        (
            b"U2FsdGVkX1+qrjbZyNUnYw4jNnCCl8oC\n".to_vec(),
            "encrypted with openssl, in base64",
        ),
    ] {
        let data = [&data[..], &[b'\n', 0xff].repeat(100)].concat();
        for lines_before in [1, 100] {
            let text = lines(0..lines_before);
            let joined = [gzip(text), gzip(&data), gzip(line(3))].concat();
            let run = Run::transform()
                .file("a.log.gz", joined)
                .args(&["a.log.gz"]);
            let message = format!(
                "failed to read `a.log.gz` to its end: member 2 of the gzip file is {kind}; decompress the files that were joined, one by one"
            );
            fails_after(
                run.run(),
                lines_before.into(),
                lines_before.into(),
                &message,
            );
        }
    }
    // A member may begin within a line, and within a character.
    let text = line(1).replace("ada", "ad\u{e4}");
    let (start, end) = text.as_bytes().split_at(text.find('\u{e4}').unwrap() + 1);
    let joined = [gzip(line(0)), gzip(start), gzip(end), gzip(b"MZ is text\n")].concat();
    let run = Run::transform().file("a.log.gz", joined);
    let ended = run.args(&["a.log.gz"]).run().with_code(0);
    assert_eq!((ended.count("lines"), ended.count("emitted")), (3, 2));
}

#[test]
fn bytes_after_the_end_of_gzip_data_are_an_error_that_says_how_to_read_them() {
    let packed = gzip(lines(0..3));
    let at = packed.len() + 1;
    let followed = |rest: &[u8]| [&packed[..], rest].concat();
    for (rest, expected) in [
        (
            lines(3..5).into_bytes(),
            format!(
                "text begins at byte {at}, after the end of the gzip data; run `head -c {} a.log.gz > a.log.gz.1.log; tail -c +{at} a.log.gz > a.log.gz.2.log`, read both files, and move a.log.gz away or leave it out with `--exclude`",
                at - 1
            ),
        ),
        (
            b"\x28\xb5\x2f\xfd\x24\x0b\x59\0\0{\"name\":1}\n".to_vec(),
            format!(
                "data compressed with zstd begins at byte {at}, after the end of the gzip data; run `head -c {} a.log.gz > a.log.gz.1.log; tail -c +{at} a.log.gz ",
                at - 1
            ),
        ),
        (
            b"\x93\x01\xff".to_vec(),
            format!(
                "after the end of the gzip data, at byte {at}, other bytes follow, which are left out; if the file should have more lines, get the file again; if not, keep its first {0} bytes (`head -c {0}`)",
                at - 1
            ),
        ),
    ] {
        for state in [&[][..], &["--state", "state"]] {
            let run = Run::transform().file("a.log.gz", followed(&rest));
            let arguments = [state, &["-o", "out", "a.log.gz"]].concat();
            let error = format!("failed to read `a.log.gz` to its end: {expected}");
            fails_after(run.args(&arguments).run(), 3, 3, &error);
        }
    }
    let run = Run::transform().stdin(followed(line(3).as_bytes()));
    let message = format!(
        "`-` to its end: text begins at byte {at}, after the end of the gzip data; read it with `… | tail -c +{at} | event-router … -`; if the input comes out of an archive, "
    );
    fails_after(
        run.args(&["-"]).run(),
        3,
        3,
        &format!("failed to read {message}"),
    );
    for padding in ["\n", "\r\n", " ", "\0\0\n", &" ".repeat(200_000)] {
        for rest in [vec![], gzip(line(3))] {
            let emitted = 3 + u64::from(!rest.is_empty());
            let bytes = [followed(padding.as_bytes()), rest].concat();
            let run = Run::transform().file("a.log.gz", bytes);
            let ended = run.args(&["a.log.gz"]).run().with_code(0);
            assert_eq!(ended.count("emitted"), emitted, "{padding:?}");
        }
    }
}

#[test]
fn an_error_about_damaged_gzip_data_says_where_the_data_ends_and_what_to_do() {
    let packed = gzip(lines(0..3));
    let mut sum = packed.clone();
    let nth = sum.len() - 6;
    sum[nth] ^= 1;
    let cut_off = |at| format!("is cut off after byte {at}; get the whole file again");
    for (bytes, expected) in [
        (packed[..9].to_vec(), cut_off(9)),
        (packed[..60].to_vec(), cut_off(60)),
        (
            packed[..packed.len() - 1].to_vec(),
            cut_off(packed.len() - 1),
        ),
        (
            [packed.clone(), packed[..20].to_vec()].concat(),
            cut_off(packed.len() + 20),
        ),
        (
            [packed.clone(), packed[..1].to_vec()].concat(),
            cut_off(packed.len() + 1),
        ),
        (sum, "is damaged before byte ".to_owned()),
    ] {
        let run = Run::transform().file("a.log.gz", bytes).args(&["a.log.gz"]);
        let ended = run.run().with_code(3);
        let error = format!("failed to read `a.log.gz` to its end: the gzip data {expected}");
        ended.assert_error(&error);
        ended.assert_stderr("; get the ");
    }
}
