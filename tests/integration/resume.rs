//! Going on with inputs of odd ends: lines without a newline, copies, documents that change, a state that cannot be
//! written.
#![cfg(unix)]

use std::collections::BTreeSet;
use std::process::Command;

use serde_json::Value;

use crate::harness::{ROOT_URL, gzip, line};
use crate::lrs::{Fault, Lrs, Settings};
use crate::place::{Place, lines, run};

fn without_last_newline(text: String) -> String {
    text.trim_end().to_owned()
}

#[test]
fn a_last_line_without_a_newline_is_not_taken_for_delivered_before_it_is() {
    let place = Place::new();
    place.write("logs/a.log.gz", gzip(without_last_newline(lines(0..8))));
    place.write("logs/b.json", without_last_newline(lines(8..9)));
    // The first request is answered, later ones are not until the server is well again.
    let lrs = Lrs::start(Settings {
        fault: Box::new(|nth, _| match nth {
            1 => Fault::Status(403),
            _ => Fault::None,
        }),
        ..Settings::default()
    });
    let send = || {
        let mut send = place.send(&lrs.xapi());
        send.args(["--connections", "1"]);
        send
    };
    run(send(), 5);
    assert_eq!(lrs.stored().len(), 7);
    run(send(), 0);
    assert_eq!(lrs.stored().len(), 9);
    let requests = lrs.records().requests.len();
    run(send(), 0);
    assert_eq!(lrs.records().requests.len(), requests);
}

#[test]
fn a_line_that_was_cut_is_delivered_when_it_is_whole() {
    let whole = lines(0..6);
    let cut = whole.match_indices('\n').nth(2).unwrap().0 + 100;
    for command in ["transform", "send"] {
        let place = Place::new();
        let lrs = Lrs::start(Settings::default());
        let run_it = || {
            run(
                match command {
                    "transform" => place.transform(),
                    _ => place.send(&lrs.xapi()),
                },
                0,
            )
        };
        place.write("logs/a.log.gz", gzip(&whole[..cut]));
        let said = run_it();
        assert!(
            said.contains("3 emitted") && said.contains("1 unparsable"),
            "{said}"
        );
        // That it is there already is known, as long as nothing follows.
        let said = run_it();
        assert!(
            said.contains("0 emitted") && said.contains("0 unparsable"),
            "{said}"
        );
        place.write("logs/b.log", &whole);
        let said = run_it();
        assert!(
            said.contains("3 emitted") && said.contains("0 unparsable"),
            "{said}"
        );
        let said = run_it();
        assert!(said.contains("0 emitted"), "{said}");
    }
}

#[test]
fn a_log_that_ended_before_a_half_line_is_known() {
    let place = Place::new();
    place.write("logs/a.log", lines(0..3) + "half a li");
    run(place.transform(), 0);
    place.write("logs/b.log", lines(0..3));
    let said = run(place.transform(), 0);
    assert!(said.contains("0 emitted"), "{said}");
}

fn document(text: &str) -> String {
    let line = without_last_newline(lines(1..2));
    line.replace(
        "{\"name\"",
        &format!("{{\n \"note\": \"{text}\",\n \"name\""),
    )
}

#[test]
fn a_document_that_was_half_copied_is_delivered_when_it_is_whole_however_it_ends() {
    let place = Place::new();
    let whole = document(&"x".repeat(6000));
    for text in [
        whole[..5000].to_owned(),
        whole.clone() + "\n",
        whole.clone(),
    ] {
        place.write("logs/d.json", text);
        run(place.transform(), 0);
    }
    let said = run(place.transform(), 0);
    assert!(said.contains("1 delivered by earlier runs"), "{said}");
    place.write("logs/e.json", whole + " ");
    run(place.transform(), 0);
    assert_eq!(place.files("out"), ["d.json", "e.json"]);
}

fn night(place: &Place, threads: &str) {
    let command = place.command(&["transform", "-o", "out", "--threads", threads]);
    run(command, 0);
}

#[test]
fn what_a_document_held_is_delivered_of_a_log_though_the_document_changes() {
    for threads in ["1", "8"] {
        let place = Place::new();
        let night = || night(&place, threads);
        place.write("logs/x.json", line(1));
        night();
        place.write("logs/x.json", line(2));
        place.write("logs/a.log", line(1));
        place.write("logs/z.log", line(1) + &line(3));
        night();
        // It becomes a log, and a document again.
        place.write("logs/x.json", line(2) + &line(4));
        night();
        place.write("logs/x.json", line(5));
        night();
        // What goes on with a log is numbered after it.
        let logs = [
            "a.log.xapi.2.jsonl",
            "a.log.xapi.jsonl",
            "x.json.xapi.jsonl",
        ];
        assert_eq!(place.files("out"), [logs[0], logs[1], "x.json", logs[2]]);
        let rows = logs.map(|log| place.rows(&format!("out/{log}")).len());
        assert_eq!(rows, [1, 1, 2]);
    }
}

#[test]
fn a_document_that_is_renamed_is_written_under_its_new_name_whatever_takes_the_old_one() {
    for (renamed, threads) in [("a", "1"), ("a", "8"), ("y", "1"), ("y", "8")] {
        let place = Place::new();
        let night = || night(&place, threads);
        place.write("logs/x.json", line(1));
        night();
        // The larger it is, the later it ends.
        place.write("logs/x.json", line(2) + &" ".repeat(4 << 20));
        place.write(&format!("logs/{renamed}.json"), line(1));
        night();
        let time = |name: &str| {
            let path = place.0.path().join(format!("out/{name}.json"));
            let statement: Value = serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap();
            statement["timestamp"].clone()
        };
        assert_eq!(time(renamed), "2024-03-05T09:00:00.000001+00:00");
        assert_eq!(time("x"), "2024-03-05T09:00:00.000002+00:00");
    }
}

#[test]
fn a_log_is_delivered_once_beside_a_packed_copy_that_breaks_off_within_a_line() {
    for threads in ["1", "8"] {
        let place = Place::new();
        let text = lines(0..20_000);
        let cut = text.len() - 1000;
        place.write("logs/a.log.gz", gzip(&text[..cut]));
        place.write("logs/b.log", &text);
        night(&place, threads);
        let counts = place.output();
        assert_eq!(counts.len(), 20_000);
        assert!(counts.values().all(|&count| count == 1));
    }
}

#[test]
fn a_document_that_is_changed_back_is_delivered_again() {
    let place = Place::new();
    let delivered = |text: &str| {
        place.write("logs/d.json", text);
        run(place.transform(), 0);
        let json = std::fs::read(place.0.path().join("out/d.json")).unwrap();
        serde_json::from_slice::<Value>(&json).unwrap()
    };
    let (one, other) = (lines(1..2), lines(2..3));
    let first = delivered(&one);
    assert_ne!(delivered(&other), first);
    assert_eq!(delivered(&one), first);
    assert_eq!(delivered(&one), first);
}

/// Routers of which one is ahead of the other.
fn routers(place: &Place, one: &Lrs, other: &Lrs, both: bool) -> Command {
    let router = |lrs: &Lrs, enabled: bool| {
        format!(
            r#"{{"backend_name": "xAPI", "route_url": "{}", "enabled": {enabled}, "auth_scheme": null, "configurations": {{}}}}"#,
            lrs.xapi()
        )
    };
    let json = format!("[{}, {}]", router(one, true), router(other, both));
    place.write("routers.json", json);
    let mut command = Command::new(env!("CARGO_BIN_EXE_event-router"));
    command
        .current_dir(place.0.path())
        .args(["send", "--to", "xapi", "--lms-root-url", ROOT_URL])
        .args(["--routers", "routers.json", "--state", "state", "logs"]);
    command
}

#[test]
fn a_copy_is_delivered_once_to_routers_of_which_one_is_ahead() {
    let place = Place::new();
    let [one, other] = [(); 2].map(|()| Lrs::start(Settings::default()));
    place.write("logs/a.log", lines(0..60));
    run(routers(&place, &one, &other, true), 0);
    place.append("logs/a.log", &lines(60..100));
    run(routers(&place, &one, &other, false), 0);
    std::fs::remove_file(place.0.path().join("logs/a.log")).unwrap();
    place.write("logs/b.log", lines(0..80));
    run(routers(&place, &one, &other, true), 0);
    assert_eq!((one.stored().len(), other.stored().len()), (100, 80));
    let requests = || [&one, &other].map(|lrs| lrs.records().requests.len());
    let before = requests();
    run(routers(&place, &one, &other, true), 0);
    assert_eq!(requests(), before);
}

#[test]
fn a_log_that_another_begins_with_is_not_delivered_again() {
    let place = Place::new();
    place.write("logs/a.log", lines(0..30));
    place.write("logs/b.log", lines(0..60));
    let lrs = Lrs::start(Settings::default());
    let send = || {
        let mut send = place.command(&["send", "--url", &lrs.xapi()]);
        send.args(["--batch-size", "500"]);
        send
    };
    run(send(), 0);
    assert_eq!(lrs.stored().len(), 60);
    let requests = lrs.records().requests.len();
    run(send(), 0);
    assert_eq!(lrs.records().requests.len(), requests);
}

/// On a disk on which no file may have more bytes than this.
fn limited(command: &Command, bytes: u64) -> Command {
    let mut limited = Command::new("sh");
    let script = format!(
        "trap '' XFSZ; ulimit -f {}; exec \"$0\" \"$@\"",
        bytes / 512
    );
    limited
        .args(["-c", &script])
        .arg(command.get_program())
        .args(command.get_args());
    limited.current_dir(command.get_current_dir().unwrap());
    limited
}

fn rejected(place: &Place) -> BTreeSet<String> {
    let rows = place.rows("rejects");
    let rows = rows
        .iter()
        .map(|row| format!("{}:{}", row["file"], row["line"]));
    rows.collect()
}

#[test]
fn wherever_the_disk_gets_full_the_next_run_completes_outputs_and_rejects() {
    let mut failed = 0;
    for bytes in (1024..=8192).step_by(512) {
        let place = Place::new();
        for nth in 0..8 {
            place.write(
                &format!("logs/{nth}.log"),
                lines(nth..nth + 1) + &"no event\n".repeat(3),
            );
        }
        let first = limited(&place.transform(), bytes).output().unwrap();
        failed += u32::from(first.status.code() == Some(6));
        run(place.transform(), 0);
        assert_eq!(place.output().len(), 8, "{bytes}");
        assert!(place.output().values().all(|&count| count == 1), "{bytes}");
        assert_eq!(rejected(&place).len(), 24, "{bytes}");
    }
    assert!(failed > 5, "{failed}");
}

#[test]
fn rejects_that_cannot_be_written_while_sending_are_written_by_the_next_run() {
    let place = Place::new();
    // Several batches, so that the first is delivered.
    let part = |from| lines(from..from + 7000) + &"no event\n".repeat(40);
    assert!(part(0).len() > 1 << 20);
    place.write("logs/a.log", part(0) + &part(7000));
    let lrs = Lrs::start(Settings::default());
    let send = || {
        let mut send = place.command(&["send", "--url", &lrs.xapi()]);
        send.args(["--rejects", "rejects", "--batch-size", "5000"]);
        send
    };
    let first = limited(&send(), 6144).output().unwrap();
    let said = String::from_utf8(first.stderr).unwrap();
    assert_eq!(first.status.code(), Some(6), "{said}");
    assert!(said.contains("failed to write"), "{said}");
    run(send(), 0);
    assert_eq!(lrs.stored().len(), 14_000);
    assert_eq!(rejected(&place).len(), 80);
}

#[test]
fn a_state_that_cannot_be_written_ends_the_run_and_is_told_as_what_it_is() {
    let place = Place::new();
    for nth in 0..20 {
        place.write(&format!("logs/{nth:02}.log"), lines(nth..nth + 1));
    }
    let full = limited(&place.transform(), 2048).output().unwrap();
    let said = String::from_utf8(full.stderr).unwrap();
    assert_eq!(full.status.code(), Some(6), "{said}");
    assert!(
        said.contains("failed to write the state `state/journal.jsonl`: File too large"),
        "{said}"
    );
    assert!(
        !said.contains("failed to open") && !said.contains(".part"),
        "{said}"
    );
    assert!(said.matches("error:").count() <= 3, "{said}");
    run(place.transform(), 0);
    assert_eq!(place.output().len(), 20);
}
