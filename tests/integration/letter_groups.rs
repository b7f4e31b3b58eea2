//! Dead letters that a person settles: `dead-letters`, the groups in summaries and reports, `recover --reason` and
//! `recover --discard`.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use serde_json::{Value, json};

use crate::gateway::{Gateway, Rules};
use crate::harness::{Ended, Run, line, lines, poisoned};
use crate::lrs::{Lrs, ServerFault};
use crate::recover::{recover, send};
use crate::send::router;

/// Sends three good statements and `poisoned_lines`, in batches of one.
fn sent(lrs: &Lrs, poisoned_lines: &str) -> Ended {
    let log = lines(0..3) + poisoned_lines;
    send("xapi", &lrs.xapi(), &log)
        .args(&[
            "--batch-size",
            "1",
            "--connections",
            "1",
            "--report",
            "report.json",
        ])
        .run()
        .with_code(4)
}

/// A server whose answer to each poisoned statement names another statement.
fn talking() -> Lrs {
    const ANSWERS: [&str; 4] = [
        "statements.0.context.contextActivities.grouping.0.id: must be a valid IRI",
        "statements.7.context.contextActivities.grouping.12.id: must be a valid IRI",
        "the actor 'mailto:ada@example.org' is not known",
        "statements.3.context.contextActivities.grouping.1.id: must be a valid IRI",
    ];
    Lrs::with_faults(|nth, _| match nth.checked_sub(3) {
        Some(nth) => ServerFault::Answer(400, "", ANSWERS[nth % 4]),
        None => ServerFault::None,
    })
}

/// `dead-letters` in the directory of an earlier run.
fn listed(ended: &Ended, arguments: &[&str]) -> Ended {
    let run = Run::new(&["dead-letters", "dead"]).in_directory(&ended.directory);
    run.args(arguments).run()
}

#[test]
fn equal_dead_letters_are_counted_once_as_in_the_directory() {
    let lrs = Lrs::healthy();
    let log = poisoned(7) + &line(8) + &poisoned(7) + &poisoned(9);
    let ended = sent(&lrs, &log);
    assert_eq!(ended.files("dead").len(), 2);
    assert_eq!(router(&ended)["undeliverable"], 3);
    assert_eq!(router(&ended)["dead_letters"], 2);
    ended.assert_stderr("refused 3, in 2 dead letters");
    ended.assert_stderr("kept in 2 dead letters");
}

#[test]
fn summary_report_and_listing_show_dead_letters_by_answer() {
    let lrs = talking();
    let ended = sent(&lrs, &(10..14).map(poisoned).collect::<String>());
    let [iri, actor] = [
        "statements.*.context.contextActivities.grouping.*.id: must be a valid IRI",
        "the actor * is not known",
    ];
    let groups = router(&ended)["dead_letter_groups"].clone();
    assert_eq!(groups.as_array().unwrap().len(), 2);
    for (group, answer, count) in [(&groups[0], iri, 3), (&groups[1], actor, 1)] {
        assert_eq!(group["answer"], answer);
        assert_eq!(
            (&group["reason"], &group["status"]),
            (&json!("refused"), &json!(400))
        );
        assert_eq!(
            (&group["letters"], &group["records"]),
            (&json!(count), &json!(count))
        );
        let first = group["first"].as_array().unwrap();
        assert_eq!(first.len(), count);
        assert_eq!(first[0]["file"], "log");
        let position = format!("log:{}", first[0]["line"]);
        ended.assert_stderr(&format!(
            "{count} × refused, 400: {answer}; from {position}"
        ));
        let text = String::from_utf8(listed(&ended, &[]).with_code(0).stdout).unwrap();
        let row = format!("{count} × 400: {answer}; from {position}");
        assert!(text.contains(&row), "{text}");
    }
    let text = String::from_utf8(listed(&ended, &[]).stdout).unwrap();
    let url = lrs.xapi();
    for command in [
        format!("event-router recover --dead-letters dead --url {url} --reason refused "),
        "event-router recover --dead-letters dead --discard refused ".to_owned(),
    ] {
        assert!(text.contains(&command), "{text}");
    }
    let json: Value = serde_json::from_slice(&listed(&ended, &["--json"]).stdout).unwrap();
    assert_eq!((&json["letters"], &json["records"]), (&json!(4), &json!(4)));
    assert_eq!(json["groups"][0]["router"], url);
    assert_eq!(json["groups"][0]["answer"], iri);
}

#[test]
fn the_summary_shows_ten_groups_and_counts_the_others() {
    let lrs = Lrs::with_faults(|nth, _| match nth.checked_sub(3) {
        Some(nth) => {
            let answer = "x".repeat(nth + 1);
            ServerFault::Answer(400, "", answer.leak())
        }
        None => ServerFault::None,
    });
    let ended = sent(&lrs, &(10..23).map(poisoned).collect::<String>());
    let groups = router(&ended)["dead_letter_groups"].clone();
    assert_eq!(groups.as_array().unwrap().len(), 10);
    assert_eq!(router(&ended)["more_dead_letter_groups"], 3);
    assert_eq!(ended.stderr.matches(" × refused, 400: x").count(), 10);
    ended.assert_stderr("3 in 3 more groups");
    let text = String::from_utf8(listed(&ended, &[]).stdout).unwrap();
    assert_eq!(text.matches(" × 400: x").count(), 13);
}

#[test]
fn the_listing_is_for_monitoring_too() {
    let lrs = Lrs::healthy();
    let ended = sent(&lrs, &poisoned(7));
    listed(&ended, &[]).with_code(0);
    listed(&ended, &["--exit-code"]).with_code(4);
    ended.directory.write("dead/1.json", "{\"version\": 1}");
    let damaged = listed(&ended, &[]).with_code(3);
    damaged.assert_error("`dead/1.json` is not a dead letter");
    assert!(
        String::from_utf8(damaged.stdout)
            .unwrap()
            .contains("1 × 400")
    );

    let empty = Run::new(&["dead-letters"]).env("EVENT_ROUTER_DEAD_LETTERS", ".");
    let empty = empty.args(&["--exit-code"]).run().with_code(0);
    assert_eq!(empty.stdout, b"`.` holds no dead letters\n");
    let none = Run::new(&["dead-letters", "--json", "."])
        .run()
        .with_code(0);
    let none: Value = serde_json::from_slice(&none.stdout).unwrap();
    assert_eq!(none["letters"], 0);
    Run::new(&["dead-letters", "nowhere"]).run().with_code(2);
}

/// A run that leaves a refused and an unavailable dead letter. The server, behind the gateway, takes the unavailable
/// statement after the run.
fn of_two_reasons() -> (Lrs, Gateway, Ended) {
    let lrs = Lrs::healthy();
    let is_over = Arc::new(AtomicBool::new(false));
    let ends = Arc::clone(&is_over);
    let rules = Rules {
        answer: Box::new(move |body, forward| {
            let is_third = String::from_utf8_lossy(body).contains("00.000002");
            match is_third && !ends.load(Ordering::Relaxed) {
                true => b"HTTP/1.1 500 No\r\nContent-Length: 0\r\n\r\n".to_vec(),
                false => forward(),
            }
        }),
        ..Rules::default()
    };
    let gateway = Gateway::start(&lrs.xapi(), rules, None);
    let log = lines(0..3) + &line(5) + &poisoned(7);
    let run = send("xapi", &gateway.xapi(), &log);
    let run = run.args(&["--batch-size", "1", "--connections", "1"]);
    let ended = run.args(&["--max-retries", "0"]).run().with_code(4);
    assert_eq!(ended.files("dead").len(), 2);
    is_over.store(true, Ordering::Relaxed);
    (lrs, gateway, ended)
}

#[test]
fn a_reason_chooses_the_dead_letters_that_are_sent() {
    let (lrs, gateway, ended) = of_two_reasons();
    let recovered = recover(&ended, &gateway.xapi())
        .args(&["--reason", "unavailable"])
        .run()
        .with_code(0);
    recovered.only_dead_letter("refused");
    assert_eq!(lrs.stored().len(), 4);
    let mistyped = recover(&ended, &gateway.xapi()).args(&["--reason", "refusd"]);
    mistyped
        .run()
        .with_code(2)
        .assert_stderr("must be one of refused, too-large");
    let both = ["--reason", "refused", "--discard", "refused"];
    recover(&ended, &gateway.xapi())
        .args(&both)
        .run()
        .with_code(2);
}

#[test]
fn discarded_dead_letters_are_kept_in_a_file_and_can_be_brought_back() {
    let (lrs, gateway, ended) = of_two_reasons();
    let before = lrs.request_count();
    let discard = |arguments: &[&str]| {
        Run::new(&["recover", "--dead-letters", "dead", "--discard", "refused"])
            .in_directory(&ended.directory)
            .args(arguments)
            .run()
            .with_code(0)
    };
    discard(&["--dry-run"]).assert_stderr("1 dead letter would be moved");
    discard(&["--router-url", "https://other.example"]).assert_stderr("0 dead letters moved");
    discard(&["--url", "https://other.example"]).assert_stderr("0 dead letters moved");
    let url = gateway.xapi();
    let chosen = discard(&["--dry-run", "--url", &url, "--report", "report.json"]);
    chosen.assert_stderr("1 dead letter would be moved");
    let report = ended.directory.json("report.json");
    assert_eq!(
        (&report["command"], &report["routers"]),
        (&json!("recover"), &json!([]))
    );
    assert_eq!(ended.files("dead").len(), 2);
    let name = ended
        .files("dead")
        .into_iter()
        .find(|name| ended.directory.json(&format!("dead/{name}"))["reason"] == "refused");
    let name = format!("dead/{}", name.unwrap());
    let letter = ended.directory.json(&name);
    // A run was killed while it wrote the file, and a person has formatted the dead letter.
    ended
        .directory
        .write("dead/discarded.jsonl", "{\"version\":");
    ended
        .directory
        .write(&name, serde_json::to_string_pretty(&letter).unwrap());
    discard(&[]).assert_stderr(
        "1 dead letter moved to `dead/discarded.jsonl`, with 1 undeliverable record",
    );
    assert_eq!(lrs.request_count(), before);
    assert_eq!(ended.files("dead").len(), 2);
    let text = String::from_utf8(ended.read("dead/discarded.jsonl")).unwrap();
    let (killed, line) = text.split_once('\n').unwrap();
    assert_eq!(killed, "{\"version\":");
    assert_eq!(serde_json::from_str::<Value>(line).unwrap(), letter);
    assert_eq!(line.matches('\n').count(), 1);

    ended.directory.write("dead/again.json", line);
    listed(&ended, &[]).with_code(0);
    let recovered = recover(&ended, &gateway.xapi()).run().with_code(4);
    let left = recovered.files("dead");
    assert!(
        left.len() == 2 && !left.contains(&"again.json".to_owned()),
        "{left:?}"
    );
}

#[cfg(unix)]
#[test]
fn discarded_dead_letters_are_readable_by_their_owner_only() {
    let ended = sent(&Lrs::healthy(), &poisoned(7));
    let run = Run::new(&["recover", "--dead-letters", "dead"]).in_directory(&ended.directory);
    run.args(&["--discard", "refused,conflict"])
        .run()
        .with_code(0);
    assert_eq!(ended.files("dead"), ["discarded.jsonl"]);
    assert_eq!(ended.directory.mode("dead/discarded.jsonl"), 0o600);
}
