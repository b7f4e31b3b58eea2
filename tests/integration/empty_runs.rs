//! Filters and tables that take nothing, and runs that emit nothing: one line says so and names the cause, even with
//! `--quiet`.

use serde_json::json;

use crate::harness::{Ended, Run, line, lines};

const BOTANY: &str = "course-v1:DemoX+Botany+2024";
const USERS: &str = "id,username,email,xapi_id,caliper_id\n";

fn of_course(second: u32, course_id: &str) -> String {
    line(second).replace("course-v1:a+b+c", course_id)
}

/// Three events of a course, one of another.
fn log() -> String {
    let botany: String = (1..4).map(|second| of_course(second, BOTANY)).collect();
    botany + &line(4)
}

fn run(log: &str) -> Run {
    Run::transform()
        .file("a.log", log)
        .args(&["--quiet", "--report", "report.json", "a.log"])
}

/// Checks that the run shows one line, which is this warning.
#[track_caller]
fn assert_warning(ended: &Ended, warning: &str) {
    assert_eq!(ended.stderr, format!("warning: {warning}\n"));
}

#[test]
fn a_filter_that_leaves_out_everything_is_named_with_the_events_seen() {
    let courses = "(courses seen: 3 × `course-v1:DemoX+Botany+2024`, 1 × `course-v1:a+b+c`)";
    let orgs = "(organizations seen: 3 × `DemoX`, 1 × `a`)";
    let time = "the time seen is 2024-03-05T09:00:00Z";
    for (arguments, expected) in [
        (
            &["--course", "course-v1:DemoX+Botny+2024"][..],
            format!("`--course course-v1:DemoX+Botny+2024`; did you mean `{BOTANY}`? {courses}"),
        ),
        (
            &["--course", "DemoX+Botany+*", "--course", "x"],
            format!(
                "`--course DemoX+Botany+*,x`; did you mean `course-v1:DemoX+Botany+*`? {courses}"
            ),
        ),
        (
            &["--course", "course-v1:edX+Physics+2019"],
            format!("`--course course-v1:edX+Physics+2019` {courses}"),
        ),
        (
            &["--course", "course-v1:DemoX+Botany"],
            format!("`--course course-v1:DemoX+Botany`; did you mean `{BOTANY}`? {courses}"),
        ),
        (
            &[
                "--course",
                "https://courses.example.org/courses/course-v1:DemoX+Botany+2024/about",
            ],
            format!(
                "`--course https://courses.example.org/courses/course-v1:DemoX+Botany+2024/about`; did you mean `{BOTANY}`? {courses}"
            ),
        ),
        (
            &["--org", "demox"],
            format!("`--org demox`; did you mean `DemoX`? {orgs}"),
        ),
        (
            &["--since", "2025-01-01"],
            format!("`--since 2025-01-01`; {time}"),
        ),
        (
            &["--since", "2023-01-01", "--until", "2023-02-01T06:00:00Z"],
            format!("`--since 2023-01-01 --until 2023-02-01T06:00:00Z`; {time}"),
        ),
        (
            &["--events", "pause_video"],
            "`--events pause_video` (events seen: 4 × `play_video`)".to_owned(),
        ),
        (
            &["--course", "*Botany*", "--org", "DemoY"],
            format!(
                "`--org DemoY`; did you mean `DemoX`? {orgs}; left out before: 1 by `--course`"
            ),
        ),
    ] {
        let ended = run(&log()).args(arguments).run().with_code(0);
        assert_warning(
            &ended,
            &format!("4 lines were read and nothing was converted: no event matched {expected}"),
        );
        assert_eq!(ended.report()["total"]["outcomes"]["filtered"], 4);
    }
}

#[test]
fn routers_that_take_no_event_are_named_with_what_they_require() {
    let routers = r#"[{"backend_name": "xAPI", "route_url": "https://lrs.example/?token=hunter2",
        "configurations": {"match_params": {"context.course_id": ["^course-v1:X", "^Y"]}}}]"#;
    let run = run(&log()).file("routers.json", routers);
    let ended = run.args(&["--routers", "routers.json"]).run().with_code(0);
    assert_warning(
        &ended,
        "4 lines were read and nothing was converted: no event matched `--routers routers.json`: no router takes any of 4 events; \
         `https://lrs.example/?***` requires `context.course_id` to match `^course-v1:X` or `^Y` \
         (courses seen: 3 × `course-v1:DemoX+Botany+2024`, 1 × `course-v1:a+b+c`)",
    );
}

#[test]
fn summary_and_report_count_each_filter() {
    let log = log() + &line(5).replace("2024-03-05", "2020-01-01");
    let run =
        Run::transform()
            .file("a.log", log)
            .args(&["--since", "2024-01-01", "--course", BOTANY]);
    let ended = run
        .args(&["--report", "report.json", "a.log"])
        .run()
        .with_code(0);
    ended.assert_stderr("2 filtered  --since 1, --course 1\n");
    let report = ended.report();
    let filtered_by =
        json!({"events": 0, "since": 1, "until": 0, "course": 1, "org": 0, "routers": 0});
    assert_eq!(report["total"]["filtered_by"], filtered_by);
    assert_eq!(report["inputs"][0]["filtered_by"], filtered_by);
    ended.assert_not_stderr("no event matched");
}

#[test]
fn a_value_that_matches_nothing_beside_another_value_is_noted() {
    let run = |arguments: &[&str]| {
        let run = Run::transform().file("a.log", log()).args(arguments);
        run.args(&["a.log"]).run().with_code(0)
    };
    let other = ["--course", "course-v1:a+b+c,course-v1:DemoX+Botny+2024"];
    run(&other).assert_stderr(
        "note: no event matched `--course course-v1:DemoX+Botny+2024`; did you mean `course-v1:DemoX+Botany+2024`?\n",
    );
    run(&["--course", "course-v1:*,*+2024"]).assert_not_stderr("no event matched");
    let with_state = ["-o", "out", "--state", "state", other[0], other[1]];
    run(&with_state).assert_not_stderr("no event matched");
}

#[test]
fn of_many_values_only_the_first_are_shown() {
    let many = (1..=300).map(|nth| format!("course-v1:DemoX+Botny{nth}+2024"));
    let many = many.collect::<Vec<_>>().join(",");
    let run = |value: &str| {
        let run = Run::transform().file("a.log", log());
        run.args(&["--course", value, "a.log"]).run()
    };
    let ended = run(&many);
    ended.assert_stderr("`--course course-v1:DemoX+Botny1+2024,course-v1:DemoX+Botny2+2024,");
    ended.assert_stderr("course-v1:DemoX+Botny5+2024,…`");
    let longest = ended.stderr.lines().map(str::len).max();
    assert!(longest < Some(700), "{}", ended.stderr);

    let many = format!("course-v1:a+b+c,{many}");
    let ended = run(&many);
    ended.assert_stderr("note: no event matched 295 more values of `--course`\n");
    assert_eq!(ended.stderr.matches("no event matched").count(), 6);
}

#[test]
fn a_value_is_judged_by_all_events_whichever_filter_leaves_them_out() {
    let old = |course_id: &str| of_course(5, course_id).replace("2024-03-05", "2020-01-01");
    let log = log() + &old("course-v1:edX+Physics+2019") + &old("");
    let shown = |arguments: &[&str]| {
        let run = Run::transform().file("a.log", &log).args(arguments);
        run.args(&["a.log"]).run().with_code(0)
    };
    let since = ["--since", "2024-01-01"];
    let courses = format!("{BOTANY},course-v1:edX+*");
    shown(&[since[0], since[1], "--course", &courses]).assert_not_stderr("no event");
    shown(&["--course", BOTANY, "--org", "DemoX,a,edX"]).assert_not_stderr("no event");
    shown(&[since[0], since[1], "--org", "DemoX,edX"]).assert_not_stderr("no event");
    // The suggestion is no course that another value already takes.
    let course = format!("{BOTANY},course-v1:DemoX+Botany+2023,course-v1:edX+Physic+2019");
    let ended = shown(&[since[0], since[1], "--course", &course]);
    ended.assert_stderr("note: no event matched `--course course-v1:DemoX+Botany+2023`\n");
    ended.assert_stderr(
        "note: no event matched `--course course-v1:edX+Physic+2019`; did you mean `course-v1:edX+Physics+2019`?\n",
    );
    let many: String = (0..10_001)
        .map(|nth| of_course(nth, &nth.to_string()))
        .collect();
    let run = Run::transform().file("a.log", many);
    let ended = run.args(&["--course", "1,x", "a.log"]).run().with_code(0);
    ended.assert_not_stderr("no event");
}

#[test]
fn filters_that_only_together_leave_out_everything_are_counted() {
    let old = of_course(5, "course-v1:edX+Physics+2019").replace("2024-03-05", "2020-01-01");
    let arguments = ["--since", "2024-01-01", "--course", "course-v1:edX+*"];
    let ended = run(&(log() + &old)).args(&arguments).run().with_code(0);
    assert_warning(
        &ended,
        "5 lines were read and nothing was converted: no event matched all filters: 1 by `--since`, 4 by `--course`",
    );
}

#[test]
fn a_value_is_noted_for_the_events_that_events_takes() {
    let paused = of_course(5, "course-v1:edX+Physics+2019").replace("play_video", "pause_video");
    let run = Run::transform().file("a.log", log() + &paused);
    let courses = format!("{BOTANY},course-v1:edX+*");
    let arguments = ["--events", "play_video", "--course", &courses, "a.log"];
    run.args(&arguments)
        .run()
        .with_code(0)
        .assert_stderr("note: no event of `--events` matched `--course course-v1:edX+*`\n");
}

#[test]
fn tables_without_the_users_or_courses_of_most_events_are_named_with_a_remedy() {
    let some = format!("{USERS}1,ada,,32e08e30f8ae4ce294a8c2bfe38a70cb,\n2,bob,,,\n");
    let of = |user: &str| lines(1..4).replace("\"ada\"", &format!("\"{user}\""));
    let courses = "course_id,display_name\ncourse-v1:a+b+c,C\n";
    let unknown_course = of_course(7, "x/y/z").repeat(2) + &line(8);
    for (log, warning) in [
        (
            of("eve") + &lines(5..7),
            Some(
                "3 of 5 events name a user that is not in `u.csv`: export the table again (see *Lookup tables* in the guide), or use `--unknown-user derive`",
            ),
        ),
        (
            of("bob") + &lines(5..7),
            Some(
                "3 of 5 events name a user without an external id in `u.csv`: import ids into the LMS and export the table again (see *Users without an external id* in the guide), or use `--missing-external-id derive`",
            ),
        ),
        (
            unknown_course,
            Some(
                "2 of 3 events name a course that is not in `c.csv`: export the table again (see *Lookup tables* in the guide), or use `--unknown-course derive`",
            ),
        ),
        (of("eve") + &lines(5..8), None),
    ] {
        let run = Run::transform()
            .file("u.csv", &some)
            .file("c.csv", courses)
            .file("a.log", log);
        let run = run.args(&["--users", "u.csv", "--courses", "c.csv", "a.log"]);
        let ended = run.run().with_code(0);
        match warning {
            Some(warning) => ended.assert_stderr(&format!("warning: {warning}")),
            None => ended.assert_not_stderr("warning"),
        }
    }
}

#[test]
fn tables_without_rows_are_named() {
    let run = || run(&log()).file("u.csv", USERS).args(&["--users", "u.csv"]);
    assert_warning(
        &run().run().with_code(0),
        "4 lines were read and nothing was converted: 4 of 4 events name a user that is not in `u.csv`, which has no rows: \
         export the table again (see *Lookup tables* in the guide), or use `--unknown-user derive`",
    );
    let shown = |arguments: &[&str]| {
        let run = Run::transform().file("a.log", log()).file("u.csv", USERS);
        let run = run
            .file("c.csv", "course_id\tdisplay_name\n")
            .args(arguments);
        run.args(&["a.log"]).run().with_code(0)
    };
    let ended = shown(&["--users", "u.csv"]);
    ended.assert_stderr("a user that is not in `u.csv`, which has no rows: export");
    assert_eq!(ended.stderr.matches("no rows").count(), 1);
    for quiet in [&[][..], &["--quiet"]] {
        let derive = ["--courses", "c.csv", "--unknown-course", "derive"];
        shown(&[&derive, quiet].concat()).assert_stderr(
            "warning: the table `c.csv` has a header and no rows, so it has the same effect as no table of courses: export",
        );
    }
}

#[test]
fn a_run_that_emits_nothing_names_the_likeliest_cause() {
    let no_user = line(1).replace("ada", "");
    let unsupported = line(2).replace("play_video", "no_such_event");
    for (log, arguments, warning) in [
        (
            no_user.clone(),
            &[][..],
            "1 line was read and nothing was converted: the only event was rejected (no-user 1) because the event names no user; `explain` shows the details",
        ),
        (
            no_user.repeat(2) + &of_course(3, "x/y/z"),
            &["--course", "course-v1:*"],
            "3 lines were read and nothing was converted: all 2 events that the filters keep were rejected (no-user 2) because the event names no user; `explain` shows the details",
        ),
        (
            unsupported.clone() + "x\n",
            &[],
            "2 lines were read and nothing was converted: no event is of a kind that is converted to xAPI by default; `--verbose` lists the kinds, and `--events all` adds a few",
        ),
        (
            unsupported,
            &["--events", "*_video"],
            "1 line was read and nothing was converted: no event is one of `--events *_video`; `--verbose` lists the kinds",
        ),
        (
            line(1).replace("play_video", "/courses/x"),
            &[],
            "1 line was read and nothing was converted: no event is of a kind that is converted to xAPI by default; all are implicit events, which the LMS logs for each request",
        ),
        (
            line(1).replace("\"name\"", "\"x\""),
            &[],
            "1 line was read and nothing was converted: no event is of a kind that is converted to xAPI by default; `explain` shows the events",
        ),
    ] {
        let ended = run(&log).args(arguments).run().with_code(0);
        assert_warning(&ended, warning);
    }
    let healthy = run(&log()).run().with_code(0);
    assert_eq!(healthy.stderr, "");
}

#[test]
fn files_with_records_that_an_empty_run_replaced_are_counted() {
    let arguments = ["--quiet", "-o", "out", "logs"];
    for (gzip, name) in [
        (&[][..], "a.log.xapi.jsonl"),
        (&["--compress", "gzip"], "a.log.xapi.jsonl.gz"),
    ] {
        let first = Run::transform()
            .file("logs/a.log", log())
            .file("logs/b.log", line(1));
        let first = first
            .file("logs/c.log", "")
            .args(&arguments)
            .args(gzip)
            .run()
            .with_code(0);
        let run = |option| {
            let run = Run::transform().in_directory(&first.directory);
            run.args(&arguments)
                .args(gzip)
                .args(&["--course", option])
                .run()
        };
        let full = first.directory.read(&format!("out/{name}"));
        let ended = run("x").with_code(0);
        assert!(
            ended.stderr.ends_with(&format!("; `out/{name}` and 1 more output file had records and are empty now, which `--no-clobber` prevents\n")),
            "{}",
            ended.stderr
        );
        assert_eq!(ended.stderr.lines().count(), 1, "{}", ended.stderr);
        assert_ne!(first.directory.read(&format!("out/{name}")), full);
        run("y").with_code(0).assert_not_stderr("had records");
    }
    let first = run(&log()).args(&["-o", "out"]).run().with_code(0);
    first.directory.write("a.log", "<html>\n");
    let again = Run::transform().in_directory(&first.directory);
    let ended = again
        .args(&["--quiet", "-o", "out", "a.log"])
        .run()
        .with_code(0);
    ended.assert_stderr("; leave it out\n");
    ended.assert_stderr("warning: 1 line was read and nothing was converted; `out/a.log.xapi.jsonl` had records and is empty now, which `--no-clobber` prevents\n");
}

#[test]
fn a_run_without_any_event_says_once_that_nothing_was_converted() {
    let run = Run::transform()
        .file("a.log", "a line\n")
        .file("b.log", "<html>\n");
    let ended = run.args(&["--quiet", "a.log", "b.log"]).run().with_code(0);
    let last = "warning: 2 lines were read and nothing was converted: the warnings above name the causes\n";
    assert!(ended.stderr.ends_with(last), "{}", ended.stderr);
    assert_eq!(ended.stderr.lines().count(), 3, "{}", ended.stderr);
}

#[test]
fn an_empty_run_names_missing_names_and_missing_users_at_once() {
    let nameless = lines(1..6).replace("\"name\"", "\"event_type\"");
    let unknown = lines(6..8).replace("\"ada\"", "\"eve\"");
    let users = format!("{USERS}1,ada,,32e08e30f8ae4ce294a8c2bfe38a70cb,\n");
    let run = Run::transform().file("u.csv", users);
    let run = run.file("a.log", nameless + &unknown);
    let ended = run.args(&["--users", "u.csv", "a.log"]).run().with_code(0);
    ended.assert_stderr(
        "warning: 7 lines were read and nothing was converted: 5 lines have no name but an event_type that xAPI takes: use `--name-from-event-type`, \
         or `--repair all` for all old forms; 2 of 2 events name a user that is not in `u.csv`: export",
    );
}
