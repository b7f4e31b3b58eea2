//! Disks that are full and paths that are not what they should be: each costs what it must, and is told in one line with
//! the path.

use std::fs;
use std::os::unix::fs::PermissionsExt;

use crate::harness::{Ended, ROOT_URL, Run, json_lines, line};
use crate::lrs::{Lrs, Settings};

pub fn lines(count: u32) -> String {
    (0..count).map(line).collect()
}

fn mode(ended: &Ended, name: &str) -> u32 {
    let metadata = fs::metadata(ended.directory.path(name)).unwrap();
    metadata.permissions().mode() & 0o777
}

fn is_root() -> bool {
    fs::read_to_string("/proc/self/status")
        .unwrap()
        .contains("\nUid:\t0\t")
}

/// Two inputs, of which the second comes to more than 8 KiB.
fn transform() -> Run {
    Run::transform()
        .file("a.log", lines(2))
        .file("b.log", lines(100))
        .file("c.log", lines(3))
        .args(&["a.log", "b.log", "c.log"])
}

/// Sends two statements, of which the server does not take the first.
pub fn send(lrs: &Lrs) -> Run {
    let poisoned = line(1).replace("\"id\": \"v\"", "\"id\": \"poison\"");
    Run::new(&[
        "send",
        "--to",
        "xapi",
        "--lms-root-url",
        ROOT_URL,
        "--batch-size",
        "1",
    ])
    .args(&[
        "--connections",
        "1",
        "--url",
        &lrs.xapi(),
        "--dead-letters",
        "dead",
        "-",
    ])
    .stdin(poisoned + &line(2))
}

#[test]
fn a_disk_that_gets_full_costs_the_output_at_hand() {
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
fn a_full_disk_keeps_what_stood_there() {
    let run = transform().file("out/b.log.xapi.jsonl", "of yesterday");
    let ended = run
        .args(&["-o", "out"])
        .with_largest_file(8192)
        .run()
        .with_code(6);
    assert_eq!(ended.read("out/b.log.xapi.jsonl"), b"of yesterday");
}

#[test]
fn rejects_that_cannot_be_written_cost_the_rejects_alone() {
    let run = || {
        Run::transform()
            .file("a.log", lines(2) + &"no event\n".repeat(100) + &lines(2))
            .file("b.log", lines(3))
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
fn a_link_of_the_system_is_written_through_and_never_replaced() {
    let run = Run::transform().stdin("no event\n".to_owned() + &line(1));
    let run = run.args(&["-o", "out", "--rejects", "/dev/fd/1", "-"]);
    let ended = run.after_shell("exec > file").run().with_code(0);
    assert_eq!(json_lines(&ended.read("file")).len(), 1);
}

#[test]
fn a_report_that_cannot_be_written_is_told_when_all_is_done() {
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
fn what_is_no_place_for_a_file_is_told_before_anything_is_done() {
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
fn a_file_where_a_directory_is_to_be_costs_what_goes_below_it() {
    let run = || {
        Run::transform()
            .file("logs/a/x.log", line(1))
            .file("logs/b/x.log", line(2))
            .file("file", "mine")
    };
    let ended = run().args(&["-o", "file", "logs"]).run().with_code(6);
    ended.assert_error("failed to create the directory `file`: ");
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
fn a_directory_where_a_file_is_to_be_costs_that_file() {
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
fn a_directory_without_permission_costs_what_is_in_it() {
    if is_root() {
        eprintln!("skipped: no permission binds the superuser");
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
fn a_dead_letter_that_cannot_be_written_stops_the_sending() {
    let lrs = Lrs::start(Settings::default());
    let ended = send(&lrs).with_largest_file(512).run().with_code(6);
    ended.assert_error("failed to write the dead letter `dead/");
    assert!(
        ended.errors()[0].contains("line 1 of `-`"),
        "{}",
        ended.stderr
    );
    assert_eq!(ended.files("dead"), [""; 0]);
    assert_eq!(ended.count("left"), 2);
}

#[test]
fn a_file_in_the_place_of_dead_letters_is_told_before_anything_is_sent() {
    let lrs = Lrs::start(Settings::default());
    let ended = send(&lrs).file("dead", "").run().with_code(6);
    ended.assert_error("failed to create the directory `dead`: ");
    assert_eq!(lrs.records().requests.len(), 0);
}

#[test]
fn what_holds_personal_data_is_for_its_owner_and_the_rest_as_the_umask_says() {
    let lrs = Lrs::start(Settings::default());
    for (umask, usual) in [("000", 0o666), ("027", 0o640), ("077", 0o600)] {
        let words = format!("umask {umask}");
        let run = send(&lrs).args(&["--report", "r", "--rejects", "rejects"]);
        let ended = run.after_shell(&words).run().with_code(4);
        assert_eq!((mode(&ended, "r"), mode(&ended, "rejects")), (usual, 0o600));
        let letters = ended.files("dead");
        assert_eq!(letters.len(), 1);
        assert_eq!(mode(&ended, &format!("dead/{}", letters[0])), 0o600);

        let run = transform().args(&["-o", "out", "--report", "r", "--rejects", "rejects"]);
        let ended = run.after_shell(&words).run().with_code(0);
        let modes = ["out/a.log.xapi.jsonl", "r", "rejects"].map(|name| mode(&ended, name));
        assert_eq!(modes, [usual, usual, 0o600]);
    }
}

/// Rows that are not written now never would be, for a line that counts as delivered.
#[test]
fn with_a_state_a_rejects_file_that_gets_full_leaves_the_lines_to_the_next_run() {
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
    assert_eq!(json_lines(&full.read("rejects")).len(), 10);
    let again = Run::transform()
        .in_directory(&full.directory)
        .args(&options)
        .run()
        .with_code(0);
    assert_eq!(again.files("out").len(), 3);
    assert_eq!(json_lines(&again.read("rejects")).len(), 120);
}
