//! The verdict, the first line of the summary.

use crate::harness::{Run, RunDirectory, fixture, gzip, line, lines};
use crate::lrs::{Lrs, ServerFault};

#[test]
fn a_run_in_which_all_is_well_ends_with_one_line() {
    let page = r#"{"name": "/courses/", "event_type": "/courses/", "event": {}}"#;
    let log = gzip((lines(0..100) + page + "\n").as_bytes());
    let users =
        "id,username,email,xapi_id,caliper_id\n1,ada,,d1b7a9c4-0000-4000-8000-000000000001,\n";
    let run = || Run::transform().file("a.log.gz", &log);
    let courses = "course_id,display_name\ncourse-v1:a+b+c,The Course\n";
    let run = || run().file("users.csv", users).file("courses.csv", courses);
    let tables = ["--users", "users.csv", "--courses", "courses.csv"];
    let run = || run().args(&tables).args(&["-o", "out", "a.log.gz"]);
    let ended = run().without_counts().run().with_code(0);
    let start = "100 statements written to `out` from 1 input (";
    assert!(ended.stderr.starts_with(start), "{}", ended.stderr);
    ended.assert_stderr(" stored in ");
    assert_eq!(ended.stderr.lines().count(), 1);

    let ended = run().args(&["-v"]).run().with_code(0);
    ended.assert_stderr(
        " events/s\n            100 emitted  100 statements\n              1 unsupported",
    );
    ended.assert_stderr("\n            101 lines\n");
    ended.assert_not_stderr(" 0 ");
}

#[test]
fn the_verdict_counts_what_needs_attention_and_its_command_shows_the_lines() {
    let log = line(1) + &line(2).replace("ada", "") + "{\n" + &line(3);
    let run = Run::transform()
        .file("my logs/a.log", log)
        .args(&["my logs"]);
    let ended = run.without_counts().run().with_code(0);
    let verdict = "2 statements written to standard output from 1 input\n1 event was rejected and 1 line is unparsable: see `";
    assert!(ended.stderr.contains(verdict), "{}", ended.stderr);
    assert_eq!(ended.count("rejected") + ended.count("unparsable"), 2);
    assert_eq!(ended.count("lines"), 4);
    let command = ended.stderr.split(verdict).nth(1).unwrap();
    let command = command.split('`').next().unwrap();
    assert!(command.ends_with(" 'my logs'"), "{command}");
    let words = command.replace('\'', "").replace(" my logs", "");
    let words: Vec<&str> = words.split(' ').skip(1).chain(["my logs"]).collect();
    let shown = Run::new(&words).in_directory(&ended.directory).run();
    let shown = String::from_utf8(shown.with_code(0).stdout).unwrap();
    assert!(
        shown.contains("a.log:2") && shown.contains("a.log:3"),
        "{shown}"
    );
    assert!(
        !shown.contains("a.log:1") && !shown.contains("a.log:4"),
        "{shown}"
    );
}

#[test]
fn the_counts_name_an_input_that_repeats_another() {
    let run = Run::transform().file("a.log", lines(0..9));
    let run = run.file("b.log", lines(0..9));
    let ended = run.args(&["--state", "state", "-o", "out", "a.log", "b.log"]);
    let ended = ended.without_counts().run().with_code(0);
    ended.assert_stderr("9 same as in another input, and skipped  `b.log` is the same as `a.log`");
}

#[test]
fn the_command_reads_the_rejects_file_if_there_is_one() {
    let run = Run::transform().file("a.log", line(2).replace("ada", ""));
    let ended = run.args(&["--rejects", "r.jsonl", "a.log"]).run();
    let ended = ended.with_code(0);
    ended.assert_stderr("1 event was rejected: see `event-router explain --only rejected ");
    ended.assert_stderr(" r.jsonl`\n");
}

#[test]
fn lines_of_standard_input_have_no_command() {
    let run = Run::transform().stdin("x\n").args(&["-"]);
    let ended = run.run().with_code(0);
    ended.assert_stderr("from 1 input\n1 line is unparsable\n");
}

#[test]
fn a_comparison_says_whether_the_files_differ() {
    let expected = fixture("xapi/enrollment");
    let expected = expected.to_str().unwrap();
    let run = Run::transform().tables().args(&["--check", "-o", expected]);
    let event = fixture("events/enrollment").join("edx.course.enrollment.activated.json");
    let ended = run.path(&event).without_counts().run().with_code(0);
    ended.assert_stderr(" from 1 input: no difference (");
    let run = Run::transform().file("a.log", line(1));
    let run = run.file("out/a.log.xapi.jsonl", "{}\n");
    let ended = run.args(&["--check", "-o", "out", "a.log"]).run();
    ended
        .with_code(1)
        .assert_stderr("1 statement compared with the files in `out` from 1 input: 1 difference\n");
}

#[test]
fn a_delivery_says_what_the_server_has_and_where_the_rest_is() {
    let lrs = Lrs::healthy();
    let run = Run::send(&lrs.xapi()).file("a.log", lines(0..3));
    let ended = run.args(&["a.log"]).without_counts().run().with_code(0);
    let verdict = format!("3 statements delivered to `{}` from 1 input (", lrs.xapi());
    ended.assert_stderr(&verdict);
    assert!(!ended.stderr.contains(" requests"), "{}", ended.stderr);

    let lrs = Lrs::with_faults(|_, method| match method {
        "POST" => ServerFault::Status(422),
        _ => ServerFault::None,
    });
    let run = Run::send(&lrs.xapi()).file("a.log", lines(0..3));
    let run = run.args(&["--dead-letters", "my dead", "a.log"]);
    let ended = run.without_counts().run().with_code(4);
    ended.assert_stderr(
        "3 statements could not be delivered: see `event-router dead-letters 'my dead'`\n",
    );
    assert_eq!(ended.count("undeliverable"), 3);
}

#[test]
fn records_that_were_not_sent_come_first() {
    let lrs = Lrs::with_faults(|_, _| ServerFault::Status(500));
    let log = line(1).replace("ada", "") + &lines(0..3);
    let run = Run::send(&lrs.xapi()).file("a.log", log);
    let run = run.args(&["--retry-delay", "0.001", "--max-retries", "1", "a.log"]);
    let ended = run.without_counts().run().with_code(5);
    let url = lrs.xapi();
    ended.assert_stderr(&format!(
        "\n3 of 3 statements were not sent to `{url}`: run again\n0 statements delivered to `{url}` from 1 input (0 done, stopped)\n1 event was rejected: see `"
    ));
    let halves = format!("note: `{url}` answered 500 to 3 statements after all retries, so parts");
    assert_eq!(ended.stderr.matches(&halves).count(), 1, "{}", ended.stderr);
}

#[test]
fn a_run_without_new_lines_says_so() {
    let directory = RunDirectory::new();
    directory.write("logs/a.log", lines(0..3));
    directory.age("logs/a.log");
    let lrs = Lrs::healthy();
    let nothing_new = "nothing new since the last run: earlier runs have read 3 lines of 1 input (";
    let runs: [&dyn Fn() -> Run; 2] = [&|| directory.transform(), &|| directory.send(&lrs.xapi())];
    for run in runs {
        run().run().with_code(0).assert_not_stderr("nothing");
        let again = run().without_counts().run().with_code(0);
        assert!(again.stderr.starts_with(nothing_new), "{}", again.stderr);
    }
    let empty = Run::transform().file("a.log", "").args(&["a.log"]);
    let empty = empty.without_counts().run().with_code(0);
    empty.assert_stderr("nothing to convert: there is no line in 1 input (");
}

#[test]
fn the_verdict_counts_the_lines_of_the_rejects_file() {
    let log = line(1) + "starting\n" + &line(2)[..40] + "\n";
    let log = log.replace("{\"name", "[tracking] {\"name");
    let run = || Run::transform().file("a.log", &log).args(&["a.log"]);
    let ended = run().args(&["--rejects", "r.jsonl"]).run().with_code(0);
    ended.assert_stderr("\n1 line is unparsable: see `");
    assert_eq!(ended.json_lines("r.jsonl").len(), 1);
    run().run().assert_stderr("\n2 lines are unparsable: see `");
}
