//! Runs of a timer on a growing log: an outage leaves no dead letter, a bad statement leaves one, and everything else is
//! delivered.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use serde_json::json;

use crate::harness::{RunDirectory, line, poisoned};
use crate::lrs::{Lrs, ServerFault, ServerSettings};
use crate::timer::State::{Denied, Down, Nameless, Up};
use crate::timer::{Minute, Timer, check};

/// The log and the server, minute by minute.
const SCENARIOS: [(&str, &[Minute]); 10] = [
    ("in the only batch", &[("ggpgg", Up), ("g", Up)]),
    ("first of many", &[("pggggggggggggg", Up)]),
    ("last of many", &[("gggggggggggggggp", Up)]),
    (
        "alone in a quiet minute, and again",
        &[("gg", Up), ("p", Up), ("p", Up), ("", Up), ("ggg", Up)],
    ),
    (
        "nothing but bad statements at first",
        &[("p", Up), ("p", Up), ("p", Up), ("g", Up), ("g", Up)],
    ),
    ("two in a batch", &[("gpggggpg", Up)]),
    ("two neighbours", &[("ggggppgg", Up)]),
    ("at both ends", &[("pgggggp", Up), ("g", Up)]),
    (
        "written during an outage",
        &[
            ("gg", Up),
            ("ggpg", Down),
            ("gg", Down),
            ("", Down),
            ("g", Up),
        ],
    ),
    (
        "alone before an outage",
        &[("p", Up), ("gg", Down), ("gg", Down), ("", Up), ("g", Up)],
    ),
];

#[test]
fn a_bad_statement_leaves_one_dead_letter_and_an_outage_none() {
    const PAGE: &str = "<html><title>Bad Gateway</title></html>";
    let page = ServerFault::Answer(502, "Content-Type: text/html\r\n", PAGE);
    let [failure, away] = [500, 503].map(ServerFault::Status);
    let closed = ServerFault::CloseBeforeStoring;
    for (format, options, poison, outage) in [
        ("xapi", &[] as &[&str], &failure, &away),
        ("caliper", &[], &page, &failure),
        ("xapi", &["--batch-size", "4"], &failure, &closed),
        ("caliper", &["--connections", "1"], &closed, &page),
        (
            "xapi",
            &[],
            &closed,
            &ServerFault::RetryAfter(503, "0".to_owned()),
        ),
    ] {
        for scenario in &SCENARIOS {
            let settings = ServerSettings {
                poison_fault: poison.clone(),
                ..ServerSettings::default()
            };
            check(scenario, Timer::new(format, options, settings), outage);
        }
    }
}

#[test]
fn a_statement_that_is_not_answered_in_time_is_found_among_others() {
    // The limit is long enough for good statements on a slow machine. The scenarios wait at the same time.
    std::thread::scope(|scope| {
        for options in [
            &["--read-timeout", "1"] as &[&str],
            &["--read-timeout", "1", "--connections", "1"],
        ] {
            for (name, minutes) in [
                ("after good ones", [("ggggppgg", Up), ("g", Up)]),
                ("before good ones", [("p", Up), ("pgg", Up)]),
                ("last", [("ggggggp", Up), ("g", Up)]),
            ] {
                scope.spawn(move || {
                    let settings = ServerSettings {
                        poison_fault: ServerFault::Silence,
                        ..ServerSettings::default()
                    };
                    let timer = Timer::new("xapi", options, settings);
                    check(&(name, &minutes), timer, &ServerFault::None);
                });
            }
        }
    });
}

/// A refusal is no outage: the statement is a dead letter at once, in the same run.
#[test]
fn a_refused_statement_is_a_dead_letter_in_the_same_run() {
    for status in [400, 403, 413] {
        let settings = ServerSettings {
            poison: ("poison", status),
            ..ServerSettings::default()
        };
        let mut timer = Timer::new("xapi", &[], settings);
        for lines in ["gggpg", "gpgg"] {
            timer.write(lines);
            timer.run().with_code(4);
            assert!(timer.is_done(), "{status}");
        }
    }
}

#[test]
fn an_outage_in_the_middle_of_a_run_leaves_no_dead_letters_of_good_statements() {
    for status in [503, 500] {
        for (log, options) in [
            ("ggggpggggg", &[] as &[&str]),
            ("gggggggggp", &["--batch-size", "4"]),
            ("pggggggggg", &["--batch-size", "1"]),
        ] {
            for (from, length) in [(0usize, 5usize), (2, 3), (5, 8), (8, 5), (9, usize::MAX)] {
                let requests = from..from.saturating_add(length);
                let is_over = Arc::new(AtomicBool::new(false));
                let ends = Arc::clone(&is_over);
                let settings = ServerSettings {
                    poison_fault: ServerFault::Status(500),
                    fault: Box::new(move |nth, _| match ends.load(Ordering::Relaxed) {
                        false if requests.contains(&nth) => ServerFault::Status(status),
                        _ => ServerFault::None,
                    }),
                    ..ServerSettings::default()
                };
                let mut timer = Timer::new("xapi", options, settings);
                timer.write(log);
                let mut stderr = String::new();
                for _ in 0..3 {
                    stderr += &timer.run().stderr;
                    assert!(
                        timer.has_true_letters(),
                        "{status} {from} {length}: {stderr}"
                    );
                    timer.write("g");
                }
                assert!(
                    timer.lrs.request_count() < 200,
                    "{status} {from} {length}: {stderr}"
                );
                is_over.store(true, Ordering::Relaxed);
                for _ in 0..2 {
                    timer.write("g");
                    stderr += &timer.run().stderr;
                }
                assert!(timer.is_done(), "{status} {from} {length}: {stderr}");
            }
        }
    }
}

/// The server fails because of the bad statements, which are many, most, or the last ones.
#[test]
fn each_of_many_bad_statements_is_one_dead_letter() {
    let many = ["g".repeat(20), "p".repeat(150)].concat();
    let at_the_end = ["g".repeat(20), "p".repeat(99)].concat();
    let most = "gpppp".repeat(60);
    for (log, status) in [(&many, 500), (&at_the_end, 503), (&most, 500), (&many, 403)] {
        let settings = ServerSettings {
            poison: ("poison", status),
            ..ServerSettings::default()
        };
        let mut timer = Timer::new("xapi", &[], settings);
        timer.write(log);
        let ended = timer.run().with_code(4);
        assert!(timer.is_done(), "{status}: {}", ended.stderr);
        let requests = timer.lrs.request_count();
        assert!(requests <= timer.bad * 25, "{requests}");
    }
}

/// Most requests fail, whatever the statements are. With one connection, the order of the requests is always the same.
#[test]
fn an_overloaded_server_leaves_no_dead_letter_of_a_good_statement() {
    for served in [4, 8, 16] {
        let is_over = Arc::new(AtomicBool::new(false));
        let ends = Arc::clone(&is_over);
        let settings = ServerSettings {
            poison: ("poison", 500),
            fault: Box::new(move |nth, _| {
                match nth % served == 0 || ends.load(Ordering::Relaxed) {
                    true => ServerFault::None,
                    false => ServerFault::Status(503),
                }
            }),
            ..ServerSettings::default()
        };
        let mut timer = Timer::new(
            "xapi",
            &["--batch-size", "50", "--connections", "1"],
            settings,
        );
        timer.write(&["g".repeat(70), "p".to_owned(), "g".repeat(80)].concat());
        let mut stderr = String::new();
        for _ in 0..3 {
            stderr += &timer.run().stderr;
            assert!(timer.has_true_letters(), "{served}: {stderr}");
        }
        is_over.store(true, Ordering::Relaxed);
        stderr += &timer.run().stderr;
        assert!(timer.is_done(), "{served}: {stderr}");
    }
}

/// The server answers 500 and 503 in turns to some of the requests, in an order that often fits a bad statement: known
/// statements are taken, and the statement is not.
#[test]
fn a_server_that_fails_now_and_then_leaves_no_dead_letter_of_a_good_statement() {
    for (pattern, options) in [
        (
            "-+",
            &["--connections", "1", "--batch-size", "1"] as &[&str],
        ),
        ("-++", &["--connections", "1"]),
        ("-++-+-", &["--connections", "1", "--batch-size", "1"]),
        ("-+-++", &["--connections", "1", "--batch-size", "1"]),
        ("-+-++", &["--batch-size", "2"]),
    ] {
        let is_over = Arc::new(AtomicBool::new(false));
        let ends = Arc::clone(&is_over);
        let settings = ServerSettings {
            poison: ("poison", 500),
            fault: Box::new(move |nth, _| {
                let fails = pattern.as_bytes()[nth % pattern.len()] == b'-';
                match fails && !ends.load(Ordering::Relaxed) {
                    true => ServerFault::Status(if nth / 2 % 2 == 0 { 500 } else { 503 }),
                    false => ServerFault::None,
                }
            }),
            ..ServerSettings::default()
        };
        let mut timer = Timer::new("xapi", options, settings);
        timer.max_retries = "0";
        let mut stderr = String::new();
        for lines in ["ggggggggggg", "ggpgg", "g"] {
            timer.write(lines);
            stderr += &timer.run().stderr;
            assert!(timer.has_true_letters(), "{pattern} {options:?}: {stderr}");
        }
        is_over.store(true, Ordering::Relaxed);
        for _ in 0..2 {
            timer.write("g");
            stderr += &timer.run().stderr;
        }
        assert!(timer.is_done(), "{pattern} {options:?}: {stderr}");
    }
}

/// During the outage, a bad statement is written, and the server is also away in other ways.
#[test]
fn another_failure_in_the_middle_of_an_outage_keeps_the_position_and_leaves_no_dead_letter() {
    for (format, between) in [
        ("xapi", Denied),
        ("xapi", Nameless),
        ("caliper", Denied),
        ("caliper", Nameless),
    ] {
        let minutes = [
            ("gg", Up),
            ("gpg", Down),
            ("g", between),
            ("", Down),
            ("g", between),
            ("g", Up),
            ("", Up),
        ];
        // The first failure may also begin the outage.
        for minutes in [&minutes[..], &minutes[2..]] {
            let settings = ServerSettings {
                poison_fault: ServerFault::Status(500),
                ..ServerSettings::default()
            };
            let mut timer = Timer::new(format, &[], settings);
            timer.is_proxy = true;
            let scenario = ("another failure", minutes);
            check(&scenario, timer, &ServerFault::Status(503));
        }
    }
}

/// A run a minute. Few lines and no retries keep the test short.
#[test]
fn six_hours_of_503_leave_no_dead_letter_and_a_bad_statement_leaves_one() {
    const MINUTES: usize = 6 * 60;

    let settings = ServerSettings {
        poison_fault: ServerFault::Status(500),
        ..ServerSettings::default()
    };
    let mut timer = Timer::new("xapi", &[], settings);
    timer.max_retries = "0";
    timer.write("gg");
    timer.run().with_code(0);
    timer.set(Down, &ServerFault::Status(503));
    for minute in 0..MINUTES {
        timer.write(match minute {
            100 => "p",
            _ if minute % 40 == 0 => "g",
            _ => "",
        });
        let before = timer.lrs.request_count();
        let ended = timer.run().with_code(5);
        assert_eq!(ended.files("dead"), [""; 0]);
        let requests = timer.lrs.request_count() - before;
        assert!(requests <= 30, "{requests}");
    }
    timer.set(Up, &ServerFault::None);
    timer.run().with_code(4);
    assert!(timer.is_done());
}

#[test]
fn an_outage_of_one_router_does_not_concern_the_other() {
    let failing = || ServerSettings {
        poison: ("poison", 500),
        ..ServerSettings::default()
    };
    let settings = failing();
    let outage = Arc::clone(&settings.outage);
    let lrss = [Lrs::start(failing()), Lrs::start(settings)];
    let directory = RunDirectory::new();
    let routers = lrss.each_ref();
    let routers = routers.map(|lrs| json!({"backend_name": "xAPI", "route_url": lrs.xapi()}));
    directory.write("routers.json", json!(routers).to_string());
    let mut log = String::new();
    for (lines, state, code, letters) in [
        (line(0) + &line(1), Up, 0, 0),
        (line(2) + &poisoned(3) + &line(4), Down, 5, 1),
        (line(5), Down, 5, 1),
        (line(6), Up, 4, 2),
    ] {
        log += &lines;
        directory.write("logs/a.log", &log);
        *outage.lock().unwrap() = (state == Down).then_some(ServerFault::Status(503));
        let run = directory.run_with_state(&["send", "--routers", "routers.json"]);
        let run = run.args(&["--dead-letters", "dead", "--retry-delay", "0.001"]);
        let ended = run.args(&["--max-retries", "1"]).run().with_code(code);
        assert_eq!(ended.files("dead").len(), letters, "{}", ended.stderr);
    }
    for lrs in &lrss {
        assert_eq!(lrs.stored().len(), 6);
    }
}
