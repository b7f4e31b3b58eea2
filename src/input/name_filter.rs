//! The selection of a directory's files, by their names.

use std::path::Path;

use globset::{Error as GlobError, GlobBuilder, GlobSet, GlobSetBuilder};

use crate::format::OutputFormat;

/// The usual names of logs.
const DEFAULT_INCLUDE: [&str; 10] = [
    "*.log",
    "*.log.gz",
    "*.log-*",
    "*.log.*",
    "*.json",
    "*.jsonl",
    "*.jsonl.gz",
    "*.ndjson",
    "*.gz",
    "*.zst",
];

/// The names of tables, prose, archives, and this program's own files apart from its output. Some of them, such as
/// `users.csv.gz`, would otherwise match [`DEFAULT_INCLUDE`].
const DEFAULT_EXCLUDE: [&str; 8] = [
    "*.csv*",
    "*.tsv*",
    "*.md*",
    "*.txt*",
    "*.tar.*",
    "*.tgz",
    "journal.jsonl",
    "rejects*.jsonl",
];

/// Decides which files of a directory are inputs.
pub struct NameFilter {
    include: GlobSet,
    exclude: GlobSet,
}

impl NameFilter {
    /// Compiles the globs. If `include` is empty, [`DEFAULT_INCLUDE`] applies, and in addition to `exclude`,
    /// [`DEFAULT_EXCLUDE`] and the names of this program's output. A glob with a `/` is matched against the path below the directory, any other glob against the file
    /// name.
    ///
    /// # Errors
    /// Returns an error if a glob is invalid.
    pub fn new(include: &[String], exclude: &[String]) -> Result<Self, GlobError> {
        let (mut include, mut exclude) = (include.to_owned(), exclude.to_owned());
        if include.is_empty() {
            include.extend(DEFAULT_INCLUDE.map(str::to_owned));
            exclude.extend(DEFAULT_EXCLUDE.map(str::to_owned));
            exclude.extend(OutputFormat::all().flat_map(output_globs));
        }
        Ok(Self {
            include: glob_set(&include)?,
            exclude: glob_set(&exclude)?,
        })
    }

    /// Returns whether a file is an input, by its path below the directory.
    pub fn matches(&self, relative: &Path) -> bool {
        self.include.is_match(relative) && !self.exclude.is_match(relative)
    }
}

/// Returns the globs that match the names of output files of a format, without and with a number.
fn output_globs(format: OutputFormat) -> [String; 2] {
    let name = format.name();
    [format!("*.{name}.jsonl*"), format!("*.{name}.*.jsonl*")]
}

fn glob_set(patterns: &[String]) -> Result<GlobSet, GlobError> {
    let mut set = GlobSetBuilder::new();
    for pattern in patterns {
        let anywhere = if pattern.contains('/') {
            pattern.clone()
        } else {
            format!("**/{pattern}")
        };
        let glob = GlobBuilder::new(&anywhere).literal_separator(true).build();
        set.add(glob?);
    }
    set.build()
}
