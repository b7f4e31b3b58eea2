//! Going on where earlier runs ended: grown, renamed and packed inputs.

use std::fs;

use serde_json::Value;

use crate::harness::{gzip, line};
use crate::lrs::{Lrs, Settings};
use crate::place::{Place, lines, run};

#[test]
fn what_is_delivered_is_not_delivered_again_whatever_it_is_called() {
    let place = Place::new();
    place.write("logs/tracking.log", lines(0..5));
    run(place.transform(), 0);
    assert_eq!(place.rows("out/tracking.log.xapi.jsonl").len(), 5);
    let said = run(place.transform(), 0);
    assert!(said.contains("0 lines"), "{said}");

    // Rotated, then packed, while a new log began.
    fs::rename(
        place.0.path().join("logs/tracking.log"),
        place.0.path().join("logs/tracking.log-1"),
    )
    .unwrap();
    run(place.transform(), 0);
    place.write("logs/tracking.log-1.gz", gzip(lines(0..5)));
    fs::remove_file(place.0.path().join("logs/tracking.log-1")).unwrap();
    place.write("logs/tracking.log", lines(5..8));
    run(place.transform(), 0);
    assert_eq!(
        place.files("out"),
        ["tracking.log.xapi.2.jsonl", "tracking.log.xapi.jsonl"]
    );
    assert_eq!(place.rows("out/tracking.log.xapi.2.jsonl").len(), 3);
    assert_eq!(place.output().len(), 8);
}

#[test]
fn a_log_that_has_grown_is_continued_in_a_numbered_file() {
    let place = Place::new();
    place.write("logs/a.log", lines(0..3) + "cut");
    let said = run(place.transform(), 0);
    assert!(said.contains("3 lines"), "{said}");
    // The line that was being written turns out to be none.
    place.append("logs/a.log", &(" off\n".to_owned() + &lines(3..5)));
    run(place.transform(), 0);
    place.append("logs/a.log", "\n \n");
    run(place.transform(), 0);
    place.append("logs/a.log", &lines(5..6));
    run(place.transform(), 0);
    assert_eq!(
        place.files("out"),
        [
            "a.log.xapi.2.jsonl",
            "a.log.xapi.3.jsonl",
            "a.log.xapi.jsonl"
        ]
    );
    assert_eq!(place.output().len(), 6);
    let rejects = place.rows("rejects");
    assert_eq!((rejects.len(), &rejects[0]["line"]), (1, &Value::from(4)));

    // Packed at last, with one more line that has no newline.
    place.append("logs/a.log", &lines(6..8));
    let whole = fs::read(place.0.path().join("logs/a.log")).unwrap();
    place.write("logs/a.log.gz", gzip(whole.trim_ascii_end()));
    fs::remove_file(place.0.path().join("logs/a.log")).unwrap();
    run(place.transform(), 0);
    assert_eq!(place.output().len(), 8);
}

#[test]
fn another_log_that_begins_alike_is_another() {
    let place = Place::new();
    place.write("logs/a.log", lines(0..50));
    run(place.transform(), 0);
    place.write("logs/b.log", lines(0..40) + &lines(60..70));
    run(place.transform(), 0);
    assert_eq!(place.rows("out/b.log.xapi.jsonl").len(), 50);
    // The same twice in one run is delivered once.
    place.write("logs/c.log", lines(100..110));
    place.write("logs/d.log.gz", gzip(lines(100..112)));
    run(place.transform(), 0);
    assert_eq!(place.rows("out/c.log.xapi.jsonl").len(), 10);
    assert_eq!(place.rows("out/c.log.xapi.2.jsonl").len(), 2);
}

#[test]
fn what_could_not_be_delivered_is_delivered_later_though_it_was_read_twice() {
    let place = Place::new();
    place.write("logs/a.log", lines(0..50));
    place.write("logs/b.log", lines(0..60));
    place.write("out/a.log.xapi.jsonl/in-the-way", "");
    let said = run(place.transform(), 6);
    assert!(
        said.contains("could not be delivered, so this one is left"),
        "{said}"
    );
    fs::remove_dir_all(place.0.path().join("out")).unwrap();
    run(place.transform(), 0);
    assert_eq!(place.output().len(), 60);
}

#[test]
fn a_log_that_comes_to_nothing_leaves_no_file_and_nothing_to_remember() {
    let place = Place::new();
    place.write("logs/empty.log", "");
    place.write("logs/begun.log", "{\"name\": ");
    place.write("logs/none.log", "no event\n");
    for _ in 0..3 {
        run(place.transform(), 0);
    }
    assert_eq!(place.files("out"), [""; 0]);
    assert_eq!(place.rows("rejects").len(), 1);
    place.append("logs/none.log", &line(1));
    run(place.transform(), 0);
    assert_eq!(place.files("out"), ["none.log.xapi.jsonl"]);
}

#[test]
fn a_document_is_delivered_whole_and_again_when_it_has_changed() {
    let place = Place::new();
    let document = line(1).replace(", ", ",\n");
    place.write("logs/d.json", &document[..60]);
    run(place.transform(), 0);
    place.write("logs/d.json", &document);
    run(place.transform(), 0);
    assert_eq!(place.files("out"), ["d.json"]);
    let first = fs::read(place.0.path().join("out/d.json")).unwrap();
    run(place.transform(), 0);
    place.write("logs/d.json", document.replace("000001", "000002"));
    run(place.transform(), 0);
    assert_eq!(place.files("out"), ["d.json"]);
    assert_ne!(fs::read(place.0.path().join("out/d.json")).unwrap(), first);
}

#[test]
fn later_files_are_packed_as_the_first_is() {
    let place = Place::new();
    place.write("logs/a.log", lines(0..3));
    run(place.transform(), 0);
    place.append("logs/a.log", &lines(3..5));
    let mut packed = place.transform();
    packed.args(["--compress", "gzip"]);
    run(packed, 0);
    assert_eq!(place.output().len(), 5);
}

#[test]
fn a_log_beside_its_packed_self_is_delivered_once() {
    let place = Place::new();
    place.write("logs/a.log", lines(0..9));
    place.write("logs/a.log.gz", gzip(lines(0..9)));
    place.write("logs/b.log", lines(20..22));
    place.write("logs/b.log.gz", gzip(lines(30..33)));
    run(place.transform(), 0);
    assert_eq!(
        place.files("out"),
        ["a.log.xapi.jsonl", "b.log.xapi.2.jsonl", "b.log.xapi.jsonl"]
    );
    assert_eq!(place.output().len(), 14);
}

#[test]
fn a_row_of_rejects_that_a_kill_cut_is_taken_away() {
    let place = Place::new();
    place.write("logs/a.log", "no event\n");
    place.write("rejects", "{\"file\":\"z\"}\n{\"file\":\"a.log\",\"li");
    run(place.transform(), 0);
    let rows = place.rows("rejects");
    assert_eq!(
        (rows.len(), &rows[1]["reason"]),
        (2, &Value::from("not-json"))
    );
}

#[test]
fn a_second_run_says_who_holds_the_state_and_leaves() {
    let place = Place::new();
    place.write("logs/a.log", lines(0..3));
    run(place.transform(), 0);
    let lock = fs::File::open(place.0.path().join("state/lock")).unwrap();
    lock.try_lock().unwrap();
    let said = run(place.transform(), 7);
    assert!(
        said.contains("the state directory `state` is in use by process "),
        "{said}"
    );
    lock.unlock().unwrap();
    run(place.transform(), 0);
}

#[test]
fn options_that_a_state_cannot_go_with_are_errors() {
    let place = Place::new();
    place.write("logs/a.log", lines(0..3));
    for arguments in [
        &["transform"][..],
        &["transform", "-o", "out", "-"],
        &["transform", "-o", "out", "--check"],
        &["transform", "-o", "out", "/dev/null"],
    ] {
        run(place.command(arguments), 2);
    }
    place.write("state/journal.jsonl", "x\n");
    let said = run(place.transform(), 6);
    assert!(
        said.contains("`state/journal.jsonl` is no state of event-router"),
        "{said}"
    );
}

#[cfg(unix)]
#[test]
fn only_the_owner_reads_the_state() {
    use std::os::unix::fs::PermissionsExt;
    let place = Place::new();
    place.write("logs/a.log", "no event\n");
    run(place.transform(), 0);
    for name in ["state/journal.jsonl", "state/lock", "rejects"] {
        let mode = fs::metadata(place.0.path().join(name))
            .unwrap()
            .permissions()
            .mode();
        assert_eq!(mode & 0o777, 0o600, "{name}");
    }
}

#[test]
fn what_is_passed_over_and_what_is_left_to_the_next_run_is_told() {
    let place = Place::new();
    place.write("logs/a.log", lines(0..5) + "half a li");
    let said = run(place.transform(), 0);
    assert!(
        said.contains("the last line of `logs/a.log` has no end yet"),
        "{said}"
    );
    assert!(!said.contains("passed over"), "{said}");
    place.append("logs/a.log", "ne\n");
    let said = run(place.transform(), 0);
    assert!(
        said.contains("5 delivered by earlier runs, and passed over"),
        "{said}"
    );
    assert!(said.contains("1 unparsable"), "{said}");
}

#[test]
fn a_dry_run_writes_no_rejects_that_the_run_which_delivers_would_write_again() {
    let place = Place::new();
    place.write("logs/a.log", "no event\n");
    let lrs = Lrs::start(Settings::default());
    let mut send = place.send(&lrs.xapi());
    send.arg("--dry-run");
    let said = run(send, 2);
    assert!(said.contains("leave `--rejects` out"), "{said}");
}

#[test]
fn duplicates_are_those_of_the_run_wherever_it_goes_on() {
    let place = Place::new();
    place.write("logs/a.log", lines(0..5));
    let dedupe = || {
        let mut transform = place.transform();
        transform.arg("--dedupe");
        transform
    };
    run(dedupe(), 0);
    // It overlaps with what this run reads of the other, and with what the earlier one has.
    place.append("logs/a.log", &lines(5..10));
    place.write("logs/b.log", lines(8..12) + &lines(3..5));
    let said = run(dedupe(), 0);
    assert!(said.contains("9 emitted"), "{said}");
    assert!(said.contains("2 duplicate"), "{said}");
    assert_eq!(place.rows("out/b.log.xapi.jsonl").len(), 4);
}

#[test]
fn a_copy_that_breaks_off_earlier_brings_nothing_that_is_known_to_be_delivered() {
    let place = Place::new();
    place.write("logs/a.log", lines(0..5));
    run(place.transform(), 0);
    place.append("logs/a.log", &lines(5..10));
    run(place.transform(), 0);
    // One as it was after the first run, and one from between the runs.
    place.write("logs/b.log", lines(0..5));
    place.write("logs/c.log.gz", gzip(lines(0..8)));
    let said = run(place.transform(), 0);
    assert!(said.contains("3 emitted"), "{said}");
    assert_eq!(
        place.files("out"),
        ["a.log.xapi.2.jsonl", "a.log.xapi.jsonl", "c.log.xapi.jsonl"]
    );
    assert_eq!(place.rows("out/c.log.xapi.jsonl").len(), 3);
    let said = run(place.transform(), 0);
    assert!(said.contains("0 emitted"), "{said}");
    // What the shorter ones are known by does not hold back what the longer one has yet to bring.
    place.append("logs/a.log", &lines(10..12));
    place.append("logs/b.log", "another line\n");
    let said = run(place.transform(), 0);
    assert!(
        said.contains("2 emitted") && said.contains("1 unparsable"),
        "{said}"
    );
    assert!(place.output().values().filter(|&&count| count > 1).count() == 3);
}

#[test]
fn a_copy_that_breaks_off_is_delivered_from_where_it_may_differ_in_the_same_run_and_later() {
    let place = Place::new();
    let text = lines(0..86_400);
    assert!(text.len() > 8 << 20);
    let cut = text[..6 << 20].rfind('\n').unwrap() + 1;
    place.write("logs/a.log", &text);
    place.write("logs/b.log", &text[..cut]);
    run(place.transform(), 0);
    let (a, b) = ("out/a.log.xapi.jsonl", "out/b.log.xapi.jsonl");
    assert_eq!(place.rows(a).len(), 86_400);
    let again = place.rows(b).len();
    assert!((1..10_000).contains(&again), "{again}");
    let cut = text[..5 << 20].rfind('\n').unwrap() + 1;
    place.write("logs/c.log", &text[..cut]);
    run(place.transform(), 0);
    let in_all = place.files("out").into_iter();
    let in_all: usize = in_all
        .map(|name| place.rows(&format!("out/{name}")).len())
        .sum();
    let later = in_all - 86_400 - again;
    assert!((1..10_000).contains(&later), "{later}");
}
