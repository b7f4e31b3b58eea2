//! Events with more statements than any event in a real log.

use std::io::Read;
use std::ops::Range;

use flate2::read::MultiGzDecoder;
use serde_json::json;

use crate::harness::{Run, RunDirectory, line};

/// A line that becomes one statement for each question and one for the whole problem. Each statement contains the
/// problem's id. The fields in `more_data` come first in the event's data.
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

/// Distinct lines, each of which becomes 4 MB of statements.
fn large(lines: Range<usize>) -> String {
    lines
        .map(|nth| problem(100, &format!("{nth:020000}"), ""))
        .collect()
}

#[test]
fn a_problem_with_many_questions_converts_in_linear_time() {
    // The fields that the conversion looks up come after all of these.
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
fn an_event_with_too_much_output_is_rejected() {
    let ended = Run::transform()
        .args(&["-"])
        .stdin(problem(1000, &"p".repeat(40_000), "") + &line(1))
        .run()
        .with_code(0);
    assert_eq!(ended.rows().len(), 1);
    ended.assert_stderr("not-representable 1");
}

#[test]
fn a_large_batch_is_delivered_in_parts_without_a_difference_in_the_output() {
    const LINES: usize = 7;
    let (in_one_file, in_many_files) = (RunDirectory::new(), RunDirectory::new());
    let log = large(0..LINES) + "no event\n" + &line(1);
    in_one_file.write("logs/0.log", &log);
    for nth in 0..LINES {
        in_many_files.write(&format!("logs/{nth}.log"), large(nth..nth + 1));
    }
    in_many_files.write(&format!("logs/{LINES}.log"), line(1));
    in_one_file.transform().run().with_code(0);
    in_many_files.transform().run().with_code(0);
    let files = in_many_files.files("out").into_iter();
    let expected: Vec<Vec<u8>> = files
        .map(|name| in_many_files.read(&format!("out/{name}")))
        .collect();
    let expected = expected.concat();
    assert!(in_one_file.read("out/0.log.xapi.jsonl") == expected);
    let rejected = in_one_file.json_lines("rejects");
    assert_eq!((rejected.len(), &rejected[0]["line"]), (1, &json!(8)));

    let compressed = Run::transform().args(&["-o", "out", "--compress", "gzip", "-"]);
    let ended = compressed.stdin(log).run().with_code(0);
    assert_eq!((ended.count("emitted"), ended.count("lines")), (8, 9));
    let compressed = ended.read("out/stdin.xapi.jsonl.gz");
    let mut text = Vec::new();
    let read = MultiGzDecoder::new(&compressed[..]).read_to_end(&mut text);
    assert!(read.is_ok() && text == expected);

    // The next run resumes after the last part.
    in_one_file.append("logs/0.log", &line(2));
    in_one_file.transform().run().with_code(0);
    assert_eq!(in_one_file.json_lines("out/0.log.xapi.2.jsonl").len(), 1);
}

#[cfg(unix)]
#[test]
fn a_run_stopped_between_parts_resumes_after_the_last_delivered_part() {
    // The output would be 4 GB, so the signal comes long before the end, on slow machines too.
    const LINES: usize = 1000;
    let directory = RunDirectory::new();
    let log = large(0..LINES);
    directory.write("logs/0.log", &log);
    let running = directory.transform().start();
    // The output is larger than that of the first line, which is therefore delivered.
    running.wait_until(|directory| {
        directory.files("out").iter().any(|name| {
            let metadata = directory.path("out").join(name).metadata();
            name.ends_with(".part") && metadata.is_ok_and(|metadata| metadata.len() > 8 << 20)
        })
    });
    running.signal("TERM");
    running.end().with_code(143);
    let has_ended = || {
        let rows = directory.json_lines("state/journal.jsonl");
        let mut delivered = rows.iter().filter(|row| row["delivered"].is_object());
        delivered.next_back().unwrap()["delivered"]["progress"]["ended"] == true
    };
    assert!(!has_ended());
    let statements = |name: &str| {
        let output = directory.read(name);
        output.iter().filter(|&&byte| byte == b'\n').count()
    };
    let delivered = statements("out/0.log.xapi.jsonl");
    assert!(delivered.is_multiple_of(101), "{delivered}");
    assert!((101..101 * LINES).contains(&delivered), "{delivered}");
    // Without most of the other lines, the next run is short.
    let lines = LINES.min(delivered / 101 + 3);
    directory.write("logs/0.log", &log[..log.len() / LINES * lines]);
    directory.transform().run().with_code(0);
    let more = statements("out/0.log.xapi.2.jsonl");
    assert_eq!(delivered + more, 101 * lines);
    assert!(has_ended());
}
