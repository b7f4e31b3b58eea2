//! The rows of the table that are to be measured.

use std::path::Path;
use std::process::Command;

use crate::generator::LMS_ROOT_URL;
use crate::input::Input;
use crate::measure::Work;

/// The options of a run of the program.
#[derive(Clone, Copy)]
pub struct ProgramRun<'d> {
    pub to: &'static str,
    pub threads: usize,
    pub tables: &'d Path,
    pub compresses: bool,
    pub output: Output<'d>,
}

/// The destination of a run.
#[derive(Clone, Copy)]
pub enum Output<'d> {
    Files,
    /// The URL of an LRS.
    Lrs(&'d str),
    /// The URL of ClickHouse.
    ClickHouse(&'d str),
}

/// A row of the table that is to be measured.
pub struct Case<'c> {
    pub name: &'c str,
    pub input: &'c Input,
    pub how: How<'c>,
}

pub enum How<'c> {
    /// A function of the library, in this process.
    Library(fn(&Path)),
    Program(ProgramRun<'c>),
}

pub fn library<'c>(name: &'c str, input: &'c Input, work: fn(&Path)) -> Case<'c> {
    let how = How::Library(work);
    Case { name, input, how }
}

pub fn program<'c>(name: &'c str, input: &'c Input, run: ProgramRun<'c>) -> Case<'c> {
    let how = How::Program(run);
    Case { name, input, how }
}

impl Case<'_> {
    pub fn work(&self, out: &Path) -> Work<'_> {
        let files = &self.input.files;
        match self.how {
            How::Library(work) => {
                Work::Here(Box::new(move || files.iter().for_each(|file| work(file))))
            }
            How::Program(run) => Work::Program(run.command(self.input, out)),
        }
    }
}

impl ProgramRun<'_> {
    fn command(self, input: &Input, out: &Path) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_event-router"));
        match self.output {
            Output::Files => command.arg("transform").arg("--output").arg(out),
            Output::Lrs(url) => command.args(["send", "--url", url]),
            Output::ClickHouse(url) => command.args([
                "send",
                "--clickhouse-url",
                url,
                "--clickhouse-table",
                "openedx.xapi_events_all",
            ]),
        };
        command.args(["--lms-root-url", LMS_ROOT_URL, "--to", self.to, "--verbose"]);
        command.args(["--threads", &self.threads.to_string()]);
        command.arg("--users").arg(self.tables.join("users.csv"));
        command
            .arg("--courses")
            .arg(self.tables.join("courses.csv"));
        if self.compresses {
            command.args(["--compress", "gzip"]);
        }
        command.args(&input.files);
        command
    }
}

/// Returns the number of emitted lines from the summary of the program.
pub fn emitted(summary: &str) -> Option<u64> {
    let line = summary.lines().find(|line| line.contains(" emitted"))?;
    let number = line.split_whitespace().next()?;
    number.replace(',', "").parse().ok()
}
