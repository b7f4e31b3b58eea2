//! Pieces of lines of containers: which lines they become, and between which of them a run resumes.

use crate::harness::{Run, RunDirectory};
use crate::inputs::seconds;
use crate::records::{INCOMPLETE, converted, event, pieces};

#[test]
fn the_pieces_of_each_stream_are_joined() {
    for (is_docker, key) in [
        (true, "log"),
        (true, "auto"),
        (false, "log"),
        (false, "auto"),
    ] {
        let of = |second, stream, at: &[usize]| pieces(&event(second), is_docker, stream, at);
        let whole = of(0, "stdout", &[]).concat();
        let (out, error) = (of(1, "stdout", &[40, 80]), of(2, "stderr", &[60]));
        let text = [
            &*whole, &out[0], &error[0], &out[1], &error[1], &out[2], &whole,
        ]
        .concat();
        let ended = converted(&text, &["--unwrap", key]);
        assert_eq!(seconds(&ended.stdout), [0.0, 2.0, 1.0, 0.0], "{text}");
        assert_eq!((ended.count("lines"), ended.count("unparsable")), (4, 0));
        ended.assert_not_stderr("warning");
        // The last piece is missing.
        let text = [&*whole, &out[0], &out[1], &of(3, "stderr", &[])[0]].concat();
        let ended = converted(&text, &["--unwrap", key]);
        assert_eq!(seconds(&ended.stdout), [0.0, 3.0]);
        ended.assert_stderr("truncated 1");
        // The pieces are longer than the limit.
        let long = of(1, "stdout", &[20, 40, 60, 80, 100]).concat();
        let text = [&*whole, &long.repeat(20), &whole].concat();
        let limit = (whole.len() + 20).to_string();
        let ended = converted(&text, &["--unwrap", key, "--max-line-bytes", &limit]);
        assert_eq!(seconds(&ended.stdout), [0.0, 0.0]);
        ended.assert_stderr("too-long 20");
    }
}

#[test]
fn pieces_cross_batches_and_a_run_resumes_after_the_last_piece() {
    let log: String = (0..12_000)
        .flat_map(|second| {
            pieces(
                &format!("INFO [tracking] - {}", event(second)),
                second % 2 == 0,
                "stdout",
                &[30, 90],
            )
        })
        .collect();
    let ended = converted(&log, &["--unwrap", "log"]);
    assert_eq!(
        (ended.count("lines"), ended.count("emitted")),
        (12_000, 12_000)
    );
    let lines: Vec<&str> = log.split_inclusive('\n').take(30).collect();
    for cut in [1, 2, 3, 4, 17] {
        let arguments = ["--unwrap", "log", "--state", "state", "-o", "out", "a.log"];
        let run = Run::transform().file("a.log", lines[..cut].concat());
        let first = run.args(&arguments).run().with_code(0);
        assert_eq!(first.count("lines") as usize, cut / 3);
        let is_told = first.stderr.contains(INCOMPLETE);
        assert_eq!(is_told, cut % 3 > 0, "{}", first.stderr);
        first.directory.write("a.log", lines.concat());
        let again = Run::transform().in_directory(&first.directory);
        let ended = again.args(&arguments).run().with_code(0);
        assert_eq!(
            ended.count("emitted") as usize,
            10 - cut / 3,
            "{cut}: {}",
            ended.stderr
        );
    }
}

/// The part of a line may be another piece, so all pieces wait for its rest.
#[test]
fn pieces_before_an_incomplete_line_of_an_old_log_are_not_reported_in_each_run() {
    let pieces = pieces(&event(1), true, "stdout", &[40, 80]);
    let other = "GET /\n";
    for is_with_other in [false, true] {
        let directory = RunDirectory::new();
        let before = match is_with_other {
            true => [&*pieces[0], other, &pieces[1]].concat(),
            false => pieces[..2].concat(),
        };
        directory.write("logs/a.log", before + &pieces[2][..20]);
        directory.age("logs/a.log");
        for _ in 0..2 {
            let ended = directory.transform().args(&["--unwrap", "log"]).run();
            ended.with_code(0).assert_not_stderr("truncated");
        }
        directory.append("logs/a.log", &pieces[2][20..]);
        directory.age("logs/a.log");
        for count in [1, 0] {
            let ended = directory.transform().args(&["--unwrap", "log"]).run();
            assert_eq!(ended.with_code(0).count("emitted"), count);
        }
    }
}
