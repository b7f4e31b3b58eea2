//! Wrong options, values and files that new users try, and the tip that each of them gets.

use std::fs;

use serde_json::json;

use crate::harness::{ROOT_URL, Run, line};

/// Standard error of a command that is used in a wrong way.
#[track_caller]
fn usage_error(arguments: &[&str]) -> String {
    Run::new(arguments).run().with_code(2).stderr
}

#[test]
fn options_of_other_programs_get_the_tip_that_helps() {
    for (arguments, tip) in [
        (
            &["send", "--password", "hunter2"][..],
            "set EVENT_ROUTER_USERNAME and EVENT_ROUTER_PASSWORD, or EVENT_ROUTER_TOKEN, or write them to a file for `--auth-file`",
        ),
        (&["transform", "--username=ada"], "EVENT_ROUTER_USERNAME"),
        (&["send", "-o", "x"], "`transform -o DIR`"),
        (&["inspect", "--output", "x"], "`inspect --html FILE`"),
        (&["transform", "--no-color"], "`--color never`"),
        (&["transform", "--user", "u.csv"], "`--users`"),
        (&["explain", "-:3"], "`event-router explain … -- -:3`"),
        (&["recover", "--token", "hunter2"], "EVENT_ROUTER_TOKEN"),
        (
            &["transform", "--lms-db-password", "hunter2"],
            "EVENT_ROUTER_LMS_DB_PASSWORD",
        ),
        (
            &["transform", "--actor-key", "hunter2"],
            "EVENT_ROUTER_ACTOR_KEY",
        ),
        (
            &["transform", "--input", "a.log"],
            "inputs are given without an option",
        ),
        (&["transform", "-f", "xapi"], "`--to xapi`"),
        (&["transform", "--output-dir", "out"], "`--output DIR`"),
        (
            &["transform", "--lms-url", "https://a.example"],
            "`--lms-root-url`",
        ),
        (
            &["transform", "--lrs", "https://a.example"],
            "`--url`, to the command `send`",
        ),
        (
            &["transform", "--dead-letters", "dead"],
            "`transform` does not have this option, which belongs to `recover` and `send`",
        ),
        (
            &["transform", "--outptu", "out"],
            "a similar option exists: `--output`",
        ),
        (
            &["--to", "xapi"],
            "options follow a command, such as `event-router transform --to`",
        ),
    ] {
        let stderr = usage_error(arguments);
        let tips: Vec<&str> = stderr
            .lines()
            .filter(|line| line.contains("tip:"))
            .collect();
        assert!(tips.len() == 1 && tips[0].contains(tip), "{stderr}");
        assert!(!stderr.contains("Usage"), "{stderr}");
        assert!(!stderr.contains("hunter2"), "{stderr}");
    }
    // No other option is similar to this one.
    assert!(!usage_error(&["transform", "--frobnicate"]).contains("tip"));
}

#[test]
fn words_that_are_no_command_get_the_tip_that_helps() {
    for (word, tip) in [
        (
            "tracking.log",
            "a command comes before the inputs, such as `event-router transform … tracking.log`",
        ),
        ("xAPI", "write `event-router transform --to xapi`"),
        ("external-ids", "write `event-router lms external-ids`"),
        ("transfrom", "a similar subcommand exists: 'transform'"),
    ] {
        let stderr = usage_error(&[word]);
        assert!(stderr.contains(tip), "{stderr}");
    }
}

#[test]
fn a_pattern_that_the_shell_did_not_expand_is_told() {
    for pattern in ["*.log", "logs/tracking.log-*", "a.{log,gz}"] {
        let ended = Run::transform().args(&[pattern]).run().with_code(3);
        let name = pattern.rsplit('/').next().unwrap();
        ended.assert_error(&format!("failed to open `{pattern}`: "));
        ended.assert_stderr("the shell did not expand this pattern");
        ended.assert_stderr(&format!("or give the directory and `--include '{name}'`"));
    }
    let ended = Run::transform().args(&["*.log"]).file("*.log", line(1));
    assert_eq!(ended.run().with_code(0).rows().len(), 1);
    let ended = Run::transform().args(&["no.log"]).run().with_code(3);
    ended.assert_not_stderr("shell");
}

#[test]
fn a_wrong_number_is_an_error_of_one_line() {
    for (option, value, cause) in [
        ("--threads", "x", "expected a whole number from 1 to 512"),
        ("--threads", "0", "expected a whole number from 1 to 512"),
        ("--threads", "-1", "expected a whole number from 1 to 512"),
        (
            "--forget-after",
            "1.5",
            "expected a whole number from 1 to 36500",
        ),
        (
            "--max-line-bytes",
            "32X",
            "expected bytes, such as 33554432 or 32M",
        ),
        (
            "--shard",
            "3",
            "expected K/N, such as 0/16 for the first of 16 shards",
        ),
    ] {
        let stderr = usage_error(&["transform", option, value]);
        assert_eq!(
            stderr,
            format!("error: invalid value `{value}` of `{option}`: {cause}\n")
        );
    }
    let stderr = usage_error(&["send", "--max-dead-letters", "-1"]);
    assert_eq!(stderr.lines().count(), 1, "{stderr}");
}

#[test]
fn a_url_without_a_scheme_is_told() {
    for url in ["lrs.example.org/xAPI", "localhost:8080/xAPI"] {
        let ended = Run::send(url)
            .file("log", line(1))
            .args(&["log"])
            .run()
            .with_code(2);
        ended.assert_error(&format!(
            "`{url}` is not a URL like https://lrs.example.org/xAPI: it lacks `https://` or `http://` at the start"
        ));
    }
    let arguments = [
        "transform",
        "--to",
        "xapi",
        "--lms-root-url",
        "courses.example.org",
        "-",
    ];
    let stderr = usage_error(&arguments);
    assert!(
        stderr.contains("use `--lms-root-url https://courses.example.org`"),
        "{stderr}"
    );
}

#[test]
fn an_expression_that_is_not_valid_is_an_error_of_one_line() {
    let expression = "^(a\n(?=b)";
    let routers = json!([{
        "backend_name": "xAPI", "route_url": "https://a.example",
        "configurations": {"match_params": {"name": ["fine", expression]}},
    }]);
    let run = Run::transform().args(&["--routers", "routers.json", "log"]);
    let run = run
        .file("routers.json", routers.to_string())
        .file("log", line(1));
    let ended = run.run().with_code(2);
    let expected = "error: router 1 of `routers.json`, `https://a.example`: the expression `^(a\\n(?=b)` of match_params `name` is not valid: look-around, including look-ahead and look-behind, is not supported\n";
    assert_eq!(ended.stderr, expected);
}

#[cfg(unix)]
#[test]
fn secrets_that_all_users_can_read_have_a_warning() {
    use std::os::unix::fs::PermissionsExt;

    let routers = |password: &str| {
        json!([{
            "backend_name": "xAPI", "route_url": "https://a.example", "auth_scheme": "Basic",
            "username": "ada", "password": password,
        }])
        .to_string()
    };
    let (literal, variable) = (routers("hunter2"), routers("${SECRET}"));
    for (option, secrets, contents, mode, has_warning) in [
        ("--routers", "credentials", &*literal, 0o644, true),
        ("--routers", "credentials", &literal, 0o640, false),
        ("--routers", "credentials", &variable, 0o644, false),
        ("--actor-key-file", "key", "hunter2", 0o644, true),
        ("--actor-key-file", "key", "hunter2", 0o400, false),
        ("--actor-key-file", "key", "hunter2", 0o601, false),
    ] {
        let run = Run::transform().args(&[option, "secret", "log"]);
        let run = run.file("secret", contents).file("log", line(1));
        let path = run.directory.path("secret");
        fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
        let stderr = run.run().with_code(0).stderr;
        let warning = format!(
            "warning: the {secrets} in `secret` can be read by all users: run `chmod 600 secret`\n"
        );
        assert_eq!(
            stderr.contains(&warning),
            has_warning,
            "{option} {mode:o}: {stderr}"
        );
        assert!(!stderr.contains("hunter2"), "{stderr}");
    }
    let probe = [
        "send",
        "--probe",
        "--routers",
        "secret",
        "--max-retries",
        "0",
        "--router-url",
        "-",
    ];
    let ended = Run::new(&probe).file("secret", &literal).run();
    assert_eq!(
        ended.stderr.matches("can be read by all users").count(),
        1,
        "{}",
        ended.stderr
    );
    let external_ids = [
        "lms",
        "external-ids",
        "--to",
        "xapi",
        "--lms-root-url",
        ROOT_URL,
        "--users",
        "users.csv",
        "--actor-key-file",
        "key",
        "-o",
        "ids.csv",
    ];
    let run = Run::new(&external_ids).file("key", "hunter2");
    let run = run.file(
        "users.csv",
        "id,username,email,xapi_id,caliper_id\n5,ada,,,\n",
    );
    run.run()
        .with_code(0)
        .assert_stderr("the key in `key` can be read by all users");
}
