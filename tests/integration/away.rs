//! Servers that are away: the run stops before it writes dead letters for what another run can deliver.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use crate::breaker::{bad, repairable, send, with_log};
use crate::harness::{Run, lines};
use crate::lrs::{Lrs, ServerFault, ServerSettings};
use crate::send::router;

#[test]
fn a_server_that_is_away_stops_the_run_after_three_batches_without_dead_letters() {
    for fault in [
        ServerFault::CloseBeforeStoring,
        ServerFault::Status(503),
        ServerFault::Status(429),
        ServerFault::RetryAfter(503, "0".to_owned()),
    ] {
        // From the start, and after some batches.
        for delivered in [0, 5] {
            let of_later = fault.clone();
            let (lrs, is_well) = repairable(move |nth| match nth < delivered {
                true => ServerFault::None,
                false => of_later.clone(),
            });
            let directory = with_log(&lines(0..300));
            let run = || {
                let run = send(&directory, &lrs.xapi()).args(&["--batch-size", "10"]);
                run.args(&["--connections", "1", "--max-retries", "1"])
            };
            let ended = run().run().with_code(5);
            assert_eq!(ended.files("dead"), [""; 0]);
            let state = match (delivered, &fault) {
                (0, ServerFault::CloseBeforeStoring) => {
                    "nothing was delivered: check the host and the port, or run again when the server is back; no dead letters were written;"
                }
                (0, _) => {
                    "nothing was delivered: run again when the server is back; no dead letters were written;"
                }
                _ => {
                    "the server has accepted nothing since: run again when it is back; no dead letters were written for the last batches;"
                }
            };
            ended.assert_stderr(&format!("3 batches failed after all retries, and {state}"));
            assert_eq!(router(&ended)["delivered"], 10 * delivered);
            let is_halved = matches!(
                fault,
                ServerFault::Status(503) | ServerFault::CloseBeforeStoring
            );
            if !is_halved {
                // The rest of a batch is not tried.
                assert_eq!(lrs.request_count(), delivered + 6, "{fault:?}");
            }
            let first = format!("from line {} of `log`", 10 * delivered + 1);
            ended.assert_stderr(&first);

            is_well.store(true, Ordering::Relaxed);
            let ended = run().run().with_code(0);
            assert_eq!(ended.files("dead"), [""; 0]);
            assert_eq!(lrs.stored().len(), 300);
        }
    }
}

#[test]
fn the_rest_of_a_batch_is_no_dead_letter_if_the_server_goes_away() {
    for fault in [
        ServerFault::CloseBeforeStoring,
        ServerFault::Status(500),
        ServerFault::Status(403),
    ] {
        // A single statement, and a batch that is halved until its statements are alone.
        for rest in [1, 10] {
            let of_rest = fault.clone();
            let is_well = Arc::new(AtomicBool::new(false));
            let well = Arc::clone(&is_well);
            let lrs = Lrs::start(ServerSettings {
                fault: Box::new(move |nth, _| match nth {
                    // The first body is too large. Its half is accepted.
                    0 => ServerFault::Status(413),
                    2.. if !well.load(Ordering::Relaxed) => of_rest.clone(),
                    _ => ServerFault::None,
                }),
                check: fault.clone(),
                ..ServerSettings::default()
            });
            let directory = with_log(&lines(0..2 * rest));
            let run = || send(&directory, &lrs.xapi()).args(&["--max-retries", "1"]);
            let ended = run().run().with_code(5);
            assert_eq!(ended.files("dead"), [""; 0], "{fault:?}");
            assert_eq!(lrs.stored().len(), rest as usize);
            ended.assert_stderr(&format!("from line {} of `log`", rest + 1));
            is_well.store(true, Ordering::Relaxed);
            run().run().with_code(0);
            assert_eq!(lrs.stored().len(), 2 * rest as usize);
        }
    }
}

#[test]
fn batches_that_fail_are_sent_again_once_a_later_batch_is_accepted() {
    let lrs = Lrs::with_faults(|nth, _| match nth {
        // Two batches, each with a retry, and again two.
        1..=4 | 6..=9 => ServerFault::CloseBeforeStoring,
        _ => ServerFault::None,
    });
    let directory = with_log(&lines(0..100));
    let run = || {
        let run = send(&directory, &lrs.xapi()).args(&["--batch-size", "10"]);
        run.args(&["--connections", "1", "--max-retries", "1"])
    };
    run().run().with_code(0);
    assert_eq!(lrs.stored().len(), 100);
    // Nothing is left for the next run.
    let requests = lrs.request_count();
    run().run().with_code(0);
    assert_eq!(lrs.request_count(), requests);
}

#[test]
fn a_server_that_goes_away_before_the_last_batch_leaves_no_dead_letter() {
    let (lrs, is_well) = repairable(|nth| match nth {
        0 => ServerFault::None,
        _ => ServerFault::CloseBeforeStoring,
    });
    let directory = with_log(&lines(0..20));
    let run = || {
        let run = send(&directory, &lrs.xapi()).args(&["--batch-size", "10"]);
        run.args(&["--max-retries", "0"])
    };
    let ended = run().run().with_code(5);
    assert_eq!(ended.files("dead"), [""; 0]);
    ended.assert_stderr("1 batch failed after all retries");
    is_well.store(true, Ordering::Relaxed);
    run().run().with_code(0);
    assert_eq!(lrs.stored().len(), 20);
}

#[test]
fn recover_keeps_the_dead_letters_of_a_server_that_is_still_away() {
    let settings = ServerSettings {
        poison: ("poison", 500),
        ..ServerSettings::default()
    };
    let outage = Arc::clone(&settings.outage);
    let lrs = Lrs::start(settings);
    let directory = with_log(&(lines(10..30) + &bad(3)));
    let run = send(&directory, &lrs.xapi()).args(&["--batch-size", "10"]);
    let run = run.args(&["--connections", "1", "--max-retries", "1"]);
    let ended = run.run().with_code(4);
    *outage.lock().unwrap() = Some(ServerFault::CloseBeforeStoring);
    let recover = Run::new(&["recover", "--dead-letters", "dead", "--max-retries", "0"]);
    let recover = recover
        .in_directory(&directory)
        .args(&["--url", &lrs.xapi()]);
    let recovered = recover.run().with_code(5);
    assert_eq!(recovered.files("dead"), ended.files("dead"));
    assert_eq!(recovered.dead_letters(), ended.dead_letters());
}
