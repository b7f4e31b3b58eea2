//! The selection of a directory's files, by their names.

use std::path::Path;

use globset::{Error as GlobError, GlobBuilder, GlobSet, GlobSetBuilder};

/// The usual names of logs.
const DEFAULT_INCLUDE: [&str; 9] = [
    "*.log",
    "*.log.gz",
    "*.log-*",
    "*.log.*",
    "*.json",
    "*.jsonl",
    "*.jsonl.gz",
    "*.ndjson",
    "*.gz",
];

/// The names of tables, prose, archives and this program's own output. Some of them, such as `users.csv.gz`, would
/// otherwise match [`DEFAULT_INCLUDE`].
const DEFAULT_EXCLUDE: [&str; 12] = [
    "*.csv*",
    "*.tsv*",
    "*.md*",
    "*.txt*",
    "*.tar.*",
    "*.tgz",
    "*.xapi.jsonl*",
    "*.xapi.*.jsonl*",
    "*.caliper.jsonl*",
    "*.caliper.*.jsonl*",
    "journal.jsonl",
    "rejects*.jsonl",
];

/// Decides which files of a directory are inputs.
pub struct NameFilter {
    include: GlobSet,
    exclude: GlobSet,
}

impl NameFilter {
    /// Compiles the globs. If `include` is empty, [`DEFAULT_INCLUDE`] applies, and [`DEFAULT_EXCLUDE`] in addition to
    /// `exclude`. A glob with a `/` is matched against the path below the directory, any other glob against the file
    /// name.
    ///
    /// # Errors
    /// Returns an error if a glob is invalid.
    pub fn new(include: &[String], exclude: &[String]) -> Result<Self, GlobError> {
        let (default_include, default_exclude) = match include {
            [] => (&DEFAULT_INCLUDE[..], &DEFAULT_EXCLUDE[..]),
            _ => Default::default(),
        };
        Ok(Self {
            include: glob_set(include, default_include)?,
            exclude: glob_set(exclude, default_exclude)?,
        })
    }

    /// Returns whether a file is an input, by its path below the directory.
    pub fn matches(&self, relative: &Path) -> bool {
        self.include.is_match(relative) && !self.exclude.is_match(relative)
    }
}

fn glob_set(given: &[String], default: &[&str]) -> Result<GlobSet, GlobError> {
    let mut set = GlobSetBuilder::new();
    let given = given.iter().map(String::as_str);
    for pattern in given.chain(default.iter().copied()) {
        let anywhere = if pattern.contains('/') {
            pattern.to_owned()
        } else {
            format!("**/{pattern}")
        };
        let glob = GlobBuilder::new(&anywhere).literal_separator(true).build();
        set.add(glob?);
    }
    set.build()
}
