//! The check that no output of a run replaces a file that the run reads or another output.

use std::cell::OnceCell;
use std::collections::{HashMap, HashSet};
use std::ffi::OsString;
use std::fmt;
use std::fs::{self, Metadata};
use std::path::{Component, Path, PathBuf};

use anyhow::{Result, bail};

use super::OutputNames;
use crate::cloud::Address;
use crate::files::parent;
use crate::input::{FileStamp, Origin, Shape, Source};

/// Checks that no output would replace another output, an input, or another file that the run reads. `others` are the
/// options that name further output files, with their paths.
///
/// # Errors
/// Returns an error that names the first file that would be replaced, and the input or option whose output would
/// replace it.
pub fn check_outputs(
    names: Option<&OutputNames>,
    others: &[(&str, &Path)],
    sources: &[&Source],
    also_read: &[&Path],
) -> Result<()> {
    let mut real_paths = RealPaths::default();
    let directory = names.map(|names| names.directory.as_path());
    let mut written = others.iter().map(|(_, path)| *path).chain(directory);
    let writes_objects = written.any(is_address);
    let read = FilesToRead::new(sources, also_read, writes_objects, &mut real_paths);
    let outputs = match names {
        Some(names) => outputs_to_check(names, others, sources, &read, &mut real_paths),
        None => Vec::new(),
    };
    let others = others
        .iter()
        .map(|(option, path)| (path.to_path_buf(), Writer::Option(option), false));
    let mut writers: HashMap<PathBuf, Writer<'_>> = HashMap::new();
    for (path, writer, is_numbered) in outputs.into_iter().chain(others) {
        let directory = real_paths.directory(&path);
        let (real, stamp) = if is_numbered && !read.directories.contains(directory) {
            // The output is no input, even if it is a link to an input: the link is replaced, and the input stays.
            (directory.join(path.file_name().unwrap_or_default()), None)
        } else {
            real_paths.of(&path)
        };
        if let Some(read) = read.find(&real, stamp, &mut real_paths) {
            bail!(
                "the output of {writer} would replace `{}`, which the run reads: write it to another path",
                read.display()
            );
        }
        if let Some(first) = writers.insert(real, writer)
            && !is_numbered
        {
            let path = path.display();
            if first == writer {
                bail!("{first} is given twice and would write `{path}` twice: give it once");
            }
            bail!(
                "{first} and {writer} would both write `{path}`: leave one out or write one to another path; for \
                 inputs with the same name in several folders, give the parent of these folders as the input"
            );
        }
    }
    Ok(())
}

/// Returns the outputs of the inputs, and whether each of them gets a number if its name is taken. Such outputs are left
/// out if no other file of the run is in their directory.
fn outputs_to_check<'a>(
    names: &OutputNames,
    others: &[(&str, &Path)],
    sources: &[&'a Source],
    read: &FilesToRead,
    real_paths: &mut RealPaths,
) -> Vec<(PathBuf, Writer<'a>, bool)> {
    let mut directories = read.directories.clone();
    let paths = read.without_stamp.keys().cloned();
    let others = others.iter().map(|(_, path)| real_paths.of(path).0);
    let paths: Vec<PathBuf> = paths.chain(others).collect();
    directories.extend(paths.iter().map(|path| parent(path).to_owned()));
    let mut outputs = Vec::new();
    for source in sources {
        let is_numbered = names.numbers && source.shape == Shape::Log;
        let path = || names.directory.join(&source.relative);
        if !is_numbered || directories.contains(real_paths.directory(&path())) {
            let is_numbered = is_numbered || source.is_own_rejects;
            outputs.push((names.path(source), Writer::Input(&source.name), is_numbered));
        }
    }
    outputs
}

/// The files that a run reads.
#[derive(Default)]
struct FilesToRead<'a> {
    /// The files without a stamp, by their real paths.
    without_stamp: HashMap<PathBuf, &'a Path>,
    /// The inputs with a stamp. Their real paths are not found in advance, because that takes a system call for each.
    inputs: Vec<(&'a Path, FileStamp)>,
    /// The devices and inodes of the inputs with a stamp, once they are needed.
    stamped: OnceCell<HashSet<(u64, u64)>>,
    /// The real paths of the directories of the inputs with a stamp.
    directories: HashSet<PathBuf>,
}

impl<'a> FilesToRead<'a> {
    /// Objects are left out unless the run writes objects.
    fn new(
        sources: &[&'a Source],
        others: &[&'a Path],
        writes_objects: bool,
        real_paths: &mut RealPaths,
    ) -> Self {
        let inputs = sources.iter().filter_map(|source| match &source.origin {
            // The run replaces its rejects file by the lines of the file that are still rejected.
            _ if source.is_own_rejects => None,
            Origin::File(path) => Some((path.as_path(), source.stamp)),
            Origin::Object(_) if writes_objects => Some((Path::new(&source.name), None)),
            Origin::Stdin | Origin::Object(_) => None,
        });
        let mut read = Self::default();
        for (path, stamp) in inputs.chain(others.iter().map(|path| (*path, None))) {
            let Some(stamp) = stamp else {
                read.without_stamp.insert(real_paths.of(path).0, path);
                continue;
            };
            read.inputs.push((path, stamp));
            let directory = real_paths.directory(path);
            if !read.directories.contains(directory) {
                read.directories.insert(directory.to_owned());
            }
        }
        read
    }

    /// Returns the file that would be replaced by a file with this real path, given the stamp of the existing file.
    fn find(
        &self,
        real: &Path,
        stamp: Option<FileStamp>,
        real_paths: &mut RealPaths,
    ) -> Option<&'a Path> {
        if let Some(path) = self.without_stamp.get(real) {
            return Some(path);
        }
        let stamped = || self.inputs.iter().map(|(_, stamp)| stamp.file()).collect();
        let stamp =
            stamp.filter(|stamp| self.stamped.get_or_init(stamped).contains(&stamp.file()))?;
        let same_file = self
            .inputs
            .iter()
            .filter(|(_, input)| input.is_same_file(&stamp));
        // Two names of a file may be hard links, of which one is replaced without the other.
        let mut paths = same_file.map(|(path, _)| *path);
        paths.find(|path| real_paths.of(path).0 == real)
    }
}

/// The input or option whose output is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Writer<'a> {
    Input(&'a str),
    Option(&'a str),
}

impl fmt::Display for Writer<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Input(name) => write!(formatter, "the input `{name}`"),
            Self::Option(option) => write!(formatter, "`{option}`"),
        }
    }
}

fn is_address(path: &Path) -> bool {
    Address::parse(path).is_some()
}

/// Finds the real paths of many files. The real path of each directory is found once, because that takes several system
/// calls for each part of the path.
#[derive(Default)]
struct RealPaths {
    /// The real path of each directory. The keys are text, which is hashed faster than paths.
    directories: HashMap<OsString, PathBuf>,
}

impl RealPaths {
    /// Returns the real path of the directory of a file.
    fn directory(&mut self, path: &Path) -> &Path {
        let directory = parent(path).as_os_str();
        if !self.directories.contains_key(directory) {
            let real = match is_address(path) {
                true => directory.into(),
                false => real_path(Path::new(directory)),
            };
            self.directories.insert(directory.to_owned(), real);
        }
        &self.directories[directory]
    }

    /// Returns the real path, and the stamp of the file if it exists.
    fn of(&mut self, path: &Path) -> (PathBuf, Option<FileStamp>) {
        if is_address(path) {
            return (path.to_owned(), None);
        }
        let Some(name) = path.file_name() else {
            return (real_path(path), None);
        };
        let path = self.directory(path).join(name);
        let metadata = fs::symlink_metadata(&path);
        // On other systems, a name may differ from the name of the file in its case.
        let is_link = metadata.as_ref().is_ok_and(Metadata::is_symlink);
        if cfg!(target_os = "linux") && !is_link {
            let stamp = metadata.ok().as_ref().and_then(FileStamp::of);
            return (path, stamp);
        }
        let real = real_path(&path);
        let stamp = fs::metadata(&real).ok().as_ref().and_then(FileStamp::of);
        (real, stamp)
    }
}

/// Returns the absolute path without links and `..`. A `..` after a directory that does not exist removes that
/// directory from the path.
pub fn real_path(path: &Path) -> PathBuf {
    let mut real = PathBuf::new();
    for part in std::path::absolute(path)
        .unwrap_or(path.to_owned())
        .components()
    {
        match part {
            Component::ParentDir => drop(real.pop()),
            part => real.push(part),
        }
        if let Ok(existing) = fs::canonicalize(&real) {
            real = existing;
        }
    }
    real
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::output_names::tests::{names, source};

    #[test]
    fn an_output_replaces_neither_another_output_nor_a_file_that_is_read() {
        let names = names(None);
        let [log, packed] = ["a.log", "a.log.gz"].map(|name| source(name, Shape::Log));
        let both = [log, packed];
        let check = |rejects: &str, sources: &[Source], read: &str| {
            let sources: Vec<&Source> = sources.iter().collect();
            let others = [("--rejects", Path::new(rejects))];
            let checked = check_outputs(Some(&names), &others, &sources, &[Path::new(read)]);
            checked.map_err(|error| error.to_string())
        };
        for (rejects, sources, read, message) in [
            ("r", &both[..], "u", "would both write"),
            (
                "./out/a.log.xapi.jsonl",
                &both[..1],
                "u",
                "would both write",
            ),
            (
                "no/../out/x/../a.log.xapi.jsonl",
                &both[..1],
                "u",
                "would both write",
            ),
            ("u", &both[..1], "./u", "would replace"),
            ("r", &both[..1], "out/a.log.xapi.jsonl", "would replace"),
        ] {
            assert!(check(rejects, sources, read).unwrap_err().contains(message));
        }
        assert_eq!(check("r", &both[..1], "u"), Ok(()));
        let numbered = OutputNames {
            numbers: true,
            ..names.clone()
        };
        assert!(check_outputs(Some(&numbered), &[], &both.each_ref(), &[]).is_ok());
    }
}
