//! Runs the binary in a directory of its own.

use std::fs::{self, DirEntry};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use flate2::Compression;
use flate2::write::GzEncoder;
use serde_json::Value;
use tempfile::TempDir;

pub const ROOT_URL: &str = "https://courses.example.org";

/// A run of `event-router`, put together step by step. Relative paths are below a directory that is made for it.
pub struct Run {
    pub directory: TempDir,
    command: Command,
    stdin: Vec<u8>,
}

/// How a run ended.
pub struct Ended {
    pub directory: TempDir,
    pub code: i32,
    pub stdout: Vec<u8>,
    pub stderr: String,
}

impl Run {
    /// The program with these arguments and no variable of its own.
    pub fn new(arguments: &[&str]) -> Self {
        let directory = TempDir::new().unwrap();
        let mut command = Command::new(env!("CARGO_BIN_EXE_event-router"));
        command.current_dir(directory.path()).args(arguments);
        for (name, _) in std::env::vars_os() {
            let name_text = name.to_string_lossy();
            let is_proxy = name_text.to_lowercase().ends_with("_proxy");
            if name_text.starts_with("EVENT_ROUTER_")
                || name_text == "SOURCE_DATE_EPOCH"
                || is_proxy
            {
                command.env_remove(name);
            }
        }
        Self {
            directory,
            command,
            stdin: Vec::new(),
        }
    }

    /// `transform` to xAPI, without tables.
    pub fn transform() -> Self {
        Self::transform_to("xapi")
    }

    /// `explain --json` to xAPI, without tables.
    pub fn explain() -> Self {
        Self::explain_to("xapi")
    }

    /// `transform` to a format.
    pub fn transform_to(format: &str) -> Self {
        Self::new(&["transform", "--to", format, "--lms-root-url", ROOT_URL])
    }

    /// `explain --json` to a format.
    pub fn explain_to(format: &str) -> Self {
        Self::new(&[
            "explain",
            "--json",
            "--to",
            format,
            "--lms-root-url",
            ROOT_URL,
        ])
    }

    /// With the tables of the fixtures.
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

    /// In the directory of an earlier run.
    pub fn in_directory(mut self, directory: TempDir) -> Self {
        self.command.current_dir(directory.path());
        self.directory = directory;
        self
    }

    /// Writes a file below the directory of the run.
    pub fn file(self, name: &str, bytes: impl AsRef<[u8]>) -> Self {
        let path = self.directory.path().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, bytes).unwrap();
        self
    }

    /// After some words to the shell, as `umask 077`.
    #[cfg(unix)]
    pub fn after(mut self, words: &str) -> Self {
        let mut command = Command::new("sh");
        let script = format!("{words}; exec \"$0\" \"$@\"");
        command
            .args(["-c", &script])
            .arg(self.command.get_program());
        command
            .args(self.command.get_args())
            .current_dir(self.directory.path());
        for (name, value) in self.command.get_envs() {
            match value {
                Some(value) => command.env(name, value),
                None => command.env_remove(name),
            };
        }
        self.command = command;
        self
    }

    /// With no file of more bytes than this, as on a disk that gets full.
    #[cfg(unix)]
    pub fn on_a_disk_with(self, bytes: u64) -> Self {
        // Shells count in 512 bytes, as POSIX has it; bash does in 1024 unless it is called sh.
        self.after(&format!("trap '' XFSZ; ulimit -f {}", bytes / 512))
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

    /// Starts it, with nothing on standard input yet.
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

/// A run that has not ended.
pub struct Running {
    pub directory: TempDir,
    pub child: Child,
}

impl Running {
    /// Waits until a file is there whose name starts so.
    #[track_caller]
    pub fn wait_for(&self, below: &str, start: &str) {
        let deadline = Instant::now() + Duration::from_secs(60);
        let directory = self.directory.path().join(below);
        let starts = |entry: DirEntry| entry.file_name().to_string_lossy().starts_with(start);
        while !fs::read_dir(&directory)
            .is_ok_and(|mut entries| entries.any(|entry| entry.is_ok_and(starts)))
        {
            assert!(Instant::now() < deadline, "there is no {below}/{start}");
            std::thread::sleep(Duration::from_millis(5));
        }
    }

    /// Writes to its standard input.
    pub fn write(&mut self, text: &str) {
        let stdin = self.child.stdin.as_mut().unwrap();
        stdin.write_all(text.as_bytes()).unwrap();
    }

    /// Closes its standard input and waits for it.
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
    /// The run, if it ended with this code.
    #[track_caller]
    pub fn with_code(self, code: i32) -> Self {
        assert_eq!(self.code, code, "{}", self.stderr);
        self
    }

    /// The JSON values on standard output, one a line.
    pub fn rows(&self) -> Vec<Value> {
        json_lines(&self.stdout)
    }

    /// The errors that were told, a line each.
    pub fn errors(&self) -> Vec<&str> {
        let lines = self.stderr.lines();
        lines
            .filter_map(|line| line.strip_prefix("error: "))
            .collect()
    }

    /// One error was told, with this at its start.
    #[track_caller]
    pub fn assert_told(&self, start: &str) {
        let errors = self.errors();
        let is_told = errors.len() == 1 && errors[0].starts_with(start);
        assert!(is_told, "{start:?}: {}", self.stderr);
    }

    /// No unfinished file is there, under whatever name.
    #[track_caller]
    pub fn assert_clean(&self) {
        let files = self.files(".");
        let unfinished = files.iter().find(|name| name.contains(".part"));
        assert_eq!(unfinished, None);
    }

    /// The bytes of a file below the directory of the run.
    #[track_caller]
    pub fn read(&self, name: &str) -> Vec<u8> {
        let path = self.directory.path().join(name);
        fs::read(&path)
            .unwrap_or_else(|error| panic!("{}: {error}: {}", path.display(), self.stderr))
    }

    /// The names of all files below a directory of the run, hidden ones included, in order.
    pub fn files(&self, below: &str) -> Vec<String> {
        let directory = self.directory.path().join(below);
        let entries = walkdir::WalkDir::new(&directory)
            .sort_by_file_name()
            .into_iter()
            .flatten();
        let files = entries.filter(|entry| entry.file_type().is_file());
        let names = files.map(|entry| {
            entry
                .path()
                .strip_prefix(&directory)
                .unwrap()
                .display()
                .to_string()
        });
        names.collect()
    }

    /// The count of an outcome in the summary.
    #[track_caller]
    pub fn count(&self, outcome: &str) -> u64 {
        let rows = self
            .stderr
            .lines()
            .map(|line| line.split_whitespace().collect::<Vec<_>>());
        let row = rows.into_iter().find(|row| row.get(1) == Some(&outcome));
        let row = row.unwrap_or_else(|| panic!("no {outcome} in: {}", self.stderr));
        row[0].replace(',', "").parse().unwrap()
    }
}

pub fn json_lines(bytes: &[u8]) -> Vec<Value> {
    let text = std::str::from_utf8(bytes).unwrap();
    text.lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect()
}

pub fn fixture(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("fixtures")
        .join(name)
}

pub fn gzip(bytes: impl AsRef<[u8]>) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(bytes.as_ref()).unwrap();
    encoder.finish().unwrap()
}

/// A line that becomes a statement, told from others by its second.
pub fn line(second: u32) -> String {
    format!(
        "{{\"name\": \"play_video\", \"username\": \"ada\", \"context\": {{\"course_id\": \"course-v1:a+b+c\"}}, \
         \"event\": {{\"id\": \"v\", \"currentTime\": {second}}}, \"time\": \"2024-03-05T09:00:00.{second:06}+00:00\"}}\n"
    )
}
