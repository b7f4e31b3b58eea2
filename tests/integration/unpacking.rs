//! Inputs that are not logs, and the advice about them: each command is followed as it is printed, and the next run with
//! the same state directory reads all lines.

use std::process::Command;

use crate::harness::{Run, RunDirectory, gzip, lines};

const ARGUMENTS: [&str; 5] = ["--state", "state", "-o", "out", "logs"];

/// A shell command that packs `a.log` into `packed`, and the name of the packed file.
const KINDS: &[(&str, &str)] = &[
    ("bzip2 -c a.log > packed", "a.log.bz2.gz"),
    ("xz -c a.log > packed", "a.log.1"),
    ("xz -c --format=lzma a.log > packed", "a.log.1"),
    #[cfg(not(feature = "zstd"))]
    ("zstd -qc a.log > packed", "a.log"),
    ("lz4 -c a.log > packed", "a.log"),
    ("gzip -c a.log | base64 > packed", "a.log"),
    ("iconv -f UTF-8 -t UTF-16LE a.log > packed", "a.json"),
    ("iconv -f UTF-8 -t UTF-32 a.log > packed", "a.log"),
    ("tar -cf packed a.log", "a.log.1"),
    ("python3 -m zipfile -c packed a.log", "a.log.1"),
];

/// Runs a shell command. Each program must be installed.
#[track_caller]
fn shell(directory: &RunDirectory, script: &str) {
    let mut command = Command::new("sh");
    command
        .args(["-ec", script])
        .current_dir(directory.path(""));
    let output = command.output().unwrap();
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{script}: {stderr}");
}

/// Runs with the state directory, and returns the only error.
#[track_caller]
fn error(directory: &RunDirectory) -> String {
    let ended = Run::transform().in_directory(directory).args(&ARGUMENTS);
    let stderr = ended.run().with_code(3).stderr;
    let mut errors = stderr.lines().filter(|line| line.starts_with("error: "));
    let error = errors.next().unwrap().to_owned();
    assert_eq!(errors.next(), None);
    error
}

/// Follows the command of an error about a file in the folder of logs.
#[track_caller]
fn follow(directory: &RunDirectory, error: &str, name: &str) {
    let commands = error.split('`').skip(1).step_by(2);
    let is_command = |text: &&str| text.contains("logs/") && text.contains(' ');
    let command = commands.filter(is_command).last().unwrap();
    assert!(command.contains(&format!("logs/{name}")), "{error}");
    shell(directory, &command.replace("DIR", "logs/new"));
}

/// Runs with more options, and returns the number of events that are emitted.
#[track_caller]
fn emitted(directory: &RunDirectory, options: &[&str]) -> u64 {
    let run = Run::transform().in_directory(directory).args(options);
    run.args(&ARGUMENTS).run().with_code(0).count("emitted")
}

#[test]
fn the_advice_about_a_packed_file_reads_all_its_lines_with_a_state() {
    for &(pack, name) in KINDS {
        for is_in_gzip in [false, true] {
            let directory = RunDirectory::new();
            directory.write("a.log", lines(0..40));
            directory.write("logs/b.log", lines(40..41));
            shell(&directory, pack);
            let packed = std::fs::read(directory.path("packed")).unwrap();
            let file = format!("logs/{name}");
            directory.write(&file, if is_in_gzip { gzip(packed) } else { packed });
            let error = error(&directory);
            assert!(error.contains("leave it out with `--exclude`"), "{error}");
            follow(&directory, &error, name);
            assert_eq!(emitted(&directory, &["--exclude", name]), 40, "{error}");
            std::fs::remove_file(directory.path(&file)).unwrap();
            assert_eq!(emitted(&directory, &[]), 0, "{error}");
        }
    }
}

#[test]
fn the_advice_about_data_after_text_reads_the_rest_with_a_state() {
    let compressed = [
        ("gzip -c a.log > packed", "a.log"),
        ("zstd -qc a.log > packed", "a.log"),
    ];
    for &(pack, name) in KINDS.iter().chain(&compressed) {
        // Text in base64 and in a tar archive is text, and the mark of lzma is too short.
        let is_left_out = ["base64", "lzma", "tar"]
            .iter()
            .any(|word| pack.contains(word));
        if is_left_out || name == "a.json" {
            continue;
        }
        for is_in_gzip in [false, true] {
            let directory = RunDirectory::new();
            // The start of a log, by which `--state` recognizes it, is shorter than the text before the data.
            directory.write("a.log", lines(30..67));
            shell(&directory, pack);
            let packed = std::fs::read(directory.path("packed")).unwrap();
            let joined = [lines(0..30).as_bytes(), &packed].concat();
            let file = format!("logs/{name}");
            directory.write(&file, if is_in_gzip { gzip(joined) } else { joined });
            let error = error(&directory);
            assert!(error.contains("after 30 lines of text"), "{error}");
            follow(&directory, &error, name);
            std::fs::remove_file(directory.path(&file)).unwrap();
            assert_eq!(emitted(&directory, &[]), 37, "{error}");
            assert_eq!(emitted(&directory, &[]), 0, "{error}");
        }
    }
}

#[test]
fn the_advice_about_text_after_gzip_data_reads_the_text_with_a_state() {
    let directory = RunDirectory::new();
    directory.write(
        "logs/a.log.gz",
        [gzip(lines(0..3)), lines(3..9).into_bytes()].concat(),
    );
    let error = error(&directory);
    follow(&directory, &error, "a.log.gz");
    directory.remove("logs/a.log.gz");
    assert_eq!(emitted(&directory, &[]), 6, "{error}");
    assert_eq!(emitted(&directory, &[]), 0, "{error}");
}
