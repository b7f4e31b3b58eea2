//! Inputs that are read at a time: what comes of them is what comes of them one after the other.

use std::collections::BTreeMap;
use std::fs;

use crate::harness::gzip;
use crate::place::{Place, lines, run};

/// The files in `out`, by name.
fn output(place: &Place) -> BTreeMap<String, Vec<u8>> {
    let read = |name: &String| fs::read(place.0.path().join("out").join(name)).unwrap();
    let names = place.files("out").into_iter();
    names.map(|name| (name.clone(), read(&name))).collect()
}

/// Two nights of logs of which many begin alike. Gives the output, all of which is to be there once.
fn two_nights(options: &[&str]) -> BTreeMap<String, Vec<u8>> {
    let place = Place::new();
    let transform = || place.command(&[&["transform", "-o", "out"], options].concat());
    let common = lines(0..2000);
    let rotated = lines(6000..8000);
    place.write("logs/a-copy.log.gz", gzip(&common));
    place.write("logs/a.log", &common);
    place.write("logs/b.log", common.clone() + &lines(2000..3000));
    place.write("logs/c.log", common + &lines(3000..4000));
    place.write("logs/d.log", lines(4000..6000));
    place.write("logs/d.log.gz", gzip(lines(4000..6000)));
    place.write("logs/t.log", &rotated);
    run(transform(), 0);
    // It was rotated, and the old one has still got some lines.
    place.write("logs/t.log", lines(8000..9000));
    place.write("logs/t.log-1", rotated + &lines(9000..9010));
    run(transform(), 0);
    let counts = place.output();
    assert_eq!(counts.len(), 9010);
    assert!(counts.values().all(|&count| count == 1));
    output(&place)
}

#[test]
fn inputs_that_hold_the_same_are_delivered_once_however_many_are_read_at_a_time() {
    let one_by_one = two_nights(&["--threads", "1"]);
    assert!(one_by_one.contains_key("t.log.xapi.3.jsonl"));
    let side_by_side = ["--threads", "4"];
    assert!(two_nights(&side_by_side) == one_by_one);
    // Rejects keep the order of the inputs.
    let in_order = ["--threads", "4", "--rejects", "rejects"];
    assert!(two_nights(&in_order) == one_by_one);
}
