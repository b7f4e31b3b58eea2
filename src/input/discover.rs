//! From arguments to inputs: files as they are named, directories by what their files are called.

use std::ffi::OsStr;
use std::fmt;
use std::fs::{self, Metadata};
use std::io::Read;
use std::path::{Path, PathBuf};

use bumpalo::Bump;
use globset::{Error as GlobError, GlobBuilder, GlobSet, GlobSetBuilder};
use walkdir::{DirEntry, WalkDir};

use super::{BytesRead, Origin, Shape, Shard, Source, open};
use crate::tracking::LineWrapper;

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
    /// The inputs that are left to other runs, see [`Discovery::keep_share`].
    pub elsewhere: Vec<Source>,
    /// Arguments and directory entries that cannot be read.
    pub errors: Vec<NotFound>,
    /// Files of directories that no glob takes.
    pub passed_over: Vec<PathBuf>,
}

/// An input that is not there, or cannot be looked at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NotFound {
    /// The path as given, or found in a directory.
    pub name: String,
    /// Why.
    pub error: String,
}

impl fmt::Display for NotFound {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "failed to open `{}`: {}", self.name, self.error)
    }
}

/// Finds the inputs that the arguments name, in order: a file as it is, a directory's files by name, `-` for standard
/// input. What is `written` by the run, a file or a directory, is passed over in directories. `wrapping` is needed to tell
/// logs from documents.
pub fn discover(
    arguments: &[PathBuf],
    filter: &NameFilter,
    wrapping: &LineWrapper,
    written: &[&Path],
) -> Discovery {
    let mut discovery = Discovery::default();
    let written: Vec<PathBuf> = written
        .iter()
        .filter_map(|path| fs::canonicalize(path).ok())
        .collect();
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
                discovery.walk(argument, filter, wrapping, &written)
            }
            Ok(metadata) => {
                let relative = argument.file_name().unwrap_or(argument.as_os_str());
                discovery
                    .sources
                    .push(source(argument, Path::new(relative), &metadata, wrapping));
            }
            Err(error) => discovery.errors.push(NotFound {
                name: argument.display().to_string(),
                error: error.to_string(),
            }),
        }
    }
    discovery
}

impl Discovery {
    /// Leaves all inputs but those of a share to other runs. What cannot be read is told by each of them.
    pub fn keep_share(&mut self, shard: Shard) {
        let sources = std::mem::take(&mut self.sources).into_iter();
        (self.sources, self.elsewhere) = sources.partition(|source| shard.takes(&source.relative));
    }

    /// The names of two inputs that are one pipe: what is read by the one, the other misses.
    #[cfg(unix)]
    pub fn same_pipe(&self) -> Option<(&str, &str)> {
        use std::collections::HashMap;
        use std::os::unix::fs::{FileTypeExt, MetadataExt};

        let mut names = HashMap::new();
        self.sources.iter().find_map(|source| {
            let path = match &source.origin {
                Origin::Stdin => Path::new("/dev/stdin"),
                Origin::File(path) => path,
            };
            let metadata = fs::metadata(path).ok()?;
            let kind = metadata.file_type();
            if !kind.is_fifo() && !kind.is_socket() {
                return None;
            }
            let name = source.name.as_str();
            let other = names.insert((metadata.dev(), metadata.ino()), name)?;
            Some((other, name))
        })
    }

    #[cfg(not(unix))]
    pub fn same_pipe(&self) -> Option<(&str, &str)> {
        None
    }

    fn walk(
        &mut self,
        directory: &Path,
        filter: &NameFilter,
        wrapping: &LineWrapper,
        written: &[PathBuf],
    ) {
        let is_written = |entry: &DirEntry| {
            entry.depth() > 0
                && fs::canonicalize(entry.path()).is_ok_and(|path| written.contains(&path))
        };
        let entries = WalkDir::new(directory)
            .follow_links(true)
            .sort_by_file_name()
            .into_iter();
        for entry in entries
            .filter_entry(|entry| !is_hidden(entry) && (written.is_empty() || !is_written(entry)))
        {
            let found = entry.and_then(|entry| Ok((entry.metadata()?, entry)));
            let (metadata, entry) = match found {
                Ok(found) => found,
                Err(error) => {
                    let name = error.path().unwrap_or(directory).display().to_string();
                    let error = match error.loop_ancestor() {
                        Some(ancestor) => {
                            format!("it is a link to `{}`, which it is in", ancestor.display())
                        }
                        None => error
                            .io_error()
                            .map_or_else(|| error.to_string(), ToString::to_string),
                    };
                    self.errors.push(NotFound { name, error });
                    continue;
                }
            };
            // A pipe or a socket in a directory is no log, and would wait for a writer.
            if !metadata.is_file() {
                continue;
            }
            let below = entry.path().strip_prefix(directory).unwrap_or(entry.path());
            if filter.takes(below) {
                self.sources
                    .push(source(entry.path(), below, &metadata, wrapping));
            } else {
                self.passed_over.push(entry.path().to_owned());
            }
        }
    }
}

fn source(path: &Path, relative: &Path, metadata: &Metadata, wrapping: &LineWrapper) -> Source {
    let mut source = Source {
        origin: Origin::File(path.to_owned()),
        name: path.display().to_string(),
        relative: relative.to_owned(),
        shape: Shape::Log,
        size: metadata.is_file().then_some(metadata.len()),
    };
    if path.extension() == Some(OsStr::new("json"))
        && metadata.is_file()
        && !holds_lines(&source, wrapping)
    {
        source.shape = Shape::Document;
    }
    source
}

/// Whether a file is no one event, but has one on a line of its own: then it is a log, whatever it is called.
fn holds_lines(source: &Source, wrapping: &LineWrapper) -> bool {
    /// Where neither is seen by then, it is taken for a document.
    const LOOK_AT: u64 = 1 << 20;

    let mut start = Vec::new();
    let read = open(source, &BytesRead::default())
        .map(|opened| opened.reader)
        .and_then(|reader| reader.take(LOOK_AT).read_to_end(&mut start));
    let is_event = |text: &[u8]| matches!(wrapping.parse_line(text, &Bump::new()), Ok(Some(_)));
    read.is_ok() && !is_event(&start) && start.split(|&byte| byte == b'\n').any(is_event)
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
            &LineWrapper::None,
            &[&directory.path().join("out")],
        );
        assert_eq!(discovery.errors, []);
        discovery
            .sources
            .iter()
            .map(|source| source.relative.display().to_string())
            .collect()
    }

    const NAMES: [&str; 16] = [
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
        "tracking.log.xapi.2.jsonl",
        "rejects.jsonl",
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
            &LineWrapper::None,
            &[],
        );
        assert_eq!(discovery.sources.len(), 2);
        let errors: Vec<String> = discovery.errors.iter().map(NotFound::to_string).collect();
        assert!(
            matches!(&errors[..], [error] if error.starts_with("failed to open `no/such/file`: ")),
            "{errors:?}"
        );
    }
}
