//! `send --probe`, and the check before the first delivery.

use std::io::Write;
use std::net::TcpListener;

use serde_json::json;

use crate::connections::start_tls;
use crate::harness::{Ended, Run, lines};
use crate::lrs::{Lrs, ServerFault, ServerSettings};

const LIST: &str = r#"{"statements": [], "more": ""}"#;
const VERSION: &str = "X-Experience-API-Version: 1.0.3\r\n";

fn probe(arguments: &[&str]) -> Run {
    Run::new(&["send", "--probe"]).args(arguments)
}

/// Probes a server that gives these answers, one after the other, and 404 after them. Returns the server, too.
fn probe_answers(
    answers: &'static [(u16, &'static str, &'static str)],
    arguments: &[&str],
) -> (Lrs, Ended) {
    let lrs = Lrs::with_faults(|nth, _| match answers.get(nth) {
        Some(&(status, headers, body)) => ServerFault::Answer(status, headers, body),
        None => ServerFault::Status(404),
    });
    let ended = probe(&["--url", &lrs.xapi()])
        .args(arguments)
        .env("EVENT_ROUTER_TOKEN", "hunter2-hunter2")
        .run();
    ended.assert_not_stderr("hunter2");
    assert_eq!(ended.stderr.lines().count(), 1, "{}", ended.stderr);
    (lrs, ended)
}

#[test]
fn a_probe_of_an_lrs_stores_nothing_and_says_what_can_be_done() {
    let lrs = Lrs::healthy();
    let url = lrs.xapi();
    let ended = probe(&["--url", &url]).run().with_code(0);
    let expected = format!("`{url}`: an LRS answers, and its statements can be read\n");
    assert_eq!(ended.stderr, expected);
    let methods: Vec<String> = lrs
        .records()
        .requests
        .iter()
        .map(|request| request.method.clone())
        .collect();
    assert_eq!(methods, ["GET", "GET"]);
    assert!(lrs.stored().is_empty());
}

#[test]
fn a_probe_says_what_answers() {
    for (answers, expected) in [
        (
            &[
                (200, "", LIST),
                (200, "", r#"{"version": ["1.0.3", "1.0.2"]}"#),
            ][..],
            "an LRS for xAPI 1.0.3, 1.0.2 answers, and its statements can be read",
        ),
        (
            &[(403, VERSION, "")],
            "an LRS answers; reading is not allowed (403), so `send` cannot look up what the LRS already holds",
        ),
        (
            &[(403, "", "")],
            "a server answers, which may be an LRS; reading is not allowed (403)",
        ),
    ] {
        let (_, ended) = probe_answers(answers, &[]);
        ended.with_code(0).assert_stderr(expected);
    }
}

#[test]
fn a_probe_that_fails_says_what_to_change() {
    for (answers, expected) in [
        (
            &[(400, VERSION, "no such path"), (404, "", "")][..],
            "answered 400: no such path",
        ),
        (
            &[(400, VERSION, ""), (404, "", ""), (200, VERSION, LIST)],
            "so use this URL",
        ),
        (
            &[(401, "", "")],
            "the server does not accept the credentials",
        ),
        (
            &[(
                301,
                "Location: https://lrs.example/xAPI/statements?key=hunter2\r\n",
                "",
            )],
            "redirects to `https://lrs.example/xAPI/statements?***`: use `https://lrs.example/xAPI`",
        ),
        (
            &[(302, "Location: /login\r\n", "")],
            "check the credentials",
        ),
        (
            &[(200, "", "<html><title>Log in</title></html>")],
            "a web page answers",
        ),
        (
            &[(200, "", "{}")],
            "this is not the answer of an LRS, so check the URL",
        ),
        (
            &[(503, "", "down")],
            "the server behind this address does not answer: check whether it is running",
        ),
        (&[(404, "", "")], "check the path of the URL"),
        (&[(400, "", "")], "check the path of the URL"),
        (&[(500, "", "")], "read its log, or try again later"),
    ] {
        let (lrs, ended) = probe_answers(answers, &[]);
        ended.assert_stderr(&format!("error: `{}` answered", lrs.xapi()));
        ended.with_code(5).assert_stderr(expected);
    }
    for status in [401, 403] {
        let lrs = Lrs::with_faults(move |_, _| ServerFault::Status(status));
        let ended = probe(&["--url", &lrs.xapi()]).run().with_code(5);
        ended.assert_stderr(&format!("the request was for `{}/statements`", lrs.xapi()));
        ended.assert_stderr("no credentials were given: set EVENT_ROUTER_USERNAME and");
    }
    let gone = Lrs::healthy().xapi();
    let ended = probe(&["--url", &gone]).run().with_code(5);
    ended.assert_stderr(&format!(
        "failed to get an answer from `{gone}`: io: Connection refused"
    ));
    ended.assert_stderr("check the host and the port, and whether the server is running");
}

#[test]
fn a_probe_finds_the_url_of_the_lrs() {
    let lrs = Lrs::healthy();
    let url = lrs.xapi();
    for given in [
        url.trim_end_matches("/xAPI"),
        &format!("{}/", url.trim_end_matches("/xAPI")),
        &format!("{url}/statements"),
        &format!("{url}/statements/"),
    ] {
        let ended = probe(&["--url", given]).run().with_code(5);
        ended.assert_stderr(&format!("an LRS answers at `{url}`, so use this URL"));
    }
}

#[test]
fn a_probe_says_whether_tls_or_the_scheme_is_wrong() {
    let (encrypted, certificate) = start_tls();
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let plain = listener.local_addr().unwrap();
    std::thread::spawn(move || {
        for mut stream in listener.incoming().flatten() {
            let _ = stream.write_all(b"HTTP/1.1 400 Bad Request\r\n\r\n");
        }
    });
    let ended = probe(&["--url", &encrypted.xapi_tls()]).run().with_code(5);
    ended.assert_stderr("with `--ca-file`");
    let ended = probe(&["--url", &encrypted.xapi_tls(), "--ca-file", "ca.pem"])
        .file("ca.pem", certificate)
        .run();
    ended.with_code(0).assert_stderr("can be read");
    let url = encrypted.xapi_tls().replace("https", "http");
    let ended = probe(&["--url", &url]).run().with_code(5);
    ended.assert_stderr(&format!("use `{}`", encrypted.xapi_tls()));
    let ended = probe(&["--url", &format!("https://{plain}/xAPI")]).run();
    ended.assert_stderr(&format!("or `http://{plain}/xAPI`"));
    ended.with_code(5);
}

#[test]
fn a_probe_checks_each_router_of_both_formats() {
    let [lrs, off] = [(); 2].map(|()| Lrs::healthy());
    let caliper = Lrs::start(ServerSettings {
        check: ServerFault::Status(405),
        ..ServerSettings::default()
    });
    let broken = Lrs::with_faults(|_, _| ServerFault::Status(503));
    let routers = json!([
        {"backend_name": "xAPI", "route_url": lrs.xapi()},
        {"backend_name": "xAPI", "route_url": off.xapi(), "enabled": false},
        {"backend_name": "xAPI", "route_url": broken.xapi()},
        {"backend_name": "Caliper", "route_url": caliper.caliper()},
    ]);
    let run = |arguments: &[&str]| {
        probe(&["--routers", "routers.json"])
            .args(arguments)
            .file("routers.json", routers.to_string())
            .run()
    };
    let ended = run(&[]).with_code(5);
    assert_eq!(ended.stderr.lines().count(), 3, "{}", ended.stderr);
    ended.assert_stderr(&format!("`{}`: an LRS answers", lrs.xapi()));
    ended.assert_stderr(&format!("`{}` answered 503", broken.xapi()));
    ended.assert_stderr(&format!(
        "`{}`: a server answers (405); whether",
        caliper.caliper()
    ));
    assert_eq!(off.request_count(), 0);
    let ended = run(&["--to", "caliper"]).with_code(0);
    assert_eq!(ended.stderr.lines().count(), 1, "{}", ended.stderr);
    let ended = run(&["--router-url", &lrs.xapi()]).with_code(0);
    assert_eq!(ended.stderr.lines().count(), 1, "{}", ended.stderr);
    run(&["--router-url", "https://no.example"]).with_code(2);
}

#[test]
fn without_a_probe_the_format_is_needed() {
    let ended = Run::new(&["send", "log", "--url", "http://127.0.0.1:1"]);
    let ended = ended.run().with_code(2);
    ended.assert_stderr("--to <TO>");
    ended.assert_stderr("--lms-root-url <URL>");
}

fn send(check: ServerFault, format: &str, arguments: &[&str]) -> (Lrs, Ended) {
    let lrs = Lrs::start(ServerSettings {
        check,
        ..ServerSettings::default()
    });
    let url = match format {
        "xapi" => lrs.xapi(),
        _ => lrs.caliper(),
    };
    let run = Run::send_to(format, &url).file("log", lines(0..30));
    let run = run.args(&["log", "--batch-size", "5", "--max-retries", "0"]);
    let ended = run.args(arguments).run();
    (lrs, ended)
}

#[test]
fn a_check_that_fails_for_every_request_stops_send_before_it_sends_anything() {
    const REDIRECT: &str = "Location: https://lrs.example/xAPI/statements\r\n";
    for format in ["xapi", "caliper"] {
        for (fault, expected) in [
            (ServerFault::Status(401), "no credentials were given"),
            (
                ServerFault::Answer(301, REDIRECT, ""),
                "redirects to `https://lrs.example/",
            ),
            (ServerFault::Answer(407, "", ""), "no proxy is set"),
        ] {
            let (lrs, ended) = send(fault, format, &["--dead-letters", "dead"]);
            ended.assert_stderr(expected);
            ended.assert_stderr("the first record not delivered is from line 1 of `log`");
            assert_eq!(ended.with_code(5).files("dead"), [""; 0]);
            assert_eq!((lrs.check_count(), lrs.request_count()), (1, 0));
        }
    }
}

#[test]
fn any_other_result_of_the_check_is_left_to_the_deliveries() {
    for fault in [
        ServerFault::Status(403),
        ServerFault::Status(404),
        ServerFault::Status(500),
        ServerFault::Status(501),
        ServerFault::Answer(200, "", "<html>"),
        ServerFault::CloseBeforeStoring,
    ] {
        let (lrs, ended) = send(fault, "xapi", &[]);
        ended.with_code(0);
        assert_eq!((lrs.check_count(), lrs.stored().len()), (1, 30));
    }
}

#[test]
fn a_run_without_anything_to_send_makes_no_request() {
    for arguments in [&["--dry-run"][..], &["--since", "2030-01-01"]] {
        let (lrs, ended) = send(ServerFault::Status(401), "xapi", arguments);
        ended.with_code(0);
        assert_eq!((lrs.check_count(), lrs.request_count()), (0, 0));
    }
}

#[test]
fn an_answer_that_stops_the_run_says_what_to_change() {
    let lrs = Lrs::with_faults(|_, _| ServerFault::Status(404));
    let run = Run::send(&format!("{}/statements", lrs.xapi())).args(&["log"]);
    let ended = run.file("log", lines(0..3)).run().with_code(5);
    ended.assert_stderr("`--url`, or `route_url` of a router, must not end in `/statements`");
    ended.assert_stderr(&format!("use `{}`; the first record", lrs.xapi()));
}

#[test]
fn a_url_of_clickhouse_that_is_wrong_has_advice_of_its_own() {
    let run = |url: &str| {
        let table = ["--clickhouse-table", "openedx.xapi_events_all"];
        let run = Run::new(&["send", "--probe", "--to", "xapi", "--clickhouse-url", url]);
        run.args(&table).args(&["--max-retries", "0"]).run()
    };
    run("localhost:8123")
        .with_code(2)
        .assert_stderr("`localhost:8123` is not a URL like http://localhost:8123: it lacks `https://` or `http://` at the start\n");
    for (status, headers, body, expected) in [
        (
            403,
            "X-ClickHouse-Exception-Code: 516\r\n",
            "Code: 516. DB::Exception: default: Authentication failed. (AUTHENTICATION_FAILED)",
            "no credentials were given: set EVENT_ROUTER_USERNAME and EVENT_ROUTER_PASSWORD",
        ),
        (
            400,
            "",
            "Port 9000 is for clickhouse-client program\r\nYou must use port 8123 for HTTP.\r\n",
            "this is the port of ClickHouse's own protocol: use the port for HTTP, which is usually 8123, or 8443 with TLS\n",
        ),
    ] {
        let lrs = Lrs::with_faults(move |_, _| ServerFault::Answer(status, headers, body));
        let url = lrs.xapi().replace("/xAPI", "");
        run(&url).with_code(5).assert_stderr(expected);
    }
}

#[test]
fn a_missing_server_and_credentials_in_a_url_name_all_options() {
    let send = |arguments: &[&str]| {
        let run = Run::new(&[
            "send",
            "--to",
            "xapi",
            "--lms-root-url",
            "https://x.example",
        ]);
        run.stdin("")
            .args(arguments)
            .args(&["-"])
            .run()
            .with_code(2)
    };
    send(&[]).assert_stderr(
        "there is no server to send to: give `--url`, `--clickhouse-url` or `--routers`\n",
    );
    let ended = send(&["--url", "https://ada:hunter2@lrs.example/xAPI"]);
    ended.assert_stderr("contains credentials: remove them, and set EVENT_ROUTER_USERNAME and EVENT_ROUTER_PASSWORD, or give `--auth-file`; for a router, set its `auth_scheme`\n");
    ended.assert_not_stderr("hunter2");
}
