//! A run of the program, from its arguments to its exit code.

use std::io::Write;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use serde_json::Value;

use super::directory::RunDirectory;
use super::samples::{ROOT_URL, fixture, json_lines};

/// A run of `event-router` that has not started. Unless [`in_directory`](Self::in_directory) names a working directory,
/// the run gets a new one.
pub struct Run {
    pub directory: RunDirectory,
    command: Command,
    stdin: Vec<u8>,
}

/// The names of counts in a summary.
const COUNTED: [&str; 10] = [
    "delivered",
    "duplicate",
    "emitted",
    "filtered",
    "left",
    "lines",
    "rejected",
    "undeliverable",
    "unparsable",
    "unsupported",
];

/// A run that has ended.
pub struct Ended {
    pub directory: RunDirectory,
    pub code: i32,
    pub stdout: Vec<u8>,
    pub stderr: String,
}

impl Run {
    /// A run with these arguments, and without the environment variables that the program reads.
    pub fn new(arguments: &[&str]) -> Self {
        let directory = RunDirectory::new();
        let mut command = Command::new(env!("CARGO_BIN_EXE_event-router"));
        command.current_dir(directory.path("")).args(arguments);
        for (name, _) in std::env::vars_os() {
            let name_text = name.to_string_lossy();
            let is_proxy = name_text.to_lowercase().ends_with("_proxy");
            if name_text.starts_with("EVENT_ROUTER_")
                || [
                    "SOURCE_DATE_EPOCH",
                    "NO_COLOR",
                    "CLICOLOR",
                    "CLICOLOR_FORCE",
                ]
                .contains(&&*name_text)
                || is_proxy
            {
                command.env_remove(name);
            }
        }
        // Without this option, a run in which all is well ends with one line, without counts.
        command.env("EVENT_ROUTER_VERBOSE", "true");
        Self {
            directory,
            command,
            stdin: Vec::new(),
        }
    }

    /// Shows the counts only if something needs attention, as by default.
    pub fn without_counts(self) -> Self {
        self.env("EVENT_ROUTER_VERBOSE", "")
    }

    pub fn transform() -> Self {
        Self::transform_to("xapi")
    }

    pub fn explain() -> Self {
        Self::explain_to("xapi")
    }

    pub fn transform_to(format: &str) -> Self {
        Self::new(&["transform", "--to", format, "--lms-root-url", ROOT_URL])
    }

    pub fn explain_to(format: &str) -> Self {
        let run = Self::new(&["explain", "--json", "--to", format]);
        run.args(&["--lms-root-url", ROOT_URL])
    }

    /// `explain` without `--json`.
    pub fn explain_as_text() -> Self {
        Self::explain_as_text_to("xapi")
    }

    pub fn explain_as_text_to(format: &str) -> Self {
        Self::new(&["explain", "--to", format, "--lms-root-url", ROOT_URL])
    }

    pub fn send(url: &str) -> Self {
        Self::send_to("xapi", url)
    }

    pub fn send_to(format: &str, url: &str) -> Self {
        let run = Self::new(&["send", "--to", format, "--lms-root-url", ROOT_URL]);
        run.args(&["--url", url])
    }

    /// Adds the lookup tables of the fixtures.
    pub fn tables(self) -> Self {
        let users = fixture("users.csv");
        let courses = fixture("courses.csv");
        self.args(&[
            "--users",
            users.to_str().unwrap(),
            "--courses",
            courses.to_str().unwrap(),
        ])
    }

    pub fn args(mut self, arguments: &[&str]) -> Self {
        self.command.args(arguments);
        self
    }

    pub fn path(mut self, path: &Path) -> Self {
        self.command.arg(path);
        self
    }

    pub fn env(mut self, name: &str, value: &str) -> Self {
        self.command.env(name, value);
        self
    }

    pub fn stdin(mut self, bytes: impl AsRef<[u8]>) -> Self {
        self.stdin = bytes.as_ref().to_vec();
        self
    }

    /// Runs in the directory of an earlier run.
    pub fn in_directory(mut self, directory: &RunDirectory) -> Self {
        self.command.current_dir(directory.path(""));
        self.directory = directory.clone();
        self
    }

    /// Writes a file below the directory of the run.
    pub fn file(self, name: &str, bytes: impl AsRef<[u8]>) -> Self {
        self.directory.write(name, bytes);
        self
    }

    /// Executes a shell command before the program, such as `umask 077`.
    #[cfg(unix)]
    pub fn after_shell(mut self, shell_command: &str) -> Self {
        let mut command = Command::new("sh");
        let script = format!("{shell_command}; exec \"$0\" \"$@\"");
        command
            .args(["-c", &script])
            .arg(self.command.get_program());
        command
            .args(self.command.get_args())
            .current_dir(self.directory.path(""));
        for (name, value) in self.command.get_envs() {
            match value {
                Some(value) => command.env(name, value),
                None => command.env_remove(name),
            };
        }
        self.command = command;
        self
    }

    /// Runs the program on a terminal of 120 columns and 40 rows, which `script` of util-linux provides. Standard output holds what
    /// the terminal shows.
    #[cfg(target_os = "linux")]
    pub fn on_terminal(mut self) -> Self {
        let words = std::iter::once(self.command.get_program()).chain(self.command.get_args());
        let words: Vec<String> = words.map(|word| format!("'{}'", word.display())).collect();
        let mut command = Command::new("script");
        let script = format!("stty cols 120 rows 40; exec {}", words.join(" "));
        command
            .args(["--quiet", "--return", "--flush", "--command", &script])
            .arg("/dev/null")
            .current_dir(self.directory.path(""));
        for (name, value) in self.command.get_envs() {
            match value {
                Some(value) => command.env(name, value),
                None => command.env_remove(name),
            };
        }
        self.command = command;
        self
    }

    /// Limits the size of each file, which has the effect of a full disk.
    #[cfg(unix)]
    pub fn with_largest_file(self, bytes: u64) -> Self {
        // POSIX shells count in blocks of 512 bytes. So does bash when it is called `sh`.
        self.after_shell(&format!("trap '' XFSZ; ulimit -f {}", bytes / 512))
    }

    pub fn run(mut self) -> Ended {
        let stdin = std::mem::take(&mut self.stdin);
        let mut running = self.start();
        let mut pipe = running.child.stdin.take().unwrap();
        let writer = std::thread::spawn(move || drop(pipe.write_all(&stdin)));
        let ended = running.end();
        writer.join().unwrap();
        ended
    }

    /// Starts the program, with standard input open.
    pub fn start(mut self) -> Running {
        self.command
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        Running {
            child: self.command.spawn().unwrap(),
            directory: self.directory,
        }
    }
}

/// A run that has started.
pub struct Running {
    pub directory: RunDirectory,
    pub child: Child,
}

impl Running {
    /// Waits until a condition holds.
    #[track_caller]
    pub fn wait_until(&self, mut condition: impl FnMut(&RunDirectory) -> bool) {
        let deadline = Instant::now() + Duration::from_secs(60);
        while !condition(&self.directory) {
            assert!(Instant::now() < deadline, "the condition does not hold");
            std::thread::sleep(Duration::from_millis(1));
        }
    }

    /// Waits until the program has created a file or directory whose name starts with `start`.
    #[track_caller]
    pub fn wait_for(&self, below: &str, start: &str) {
        self.wait_until(|directory| {
            let entries = directory.path(below).read_dir();
            entries.is_ok_and(|entries| {
                let names = entries.flatten().map(|entry| entry.file_name());
                names
                    .into_iter()
                    .any(|name| name.to_string_lossy().starts_with(start))
            })
        });
    }

    /// Waits until the program has ended, with standard input still open. Fails after `limit`.
    #[track_caller]
    pub fn wait_within(&mut self, limit: Duration) {
        let started = Instant::now();
        while self.child.try_wait().unwrap().is_none() {
            assert!(started.elapsed() < limit, "the program has not ended");
            std::thread::sleep(Duration::from_millis(1));
        }
    }

    /// Sends a signal, named as `TERM`.
    #[cfg(unix)]
    pub fn signal(&self, name: &str) {
        let id = self.child.id().to_string();
        let kill = Command::new("kill").args(["-s", name, &id]).status();
        assert!(kill.unwrap().success());
    }

    /// Writes to standard input.
    pub fn write(&mut self, text: &str) {
        let stdin = self.child.stdin.as_mut().unwrap();
        stdin.write_all(text.as_bytes()).unwrap();
    }

    /// Closes standard input and waits until the program has ended.
    pub fn end(mut self) -> Ended {
        drop(self.child.stdin.take());
        let output = self.child.wait_with_output().unwrap();
        Ended {
            directory: self.directory,
            code: output.status.code().unwrap_or(-1),
            stdout: output.stdout,
            stderr: String::from_utf8(output.stderr).unwrap(),
        }
    }
}

impl Ended {
    /// Checks the exit code.
    #[track_caller]
    pub fn with_code(self, code: i32) -> Self {
        assert_eq!(self.code, code, "{}", self.stderr);
        self
    }

    /// The JSON values on standard output, one a line.
    pub fn rows(&self) -> Vec<Value> {
        json_lines(&self.stdout)
    }

    /// The error messages on standard error.
    pub fn errors(&self) -> Vec<&str> {
        let lines = self.stderr.lines();
        lines
            .filter_map(|line| line.strip_prefix("error: "))
            .collect()
    }

    /// Checks that there is one error message, and that it starts with `start`.
    #[track_caller]
    pub fn assert_error(&self, start: &str) {
        let errors = self.errors();
        let is_only = errors.len() == 1 && errors[0].starts_with(start);
        assert!(is_only, "{start:?}: {}", self.stderr);
    }

    /// Checks that standard error contains a text.
    #[track_caller]
    pub fn assert_stderr(&self, text: &str) {
        assert!(self.stderr.contains(text), "{text:?}: {}", self.stderr);
    }

    /// Checks that standard error does not contain a text.
    #[track_caller]
    pub fn assert_not_stderr(&self, text: &str) {
        assert!(!self.stderr.contains(text), "{text:?}: {}", self.stderr);
    }

    /// Checks that no unfinished file is left.
    #[track_caller]
    pub fn assert_no_part_files(&self) {
        let files = self.files(".");
        let unfinished = files.iter().find(|name| name.contains(".part"));
        assert_eq!(unfinished, None);
    }

    #[track_caller]
    pub fn read(&self, name: &str) -> Vec<u8> {
        self.directory.read(name)
    }

    #[track_caller]
    pub fn json_lines(&self, name: &str) -> Vec<Value> {
        self.directory.json_lines(name)
    }

    /// The report of a run with `--report report.json`.
    #[track_caller]
    pub fn report(&self) -> Value {
        self.directory.json("report.json")
    }

    /// The dead letters of a run with `--dead-letters dead`.
    pub fn dead_letters(&self) -> Vec<Value> {
        let names = self.files("dead");
        let read = |name: &String| self.directory.json(&format!("dead/{name}"));
        names.iter().map(read).collect()
    }

    /// Returns the dead letter, of which there must be one, for this reason.
    #[track_caller]
    pub fn only_dead_letter(&self, reason: &str) -> Value {
        let [letter] = <[Value; 1]>::try_from(self.dead_letters()).unwrap();
        assert_eq!(letter["reason"], reason);
        letter
    }

    pub fn files(&self, below: &str) -> Vec<String> {
        self.directory.files(below)
    }

    /// The count of an outcome in the summary. A summary that has counts has no rows of zeros.
    #[track_caller]
    pub fn count(&self, outcome: &str) -> u64 {
        assert!(COUNTED.contains(&outcome), "no count is named {outcome}");
        let lines = self.stderr.lines().filter(|line| line.starts_with(' '));
        let rows = lines.map(|line| line.split_whitespace().collect::<Vec<_>>());
        let rows: Vec<_> = rows.collect();
        assert!(!rows.is_empty(), "no counts in: {}", self.stderr);
        // After the number 1, a noun is in the singular.
        let names = [Some(outcome), outcome.strip_suffix('s')];
        let row = rows.iter().find(|row| names.contains(&row.get(1).copied()));
        row.map_or(0, |row| row[0].replace(',', "").parse().unwrap())
    }
}
