//! Binary data of no known kind, told from text in any encoding.

use crate::harness::{Run, RunDirectory, gzip, line};

#[test]
fn binary_data_without_an_event_is_an_error_and_text_in_any_encoding_is_not() {
    // Bytes that look random, as encrypted bytes do.
    let mut state = 1_u32;
    let random = std::iter::repeat_with(|| {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        state.to_be_bytes()[0]
    });
    let random: Vec<u8> = random.take(5_000).collect();
    for (name, bytes) in [
        ("a.log.gpg", random.clone()),
        ("a.log.gz", gzip(&random)),
        ("a.log", random[..64].to_vec()),
    ] {
        let run = Run::transform().file(name, bytes).file("b.log", line(1));
        let ended = run.args(&["--quiet", name, "b.log"]).run().with_code(3);
        let error = format!(
            "error: `{name}` is not a log: it is binary data; leave it out, or decrypt or unpack it with the program that made it\n"
        );
        assert_eq!(ended.stderr, error);
        assert_eq!(
            ended.stdout.iter().filter(|byte| **byte == b'\n').count(),
            1
        );
    }
    let event = format!("\n{}", line(1));
    for (bytes, emitted) in [
        ([&random, event.as_bytes()].concat(), 1),
        (b"\xcf\xf2\xe8\xe2\xe5\xf2 \x1b[31m\x08\n".repeat(50), 0),
        ("\u{1}\u{2}\n".repeat(50).into_bytes(), 0),
        // `{"a"` in EBCDIC.
        (b"\xc0\x7f\x81\x7f\x25".repeat(50), 0),
        (vec![0; 100], 0),
    ] {
        let run = Run::transform().file("a.log", bytes).args(&["a.log"]);
        assert_eq!(run.run().with_code(0).count("emitted"), emitted);
    }
}

#[test]
fn binary_data_named_like_a_document_is_an_error_in_every_run() {
    let mut state = 1_u32;
    let random = std::iter::repeat_with(|| {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        state.to_be_bytes()[0]
    });
    let random: Vec<u8> = random.take(5_000).collect();
    let directory = RunDirectory::new();
    directory.write("logs/a.json", random);
    for arguments in [
        &["-o", "out", "logs"][..],
        &["--state", "state", "-o", "other", "logs"],
        &["--state", "state", "-o", "other", "logs"],
    ] {
        let run = Run::transform().in_directory(&directory).args(arguments);
        let ended = run.run().with_code(3);
        ended.assert_error("`logs/a.json` is not a log: it is binary data");
        assert_eq!(ended.count("lines"), 0);
    }
}
