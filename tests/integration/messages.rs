//! Messages about inputs, filters and tables that no other test has: each is one line and says what to do.

use serde_json::json;

use crate::harness::{Ended, Run, line, lines};

const EXAMPLE: &str = "course-v1:a+b+c";

/// Runs with these files. The first files of other tests have the names `a.log` and `b.log`, too.
fn run(files: &[(&str, String)], arguments: &[&str], code: i32) -> Ended {
    let run = Run::transform().stdin(line(1));
    let run = files
        .iter()
        .fold(run, |run, (name, bytes)| run.file(name, bytes));
    run.args(arguments).run().with_code(code)
}

#[track_caller]
fn assert_line(ended: &Ended, message: &str) {
    let is_found = ended.stderr.lines().any(|line| line == message);
    assert!(is_found, "{message}\n{}", ended.stderr);
}

#[test]
fn inputs_that_cannot_be_read_as_they_are_given_are_told_before_the_run() {
    let log = || [("a.log", line(1))];
    for (arguments, message) in [
        (
            &[][..],
            "there is no input: give files, directories, or `-` for standard input",
        ),
        (
            &["-", "-"],
            "standard input can be read only once: give `-` only once, as an input or to `--files-from`",
        ),
        (
            &["--shard", "0/2", "-"],
            "`--shard` divides files by their paths, so it cannot be used with standard input: remove `--shard` or `-`",
        ),
        (
            &["--state", "state", "-o", "out", "-"],
            "`--state` can resume only files, and the input `-` is not a file: remove `--state` or this input",
        ),
        (
            &["-o", "out", "a.log", "a.log"],
            "the input `a.log` is given twice and would write `out/a.log.xapi.jsonl` twice: give it once",
        ),
        (
            &["--actor", "mbox", "a.log"],
            "`--actor mbox` and `mbox-sha1sum` need e-mail addresses: give a table of users with `--users`",
        ),
    ] {
        let arguments = [&["--quiet"], arguments].concat();
        let ended = run(&log(), &arguments, 2);
        assert_eq!(ended.stderr, format!("error: {message}\n"));
    }
    for (arguments, start) in [
        (
            &["--files-from", "none"][..],
            "failed to read the list of inputs `none`: ",
        ),
        (
            &["--include", "[", "."],
            "a glob of `--include` or `--exclude` does not parse: ",
        ),
    ] {
        let ended = run(&log(), arguments, 2);
        assert!(
            ended.stderr.starts_with(&format!("error: {start}")),
            "{}",
            ended.stderr
        );
        assert_eq!(ended.stderr.lines().count(), 1, "{}", ended.stderr);
    }
}

#[cfg(unix)]
#[test]
fn a_link_to_a_directory_around_it_is_an_error_of_its_own() {
    let run = Run::transform().file("logs/sub/a.log", line(1));
    let link = run.directory.path("logs/sub/up");
    std::os::unix::fs::symlink("../../logs", link).unwrap();
    let ended = run.args(&["-o", "out", "logs"]).run().with_code(3);
    assert_line(
        &ended,
        "error: failed to open `logs/sub/up`: the link leads back to `logs`, a directory that contains the link",
    );
    assert_eq!(ended.count("emitted"), 1);
}

#[test]
fn filters_say_what_the_events_have_in_place_of_the_values() {
    let of = |course: &str| line(2).replace(EXAMPLE, course);
    let in_april = line(3).replace("2024-03", "2024-04");
    for (log, arguments, told) in [
        (
            of(""),
            &["--course", "x"],
            "`--course x`; no event names a course",
        ),
        (
            of("none"),
            &["--org", "x"],
            "`--org x`; no event names a course with an organization",
        ),
        (
            line(1) + &in_april,
            &["--since", "2025-01-01"],
            "`--since 2025-01-01`; the times seen are 2024-03-05T09:00:00Z to 2024-04-05T09:00:00Z",
        ),
    ] {
        let count = match log.lines().count() {
            1 => "1 line was".to_owned(),
            count => format!("{count} lines were"),
        };
        let arguments = [&["--quiet"], &arguments[..], &["a.log"]].concat();
        let ended = run(&[("a.log", log)], &arguments, 0);
        let warning =
            format!("warning: {count} read and nothing was converted: no event matched {told}\n");
        assert_eq!(ended.stderr, warning);
    }
}

#[test]
fn of_many_routers_the_first_are_described() {
    let router = |nth: u32| {
        json!({"backend_name": "xAPI", "route_url": format!("https://lrs{nth}.example/xAPI"),
            "configurations": {"match_params": {"context.course_id": [format!("^x{nth}$")]}}})
    };
    let routers = json!((1..=7).map(router).collect::<Vec<_>>()).to_string();
    let files = [("a.log", line(1)), ("routers.json", routers)];
    let ended = run(
        &files,
        &["--quiet", "--routers", "routers.json", "a.log"],
        0,
    );
    ended.assert_stderr("`https://lrs5.example/xAPI` requires `context.course_id` to match `^x5$`; and 2 more routers (courses seen: 1 × `course-v1:a+b+c`)\n");
}

#[test]
fn a_table_without_e_mail_addresses_is_named() {
    let users = "id,username,email,xapi_id,caliper_id\n7,ada,,,\n".to_owned();
    let files = [("a.log", line(1)), ("users.csv", users)];
    let arguments = [
        "--quiet",
        "--actor",
        "mbox",
        "--users",
        "users.csv",
        "a.log",
    ];
    assert_eq!(
        run(&files, &arguments, 0).stderr,
        "warning: 1 line was read and nothing was converted: 1 of 1 events name a user without an e-mail address in `users.csv`: export the table again (see *Lookup tables* in the guide), or use `--actor external-id`\n"
    );
}

#[test]
fn inputs_without_an_event_are_told_with_their_cause() {
    let pipe = "… | sed 's/\\\\\\\\/\\\\/g' | event-router … -";
    let doubled = {
        let event = line(1).replace("\"id\": \"v\"", "\"id\": \"\\\"v\\\"\"");
        event.replace('\\', "\\\\").repeat(2)
    };
    for (log, told) in [
        (
            "x\ny\n".to_owned(),
            "no line of `a.log` is an event (2 lines): its lines are not JSON; leave it out, or see with `explain` what is wrong",
        ),
        (
            json!(line(1).trim_end()).to_string() + "\n",
            "no line of `a.log` is an event (1 line): its lines are events as JSON texts; read it with `jq -r . a.log | event-router … -`",
        ),
    ] {
        let ended = run(&[("a.log", log)], &["--quiet", "a.log"], 0);
        assert_eq!(ended.stderr, format!("warning: {told}\n"));
    }
    let arguments = ["--quiet", "--state", "state", "-o", "out", "a.log"];
    let ended = run(&[("a.log", doubled.clone())], &arguments, 0);
    ended.assert_stderr("| event-router … -`, without `--state`, which reads only files");
    let ended = Run::transform()
        .stdin(doubled)
        .args(&["--quiet", "-"])
        .run();
    ended.assert_stderr(&format!("or read it with `{pipe}`\n"));
}

#[test]
fn of_many_collisions_and_of_many_inputs_with_warnings_the_first_are_shown() {
    let other = |nth: u32| line(1).replace("\"v\"", &format!("\"w{nth}\""));
    let log: String = (0..31).map(other).collect();
    let ended = run(&[("a.log", log)], &["--dedupe", "a.log"], 0);
    assert_line(
        &ended,
        "warning: 10 more events have the id of an earlier event but different content",
    );
    assert_eq!(ended.stderr.matches("have the same id").count(), 20);

    let names: Vec<String> = (0..23).map(|nth| format!("logs/{nth}.log")).collect();
    let files: Vec<(&str, String)> = names
        .iter()
        .map(|name| (name.as_str(), "x\n".to_owned()))
        .collect();
    let ended = run(&files, &["--quiet", "-o", "out", "logs"], 0);
    assert_line(
        &ended,
        "warning: 3 more inputs have such warnings; `--report FILE` lists the warnings about all inputs",
    );
    assert_eq!(ended.stderr.matches(" is an event (1 line)").count(), 20);
}

#[test]
fn a_rejected_collision_is_told_with_both_lines() {
    let log = line(1) + &line(1).replace("\"v\"", "\"w\"");
    let arguments = ["--dedupe", "--on-collision", "reject", "a.log"];
    let ended = run(&[("a.log", log)], &arguments, 0);
    ended.assert_stderr("warning: a.log:2 and a.log:1 have the same id ");
    ended.assert_stderr(" but different content; the former is rejected\n");
}

#[test]
fn a_row_that_is_too_long_leaves_the_rejects_file_as_it_is() {
    let row =
        json!({"file": "a.log", "line": 1, "reason": "no-user", "detail": "", "raw": line(1)});
    let rows = row.to_string() + "\n";
    let arguments = [
        "--max-line-bytes",
        "100",
        "--rejects",
        "r.jsonl",
        "-o",
        "out",
        "r.jsonl",
    ];
    let ended = run(&[("r.jsonl", rows.clone())], &arguments, 3);
    assert_line(
        &ended,
        "error: line 1 of `r.jsonl` is longer than `--max-line-bytes` allows, so the file is left unchanged: raise the limit",
    );
    assert_eq!(ended.read("r.jsonl"), rows.as_bytes());
}

#[test]
fn a_file_that_check_does_not_find_is_told() {
    let ended = run(
        &[("a.log", lines(0..2))],
        &["--check", "-o", "out", "a.log"],
        1,
    );
    let told = String::from_utf8(ended.stdout.clone()).unwrap();
    assert_eq!(
        told,
        "out/a.log.xapi.jsonl: is missing, but this run would write it\n"
    );
}
