//! The positions that messages and files name for events that do not begin with their line.

use serde_json::json;

use crate::harness::{Ended, ROOT_URL, Run, line, poisoned};
use crate::lrs::{Lrs, ServerFault, id_of};
use crate::recover::{recover, send};
use crate::send::router;

fn event(second: u32) -> String {
    line(second).trim_end().to_owned()
}

/// Sends a log in batches of one record.
fn sent(lrs: &Lrs, log: &str, code: i32) -> Ended {
    let arguments = ["--batch-size", "1", "--connections", "1"];
    let run = send("xapi", &lrs.xapi(), log).args(&arguments);
    run.args(&["--report", "report.json"]).run().with_code(code)
}

fn byte_after(text: &str) -> u64 {
    text.len() as u64 + 1
}

#[test]
fn dead_letters_name_the_byte_of_an_event_within_its_line() {
    let lrs = Lrs::healthy();
    let (before, bad) = ([0, 1, 2].map(event).concat(), poisoned(3));
    let log = format!("{before}{bad}");
    let ended = sent(&lrs, &log, 4);
    let byte = byte_after(&before);
    let letter = ended.only_dead_letter("refused");
    assert_eq!(letter["items"][0]["byte"], byte);
    let first = &router(&ended)["dead_letter_groups"][0]["first"];
    assert_eq!(*first, json!([{"file": "log", "line": 1, "byte": byte}]));
    let listing = Run::new(&["dead-letters", "dead"]).in_directory(&ended.directory);
    let listing = String::from_utf8(listing.run().stdout).unwrap();
    assert!(listing.contains(&format!("from log:1:{byte}")), "{listing}");
    // A dead letter that is refused again keeps the position.
    let again = recover(&ended, &lrs.xapi()).run().with_code(4);
    let letter = again.only_dead_letter("refused");
    assert_eq!(letter["items"][0]["byte"], byte);
}

#[test]
fn a_dead_letter_from_a_rejects_file_names_the_byte_in_the_log() {
    let lrs = Lrs::healthy();
    let row = |line: u64, byte: u64, raw: &str| {
        let mut row = json!({"file": "old.log", "line": line, "reason": "unknown-user", "detail": "", "raw": raw});
        if byte > 1 {
            row["byte"] = json!(byte);
        }
        format!("{row}\n")
    };
    // The second row has two events. The second of them begins in the line after that of the row.
    let both = format!("{}\n{}", event(1), poisoned(2).trim_end());
    let good = (1..8).map(|line| row(line, 1, &event(10 + line as u32)));
    let bad = [
        row(8, 742, poisoned(0).trim_end()),
        row(9, 1, &both),
        row(10, 1, &event(3)),
    ];
    let log = good.collect::<String>() + &bad.concat();
    let ended = sent(&lrs, &log, 4);
    let mut items: Vec<_> = ended
        .dead_letters()
        .iter()
        .map(|letter| {
            let item = &letter["items"][0];
            (
                item["file"].clone(),
                item["line"].as_u64(),
                item["byte"].as_u64(),
            )
        })
        .collect();
    items.sort_by_key(|(_, line, _)| *line);
    let file = json!("old.log");
    assert_eq!(
        items,
        [(file.clone(), Some(8), Some(742)), (file, Some(10), None)]
    );
}

#[test]
fn verify_names_the_byte_of_an_event_within_its_line() {
    let log = format!("{}{}", event(0), line(1));
    let lrs = Lrs::healthy();
    sent(&lrs, &line(0), 0);
    let run = Run::new(&["verify", "--to", "xapi", "--lms-root-url", ROOT_URL]);
    let url = lrs.xapi();
    let run = run.args(&["--url", &url, "--report", "report.json", "log"]);
    let ended = run.file("log", &log).run().with_code(1);
    let byte = byte_after(&event(0));
    let id = Run::transform().args(&["-"]).stdin(line(1)).run().rows();
    let id = id_of(&id[0]);
    let error = format!("log:1:{byte}: the statement {id} is missing at `{url}`");
    assert_eq!(ended.errors(), [error]);
    let differing = json!([{"file": "log", "line": 1, "byte": byte, "id": id, "held": "missing"}]);
    assert_eq!(router(&ended)["differing"], differing);
}

#[test]
fn a_stopped_run_names_the_byte_of_the_first_event_that_is_not_delivered() {
    let lrs = Lrs::with_faults(|nth, _| match nth {
        0 => ServerFault::None,
        _ => ServerFault::Status(401),
    });
    let ended = sent(&lrs, &format!("{}{}{}", event(0), event(1), line(2)), 5);
    ended.assert_stderr(&format!(
        "the first record not delivered is from byte {} of line 1 of `log`",
        byte_after(&event(0))
    ));
}

#[test]
fn collisions_and_lost_records_name_their_byte() {
    let other = event(0).replace("\"id\": \"v\"", "\"id\": \"w\"");
    let log = format!("{}{other}\n", event(0));
    let run = Run::transform().file("a.log", log);
    let arguments = [
        "--dedupe",
        "--on-collision",
        "reject",
        "--rejects",
        "r",
        "a.log",
    ];
    let ended = run.args(&arguments).run().with_code(0);
    let byte = byte_after(&event(0));
    ended.assert_stderr(&format!(
        "warning: a.log:1:{byte} and a.log:1 have the same id"
    ));
    assert_eq!(ended.json_lines("r")[0]["byte"], byte);

    let cut = &event(3)[..event(3).len() - 1];
    let log = format!("{}{cut}\n", event(0)).repeat(200);
    let run = Run::transform().file("a.log", log).args(&["a.log"]);
    let ended = run.run().with_code(0);
    ended.assert_stderr(&format!("200 of 400 lines of `a.log` were not read because they are cut off: in byte {byte} of line 1, "));
}
