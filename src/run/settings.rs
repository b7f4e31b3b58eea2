//! The settings of the commands: the options after parsing. Paths are not opened yet.

use std::path::{Path, PathBuf};

use super::fail_on::FailOn;
use crate::cloud::CloudSettings;
use crate::convert::FormatSettings;
use crate::dedupe::OnCollision;
use crate::filter::EventFilter;
use crate::input::{Framing, Shard};
use crate::lms::LmsSettings;
use crate::outcome::RepairSet;
use crate::selection::EventSelection;
use crate::tracking::LineWrapper;

/// The settings that `transform` and `send` share.
pub struct JobSettings {
    pub input: InputSettings,
    pub conversion: ConversionSettings,
    /// What to do with an event that has the id of an earlier event and different content. `None` without `--dedupe`.
    pub dedupe: Option<OnCollision>,
    pub record: RecordSettings,
}

/// The inputs and how they are read.
#[derive(Clone, Debug)]
pub struct InputSettings {
    /// Files, directories, or `-` for standard input.
    pub paths: Vec<PathBuf>,
    /// A file that lists more inputs, one path a line, or `-` to read the list from standard input.
    pub files_from: Option<PathBuf>,
    /// Globs for the names of the files to read in directories. Without globs, files with the usual names of logs are
    /// read.
    pub include: Vec<String>,
    /// Globs for the names of the files to skip in directories.
    pub exclude: Vec<String>,
    pub shard: Option<Shard>,
    /// The options for inputs in object storage.
    pub cloud: CloudSettings,
    pub line_wrapper: LineWrapper,
    pub framing: Framing,
    pub max_line_bytes: usize,
    pub threads: usize,
}

impl InputSettings {
    /// The default of `max_line_bytes`.
    pub const MAX_LINE_BYTES: usize = 32 << 20;
}

/// The selection of events and their format.
pub struct ConversionSettings {
    pub format: FormatSettings,
    pub selection: EventSelection,
    pub filter: EventFilter,
    /// The path of a routers.json.
    pub routers: Option<PathBuf>,
    pub lms: LmsSettings,
    /// A file with the secret key of derived ids. Without a file, the key is taken from the environment.
    pub actor_key_file: Option<PathBuf>,
    /// The repairs that are applied to events.
    pub repairs: RepairSet,
}

/// The files that a run writes, but for a directory of outputs, and the results that make the run fail.
#[derive(Debug)]
pub struct RecordSettings {
    /// The file with the records of all inputs, if they are written to one file.
    pub output: Option<PathBuf>,
    /// The rejects file.
    pub rejects: Option<PathBuf>,
    /// The state directory.
    pub state: Option<PathBuf>,
    /// The number of days after which the state directory forgets an input that no run has found, if it is not the usual
    /// number.
    pub forget_after: Option<u64>,
    /// The JSON report.
    pub report: Option<PathBuf>,
    pub fail_on: Vec<FailOn>,
    /// Whether the summary lists the most frequent names of unsupported events.
    pub verbose: bool,
}

impl InputSettings {
    /// Returns the files that are read in addition to the inputs.
    pub fn files(&self) -> Vec<&Path> {
        self.files_from.iter().map(PathBuf::as_path).collect()
    }
}

impl ConversionSettings {
    /// Returns the files that are read.
    pub fn files(&self) -> Vec<&Path> {
        let files = [&self.actor_key_file, &self.routers].into_iter().flatten();
        let files = files.map(PathBuf::as_path);
        files.chain(self.lms.files()).collect()
    }
}

impl RecordSettings {
    /// Returns the files and the directory that are written.
    pub fn paths(&self) -> Vec<&Path> {
        let paths = [&self.output, &self.rejects, &self.state, &self.report];
        paths.into_iter().flatten().map(PathBuf::as_path).collect()
    }

    /// Returns the files that are written, with their options.
    pub fn files(&self) -> Vec<(&'static str, &Path)> {
        let files = [
            ("--output", &self.output),
            ("--rejects", &self.rejects),
            ("--report", &self.report),
        ];
        let files = files.map(|(option, path)| Some((option, path.as_deref()?)));
        files.into_iter().flatten().collect()
    }
}
