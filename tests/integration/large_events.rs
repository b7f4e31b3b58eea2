//! Events of which more comes than of any in a real log.

use std::fs;
use std::io::Read;
use std::ops::Range;
use std::time::{Duration, Instant};

use flate2::read::MultiGzDecoder;
use serde_json::json;

use crate::harness::{Run, line};
use crate::place::{Place, run, signal};

/// A line that becomes a statement for each question and one of the whole problem, each with the problem's id. More fields
/// stand in its data.
fn problem(questions: u32, id: &str, more_data: &str) -> String {
    let questions: Vec<String> = (0..questions)
        .map(|nth| format!("\"q{nth}\": {{}}"))
        .collect();
    format!(
        "{{\"name\": \"problem_check\", \"username\": \"ada\", \"context\": {{\"course_id\": \"course-v1:a+b+c\"}}, \
         \"referer\": \"r\", \"event\": {{{more_data}\"problem_id\": \"{id}@x\", \"submission\": {{{}}}}}}}\n",
        questions.join(", ")
    )
}

/// Lines that all differ, and of each of which come 4 MB.
fn large(lines: Range<usize>) -> String {
    lines
        .map(|nth| problem(100, &format!("{nth:020000}"), ""))
        .collect()
}

#[test]
fn a_problem_of_many_questions_takes_no_longer_than_its_size() {
    // What is looked for in the data is behind all of these.
    let fields: String = (0..100_000).map(|nth| format!("\"f{nth}\": 0, ")).collect();
    let wide = problem(
        10_000,
        "p",
        &(fields + "\"attempts\": 1, \"answers\": {}, "),
    );
    let ended = Run::explain()
        .stdin(wide + &problem(10_001, "p", ""))
        .args(&["-"])
        .run()
        .with_code(0);
    let rows = ended.rows();
    assert_eq!(rows[0]["out"].as_array().unwrap().len(), 10_001);
    assert_eq!(rows[1]["reason"], "not-representable");
}

#[test]
fn an_event_that_would_fill_memory_is_rejected() {
    let ended = Run::transform()
        .args(&["-"])
        .stdin(problem(1000, &"p".repeat(40_000), "") + &line(1))
        .run()
        .with_code(0);
    assert_eq!(ended.rows().len(), 1);
    assert!(
        ended.stderr.contains("not-representable 1"),
        "{}",
        ended.stderr
    );
}

#[test]
fn what_much_comes_of_is_delivered_in_parts_that_are_all_of_it() {
    const LINES: usize = 7;
    let (in_one, apart) = (Place::new(), Place::new());
    let log = large(0..LINES) + "no event\n" + &line(1);
    in_one.write("logs/0.log", &log);
    for nth in 0..LINES {
        apart.write(&format!("logs/{nth}.log"), large(nth..nth + 1));
    }
    apart.write(&format!("logs/{LINES}.log"), line(1));
    run(in_one.transform(), 0);
    run(apart.transform(), 0);
    let read = |place: &Place, name: &str| fs::read(place.0.path().join("out").join(name)).unwrap();
    let files = apart.files("out");
    let expected: Vec<Vec<u8>> = files.iter().map(|name| read(&apart, name)).collect();
    let expected = expected.concat();
    assert!(read(&in_one, "0.log.xapi.jsonl") == expected);
    let rejected = in_one.rows("rejects");
    assert_eq!((rejected.len(), &rejected[0]["line"]), (1, &json!(8)));

    let packing = Run::transform().args(&["-o", "out", "--compress", "gzip", "-"]);
    let ended = packing.stdin(log).run().with_code(0);
    assert_eq!((ended.count("emitted"), ended.count("lines")), (8, 9));
    let packed = ended.read("out/stdin.xapi.jsonl.gz");
    let mut unpacked = Vec::new();
    let read = MultiGzDecoder::new(&packed[..]).read_to_end(&mut unpacked);
    assert!(read.is_ok() && unpacked == expected);

    // It is remembered where the last part ends.
    in_one.append("logs/0.log", &line(2));
    run(in_one.transform(), 0);
    assert_eq!(in_one.rows("out/0.log.xapi.2.jsonl").len(), 1);
}

#[cfg(unix)]
#[test]
fn a_run_that_is_ended_between_parts_goes_on_behind_them() {
    const LINES: usize = 25;
    let place = Place::new();
    place.write("logs/0.log", large(0..LINES));
    let child = place.transform().spawn().unwrap();
    let deadline = Instant::now() + Duration::from_secs(60);
    let has_bytes = |name: &String| {
        let metadata = fs::metadata(place.0.path().join("out").join(name));
        name.ends_with(".part") && metadata.is_ok_and(|metadata| metadata.len() > 0)
    };
    while !place.files("out").iter().any(has_bytes) {
        assert!(Instant::now() < deadline);
        std::thread::sleep(Duration::from_millis(1));
    }
    signal(&child, "TERM");
    let ended = child.wait_with_output().unwrap();
    assert_eq!(ended.status.code(), Some(143));
    let last = |place: &Place| place.rows("state/journal.jsonl").pop().unwrap();
    assert_ne!(last(&place)["delivered"]["progress"]["ended"], true);
    let statements = place.rows("out/0.log.xapi.jsonl").len();
    assert!(statements.is_multiple_of(101), "{statements}");
    assert!((101..101 * LINES).contains(&statements), "{statements}");
    run(place.transform(), 0);
    let more = place.rows("out/0.log.xapi.2.jsonl").len();
    assert_eq!(statements + more, 101 * LINES);
    assert_eq!(last(&place)["delivered"]["progress"]["ended"], true);
}
