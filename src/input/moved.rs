//! Files that were renamed or packed after they were found, and before they were opened.

use std::ffi::OsStr;
use std::fs::{self, Metadata};
use std::path::{Path, PathBuf};

use super::discover::source;
use super::file_stamp::FileStamp;
use super::source::{Origin, Source};
use crate::tracking::LineWrapper;

/// Returns the files in the directory of a vanished input that may have its content, whether the arguments name them or
/// not.
pub fn moved_files(vanished: &Source, wrapper: &LineWrapper) -> Vec<Source> {
    let files = files_beside(vanished).into_iter();
    let sources = files.map(|(path, metadata)| {
        let relative = vanished
            .relative
            .with_file_name(path.file_name().unwrap_or_default());
        source(&path, &relative, &metadata, wrapper)
    });
    sources.filter(|file| is_moved(vanished, file)).collect()
}

/// Returns the files in the directory of an input whose names say that they are older parts or copies of the same log.
pub fn rotated_files(source: &Source) -> Vec<Source> {
    let files = files_beside(source).into_iter();
    let files = files.map(|(path, metadata)| Source {
        name: path.display().to_string(),
        relative: source
            .relative
            .with_file_name(path.file_name().unwrap_or_default()),
        size: Some(metadata.len()),
        stamp: FileStamp::of(&metadata),
        origin: Origin::File(path),
        ..source.clone()
    });
    files
        .filter(|file| is_rotated(&source.name, &file.name))
        .collect()
}

/// Returns the other files in the directory of an input. Their paths have the form of the path of the input, because
/// messages and reports show them.
fn files_beside(source: &Source) -> Vec<(PathBuf, Metadata)> {
    let Some(path) = source.path() else {
        return Vec::new();
    };
    let directory = path
        .parent()
        .filter(|parent| !parent.as_os_str().is_empty());
    let files = fs::read_dir(directory.unwrap_or(Path::new(".")));
    let files = files.into_iter().flatten().flatten().filter_map(|file| {
        let metadata = file.metadata().ok().filter(Metadata::is_file)?;
        Some((path.with_file_name(file.file_name()), metadata))
    });
    files.filter(|(other, _)| other != path).collect()
}

/// Returns the input that probably has the content of a vanished input. `listed` are the inputs that were found together
/// with the vanished input, `later` are those that were found later.
pub fn moved_to<'s>(
    vanished: &Source,
    listed: &'s [Source],
    later: &'s [Source],
) -> Option<&'s Source> {
    let is_other = |other: &&Source| other.path() != vanished.path();
    let mut listed = listed.iter().filter(is_other);
    // Inputs that were listed together with the vanished file are other files, even if their names are similar. The
    // exception is the gzip file into which the vanished file was being packed.
    let packed = vanished.path().map(|path| {
        let mut packed = path.as_os_str().to_owned();
        packed.push(".gz");
        packed
    });
    let is_packed = |other: &Source| {
        let path = other.path().map(Path::as_os_str);
        path.is_some() && path == packed.as_deref()
    };
    let mut same_file = later.iter().filter(|other| is_same_file(vanished, other));
    let same_file = same_file.next();
    let listed = listed.find(|other| is_same_file(vanished, other) || is_packed(other));
    let mut later = later.iter().filter(is_other);
    same_file
        .or(listed)
        .or_else(|| later.find(|other| is_moved(vanished, other)))
}

/// Returns whether a file that was found later is the same file, which may have grown. A new file may get the number of a
/// deleted file, so its time and size are compared, too. The time of a gzip file does not count: programs that pack a log
/// give the time of the log to the packed file in the end, which is earlier than that of the unfinished file.
fn is_same_file(earlier: &Source, later: &Source) -> bool {
    let stamps = earlier.stamp.zip(later.stamp);
    stamps.is_some_and(|(earlier, stamp)| {
        let is_of_time = later.name.ends_with(".gz") || !stamp.is_older_than(&earlier);
        earlier.is_same_file(&stamp) && is_of_time && stamp.size >= earlier.size
    })
}

/// Returns whether a file is the vanished file under another name, or by its name and time the gzip file to which the
/// vanished file was packed. Programs that pack files keep the time.
fn is_moved(vanished: &Source, file: &Source) -> bool {
    let stamps = vanished.stamp.zip(file.stamp);
    let is_as_new = stamps.is_some_and(|(vanished, file)| !file.is_older_than(&vanished));
    is_same_file(vanished, file) || is_as_new && is_rotated(&vanished.name, &file.name)
}

/// Returns whether the name `other` differs from `name` only in the number or date that a rotation appends, and in the
/// ending of a gzip file.
fn is_rotated(name: &str, other: &str) -> bool {
    let appended = other.strip_prefix(stem(name));
    let appended = appended.filter(|appended| !appended.is_empty() && other != name);
    appended.is_some_and(|appended| without_gz(appended).chars().all(is_of_number))
}

fn without_gz(name: &str) -> &str {
    name.strip_suffix(".gz").unwrap_or(name)
}

/// Returns whether a character may be in a number or date that a rotation appends.
fn is_of_number(letter: char) -> bool {
    letter.is_ascii_digit() || "-._".contains(letter)
}

/// Returns the part of a name before the number or date that a rotation appends.
fn stem(name: &str) -> &str {
    let name = without_gz(name);
    let stem = name.trim_end_matches(is_of_number);
    let has_name = Path::new(stem).file_name().and_then(OsStr::to_str);
    if has_name.is_some_and(|name| !name.is_empty()) && !stem.ends_with('/') {
        stem
    } else {
        name
    }
}

impl Source {
    /// Returns the path of the file, or `None` for standard input.
    pub fn path(&self) -> Option<&Path> {
        match &self.origin {
            Origin::Stdin => None,
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
            ("tracking.log.offset", false),
            ("tracking.log-private", false),
            ("tracking.logs-1", false),
        ] {
            assert_eq!(is_rotated("tracking.log", other), expected, "{other}");
        }
        assert!(is_rotated("tracking.log.1", "tracking.log.2.gz"));
    }
}
