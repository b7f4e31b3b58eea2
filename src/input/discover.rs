//! The search for inputs: every file that is named in an argument, and in directories the files that are named like
//! logs.

use std::cell::RefCell;
use std::collections::HashSet;
use std::ffi::OsStr;
use std::fs::{self, Metadata};
use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};

use walkdir::{DirEntry, WalkDir};

use super::discovery::{Discovery, NotFound};
use super::file_stamp::FileStamp;
use super::name_filter::NameFilter;
use super::objects::FoundObjects;
use super::shape::shape_of;
use super::shard::Shard;
use super::source::{Origin, Shape, Source};
use crate::cloud::{Address, Stores};
use crate::tracking::LineWrapper;

/// Finds the inputs that the arguments name, in order: a file, the files of a directory sorted by name, or `-` for
/// standard input. `stores` are the clients of object storage. Files and directories inside a directory are skipped if they are among `written`, the paths to which
/// the run writes. `wrapper` is used to distinguish logs from documents;
/// objects are logs until `find_shapes` distinguishes them.
pub fn discover(
    arguments: &[PathBuf],
    filter: &NameFilter,
    wrapper: &LineWrapper,
    written: &[&Path],
    stores: &Stores,
) -> Discovery {
    let mut discovery = Discovery::default();
    let addresses = written.iter().filter_map(|path| Address::parse(path)?.ok());
    let addresses: Vec<Address> = addresses.collect();
    let written = Written::new(written);
    let mut objects = FoundObjects::find(arguments, stores);
    for argument in arguments {
        if let Some(found) = objects.next_of(argument) {
            discovery.add_objects(argument, found, filter, &addresses);
            continue;
        }
        if argument == Path::new("-") {
            discovery.sources.push(Source {
                origin: Origin::Stdin,
                name: "-".into(),
                relative: "stdin".into(),
                shape: Shape::Log,
                size: None,
                stamp: None,
                is_own_rejects: false,
            });
            continue;
        }
        match fs::metadata(argument) {
            Ok(metadata) if metadata.is_dir() => {
                discovery.walk(argument, filter, wrapper, &written)
            }
            Ok(metadata) => {
                let relative = argument.file_name().unwrap_or(argument.as_os_str());
                discovery
                    .sources
                    .push(source(argument, Path::new(relative), &metadata, wrapper));
            }
            Err(error) => discovery.errors.push(NotFound {
                name: argument.display().to_string(),
                error: with_hint(argument, &error),
                is_missing: error.kind() == ErrorKind::NotFound,
                is_wanted: true,
            }),
        }
    }
    discovery.count_skipped_once();
    discovery
}

/// Returns the error of an argument. If the argument is a pattern that the shell has not expanded, adds why.
fn with_hint(argument: &Path, error: &io::Error) -> String {
    let name = argument.to_string_lossy();
    if error.kind() != ErrorKind::NotFound || !name.contains(['*', '?', '[', '{']) {
        return error.to_string();
    }
    format!(
        "{error}; the shell did not expand this pattern, since it is in quotes or no file matches it: remove the quotes, or give the directory and `--include '{}'`",
        argument.file_name().unwrap_or_default().display()
    )
}

impl Discovery {
    /// Removes the skipped files that another argument names, or that were found in two arguments.
    fn count_skipped_once(&mut self) {
        if self.skipped.is_empty() {
            return;
        }
        let id = FileStamp::file;
        let stamps = self
            .sources
            .iter()
            .filter_map(|source| source.stamp.as_ref());
        let mut known: HashSet<(u64, u64)> = stamps.map(id).collect();
        let mut is_new = |stamp: &FileStamp| known.insert(id(stamp));
        self.skipped
            .retain(|(_, stamp)| stamp.as_ref().is_none_or(&mut is_new));
    }

    /// Keeps the inputs of one shard, and the rejects file of the run, which no other run reads. Errors about arguments
    /// that cannot be read are kept, so the runs of all shards report them.
    pub fn keep_shard(&mut self, shard: Shard) {
        let sources = std::mem::take(&mut self.sources).into_iter();
        (self.sources, self.in_other_shards) =
            sources.partition(|source| source.is_own_rejects || shard.contains(&source.relative));
    }

    /// Returns the names of two inputs that are the same pipe. If both were read, each line of the pipe would reach
    /// only one of the two inputs.
    #[cfg(unix)]
    pub fn same_pipe(&self) -> Option<(&str, &str)> {
        use std::collections::HashMap;
        use std::os::unix::fs::{FileTypeExt, MetadataExt};

        let mut names = HashMap::new();
        let others = self.sources.iter().filter(|source| !source.is_file());
        others.into_iter().find_map(|source| {
            let path = match &source.origin {
                Origin::Stdin => Path::new("/dev/stdin"),
                Origin::File(path) => path,
                Origin::Object(_) => return None,
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
        wrapper: &LineWrapper,
        written: &Written,
    ) {
        let is_hidden = |entry: &DirEntry| entry.file_name().as_encoded_bytes().starts_with(b".");
        let entries = WalkDir::new(directory)
            .follow_links(true)
            // The entries of a directory differ in their names alone, and paths are compared faster than names.
            .sort_by(|a, b| a.path().as_os_str().cmp(b.path().as_os_str()));
        // The user named the directory itself, so it is read even if it is hidden.
        let first_hidden = RefCell::new(self.hidden.take());
        let is_wanted = |entry: &DirEntry| {
            if entry.depth() > 0 && is_hidden(entry) {
                let path = || entry.path().to_owned();
                first_hidden.borrow_mut().get_or_insert_with(path);
                return false;
            }
            let is_written = || entry.file_type().is_dir() && written.contains(entry.path(), None);
            entry.depth() == 0 || !is_written()
        };
        for entry in entries.into_iter().filter_entry(is_wanted) {
            let found = entry.and_then(|entry| Ok((entry.metadata()?, entry)));
            let (metadata, entry) = match found {
                Ok(found) => found,
                Err(error) => {
                    let path = error.path().unwrap_or(directory);
                    let name = path.display().to_string();
                    let relative = path.strip_prefix(directory).unwrap_or(path);
                    let is_wanted = filter.matches(relative);
                    let kind = error.io_error().map(io::Error::kind);
                    let error = match (error.loop_ancestor(), error.io_error()) {
                        (Some(ancestor), _) => {
                            let ancestor = ancestor.display();
                            format!(
                                "the link leads back to `{ancestor}`, a directory that contains the link"
                            )
                        }
                        (None, Some(error)) => error.to_string(),
                        (None, None) => error.to_string(),
                    };
                    self.errors.push(NotFound {
                        name,
                        error,
                        is_missing: kind == Some(ErrorKind::NotFound),
                        is_wanted,
                    });
                    continue;
                }
            };
            // Pipes and sockets in a directory are skipped, since reading them would wait for a writer.
            if !metadata.is_file() || written.contains(entry.path(), FileStamp::of(&metadata)) {
                continue;
            }
            let relative = entry.path().strip_prefix(directory).unwrap_or(entry.path());
            if filter.matches(relative) {
                self.sources
                    .push(source(entry.path(), relative, &metadata, wrapper));
            } else {
                let stamp = FileStamp::of(&metadata);
                self.skipped.push((entry.path().to_owned(), stamp));
            }
        }
        self.hidden = first_hidden.into_inner();
    }
}

/// The files and directories to which a run writes.
struct Written(Vec<(PathBuf, Option<FileStamp>)>);

impl Written {
    /// Paths that do not exist are left out, since a search cannot find them.
    fn new(paths: &[&Path]) -> Self {
        let real = paths.iter().filter_map(|path| fs::canonicalize(path).ok());
        let stamp = |path: &Path| FileStamp::of(&fs::metadata(path).ok()?);
        Self(real.map(|path| (path.clone(), stamp(&path))).collect())
    }

    /// Returns whether a path is one of them. The stamp of a file, if it has one, is compared instead of the path,
    /// because it takes many system calls to find a path without links.
    fn contains(&self, path: &Path, stamp: Option<FileStamp>) -> bool {
        if let Some(stamp) = stamp {
            let is_same = |other: &FileStamp| other.file() == stamp.file();
            return self
                .0
                .iter()
                .any(|(_, other)| other.as_ref().is_some_and(is_same));
        }
        !self.0.is_empty()
            && fs::canonicalize(path).is_ok_and(|path| self.0.iter().any(|(real, _)| *real == path))
    }
}

pub(super) fn source(
    path: &Path,
    relative: &Path,
    metadata: &Metadata,
    wrapper: &LineWrapper,
) -> Source {
    let mut source = Source {
        origin: Origin::File(path.to_owned()),
        name: path.display().to_string(),
        relative: relative.to_owned(),
        shape: Shape::Log,
        size: metadata.is_file().then_some(metadata.len()),
        stamp: FileStamp::of(metadata),
        is_own_rejects: false,
    };
    if path.extension() == Some(OsStr::new("json")) && metadata.is_file() {
        source.shape = shape_of(&source, wrapper);
    }
    source
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
            &Stores::default(),
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
    fn by_default_files_named_like_logs_are_inputs_in_name_order() {
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
    fn globs_match_names_and_with_a_slash_paths() {
        assert_eq!(found(&NAMES, &["*.txt"], &[]), ["notes.txt"]);
        assert_eq!(found(&NAMES, &["b/*"], &[]), ["b/tracking.log"]);
        assert_eq!(
            found(&NAMES, &[], &["*.gz", "b/**"]),
            ["a.json", "tracking.log.1"]
        );
    }

    #[test]
    fn missing_files_are_reported_and_the_others_are_found() {
        let file = tempfile::NamedTempFile::new().unwrap();
        let filter = NameFilter::new(&[], &[]).unwrap();
        let discovery = discover(
            &["no/such/file".into(), file.path().into(), "-".into()],
            &filter,
            &LineWrapper::None,
            &[],
            &Stores::default(),
        );
        assert_eq!(discovery.sources.len(), 2);
        let errors: Vec<String> = discovery.errors.iter().map(NotFound::to_string).collect();
        assert!(
            matches!(&errors[..], [error] if error.starts_with("failed to open `no/such/file`: ")),
            "{errors:?}"
        );
    }
}
