//! A run that has nothing to do: a state directory knows all files of a large directory.

use std::fs::{self, File};
use std::io::Write;
use std::path::Path;
use std::process::Command;
use std::thread;
use std::time::Duration;

use flate2::Compression;
use flate2::write::GzEncoder;

use crate::generator::LMS_ROOT_URL;
use crate::measure::{self, Work};
use crate::table::{Table, TableRow};

/// The number of archives, as many as two years of hourly rotation leave.
const ARCHIVES: u64 = 16_000;

/// Measures a run on archives that an earlier run has read, and on one log that has not grown since.
pub fn measure(runs: usize, threads: usize, scratch: &Path, table: &mut Table) {
    let logs = scratch.join("archives");
    fs::create_dir(&logs).expect("a directory can be created");
    for nth in 0..ARCHIVES {
        let file = File::create(logs.join(format!("tracking.log-{nth:08}.gz")));
        let mut packed = GzEncoder::new(file.expect("a file can be created"), Compression::fast());
        packed
            .write_all(lines(nth).as_bytes())
            .expect("a file can be written");
        packed.finish().expect("a file can be written");
    }
    fs::write(logs.join("tracking.log"), lines(ARCHIVES)).expect("a file can be written");
    // The program does not trust times that are less than two seconds old.
    thread::sleep(Duration::from_secs(3));
    let mut run = Command::new(env!("CARGO_BIN_EXE_event-router"));
    run.args([
        "transform",
        "--to",
        "xapi",
        "--lms-root-url",
        LMS_ROOT_URL,
        "--quiet",
    ]);
    run.arg("--output").arg(scratch.join("archives-out"));
    run.arg("--state")
        .arg(scratch.join("archives-state"))
        .arg(&logs);
    let first = run.output().expect("the program runs");
    assert!(first.status.success(), "{first:?}");

    let journal = scratch.join("archives-state/journal.jsonl");
    let bytes = || fs::read(&journal).expect("the journal can be read");
    let before = bytes();
    let measured = measure::alternately(runs, &mut [Work::Program(run)], || ());
    let after = bytes();
    assert!(after.starts_with(&before), "the journal was replaced");
    for (measured, _) in measured {
        let name = format!("{ARCHIVES} known archives, nothing new");
        table.rows.push(TableRow::of_run(&name, threads, measured));
    }
    table.notes.push(format!(
        "The journal of {ARCHIVES} archives has {:.1} MB. A run with nothing new appends {} bytes to it.",
        after.len() as f64 / 1e6,
        (after.len() - before.len()) as u64 / (runs as u64 + 1),
    ));
}

/// Returns the lines of an archive. They are no events that are converted, so that no output files are written.
fn lines(archive: u64) -> String {
    let line = |nth| format!("{{\"name\": \"other\", \"archive\": {archive}, \"nth\": {nth}}}\n");
    (0..100).map(line).collect()
}
