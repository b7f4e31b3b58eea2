//! The number of requests that it takes to send statements that a server has already, if the server refuses whole
//! batches for them.

use serde_json::json;

use crate::harness::{Run, line, lines};
use crate::lrs::{Lrs, ServerFault, ServerSettings};
use crate::send::{assert_stored, router, send, transformed};

type Text = fn(&[(usize, String)]) -> String;

/// Answers that name nothing, the first or all of the stored statements, or statements that are not meant.
const TEXTS: [Text; 7] = [
    |_| "conflict".to_owned(),
    |known| format!("{{\"error\": \"{} exists\"}}", known[0].1.to_uppercase()),
    |known| json!(known.iter().map(|(_, id)| id).collect::<Vec<_>>()).to_string(),
    |known| format!("statements.{}.id: is not unique", known[0].0),
    |known| {
        let texts = known.iter();
        texts
            .map(|(nth, _)| format!("statements[{nth}] exists. "))
            .collect()
    },
    |known| format!("statements.{}.id", known[known.len() - 1].0),
    |_| "statements.3.id and statements.999".to_owned(),
];

fn refusing(text: Text) -> Lrs {
    Lrs::start(ServerSettings {
        conflict_text: Box::new(text),
        ..ServerSettings::default()
    })
}

const ALL: u32 = 200;

/// Sends the lines of `stored`, then all lines in batches of 50. Returns the number of requests of the second run.
#[track_caller]
fn requests(name: &str, lrs: &Lrs, stored: impl Fn(u32) -> bool) -> u64 {
    let seconds = (0..ALL).filter(|second| stored(*second));
    let log: String = seconds.map(line).collect();
    let count = log.lines().count();
    send(&lrs.xapi(), &log).run().with_code(0);
    let ended = send(&lrs.xapi(), &lines(0..ALL));
    let ended = ended.args(&["--batch-size", "50"]).run().with_code(0);
    assert_stored(lrs, &transformed(&lines(0..ALL), "xapi"));
    assert_eq!(router(&ended)["duplicates"], count, "{name}");
    assert_eq!(router(&ended)["unverified"], 0, "{name}");
    router(&ended)["requests"].as_u64().unwrap()
}

#[test]
fn few_requests_tell_stored_statements_from_new_ones() {
    // The most requests for an archive that is stored; of which the first half is stored, or every second block of 30, or
    // every second statement; or of which one statement in 50 is stored.
    for (name, text, most) in [
        ("nothing", TEXTS[0], [204, 104, 170, 230, 80]),
        ("the first id", TEXTS[1], [204, 104, 125, 250, 20]),
        ("all ids", TEXTS[2], [204, 104, 125, 110, 20]),
        ("the first index", TEXTS[3], [204, 104, 125, 250, 20]),
        ("all indices", TEXTS[4], [204, 104, 125, 110, 20]),
        ("the last index", TEXTS[5], [230, 120, 240, 250, 20]),
        ("a wrong index", TEXTS[6], [210, 110, 190, 250, 90]),
    ] {
        let stored: [fn(u32) -> bool; 5] = [
            |_| true,
            |second| second < ALL / 2,
            |second| second / 30 % 2 == 0,
            |second| second % 2 == 0,
            |second| second % 50 == 33,
        ];
        let counts = stored.map(|stored| requests(name, &refusing(text), stored));
        let is_few = counts.iter().zip(most).all(|(count, most)| *count <= most);
        assert!(is_few, "{name}: {counts:?}, not {most:?}");
    }
}

#[test]
fn a_new_archive_needs_no_lookups() {
    let lrs = Lrs::healthy();
    assert_eq!(requests("new", &lrs, |_| false), 4);
}

#[test]
fn statements_that_differ_from_stored_ones_are_dead_letters_and_the_others_are_sent_together() {
    for text in TEXTS {
        let lrs = refusing(text);
        send(&lrs.xapi(), &lines(0..40)).run().with_code(0);
        // The ids do not depend on the object, so they are equal.
        let other = |second: u32| line(second).replace("\"id\": \"v\"", "\"id\": \"w\"");
        let log = lines(0..20) + &other(20) + &other(21) + &lines(22..60);
        let ended = send(&lrs.xapi(), &log)
            .args(&["--dead-letters", "dead"])
            .run()
            .with_code(4);
        let letters = ended.dead_letters();
        let mut positions: Vec<_> = letters
            .iter()
            .map(|letter| {
                assert_eq!(
                    (&letter["reason"], &letter["status"]),
                    (&json!("conflict"), &json!(409))
                );
                letter["items"][0]["line"].as_u64().unwrap()
            })
            .collect();
        positions.sort_unstable();
        assert_eq!(positions, [21, 22]);
        let router = router(&ended);
        assert_eq!(
            (&router["delivered"], &router["duplicates"]),
            (&json!(20), &json!(38))
        );
        assert_eq!(lrs.stored().len(), 60);
    }
}

#[test]
fn without_permission_to_read_the_named_statements_are_unverified_duplicates() {
    for text in TEXTS {
        let lrs = Lrs::start(ServerSettings {
            conflict_text: Box::new(text),
            get: Some(403),
            ..ServerSettings::default()
        });
        send(&lrs.xapi(), &lines(5..10)).run().with_code(0);
        let ended = send(&lrs.xapi(), &lines(0..40)).run().with_code(0);
        let router = router(&ended);
        assert_eq!(
            (&router["delivered"], &router["unverified"]),
            (&json!(35), &json!(5))
        );
        assert_eq!(lrs.stored().len(), 40);
    }
}

#[test]
fn voided_statements_are_found_though_the_lookup_of_a_batch_does_not_show_them() {
    let lrs = Lrs::start(ServerSettings {
        voided: "09:00:00.000003",
        ..ServerSettings::default()
    });
    send(&lrs.xapi(), &lines(0..10)).run().with_code(0);
    let ended = send(&lrs.xapi(), &lines(0..40)).run().with_code(0);
    assert_eq!(router(&ended)["duplicates"], 10);
    assert_eq!(lrs.stored().len(), 40);
}

#[test]
fn caliper_events_are_never_looked_up() {
    let lrs = Lrs::healthy();
    let sent = |log: &str| {
        let run = Run::send_to("caliper", &lrs.caliper()).file("log", log);
        run.args(&["--report", "report.json", "log"])
            .run()
            .with_code(0)
    };
    sent(&lines(5..10));
    let ended = sent(&lines(0..40));
    assert_eq!(router(&ended)["unverified"], 5);
    assert_eq!(lrs.stored().len(), 40);
    let records = lrs.records();
    assert!(
        records
            .requests
            .iter()
            .all(|request| request.method != "GET")
    );
}

/// A server that answers 409 to everything, and this status to lookups.
fn always_conflict(get: u16) -> Lrs {
    Lrs::with_faults(move |_, method| match method {
        "POST" => ServerFault::Status(409),
        _ => ServerFault::Status(get),
    })
}

#[test]
fn a_server_that_answers_409_to_everything_and_cannot_be_read_stops_the_run() {
    for format in ["xapi", "caliper"] {
        let lrs = always_conflict(403);
        let url = match format {
            "xapi" => lrs.xapi(),
            _ => lrs.caliper(),
        };
        let ended = Run::send_to(format, &url)
            .file("log", lines(0..100))
            .args(&["--batch-size", "10", "--retry-delay", "0.01"])
            .args(&["--dead-letters", "dead", "--report", "report.json", "log"])
            .run()
            .with_code(5);
        ended.assert_stderr("answered 409");
        ended.assert_stderr("if it has all records, they need not be sent again");
        assert_eq!(router(&ended)["duplicates"], 0, "{format}");
        assert_eq!(ended.files("dead"), [""; 0]);
    }
}

#[test]
fn a_server_that_holds_other_statements_under_all_ids_stops_the_run() {
    let lrs = Lrs::with_faults(|_, method| match method {
        "POST" => ServerFault::Status(409),
        _ => ServerFault::None,
    });
    let log = lines(0..100);
    for (id, mut statement) in transformed(&log, "xapi") {
        statement["verb"]["id"] = "https://example.org/other".into();
        lrs.records().stored.insert(id, vec![statement]);
    }
    let run = send(&lrs.xapi(), &log).args(&["--dead-letters", "dead"]);
    let ended = run.run().with_code(5);
    ended.assert_stderr("no dead letters were written");
    assert_eq!(ended.files("dead"), [""; 0]);
}

/// Sends to a server that answers 503 to lookups, with three retries. Returns the number of lookups.
pub fn failed_lookups(lrs: &Lrs) -> usize {
    let ended = send(&lrs.xapi(), &lines(0..40))
        .args(&["--dead-letters", "dead", "--max-retries", "3"])
        .run()
        .with_code(5);
    ended.assert_stderr("answered 503");
    let records = lrs.records();
    let lookups = records.requests.iter().filter(|each| each.method == "GET");
    lookups.count()
}

#[test]
fn one_lookup_is_retried_if_lookups_fail() {
    assert_eq!(failed_lookups(&always_conflict(503)), 4);
}
