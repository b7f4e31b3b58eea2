//! The measurements.

use std::fs;
use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};
use std::thread;

use clap::Args;
use tempfile::TempDir;

use crate::case::{Case, How, Output, ProgramRun, emitted, library, program};
use crate::generate::{parse_size, write_tables};
use crate::generator::LogOptions;
use crate::input::Input;
use crate::measure::{self, Work};
use crate::sink::Sink;
use crate::table::{Table, TableRow};
use crate::{archives, library, machine};

#[derive(Args)]
pub struct Throughput {
    /// The size of the log: a number of bytes, or a number with kB, MB or GB
    #[arg(long, value_name = "SIZE", default_value = "100MB", env = "BENCH_BYTES", value_parser = parse_size)]
    bytes: u64,

    /// The number of runs, of which the median is shown
    #[arg(long, value_name = "N", default_value_t = NonZeroUsize::new(5).unwrap(), env = "BENCH_RUNS")]
    runs: NonZeroUsize,

    /// The number of threads in rows with several threads [default: the number of cores]
    #[arg(long, value_name = "N", env = "BENCH_THREADS")]
    threads: Option<NonZeroUsize>,

    /// The number of users in the long table of users
    #[arg(long, value_name = "N", default_value_t = 5_000_000)]
    users: u64,
}

impl Throughput {
    pub fn run(&self) {
        // The files are kept below `target`, since the directory for temporary files may be in memory.
        let scratch =
            TempDir::new_in(env!("CARGO_TARGET_TMPDIR")).expect("a directory can be created");
        let cores = thread::available_parallelism().unwrap_or(NonZeroUsize::MIN);
        let mut bench = Bench {
            runs: self.runs.get(),
            threads: self.threads.unwrap_or(cores).get(),
            options: LogOptions {
                bytes: self.bytes,
                seed: 1,
                part: 0,
                users: 1000,
                supported_only: false,
                prefixed: false,
            },
            directory: scratch.path(),
            table: Table::default(),
        };
        let tables = bench.tables("tables", &bench.options);
        bench.library_and_program(&tables);
        bench.other_logs(&tables);
        bench.sending(&tables);
        archives::measure(bench.runs, bench.threads, bench.directory, &mut bench.table);
        bench.many_users(self.users);
        println!(
            "{}\n\n{}",
            machine::description(self.runs.get()),
            bench.table
        );
    }
}

struct Bench<'d> {
    runs: usize,
    threads: usize,
    options: LogOptions,
    directory: &'d Path,
    table: Table,
}

// The names of rows that the notes compare.
const READING: &str = "reading";
const DESERIALIZING: &str = "reading, serde_json into borrowed structs";
const TO_XAPI: &str = "xAPI";
const PLAIN_FILE: &str = "xAPI, one file twice as long";
const GZIP_FILES: &str = "xAPI, the same as two gzip files";
const TO_FILE: &str = "xAPI, supported events alone, to a file";
const TO_LRS: &str = "xAPI, the same sent to an LRS";
const TO_CLICKHOUSE: &str = "xAPI, the same inserted into ClickHouse";

impl Bench<'_> {
    fn library_and_program(&mut self, tables: &Path) {
        let log = &Input::generate(self.path("tracking.log"), &self.options);
        let compressed = &log.compressed();
        self.describe(log, compressed);
        let mut cases = vec![
            library(READING, log, library::read),
            library("reading gzip", compressed, library::read),
            library(DESERIALIZING, log, library::deserialize),
            library("reading, parsing", log, library::parse),
        ];
        let mut threads = vec![1, self.threads];
        threads.dedup();
        for threads in threads {
            let xapi = ProgramRun {
                threads,
                ..self.to_xapi(tables)
            };
            let caliper = ProgramRun {
                to: "caliper",
                ..xapi
            };
            let compressing = |run| ProgramRun {
                compresses: true,
                ..run
            };
            cases.extend([
                program(TO_XAPI, log, xapi),
                program("xAPI, from gzip", compressed, xapi),
                program("xAPI, to gzip", log, compressing(xapi)),
                program("xAPI, from gzip to gzip", compressed, compressing(xapi)),
                program("Caliper", log, caliper),
                program(
                    "Caliper, from gzip to gzip",
                    compressed,
                    compressing(caliper),
                ),
            ]);
        }
        self.measure(&cases);
        self.compare_with_deserializing();
        self.compare_threads();
        compressed.remove();
        log.remove();
    }

    fn describe(&mut self, log: &Input, compressed: &Input) {
        let lines = log.lines as f64;
        self.table.notes.push(format!(
            "The log: {} lines of {:.0} bytes on average, compressed {:.1} to 1 by gzip; {:.1} % of them become xAPI, \
             {:.1} % Caliper.",
            log.lines,
            log.bytes as f64 / lines,
            log.bytes as f64 / compressed.stored_bytes() as f64,
            100.0 * log.emitted("xapi") as f64 / lines,
            100.0 * log.emitted("caliper") as f64 / lines,
        ));
    }

    fn compare_with_deserializing(&mut self) {
        let cpu_seconds = |name| self.table.measured(name, 1).cpu_seconds;
        // The processor time of a short log is too small to be measured.
        if let (Some(converting), Some(deserializing), Some(reading)) = (
            cpu_seconds(TO_XAPI),
            cpu_seconds(DESERIALIZING),
            cpu_seconds(READING),
        ) && deserializing > reading
        {
            self.table.notes.push(format!(
                "The whole conversion to xAPI with 1 thread takes {:.2} times the processor time of deserializing the \
                 same lines with serde_json into borrowed structs; {:.2} times if that, too, has to read them.",
                converting / (deserializing - reading),
                converting / deserializing,
            ));
        }
    }

    fn compare_threads(&mut self) {
        if self.threads > 1 {
            let seconds = |threads| self.table.measured(TO_XAPI, threads).seconds;
            self.table.notes.push(format!(
                "Converting to xAPI with {} threads is {:.2} times as fast as with one. (Reading and writing always have \
                 threads of their own.)",
                self.threads,
                seconds(1) / seconds(self.threads),
            ));
        }
    }

    /// Measures other kinds of logs with all threads.
    fn other_logs(&mut self, tables: &Path) {
        let supported = LogOptions {
            part: 1,
            supported_only: true,
            ..self.options
        };
        let supported = &Input::generate(self.path("supported.log"), &supported);
        let part = |part| {
            let options = LogOptions {
                part,
                ..self.options
            };
            Input::generate(self.path(&format!("part-{part}.log")), &options)
        };
        let (first, second) = (part(2), part(3));
        let plain = first.and(&second);
        let compressed = &first.compressed().and(&second.compressed());
        let in_one = &plain.in_one(self.path("both.log"));
        plain.remove();
        let line = &self.one_line();

        let run = self.to_xapi(tables);
        self.measure(&[
            program("xAPI, a log of supported events alone", supported, run),
            program(PLAIN_FILE, in_one, run),
            program(GZIP_FILES, compressed, run),
            program("xAPI, a log of one line, start to exit", line, run),
        ]);
        self.table.notes.push(format!(
            "Two gzip files take {:.2} times as long as one plain file with the same lines.",
            self.seconds(GZIP_FILES) / self.seconds(PLAIN_FILE)
        ));
        for input in [supported, compressed, in_one, line] {
            input.remove();
        }
    }

    /// Compares writing to a file with sending to servers that answer at once.
    fn sending(&mut self, tables: &Path) {
        let supported = LogOptions {
            part: 4,
            supported_only: true,
            ..self.options
        };
        let log = &Input::generate(self.path("sent.log"), &supported);
        let sink = Sink::start();
        let (lrs, clickhouse) = (sink.lrs_url(), sink.clickhouse_url());
        let to_files = self.to_xapi(tables);
        let to = |output| ProgramRun { output, ..to_files };
        self.measure(&[
            program(TO_FILE, log, to_files),
            program(TO_LRS, log, to(Output::Lrs(&lrs))),
            program(TO_CLICKHOUSE, log, to(Output::ClickHouse(&clickhouse))),
        ]);
        let file = self.seconds(TO_FILE);
        self.table.notes.push(format!(
            "Sending to servers that answer at once takes longer than writing to a file: {:.2} times as long to an LRS, \
             {:.2} times to ClickHouse. The servers use the same processors.",
            self.seconds(TO_LRS) / file,
            self.seconds(TO_CLICKHOUSE) / file
        ));
        log.remove();
    }

    /// Measures with a long table of users: a log of one line, which shows the time to load the table, and a whole log.
    fn many_users(&mut self, users: u64) {
        self.options.users = users;
        let tables = &self.tables("many-users", &self.options);
        let log = &Input::generate(self.path("tracking.log"), &self.options);
        let line = &self.one_line();
        let run = self.to_xapi(tables);
        let (loading, converting) = (
            format!("xAPI, a log of one line, {users} users"),
            format!("xAPI, {users} users"),
        );
        let with_one = ProgramRun { threads: 1, ..run };
        self.measure(&[
            program(&loading, line, run),
            program(&converting, log, with_one),
            program(&converting, log, run),
        ]);
        let loading = self.table.measured(&loading, self.threads);
        self.table.notes.push(format!(
            "Loading {users} users takes {:.1} s and {:.0} MB.",
            loading.seconds,
            loading.peak_bytes.unwrap_or_default() as f64 / 1e6,
        ));
    }

    /// Measures all cases, and checks the number of emitted lines.
    fn measure(&mut self, cases: &[Case<'_>]) {
        let out = self.path("out");
        let mut works: Vec<Work<'_>> = cases.iter().map(|case| case.work(&out)).collect();
        let measured = measure::alternately(self.runs, &mut works, || {
            if out.exists() {
                fs::remove_dir_all(&out).expect("the output can be removed");
            }
        });
        for (case, (measured, summary)) in cases.iter().zip(measured) {
            let threads = match case.how {
                How::Library(_) => 1,
                How::Program(run) => {
                    let expected = case.input.emitted(run.to);
                    assert_eq!(emitted(&summary), Some(expected), "{summary}");
                    run.threads
                }
            };
            let row = TableRow::new(case.name, threads, case.input, measured);
            eprintln!("{row}");
            self.table.rows.push(row);
        }
    }

    /// Returns the seconds of the row with all threads.
    fn seconds(&self, name: &str) -> f64 {
        self.table.measured(name, self.threads).seconds
    }

    fn to_xapi<'t>(&self, tables: &'t Path) -> ProgramRun<'t> {
        ProgramRun {
            to: "xapi",
            threads: self.threads,
            tables,
            compresses: false,
            output: Output::Files,
        }
    }

    fn one_line(&self) -> Input {
        let options = LogOptions {
            bytes: 1,
            supported_only: true,
            ..self.options
        };
        Input::generate(self.path("line.log"), &options)
    }

    fn tables(&self, name: &str, options: &LogOptions) -> PathBuf {
        let directory = self.path(name);
        fs::create_dir(&directory).expect("a directory can be created");
        write_tables(options, &directory);
        directory
    }

    fn path(&self, name: &str) -> PathBuf {
        self.directory.join(name)
    }
}
