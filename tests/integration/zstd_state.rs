//! `--state` with inputs that are compressed with zstd: unfinished files, archives of known logs, files that grow.

use crate::harness::{Ended, RunDirectory, line, lines};
use crate::zstd_files::zstd;

fn run(directory: &RunDirectory) -> Ended {
    directory.transform().run()
}

#[test]
fn a_file_that_is_still_being_written_is_left_to_the_next_run() {
    for seconds in [3, 6000] {
        let packed = zstd(lines(0..seconds));
        for cut in [0, 3, 4, 60, packed.len() / 2, packed.len() - 1] {
            let directory = RunDirectory::new();
            directory.write("logs/a.log-1", lines(0..2));
            directory.write("logs/a.log-2.zst", &packed[..cut]);
            let ended = run(&directory).with_code(0);
            assert_eq!(ended.count("emitted"), 2, "{cut}");
            ended.assert_stderr("2 inputs (1 left to the next run)");
            ended.assert_stderr(
                "note: `logs/a.log-2.zst` is left to the next run: the zstd file has no end",
            );
            directory.write("logs/a.log-2.zst", &packed);
            run(&directory).with_code(0);
            let counts = directory.statement_counts();
            assert_eq!(counts.len(), seconds as usize);
            assert!(counts.values().all(|&count| count == 1));
        }
    }
}

#[test]
fn an_old_file_without_its_end_is_an_error_unless_it_is_beside_the_file_that_is_packed() {
    let directory = RunDirectory::new();
    let packed = zstd(lines(0..6000));
    directory.write("logs/a.log-1", lines(0..6000));
    directory.write("logs/a.log-1.zst", &packed[..packed.len() / 2]);
    directory.age("logs/a.log-1.zst");
    run(&directory)
        .with_code(0)
        .assert_stderr("`logs/a.log-1.zst` is left to the next run");
    directory.remove("logs/a.log-1");
    let ended = run(&directory).with_code(3);
    ended.assert_error("failed to read `logs/a.log-1.zst` to its end: the zstd data is cut off");
    assert_eq!(ended.count("lines"), 0);
    directory.write("logs/a.log-1.zst", packed);
    run(&directory).with_code(0);
    let counts = directory.statement_counts();
    assert_eq!(counts.len(), 6000);
    assert!(counts.values().all(|&count| count == 1));
}

#[test]
fn a_log_that_was_packed_is_not_delivered_again() {
    let directory = RunDirectory::new();
    directory.write("logs/a.log", lines(0..40));
    assert_eq!(run(&directory).with_code(0).count("emitted"), 40);
    directory.remove("logs/a.log");
    // The log got more lines after the run and before it was packed.
    directory.write("logs/a.log-20240305.zst", zstd(lines(0..50)));
    assert_eq!(run(&directory).with_code(0).count("emitted"), 10);
    directory.write("elsewhere.zst", zstd(lines(0..50)));
    directory.remove("logs/a.log-20240305.zst");
    directory.write("logs/b.zst", directory.read("elsewhere.zst"));
    assert_eq!(run(&directory).with_code(0).count("emitted"), 0);
    assert_eq!(directory.statement_counts().len(), 50);
}

#[test]
fn a_file_that_got_another_frame_resumes_after_the_last_delivered_line() {
    let directory = RunDirectory::new();
    let first = zstd(lines(0..40));
    directory.write("logs/a.log.zst", &first);
    assert_eq!(run(&directory).with_code(0).count("emitted"), 40);
    directory.write("logs/a.log.zst", [first, zstd(line(40))].concat());
    assert_eq!(run(&directory).with_code(0).count("emitted"), 1);
    assert_eq!(run(&directory).with_code(0).count("emitted"), 0);
}

#[test]
fn later_outputs_of_an_input_keep_the_compression_of_the_first() {
    let directory = RunDirectory::new();
    for (seconds, compression) in [(3, "zstd"), (5, "gzip"), (7, "none")] {
        directory.write("logs/a.log", lines(0..seconds));
        let options = ["--compress", compression];
        directory.transform().args(&options).run().with_code(0);
    }
    let files = directory.files("out");
    assert_eq!(
        files,
        [
            "a.log.xapi.2.jsonl.zst",
            "a.log.xapi.3.jsonl.zst",
            "a.log.xapi.jsonl.zst"
        ]
    );
    for name in files {
        let packed = directory.read(&format!("out/{name}"));
        assert!(!zstd::decode_all(&packed[..]).unwrap().is_empty());
    }
}
