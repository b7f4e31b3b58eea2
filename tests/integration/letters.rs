//! Dead letters: in which requests `recover` sends them.

use serde_json::{Value, json};

use crate::harness::{Ended, Run, line, lines, poisoned};
use crate::lrs::{Lrs, ServerSettings};
use crate::recover::{recover, send, unavailable};
use crate::send::router;

/// A server that accepts everything.
fn mended() -> Lrs {
    Lrs::start(ServerSettings {
        poison: ("nothing", 400),
        ..ServerSettings::default()
    })
}

fn poisoned_lines(seconds: std::ops::Range<u32>) -> String {
    seconds.map(poisoned).collect()
}

/// Sends to a server that refuses `count` statements, each of which becomes a dead letter.
fn refused(count: u32, url: &str) -> Ended {
    let log = lines(0..3) + &poisoned_lines(100..100 + count);
    let ended = send("xapi", url, &log).run().with_code(4);
    assert_eq!(ended.files("dead").len(), count as usize);
    ended
}

fn recover_elsewhere(ended: &Ended, from: &str, to: &Lrs) -> Run {
    recover(ended, &to.xapi()).args(&["--router-url", from])
}

#[test]
fn many_dead_letters_are_sent_in_few_requests() {
    let (lrs, other) = (Lrs::healthy(), mended());
    let ended = refused(60, &lrs.xapi());
    let recovered = recover_elsewhere(&ended, &lrs.xapi(), &other)
        .args(&["--batch-size", "25"])
        .run()
        .with_code(0);
    assert_eq!(recovered.files("dead"), [""; 0]);
    assert_eq!(other.stored().len(), 60);
    assert_eq!(other.request_count(), 3);
    assert_eq!(router(&recovered)["delivered"], 60);
}

#[test]
fn the_dead_letters_of_a_batch_stay_or_go_each_by_itself() {
    let lrs = Lrs::healthy();
    let log = lines(0..3) + &poisoned(7);
    let ended = send("xapi", &lrs.xapi(), &log).run().with_code(4);
    let [name] = <[String; 1]>::try_from(ended.files("dead")).unwrap();
    let mut letter: Value = serde_json::from_slice(&ended.read(&format!("dead/{name}"))).unwrap();
    let mut run = recover(&ended, &lrs.xapi());
    for second in 20..30 {
        let payload = Run::transform()
            .args(&["-"])
            .stdin(line(second))
            .run()
            .rows();
        letter["items"][0]["id"] = payload[0]["id"].clone();
        letter["items"][0]["payload"] = payload[0].clone();
        run = run.file(&format!("dead/{second}.json"), letter.to_string());
    }
    let recovered = run.run().with_code(4);
    assert_eq!(recovered.files("dead"), [name]);
    assert_eq!(lrs.stored().len(), 13);
}

#[test]
fn a_dead_letter_beyond_the_batch_size_is_sent_in_several_requests() {
    let lrs = Lrs::healthy();
    let ended = unavailable("xapi", &lrs.xapi(), &lines(0..40), 40);
    let recovered = recover(&ended, &lrs.xapi())
        .args(&["--batch-size", "15"])
        .run()
        .with_code(0);
    assert_eq!(recovered.files("dead"), [""; 0]);
    assert_eq!(router(&recovered)["requests"], 3);
}

#[test]
fn dead_letters_with_the_same_statement_are_not_in_one_request() {
    let (lrs, other) = (Lrs::healthy(), mended());
    let ended = refused(1, &lrs.xapi());
    let name = format!("dead/{}", ended.files("dead")[0]);
    let recovered = recover_elsewhere(&ended, &lrs.xapi(), &other)
        .file("dead/copy.json", ended.read(&name))
        .run()
        .with_code(0);
    assert_eq!(recovered.files("dead"), [""; 0]);
    assert_eq!(other.stored().len(), 1);
    assert_eq!(router(&recovered)["duplicates"], 1);
}

#[test]
fn dead_letters_with_different_envelopes_or_reasons_are_in_different_requests() {
    let lrs = Lrs::healthy();
    let sensor = |name: &str, log: &str| {
        let log = line(0) + log;
        let run = send("caliper", &lrs.caliper(), &log).args(&["--sensor", name]);
        run.run().with_code(4)
    };
    let ended = sensor("https://a.example", &poisoned_lines(1..4));
    let other = sensor("https://b.example", &poisoned_lines(11..14));
    let mended = mended();
    let mut run = recover(&ended, &mended.caliper()).args(&["--router-url", &lrs.caliper()]);
    for (nth, name) in other.files("dead").iter().enumerate() {
        let mut letter: Value =
            serde_json::from_slice(&other.read(&format!("dead/{name}"))).unwrap();
        if nth == 0 {
            letter["reason"] = json!("too-large");
        }
        run = run.file(&format!("dead/{name}"), letter.to_string());
    }
    let recovered = run.run().with_code(0);
    assert_eq!(recovered.files("dead"), [""; 0]);
    assert_eq!(mended.stored().len(), 6);
    let records = mended.records();
    let mut sizes: Vec<(Value, usize)> = records
        .requests
        .iter()
        .map(|request| {
            let body: Value = serde_json::from_slice(&request.body).unwrap();
            let count = body["data"].as_array().unwrap().len();
            (body["sensor"].clone(), count)
        })
        .collect();
    sizes.sort_by_key(|(sensor, count)| (sensor.to_string(), *count));
    let [a, b] = ["https://a.example", "https://b.example"].map(Value::from);
    assert_eq!(sizes, [(a, 3), (b.clone(), 1), (b, 2)]);
}
