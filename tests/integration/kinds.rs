//! The kinds of unsupported events, and events without a name, without a time, or with two times.

use serde_json::json;

use crate::harness::{Run, line, lines};

const USE_THE_EVENT_TYPE: &str = "no name but an event_type that xAPI takes: use `--name-from-event-type`, or `--repair all` for all old forms";

/// Events without a name: two whose `event_type` is converted, one of another type, and a request.
fn nameless() -> String {
    let nameless = |second, event_type: &str| {
        line(second)
            .replace("\"name\"", "\"event_type\"")
            .replace("play_video", event_type)
    };
    nameless(11, "play_video")
        + &nameless(12, "problem_check")
        + &nameless(13, "book")
        + &nameless(14, "/courses/x")
}

/// Events with names that are not converted.
fn named() -> String {
    let named = |name: &str| line(1).replace("play_video", name);
    let names = ["book", "a.b", "book", "/courses/x", "page_close", "\\n"];
    names.into_iter().map(named).collect()
}

#[test]
fn events_without_a_name_whose_event_type_is_converted_are_reported_also_beside_named_events() {
    let run = || Run::transform().stdin(line(1) + &nameless());
    for quiet in [&[][..], &["--quiet"]] {
        let ended = run().args(quiet).args(&["-"]).run().with_code(0);
        let warning = format!("warning: 2 lines have {USE_THE_EVENT_TYPE}\n");
        assert!(ended.stderr.ends_with(&warning), "{}", ended.stderr);
    }
    let one = run().args(&["--events", "play_video", "-"]);
    let ended = one.run().with_code(0);
    ended.assert_stderr(&format!("warning: 1 line has {USE_THE_EVENT_TYPE}\n"));

    for arguments in [
        &["--name-from-event-type", "-"][..],
        &["--events", "showanswer", "-"],
    ] {
        let ended = run().args(arguments).run().with_code(0);
        ended.assert_not_stderr(USE_THE_EVENT_TYPE);
    }
}

#[test]
fn few_events_without_a_name_are_not_reported() {
    let nameless = line(1).replace("\"name\"", "\"event_type\"");
    for (count, named, is_reported) in [
        (9, 99, false),
        (10, 99, true),
        (99, 9_900, false),
        (100, 9_900, true),
    ] {
        let log = lines(1..100).repeat(named / 99) + &nameless.repeat(count);
        let run = |option| {
            let run = Run::transform().stdin(&log).args(&[option, "-"]);
            run.run().with_code(0)
        };
        let stderr = run("--quiet").stderr;
        assert_eq!(stderr.contains(USE_THE_EVENT_TYPE), is_reported, "{stderr}");
        assert!(is_reported || stderr.is_empty(), "{stderr}");
        run("-v").assert_stderr(&format!(
            "{count} without a name (`--name-from-event-type` would name {count})\n"
        ));
    }
}

#[test]
fn a_run_without_names_has_one_warning_with_the_remedy() {
    let rejected = line(1).replace("ada", "");
    for log in [nameless(), nameless() + &rejected] {
        let count = log.lines().count();
        let run = Run::transform().stdin(log).args(&["--quiet", "-"]);
        let expected = format!(
            "warning: {count} lines were read and nothing was converted: 2 lines have {USE_THE_EVENT_TYPE}\n"
        );
        assert_eq!(run.run().with_code(0).stderr, expected);
    }
    let filtered = lines(1..5) + &nameless();
    let run = Run::transform().stdin(filtered);
    let stderr = run.args(&["--quiet", "--course", "x", "-"]).run().stderr;
    assert!(stderr.contains("no event matched `--course x`"), "{stderr}");
    assert!(stderr.ends_with(&format!("warning: 2 lines have {USE_THE_EVENT_TYPE}\n")));
}

#[test]
fn a_name_of_another_kind_does_not_count_as_missing() {
    let log = line(1).replace(
        "\"name\": ",
        "\"name\": 5, \"event_type\": \"play_video\", \"x\": ",
    );
    let ended = Run::transform().stdin(log).args(&["-"]).run().with_code(0);
    assert!(
        !ended.stderr.contains(USE_THE_EVENT_TYPE),
        "{}",
        ended.stderr
    );
    ended.assert_stderr("1 unsupported  1 without a name\n");
}

#[test]
fn an_empty_name_and_a_name_of_null_count_as_no_name() {
    for name in ["\"\"", "null", "[]"] {
        let empty = format!("\"name\": {name}, \"event_type\": \"play_video\"");
        let log = line(1).replace("\"name\": \"play_video\"", &empty);
        let run = |arguments: &[&str]| {
            let run = Run::transform().stdin(log.repeat(3)).args(arguments);
            run.args(&["-"]).run().with_code(0)
        };
        let ended = run(&[]);
        ended.assert_stderr(
            "3 unsupported  3 without a name (`--name-from-event-type` would name 3)\n",
        );
        ended.assert_stderr(&format!("3 lines have {USE_THE_EVENT_TYPE}\n"));
        assert_eq!(run(&["--name-from-event-type"]).count("emitted"), 3);
    }
}

#[test]
fn the_summary_tells_named_events_from_requests_and_a_verbose_one_lists_names() {
    let run = |arguments: &[&str]| {
        let run = Run::transform().stdin(named() + &nameless());
        run.args(arguments).args(&["-"]).run().with_code(0)
    };
    let row = "10 unsupported  5 that xAPI does not take (4 kinds), 2 requests, 3 without a name (`--name-from-event-type` would name 2)\n";
    let names = [
        "                  2 × book\n",
        "                  1 × \\n\n",
        "                  1 × a.b\n",
        "                  1 × page_close\n",
    ];
    let ended = run(&["-v"]);
    ended.assert_stderr(&format!("{row}{}             10 lines", names.concat()));
}

#[test]
fn events_that_only_another_list_of_events_selects_are_counted_apart() {
    let on_request = line(1).replace("play_video", "edx.problem.completed");
    let log = on_request.repeat(2) + &named();
    let ended = Run::transform().stdin(log).args(&["-"]).run().with_code(0);
    ended.assert_stderr("8 unsupported  5 that xAPI does not take (4 kinds), 2 only with `--events all`, 1 request\n");
}

#[test]
fn the_report_has_the_kinds_and_the_doubtful_times() {
    let (log, arguments) = (
        named() + &nameless() + &line(1).replace("\"time\"", "\"x\""),
        ["--report", "report.json", "-o", "out", "a.log", "b.log"],
    );
    let run = Run::transform().file("a.log", &log).file("b.log", log);
    let report = run.args(&arguments).run().with_code(0).report();
    let (total, input) = (&report["total"], &report["inputs"][1]);
    assert_eq!(
        input["unsupported_events"],
        json!({"named": 5, "implicit": 2, "without_name": 3, "named_by_type": 2})
    );
    assert_eq!(
        total["unsupported_events"],
        json!({"named": 10, "implicit": 4, "without_name": 6, "named_by_type": 4})
    );
    assert_eq!(total["unsupported_kinds"], 4);
    assert_eq!(
        (&total["without_time"], &total["two_times"]),
        (&json!(2), &json!(0))
    );
}

#[test]
fn the_counted_names_of_several_logs_do_not_depend_on_the_number_of_threads() {
    let event = |nth: usize| {
        let pad = "x".repeat(400);
        format!("{{\"name\": \"event.{nth}\", \"event\": 1, \"x\": \"{pad}\"}}\n")
    };
    let log = |from: usize| {
        (0..4_000)
            .map(|nth| event(from + nth / 2))
            .collect::<String>()
    };
    let summaries = ["1", "4"].map(|threads| {
        let run = Run::transform().file("a.log", log(0));
        let run = run.file("b.log", log(1_000)).file("c.log", log(2_000));
        let inputs = ["a.log", "b.log", "c.log"];
        let run = run.args(&["-v", "--threads", threads, "-o", "out"]);
        let run = run.args(&inputs);
        let stderr = run.run().with_code(0).stderr;
        stderr[stderr.find("unsupported").unwrap() - 10..].to_owned()
    });
    assert_eq!(summaries[0], summaries[1]);
    let row = "12,000 unsupported  12,000 that xAPI does not take (more than 1,000 kinds)\n";
    assert!(summaries[0].contains(row), "{}", summaries[0]);
    assert!(summaries[0].contains("4 × event."), "{}", summaries[0]);
}

#[test]
fn emitted_events_without_a_time_are_reported() {
    let log = line(1) + &line(2).replace("\"time\"", "\"@timestamp\"");
    let run = |log: &str| Run::transform().stdin(log).args(&["-"]).run().with_code(0);
    let ended = run(&log);
    assert_eq!(ended.count("emitted"), 2);
    ended.assert_stderr("note: 1 emitted event has no time: statement ids may repeat");
    assert!(!run(&line(1)).stderr.contains("no time"));
}

#[test]
fn emitted_events_with_two_times_are_reported() {
    let shipped = |second| {
        let shipped = "\"timestamp\": \"2024-03-05T10:00:00.123Z\", \"time\"";
        line(second).replace("\"time\"", shipped)
    };
    let log = shipped(1) + &shipped(2) + &line(3).replace("\"time\"", "\"timestamp\"");
    for format in ["xapi", "caliper"] {
        let run = Run::new(&[
            "transform",
            "--to",
            format,
            "--lms-root-url",
            "https://x.example",
        ]);
        let ended = run.stdin(&log).args(&["-"]).run().with_code(0);
        assert_eq!(ended.count("emitted"), 3);
        ended.assert_stderr("note: 2 emitted events have a `time` and a `timestamp` that differ by more than a second, and the output has `timestamp`: if a log shipper added `timestamp`, `--repair shipper-time` takes `time`\n");
    }
}
