//! Lookup tables of users and courses, and derived identities.

use crate::harness::{Ended, Run, RunDirectory, gzip, line};
use crate::lrs::Lrs;

const USERS: &str = "id,username,email,xapi_id,caliper_id\n\
    5,ada,ada@example.com,32e08e30f8ae4ce294a8c2bfe38a70cb,\n";
const COURSES: &str = "course_id,display_name\ncourse-v1:a+b+c,The Course\n";

/// The account name of the actor and the name of the course, or the reason of a rejected line.
fn names(run: Run) -> (String, String) {
    let row = run.run().with_code(0).rows().remove(0);
    if let Some(reason) = row["reason"].as_str() {
        return (reason.to_owned(), String::new());
    }
    let statement = &row["out"][0];
    let course =
        &statement["context"]["contextActivities"]["parent"][0]["definition"]["name"]["en-US"];
    (
        statement["actor"]["account"]["name"]
            .as_str()
            .unwrap()
            .into(),
        course.as_str().unwrap().into(),
    )
}

fn explain(arguments: &[&str]) -> Run {
    Run::explain().stdin(line(1)).args(arguments).args(&["-"])
}

#[test]
fn tables_may_be_csv_tsv_or_compressed() {
    let tsv = USERS.replace(',', "\t");
    for (users, courses) in [
        (USERS.as_bytes().to_vec(), COURSES.as_bytes().to_vec()),
        (gzip(USERS), gzip(COURSES)),
        (tsv.into_bytes(), COURSES.replace(',', "\t").into_bytes()),
    ] {
        let run = explain(&["--users", "u", "--courses", "c"])
            .file("u", users)
            .file("c", courses);
        assert_eq!(
            names(run),
            (
                "32e08e30-f8ae-4ce2-94a8-c2bfe38a70cb".into(),
                "The Course".into()
            )
        );
    }
}

#[test]
fn cells_may_be_separated_by_semicolons() {
    let tables = [USERS.replace(',', ";"), COURSES.replace(',', ";")];
    let [users, courses] = tables.map(|table| format!("\u{feff}{table}"));
    for (users, courses) in [
        (users.clone().into_bytes(), courses.clone().into_bytes()),
        (gzip(&users), gzip(&courses)),
    ] {
        let run = explain(&["--users", "u", "--courses", "c"]);
        let (id, course) = names(run.file("u", users).file("c", courses));
        assert_eq!(id, "32e08e30-f8ae-4ce2-94a8-c2bfe38a70cb");
        assert_eq!(course, "The Course");
    }
}

#[test]
fn another_file_in_place_of_a_table_is_named_and_never_repeated() {
    let log =
        "2024-03-05 08:00:46,812 INFO 27 [tracking] [user 9] [ip 203.0.113.7] logger.py:41 - ";
    let event = line(1);
    let is_log = "it is a log, or another file of JSON, and no table";
    let has_no_header = "its first line names none of the columns `";
    for (table, message) in [
        (event.clone(), is_log),
        (format!("{log}{event}"), is_log),
        ("[\n  {\"username\": \"ada\"}\n]\n".to_owned(), is_log),
        (
            "5,ada,ada@example.com,,\ncourse-v1:a+b+c,ada\n".to_owned(),
            has_no_header,
        ),
        // The first person of a table without a header row.
        ("ada,ada Lovelace\nbob,Bob Kahn\n".to_owned(), has_no_header),
        (
            "203.0.113.7 - ada [05/Mar/2024:08:00:46 +0000] \"GET / HTTP/1.1\" 200\n".to_owned(),
            has_no_header,
        ),
        (
            "+----+----------+\n| id | username |\n| 5 | ada |\n".to_owned(),
            "export the table with `mysql --batch`",
        ),
    ] {
        for (option, bytes) in [
            ("--users", table.clone().into_bytes()),
            ("--courses", table.clone().into_bytes()),
            ("--users", gzip(&table)),
        ] {
            let ended = explain(&[option, "t"]).file("t", bytes).run().with_code(2);
            ended.assert_error("failed to read `t`: ");
            ended.assert_stderr(message);
            for personal in ["ada", "203.0.113.7", "user 9"] {
                ended.assert_not_stderr(personal);
            }
        }
    }
    let ended = explain(&["--users", "t"]).file("t/users.csv", USERS).run();
    ended
        .with_code(2)
        .assert_stderr("failed to open `t`: it is a directory");
}

#[test]
fn an_external_id_that_is_no_uuid_is_an_error_with_its_row() {
    let header = "id,username,email,xapi_id,caliper_id\n";
    let uuid = "32E08E30-f8ae-4ce2-94a8-c2bfe38a70cb";
    let load = |row: &str| {
        let table = format!("{header}4,bob,,{uuid},\n\n{row}\n");
        explain(&["--users", "t"]).file("t", table).run()
    };
    let ended = load("5,ada,,ada@example.com,").with_code(2);
    ended.assert_error("failed to load row 3 of `t`: the xapi_id is no UUID");
    ended.assert_not_stderr("ada@");
    // Only the column of the format is used.
    load("5,ada,,,no-uuid").with_code(0);
}

#[test]
fn a_table_that_is_no_text_in_utf_8_or_empty_is_an_error_that_says_what_to_do() {
    let wide: Vec<u8> = USERS.encode_utf16().flat_map(u16::to_le_bytes).collect();
    let marked = [b"\xff\xfe", &wide[..]].concat();
    let encrypted = b"\x85\x01\x8c\x03\xad\x4c\x4a\xf0\x3d\xbc\x55\xf5\x01\x0c\0\x81";
    let iconv =
        "it is UTF-16 text; give the file that `iconv -f UTF-16LE -t UTF-8 FILE > TABLE` writes";
    let empty = "the table is empty, without a header row; export it again";
    for (table, expected) in [
        (wide.clone(), iconv),
        (marked, iconv),
        (
            gzip(&wide),
            "it is UTF-16 text, within gzip; give the file that `gzip -dc FILE | iconv -f UTF-16LE -t UTF-8 - > TABLE` writes",
        ),
        (
            gzip(gzip(USERS)),
            "it is compressed twice with gzip; give the file that `gzip -dc FILE > TABLE` writes",
        ),
        (
            encrypted.to_vec(),
            "it is encrypted or signed with OpenPGP; give the file that `gpg --decrypt FILE > TABLE` writes",
        ),
        (
            b"PK\x03\x04\x14\0\x06\0\x08\0".to_vec(),
            "it is a zip archive; export the table as CSV in UTF-8",
        ),
        (Vec::new(), empty),
        (gzip(""), empty),
        (b"\n\n".to_vec(), empty),
    ] {
        for option in ["--users", "--courses"] {
            let run = explain(&[option, "t"]).file("t", &table);
            let ended = run.run().with_code(2);
            ended.assert_stderr("`t`: ");
            ended.assert_stderr(expected);
        }
    }
}

/// The table of users as the MySQL client writes it.
#[test]
fn a_name_may_hold_a_carriage_return_and_a_user_may_be_called_null() {
    let users = USERS.replace(',', "\t").replace("5\tada", "9\tNULL");
    let event = line(1).replace("\"ada\"", "\"NULL\"");
    let run = Run::explain()
        .stdin(event)
        .args(&["--users", "u", "--courses", "c", "-"])
        .file("u", users)
        .file(
            "c",
            "course_id\tdisplay_name\ncourse-v1:a+b+c\tThe\r\\nCourse\r\n",
        );
    assert_eq!(
        names(run),
        (
            "32e08e30-f8ae-4ce2-94a8-c2bfe38a70cb".into(),
            "The\r\nCourse\r".into()
        )
    );
}

#[test]
fn without_tables_ids_are_derived_and_courses_are_named_by_their_ids() {
    let ended = explain(&[]).run().with_code(0);
    ended.assert_stderr(
        "note: external ids were derived and do not match the LMS's own; to use those, give a table of users with `--users`; without `--courses`, courses are named by their ids\n",
    );
    let derived = names(explain(&[]));
    assert_eq!(derived, names(explain(&[])));
    assert_eq!(derived.1, "course-v1:a+b+c");

    let keyed = names(explain(&["--actor-key-file", "key"]).file("key", "secret\n"));
    assert_ne!(derived.0, keyed.0);
    assert_eq!(
        keyed,
        names(explain(&[]).env("EVENT_ROUTER_ACTOR_KEY", "secret"))
    );
    assert_ne!(
        keyed,
        names(explain(&[]).env("EVENT_ROUTER_ACTOR_KEY", "other"))
    );
    assert_eq!(
        derived,
        names(explain(&[]).env("EVENT_ROUTER_ACTOR_KEY", ""))
    );
    let ended = explain(&["--actor-key-file", "key"])
        .file("key", "\n")
        .run()
        .with_code(2);
    ended.assert_stderr("the key in `key` is empty");
}

#[test]
fn unknown_users_and_courses_are_rejected_or_derived() {
    let users = USERS.replace("ada,", "grace,");
    let courses = COURSES.replace("a+b", "x+y");
    let with = |arguments: &[&str]| {
        let run = explain(&["--users", "u", "--courses", "c"]).args(arguments);
        names(run.file("u", &users).file("c", &courses))
    };
    assert_eq!(with(&[]).0, "unknown-user");
    assert_eq!(with(&["--unknown-user", "derive"]).0, "unknown-course");
    let derived = with(&["--unknown-user", "derive", "--unknown-course", "derive"]);
    assert_eq!(derived, names(explain(&[])));
}

#[test]
fn mbox_actors_require_email_addresses() {
    let actor = |actor: &str, users: &str| -> Ended {
        explain(&["--actor", actor, "--users", "u"])
            .file("u", users)
            .run()
            .with_code(0)
    };
    let mbox = actor("mbox", USERS).rows().remove(0)["out"][0]["actor"]["mbox"].clone();
    assert_eq!(mbox, "mailto:ada@example.com");
    let sum =
        actor("mbox-sha1sum", USERS).rows().remove(0)["out"][0]["actor"]["mbox_sha1sum"].clone();
    // The SHA-1 sum is that of the bare address, `ada@example.com`.
    assert_eq!(sum, "3ca93ad87e0bb737e653b66ad67731e86bbc050f");
    let without = USERS.replace("ada@example.com", "NULL");
    assert_eq!(actor("mbox", &without).rows()[0]["reason"], "no-email");
    let ended = explain(&["--actor", "mbox"]).run().with_code(2);
    ended.assert_stderr("`--users`");
}

#[test]
fn an_invalid_table_is_an_error_before_the_run_starts() {
    for (users, message) in [
        (
            "id,username,email,xapi_id\n",
            "failed to read `u`: the table has no column `caliper_id`",
        ),
        (
            "id,username,email\n",
            "failed to read `u`: the table has no columns `xapi_id`, `caliper_id`; its header row has `id`, `username`, `email`",
        ),
        (
            "course_id,display_name\n",
            "; its header row has `course_id`, `display_name`: a table of courses is given with `--courses`",
        ),
        (
            "id,username,email,xapi_id,caliper_id\n1,a,,,\n2,a,,,\n",
            "rows 2 and 3 have the same username, `a`",
        ),
        (
            "id,username,email,xapi_id,caliper_id\nx,a,,,\n",
            "failed to load row 2 of `u`: the id `x` is not",
        ),
    ] {
        let ended = explain(&["--users", "u"])
            .file("u", users)
            .run()
            .with_code(2);
        ended.assert_stderr(message);
        assert_eq!(
            ended
                .stderr
                .lines()
                .filter(|line| line.starts_with("error"))
                .count(),
            1
        );
    }
    explain(&["--users", "no-such-file"]).run().with_code(2);
}

#[test]
fn a_run_with_a_state_directory_whose_table_cannot_be_read_has_a_summary_and_a_report() {
    let (lrs, directory) = (Lrs::healthy(), RunDirectory::new());
    directory.write("logs/a.log", line(1));
    directory.write("u", "id\n");
    for options in [&[][..], &["--dry-run"]] {
        let run = directory.run_with_state(&["send", "--url", &lrs.xapi(), "--users", "u"]);
        let run = run.args(&["--report", "report.json"]).args(options);
        let ended = run.run().with_code(2);
        ended.assert_error("failed to read `u`: the table has no columns");
        ended.assert_stderr("stopped");
        let report = ended.report();
        assert_eq!(report["exit_code"], 2);
        assert_eq!(report["inputs"][0]["ended"], "stopped");
        assert_eq!(report["total"]["outcomes"]["emitted"], 0);
    }
    let run = directory.run_with_state(&["send", "--url", &lrs.xapi()]);
    assert_eq!(run.run().with_code(0).count("emitted"), 1);
}

#[test]
fn a_run_without_a_table_of_courses_has_a_note() {
    let run = |arguments: &[&str]| {
        let run = Run::transform().stdin(line(1)).file("u", USERS);
        let run = run.file("c", COURSES).args(&["--users", "u"]);
        run.args(arguments).args(&["-"]).run().with_code(0)
    };
    let note = "note: courses are named by their ids";
    run(&[]).assert_stderr(note);
    run(&["--courses", "c"]).assert_not_stderr(note);
    run(&["--unknown-course", "derive"]).assert_not_stderr(note);
}

#[test]
fn an_explicit_reject_needs_a_table() {
    for (option, table) in [
        ("--unknown-user", "--users"),
        ("--missing-external-id", "--users"),
        ("--unknown-course", "--courses"),
    ] {
        let run = || {
            Run::transform()
                .stdin(line(1))
                .args(&[option, "reject", "-"])
        };
        let ended = run().run().with_code(2);
        ended.assert_error(&format!("`{option} reject` (or EVENT_ROUTER_"));
        ended.assert_stderr(&format!("give one with `{table}`, or remove the option"));
        let table_of = match table {
            "--users" => USERS,
            _ => COURSES,
        };
        run()
            .args(&[table, "t"])
            .file("t", table_of)
            .run()
            .with_code(0);
    }
}

#[test]
fn derived_ids_that_are_sent_have_a_warning_unless_asked_for() {
    for (arguments, is_warned) in [
        (&["--quiet"][..], true),
        (&["--quiet", "--unknown-user", "derive"], false),
        (&["--quiet", "--dry-run"], false),
        (&["--quiet", "--users", "u"], false),
    ] {
        let lrs = Lrs::healthy();
        let run = Run::send(&lrs.xapi()).args(arguments).file("u", USERS);
        let ended = run.stdin(line(1)).args(&["-"]).run().with_code(0);
        let warning = "warning: external ids were derived and do not match the LMS's own: give a table of users with `--users`, or accept such ids with `--unknown-user derive`";
        assert_eq!(
            ended.stderr.starts_with(warning),
            is_warned,
            "{}",
            ended.stderr
        );
        assert_eq!(!ended.stderr.is_empty(), is_warned, "{}", ended.stderr);
    }
}
