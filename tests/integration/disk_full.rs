//! Full disks and unusable paths: as little as possible is lost, and one line of the messages names the path.

use std::fs;
use std::os::unix::fs::PermissionsExt;

use crate::harness::{Run, line, lines, poisoned};
use crate::lrs::Lrs;

fn is_root() -> bool {
    fs::read_to_string("/proc/self/status")
        .unwrap()
        .contains("\nUid:\t0\t")
}

/// Three inputs. The output of the second is larger than 8 KiB.
fn transform() -> Run {
    Run::transform()
        .file("a.log", lines(0..2))
        .file("b.log", lines(0..100))
        .file("c.log", lines(0..3))
        .args(&["a.log", "b.log", "c.log"])
}

/// Sends two statements. The server refuses the first.
pub fn send(lrs: &Lrs) -> Run {
    Run::send(&lrs.xapi())
        .args(&["--batch-size", "1", "--connections", "1"])
        .args(&["--dead-letters", "dead", "-"])
        .stdin(poisoned(1) + &line(2))
}

#[test]
fn a_full_disk_fails_only_the_output_that_is_being_written() {
    for compression in ["none", "gzip"] {
        let run = transform().args(&["-o", "out", "--compress", compression]);
        let bytes = if compression == "none" { 8192 } else { 1024 };
        let ended = run.with_largest_file(bytes).run().with_code(6);
        let suffix = if compression == "none" { "" } else { ".gz" };
        let names = ["a", "c"].map(|name| format!("{name}.log.xapi.jsonl{suffix}"));
        assert_eq!(ended.files("out"), names);
        ended.assert_error(&format!(
            "failed to write `out/b.log.xapi.jsonl{suffix}`: File too large"
        ));
        assert_eq!(ended.count("emitted"), 5);
    }
}

#[test]
fn a_full_disk_leaves_an_existing_output_file_unchanged() {
    let run = transform().file("out/b.log.xapi.jsonl", "of yesterday");
    let ended = run
        .args(&["-o", "out"])
        .with_largest_file(8192)
        .run()
        .with_code(6);
    assert_eq!(ended.read("out/b.log.xapi.jsonl"), b"of yesterday");
}

#[test]
fn an_unwritable_rejects_file_does_not_affect_the_outputs() {
    let run = || {
        Run::transform()
            .file(
                "a.log",
                lines(0..2) + &"no event\n".repeat(100) + &lines(0..2),
            )
            .file("b.log", lines(0..3))
            .args(&["-o", "out", "a.log", "b.log"])
    };
    for (run, start) in [
        (
            run().args(&["--rejects", "r"]).with_largest_file(8192),
            "failed to write `r`: File too large",
        ),
        (
            run().args(&["--rejects", "/dev/full"]),
            "failed to write `/dev/full`: No space left",
        ),
    ] {
        let ended = run.run().with_code(6);
        ended.assert_error(start);
        assert_eq!(
            ended.files("."),
            [
                "a.log",
                "b.log",
                "out/a.log.xapi.jsonl",
                "out/b.log.xapi.jsonl"
            ]
        );
        assert_eq!(ended.count("unparsable"), 100);
    }
}

#[test]
fn output_to_a_system_link_is_written_through_the_link() {
    let run = Run::transform().stdin("no event\n".to_owned() + &line(1));
    let run = run.args(&["-o", "out", "--rejects", "/dev/fd/1", "-"]);
    let ended = run.after_shell("exec > file").run().with_code(0);
    assert_eq!(ended.json_lines("file").len(), 1);
}

#[test]
fn an_unwritable_report_is_an_error_after_all_outputs_are_written() {
    let full = transform()
        .args(&["-o", "out", "--report", "/dev/full"])
        .run()
        .with_code(6);
    full.assert_error("failed to write `/dev/full`: No space left");
    assert_eq!(full.files("out").len(), 3);

    let run = Run::transform()
        .file("a.log", line(1))
        .args(&["-o", "out", "--report", "r", "a.log"]);
    let full = run.with_largest_file(1024).run().with_code(6);
    full.assert_error("failed to write `r`: File too large");
    assert_eq!(full.files("."), ["a.log", "out/a.log.xapi.jsonl"]);
}

#[test]
fn paths_where_no_file_can_be_created_are_reported_before_the_run_starts() {
    for option in ["--report", "--rejects"] {
        for (path, start) in [
            (
                "a.log/file",
                "failed to create `a.log/file`: Not a directory",
            ),
            (
                "nowhere/file",
                "failed to create `nowhere/file`: No such file",
            ),
            ("/proc/self/file", "failed to create `/proc/self/file`: "),
            ("directory", "failed to create `directory`: Is a directory"),
            ("file/", "failed to create `file/`: "),
            ("..", "failed to create `..`: Is a directory"),
        ] {
            let run = transform()
                .file("directory/x", "")
                .args(&[option, path, "-o", "out"]);
            let ended = run.run().with_code(6);
            ended.assert_error(start);
            ended.assert_no_part_files();
            assert_eq!(ended.files("out"), [""; 0]);
        }
    }
}

#[test]
fn a_file_in_place_of_a_directory_fails_only_the_outputs_below_it() {
    let run = || {
        Run::transform()
            .file("logs/a/x.log", line(1))
            .file("logs/b/x.log", line(2))
            .file("file", "mine")
    };
    let ended = run().args(&["-o", "file", "logs"]).run().with_code(6);
    ended.assert_error("failed to create the directory `file`: for one output file, give `--output` a name that ends with .jsonl");
    let ended = run().args(&["-o", "file/out", "logs"]).run().with_code(6);
    ended.assert_error("failed to create the directory `file/out`: Not a directory");
    let ended = run()
        .args(&["-o", "/proc/self/out", "logs"])
        .run()
        .with_code(6);
    ended.assert_error("failed to create the directory `/proc/self/out`: ");

    let run = run().file("out/a", "a file").args(&["-o", "out", "logs"]);
    let ended = run.run().with_code(6);
    ended.assert_error("failed to create the directory `out/a`: ");
    assert_eq!(ended.files("out"), ["a", "b/x.log.xapi.jsonl"]);
    assert_eq!(ended.read("out/a"), b"a file");
}

#[test]
fn a_directory_in_place_of_an_output_file_fails_only_that_output() {
    let ended = transform()
        .file("out/b.log.xapi.jsonl/x", "")
        .args(&["-o", "out"])
        .run()
        .with_code(6);
    ended.assert_error("failed to write `out/b.log.xapi.jsonl`: Is a directory");
    assert_eq!(
        ended.files("out"),
        ["a.log.xapi.jsonl", "b.log.xapi.jsonl/x", "c.log.xapi.jsonl"]
    );
}

#[test]
fn missing_permissions_fail_only_the_affected_files() {
    if is_root() {
        eprintln!("skipped: permissions do not restrict the superuser");
        return;
    }
    let run = Run::transform()
        .file("logs/a.log", line(1))
        .file("logs/b.log", line(2));
    let path = |name: &str| run.directory.path(name);
    fs::create_dir(path("out")).unwrap();
    let set = |name: &str, mode| {
        fs::set_permissions(path(name), fs::Permissions::from_mode(mode)).unwrap()
    };
    set("out", 0o500);
    set("logs/a.log", 0o000);
    let ended = run
        .args(&["-o", "out", "--report", "r", "logs"])
        .run()
        .with_code(6);
    let errors = ended.errors();
    assert!(
        errors[0].starts_with("failed to open `logs/a.log`: Permission denied"),
        "{errors:?}"
    );
    assert!(
        errors[1].starts_with("failed to write `out/b.log.xapi.jsonl`: Permission denied"),
        "{errors:?}"
    );
    ended.assert_no_part_files();
}

#[test]
fn an_unwritable_dead_letter_stops_the_run() {
    for bytes in [0, 512] {
        let lrs = Lrs::healthy();
        let ended = send(&lrs).with_largest_file(bytes).run().with_code(6);
        ended.assert_error("failed to write the dead letter `dead/");
        assert!(ended.errors()[0].contains("line 1 of `-`"));
        assert_eq!(ended.files("dead"), [""; 0]);
        // The second statement is delivered before the dead letter of the first one is written.
        assert_eq!(ended.count("left"), 1);
    }
}

#[test]
fn a_file_in_place_of_the_dead_letter_directory_is_reported_before_the_first_request() {
    let lrs = Lrs::healthy();
    let ended = send(&lrs).file("dead", "").run().with_code(6);
    ended.assert_error("failed to create the directory `dead`: ");
    assert_eq!(lrs.request_count(), 0);
}

#[test]
fn rejects_and_dead_letters_are_private_and_other_files_follow_the_umask() {
    let lrs = Lrs::healthy();
    for (umask, usual) in [("000", 0o666), ("027", 0o640), ("077", 0o600)] {
        let words = format!("umask {umask}");
        let run = send(&lrs).args(&["--report", "r", "--rejects", "rejects"]);
        let ended = run.after_shell(&words).run().with_code(4);
        assert_eq!(
            (ended.directory.mode("r"), ended.directory.mode("rejects")),
            (usual, 0o600)
        );
        let letters = ended.files("dead");
        assert_eq!(letters.len(), 1);
        assert_eq!(ended.directory.mode(&format!("dead/{}", letters[0])), 0o600);

        let run = transform().args(&["-o", "out", "--report", "r", "--rejects", "rejects"]);
        let ended = run.after_shell(&words).run().with_code(0);
        let modes = ["out/a.log.xapi.jsonl", "r", "rejects"].map(|name| ended.directory.mode(name));
        assert_eq!(modes, [usual, usual, 0o600]);
    }
}

/// A line whose row cannot be written must not count as delivered, or its row would be lost.
#[test]
fn with_a_state_lines_whose_rejects_cannot_be_written_are_left_to_the_next_run() {
    let inputs = [("a.log", 10), ("b.log", 100), ("c.log", 10)];
    let mut run = Run::transform();
    for (nth, (name, rejected)) in (0..).zip(inputs) {
        run = run.file(
            &format!("logs/{name}"),
            line(nth) + &"no event\n".repeat(rejected),
        );
    }
    let options = [
        "-o",
        "out",
        "--state",
        "state",
        "--rejects",
        "rejects",
        "logs",
    ];
    let full = run
        .args(&options)
        .with_largest_file(4096)
        .run()
        .with_code(6);
    full.assert_error("failed to write `rejects`: File too large");
    assert_eq!(full.files("out"), ["a.log.xapi.jsonl"]);
    assert_eq!(full.json_lines("rejects").len(), 10);
    let again = Run::transform()
        .in_directory(&full.directory)
        .args(&options)
        .run()
        .with_code(0);
    assert_eq!(again.files("out").len(), 3);
    assert_eq!(again.json_lines("rejects").len(), 120);
}
