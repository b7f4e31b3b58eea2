//! Runs of a timer on a log that grows, in whose lines nothing is converted: they are silent if a healthy log has such lines.

use crate::harness::{Run, gzip, line};

/// Runs again and again on a log that grows, and checks what each run shows.
fn check_growing(minutes: &[(String, &[&str], i32, &str)]) {
    let view = format!(
        "INFO [tracking] - {}",
        line(2).replace("play_video", "/courses/x")
    );
    let users = "id,username,email,xapi_id,caliper_id\n1,ada,,32e08e30f8ae4ce294a8c2bfe38a70cb,\n";
    let arguments = ["--quiet", "--state", "state", "-o", "out", "a.log"];
    let mut log = view;
    let first = Run::transform().file("a.log", &log).file("u.csv", users);
    let first = first.args(&arguments).run().with_code(0);
    first.assert_stderr("warning: 1 line was read and nothing was converted: ");
    for (more, options, code, stderr) in minutes {
        log += more;
        first.directory.write("a.log", &log);
        let again = Run::transform().in_directory(&first.directory);
        let ended = again.args(&arguments).args(options).run().with_code(*code);
        let expected = match *stderr {
            "" => ended.stderr.is_empty(),
            start => ended.stderr.starts_with(start) && ended.stderr.lines().count() == 1,
        };
        assert!(expected, "{more}: {}", ended.stderr);
    }
}

#[test]
fn a_quiet_minute_of_a_known_log_has_no_warning() {
    let view = line(2).replace("play_video", "/courses/x");
    let closed = line(3).replace("play_video", "page_close");
    let anonymous = line(4).replace("ada", "");
    let other = line(5).replace("a+b+c", "a+b+d");
    let many_others = other.repeat(300);
    let without_object = line(6).replace("play_video", "edx.bi.course.upgrade.x");
    let torn = line(7)[..100].to_owned() + "\n" + &view;
    let stranger = line(8).replace("ada", "eve");
    let unknown_course = line(9).replace("course-v1:a+b+c", "x");
    let traceback = format!("{}INFO [tracking] - {view}", "KeyError: 'x'\n".repeat(40));
    let empty = "error: 1 line was read and nothing was converted, so the run fails as `--fail-on empty` demands\n";
    check_growing(&[
        (closed.clone(), &[], 0, ""),
        (closed, &["--fail-on", "empty"], 1, empty),
        (view.clone() + &anonymous, &[], 0, ""),
        (anonymous.repeat(30), &[], 0, ""),
        (torn, &[], 0, ""),
        (without_object, &[], 0, ""),
        (other, &["--course", "course-v1:a+b+c"], 0, ""),
        (many_others, &["--course", "course-v1:a+b+c"], 0, ""),
        (view + &anonymous + &stranger, &["--users", "u.csv"], 0, ""),
        (unknown_course, &[], 0, ""),
        (traceback, &[], 0, ""),
    ]);
}

#[test]
fn a_minute_in_which_everything_is_lost_for_one_cause_has_a_warning() {
    let start = "warning: 1 line was read and nothing was converted: ";
    let many = "warning: 40 lines were read and nothing was converted: ";
    let cut = "INFO [tracking] - {\"name\": \"play_vi\n".to_owned();
    let naive = line(4).replace("+00:00", "");
    check_growing(&[
        (line(4).replace("\"name\"", "\"x\""), &[], 0, start),
        (cut.clone(), &[], 0, start),
        (
            cut.repeat(40),
            &[],
            0,
            "warning: no new line of `a.log` is an event (40 lines): ",
        ),
        (naive.repeat(40), &[], 0, many),
        (
            line(5).replace("ada", "eve"),
            &["--users", "u.csv"],
            0,
            "warning: 1 line was read and nothing was converted: 1 of 1 events name a user that is not in `u.csv`",
        ),
        (
            line(6),
            &["--course", "course-v1:a+bb+c"],
            0,
            "warning: 1 line was read and nothing was converted: no event matched `--course course-v1:a+bb+c`; did you mean",
        ),
        (line(7), &["--until", "2020-01-01"], 0, start),
        (
            line(8).replace("ada", "").repeat(200),
            &[],
            0,
            "warning: 200 lines were",
        ),
    ]);
}

#[test]
fn a_gzip_file_that_is_cut_short_has_one_line_in_each_run() {
    let log: String = (1..40).map(line).collect();
    let bytes = gzip(&log);
    let arguments = ["--quiet", "--state", "state", "-o", "out", "a.log.gz"];
    let cut = &bytes[..bytes.len() - 40];
    let first = Run::transform().file("a.log.gz", cut);
    first.directory.age("a.log.gz");
    let first = first.args(&arguments).run().with_code(3);
    for _ in 0..2 {
        let again = Run::transform().in_directory(&first.directory);
        let ended = again.args(&arguments).run().with_code(3);
        assert_eq!(ended.stderr, first.stderr);
    }
    assert_eq!(first.stderr.lines().count(), 1, "{}", first.stderr);
}
