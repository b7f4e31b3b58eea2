//! Advice of runs with a state directory, which says how their lines are read again.

use serde_json::json;

use crate::advice::{docker, wrapped};
use crate::harness::{Run, line};

#[test]
fn with_a_state_advice_to_change_options_says_what_to_do_about_the_state() {
    let again = "; this state directory now skips these lines: after the change, run with a new `--state` and a new `-o`\n";
    let nameless = line(2).replace("\"name\"", "\"event_type\"");
    for (log, option, end) in [
        (
            wrapped(|line| json!({"log": line})),
            "",
            format!("`--unwrap log`{again}"),
        ),
        (
            nameless.clone(),
            "",
            format!("`--repair all` for all old forms{again}"),
        ),
        (
            line(1) + &nameless,
            "",
            format!("`--repair all` for all old forms{again}"),
        ),
        (
            line(1),
            "--course=x",
            format!("(courses seen: 1 × `course-v1:a+b+c`){again}"),
        ),
        (
            line(1).replace("ada", ""),
            "",
            "shows the details\n".to_owned(),
        ),
        (
            line(1).replace("play", "no"),
            "--events=*_video",
            format!("`--events *_video`; `--verbose` lists the kinds{again}"),
        ),
        (
            line(1),
            "--max-line-bytes=9",
            format!("raise `--max-line-bytes`{again}"),
        ),
        (
            wrapped(|line| json!([{"a": [line]}])),
            "",
            format!("`--unwrap a`{again}"),
        ),
        ("<html>\n".to_owned(), "", "leave it out\n".to_owned()),
    ] {
        let run = Run::transform().file("a.log", log);
        let run = run.args(&["--quiet", "--state", "state", "-o", "out", "a.log"]);
        let arguments = [option].into_iter().filter(|option| !option.is_empty());
        let arguments: Vec<&str> = arguments.collect();
        let stderr = run.args(&arguments).run().with_code(0).stderr;
        assert!(stderr.ends_with(&end), "{stderr}");
        assert_eq!(stderr.lines().count(), 1, "{stderr}");
    }
}

#[test]
fn with_a_rejects_file_advice_is_to_try_its_lines_again() {
    let users = "id,username,email,xapi_id,caliper_id\n";
    for (log, option, end) in [
        (
            wrapped(|line| json!({"log": line})),
            "--threads=1",
            "`--unwrap log`; then read the lines that were lost with `--rejects r.jsonl r.jsonl` in place of the inputs\n",
        ),
        (
            line(1),
            "--users=u.csv",
            "or use `--unknown-user derive`; then read the lines that were lost with `--rejects r.jsonl r.jsonl` in place of the inputs\n",
        ),
        (
            line(1).replace("ada", ""),
            "--threads=1",
            "shows the details\n",
        ),
        // These lines are not in the rejects file.
        (
            line(1),
            "--max-line-bytes=9",
            "raise `--max-line-bytes`; this state directory now skips these lines: after the change, run with a new `--state` and a new `-o`\n",
        ),
    ] {
        let run = Run::transform().file("a.log", log).file("u.csv", users);
        let run = run.args(&["--quiet", "--state", "state", "-o", "out", "a.log"]);
        let ended = run.args(&["--rejects", "r.jsonl", option]).run();
        let stderr = ended.with_code(0).stderr;
        assert!(stderr.ends_with(end), "{stderr}");
    }
}

/// The advice of a run whose state directory has earlier lines is followed: a run with the right option, a new state
/// directory and a new output directory emits the events of all lines.
#[test]
fn advice_in_a_state_directory_of_earlier_runs_reads_the_lines_again() {
    let again = "; this state directory now skips these lines: after the change, convert these inputs with a new `--state` and a new `-o`\n";
    let nameless = |second| line(second).replace("\"name\"", "\"event_type\"");
    for (more, wrong, cause, right) in [
        (
            line(2) + &line(3),
            "--course=course-v1:a+bb+c",
            "did you mean `course-v1:a+b+c`? (courses seen: 2 × `course-v1:a+b+c`)",
            "--course=course-v1:a+b+c",
        ),
        (
            line(2) + &line(3),
            "--since=2042-01-01",
            "`--since 2042-01-01`; the time seen is 2024-03-05T09:00:00Z",
            "--since=2020-01-01",
        ),
        (
            nameless(2) + &nameless(3),
            "--threads=1",
            "use `--name-from-event-type`, or `--repair all` for all old forms",
            "--name-from-event-type",
        ),
        (
            line(2) + &line(3),
            "--course=x",
            "(courses seen: 2 × `course-v1:a+b+c`)",
            "--course=*",
        ),
        (docker("log", 2..4), "--threads=1", "", "--unwrap=log"),
    ] {
        let arguments = |state| ["--quiet", "--state", state, "logs"];
        let first = Run::transform().file("logs/a.log", line(1));
        let first = first
            .args(&arguments("first"))
            .args(&["-o", "out"])
            .run()
            .with_code(0);
        assert_eq!(first.stderr, "");
        first.directory.write("logs/b.log", &more);
        let run = |state, output, option| {
            let run = Run::transform().in_directory(&first.directory);
            run.args(&arguments(state))
                .args(&["-o", output, option])
                .run()
                .with_code(0)
        };
        let ended = run("first", "out", wrong);
        let end = match cause {
            "" => "read them with `--unwrap log`",
            _ => cause,
        };
        assert!(
            ended.stderr.ends_with(&format!("{end}{again}")),
            "{}",
            ended.stderr
        );
        assert_eq!(ended.stderr.lines().count(), 1, "{}", ended.stderr);
        let files = run("first", "out", right).files("out");
        assert_eq!(files, ["a.log.xapi.jsonl"]);
        run("second", "new", right);
        let written = first.directory.read("new/b.log.xapi.jsonl");
        assert_eq!(
            written.iter().filter(|byte| **byte == b'\n').count(),
            2,
            "{right}"
        );
    }
}
