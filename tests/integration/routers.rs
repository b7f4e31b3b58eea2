//! Several routers, and their credentials.

use serde_json::{Value, json};

use crate::harness::{Ended, ROOT_URL, Run, filler, lines};
use crate::lrs::{Lrs, ServerFault};

const SECRET: &str = "hunter2-hunter2";

fn send(format: &str, count: u32) -> Run {
    Run::new(&[
        "send",
        "--lms-root-url",
        ROOT_URL,
        "--to",
        format,
        "--retry-delay",
        "0.01",
        "log",
    ])
    .args(&[
        "--report",
        "report.json",
        "--dead-letters",
        "dead",
        "--max-retries",
        "1",
    ])
    .file("log", lines(0..count))
}

/// All output of a run: the messages, standard output and the files.
fn all_output(ended: &Ended) -> String {
    let mut text = ended.stderr.clone() + &String::from_utf8_lossy(&ended.stdout);
    for name in ended.files("") {
        if name != "auth.json" && name != "routers.json" {
            text += &String::from_utf8_lossy(&ended.read(&name));
        }
    }
    text
}

fn authorization(lrs: &Lrs) -> String {
    let records = lrs.records();
    let header = records.requests[0].headers.get("authorization");
    header.cloned().unwrap_or_default()
}

#[test]
fn credentials_come_from_the_environment_or_a_file() {
    let basic = "Basic YWRhOmh1bnRlcjItaHVudGVyMg==";
    let bearer = "Bearer hunter2-hunter2";
    type Give = fn(Run) -> Run;
    let ways: [(Give, &str); 6] = [
        (|run| run, ""),
        (
            |run| {
                run.env("EVENT_ROUTER_USERNAME", "ada")
                    .env("EVENT_ROUTER_PASSWORD", SECRET)
            },
            basic,
        ),
        (|run| run.env("EVENT_ROUTER_TOKEN", SECRET), bearer),
        (
            |run| run.env("EVENT_ROUTER_TOKEN", &format!("{SECRET}\r\n")),
            bearer,
        ),
        (
            |run| {
                run.file(
                    "auth.json",
                    json!({"username": "ada", "password": SECRET}).to_string(),
                )
                .args(&["--auth-file", "auth.json"])
            },
            basic,
        ),
        (
            |run| {
                run.file("auth.json", json!({"token": SECRET}).to_string())
                    .env("EVENT_ROUTER_TOKEN", "another")
                    .args(&["--auth-file", "auth.json"])
            },
            bearer,
        ),
    ];
    for (give, expected) in ways {
        let lrs = Lrs::healthy();
        let ended = give(send("xapi", 2).args(&["--url", &lrs.xapi()]))
            .run()
            .with_code(0);
        assert_eq!(authorization(&lrs), expected);
        ended.assert_not_stderr("sets no option");
    }
}

#[cfg(unix)]
#[test]
fn credentials_that_all_users_can_read_have_a_warning() {
    use std::os::unix::fs::PermissionsExt;
    for (mode, has_warning) in [
        (0o400, false),
        (0o440, false),
        (0o640, false),
        (0o644, true),
    ] {
        let lrs = Lrs::healthy();
        let run = send("xapi", 2)
            .file("auth.json", json!({"token": SECRET}).to_string())
            .args(&["--url", &lrs.xapi(), "--auth-file", "auth.json"]);
        let permissions = std::fs::Permissions::from_mode(mode);
        std::fs::set_permissions(run.directory.path("auth.json"), permissions).unwrap();
        let stderr = run.run().with_code(0).stderr;
        assert_eq!(
            stderr.contains("can be read by all users"),
            has_warning,
            "{mode:o}"
        );
    }
}

#[test]
fn no_output_contains_a_secret() {
    for fault in [
        ServerFault::Status(401),
        ServerFault::Status(400),
        ServerFault::CloseBeforeStoring,
        ServerFault::Echo,
    ] {
        let lrs = Lrs::with_faults(move |_, _| fault.clone());
        let ended = send("xapi", 2)
            .args(&["--url", &format!("{}?key={SECRET}", lrs.xapi())])
            .env("EVENT_ROUTER_USERNAME", "ada")
            .env("EVENT_ROUTER_PASSWORD", SECRET)
            .run();
        assert!(ended.code == 4 || ended.code == 5);
        let output = all_output(&ended);
        assert!(!output.contains(SECRET), "{output}");
        assert!(!output.contains("YWRhOmh1bnRlcjI"), "{output}");
    }
}

#[test]
fn invalid_credentials_are_an_error_before_the_first_request() {
    let lrs = Lrs::healthy();
    let run = || send("xapi", 2).args(&["--url", &lrs.xapi()]);
    for run in [
        run().env("EVENT_ROUTER_USERNAME", "ada"),
        run().env("EVENT_ROUTER_PASSWORD", SECRET),
        run()
            .env("EVENT_ROUTER_USERNAME", "ada")
            .env("EVENT_ROUTER_PASSWORD", SECRET)
            .env("EVENT_ROUTER_TOKEN", SECRET),
        run()
            .env("EVENT_ROUTER_USERNAME", "ada")
            .env("EVENT_ROUTER_PASSWORD", &format!("{SECRET}\nx")),
        run().env("EVENT_ROUTER_TOKEN", &format!("\n{SECRET}")),
        run()
            .file("auth.json", SECRET)
            .args(&["--auth-file", "auth.json"]),
        run().args(&["--auth-file", "no-such-file"]),
        send("xapi", 2).args(&["--url", "https://ada:hunter2-hunter2@lrs.example/xAPI"]),
        send("xapi", 2),
    ] {
        let ended = run.run().with_code(2);
        assert!(
            !all_output(&ended).contains(SECRET),
            "{}",
            all_output(&ended)
        );
    }
    assert!(lrs.records().requests.is_empty());
}

fn routers(ended: &Ended) -> Vec<Value> {
    let report = ended.report();
    report["routers"].as_array().unwrap().clone()
}

#[test]
fn an_event_goes_to_each_router_that_accepts_it() {
    let [all, some, off, caliper] = [(); 4].map(|()| Lrs::healthy());
    let config = json!([
        {"backend_name": "xAPI", "route_url": all.xapi(), "auth_scheme": "Basic",
         "username": "${LRS_USER}", "password": "${LRS_PASSWORD}"},
        {"backend_name": "xAPI", "route_url": some.xapi(), "auth_scheme": "Bearer", "auth_key": SECRET,
         "configurations": {
             "match_params": {"time": "00000[0-9]\\+"},
             "override_args": {"version": "1.0.0", "context": {"platform": "p"}},
             "headers": {"X-Of-Caliper": "1"}}},
        {"backend_name": "xAPI", "route_url": off.xapi(), "enabled": false, "username": "${NOT_SET}"},
        {"backend_name": "Caliper", "route_url": caliper.caliper(),
         "configurations": {"override_args": {"sensor": "https://sensor.example"}, "headers": {"X-Of-Caliper": "${LRS_USER}"}}},
    ]);
    let run = |format: &str| {
        send(format, 20)
            .file("routers.json", config.to_string())
            .args(&["--routers", "routers.json"])
            .env("LRS_USER", "ada")
            .env("LRS_PASSWORD", &format!("{SECRET}\n"))
    };
    let ended = run("xapi").run().with_code(0);
    assert_eq!(
        (all.stored().len(), some.stored().len(), off.stored().len()),
        (20, 10, 0)
    );
    assert_eq!(authorization(&all), "Basic YWRhOmh1bnRlcjItaHVudGVyMg==");
    assert_eq!(authorization(&some), format!("Bearer {SECRET}"));
    for statement in some.stored().values() {
        assert_eq!(
            (&statement["version"], &statement["context"]),
            (&json!("1.0.0"), &json!({"platform": "p"}))
        );
    }
    assert!(
        some.records()
            .requests
            .iter()
            .all(|request| !request.headers.contains_key("x-of-caliper"))
    );
    let routers = routers(&ended);
    assert_eq!(
        (&routers[0]["router"], &routers[0]["delivered"]),
        (&json!(all.xapi()), &json!(20))
    );
    assert_eq!(
        (&routers[1]["router"], &routers[1]["delivered"]),
        (&json!(some.xapi()), &json!(10))
    );
    assert!(!all_output(&ended).contains(SECRET));

    run("caliper").run().with_code(0);
    assert_eq!(caliper.stored().len(), 20);
    let request = &caliper.records().requests[0];
    assert_eq!(request.headers["x-of-caliper"], "ada");
    let body: Value = serde_json::from_slice(&request.body).unwrap();
    assert_eq!(body["sensor"], "https://sensor.example");
}

#[test]
fn router_url_selects_routers() {
    let [one, other] = [(); 2].map(|()| Lrs::healthy());
    let config = json!([
        {"backend_name": "xAPI", "route_url": one.xapi()},
        {"backend_name": "xAPI", "route_url": other.xapi()},
    ]);
    let run = || {
        send("xapi", 3)
            .file("routers.json", config.to_string())
            .args(&["--routers", "routers.json"])
    };
    run()
        .args(&["--router-url", &other.xapi()])
        .run()
        .with_code(0);
    assert_eq!((one.stored().len(), other.stored().len()), (0, 3));
    let ended = run()
        .args(&["--router-url", "https://no.example"])
        .run()
        .with_code(2);
    ended.assert_stderr("no enabled router `https://no.example`");
}

#[test]
fn a_router_that_stops_does_not_stop_the_delivery_to_others() {
    let well = Lrs::healthy();
    let forbidding = Lrs::with_faults(|_, _| ServerFault::Status(401));
    let config = json!([
        {"backend_name": "xAPI", "route_url": forbidding.xapi()},
        {"backend_name": "xAPI", "route_url": well.xapi()},
    ]);
    let log = lines(0..300) + &filler() + &lines(300..1000);
    let ended = send("xapi", 0)
        .file("log", log)
        .file("routers.json", config.to_string())
        .args(&["--routers", "routers.json", "--batch-size", "10"])
        .run()
        .with_code(5);
    assert_eq!(well.stored().len(), 1000);
    assert!(forbidding.request_count() <= 4);
    ended.assert_stderr("line 1 of `log`");
    let routers = routers(&ended);
    assert_eq!(
        (&routers[0]["left"], &routers[1]["left"]),
        (&json!(1000), &json!(0))
    );
    assert_eq!(routers[1]["delivered"], 1000);
}

#[test]
fn a_run_ends_early_if_all_routers_stop() {
    let forbidding = [(); 2].map(|()| Lrs::with_faults(|_, _| ServerFault::Status(401)));
    let config = forbidding
        .each_ref()
        .map(|lrs| json!({"backend_name": "xAPI", "route_url": lrs.xapi()}));
    let log = lines(0..300) + &filler() + &lines(300..1000);
    let ended = send("xapi", 0)
        .file("log", log)
        .file("routers.json", json!(config).to_string())
        .args(&["--routers", "routers.json", "--batch-size", "10"])
        .run()
        .with_code(5);
    for router in routers(&ended) {
        assert_eq!(router["left"], 300);
    }
}

#[test]
fn an_invalid_routers_file_is_an_error_before_the_first_request() {
    for (config, message) in [
        (
            json!([{"backend_name": "xAPI", "route_url": "x", "surplus": 1}]),
            "unknown field `surplus`",
        ),
        (
            json!([{"backend_name": "xAPI", "route_url": "lrs.example"}]),
            "is not a URL like",
        ),
        (
            json!([{"backend_name": "xAPI", "route_url": "https://a.example", "auth_scheme": "Basic", "username": "u", "password": "${NOT_SET}"}]),
            "the environment variable NOT_SET is empty or not set",
        ),
        (
            json!([{"backend_name": "xAPI", "route_url": "https://a.example", "password": 4711}]),
            "must be a string",
        ),
        (
            json!([{"backend_name": "xAPI", "route_url": "https://a.example", "configurations": {"override_args": {"id": "1"}}}]),
            "cannot replace `id`",
        ),
        (
            json!([{"backend_name": "Caliper", "route_url": "https://a.example"}]),
            "no enabled router",
        ),
    ] {
        let ended = send("xapi", 1)
            .file("routers.json", config.to_string())
            .args(&["--routers", "routers.json"])
            .run()
            .with_code(2);
        ended.assert_stderr(message);
        ended.assert_not_stderr("4711");
    }
}
