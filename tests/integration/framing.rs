//! Events that are not one a line: laid out over several lines, or in a last line that has no newline.

use crate::harness::{Run, RunDirectory, line, lines};
use crate::inputs::seconds;
use crate::lost_inputs::{indented, warned};

#[test]
fn events_laid_out_over_several_lines_in_a_healthy_log_are_told_with_their_positions() {
    let event = indented(&line(5));
    let prefixed = format!("2024-03-05 INFO 17 [tracking] [user 7] - {event}");
    let long = lines(1..4000);
    let count = event.lines().count();
    for (before, event, after) in [
        (lines(1..4), event.clone(), lines(7..9)),
        (lines(1..4), prefixed, lines(7..9)),
        (long.clone(), event.clone(), long),
    ] {
        let text = [&*before, &event, &after].concat();
        let (healthy, byte) = (before.lines().count(), before.len() + 1);
        let warning = format!(
            "{count} of {} lines of `a.log` were not read because they are pieces of events that are laid out over several lines: an event begins at byte {byte}, in line {}; read it with `--framing json`",
            text.lines().count().to_string().replace("8010", "8,010"),
            healthy + 1,
        );
        for threads in ["1", "3"] {
            warned("a.log", &text, &["--threads", threads], &warning);
        }
    }
    let several = [&*line(1), &event, &event, &event, &line(2)].concat();
    let ended = warned(
        "a.log",
        &several,
        &[],
        &format!(
            "{} of {} lines of `a.log` were not read because they are pieces of events that are laid out over several lines: an event begins at byte {}, in line 2, and another at byte {}, in line {}; ",
            3 * count,
            3 * count + 2,
            line(1).len() + 1,
            line(1).len() + event.len() + 1,
            count + 2,
        ),
    );
    assert_eq!(seconds(&ended.stdout), [1.0, 2.0]);
}

#[test]
fn other_objects_over_several_lines_are_no_events() {
    let dump = "{\n  \"code\": \"ENOENT\",\n  \"context\": {}\n}\n";
    let run = Run::transform().stdin(lines(1..4) + dump + &lines(4..6));
    let ended = run.args(&["--quiet", "-"]).run().with_code(0);
    ended.assert_not_stderr("warning");
}

#[test]
fn several_events_in_a_line_that_a_resumed_input_got_later_are_read() {
    let run = Run::transform().file("a.log", line(1));
    let arguments = ["--quiet", "--state", "state", "-o", "out", "a.log"];
    let first = run.args(&arguments).run().with_code(0);
    let joined = line(2).trim_end().to_owned() + &line(3);
    first.directory.append("a.log", &joined);
    let again = Run::transform().in_directory(&first.directory);
    let ended = again.args(&arguments).run().with_code(0);
    assert_eq!(seconds(&ended.read("out/a.log.xapi.2.jsonl")), [2.0, 3.0]);
}

#[test]
fn events_of_a_last_line_that_grows_between_runs_are_delivered_once() {
    let event = |second| line(second).trim_end().to_owned();
    let prefixed = |second| format!("2024-03-05 INFO [tracking] - {}", event(second));
    for (before, parts) in [
        (
            line(1),
            [event(2) + &event(3)[..50], event(3)[50..].to_owned() + "\n"],
        ),
        (
            line(1),
            [
                prefixed(2) + &prefixed(3)[..150],
                prefixed(3)[150..].to_owned() + "\n",
            ],
        ),
        (
            line(1),
            [format!("[{}", event(2)), format!(",{}]\n", event(3))],
        ),
        (
            line(1),
            [prefixed(2) + &prefixed(3), event(4) + &event(5)[..9]],
        ),
    ] {
        let directory = RunDirectory::new();
        let arguments = ["transform", "-o", "out"];
        directory.write("logs/a.log", &before);
        for part in parts.iter().chain([&"\n".to_owned()]) {
            directory.append("logs/a.log", part);
            for _ in 0..2 {
                directory.run_with_state(&arguments).run().with_code(0);
            }
        }
        let whole = RunDirectory::new();
        whole.write("logs/a.log", before + &parts.concat() + "\n");
        whole.run_with_state(&arguments).run().with_code(0);
        assert_eq!(directory.statement_counts(), whole.statement_counts());
        assert!(
            directory
                .statement_counts()
                .values()
                .all(|count| *count == 1)
        );
    }
}

#[test]
fn with_a_state_a_last_line_that_cannot_become_an_event_is_told_and_read_again_when_it_grows() {
    let first = line(1).trim_end().to_owned();
    let long = "x".repeat(5000);
    for (text, warning) in [
        (
            "\0".repeat(5000),
            "no line of `a.log` is an event (1 line): it has only NUL bytes",
        ),
        (
            long,
            "no line of `a.log` is an event (1 line): its lines are too long",
        ),
    ] {
        let run = Run::transform().file("a.log", &text);
        let arguments = [
            "--quiet",
            "--state",
            "state",
            "--max-line-bytes",
            "4000",
            "--fail-on",
            "empty",
            "-o",
            "out",
            "a.log",
        ];
        let ended = run.args(&arguments).run().with_code(1);
        ended.assert_stderr(&format!("warning: {warning}"));
        ended.assert_stderr("as `--fail-on empty` demands");
        // Nothing is new.
        let again = || {
            Run::transform()
                .in_directory(&ended.directory)
                .args(&arguments)
        };
        assert_eq!(again().run().with_code(0).stderr, "");
        ended.directory.append("a.log", &format!("\n{}", line(3)));
        assert_eq!(
            again().run().with_code(0).files("out"),
            ["a.log.xapi.jsonl"]
        );
    }
    // An event of which the end is not written yet is held back.
    let run = Run::transform().file("a.log", &first[..50]);
    let run = run.args(&["--state", "state", "-o", "out", "a.log"]);
    let ended = run.run().with_code(0);
    ended.assert_stderr("the last line of `a.log` is not complete");
    assert_eq!(ended.count("lines"), 0);
}
