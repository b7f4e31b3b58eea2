//! Inputs, outputs and lookup tables that are compressed with zstd.

use std::io::Write;

use crate::data_after_text::fails_after;
use crate::harness::{Run, fixture, gzip, json_lines, line, lines};

pub fn zstd(bytes: impl AsRef<[u8]>) -> Vec<u8> {
    with_options(bytes, |_| {})
}

/// Compresses as `zstd` does by default, with more options.
fn with_options(
    bytes: impl AsRef<[u8]>,
    set: impl Fn(&mut zstd::Encoder<'static, Vec<u8>>),
) -> Vec<u8> {
    let mut encoder = zstd::Encoder::new(Vec::new(), 3).unwrap();
    encoder.include_checksum(true).unwrap();
    set(&mut encoder);
    encoder.write_all(bytes.as_ref()).unwrap();
    encoder.finish().unwrap()
}

const SKIPPABLE: &[u8] = b"\x53\x2a\x4d\x18\x04\0\0\0abcd";

#[test]
fn frames_are_one_text_and_skippable_frames_are_left_out() {
    let long_frame = [&b"\x50\x2a\x4d\x18\x00\x02\0\0"[..], &[b'x'; 512]].concat();
    let text = lines(0..9);
    let (a, b) = text.split_at(text.len() / 2);
    let (a, b) = (zstd(a), zstd(b));
    for file in [
        zstd(&text),
        [&a[..], &b].concat(),
        [&a[..], &b, &[0; 5000]].concat(),
        [SKIPPABLE, &a, SKIPPABLE, SKIPPABLE, &b, SKIPPABLE].concat(),
        [&long_frame[..], &a, &zstd(""), &b].concat(),
    ] {
        let run = Run::transform().file("a", &file).args(&["a"]);
        let ended = run.run().with_code(0);
        assert_eq!((ended.count("lines"), ended.count("emitted")), (9, 9));
        let run = Run::transform().stdin(&file).args(&["-"]);
        assert_eq!(run.run().with_code(0).stdout, ended.stdout);
    }
    let run = Run::transform().file("a.zst", SKIPPABLE).args(&["a.zst"]);
    assert_eq!(run.run().with_code(0).count("lines"), 0);
}

#[test]
fn each_command_reads_the_files_of_a_folder_with_their_usual_names() {
    let names = ["a.log.zst", "b.log-20240101.zst", "c.jsonl.zst", "d.zst"];
    let log = zstd(lines(0..40));
    let folder = |run: Run| {
        let run = names
            .iter()
            .fold(run, |run, name| run.file(&format!("logs/{name}"), &log));
        let left_out = ["users.csv.zst", "logs.tar.zst", "a.log.xapi.jsonl.zst"];
        let run = left_out
            .iter()
            .fold(run, |run, name| run.file(&format!("logs/{name}"), "no log"));
        run.args(&["logs"]).run()
    };
    let ended = folder(Run::transform().args(&["-o", "out"])).with_code(0);
    let outputs = [
        "a.log.xapi.jsonl",
        "b.log-20240101.xapi.jsonl",
        "c.jsonl.xapi.jsonl",
        "d.xapi.jsonl",
    ];
    assert_eq!(ended.files("out"), outputs);
    let lines = ended.count("lines");
    assert_eq!(folder(Run::explain()).with_code(0).count("lines"), lines);
    let inspected = folder(Run::new(&["inspect", "--json"])).with_code(0);
    let inspected: serde_json::Value = serde_json::from_slice(&inspected.stdout).unwrap();
    assert_eq!(inspected["lines"]["all"], lines);
}

#[test]
fn a_file_that_is_cut_off_or_damaged_gives_every_line_before_the_break() {
    // Each block has 128 KiB of text. A line is not held back by the blocks after it.
    let text = lines(0..6000);
    let whole = zstd(&text);
    let blocks = text.len() >> 17;
    assert!(blocks > 5);
    let in_block = text[..1 << 17].matches('\n').count() as u64;
    let middle = whole.len() / 2;
    let cut = whole[..middle].to_vec();
    let mut damaged = whole.clone();
    damaged[middle..middle + 50].fill(0x55);
    let mut wrong_sum = whole.clone();
    *wrong_sum.last_mut().unwrap() ^= 1;
    let cut_message = format!("the zstd data is cut off after byte {middle}; get the whole file");
    for (file, at_least, message) in [
        (cut, in_block * (blocks as u64 / 3), cut_message.as_str()),
        (
            damaged,
            in_block * (blocks as u64 / 3),
            "the zstd data is damaged before byte ",
        ),
        (wrong_sum, 6000, "the zstd data is damaged before byte "),
        (
            [&whole[..], &zstd(line(9))[..9]].concat(),
            6000,
            "the zstd data is cut off after byte ",
        ),
    ] {
        for state in [&[][..], &["--state", "state"]] {
            let run = Run::transform().after_shell("touch -d '2 days ago' a.log.zst");
            let run = run.file("a.log.zst", &file);
            let arguments = [state, &["-o", "out", "a.log.zst"]].concat();
            let ended = run.args(&arguments).run().with_code(3);
            ended.assert_error(&format!("failed to read `a.log.zst` to its end: {message}"));
            let emitted = ended.count("emitted");
            assert!(emitted >= at_least, "{emitted} of {at_least}: {message}");
        }
    }
}

#[test]
fn data_in_two_compressions_is_an_error_that_says_how_to_read_it() {
    for (file, is) in [
        (
            zstd(zstd(line(1))),
            "compressed twice with zstd; run `zstd -dc a > a.new.log`, read a.new.log, ",
        ),
        (
            zstd(gzip(line(1))),
            "compressed with gzip, within zstd; run `zstd -dc a > a.new.log`, read a.new.log, ",
        ),
        (
            gzip(zstd(line(1))),
            "compressed with zstd, within gzip; run `gzip -dc a > a.new.log`, read a.new.log, ",
        ),
        (
            gzip([SKIPPABLE, &zstd(line(1))].concat()),
            "compressed with zstd, within gzip; ",
        ),
        (
            zstd(b"\xfd7zXZ\0\0\x04\xe6\xd6\xb4\x46"),
            "compressed with xz, within zstd; run `zstd -dc a | xz -dc - > a.new.log`, ",
        ),
    ] {
        let run = Run::transform().file("a", &file).args(&["a"]);
        let ended = run.run().with_code(3);
        ended.assert_error(&format!("`a` is not a log: it is {is}"));
        assert_eq!(ended.count("lines"), 0);
        let run = Run::transform().stdin(&file).args(&["-"]);
        run.run().with_code(3).assert_error("`-` is not a log: ");
    }
    let run = Run::transform().stdin(zstd(gzip(line(1)))).args(&["-"]);
    let advice = "read it with `… | zstd -dc | event-router … -`";
    run.run().with_code(3).assert_stderr(advice);
}

#[test]
fn other_data_after_a_frame_is_an_error_after_the_lines_before() {
    let packed = zstd(lines(0..3));
    let at = packed.len() + 1;
    let head = at - 1;
    let end = "the end of the zstd data";
    for (rest, message) in [
        (
            line(3).into_bytes(),
            format!(
                "text begins at byte {at}, after {end}; run `head -c {head} a > a.1.log; tail -c +{at} a > a.2.log`, "
            ),
        ),
        (
            gzip(line(3)),
            format!("data compressed with gzip begins at byte {at}, after {end}; "),
        ),
        (
            b"\x93\x01\xff".to_vec(),
            format!("after {end}, at byte {at}, other bytes follow, which are left out; "),
        ),
        (
            zstd(zstd(line(3))),
            "frame 2 of the zstd file is compressed twice with zstd; decompress the files that were joined, one by one".to_owned(),
        ),
    ] {
        let file = [&packed[..], &rest].concat();
        let run = Run::transform().file("a", file).args(&["a"]);
        fails_after(
            run.run(),
            3,
            3,
            &format!("failed to read `a` to its end: {message}"),
        );
    }
    let joined = [gzip(lines(0..3)), zstd(line(3))].concat();
    let run = Run::transform().file("a", joined).args(&["a"]);
    let kind = "data compressed with zstd begins at byte ";
    fails_after(
        run.run(),
        3,
        3,
        &format!("failed to read `a` to its end: {kind}"),
    );
}

#[test]
fn windows_up_to_128_mib_are_read_and_larger_windows_and_dictionaries_are_explained() {
    let with_window = |log| {
        with_options(lines(0..3), |encoder| {
            encoder.long_distance_matching(true).unwrap();
            encoder.window_log(log).unwrap();
        })
    };
    let run = Run::transform().file("a", with_window(27)).args(&["a"]);
    assert_eq!(run.run().with_code(0).count("emitted"), 3);
    // The header of a frame that needs the dictionary 7.
    let dictionary = b"\x28\xb5\x2f\xfd\x21\x07\0\x01\0\0".to_vec();
    for (file, message) in [
        (
            with_window(28),
            "the zstd data needs a window of more than 128 MiB; run `zstd -dc --long=31 a > a.new.log`, read a.new.log, and move a away or leave it out with `--exclude`",
        ),
        (
            dictionary,
            "the zstd data needs a dictionary; run `zstd -dc -D DICTIONARY a > a.new.log`, ",
        ),
    ] {
        let run = Run::transform().file("a", file).args(&["a"]);
        let ended = run.run().with_code(3);
        ended.assert_stderr(message);
        assert_eq!(ended.errors().len(), 1, "{:?}", ended.errors());
    }
}

#[test]
fn outputs_are_the_same_at_any_number_of_threads_and_hold_what_plain_outputs_hold() {
    let log = lines(0..10_000);
    let run = |arguments: &[&str]| {
        let run = Run::transform()
            .file("a.log", &log)
            .file("b.log", line(40_000));
        run.args(arguments).args(&["a.log", "b.log"]).run()
    };
    let plain = run(&["-o", "all.jsonl"]).with_code(0).read("all.jsonl");
    let packed = |threads| {
        let options = ["-o", "out", "--compress", "zstd", "--threads", threads];
        let ended = run(&options).with_code(0);
        let files = ["a.log.xapi.jsonl.zst", "b.log.xapi.jsonl.zst"];
        assert_eq!(ended.files("out"), files);
        files.map(|name| ended.read(&format!("out/{name}")))
    };
    let files = packed("1");
    assert!(packed("2") == files);
    assert!(zstd::decode_all(&files.concat()[..]).unwrap() == plain);
    for options in [&[][..], &["--compress", "zstd"], &["--dedupe"]] {
        let ended = run(&[&["-o", "all.jsonl.zst"], options].concat()).with_code(0);
        let packed = ended.read("all.jsonl.zst");
        assert!(packed.len() < plain.len() / 10);
        assert!(zstd::decode_all(&packed[..]).unwrap() == plain);
    }
}

#[test]
fn an_output_without_records_is_a_zstd_file_that_may_be_replaced() {
    let run = |log: &str| {
        let run = Run::transform().file("a.log", log);
        run.args(&["--compress", "zstd", "--no-clobber", "-o", "out", "a.log"])
    };
    let ended = run("").run().with_code(0);
    let empty = ended.read("out/a.log.xapi.jsonl.zst");
    assert!(!empty.is_empty());
    assert_eq!(zstd::decode_all(&empty[..]).unwrap(), b"");
    let again = run(&line(1)).in_directory(&ended.directory);
    std::fs::write(ended.directory.path("a.log"), line(1)).unwrap();
    let again = again.run().with_code(0);
    let text = zstd::decode_all(&again.read("out/a.log.xapi.jsonl.zst")[..]).unwrap();
    assert_eq!(json_lines(&text).len(), 1);
    let third = run(&line(1)).in_directory(&again.directory);
    third.run().with_code(6).assert_stderr("`--no-clobber`");
}

#[test]
fn check_compares_with_outputs_in_zstd() {
    let output = Run::transform().file("a.log", lines(0..3)).args(&["a.log"]);
    let output = output.run().with_code(0).stdout;
    for (output, code) in [(zstd(&output), 0), (zstd(&output[..output.len() / 2]), 1)] {
        let run = Run::transform().file("a.log", lines(0..3));
        let run = run.file("out/a.log.xapi.jsonl.zst", output);
        let options = ["--check", "--compress", "zstd", "-o", "out", "a.log"];
        run.args(&options).run().with_code(code);
    }
}

#[test]
fn names_and_options_that_contradict_each_other_are_usage_errors() {
    for (arguments, message) in [
        (
            &["--compress", "zstd", "-o", "all.jsonl"][..],
            "`--compress zstd` and the name `all.jsonl` contradict each other: call the output `all.jsonl.zst`",
        ),
        (
            &["--compress", "zstd", "-o", "all.jsonl.gz"],
            "`--compress zstd` and the name `all.jsonl.gz` contradict each other: call the output `all.jsonl.zst`",
        ),
        (
            &["--compress", "gzip", "-o", "all.jsonl.zst"],
            "`--compress gzip` and the name `all.jsonl.zst` contradict each other: call the output `all.jsonl.gz`",
        ),
        (
            &["--compress", "zstd"],
            "`--compress zstd` needs `--output`; to compress standard output, pipe it through `zstd`",
        ),
    ] {
        let run = Run::transform().file("a.log", line(1));
        let ended = run.args(arguments).args(&["a.log"]).run().with_code(2);
        ended.assert_error(message);
    }
}

#[test]
fn lookup_tables_and_rejects_files_may_be_compressed() {
    let log = std::fs::read(fixture("sample/tracking.log.gz")).unwrap();
    let table = |name| std::fs::read(fixture(name)).unwrap();
    let run = |arguments: &[&str]| {
        Run::new(&["transform", "--to", "xapi"])
            .args(&["--lms-root-url", "https://courses.example.org"])
            .file("a.log.gz", &log)
            .file("users.csv.zst", zstd(table("users.csv")))
            .file("courses.csv.zst", zstd(table("courses.csv")))
            .args(&["--users", "users.csv.zst", "--courses", "courses.csv.zst"])
            .args(arguments)
    };
    let ended = run(&["--rejects", "rejects.jsonl", "a.log.gz"])
        .run()
        .with_code(0);
    assert_eq!((ended.count("emitted"), ended.count("rejected")), (149, 11));
    let rows = zstd(ended.read("rejects.jsonl"));
    let again = run(&["r.jsonl.zst"]).file("r.jsonl.zst", &rows);
    assert_eq!(again.run().with_code(0).count("rejected"), 11);
    let own = run(&["--rejects", "r.jsonl.zst", "r.jsonl.zst"]).file("r.jsonl.zst", rows);
    own.run()
        .with_code(2)
        .assert_error("the rejects file `r.jsonl.zst` is compressed, and `--rejects` writes text");
    let cut = zstd(table("users.csv"));
    let cut = run(&["a.log.gz"]).file("users.csv.zst", &cut[..cut.len() - 9]);
    let cut = cut.run().with_code(2);
    cut.assert_error("failed to open `users.csv.zst`: the zstd data is cut off after byte ");
}
