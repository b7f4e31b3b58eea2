//! `--state` and copies of a log that were made at any time while it grew: no line is delivered twice, and none is lost,
//! whichever copy is read first.

use std::path::Path;

use crate::harness::{RunDirectory, gzip, line, lines};
use crate::lrs::{Lrs, ServerFault};
use crate::records::{event, pieces};

/// A log with lines of many lengths, some of them without an event.
fn log(random: &mut fastrand::Rng, line_count: u32) -> String {
    let most_short = [0, 0, 30][random.usize(..3)];
    let line = |second| {
        let line = line(second);
        match random.u8(..10) {
            0 => line.replace("}\n", &format!("{}}}\n", " ".repeat(5000))),
            1 => line.replace('\n', "\r\n"),
            2 => "short\n".repeat(random.usize(0..=most_short)) + &line,
            _ => line,
        }
    };
    (0..line_count).map(line).collect()
}

/// Writes the start of a log to a random file, and removes the other files or not.
fn write_copy(directory: &RunDirectory, random: &mut fastrand::Rng, log: &str) -> String {
    let line_ends: Vec<usize> = log.match_indices('\n').map(|(at, _)| at + 1).collect();
    let among = [3, 20, line_ends.len()][random.usize(..3)].min(line_ends.len());
    let end = line_ends[random.usize(..among)];
    // A copy may end before or after a newline, or within a line.
    let end = match random.u8(..6) {
        0 => end - 1,
        1 => random.usize(1..=end),
        _ => end,
    };
    if random.u8(..3) == 0 {
        for name in directory.files("logs") {
            directory.remove(&format!("logs/{name}"));
        }
    }
    let name = ["logs/a.log", "logs/b.log", "logs/c.log.gz", "logs/d.log.gz"][random.usize(..4)];
    let text = &log[..end];
    match name.ends_with(".gz") {
        true => directory.write(name, gzip(text)),
        false => directory.write(name, text),
    }
    directory.age(name);
    format!("{name}: {end}")
}

/// Runs with random copies of a log, and with the whole log in the end.
fn read_copies(directory: &RunDirectory, seed: u64, run: impl Fn()) -> (usize, String) {
    let mut random = fastrand::Rng::with_seed(seed);
    let line_count = [4, 30, 600][random.usize(..3)];
    let log = log(&mut random, line_count);
    let mut copies = vec![format!("seed {seed}, {line_count} lines")];
    std::fs::create_dir_all(directory.path("logs")).unwrap();
    for _ in 0..random.usize(2..=5) {
        for _ in 0..random.usize(1..=2) {
            copies.push(write_copy(directory, &mut random, &log));
        }
        copies.push("run".to_owned());
        run();
    }
    directory.write("logs/whole.log", &log);
    run();
    (line_count as usize, copies.join(", "))
}

#[test]
fn whatever_copies_of_a_log_are_read_each_line_is_written_once() {
    for seed in 0..16 {
        let directory = RunDirectory::new();
        let (line_count, copies) = read_copies(&directory, seed, || {
            directory.transform().run().with_code(0);
        });
        let counts = directory.statement_counts();
        assert_eq!(counts.len(), line_count, "{copies}");
        let repeated = counts.values().filter(|&&count| count > 1).count();
        assert_eq!(repeated, 0, "{copies}");
    }
}

#[test]
fn whatever_copies_of_a_log_are_read_each_line_is_sent_once() {
    for seed in 100..106 {
        let directory = RunDirectory::new();
        let lrs = Lrs::healthy();
        let (line_count, copies) = read_copies(&directory, seed, || {
            directory.send(&lrs.xapi()).run().with_code(0);
        });
        let requests = &lrs.records().requests;
        let bodies = requests.iter().map(|request| &*request.body);
        let statements = bodies.flat_map(|body| {
            let statements: Vec<serde_json::Value> =
                serde_json::from_slice(body).unwrap_or_default();
            statements
        });
        let mut ids: Vec<String> = statements.map(|sent| sent["id"].to_string()).collect();
        assert_eq!(ids.len(), line_count, "{copies}");
        ids.sort();
        ids.dedup();
        assert_eq!(ids.len(), line_count, "{copies}");
    }
}

#[test]
fn a_log_that_had_few_lines_when_it_was_first_read_is_recognized_in_copies_with_a_few_more() {
    for first in [1, 2, 7, 40] {
        let directory = RunDirectory::new();
        directory.write("logs/tracking.log", lines(0..first));
        directory.transform().run().with_code(0);
        directory.append("logs/tracking.log", &lines(first..100));
        directory.transform().run().with_code(0);
        for copied in 1..=14 {
            let name = format!("logs/copy{copied}.log");
            directory.write(&name, lines(0..copied));
            directory.age(&name);
        }
        let ended = directory.transform().run().with_code(0);
        assert_eq!(ended.count("emitted"), 0, "{first}");
        ended.assert_not_stderr("ends earlier");
    }
}

#[test]
fn an_older_copy_is_known_to_its_last_line_and_is_not_opened_again() {
    for name in ["logs/copy.log", "logs/copy.log.gz"] {
        let directory = RunDirectory::new();
        directory.write("logs/tracking.log", lines(0..3000));
        directory.transform().run().with_code(0);
        let copy = lines(0..1977);
        match Path::new(name).extension() {
            Some(extension) if extension == "gz" => directory.write(name, gzip(&copy)),
            _ => directory.write(name, &copy),
        }
        directory.age(name);
        // A file that has just changed is opened once more.
        std::thread::sleep(std::time::Duration::from_millis(2100));
        let ended = directory.transform().run().with_code(0);
        assert_eq!(ended.count("emitted"), 0, "{name}");
        ended.assert_not_stderr("ends earlier");
        let transform = ["transform", "-o", "out", "--report", "report.json"];
        let report = directory.run_with_state(&transform).run().report();
        let inputs = report["inputs"].as_array().unwrap();
        let is_unopened = |input: &serde_json::Value| input["bytes"] == 0;
        assert!(inputs.iter().all(is_unopened), "{report}");
    }
}

#[test]
fn the_lines_of_a_copy_that_goes_on_in_another_way_are_delivered_from_the_first_different_line_on()
{
    let directory = RunDirectory::new();
    directory.write("logs/tracking.log", lines(0..3000));
    directory.transform().run().with_code(0);
    directory.write("logs/other.log", lines(0..1977) + &lines(4000..4100));
    directory.age("logs/other.log");
    let ended = directory.transform().run().with_code(0);
    assert_eq!(ended.count("emitted"), 100);
    ended.assert_not_stderr("ends earlier");
}

/// Earlier versions have not written the hashes of lines.
#[test]
fn without_the_hashes_of_lines_a_note_says_which_lines_of_a_copy_may_be_repeated() {
    let directory = RunDirectory::new();
    directory.write("logs/tracking.log", lines(0..3000));
    directory.transform().run().with_code(0);
    directory.remove("state/journal.lines");
    directory.write("logs/copy.log", lines(0..1977));
    directory.age("logs/copy.log");
    let ended = directory.transform().run().with_code(0);
    ended.assert_stderr("`logs/copy.log` ends earlier than the earlier input `logs/tracking.log`");
    // The hashes of lines that are read from now on are enough for copies that end later.
    directory.append("logs/tracking.log", &lines(3000..3100));
    directory.transform().run().with_code(0);
    directory.write("logs/copy.log", lines(0..3050));
    directory.age("logs/copy.log");
    let ended = directory.transform().run().with_code(0);
    assert_eq!(ended.count("emitted"), 0);
    ended.assert_not_stderr("ends earlier");
}

#[test]
fn damaged_hashes_of_lines_are_left_out() {
    let directory = RunDirectory::new();
    directory.write("logs/tracking.log", lines(0..10));
    directory.transform().run().with_code(0);
    // A crash left half a line.
    directory.append("state/journal.lines", r#"{"input":1,"after":10,"ha"#);
    directory.append("logs/tracking.log", &lines(10..20));
    directory.transform().run().with_code(0);
    for copied in [5, 15] {
        directory.write("logs/copy.log", lines(0..copied));
        directory.age("logs/copy.log");
        let ended = directory.transform().run().with_code(0);
        assert_eq!(ended.count("emitted"), 0, "{copied}");
    }
}

#[test]
fn a_copy_that_ends_within_the_pieces_of_a_line_hides_no_event() {
    let log: Vec<String> = (0..10)
        .flat_map(|second| pieces(&event(second), true, "stdout", &[40, 80]))
        .collect();
    for lines in [16, 17] {
        let copy = log[..lines].concat();
        for (name, copy) in [("a.log", copy.clone().into()), ("a.log.gz", gzip(&copy))] {
            for is_first in [false, true] {
                let directory = RunDirectory::new();
                let run = || directory.transform().args(&["--unwrap", "log"]).run();
                directory.write(&format!("logs/{name}"), &copy);
                directory.age(&format!("logs/{name}"));
                if is_first {
                    run();
                }
                directory.write("logs/b.log", log.concat());
                directory.age("logs/b.log");
                run();
                let counts = directory.statement_counts();
                assert_eq!(counts.len(), 10, "{name} {lines} {is_first}");
                assert!(counts.values().all(|&count| count == 1));
            }
        }
    }
}

/// The last line waits until it is complete.
#[test]
fn a_plain_copy_that_ends_within_a_line_has_no_note() {
    let directory = RunDirectory::new();
    directory.write("logs/tracking.log", lines(0..200));
    directory.transform().run().with_code(0);
    let copy = lines(0..100);
    directory.write("logs/copy.log", &copy[..copy.len() - 20]);
    directory.age("logs/copy.log");
    for _ in 0..2 {
        let ended = directory.transform().run().with_code(0);
        assert_eq!(ended.count("emitted"), 0);
        ended.assert_not_stderr("ends earlier");
    }
}

#[test]
fn a_note_tells_that_a_packed_copy_repeats_a_line_whose_blanks_it_lacks() {
    let directory = RunDirectory::new();
    let log = lines(0..200).replace("}\n", "}  \n");
    directory.write("logs/tracking.log", &log);
    directory.transform().run().with_code(0);
    let end = log.match_indices('\n').nth(99).unwrap().0;
    directory.write("logs/copy.log.gz", gzip(&log[..end - 1]));
    directory.age("logs/copy.log.gz");
    let ended = directory.transform().run().with_code(0);
    assert_eq!(ended.count("emitted"), 1);
    ended.assert_stderr("lines after line 99 may be delivered a second time");
}

#[test]
fn each_destination_is_told_of_the_lines_of_a_copy_that_it_may_receive_again() {
    let directory = RunDirectory::new();
    let run = |output: &str| {
        let run = directory.run_with_state(&["transform", "--framing", "json", "-o", output]);
        run.run().with_code(0)
    };
    directory.write("logs/tracking.log", lines(0..200));
    let outputs = ["out", "out2"];
    for output in outputs {
        run(output);
    }
    directory.remove("state/journal.lines");
    directory.write("logs/copy.log", lines(0..117));
    for output in outputs {
        run(output).assert_stderr("a program may still be copying it");
    }
    directory.age("logs/copy.log");
    for output in outputs {
        run(output).assert_stderr("`logs/copy.log` ends earlier");
    }
}

#[test]
fn an_outage_adds_the_hashes_of_lines_once() {
    let lrs = Lrs::with_faults(|_, _| ServerFault::Status(503));
    let directory = RunDirectory::new();
    let run = |end: u32| {
        directory.write("logs/tracking.log", lines(0..end));
        let send = directory.send(&lrs.xapi()).args(&["--max-retries", "0"]);
        send.run().with_code(5);
        directory.read("state/journal.lines").len()
    };
    let once = run(300);
    assert_eq!([run(300), run(300)], [once; 2]);
    let longer = run(310);
    assert!(longer < once + 400, "{longer} {once}");
    assert_eq!(run(310), longer);
    // All hashes belong to lines of the log, once they are delivered.
    directory.transform().run().with_code(0);
    for copied in [150, 305] {
        directory.write("logs/copy.log", lines(0..copied));
        directory.age("logs/copy.log");
        let ended = directory.transform().run().with_code(0);
        assert_eq!(ended.count("emitted"), 0, "{copied}");
        ended.assert_not_stderr("ends earlier");
    }
}

#[test]
fn a_note_tells_that_lines_may_be_repeated_because_their_hashes_are_damaged() {
    let directory = RunDirectory::new();
    directory.write("logs/tracking.log", lines(0..200));
    directory.transform().run().with_code(0);
    let mut hashes = directory.read("state/journal.lines");
    let middle = hashes.len() / 2;
    hashes[middle] = if hashes[middle] == b'A' { b'B' } else { b'A' };
    directory.write("state/journal.lines", hashes);
    directory.write("logs/copy.log", lines(0..117));
    directory.age("logs/copy.log");
    let ended = directory.transform().run().with_code(0);
    ended.assert_stderr("`logs/copy.log` ends earlier");
}
