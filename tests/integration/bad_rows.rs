//! Rows of bad statements to which a server answers as if it were away: they become dead letters, and the run goes on.

use serde_json::Value;

use crate::breaker::{bad, send, with_log, with_poison};
use crate::harness::{Ended, lines, poisoned};
use crate::lrs::{Lrs, ServerFault, ServerSettings};
use crate::recover::recover;

/// Returns the number of statements in dead letters.
fn undelivered(ended: &Ended) -> usize {
    let letters = ended.dead_letters();
    let items = letters
        .iter()
        .map(|letter| letter["items"].as_array().unwrap());
    items.map(Vec::len).sum()
}

#[test]
fn a_row_of_bad_statements_is_left_out_wherever_it_is() {
    for status in [403, 500] {
        for start in [0, 100, 185, 270] {
            let lrs = with_poison(status);
            let log: String = (0..300)
                .map(|nth| match nth >= start && nth < start + 30 {
                    true => poisoned(nth),
                    false => lines(nth..nth + 1),
                })
                .collect();
            let run = send(&with_log(&log), &lrs.xapi()).args(&["--batch-size", "200"]);
            let ended = run.args(&["--max-retries", "0"]).run().with_code(4);
            assert_eq!(undelivered(&ended), 30, "{status} {start}");
            assert_eq!(lrs.stored().len(), 270);
            let reason = match status {
                403 => "refused",
                _ => "unavailable",
            };
            let is_reason = |letter: &Value| letter["reason"] == reason;
            assert!(ended.dead_letters().iter().all(is_reason));

            let run = recover(&ended, &lrs.xapi()).args(&["--max-retries", "0"]);
            // All statements of the dead letters are bad.
            let ended = run.run().with_code(5);
            assert_eq!((lrs.stored().len(), undelivered(&ended)), (270, 30));
        }
    }
}

#[test]
fn recover_delivers_the_good_statements_after_a_row_of_forbidden_ones() {
    let refusing = with_poison(400);
    let log = lines(30..40) + &bad(30);
    let ended = send(&with_log(&log), &refusing.xapi()).run().with_code(4);
    assert_eq!(undelivered(&ended), 30);
    // The firewall forbids all but two.
    let lrs = with_poison(403);
    let mut run = recover(&ended, &lrs.xapi()).args(&["--max-retries", "0"]);
    run = run.args(&["--router-url", &refusing.xapi()]);
    for name in ended.files("dead") {
        let name = format!("dead/{name}");
        let letter: Value = serde_json::from_slice(&ended.read(&name)).unwrap();
        if [17, 30]
            .map(Some)
            .contains(&letter["items"][0]["line"].as_u64())
        {
            run = run.file(&name, letter.to_string().replace("poison", "v"));
        }
    }
    let ended = run.run().with_code(4);
    assert_eq!((lrs.stored().len(), undelivered(&ended)), (2, 28));
}

#[test]
fn a_last_batch_of_bad_statements_is_a_dead_letter_if_the_server_is_well() {
    for status in [403, 500] {
        for check in [404, 200, 503, 403] {
            for count in [1, 3] {
                let lrs = Lrs::start(ServerSettings {
                    poison: ("poison", status),
                    check: ServerFault::Status(check),
                    ..ServerSettings::default()
                });
                let directory = with_log(&(lines(10..20) + &bad(count)));
                let run = send(&directory, &lrs.xapi()).args(&["--batch-size", "10"]);
                let ended = run
                    .args(&["--max-retries", "0", "--connections", "1"])
                    .run()
                    .with_code(4);
                assert_eq!(undelivered(&ended), count as usize, "{status} {check}");
                assert_eq!(lrs.stored().len(), 10);
            }
        }
        // The server does not take other statements either.
        let lrs = Lrs::with_faults(move |nth, _| match nth {
            0 => ServerFault::None,
            _ => ServerFault::Status(status),
        });
        let run = send(&with_log(&lines(10..21)), &lrs.xapi()).args(&["--batch-size", "10"]);
        let ended = run.args(&["--max-retries", "0"]).run().with_code(5);
        assert_eq!((lrs.stored().len(), undelivered(&ended)), (10, 0));
        // The statement is sent once, and a known statement once more.
        assert_eq!(lrs.request_count(), 3);
        if status == 403 {
            ended.assert_stderr("perhaps a firewall forbids these");
            assert!(!ended.stderr.contains("no credentials"));
        }
        // The server has accepted nothing in this run.
        let lrs = with_poison(status);
        let run = send(&with_log(&bad(1)), &lrs.xapi()).args(&["--max-retries", "0"]);
        let ended = run.run().with_code(5);
        ended.assert_stderr("if it answers so to these records only (a firewall");
        assert_eq!(undelivered(&ended), 0);
    }
}
