//! `--state` and copies of a log that are shorter than the first bytes by which a log is recognized.

use crate::harness::{RunDirectory, gzip, lines};

fn emitted(directory: &RunDirectory) -> u64 {
    let ended = directory.transform().run().with_code(0);
    ended.count("emitted")
}

#[test]
fn the_first_lines_of_a_known_log_are_not_delivered_again() {
    // The first bytes of the longer log are more than its shorter copies have.
    for known in [10, 200] {
        for copied in [1, 5, 9] {
            let log = lines(0..known);
            let copy = lines(0..copied);
            for (name, copy) in [("b.log", copy.clone().into()), ("b.log.gz", gzip(&copy))] {
                let directory = RunDirectory::new();
                directory.write("logs/a.log", &log);
                assert_eq!(emitted(&directory), u64::from(known));
                directory.write(&format!("logs/{name}"), &copy);
                assert_eq!(emitted(&directory), 0, "{known} {copied} {name}");
                directory.write("logs/a.log", log.clone() + &lines(300..303));
                assert_eq!(emitted(&directory), 3, "{known} {copied} {name}");

                let in_one_run = RunDirectory::new();
                in_one_run.write("logs/a.log", &log);
                in_one_run.write(&format!("logs/{name}"), &copy);
                let all = u64::from(known);
                assert_eq!(emitted(&in_one_run), all, "{known} {copied} {name}");
            }
        }
    }
}

#[test]
fn lines_after_the_first_lines_of_a_known_log_are_delivered() {
    let directory = RunDirectory::new();
    directory.write("logs/a.log", lines(0..200));
    directory.transform().run().with_code(0);
    let mut copy = lines(0..3);
    directory.write("logs/b.log", &copy);
    assert_eq!(emitted(&directory), 0);
    // The copy goes on in another way, in lines that no run has read.
    copy += &lines(300..302);
    directory.write("logs/b.log", &copy);
    emitted(&directory);
    copy += &lines(302..400);
    directory.write("logs/b.log", &copy);
    assert_eq!(emitted(&directory), 98);
    let counts = directory.statement_counts();
    assert_eq!(counts.len(), 300);
}

/// The lines were delivered to another directory only.
#[test]
fn lines_of_a_copy_that_a_destination_does_not_have_are_delivered() {
    let directory = RunDirectory::new();
    directory.write("logs/a.log", lines(0..200));
    directory.transform().run().with_code(0);
    directory.remove("logs/a.log");
    directory.write("logs/b.log", lines(0..5));
    let caliper = directory.run_with_state(&["transform", "-o", "out-caliper"]);
    let ended = caliper.run().with_code(0);
    assert_eq!(ended.count("emitted"), 5);
}

/// Its last line is complete in the known log only.
#[test]
fn a_gzip_file_that_breaks_off_in_its_first_lines_is_recognized() {
    let directory = RunDirectory::new();
    directory.write("logs/a.log", lines(0..200));
    directory.transform().run().with_code(0);
    let mut packed = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::none());
    std::io::Write::write_all(&mut packed, lines(0..5).as_bytes()).unwrap();
    std::io::Write::flush(&mut packed).unwrap();
    let packed = packed.get_ref();
    directory.write("logs/b.log.gz", &packed[..packed.len() - 50]);
    directory.age("logs/b.log.gz");
    let ended = directory.transform().run().with_code(3);
    assert_eq!(ended.count("emitted"), 0);
    ended.assert_stderr("nothing after line 4 is read");
}
