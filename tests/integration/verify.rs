//! `verify`: asks a store for what `send` delivers.

use std::collections::BTreeSet;
use std::sync::atomic::Ordering;

use serde_json::{Value, json};

use crate::harness::{Ended, ROOT_URL, Run, line, lines};
use crate::lrs::{Lrs, ServerFault, ServerSettings, id_of};
use crate::outages::gateway;
use crate::send::{router, send};

fn verify(url: &str, log: &str) -> Run {
    let run = Run::new(&["verify", "--to", "xapi", "--lms-root-url", ROOT_URL]);
    run.args(&["--url", url, "--retry-delay", "0.01"])
        .args(&["--report", "report.json", "log"])
        .file("log", log)
}

/// A server that holds the statements of a log.
fn holding(log: &str) -> Lrs {
    let lrs = Lrs::healthy();
    send(&lrs.xapi(), log).run().with_code(0);
    lrs.records().requests.clear();
    lrs
}

/// The id of the statement of each line of a log.
fn ids(log: &str) -> Vec<String> {
    let rows = Run::transform().args(&["-"]).stdin(log).run().rows();
    rows.iter().map(|row| id_of(row).to_owned()).collect()
}

/// The ids that the server was asked for.
fn asked(lrs: &Lrs) -> BTreeSet<String> {
    let records = lrs.records();
    let targets = records.requests.iter().map(|request| {
        assert_eq!(request.method, "GET");
        request.target.split_once("tatementId=").unwrap().1
    });
    targets.map(str::to_owned).collect()
}

#[track_caller]
fn assert_counts(ended: &Ended, [same, different, missing, collisions]: [u64; 4]) {
    let router = router(ended);
    for (key, expected) in [
        ("checked", same + different + missing + collisions),
        ("same", same),
        ("different", different),
        ("missing", missing),
        ("collisions", collisions),
        ("unverified", 0),
        ("left", 0),
    ] {
        assert_eq!(router[key], expected, "{key}: {}", ended.stderr);
    }
}

#[test]
fn nothing_to_check_is_no_agreement() {
    let log = line(1)
        .replace("\"ada\"", "\"\"")
        .replace("\"user_id\": 5", "\"user_id\": null");
    let ended = verify(&Lrs::healthy().xapi(), &log).run().with_code(0);
    ended.assert_stderr("0 statements checked at ");
    ended.assert_not_stderr("no difference");
}

#[test]
fn a_store_that_holds_everything_is_verified() {
    let lrs = holding(&lines(0..30));
    for arguments in [&[][..], &["--all"], &["--sample", "1000"]] {
        let ended = verify(&lrs.xapi(), &lines(0..30)).args(arguments).run();
        let ended = ended.with_code(0);
        assert_counts(&ended, [30, 0, 0, 0]);
        ended.assert_stderr("30 checked");
        assert_eq!(asked(&lrs).len(), 30);
    }
    assert_eq!(lrs.stored().len(), 30);
}

#[test]
fn a_healthy_store_is_asked_over_all_connections() {
    let log = lines(0..60);
    let lrs = holding(&log);
    let (gateway, most) = gateway(&lrs, false);
    let ended = verify(&gateway.xapi(), &log).args(&["--connections", "3"]);
    assert_counts(&ended.run().with_code(0), [60, 0, 0, 0]);
    assert_eq!(most.load(Ordering::SeqCst), 3);
}

#[test]
fn a_store_that_holds_none_of_the_statements_has_a_warning_about_tables_and_options() {
    let log = lines(0..3);
    let lrs = Lrs::healthy();
    for (stored, is_warned) in [(lines(5..6), true), (line(1), false)] {
        send(&lrs.xapi(), &stored).run().with_code(0);
        let ended = verify(&lrs.xapi(), &log).run().with_code(1);
        let warning = format!(
            "warning: `{}` holds none of the statements: if they were sent, check that this command has the tables and the options of `send`, since ids depend on them\n",
            lrs.xapi()
        );
        assert_eq!(ended.stderr.contains(&warning), is_warned);
    }
}

#[test]
fn a_store_that_does_not_answer_is_an_error_with_what_to_check() {
    let away = Lrs::healthy().xapi();
    let busy = Lrs::with_faults(|_, _| ServerFault::Status(503));
    for (url, expected) in [
        (
            away,
            "statements cannot be verified without an answer: check the host and the port, and whether the server is running, or try again later",
        ),
        (
            busy.xapi(),
            "statements cannot be verified with such an answer: the server behind this address does not answer: check whether it is running, or try again later",
        ),
    ] {
        let ended = verify(&url, &line(1)).args(&["--max-retries", "1"]).run();
        ended.with_code(5).assert_stderr(expected);
    }
}

#[test]
fn a_missing_and_a_different_statement_are_named_with_file_and_line() {
    let log = lines(0..30);
    let lrs = holding(&log);
    let ids = ids(&log);
    let url = lrs.xapi();
    lrs.records().stored.remove(&ids[4]);
    lrs.records().stored.get_mut(&ids[7]).unwrap()[0]["object"]["id"] = json!("https://other");
    for arguments in [&[][..], &["--all"]] {
        let ended = verify(&url, &log).args(arguments).run().with_code(1);
        assert_counts(&ended, [28, 1, 1, 0]);
        assert_eq!(
            ended.errors(),
            [
                format!("log:5: the statement {} is missing at `{url}`", ids[4]),
                format!(
                    "log:8: the statement {} differs from the one at `{url}`",
                    ids[7]
                ),
            ]
        );
        let differing = &router(&ended)["differing"];
        assert_eq!(
            differing,
            &json!([
                {"file": "log", "line": 5, "id": ids[4], "held": "missing"},
                {"file": "log", "line": 8, "id": ids[7], "held": "different"},
            ])
        );
    }
}

#[test]
fn a_sample_is_the_same_in_each_run_and_whatever_the_order_of_lines() {
    let log = lines(0..200);
    let lrs = holding(&log);
    let sample = |log: &str| {
        lrs.records().requests.clear();
        let ended = verify(&lrs.xapi(), log).args(&["--sample", "10"]).run();
        let ended = ended.with_code(0);
        assert_counts(&ended, [10, 0, 0, 0]);
        let all = log.lines().count();
        ended.assert_stderr(&format!(
            "10 checked  a sample of {all}; `--all` checks all\n"
        ));
        assert_eq!(router(&ended)["sample_of"], all);
        asked(&lrs)
    };
    let ids = sample(&log);
    assert_eq!(ids.len(), 10);
    assert_eq!(sample(&log), ids);
    assert_eq!(sample(&(lines(100..200) + &lines(0..150))), ids);
}

#[test]
fn a_sample_that_holds_all_statements_is_not_called_a_sample() {
    let log = lines(0..10) + &line(3);
    let lrs = holding(&log);
    let ended = verify(&lrs.xapi(), &log).args(&["--sample", "10"]);
    let ended = ended.run().with_code(0);
    ended.assert_stderr("10 checked\n");
    assert!(router(&ended)["sample_of"].is_null());
}

#[test]
fn all_says_first_how_many_requests_that_is() {
    let log = lines(0..2500) + &line(3);
    let lrs = holding(&log);
    let run = || verify(&lrs.xapi(), &log).args(&["--all"]);
    let ended = run().run().with_code(0);
    assert_counts(&ended, [2500, 0, 0, 0]);
    let first = ended.stderr.lines().next().unwrap();
    assert!(first.contains("is asked for 2,500 statements"), "{first}");
    assert_eq!(lrs.request_count(), 2500);

    let ended = run().args(&["-"]).stdin(line(0)).run().with_code(0);
    ended.assert_stderr("can be read only once");
    assert_counts(&ended, [2500, 0, 0, 0]);
}

#[test]
fn collisions_are_counted_apart() {
    let other = |second| line(second).replace("\"id\": \"v\"", "\"id\": \"w\"");
    let lrs = holding(&lines(0..30));
    // The store has either of two statements; another pair is missing.
    let log = lines(0..32) + &other(1) + &other(31);
    for arguments in [&[][..], &["--all"]] {
        let ended = verify(&lrs.xapi(), &log).args(arguments).run().with_code(1);
        assert_counts(&ended, [29, 0, 2, 1]);
    }
    let log = other(1) + &lines(0..30);
    let ended = verify(&lrs.xapi(), &log).run().with_code(0);
    assert_counts(&ended, [29, 0, 0, 1]);
}

#[test]
fn filters_routers_and_overrides_count_as_in_send() {
    let [all, some] = [(); 2].map(|()| Lrs::healthy());
    let routers = json!([
        {"backend_name": "xAPI", "route_url": all.xapi()},
        {"backend_name": "xAPI", "route_url": some.xapi(), "configurations": {
            "match_params": {"time": "00000[0-9]\\+"},
            "override_args": {"context": {"platform": "p"}}}},
    ]);
    let run = |command: &str| {
        Run::new(&[command, "--to", "xapi", "--lms-root-url", ROOT_URL, "log"])
            .args(&["--routers", "routers.json", "--report", "report.json"])
            .args(&["--until", "2024-03-05T09:00:00.000020Z"])
            .file("routers.json", routers.to_string())
            .file("log", lines(0..30))
    };
    run("send").run().with_code(0);
    let ended = run("verify").run().with_code(0);
    let report = ended.report();
    assert_eq!(report["routers"][0]["same"], 20);
    assert_eq!(report["routers"][1]["same"], 10);
    let id = some.stored().keys().next().unwrap().clone();
    some.records().stored.get_mut(&id).unwrap()[0]["context"] = json!({"platform": "q"});
    let ended = run("verify").run().with_code(1);
    ended.assert_error("log:");
    ended.assert_stderr(&format!("differs from the one at `{}`", some.xapi()));
}

#[test]
fn a_store_that_must_not_be_read_cannot_be_verified() {
    for (status, advice) in [
        (401, "no credentials were given"),
        (403, "no credentials were given"),
        (405, "answered 405"),
    ] {
        let lrs = Lrs::start(ServerSettings {
            get: Some(status),
            check: ServerFault::Status(status),
            ..ServerSettings::default()
        });
        for arguments in [&[][..], &["--all"]] {
            let ended = verify(&lrs.xapi(), &lines(0..30)).args(arguments).run();
            ended.assert_stderr(advice);
            ended.assert_stderr("cannot be verified, since they cannot be read");
            let ended = ended.with_code(5);
            assert_eq!(router(&ended)["left"], 30);
            assert_eq!(router(&ended)["checked"], 0);
        }
        // Each connection may have repeated its first lookup.
        assert!(lrs.request_count() <= 32);
    }
}

#[test]
fn a_server_that_fails_is_asked_again_as_in_send() {
    let once = Lrs::with_faults(|nth, method| match (nth, method) {
        (1, "GET") => ServerFault::Status(503),
        _ => ServerFault::None,
    });
    send(&once.xapi(), &line(0)).run().with_code(0);
    let ended = verify(&once.xapi(), &line(0)).run().with_code(0);
    assert_eq!(router(&ended)["retries"], 1);

    let gone = Lrs::healthy().xapi();
    let run = verify(&gone, &line(0)).args(&["--max-retries", "2"]);
    let ended = run.run().with_code(5);
    ended.assert_stderr("Connection refused");
    assert_eq!(router(&ended)["requests"], 3);
}

#[test]
fn another_service_is_not_taken_for_a_store() {
    let page = Lrs::with_faults(|_, _| ServerFault::Answer(200, "", "<html></html>"));
    let ended = verify(&page.xapi(), &lines(0..3)).run().with_code(5);
    ended.assert_stderr("a web page answers");

    let lrs = Lrs::healthy();
    let url = lrs.xapi().replace("/xAPI", "");
    let ended = verify(&url, &lines(0..3)).run().with_code(5);
    ended.assert_stderr(&format!("try `{}`", lrs.xapi()));
}

#[test]
fn only_a_404_of_the_store_itself_says_that_a_statement_is_missing() {
    let log = lines(0..3);
    for (headers, body, is_of_store) in [
        ("X-Experience-API-Version: 1.0.3\r\n", "", true),
        ("", r#"{"errorId": "1"}"#, true),
        ("", "", false),
        ("", "404 page not found", false),
        ("", "<html>no backend</html>", false),
    ] {
        let lrs = Lrs::with_faults(move |nth, method| match (nth, method) {
            (2, "GET") => ServerFault::Answer(404, headers, body),
            // The request for a voided statement.
            (3, "GET") if is_of_store => ServerFault::Answer(404, headers, body),
            _ => ServerFault::None,
        });
        send(&lrs.xapi(), &log).run().with_code(0);
        let run = verify(&lrs.xapi(), &log).args(&["--connections", "1"]);
        let (code, missing) = if is_of_store { (1, 1) } else { (0, 0) };
        let ended = run.run().with_code(code);
        assert_counts(&ended, [3 - missing, 0, missing, 0]);
    }
    let lrs = Lrs::with_faults(|_, _| ServerFault::Answer(404, "", "no backend"));
    let ended = verify(&lrs.xapi(), &log).run().with_code(5);
    ended.assert_stderr("answered 404: no backend");
    assert_eq!(router(&ended)["left"], 3);
}

#[test]
fn the_answer_that_forbids_reading_is_quoted() {
    let lrs = Lrs::with_faults(|nth, _| match nth {
        0 => ServerFault::Answer(401, "", "no reading"),
        _ => ServerFault::Answer(404, "", "later"),
    });
    let run = verify(&lrs.xapi(), &line(0)).args(&["--connections", "1"]);
    let ended = run.run().with_code(5);
    ended.assert_stderr("answered 401: no reading");
    ended.assert_stderr("cannot be verified, since they cannot be read");
}

#[test]
fn the_rate_applies_to_all_connections() {
    let lrs = holding(&lines(0..6));
    let started = std::time::Instant::now();
    let run = verify(&lrs.xapi(), &lines(0..6)).args(&["--rate", "10"]);
    run.run().with_code(0);
    assert!(started.elapsed().as_millis() >= 500);
}

#[test]
fn a_caliper_endpoint_cannot_be_verified() {
    let run = Run::new(&[
        "verify",
        "--to",
        "caliper",
        "--lms-root-url",
        ROOT_URL,
        "log",
    ]);
    let run = run
        .args(&["--url", "http://127.0.0.1:1"])
        .file("log", line(0));
    let ended = run.run().with_code(2);
    ended.assert_error("`verify` needs `--to xapi`");
}

#[test]
fn a_run_in_which_nothing_should_be_there_says_so() {
    let lrs = Lrs::healthy();
    let run = verify(&lrs.xapi(), &lines(0..3)).args(&["--since", "2030-01-01"]);
    let ended = run.run().with_code(0);
    ended.assert_stderr("there is nothing to check");
    assert_eq!(lrs.request_count(), 0);
}

#[test]
fn options_of_send_that_write_files_are_accepted_and_write_nothing() {
    let log = lines(0..3);
    let lrs = holding(&log);
    let ended = verify(&lrs.xapi(), &log)
        .args(&["--state", "state", "--dead-letters", "dead", "--dedupe"])
        .args(&["--rejects", "rejects", "--batch-size", "1"])
        .run()
        .with_code(0);
    assert_eq!(ended.files("."), ["log", "report.json"]);
    let help = Run::new(&["verify", "--help"]).run().with_code(0).stdout;
    let help = String::from_utf8(help).unwrap();
    assert!(help.contains("--sample") && !help.contains("--dead-letters <"));
    let ended = verify(&lrs.xapi(), &log).args(&["--dry-run"]).run();
    ended.with_code(2).assert_error("`verify` needs requests");
    let report: Value = ended_report(&lrs, &log);
    assert_eq!(report["command"], "verify");
}

fn ended_report(lrs: &Lrs, log: &str) -> Value {
    verify(&lrs.xapi(), log).run().with_code(0).report()
}
