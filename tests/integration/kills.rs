//! Runs that are killed at any moment and repeated.

use std::collections::BTreeMap;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::harness::gzip;
use crate::lrs::{Lrs, Settings};
use crate::place::{Place, lines, run, signal};

/// A run that is killed at random moments, by one signal or the other, until it has ended by itself or was killed so
/// often.
fn kill_and_repeat(kills: u32, start: impl Fn() -> Command) {
    let mut random = 0x2545_f491_4f6c_dd1d_u64;
    let mut next = move |below: u64| {
        random ^= random << 13;
        random ^= random >> 7;
        random ^= random << 17;
        random % below
    };
    let mut longest = 60;
    for _ in 0..kills {
        let mut child = start().stderr(Stdio::null()).spawn().unwrap();
        let started = Instant::now();
        std::thread::sleep(Duration::from_micros(next(longest * 1000)));
        signal(&child, if next(4) == 0 { "TERM" } else { "KILL" });
        let status = child.wait().unwrap();
        // So that moments near the end are met too, and most runs are killed.
        if status.success() {
            longest = (started.elapsed().as_millis() as u64).max(20);
        }
    }
    let mut last = start();
    let ended = last.stderr(Stdio::piped()).output().unwrap();
    assert!(
        ended.status.success(),
        "{}",
        String::from_utf8_lossy(&ended.stderr)
    );
}

/// Logs of many kinds, of which one has a line that comes to nothing.
fn write_logs(place: &Place) {
    for nth in 0..40 {
        let log = lines(nth * 1000..nth * 1000 + 150 + nth) + "no event\n";
        if nth % 3 == 0 {
            place.write(&format!("logs/{nth:02}.log.gz"), gzip(log));
        } else {
            place.write(&format!("logs/{nth:02}.log"), log);
        }
    }
}

#[test]
fn a_transform_that_is_killed_anywhere_and_repeated_writes_all_of_it_once() {
    let [undisturbed, killed] = [(); 2].map(|()| Place::new());
    write_logs(&undisturbed);
    write_logs(&killed);
    run(undisturbed.transform(), 0);
    kill_and_repeat(100, || killed.transform());
    let (expected, output) = (undisturbed.output(), killed.output());
    assert!(expected.values().all(|&count| count == 1));
    assert_eq!(output.len(), expected.len());
    assert!(output == expected);
    let rejected = |place: &Place| -> std::collections::BTreeSet<String> {
        let rows = place.rows("rejects");
        rows.iter()
            .map(|row| format!("{}:{}", row["file"], row["line"]))
            .collect()
    };
    assert_eq!(rejected(&killed), rejected(&undisturbed));
}

#[test]
fn a_send_that_is_killed_anywhere_and_repeated_stores_all_of_it_once() {
    let place = Place::new();
    write_logs(&place);
    let lrs = Lrs::start(Settings::default());
    kill_and_repeat(100, || place.send(&lrs.xapi()));
    let plain = Place::new();
    write_logs(&plain);
    run(plain.transform(), 0);
    let expected: BTreeMap<String, Value> = plain
        .files("out")
        .iter()
        .flat_map(|name| plain.rows(&format!("out/{name}")))
        .map(|row| (row["id"].as_str().unwrap().to_owned(), row))
        .collect();
    assert!(lrs.stored() == expected);
    assert_eq!(place.files("dead"), [""; 0]);
}
