//! `--state` and logs that begin like a known log and go on in another way: all their lines are delivered, however much
//! longer than the known log they grow.

use crate::harness::{RunDirectory, lines};

/// Runs after each step in which the log has more lines. Checks that each line is delivered once, to two destinations.
fn assert_growth_is_delivered(directory: &RunDirectory, log: &str, beginning: &str, step: &str) {
    let outputs = ["out", "out2"];
    let run = |output: &str| {
        let run = directory.run_with_state(&["transform", "-o", output]);
        let ended = run.run().with_code(0);
        ended.assert_not_stderr("ends earlier");
        ended.count("emitted")
    };
    for output in outputs {
        run(output);
    }
    let mut before = 1000;
    for end in [1005, 1020, 1021, 1060, 1100, 1300] {
        directory.write(log, beginning.to_owned() + &lines(1000..end));
        directory.age(log);
        for output in outputs {
            let emitted = run(output);
            assert_eq!(emitted, u64::from(end - before), "{step} {end} {output}");
        }
        before = end;
    }
}

#[test]
fn logs_with_a_common_first_line_are_delivered_when_they_are_longer_than_earlier_logs() {
    for first in ["[uWSGI] getting INI configuration\n", "\n", "#\n"] {
        let directory = RunDirectory::new();
        directory.write("logs/tracking.log", first);
        directory.transform().run().with_code(0);
        let day1 = first.to_owned() + &lines(0..30);
        directory.write("logs/tracking.log", &day1);
        directory.transform().run().with_code(0);
        directory.write("logs/tracking.log-1", &day1);
        directory.age("logs/tracking.log-1");
        directory.write("logs/tracking.log", first);
        assert_growth_is_delivered(&directory, "logs/tracking.log", first, first);
    }
}

#[test]
fn a_log_that_lost_its_last_lines_is_delivered_when_it_is_longer_than_before() {
    for kept in [30, 38] {
        let directory = RunDirectory::new();
        directory.write("logs/tracking.log", lines(0..40));
        assert_growth_is_delivered(&directory, "logs/tracking.log", &lines(0..kept), "tail");
    }
}

#[test]
fn an_archive_that_begins_like_another_one_is_delivered_when_it_grows() {
    let directory = RunDirectory::new();
    directory.write("logs/tracking.log-a", lines(0..30));
    directory.write("logs/tracking.log-b", lines(0..20) + &lines(500..502));
    for name in ["logs/tracking.log-a", "logs/tracking.log-b"] {
        directory.age(name);
    }
    let beginning = lines(0..20) + &lines(500..502);
    assert_growth_is_delivered(&directory, "logs/tracking.log-b", &beginning, "alike");
}

#[test]
fn a_log_with_a_common_first_line_is_read_while_it_is_written() {
    let directory = RunDirectory::new();
    directory.write("logs/tracking.log", "#\n");
    directory.transform().run().with_code(0);
    directory.append("logs/tracking.log", &lines(0..30));
    directory.transform().run().with_code(0);
    directory.write("logs/tracking.log-1", "#\n".to_owned() + &lines(0..30));
    for end in [1001, 1002, 1040] {
        directory.write("logs/tracking.log", "#\n".to_owned() + &lines(1000..end));
        directory.transform().run().with_code(0);
        let counts = directory.statement_counts();
        assert_eq!(counts.len(), 30 + end as usize - 1000);
        assert!(counts.values().all(|&count| count == 1));
    }
}
