//! Servers that refuse everything, are away, or refuse many statements: the run stops before it writes dead letters for
//! what another run can deliver.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use serde_json::json;

use crate::harness::{ROOT_URL, Run, RunDirectory, line, lines, poisoned};
use crate::lrs::{Lrs, ServerFault, ServerSettings};
use crate::send::router;

/// A run that sends `log` with dead letters and a state.
fn send_to(format: &str, directory: &RunDirectory, url: &str) -> Run {
    let run = Run::new(&["send", "--to", format, "--lms-root-url", ROOT_URL]);
    let run = run.in_directory(directory).args(&["--url", url, "log"]);
    let run = run.args(&["--dead-letters", "dead", "--state", "state"]);
    run.args(&["--retry-delay", "0.001", "--report", "report.json"])
}

pub fn send(directory: &RunDirectory, url: &str) -> Run {
    send_to("xapi", directory, url)
}

pub fn with_log(log: &str) -> RunDirectory {
    let directory = RunDirectory::new();
    directory.write("log", log);
    directory
}

pub fn bad(count: u32) -> String {
    (0..count).map(poisoned).collect()
}

/// A server with a fault that can be repaired.
pub fn repairable(
    fault: impl Fn(usize) -> ServerFault + Send + Sync + 'static,
) -> (Lrs, Arc<AtomicBool>) {
    let is_well = Arc::new(AtomicBool::new(false));
    let well = Arc::clone(&is_well);
    let lrs = Lrs::with_faults(move |nth, _| match well.load(Ordering::Relaxed) {
        true => ServerFault::None,
        false => fault(nth),
    });
    (lrs, is_well)
}

/// A 400 whose text differs in its numbers.
fn refusal(nth: usize) -> ServerFault {
    let text = format!("<html><title>Please log in</title> request 6690e6c9-3ef0-{nth:04}</html>");
    ServerFault::Answer(400, "", text.leak())
}

#[test]
fn a_server_that_refuses_everything_stops_the_run_without_dead_letters() {
    for format in ["xapi", "caliper"] {
        for batch_size in ["500", "7", "1"] {
            let (lrs, is_well) = repairable(refusal);
            let url = match format {
                "xapi" => lrs.xapi(),
                _ => lrs.caliper(),
            };
            let directory = with_log(&lines(0..3000));
            let run = || send_to(format, &directory, &url);
            let ended = run().args(&["--batch-size", batch_size]).run().with_code(5);
            assert_eq!(ended.files("dead"), [""; 0]);
            let requests = lrs.request_count();
            // The first batches, twenty statements alone, and one statement of ten batches.
            assert!(requests <= 35, "{requests}");
            assert_eq!(ended.errors().len(), 1, "{}", ended.stderr);
            ended.assert_stderr("answered 400: <html><title>Please log in</title>");
            ended.assert_stderr("no dead letters were written");
            ended.assert_stderr("the first record not delivered is from line 1 of `log`");
            assert_eq!(router(&ended)["delivered"], 0);

            is_well.store(true, Ordering::Relaxed);
            assert_eq!(run().run().with_code(0).count("delivered"), 3000);
            assert_eq!(lrs.stored().len(), 3000);
        }
    }
}

#[test]
fn any_refusal_of_everything_stops_the_run() {
    const PARTIAL: &str = r#"{"ids": [], "errors": [{"index": 0, "reason": "no verb"}]}"#;
    for (fault, message) in [
        (ServerFault::Status(413), "answered 413"),
        (ServerFault::Status(422), "answered 422"),
        (ServerFault::Answer(400, "", PARTIAL), "no verb"),
        (ServerFault::Status(409), "answered 409"),
    ] {
        let lrs = Lrs::with_faults(move |_, method| match method {
            "POST" => fault.clone(),
            _ => ServerFault::None,
        });
        let run = send(&with_log(&lines(0..100)), &lrs.xapi()).args(&["--batch-size", "1"]);
        let ended = run.run().with_code(5);
        ended.assert_stderr(message);
        ended.assert_stderr("no dead letters were written");
        assert_eq!(ended.files("dead"), [""; 0]);
    }
}

#[test]
fn an_archive_may_begin_with_bad_statements() {
    for batch_size in ["500", "10", "5", "1"] {
        let lrs = Lrs::healthy();
        let directory = with_log(&(bad(25) + &lines(25..300)));
        let run = send(&directory, &lrs.xapi()).args(&["--batch-size", batch_size]);
        let ended = run.run().with_code(4);
        let letters = ended.dead_letters();
        assert_eq!(letters.len(), 25, "{batch_size}");
        assert!(letters.iter().all(|letter| letter["reason"] == "refused"));
        assert_eq!(lrs.stored().len(), 275);
        let router = router(&ended);
        assert_eq!(
            (
                &router["delivered"],
                &router["undeliverable"],
                &router["duplicates"]
            ),
            (&json!(275), &json!(25), &json!(0))
        );
    }
}

#[test]
fn a_bad_kind_of_events_does_not_stop_the_run_if_another_kind_is_accepted() {
    let mut log: Vec<String> = (0..120).map(poisoned).collect();
    log[59] = line(59).replace("play_video", "pause_video");
    let lrs = Lrs::healthy();
    let directory = with_log(&log.concat());
    let run = send(&directory, &lrs.xapi()).args(&["--batch-size", "10"]);
    let ended = run.run().with_code(4);
    assert_eq!(ended.dead_letters().len(), 119);
    assert_eq!(lrs.stored().len(), 1);
}

#[test]
fn a_few_refused_statements_are_dead_letters_though_nothing_is_accepted() {
    for batch_size in ["500", "3"] {
        let lrs = Lrs::healthy();
        let run = send(&with_log(&bad(19)), &lrs.xapi()).args(&["--batch-size", batch_size]);
        let ended = run.run().with_code(4);
        assert_eq!(ended.dead_letters().len(), 19);
        // Each statement is refused once.
        assert!(lrs.request_count() <= 19 * 2, "{}", lrs.request_count());
    }
}

#[test]
fn refusals_with_different_answers_do_not_stop_the_run() {
    let words =
        |nth: usize| nth.to_string().replace(|c: char| c.is_ascii_digit(), "x") + &"y".repeat(nth);
    let lrs = Lrs::with_faults(move |nth, _| match nth {
        0..60 => ServerFault::Answer(400, "", words(nth).leak()),
        _ => ServerFault::None,
    });
    let run = send(&with_log(&lines(0..80)), &lrs.xapi());
    let ended = run.args(&["--batch-size", "1"]).run().with_code(4);
    assert_eq!(ended.dead_letters().len(), 60);
    assert_eq!(lrs.stored().len(), 20);
}

#[test]
fn recover_tries_all_statements_that_were_refused_before() {
    let lrs = Lrs::healthy();
    let directory = with_log(&(lines(100..101) + &bad(40)));
    let ended = send(&directory, &lrs.xapi()).run().with_code(4);
    let recover = || {
        let recover = Run::new(&["recover", "--dead-letters", "dead"]);
        recover
            .in_directory(&directory)
            .args(&["--url", &lrs.xapi()])
    };
    let recovered = recover().run().with_code(4);
    assert_eq!(recovered.files("dead"), ended.files("dead"));
    // A server that refuses everything does not change the reason of other dead letters.
    let mut letter = ended.dead_letters()[0].clone();
    letter["reason"] = "unavailable".into();
    letter["items"] = (0..30).map(|_| letter["items"][0].clone()).collect();
    for nth in 0..30 {
        letter["items"][nth]["id"] = format!("00000000-0000-0000-0000-0000000000{nth:02}").into();
    }
    directory.write("dead/other.json", letter.to_string());
    recover().run().with_code(5);
    assert_eq!(directory.json("dead/other.json"), letter);
}

pub fn with_poison(status: u16) -> Lrs {
    Lrs::start(ServerSettings {
        poison: ("poison", status),
        ..ServerSettings::default()
    })
}

#[test]
fn a_statement_that_a_firewall_forbids_is_a_dead_letter() {
    for batch_size in ["500", "10", "1"] {
        let lrs = with_poison(403);
        let log = poisoned(1) + &lines(2..60) + &poisoned(60) + &lines(61..100);
        let run = send(&with_log(&log), &lrs.xapi()).args(&["--batch-size", batch_size]);
        let ended = run.run().with_code(4);
        let letters = ended.dead_letters();
        assert_eq!(letters.len(), 2, "{batch_size}");
        for letter in letters {
            assert_eq!(
                (&letter["reason"], &letter["status"]),
                (&json!("refused"), &json!(403))
            );
            assert_eq!(letter["items"].as_array().unwrap().len(), 1);
        }
        assert_eq!(lrs.stored().len(), 97);
    }
}

#[test]
fn the_last_statement_of_an_input_is_a_dead_letter_if_the_server_fails_because_of_it() {
    for status in [403, 500] {
        let lrs = with_poison(status);
        let run = send(&with_log(&(lines(0..19) + &poisoned(30))), &lrs.xapi());
        let ended = run.args(&["--max-retries", "0"]).run().with_code(4);
        assert_eq!(ended.dead_letters().len(), 1, "{status}");
        assert_eq!(lrs.stored().len(), 19);
    }
}

#[test]
fn small_batches_of_bad_statements_at_the_start_stop_the_run_with_the_remedy() {
    for status in [403, 500] {
        let lrs = with_poison(status);
        let directory = with_log(&(bad(3) + &lines(10..30)));
        let run = |batch_size| {
            let run = send(&directory, &lrs.xapi()).args(&["--batch-size", batch_size]);
            run.args(&["--connections", "1", "--max-retries", "0"])
        };
        for _ in 0..2 {
            let ended = run("1").run().with_code(5);
            ended.assert_stderr("use a larger `--batch-size`");
        }
        let ended = run("500").run().with_code(4);
        assert_eq!(ended.dead_letters().len(), 3);
        assert_eq!(lrs.stored().len(), 20);
    }
}

#[test]
fn small_batches_of_bad_statements_are_dead_letters_once_others_were_accepted() {
    for status in [403, 500] {
        let lrs = with_poison(status);
        let directory = with_log(&(lines(10..20) + &bad(5) + &lines(20..30)));
        let run = send(&directory, &lrs.xapi()).args(&["--batch-size", "1"]);
        let run = run.args(&["--connections", "1", "--max-retries", "0"]);
        let ended = run.run().with_code(4);
        assert_eq!(ended.dead_letters().len(), 5, "{status}");
        assert_eq!(lrs.stored().len(), 20);
    }
}

#[test]
fn a_server_that_forbids_everything_stops_the_run_after_few_requests() {
    for batch_size in ["500", "1"] {
        let lrs = Lrs::with_faults(|_, _| ServerFault::Status(403));
        let directory = with_log(&lines(0..1000));
        let run = send(&directory, &lrs.xapi()).args(&["--batch-size", batch_size]);
        let ended = run.args(&["--max-retries", "0"]).run().with_code(5);
        ended.assert_stderr("answered 403: as requested by the test");
        ended.assert_stderr("no credentials were given");
        assert_eq!(ended.files("dead"), [""; 0]);
        assert!(lrs.request_count() <= 30, "{}", lrs.request_count());
    }
}

#[test]
fn a_server_that_refuses_gzip_is_recognized() {
    for status in [400, 415, 422] {
        let lrs = Lrs::start(ServerSettings {
            gzip: Some((status, 0)),
            ..ServerSettings::default()
        });
        let directory = with_log(&(poisoned(0) + &lines(1..100)));
        let run = || send(&directory, &lrs.xapi());
        let ended = run().args(&["--compress-requests"]).run().with_code(5);
        ended.assert_stderr(&format!(
            "answered {status}: not JSON; the server refuses gzip bodies"
        ));
        ended.assert_stderr("leave `--compress-requests` out");
        assert_eq!(ended.files("dead"), [""; 0]);
        assert!(lrs.request_count() <= 6, "{}", lrs.request_count());
        let ended = run().run().with_code(4);
        assert_eq!(ended.dead_letters().len(), 1);
        assert_eq!(lrs.stored().len(), 99);
    }
    // The server reads small bodies, such as that of the first batch.
    for status in [400, 415] {
        let lrs = Lrs::start(ServerSettings {
            gzip: Some((status, 4000)),
            ..ServerSettings::default()
        });
        let large = line(11).replace("\"v\"", &format!("\"v{}\"", "v".repeat(4000)));
        let directory = with_log(&(lines(0..10) + &lines(20..25) + &large));
        let run = send(&directory, &lrs.xapi()).args(&["--batch-size", "5"]);
        let ended = run.args(&["--compress-requests"]).run().with_code(5);
        ended.assert_stderr("the server refuses gzip bodies");
        assert_eq!(ended.files("dead"), [""; 0]);
    }
    // If the same answer comes without compression, this is not tried again.
    let lrs = Lrs::with_faults(|nth, _| refusal(nth));
    let run = send(&with_log(&lines(0..1000)), &lrs.xapi());
    run.args(&["--compress-requests"]).run().with_code(5);
    assert!(lrs.request_count() <= 37, "{}", lrs.request_count());
    // A bad statement is no sign that the server refuses gzip.
    let lrs = Lrs::healthy();
    let directory = with_log(&(poisoned(0) + &lines(1..100)));
    let run = send(&directory, &lrs.xapi()).args(&["--compress-requests"]);
    run.run().with_code(4);
    assert_eq!(lrs.stored().len(), 99);
}

#[test]
fn a_flood_of_dead_letters_stops_the_run() {
    let log = |bad: u32| -> String {
        let pairs = (0..bad).map(|nth| line(2 * nth) + &poisoned(2 * nth + 1));
        pairs.collect()
    };
    let run = |log: &str, limit: &[&str]| {
        let lrs = Lrs::healthy();
        let run = send(&with_log(log), &lrs.xapi()).args(&["--connections", "1"]);
        run.args(limit).run()
    };
    let limit = ["--max-dead-letters", "9"];
    let ended = run(&log(50), &limit).with_code(5);
    assert_eq!(ended.dead_letters().len(), 9);
    ended.assert_stderr("answered 400: the request contains poison");
    ended.assert_stderr("more than 9 records would be in dead letters");
    let ended = run(&log(9), &limit).with_code(4);
    assert_eq!(ended.dead_letters().len(), 9);

    // By default, the limit is a thousand, if this is more than what the server has accepted.
    let ended = run(&(lines(2000..2010) + &bad(1010)), &[]).with_code(5);
    assert_eq!(ended.dead_letters().len(), 1000);
    ended.assert_stderr("`--max-dead-letters N` sets another limit");
}
