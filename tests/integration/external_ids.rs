//! External ids that are derived for users of the table who have none.

use crate::harness::{ROOT_URL, Run, line, lines};

/// Ada has an external id for Caliper only, Bob for xAPI only, and Cy has no numeric id.
const USERS: &str = "id,username,email,xapi_id,caliper_id\n\
    6,ada,ada@example.com,NULL,11111111111141118111111111111111\n\
    7,bob,,22222222222242228222222222222222,\n\
    ,cy,,-,\n";

/// The id of user 6, made with Python's uuid5 of `https://courses.example.org user-id 6`.
const XAPI_6: &str = "79f2aacc-5873-533a-9bb4-23fc988bd9e0";

/// An event of a user, as `"username": "ada"` or `"user_id": 6`.
fn event_of(user: &str) -> String {
    line(1).replace("\"username\": \"ada\"", user)
}

fn explain(format: &str, user: &str, arguments: &[&str]) -> Run {
    Run::explain_to(format)
        .file("u.csv", USERS)
        .stdin(event_of(user).replace("\"currentTime\": 1", "\"currentTime\": 1, \"duration\": 9"))
        .args(&["--users", "u.csv"])
        .args(arguments)
        .args(&["-"])
}

/// Returns the external id of the actor, or the reason of a rejected line.
fn id_of(run: Run) -> String {
    let row = run.run().with_code(0).rows().remove(0);
    if let Some(reason) = row["reason"].as_str() {
        return reason.to_owned();
    }
    let out = &row["out"][0];
    let actor = [
        &out["actor"]["account"]["name"],
        &out["data"][0]["actor"]["id"],
    ];
    let id = actor.into_iter().find_map(|id| id.as_str());
    let id = id.expect("an actor has an external id");
    id.rsplit_once('/').map_or(id, |(_, id)| id).to_owned()
}

const DERIVE: [&str; 2] = ["--missing-external-id", "derive"];

#[test]
fn a_user_without_an_external_id_is_rejected_unless_ids_are_derived() {
    let ada = r#""username": "ada""#;
    for arguments in [&[][..], &["--missing-external-id", "reject"]] {
        assert_eq!(id_of(explain("xapi", ada, arguments)), "no-external-id");
    }
    let ended = explain("xapi", ada, &DERIVE).run();
    ended.assert_stderr(
        "note: external ids of users who have none in the table were derived and do not match the LMS's own; to give the LMS the same ids, import those that `event-router lms external-ids` writes\n",
    );
    assert_eq!(id_of(explain("xapi", ada, &DERIVE)), XAPI_6);
}

#[test]
fn a_run_notes_derived_ids_only_if_a_record_has_one() {
    let run = |user: &str, arguments: &[&str]| {
        let run = Run::transform().file("u.csv", USERS);
        let run = run.args(&["--users", "u.csv"]);
        let log = line(1).replace("ada", user);
        run.stdin(log).args(arguments).args(&["-"]).run().stderr
    };
    let derive = [
        "--missing-external-id",
        "derive",
        "--unknown-user",
        "derive",
    ];
    assert!(!run("bob", &derive).contains("derived"));
    assert!(!run("bob", &["--since", "monday"]).contains("derived"));
    let of_listed = run("ada", &derive);
    assert!(
        of_listed.contains("note: external ids of users who have none in the table were derived")
    );
    let of_unknown = run("linus", &derive);
    assert!(
        of_unknown.contains("note: external ids of users who are not in the table were derived")
    );
}

#[test]
fn a_user_has_one_derived_id_however_events_name_the_user() {
    for user in [
        r#""username": "ada""#,
        r#""user_id": 6"#,
        r#""user_id": "6""#,
        r#""user_id": "ada""#,
    ] {
        assert_eq!(id_of(explain("xapi", user, &DERIVE)), XAPI_6, "{user}");
    }
}

#[test]
fn a_user_who_joins_the_table_keeps_the_derived_id() {
    let (other, ada) = (USERS.replace("6,ada", "8,eve"), r#""user_id": 6"#);
    let unknown = explain("xapi", ada, &["--unknown-user", "derive"]).file("u.csv", other);
    assert_eq!(id_of(unknown), XAPI_6);
    let without_table = Run::explain().stdin(event_of(ada)).args(&["-"]);
    assert_eq!(id_of(without_table), XAPI_6);
}

#[test]
fn derived_ids_depend_on_the_format_the_root_url_the_user_and_the_key() {
    let bob = r#""user_id": 7"#;
    let cy = r#""username": "cy""#;
    let with_key = ["--missing-external-id", "derive", "--actor-key-file", "key"];
    let ids = [
        id_of(explain("xapi", r#""user_id": 6"#, &DERIVE)),
        id_of(explain("xapi", r#""user_id": 6"#, &with_key).file("key", "secret\n")),
        id_of(explain("xapi", cy, &DERIVE)),
        id_of(explain("caliper", cy, &DERIVE)),
        id_of(explain("caliper", bob, &DERIVE)),
        id_of(explain("caliper", bob, &with_key).file("key", "secret\n")),
        id_of(explain("caliper", bob, &with_key).file("key", "other\n")),
        // The other format of this user has an id.
        id_of(explain("xapi", bob, &DERIVE)),
        id_of(explain("caliper", r#""user_id": 6"#, &DERIVE)),
    ];
    let different: std::collections::BTreeSet<&String> = ids.iter().collect();
    assert_eq!(different.len(), ids.len(), "{ids:?}");
    assert_eq!(
        ids[1], "8970943e-a0d6-8947-bf0b-980930589910",
        "as Python's hmac makes it"
    );
    assert_eq!(ids[7], "22222222-2222-4222-8222-222222222222");
    assert_eq!(ids[8], "11111111-1111-4111-8111-111111111111");
    let other_url = format!("{ROOT_URL}/lms");
    let arguments = ["explain", "--json", "--to", "xapi", "--lms-root-url"];
    let run = Run::new(&arguments).args(&[&other_url, "--users", "u.csv"]);
    let run = run
        .file("u.csv", USERS)
        .stdin(event_of(r#""user_id": 6"#))
        .args(&DERIVE);
    assert!(!ids.contains(&id_of(run.args(&["-"]))));
}

#[test]
fn unknown_users_and_email_addresses_are_not_derived() {
    assert_eq!(
        id_of(explain("xapi", r#""username": "eve""#, &DERIVE)),
        "unknown-user"
    );
    let bob = explain("xapi", r#""username": "bob""#, &DERIVE).args(&["--actor", "mbox"]);
    assert_eq!(id_of(bob), "no-email");
}

#[test]
fn the_summary_and_the_report_count_users_with_derived_ids_and_their_events() {
    let of = |user: &str, lines: String| lines.replace("\"ada\"", &format!("\"{user}\""));
    // The last event has an invalid course, so it is rejected although its user has an id.
    let log = lines(1..4)
        + &of("cy", lines(4..6))
        + &of("bob", lines(6..10))
        + &of("eve", line(10))
        + &line(11).replace("course-v1:a+b+c", "a b");
    let run = |arguments: &[&str]| {
        let run = Run::transform().file("u.csv", USERS).file("a.log", &log);
        let run = run.file("b.log", line(20)).args(&["--users", "u.csv"]);
        let run = run.args(arguments).args(&["-o", "out"]);
        let run = run.args(&["--report", "report.json", "a.log", "b.log"]);
        run.run().with_code(0)
    };
    let ended = run(&DERIVE);
    ended.assert_stderr(
        "             12 lines\n              6 emitted with a derived id  2 users without an external id in the table\n",
    );
    let report = ended.report();
    assert_eq!(report["total"]["derived_ids"], 6);
    assert_eq!(report["total"]["derived_id_users"], 2);
    assert_eq!(report["inputs"][0]["derived_ids"], 5);
    assert_eq!(report["inputs"][1]["derived_ids"], 1);

    let ended = run(&[]);
    ended.assert_not_stderr("derived");
    assert_eq!(ended.report()["total"]["derived_ids"], 0);
    assert_eq!(ended.report()["total"]["derived_id_users"], 0);
    assert_eq!(ended.report()["total"]["reasons"]["no-external-id"], 7);
}

#[test]
fn the_summary_counts_derived_ids_of_users_in_the_table_and_of_others() {
    let log = lines(1..4) + &lines(4..6).replace("\"ada\"", "\"linus\"");
    let summary = |arguments: &[&str]| {
        let run = Run::transform().file("u.csv", USERS).stdin(&log);
        let run = run.args(&["--users", "u.csv", "--unknown-user", "derive"]);
        let run = run.args(&["--verbose", "--report", "report.json"]);
        run.args(arguments).args(&["-"]).run().with_code(0)
    };
    let ended = summary(&DERIVE);
    ended.assert_stderr(
        "5 emitted with a derived id  3 of 1 user without an external id in the table, 2 of users who are not in the table",
    );
    let total = &ended.report()["total"];
    assert_eq!(
        (&total["derived_ids"], &total["derived_unknown_ids"]),
        (&3.into(), &2.into())
    );
    summary(&[]).assert_stderr("2 emitted with a derived id  users who are not in the table");
}
