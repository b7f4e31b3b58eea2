//! `event-router lms external-ids`, which writes the ids of users who have none for the LMS.

use crate::harness::{ROOT_URL, Run, gzip, line};

/// Ada has an external id for Caliper only, Bob for xAPI only, and Cy has no numeric id.
const USERS: &str = "id,username,email,xapi_id,caliper_id\n\
    6,ada,ada@example.com,NULL,11111111111141118111111111111111\n\
    7,bob,,22222222222242228222222222222222,\n\
    8,eve,,None,NULL\n";

fn external_ids(format: &str, output: &str) -> Run {
    let arguments = ["lms", "external-ids", "--to", format];
    Run::new(&arguments)
        .args(&["--lms-root-url", ROOT_URL, "-o", output])
        .file("u.csv", USERS)
}

fn of_table(format: &str, output: &str) -> Run {
    external_ids(format, output).args(&["--users", "u.csv"])
}

fn csv_of(run: Run) -> String {
    String::from_utf8(run.run().with_code(0).read("ids.csv")).unwrap()
}

#[test]
fn users_without_an_id_of_the_type_are_written() {
    let csv = csv_of(of_table("xapi", "ids.csv"));
    let rows =
        "user_id,type,external_user_id\n6,xapi,79f2aacc-5873-533a-9bb4-23fc988bd9e0\n8,xapi,";
    assert!(csv.starts_with(rows) && csv.lines().count() == 3, "{csv}");
    let csv = csv_of(of_table("caliper", "ids.csv"));
    let rows = "user_id,type,external_user_id\n7,caliper,";
    assert!(csv.starts_with(rows) && csv.lines().count() == 3, "{csv}");
}

#[test]
fn the_ids_are_those_of_derive() {
    for format in ["xapi", "caliper"] {
        for key in [None, Some("secret\n")] {
            let with_key = |run: Run| match key {
                Some(key) => run.file("key", key).args(&["--actor-key-file", "key"]),
                None => run,
            };
            let csv = csv_of(with_key(of_table(format, "ids.csv")));
            let id = csv.lines().last().unwrap().rsplit_once(',').unwrap().1;
            let event = line(1)
                .replace("\"ada\"", "\"eve\"")
                .replace("\"currentTime\"", "\"duration\": 9, \"currentTime\"");
            let run = Run::explain_to(format).file("u.csv", USERS).stdin(event);
            let run = run.args(&["--users", "u.csv", "--missing-external-id", "derive", "-"]);
            let row = with_key(run).run().with_code(0).rows().remove(0);
            assert!(row["out"].to_string().contains(id), "{row}");
        }
    }
}

#[test]
fn the_key_may_be_in_the_environment() {
    let keyed = of_table("xapi", "ids.csv").env("EVENT_ROUTER_ACTOR_KEY", "secret");
    assert!(csv_of(keyed).contains("\n6,xapi,8970943e-a0d6-8947-bf0b-980930589910\n"));
}

#[test]
fn sql_is_split_into_transactions_and_names_its_type() {
    let rows = (1..=10_001).map(|id| format!("{id},u{id},,,\n"));
    let users = rows.fold(
        "id,username,email,xapi_id,caliper_id\n".to_owned(),
        |table, row| table + &row,
    );
    let run = of_table("caliper", "ids.sql").file("u.csv", gzip(users));
    let ended = run.run().with_code(0);
    ended.assert_stderr("ids.sql: 10,001 Caliper ids; import them into the LMS database");
    let sql = String::from_utf8(ended.read("ids.sql")).unwrap();
    assert_eq!(sql.matches("INSERT INTO event_router_ids ").count(), 3);
    assert_eq!(
        sql.matches("INSERT INTO external_user_ids_externalid ")
            .count(),
        3
    );
    assert_eq!(sql.matches("id_type.name = 'caliper'").count(), 3);
    assert!(sql.contains("'caliper', 'Caliper Specification event transformer'"));
    let ids = sql.lines().filter(|line| line.starts_with('('));
    assert_eq!(ids.clone().count(), 10_001);
    let ends = ids.filter(|line| line.ends_with("');"));
    assert_eq!(ends.count(), 3);
    assert!(sql.is_ascii());
}

#[cfg(unix)]
#[test]
fn only_the_owner_may_read_the_file() {
    use std::os::unix::fs::PermissionsExt;
    let ended = of_table("xapi", "ids.sql").run().with_code(0);
    let metadata = ended.directory.path("ids.sql").metadata().unwrap();
    assert_eq!(metadata.permissions().mode() & 0o777, 0o600);
    ended.assert_no_part_files();
}

#[test]
fn users_without_a_numeric_id_are_left_out_with_a_warning() {
    let users = format!("{USERS},cy,,,\n");
    let ended = of_table("xapi", "ids.csv").file("u.csv", users).run();
    ended.assert_stderr("warning: no numeric id for 1 user: left out; export the table again\n");
    assert!(
        !String::from_utf8(ended.with_code(0).read("ids.csv"))
            .unwrap()
            .contains("\n,")
    );
}

#[test]
fn a_file_without_ids_does_not_claim_that_every_user_has_one() {
    let users = "id,username,email,xapi_id,caliper_id\n,cy,,,\n";
    let ended = of_table("xapi", "ids.csv").file("u.csv", users).run();
    ended.assert_stderr(
        "ids.csv: no ids\nwarning: no numeric id for 1 user: left out; export the table again\n",
    );
}

#[test]
fn if_every_user_has_an_id_the_file_has_none() {
    let users = "id,username,email,xapi_id,caliper_id\n7,bob,,22222222222242228222222222222222,\n";
    let ended = of_table("xapi", "ids.csv")
        .file("u.csv", users)
        .run()
        .with_code(0);
    ended.assert_stderr("ids.csv: no ids, since every user has one for xAPI\n");
    assert_eq!(ended.read("ids.csv"), b"user_id,type,external_user_id\n");
}

#[test]
fn wrong_options_write_nothing() {
    for (run, message) in [
        (
            of_table("xapi", "ids.txt"),
            "`ids.txt` ends neither with `.sql` nor with `.csv`",
        ),
        (of_table("xapi", "u.csv"), "would replace `u.csv`"),
        (external_ids("xapi", "ids.sql"), "--users <FILE>"),
        (
            external_ids("xapi", "ids.sql").args(&["--users", "nowhere.csv"]),
            "failed to open `nowhere.csv`",
        ),
        (
            of_table("xapi", "ids.sql").args(&["--actor-key-file", "nowhere"]),
            "failed to read `nowhere`",
        ),
        (
            of_table("xapi", "ids.sql").file("u.csv", "id,username\n"),
            "has no column",
        ),
    ] {
        let ended = run.run().with_code(2);
        ended.assert_stderr(message);
        assert!(!ended.directory.path("ids.sql").exists());
        assert!(ended.read("u.csv").starts_with(b"id,username"));
    }
    let ended = of_table("xapi", "nowhere/ids.sql").run().with_code(6);
    ended.assert_error("failed to create `nowhere/ids.sql`");
}
