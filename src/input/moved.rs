//! Files that were renamed or packed after they were found, and before they were opened.

use std::collections::{BTreeMap, HashMap};
use std::ffi::{OsStr, OsString};
use std::fs::{self, Metadata};
use std::path::Path;
use std::time::SystemTime;

use super::discover::source;
use super::file_stamp::FileStamp;
use super::source::{Origin, Source};
use crate::compression::{Compression, without_ending};
use crate::tracking::LineWrapper;

/// Returns the files in the directories of vanished inputs that may have their content, whether the arguments name them
/// or not, each with its vanished input. Each directory is listed once.
pub fn moved_files<'v>(
    vanished: &[&'v Source],
    wrapper: &LineWrapper,
) -> Vec<(&'v Source, Source)> {
    let mut by_directory: BTreeMap<_, Vec<&Source>> = BTreeMap::new();
    for &source in vanished {
        let directory = source.path().and_then(Path::parent);
        let key = (directory, source.relative.parent());
        by_directory.entry(key).or_default().push(source);
    }
    let mut moved = Vec::new();
    for vanished in by_directory.into_values() {
        let beside = vanished
            .first()
            .map_or(Vec::new(), |source| files_beside(source));
        let index = SourceIndex::new(&beside);
        for vanished in vanished {
            for file in index.moved(vanished) {
                if let (Some(path), Some(metadata)) = (file.path(), metadata_of(file)) {
                    let found = source(path, &file.relative, &metadata, wrapper);
                    moved.push((vanished, found));
                }
            }
        }
    }
    moved
}

fn metadata_of(source: &Source) -> Option<Metadata> {
    fs::metadata(source.path()?).ok()
}

/// Returns the files in the directory of an input whose names say that they are older parts or copies of the same log, in
/// the order of their names.
pub fn rotated_files(source: &Source) -> Vec<Source> {
    let mut files = files_beside(source);
    files.retain(|file| is_rotated(&source.name, &file.name));
    files
}

/// Returns the files in the directory of an input, in the order of their names. Their paths have the form of the path of
/// the input, because messages and reports show them.
fn files_beside(source: &Source) -> Vec<Source> {
    let Some(path) = source.path() else {
        return Vec::new();
    };
    let directory = path
        .parent()
        .filter(|parent| !parent.as_os_str().is_empty());
    let files = fs::read_dir(directory.unwrap_or(Path::new(".")));
    let files = files.into_iter().flatten().flatten().filter_map(|file| {
        let metadata = file.metadata().ok().filter(Metadata::is_file)?;
        let path = path.with_file_name(file.file_name());
        Some(Source {
            name: path.display().to_string(),
            relative: source.relative.with_file_name(file.file_name()),
            size: Some(metadata.len()),
            stamp: FileStamp::of(&metadata),
            origin: Origin::File(path),
            ..source.clone()
        })
    });
    let mut files: Vec<Source> = files.collect();
    files.sort_by(|one, other| one.name.cmp(&other.name));
    files
}

/// Files, indexed by what a vanished input may have in common with the file to which it was moved.
#[derive(Default)]
pub struct SourceIndex<'s> {
    all: Vec<&'s Source>,
    by_path: HashMap<&'s Path, &'s Source>,
    by_file: HashMap<(u64, u64), Vec<&'s Source>>,
    /// The files by the second of the last change of their contents.
    by_second: HashMap<i64, Vec<&'s Source>>,
}

impl<'s> SourceIndex<'s> {
    pub fn new(files: impl IntoIterator<Item = &'s Source>) -> Self {
        let mut index = Self::default();
        for file in files {
            index.all.push(file);
            if let Some(path) = file.path() {
                index.by_path.insert(path, file);
            }
            if let Some(stamp) = file.stamp {
                index.by_file.entry(stamp.file()).or_default().push(file);
                let of_second = index.by_second.entry(stamp.modified_second());
                of_second.or_default().push(file);
            }
        }
        index
    }

    /// Returns the names of the vanished file itself.
    fn same_file(&self, vanished: &Source) -> impl Iterator<Item = &'s Source> {
        let stamp = vanished.stamp;
        let files = stamp.and_then(|stamp| self.by_file.get(&stamp.file()));
        let files = files.into_iter().flatten().copied();
        files.filter(|file| is_same_file(vanished, file))
    }

    /// Returns the compressed file that has the name of the vanished file and `.gz` or `.zst`.
    fn packed(&self, vanished: &Source) -> Option<&'s Source> {
        let path = vanished.path()?;
        let mut packed = Compression::ALL.into_iter().filter_map(|compression| {
            let mut packed = OsString::from(path);
            packed.push(".");
            packed.push(compression.ending());
            self.by_path.get(Path::new(&packed)).copied()
        });
        packed.find(|packed| is_as_new(vanished, packed))
    }

    /// Returns the files that may have the content of a vanished input. There is evidence for each file: it is the same
    /// file; or its name is that of the vanished file with `.gz` or `.zst`; or it is another part of the same log by its name, and
    /// has the same time, which programs that pack files keep. The time of a log without a number or date in its name is
    /// not known, because lines may have been written to the log after it was found, and it may have been rotated twice.
    ///
    /// A new archive of the same log is no evidence: logrotate removes the oldest archive when it adds an archive.
    fn moved(&self, vanished: &Source) -> Vec<&'s Source> {
        let same_file = self.same_file(vanished).next();
        let exact = same_file.or_else(|| self.packed(vanished));
        if let Some(exact) = exact.filter(|_| !is_current(vanished)) {
            return vec![exact];
        }
        exact.into_iter().chain(self.rotated(vanished)).collect()
    }

    /// Returns the files that may have the content of a vanished input by their names and times.
    fn rotated(&self, vanished: &Source) -> impl Iterator<Item = &'s Source> {
        let candidates = match vanished.stamp {
            Some(_) if is_current(vanished) => Some(&self.all),
            Some(stamp) => self.by_second.get(&stamp.modified_second()),
            None => None,
        };
        let candidates = candidates.into_iter().flatten().copied();
        candidates
            .filter(|file| is_as_new(vanished, file) && is_rotated(&vanished.name, &file.name))
    }
}

/// Returns whether an input is a log without a number or date in its name, to which lines are still written.
fn is_current(source: &Source) -> bool {
    stem(&source.name) == source.name
}

/// The file that has the content of a vanished input.
#[derive(Clone, Copy, Debug)]
pub struct MovedTo<'s> {
    pub file: &'s Source,
    /// Whether nothing but the name and the time tells that the file has the content of the vanished log.
    pub is_guess: bool,
}

/// Returns the input that has the content of a vanished input. `listed` are the inputs that were found together with the
/// vanished input when the run had `started`, `later` are those that were found later and did not vanish. `is_content`
/// says whether a file has the content of the vanished input, if that is known.
pub fn moved_to<'s>(
    vanished: &Source,
    listed: &SourceIndex<'s>,
    later: &SourceIndex<'s>,
    started: SystemTime,
    is_content: impl Fn(&Source) -> Option<bool>,
) -> Option<MovedTo<'s>> {
    let is_renamed = |other: &&Source| other.path() != vanished.path();
    let same_file = later.same_file(vanished).next();
    if let Some(file) = same_file.or_else(|| listed.same_file(vanished).find(is_renamed)) {
        let is_guess = false;
        return Some(MovedTo { file, is_guess });
    }
    // Inputs that were listed together with the vanished file are other files, even if their names are similar. The
    // exceptions are the compressed file into which the vanished file was being packed, and for a live log, a file that was
    // written while the inputs were listed or later.
    let is_written = |file: &&Source| {
        let now = || FileStamp::of(&metadata_of(file)?);
        let is_changed = |stamp: FileStamp| now().is_some_and(|now| now != stamp);
        let is_new = |stamp: FileStamp| stamp.may_be_changed_since(started) || is_changed(stamp);
        is_current(vanished) && file.stamp.is_some_and(is_new)
    };
    let of_listed = listed.rotated(vanished).filter(is_renamed);
    let candidates = listed.packed(vanished).into_iter();
    let candidates = candidates
        .chain(later.moved(vanished))
        .chain(of_listed.filter(is_written));
    let candidates = candidates.filter(|file| !is_of_other(vanished, file, listed));
    let candidates = candidates.map(|file| (file, is_content(file)));
    let candidates: Vec<_> = candidates.collect();
    let with_content = |expected| {
        let mut candidates = candidates.iter();
        candidates.find(move |(_, is_content)| *is_content == expected)
    };
    let (file, is_content) = with_content(Some(true)).or_else(|| with_content(None))?;
    let is_guess = is_current(vanished) && is_content.is_none();
    Some(MovedTo { file, is_guess })
}

/// Returns whether a file is the compressed file into which another input of the same time was packed.
fn is_of_other(vanished: &Source, file: &Source, listed: &SourceIndex<'_>) -> bool {
    let unpacked = file
        .path()
        .filter(|path| Compression::of_name(path).is_some());
    let unpacked = unpacked.map(|path| path.with_extension(""));
    let other = unpacked.filter(|path| Some(path.as_path()) != vanished.path());
    let other = other.and_then(|path| listed.by_path.get(path.as_path()));
    let second = |source: &Source| Some(source.stamp?.modified_second());
    other.is_some_and(|other| second(other) == second(file))
}

/// Returns whether a file that was found later is the same file, which may have grown. A new file may get the number of a
/// deleted file, so its time and size are compared, too. The time of a compressed file does not count: programs that pack a log
/// give the time of the log to the packed file in the end, which is earlier than that of the unfinished file.
fn is_same_file(earlier: &Source, later: &Source) -> bool {
    let stamps = earlier.stamp.zip(later.stamp);
    stamps.is_some_and(|(earlier, stamp)| {
        let is_compressed = without_ending(&later.name) != later.name;
        let is_of_time = is_compressed || !stamp.is_older_than(&earlier);
        earlier.is_same_file(&stamp) && is_of_time && stamp.size >= earlier.size
    })
}

/// Returns whether the contents of a file were not changed before those of the vanished file.
fn is_as_new(vanished: &Source, file: &Source) -> bool {
    let stamps = vanished.stamp.zip(file.stamp);
    stamps.is_none_or(|(vanished, file)| !file.is_older_than(&vanished))
}

/// Returns whether the name `other` differs from `name` only in the number or date that a rotation appends, and in the
/// ending of a compressed file.
fn is_rotated(name: &str, other: &str) -> bool {
    let appended = other.strip_prefix(stem(name));
    let appended = appended.filter(|appended| !appended.is_empty() && other != name);
    appended.is_some_and(|appended| without_ending(appended).chars().all(is_of_number))
}

/// Returns whether a character may be in a number or date that a rotation appends.
fn is_of_number(letter: char) -> bool {
    letter.is_ascii_digit() || "-._".contains(letter)
}

/// Returns the part of a name before the number or date that a rotation appends.
fn stem(name: &str) -> &str {
    let name = without_ending(name);
    let stem = name.trim_end_matches(is_of_number);
    let has_name = Path::new(stem).file_name().and_then(OsStr::to_str);
    if has_name.is_some_and(|name| !name.is_empty()) && !stem.ends_with('/') {
        stem
    } else {
        name
    }
}

impl Source {
    /// Returns the path of the file, or `None` for standard input and objects.
    pub fn path(&self) -> Option<&Path> {
        match &self.origin {
            Origin::Stdin | Origin::Object(_) => None,
            Origin::File(path) => Some(path),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_stem_is_the_name_without_what_rotations_append() {
        for (name, expected) in [
            ("logs/tracking.log", "logs/tracking.log"),
            ("logs/tracking.log-20260101", "logs/tracking.log"),
            (
                "logs/tracking.log-20260101-1767225600.gz",
                "logs/tracking.log",
            ),
            ("logs/tracking.log.12.gz", "logs/tracking.log"),
            ("logs/tracking.log.12.zst", "logs/tracking.log"),
            ("2026/0101.gz", "2026/0101"),
            ("0101.gz", "0101"),
        ] {
            assert_eq!(stem(name), expected);
        }
    }

    #[test]
    fn only_numbers_and_dates_are_what_rotations_append() {
        for (other, expected) in [
            ("tracking.log", false),
            ("tracking.log-20260101", true),
            ("tracking.log-2026-01-01_12.gz", true),
            ("tracking.log.1", true),
            ("tracking.log.gz", true),
            ("tracking.log.zst", true),
            ("tracking.log.offset", false),
            ("tracking.log-private", false),
            ("tracking.logs-1", false),
        ] {
            assert_eq!(is_rotated("tracking.log", other), expected, "{other}");
        }
        assert!(is_rotated("tracking.log.1", "tracking.log.2.gz"));
    }
}
