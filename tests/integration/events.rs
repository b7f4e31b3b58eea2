//! The selection of events, and the options that change a statement.

use serde_json::Value;

use crate::harness::{Run, line};
use crate::lrs::Lrs;

fn outcomes(run: Run) -> Vec<String> {
    let rows = run.run().with_code(0).rows();
    rows.iter()
        .map(|row| row["outcome"].as_str().unwrap().to_owned())
        .collect()
}

fn statement(run: Run) -> Value {
    run.run().with_code(0).rows().remove(0)["out"][0].clone()
}

#[test]
fn events_that_match_no_pattern_are_filtered() {
    let log = line(1)
        + &line(2).replace("play_video", "pause_video")
        + &line(3).replace("play_video", "x");
    let explain =
        |events: &str| outcomes(Run::explain().stdin(&log).args(&["--events", events, "-"]));
    assert_eq!(explain("default"), ["emitted", "emitted", "unsupported"]);
    assert_eq!(
        explain("play_*,showanswer"),
        ["emitted", "filtered", "unsupported"]
    );
    let ended = Run::explain()
        .stdin(&log)
        .args(&["--events", "play_vidoe", "-"])
        .run()
        .with_code(2);
    ended.assert_stderr("did you mean `play_video`?");
}

#[test]
fn events_outside_the_default_list_can_be_selected() {
    let log = "{\"name\": \"edx.problem.completed\", \"username\": \"ada\", \"event\": {\"problem_id\": \"p\"}}";
    let explain =
        |events: &str| outcomes(Run::explain().stdin(log).args(&["--events", events, "-"]));
    assert_eq!(explain("default"), ["unsupported"]);
    assert_eq!(explain("all"), ["emitted"]);
    assert_eq!(explain("edx.problem.completed"), ["emitted"]);
}

#[test]
fn old_events_can_be_named_by_their_event_type() {
    let old = line(1).replace("\"name\"", "\"event_type\"");
    let url = old.replace("play_video", "/courses/x/play_video");
    let log = old + &url + &line(2).replace("\"name\"", "\"event_type\": \"stop_video\", \"name\"");
    let explain = |arguments: &[&str]| {
        let rows = Run::explain()
            .stdin(&log)
            .args(arguments)
            .args(&["-"])
            .run()
            .with_code(0)
            .rows();
        let shown = rows
            .iter()
            .map(|row| format!("{} {}", row["name"], row["outcome"]).replace('"', ""));
        shown.collect::<Vec<_>>()
    };
    assert_eq!(
        explain(&[]),
        ["null unsupported", "null unsupported", "play_video emitted"]
    );
    assert_eq!(
        explain(&["--name-from-event-type"]),
        [
            "play_video emitted",
            "/courses/x/play_video unsupported",
            "play_video emitted"
        ]
    );
}

#[test]
fn the_transformer_version_can_be_set() {
    let key = "https://w3id.org/xapi/openedx/extension/transformer-version";
    let version = |arguments: &[&str]| {
        let statement = statement(Run::explain().stdin(line(1)).args(arguments).args(&["-"]));
        statement["context"]["extensions"][key]
            .as_str()
            .unwrap()
            .to_owned()
    };
    assert_eq!(version(&[]), "event-routing-backends@9.3.8");
    assert_eq!(
        version(&["--transformer-version", "1.1.1"]),
        "event-routing-backends@1.1.1"
    );
}

#[test]
fn the_root_url_is_used_unchanged() {
    let run = Run::new(&[
        "explain",
        "--json",
        "--to",
        "xapi",
        "--lms-root-url",
        "https://x.example/",
    ]);
    let ended = run.stdin(line(1)).args(&["-"]).run().with_code(0);
    let statement = &ended.rows()[0]["out"][0];
    assert_eq!(
        statement["actor"]["account"]["homePage"],
        "https://x.example/"
    );
    let id = statement["object"]["id"].as_str().unwrap();
    assert!(id.starts_with("https://x.example//xblock/"), "{id}");
    ended.assert_stderr("ends with a slash");
}

#[test]
fn a_quiet_run_warns_of_options_and_variables_that_are_probably_wrong() {
    let lrs = Lrs::healthy();
    let url = format!("{}/statements", lrs.xapi());
    let run = |root: &str| {
        let run = Run::new(&["send", "--quiet", "--to", "xapi", "--lms-root-url", root]);
        run.args(&["--unknown-user", "derive"])
    };
    for (root, warning) in [
        ("https://x.example/", "ends with a slash"),
        ("https://x .example", "is not a URL like"),
    ] {
        let run = run(root).stdin(line(1)).args(&["--url", &lrs.xapi(), "-"]);
        let ended = run.env("EVENT_ROUTER_REJECT", "rejects").run().with_code(0);
        let warnings: Vec<&str> = ended.stderr.lines().collect();
        let [variable, root] = warnings[..] else {
            panic!("{}", ended.stderr);
        };
        assert!(variable.starts_with("warning: the variable EVENT_ROUTER_REJECT sets no option"));
        assert!(root.starts_with("warning: the LMS root URL") && root.contains(warning));
    }
    let run = run("https://x.example").stdin(line(1));
    let ended = run.args(&["--url", &url, "-"]).run().with_code(5);
    ended.assert_stderr(&format!(
        "warning: the URL `{url}` ends in `/statements`, which is appended to it once more"
    ));
}

#[test]
fn a_root_url_without_a_scheme_is_an_error_with_the_corrected_value() {
    for (url, corrected) in [
        ("courses.example.org", "https://courses.example.org"),
        ("//localhost:18000", "https://localhost:18000"),
        ("https:/x.example", "https://x.example"),
    ] {
        let run = Run::new(&["transform", "--to", "xapi", "--lms-root-url", url, "-"]);
        let ended = run.stdin(line(1)).run().with_code(2);
        ended.assert_error(&format!(
            "the LMS root URL `{url}` has no scheme: use `--lms-root-url {corrected}`"
        ));
        assert_eq!(ended.stdout, b"");
    }
}

#[test]
fn the_root_url_is_required() {
    let ended = Run::new(&["transform", "--to", "xapi", "-"])
        .run()
        .with_code(2);
    ended.assert_stderr("--lms-root-url");
}

#[test]
fn options_can_be_environment_variables_and_the_command_line_wins() {
    let run = Run::new(&["transform", "a.log"]).file("a.log", line(1) + "x\n");
    let run = run
        .env("EVENT_ROUTER_TO", "xapi")
        .env("EVENT_ROUTER_LMS_ROOT_URL", "https://x.example");
    let run = run
        .env("EVENT_ROUTER_QUIET", "true")
        .env("EVENT_ROUTER_OUTPUT", "out");
    let run = run
        .env("EVENT_ROUTER_REJECTS", "rejects")
        .env("EVENT_ROUTER_EVENTS", "showanswer,play_*");
    let ended = run.env("EVENT_ROUTER_THREADS", "1").run().with_code(0);
    assert_eq!(ended.stderr, "");
    assert_eq!(
        ended.files("."),
        ["a.log", "out/a.log.xapi.jsonl", "rejects"]
    );
    let output = String::from_utf8(ended.read("out/a.log.xapi.jsonl")).unwrap();
    assert!(output.contains("https://x.example/"), "{output}");

    let run = Run::transform()
        .env("EVENT_ROUTER_LMS_ROOT_URL", "https://x.example")
        .stdin(line(1));
    assert!(
        !String::from_utf8(run.args(&["-"]).run().stdout)
            .unwrap()
            .contains("x.example")
    );
}

#[test]
fn an_empty_variable_is_ignored_and_an_unknown_variable_causes_a_warning() {
    let run = Run::transform()
        .stdin(line(1))
        .env("EVENT_ROUTER_USERS", "")
        .env("EVENT_ROUTER_QUIET", "");
    let ended = run
        .env("EVENT_ROUTER_USER", "users.csv")
        .args(&["-"])
        .run()
        .with_code(0);
    assert_eq!(ended.count("emitted"), 1);
    ended.assert_stderr("the variable EVENT_ROUTER_USER sets no option");
    assert_eq!(ended.stderr.matches("warning").count(), 1);
    // The warning is most useful if the misspelled variable leaves a required option unset.
    let ended = Run::new(&["explain", "--to", "xapi", "-"])
        .env("EVENT_ROUTER_LMS_ROOT", "https://courses.example.org")
        .run()
        .with_code(2);
    ended.assert_stderr("the variable EVENT_ROUTER_LMS_ROOT sets no option");
}

#[test]
fn events_that_no_router_accepts_are_filtered() {
    let routers = r#"[
        {"backend_name": "xAPI", "route_url": "https://a.example", "enabled": true, "auth_scheme": "Basic",
         "username": "${LRS_USER}", "password": "${LRS_PASSWORD}", "auth_key": null,
         "configurations": {"match_params": {"name": "^play"}, "override_args": {"version": "x"}, "headers": {}}},
        {"backend_name": "xAPI", "route_url": "https://b.example",
         "configurations": {"match_params": {"data.id": ["w", "x"]}}}
    ]"#;
    let log = line(1)
        + &line(2).replace("play", "stop")
        + &line(3).replace("play", "stop").replace("\"v\"", "\"x\"");
    let run = |arguments: &[&str]| {
        outcomes(
            Run::explain()
                .stdin(log.clone() + "{\"event\":1}\n")
                .file("routers.json", routers)
                .args(arguments)
                .args(&["-"]),
        )
    };
    assert_eq!(
        run(&["--routers", "routers.json"]),
        ["emitted", "filtered", "emitted", "unsupported"]
    );
    let ended = Run::explain_to("caliper")
        .file("routers.json", routers)
        .args(&["--routers", "routers.json", "-"])
        .run();
    assert!(
        ended
            .with_code(2)
            .stderr
            .contains("no enabled router of the backend Caliper")
    );
}
