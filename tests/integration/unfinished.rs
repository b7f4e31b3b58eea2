//! `--state` with inputs that are not complete: damaged gzip files, files that are still being written, shorter copies.

use crate::harness::{Ended, Run, RunDirectory, gzip, line, lines};

#[test]
fn a_damaged_gzip_file_is_an_error_in_every_run() {
    let packed = gzip(lines(0..3));
    let large = gzip(lines(0..4000));
    let garbage = b"garbage, and not a gzip header".to_vec();
    for (bytes, emitted) in [
        (packed[..9].to_vec(), 0),
        (packed[..60].to_vec(), 0),
        (packed[..packed.len() - 1].to_vec(), 3),
        ([packed.clone(), garbage.clone()].concat(), 3),
        ([packed.clone(), packed[..20].to_vec()].concat(), 3),
        ([large.clone(), garbage].concat(), 4000),
    ] {
        let directory = RunDirectory::new();
        directory.write("logs/a.log.gz", &bytes);
        directory.age("logs/a.log.gz");
        directory.write("logs/b.log", line(30_000));
        for (nth, emitted) in [emitted + 1, 0, 0].into_iter().enumerate() {
            let ended = directory.transform().run().with_code(3);
            assert_eq!(ended.count("emitted"), emitted, "{nth}");
            ended.assert_error("failed to ");
            ended.assert_not_stderr("is an event");
        }
    }
}

/// The names of the inputs that a run left to the next run.
fn held_back(ended: &Ended) -> Vec<String> {
    let report = ended.report();
    let inputs = report["inputs"].as_array().unwrap().iter();
    let held = inputs.filter(|input| input["ended"] == "held_back");
    let names = held.map(|input| {
        assert!(input["held_back_because"].is_string());
        input["name"].as_str().unwrap().to_owned()
    });
    let names: Vec<String> = names.collect();
    assert_eq!(report["total"]["held_back_inputs"], names.len());
    names
}

fn transform(directory: &RunDirectory) -> Run {
    directory.transform().args(&["--report", "report.json"])
}

#[track_caller]
fn assert_each_once(directory: &RunDirectory, count: usize) {
    let counts = directory.statement_counts();
    assert_eq!(counts.len(), count);
    assert!(counts.values().all(|&count| count == 1));
}

#[test]
fn a_gzip_file_that_is_still_being_written_is_left_to_the_next_run() {
    for seconds in [3, 4000] {
        let packed = gzip(lines(0..seconds));
        for cut in [3, 60, packed.len() / 2, packed.len() - 1] {
            let directory = RunDirectory::new();
            directory.write("logs/a.log-1", lines(0..2));
            directory.write("logs/a.log-2.gz", &packed[..cut]);
            let ended = transform(&directory).run().with_code(0);
            assert_eq!(ended.count("emitted"), 2, "{cut}");
            assert_eq!(held_back(&ended), ["logs/a.log-2.gz"]);
            ended.assert_stderr("2 inputs (1 left to the next run)");
            ended.assert_stderr(
                "note: `logs/a.log-2.gz` is left to the next run: the gzip file has no end",
            );
            directory.write("logs/a.log-2.gz", &packed);
            let ended = transform(&directory).run().with_code(0);
            assert_eq!(held_back(&ended), [""; 0]);
            assert_each_once(&directory, seconds as usize);
        }
    }
}

#[test]
fn an_old_gzip_file_without_its_end_is_an_error_unless_it_is_beside_the_file_that_is_packed() {
    let directory = RunDirectory::new();
    let packed = gzip(lines(0..2000));
    directory.write("logs/a.log-1", lines(0..2000));
    directory.write("logs/a.log-1.gz", &packed[..packed.len() / 2]);
    directory.age("logs/a.log-1.gz");
    let ended = transform(&directory).run().with_code(0);
    assert_eq!(held_back(&ended), ["logs/a.log-1.gz"]);
    directory.remove("logs/a.log-1");
    for _ in 0..3 {
        let ended = transform(&directory).run().with_code(3);
        ended.assert_error("failed to read `logs/a.log-1.gz` to its end: ");
        ended.assert_stderr("the earlier input `logs/a.log-1` begins with the same lines and is longer, so nothing ");
        assert_eq!(ended.count("lines"), 0);
    }
    directory.write("logs/a.log-1.gz", packed);
    transform(&directory).run().with_code(0);
    assert_each_once(&directory, 2000);
}

#[test]
fn lines_of_a_damaged_gzip_file_that_are_known_from_a_longer_log_are_not_delivered_again() {
    let text = lines(0..4000);
    let packed = gzip(&text);
    for cut in [60, 2000, packed.len() / 3, packed.len() - 200] {
        let directory = RunDirectory::new();
        directory.write("logs/a.log", &text);
        transform(&directory).run().with_code(0);
        directory.write("logs/b.log.gz", &packed[..cut]);
        directory.age("logs/b.log.gz");
        for _ in 0..2 {
            let ended = transform(&directory).run().with_code(3);
            assert_eq!(ended.count("emitted"), 0);
        }
        directory.append("logs/a.log", &line(4000));
        transform(&directory).run().with_code(3);
        assert_each_once(&directory, 4001);
    }
}

#[test]
fn a_shorter_copy_that_may_still_grow_delivers_no_line_again() {
    let directory = RunDirectory::new();
    let text = lines(0..4000);
    directory.write("logs/tracking.log", &text);
    transform(&directory).run().with_code(0);
    for bytes in [5000, text.len() / 3, text.len() - 1000] {
        directory.write("logs/tracking.log-1", &text[..bytes]);
        transform(&directory).run().with_code(0);
        assert_each_once(&directory, 4000);
    }
    // The log is copied and truncated. Its last lines are not in the copy.
    let copied: usize = text.match_indices('\n').nth(3989).unwrap().0 + 1;
    directory.write("logs/tracking.log-1", &text[..copied]);
    directory.write("logs/tracking.log", lines(30_000..30_010));
    transform(&directory).run().with_code(0);
    assert_each_once(&directory, 4010);
    directory.age("logs/tracking.log-1");
    let ended = transform(&directory).run().with_code(0);
    assert_eq!(held_back(&ended), [""; 0]);
    let again = ended.count("emitted");
    assert!(again <= 20, "{again}");
    if again > 0 {
        let warnings = &ended.report()["inputs"][1]["warnings"];
        assert!(warnings[0].as_str().unwrap().contains("ends earlier"));
        ended.assert_stderr("`logs/tracking.log-1` ends earlier than the earlier input `logs/tracking.log`, which begins with the same lines; lines after line 39");
    }
    let ended = transform(&directory).run().with_code(0);
    assert_eq!(ended.count("emitted"), 0);
    ended.assert_not_stderr("ends earlier");
}

/// An event of several kB is the only line of its file, and has no newline.
#[test]
fn an_input_without_a_complete_line_is_no_longer_copy_of_other_inputs() {
    let directory = RunDirectory::new();
    let long = line(1).replace("}\n", &format!("{}}}", " ".repeat(3000)));
    directory.write("logs/x.log.gz", gzip(&long));
    directory.age("logs/x.log.gz");
    let ended = transform(&directory).run().with_code(0);
    assert_eq!(ended.count("emitted"), 1);
    // Journals of earlier versions have no first bytes of such an input.
    let journal = String::from_utf8(directory.read("state/journal.jsonl")).unwrap();
    let (before, after) = journal.split_once("\"head_bytes\":").unwrap();
    let hash = |text: &str| xxhash_rust::xxh3::xxh3_128(text.as_bytes());
    let head = format!("{},\"head_hash\":\"{:032x}\"", long.len(), hash(&long));
    let after = after.strip_prefix(&head).expect(&journal);
    let of_nothing = format!("0,\"head_hash\":\"{:032x}\"", hash(""));
    for head in [head, of_nothing] {
        let journal = format!("{before}\"head_bytes\":{head}{after}");
        directory.write("state/journal.jsonl", journal);
        directory.write("logs/x.log.gz", gzip(&long));
        directory.age("logs/x.log.gz");
        let ended = transform(&directory).run().with_code(0);
        assert_eq!(ended.count("emitted"), 0);
        directory.write("logs/a.log", lines(2..7));
        let ended = transform(&directory).run().with_code(0);
        assert_eq!(ended.count("emitted"), 5);
        assert_eq!(held_back(&ended), [""; 0]);
        directory.remove("logs/a.log");
    }
}

/// Sets the time of a file. `seconds` count from now.
fn touch(directory: &RunDirectory, name: &str, seconds: i64) {
    let by = std::time::Duration::from_secs(seconds.unsigned_abs());
    let now = std::time::SystemTime::now();
    let time = if seconds < 0 { now - by } else { now + by };
    let file = std::fs::File::options()
        .append(true)
        .open(directory.path(name));
    file.unwrap().set_modified(time).unwrap();
}

/// The file beside the gzip file may be another log, and the clock of another machine may be wrong.
#[test]
fn a_gzip_file_that_stays_without_its_end_is_an_error() {
    let packed = gzip(lines(0..4000));
    for seconds in [-24 * 3600, 24 * 3600] {
        let directory = RunDirectory::new();
        directory.write("logs/a.log-1", lines(30_000..30_003));
        directory.write("logs/a.log-1.gz", &packed[..packed.len() - 1]);
        touch(&directory, "logs/a.log-1.gz", seconds);
        let ended = transform(&directory).run().with_code(3);
        ended.assert_error("failed to read `logs/a.log-1.gz` to its end: ");
        assert_eq!(ended.count("emitted"), 4003);
    }
}

#[test]
fn a_file_in_which_the_first_bytes_of_a_gzip_file_are_not_yet_written_is_left_to_the_next_run() {
    let directory = RunDirectory::new();
    let packed = gzip(lines(0..3));
    for bytes in [0, 1] {
        directory.write("logs/a.log-1.gz", &packed[..bytes]);
        let ended = transform(&directory).run().with_code(0);
        assert_eq!(held_back(&ended), ["logs/a.log-1.gz"]);
    }
    directory.write("logs/a.log-1.gz", &packed);
    transform(&directory).run().with_code(0);
    assert_each_once(&directory, 3);
}
