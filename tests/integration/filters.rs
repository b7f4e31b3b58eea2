//! Filters by time, course and organization.

use crate::harness::{Run, line};

/// The outcome and reason of each line of a log, such as `rejected bad-timestamp`.
fn outcomes(format: &str, log: &str, arguments: &[&str]) -> Vec<String> {
    let run = Run::explain_to(format).stdin(log).args(arguments);
    let rows = run.args(&["-"]).run().with_code(0).rows();
    let shown = rows.iter().map(|row| {
        let reason = row["reason"].as_str().unwrap_or_default();
        format!("{} {reason}", row["outcome"].as_str().unwrap())
            .trim_end()
            .to_owned()
    });
    shown.collect()
}

/// A line with this JSON value as its time.
fn at(time: &str) -> String {
    line(1).replace("\"2024-03-05T09:00:00.000001+00:00\"", time)
}

fn of_course(course_id: &str) -> String {
    line(1).replace("course-v1:a+b+c", course_id)
}

#[test]
fn since_is_inclusive_and_until_is_exclusive_at_any_offset() {
    let log = [
        at("\"2024-02-29T23:59:59.999999+00:00\""),
        at("\"2024-03-01T00:00:00+00:00\""),
        at("\"2024-03-01T04:30:00+05:30\""),
        at("\"2024-03-31T23:30:00-01:00\""),
        at("\"2024-03-31T23:59:59.999999+00:00\""),
        at("\"2024-04-01T00:00:00+00:00\""),
    ]
    .concat();
    for format in ["xapi", "caliper"] {
        let taken = |arguments: &[&str]| {
            let outcomes = outcomes(format, &log, arguments);
            let taken = outcomes
                .iter()
                .enumerate()
                .filter(|(_, outcome)| *outcome == "emitted");
            taken.map(|(nth, _)| nth).collect::<Vec<_>>()
        };
        assert_eq!(taken(&[]), [0, 1, 2, 3, 4, 5]);
        assert_eq!(taken(&["--since", "2024-03-01"]), [1, 3, 4, 5]);
        assert_eq!(taken(&["--until", "2024-04-01"]), [0, 1, 2, 4]);
        let month = ["--since", "2024-03-01", "--until", "2024-04-01T00:00:00Z"];
        assert_eq!(taken(&month), [1, 4]);
        let other_zone = [
            "--since",
            "2024-03-01T05:30:00+05:30",
            "--until",
            "2024-03-31T23:59:59.999999Z",
        ];
        assert_eq!(taken(&other_zone), [1]);
    }
}

#[test]
fn filters_accept_the_times_that_the_format_accepts_and_other_times_are_rejected() {
    let log = [
        at("1709629200"),
        at("\"2024-W10-2T09Z\""),
        at("\"2024-03-05 09:00:00+00:00\""),
        at("\"2024-03-05T09:00:00\""),
        at("null"),
    ]
    .concat();
    let within = ["--since", "2024-03-05", "--until", "2024-03-06"];
    let bad = "rejected bad-timestamp";
    assert_eq!(
        outcomes("xapi", &log, &within),
        ["emitted", "emitted", bad, bad, "filtered"]
    );
    assert_eq!(
        outcomes("caliper", &log, &within),
        [bad, bad, "emitted", bad, "rejected missing-field"]
    );
    let before = ["--until", "2024-03-05"];
    assert_eq!(
        outcomes("xapi", &log, &before),
        ["filtered", "filtered", bad, bad, "filtered"]
    );
    // A `timestamp` takes precedence over a `time`.
    let both = at("\"2020-01-01T00:00:00Z\", \"timestamp\": \"2024-03-05T09:00:00Z\"");
    for format in ["xapi", "caliper"] {
        assert_eq!(outcomes(format, &both, &within), ["emitted"]);
    }
}

#[test]
fn courses_are_selected_by_globs_and_organizations() {
    let log = [
        of_course("course-v1:MITx+6.002x+2012_Fall"),
        of_course("course-v1:MITx+8.01x+2014"),
        of_course("course-v1:DelftX+8.01x+2014"),
        of_course("ccx-v1:MITx+8.01x+2014+ccx@7"),
        of_course("MITx/6.002x/2012_Fall"),
        of_course("MITx 6.002x"),
        of_course(""),
    ]
    .concat();
    let taken = |arguments: &[&str]| {
        let outcomes = outcomes("xapi", &log, arguments);
        let taken = outcomes
            .iter()
            .enumerate()
            .filter(|(_, outcome)| *outcome != "filtered");
        taken.map(|(nth, _)| nth).collect::<Vec<_>>()
    };
    assert_eq!(taken(&["--course", "course-v1:MITx+*"]), [0, 1]);
    assert_eq!(taken(&["--course", "*8.01x*"]), [1, 2, 3]);
    assert_eq!(taken(&["--course", "MITx/*,*+8.01x+2014"]), [1, 2, 4]);
    assert_eq!(taken(&["--course", "MITx*"]), [4, 5]);
    assert_eq!(taken(&["--org", "MITx"]), [0, 1, 3, 4]);
    assert_eq!(taken(&["--org", "Delft*", "--org", "edX"]), [2]);
    assert_eq!(taken(&["--org", "MITx", "--course", "course-v1:*"]), [0, 1]);
}

#[test]
fn unparsable_and_unsupported_lines_are_not_filtered() {
    let log = "x\n".to_owned()
        + &of_course("x/y/z").replace("play_video", "no_such_event")
        + &of_course("x/y/z").replace("play_video", "edx.problem.completed")
        + &of_course("x/y/z").replace("ada", "");
    let filters = ["--org", "a", "--since", "2100-01-01"];
    assert_eq!(
        outcomes("xapi", &log, &filters),
        [
            "unparsable not-json",
            "unsupported",
            "unsupported",
            "filtered"
        ]
    );
    let ended = Run::transform()
        .stdin(&log)
        .args(&filters)
        .args(&["-"])
        .run()
        .with_code(0);
    assert_eq!((ended.count("filtered"), ended.count("lines")), (1, 4));
}

#[test]
fn explain_names_the_option_that_filtered_an_event() {
    let routers = r#"[{"backend_name": "xAPI", "route_url": "https://a.example",
        "configurations": {"match_params": {"name": "^stop"}}}]"#;
    for (arguments, option) in [
        (["--since", "2024-04-01"], "--since"),
        (["--until", "2024-03-01"], "--until"),
        (["--course", "x*"], "--course"),
        (["--org", "x"], "--org"),
        (["--events", "stop_video"], "--events"),
        (["--routers", "routers.json"], "--routers"),
    ] {
        let run = Run::explain_as_text();
        let run = run.file("routers.json", routers).stdin(line(1));
        let ended = run.args(&arguments).args(&["-"]).run().with_code(0);
        assert_eq!(
            String::from_utf8(ended.stdout).unwrap(),
            format!("-:1: play_video: filtered: excluded by `{option}`\n")
        );
    }
}

#[test]
fn invalid_filters_are_refused() {
    for (arguments, message) in [
        (
            &["--since", "2024-03-05T09:14:07"][..],
            "`--since 2024-03-05T09:14:07` has no offset: write `2024-03-05T09:14:07Z`",
        ),
        (&["--until", "soon"], "or a date like 2024-03-05"),
        (
            &["--since", "2024-03-05", "--until", "2024-03-05"],
            "`--since` must be earlier",
        ),
        (
            &[
                "--since",
                "2024-03-05T00:00:00Z",
                "--until",
                "2024-03-05T00:30:00+01:00",
            ],
            "`--since` must be earlier",
        ),
        (
            &["--course", "[a"],
            "`--course` has a glob that does not parse",
        ),
        (&["--org", ","], "`--org` is empty"),
    ] {
        let ended = Run::transform().args(arguments).args(&["-"]).run();
        let ended = ended.with_code(2);
        ended.assert_stderr(message);
    }
}

#[test]
fn filters_can_be_environment_variables_and_empty_variables_are_ignored() {
    let log = of_course("x/y/z") + &line(2);
    let run = Run::transform()
        .env("EVENT_ROUTER_ORG", "z,a")
        .env("EVENT_ROUTER_COURSE", "")
        .env("EVENT_ROUTER_SINCE", "2024-01-01");
    let ended = run.stdin(log).args(&["-"]).run().with_code(0);
    assert_eq!((ended.count("emitted"), ended.count("filtered")), (1, 1));
}
