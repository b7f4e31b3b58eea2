//! State directories and dead letters that version 0.1.0 wrote before its modules were reordered.

use crate::harness::{Run, RunDirectory, gzip, line, lines};
use crate::lrs::Lrs;

const JOURNAL: &str = include_str!("data/earlier/send_journal.jsonl");
const TRANSFORM_JOURNAL: &str = include_str!("data/earlier/transform_journal.jsonl");
const LAST_OUTPUT_BYTES: usize = 907;
const XAPI_LETTER: (&str, &str) = (
    "7c4de79bab828888a92719215f6f3f06.json",
    include_str!("data/earlier/7c4de79bab828888a92719215f6f3f06.json"),
);
const CALIPER_LETTER: (&str, &str) = (
    "56d2ab4eb00583e481e28d928c6cc638.json",
    include_str!("data/earlier/56d2ab4eb00583e481e28d928c6cc638.json"),
);

#[test]
fn send_resumes_after_the_lines_in_an_earlier_state_directory() {
    let lrs = Lrs::healthy();
    let directory = RunDirectory::new();
    directory.write("logs/a.log", lines(0..3));
    let journal = JOURNAL.replace("http://127.0.0.1:18080/xAPI", &lrs.xapi());
    directory.write("state/journal.jsonl", journal);
    directory.send(&lrs.xapi()).run().with_code(0);
    let stored: Vec<String> = lrs.stored().into_keys().collect();
    assert_eq!(stored, ["1963a082-e946-50a0-b28b-3c87a5dadf37"]);
    assert_eq!(lrs.request_count(), 1);
}

#[test]
fn recover_delivers_earlier_dead_letters() {
    for ((name, text), router) in [
        (XAPI_LETTER, "http://127.0.0.1:18081/xAPI"),
        (CALIPER_LETTER, "http://127.0.0.1:18081/caliper"),
    ] {
        let lrs = Lrs::healthy();
        let url = if router.ends_with("/xAPI") {
            lrs.xapi()
        } else {
            lrs.caliper()
        };
        let ended = Run::new(&["recover", "--dead-letters", "dead"])
            .args(&["--url", &url, "--router-url", router])
            .file(&format!("dead/{name}"), text)
            .run()
            .with_code(0);
        assert_eq!(ended.files("dead"), [""; 0]);
        assert_eq!(lrs.stored().len(), 1);
    }
}

/// The run that wrote this journal was killed after it renamed its last output and before it recorded that.
#[test]
fn transform_resumes_after_the_lines_in_an_earlier_state_directory() {
    let directory = RunDirectory::new();
    directory.write("logs/a.log", lines(0..6));
    // A copy that ends where the log ended in an earlier run, and a document that has not changed.
    directory.write("logs/copy.log.gz", gzip(lines(0..2)));
    directory.write("logs/b.json", line(9));
    directory.write("out/a.log.xapi.3.jsonl", "x".repeat(LAST_OUTPUT_BYTES));
    let journal = TRANSFORM_JOURNAL.replace(
        "DIRECTORY",
        directory.path("").canonicalize().unwrap().to_str().unwrap(),
    );
    directory.write("state/journal.jsonl", journal);
    directory.transform().run().with_code(0);
    assert_eq!(
        directory.files("out"),
        ["a.log.xapi.3.jsonl", "a.log.xapi.4.jsonl"]
    );
    assert_eq!(directory.json_lines("out/a.log.xapi.4.jsonl").len(), 1);
}
