//! Inputs in UTF-16 and UTF-32, and gzip within gzip, are errors in every container.

use crate::harness::{Run, gzip};
use crate::inputs::two_lines;

#[test]
fn gzip_within_gzip_and_wide_encodings_are_errors_in_every_container() {
    let wide: Vec<u8> = two_lines()
        .encode_utf16()
        .flat_map(u16::to_le_bytes)
        .collect();
    for (bytes, is_packed, kind, command) in [
        (
            gzip(gzip(two_lines())),
            true,
            "compressed twice with gzip",
            "gzip -dc FILE",
        ),
        (
            wide.clone(),
            false,
            "UTF-16 text",
            "iconv -f UTF-16LE -t UTF-8 FILE",
        ),
        (
            [&[0xff, 0xfe], &wide[..]].concat(),
            false,
            "UTF-16 text",
            "iconv -f UTF-16LE -t UTF-8 FILE",
        ),
        (
            gzip(&wide),
            true,
            "UTF-16 text, within gzip",
            "gzip -dc FILE | iconv -f UTF-16LE -t UTF-8 -",
        ),
    ] {
        for (name, new) in [("a.json", "a.json.new.json"), ("a.log", "a.log.new.log")] {
            let ended = Run::transform().file(name, &bytes).args(&[name]).run();
            let ended = ended.with_code(3);
            let command = command.replace("FILE", name);
            ended.assert_error(&format!("`{name}` is not a log: it is {kind}; run `{command} > {new}`, read {new}, and move {name} away or leave it out with `--exclude`"));
            assert_eq!(ended.count("lines"), 0);
        }
        let ended = Run::transform()
            .stdin(&bytes)
            .args(&["-"])
            .run()
            .with_code(3);
        let piped = match is_packed {
            true => command.replace("gzip -dc FILE", "… | gzip -dc"),
            false => command.replace("iconv", "… | iconv").replace("FILE", "-"),
        };
        ended.assert_error(&format!(
            "`-` is not a log: it is {kind}; read it with `{piped} | event-router … -`"
        ));
    }
}

#[test]
fn wide_encodings_are_recognized_although_the_first_characters_are_no_ascii() {
    let text = format!("\u{e9}\u{65e5}\u{672c} {}", two_lines());
    let utf_16 = |bytes: fn(u16) -> [u8; 2]| text.encode_utf16().flat_map(bytes).collect();
    let utf_32 = |bytes: fn(u32) -> [u8; 4]| text.chars().map(u32::from).flat_map(bytes).collect();
    let wide: [(Vec<u8>, &str); 4] = [
        (utf_16(u16::to_le_bytes), "UTF-16LE"),
        (utf_16(u16::to_be_bytes), "UTF-16BE"),
        (utf_32(u32::to_le_bytes), "UTF-32LE"),
        (utf_32(u32::to_be_bytes), "UTF-32BE"),
    ];
    for (bytes, from) in wide {
        let ended = Run::transform().file("a.log", bytes).args(&["a.log"]).run();
        ended
            .with_code(3)
            .assert_stderr(&format!("iconv -f {from}"));
    }
}

#[test]
fn wide_encodings_are_recognized_behind_many_other_characters_or_a_hole() {
    for before in ["\u{65e5}".repeat(3_000), "\0".repeat(100_000)] {
        let text = format!("{before}\n{}", two_lines());
        let bytes: Vec<u8> = text.encode_utf16().flat_map(u16::to_le_bytes).collect();
        let run = Run::transform().file("a.log", bytes).args(&["a.log"]);
        run.run().with_code(3).assert_error(
            "`a.log` is not a log: it is UTF-16 text; run `iconv -f UTF-16LE -t UTF-8 a.log > a.log.new.log`, read a.log.new.log",
        );
    }
}
