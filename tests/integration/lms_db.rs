//! The LMS database as the source of users and courses: everything that needs no server. `tests/mariadb` has the rest.

use crate::harness::{Ended, Run, line};

const URL: &str = "mysql://reader@127.0.0.1:1/edxapp";

fn transform(url: &str) -> Run {
    Run::transform()
        .stdin(line(1))
        .args(&["-", "--lms-db", url])
}

#[cfg(feature = "lms-db")]
fn export(url: &str) -> Run {
    Run::new(&["lms", "export", "--users", "u.csv", "--lms-db", url])
}

/// Checks that a run ends with an error of usage that has this text, and writes no file.
fn refused(ended: Ended, text: &str) {
    let ended = ended.with_code(2);
    assert!(ended.stderr.contains(text), "{}", ended.stderr);
    assert!(!ended.stderr.contains("hunter2"), "{}", ended.stderr);
    assert_eq!(ended.stderr.lines().count(), 1, "{}", ended.stderr);
    assert!(ended.stdout.is_empty());
    assert!(!ended.directory.path("u.csv").exists());
}

#[test]
fn the_tables_come_from_files_or_from_the_database() {
    for option in ["--users", "--courses"] {
        let ended = transform(URL)
            .args(&[option, "table.csv"])
            .run()
            .with_code(2);
        assert!(
            ended.stderr.contains("cannot be used with"),
            "{}",
            ended.stderr
        );
    }
}

#[test]
fn an_export_needs_a_database_and_a_table() {
    let ended = Run::new(&["lms", "export", "--users", "u.csv"]).run();
    refused(ended, "give the LMS database with `--lms-db`");
    let ended = Run::new(&["lms", "export", "--lms-db", URL])
        .run()
        .with_code(2);
    assert!(ended.stderr.contains("--users <FILE>"), "{}", ended.stderr);
}

#[cfg(feature = "lms-db")]
#[test]
fn a_password_comes_from_the_environment_or_a_file_and_never_from_the_arguments() {
    let url = "mysql://reader:hunter2@127.0.0.1:1/edxapp";
    for run in [transform(url), export(url)] {
        refused(
            run.run(),
            "set EVENT_ROUTER_LMS_DB_PASSWORD or `--lms-db-password-file`",
        );
    }
    let missing = transform(URL).args(&["--lms-db-password-file", "missing"]);
    refused(missing.run(), "failed to read `missing`");
    let present = transform(URL).args(&["--lms-db-password-file", "password"]);
    refused(
        present.file("password", "hunter2\n").run(),
        "Connection refused",
    );
    let variable = transform(URL).env("EVENT_ROUTER_LMS_DB_PASSWORD", "hunter2");
    refused(variable.run(), "Connection refused");
}

#[cfg(feature = "lms-db")]
#[test]
fn a_run_with_a_state_and_nothing_new_does_not_open_the_database() {
    let derived = ["log", "--state", "state", "-o", "out", "--quiet"];
    let first = Run::transform().args(&derived).file("log", line(1));
    let first = first.run().with_code(0);
    let again = |log: String| {
        let run = Run::transform()
            .in_directory(&first.directory)
            .file("log", log);
        run.args(&derived).args(&["--lms-db", URL]).run()
    };
    again(line(1)).with_code(0);
    let ended = again([line(1), line(2)].concat()).with_code(2);
    assert!(
        ended.stderr.contains("Connection refused"),
        "{}",
        ended.stderr
    );
}

#[cfg(feature = "lms-db")]
#[test]
fn an_export_does_not_replace_a_file_that_it_reads() {
    let run = export(URL).args(&["--lms-db-password-file", "u.csv"]);
    let ended = run.file("u.csv", "hunter2").run().with_code(2);
    assert!(
        ended.stderr.contains("would replace `u.csv`"),
        "{}",
        ended.stderr
    );
}

#[test]
fn a_table_is_not_exported_to_standard_output() {
    for option in ["--users", "--courses"] {
        let run = Run::new(&["lms", "export", "--lms-db", URL, option, "-"]);
        refused(run.run(), &format!("`{option} -` names no file"));
    }
}
