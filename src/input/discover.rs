//! From arguments to inputs: files as they are named, directories by what their files are called.

use std::ffi::OsStr;
use std::fs;
use std::path::{Path, PathBuf};

use globset::{Error as GlobError, GlobBuilder, GlobSet, GlobSetBuilder};
use walkdir::{DirEntry, WalkDir};

use super::{Origin, Shape, Source};

/// Names that logs have, in a directory.
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

/// Names of tables, prose, archives and this program's own output, which the names above would take.
const DEFAULT_EXCLUDE: [&str; 8] = [
    "*.csv*",
    "*.tsv*",
    "*.md*",
    "*.txt*",
    "*.tar.*",
    "*.tgz",
    "*.xapi.jsonl*",
    "*.caliper.jsonl*",
];

/// Which files of a directory are inputs.
pub struct NameFilter {
    include: GlobSet,
    exclude: GlobSet,
}

impl NameFilter {
    /// Without `include` the default names are taken. A glob with a `/` is matched against the path below the directory,
    /// any other against the file's name.
    ///
    /// # Errors
    /// A glob that does not parse.
    pub fn new(include: &[String], exclude: &[String]) -> Result<Self, GlobError> {
        let defaults = include.is_empty();
        let include = include
            .iter()
            .map(String::as_str)
            .chain(DEFAULT_INCLUDE.into_iter().filter(|_| defaults));
        let exclude = exclude
            .iter()
            .map(String::as_str)
            .chain(DEFAULT_EXCLUDE.into_iter().filter(|_| defaults));
        Ok(Self {
            include: glob_set(include)?,
            exclude: glob_set(exclude)?,
        })
    }

    fn takes(&self, below: &Path) -> bool {
        self.include.is_match(below) && !self.exclude.is_match(below)
    }
}

fn glob_set<'a>(patterns: impl Iterator<Item = &'a str>) -> Result<GlobSet, GlobError> {
    let mut set = GlobSetBuilder::new();
    for pattern in patterns {
        let anywhere = if pattern.contains('/') {
            pattern.to_owned()
        } else {
            format!("**/{pattern}")
        };
        set.add(
            GlobBuilder::new(&anywhere)
                .literal_separator(true)
                .build()?,
        );
    }
    set.build()
}

/// The inputs of a run, and what was found wrong on the way.
#[derive(Debug, Default)]
pub struct Discovery {
    pub sources: Vec<Source>,
    /// Arguments and directory entries that cannot be read, as messages.
    pub errors: Vec<String>,
    /// Files that a directory has and no glob takes.
    pub passed_over: usize,
}

/// Finds the inputs that the arguments name, in order: a file as it is, a directory's files by name, `-` for standard
/// input. `output`, the directory that is written to, is not walked.
pub fn discover(arguments: &[PathBuf], filter: &NameFilter, output: Option<&Path>) -> Discovery {
    let mut discovery = Discovery::default();
    let output = output.and_then(|output| fs::canonicalize(output).ok());
    for argument in arguments {
        if argument == Path::new("-") {
            discovery.sources.push(Source {
                origin: Origin::Stdin,
                name: "-".into(),
                relative: "stdin".into(),
                shape: Shape::Log,
                size: None,
            });
            continue;
        }
        match fs::metadata(argument) {
            Ok(metadata) if metadata.is_dir() => {
                discovery.walk(argument, filter, output.as_deref())
            }
            Ok(metadata) => {
                let relative = argument.file_name().unwrap_or(argument.as_os_str());
                discovery
                    .sources
                    .push(source(argument, Path::new(relative), Some(metadata.len())));
            }
            Err(error) => discovery
                .errors
                .push(format!("failed to open `{}`: {error}", argument.display())),
        }
    }
    discovery
}

impl Discovery {
    fn walk(&mut self, directory: &Path, filter: &NameFilter, output: Option<&Path>) {
        let is_output = |entry: &DirEntry| {
            entry.depth() > 0
                && entry.file_type().is_dir()
                && output.is_some_and(|output| {
                    fs::canonicalize(entry.path()).is_ok_and(|path| path == output)
                })
        };
        let entries = WalkDir::new(directory)
            .follow_links(true)
            .sort_by_file_name()
            .into_iter();
        for entry in entries.filter_entry(|entry| !is_hidden(entry) && !is_output(entry)) {
            let entry = match entry {
                Ok(entry) => entry,
                Err(error) => {
                    self.errors
                        .push(format!("failed to read `{}`: {error}", directory.display()));
                    continue;
                }
            };
            if entry.file_type().is_dir() {
                continue;
            }
            let below = entry.path().strip_prefix(directory).unwrap_or(entry.path());
            if filter.takes(below) {
                let size = entry.metadata().ok().map(|metadata| metadata.len());
                self.sources.push(source(entry.path(), below, size));
            } else {
                self.passed_over += 1;
            }
        }
    }
}

fn source(path: &Path, relative: &Path, size: Option<u64>) -> Source {
    let is_document = path.extension() == Some(OsStr::new("json"));
    Source {
        origin: Origin::File(path.to_owned()),
        name: path.display().to_string(),
        relative: relative.to_owned(),
        shape: if is_document {
            Shape::Document
        } else {
            Shape::Log
        },
        size,
    }
}

/// A hidden entry of a directory; the directory itself was named by the user.
fn is_hidden(entry: &DirEntry) -> bool {
    entry.depth() > 0 && entry.file_name().as_encoded_bytes().starts_with(b".")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(names: &[&str], include: &[&str], exclude: &[&str]) -> Vec<String> {
        let directory = tempfile::tempdir().unwrap();
        for name in names {
            let path = directory.path().join(name);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, "").unwrap();
        }
        let owned = |globs: &[&str]| {
            globs
                .iter()
                .map(|glob| (*glob).to_owned())
                .collect::<Vec<_>>()
        };
        let filter = NameFilter::new(&owned(include), &owned(exclude)).unwrap();
        let discovery = discover(
            &[directory.path().to_owned()],
            &filter,
            Some(&directory.path().join("out")),
        );
        assert_eq!(discovery.errors, [""; 0]);
        discovery
            .sources
            .iter()
            .map(|source| source.relative.display().to_string())
            .collect()
    }

    const NAMES: [&str; 14] = [
        "b/tracking.log",
        "a.json",
        "tracking.log-20240101.gz",
        "tracking.log.1",
        "20140101.gz",
        ".hidden.log",
        ".git/x.log",
        "users.csv",
        "users.csv.gz",
        "README.md",
        "notes.txt",
        "logs.tar.gz",
        "out/tracking.log",
        "tracking.log.xapi.jsonl",
    ];

    #[test]
    fn by_default_logs_are_taken_in_name_order_and_tables_and_prose_left() {
        let expected = [
            "20140101.gz",
            "a.json",
            "b/tracking.log",
            "tracking.log-20240101.gz",
            "tracking.log.1",
        ];
        assert_eq!(found(&NAMES, &[], &[]), expected);
    }

    #[test]
    fn globs_choose_by_name_and_with_a_slash_by_path() {
        assert_eq!(found(&NAMES, &["*.txt"], &[]), ["notes.txt"]);
        assert_eq!(found(&NAMES, &["b/*"], &[]), ["b/tracking.log"]);
        assert_eq!(
            found(&NAMES, &[], &["*.gz", "b/**"]),
            ["a.json", "tracking.log.1"]
        );
    }

    #[test]
    fn what_cannot_be_opened_is_told_and_the_rest_is_found() {
        let file = tempfile::NamedTempFile::new().unwrap();
        let filter = NameFilter::new(&[], &[]).unwrap();
        let discovery = discover(
            &["no/such/file".into(), file.path().into(), "-".into()],
            &filter,
            None,
        );
        assert_eq!((discovery.sources.len(), discovery.errors.len()), (2, 1));
    }
}
