//! Inputs that are still being written, and are therefore left to the next run.

use std::fmt;
use std::fs::{File, Metadata};
use std::io::{self, ErrorKind, Read};
use std::path::Path;
use std::time::{Duration, SystemTime};

use super::bytes_read::BytesRead;
use super::file_stamp::FileStamp;
use super::moved::rotated_files;
use super::open::{Opened, open};
use super::position::{Position, PositionTracker};
use super::source::Source;
use crate::compression::Compression;

/// The reason why an input, or the rest of it, is left to the next run.
#[derive(Clone, Debug)]
pub enum HeldBack {
    /// The input is a compressed file without its end.
    Unfinished(Compression),
    /// The input ends earlier than a known input that begins with the same lines. The field is the name that the known
    /// input had first.
    ShorterCopy { known: String },
    /// The input was replaced or truncated while it was opened.
    Changed,
    /// The input was truncated while it was read, after a copy was made. The copy is whole if it has all bytes that the
    /// input had when it was opened.
    Truncated { copy: Box<Source>, is_whole: bool },
}

impl fmt::Display for HeldBack {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unfinished(compression) => write!(
                formatter,
                "the {} file has no end, so a program may still be writing it",
                compression.name()
            ),
            Self::ShorterCopy { known } => write!(
                formatter,
                "a program may still be copying it, since the earlier input `{known}` begins with the same lines and is longer"
            ),
            Self::Truncated { copy, is_whole } => {
                let lost = match is_whole {
                    true => "",
                    false => "; lines that were written after the copy was made are lost",
                };
                write!(
                    formatter,
                    "it was truncated while it was read, and its remaining lines are read from the copy `{}`{lost}",
                    copy.name
                )
            }
            Self::Changed => formatter.write_str("it was changed while it was opened"),
        }
    }
}

/// The time after its last change until which a file counts as being written. Programs that pack or copy a log write
/// many times a second. Over a slow network, a few minutes may pass between two writes.
const WRITING_TIME: Duration = Duration::from_secs(5 * 60);

/// The time after its last change until which a compressed file without its end counts as being written if the file that is
/// packed still exists. Packing a large log on a busy machine may pause for a long time.
const PACKING_TIME: Duration = Duration::from_secs(6 * 3600);

/// Returns whether a file was changed within a time before now. Clocks of several machines differ a little, so a change
/// may also be as far in the future.
fn is_changed_within(metadata: &Metadata, time: Duration) -> bool {
    let modified = metadata.modified().ok();
    let age = modified.map(|modified| modified.elapsed().unwrap_or_else(|error| error.duration()));
    age.is_none_or(|age| age < time)
}

/// Returns whether a file was changed in the last minutes.
fn is_recent(metadata: &Metadata) -> bool {
    is_changed_within(metadata, WRITING_TIME)
}

/// Returns whether the file that would be packed to this compressed file still exists, such as `tracking.log-1` beside
/// `tracking.log-1.gz`. Programs remove it after packing.
fn has_unpacked_twin(path: &Path) -> bool {
    Compression::of_name(path).is_some() && path.with_extension("").is_file()
}

/// Returns whether an error says that a compressed file has no end.
pub fn is_cut_off(error: &io::Error) -> bool {
    error.kind() == ErrorKind::UnexpectedEof
}

impl Opened {
    /// Returns whether the input was changed in the last minutes.
    pub fn is_recent(&self) -> bool {
        self.is_changed_within(WRITING_TIME)
    }

    fn is_changed_within(&self, time: Duration) -> bool {
        let metadata = self.file.as_ref().and_then(|file| file.metadata().ok());
        metadata.is_some_and(|metadata| is_changed_within(&metadata, time))
    }

    /// Returns why the input is left to the next run if it has no end: another program may still be writing it.
    pub fn if_unfinished(&self, source: &Source) -> Option<HeldBack> {
        let has_twin = || source.path().is_some_and(has_unpacked_twin);
        let is_packed = || self.is_changed_within(PACKING_TIME) && has_twin();
        let compression = self.compression?;
        let may_be_written = self.is_recent() || is_packed();
        may_be_written.then_some(HeldBack::Unfinished(compression))
    }

    /// Returns why the input is left to the next run if another program has just created it to write a compressed file.
    /// `start` are the first bytes of the input.
    pub fn if_begun(&self, source: &Source, start: &[u8]) -> Option<HeldBack> {
        const LONGEST_MARK: usize = 4;

        let compression = source.path().and_then(Compression::of_name)?;
        let is_begun = start.len() < LONGEST_MARK && compression.may_begin(start);
        let may_be_written = self.may_grow && is_begun && self.is_recent();
        may_be_written.then_some(HeldBack::Unfinished(compression))
    }

    /// Decompresses a file once to its end. Returns the input, open at its first byte again, or `None` if the file
    /// has no end.
    ///
    /// # Errors
    /// Returns an error if the file cannot be read. Damage within the file is not an error here, since reading the input
    /// again reports it.
    pub fn if_finished(self, bytes_read: &BytesRead) -> io::Result<Option<Self>> {
        let mut opened = self.rewind(&BytesRead::default())?;
        match io::copy(&mut opened.reader, &mut io::sink()) {
            Err(error) if is_cut_off(&error) => Ok(None),
            _ => opened.rewind(bytes_read).map(Some),
        }
    }

    /// Returns the file as it is now, to compare with it later. `source` is the input, and `head` has its first bytes.
    pub fn watch(&self, source: &Source, head: Vec<u8>) -> Option<WatchedFile> {
        let file = self.file.as_ref()?;
        Some(WatchedFile {
            file: file.try_clone().ok()?,
            size: self.size,
            opened: SystemTime::now(),
            compression: self.compression,
            source: source.clone(),
            head,
        })
    }
}

/// An open file that another program may change.
pub struct WatchedFile {
    file: File,
    /// The size of the file when it was opened.
    size: u64,
    /// The time when the file was opened.
    opened: SystemTime,
    compression: Option<Compression>,
    source: Source,
    /// The first bytes of the input, or no bytes if no copy of the file counts.
    head: Vec<u8>,
}

impl WatchedFile {
    /// Returns the stamp of the file as it is now.
    pub fn stamp(&self) -> Option<FileStamp> {
        FileStamp::of(&self.file.metadata().ok()?)
    }

    /// Returns why the rest of the file is left to the next run, given the error that ended reading, and the position up
    /// to which the file was read. Returns `None` if the error is not explained by a program that writes the file, or if
    /// the rest is lost because the file was truncated and no copy of it is found.
    pub fn held_back(&self, error: &io::Error, read: &Position) -> Option<HeldBack> {
        if !is_cut_off(error) {
            return None;
        }
        if let Some(compression) = self.compression {
            let metadata = self.file.metadata().ok()?;
            let is_written = metadata.len() > self.size || is_recent(&metadata);
            return is_written.then_some(HeldBack::Unfinished(compression));
        }
        let (copy, is_whole) = self.find_copy(read)?;
        let copy = Box::new(copy);
        Some(HeldBack::Truncated { copy, is_whole })
    }

    /// Returns a copy of the file, and whether the copy is whole. A copy that was made before the file was opened lacks the
    /// lines that were written in between, and is returned only if there is no other.
    fn find_copy(&self, read: &Position) -> Option<(Source, bool)> {
        // A copy may be packed, and so vanish, between its listing and its opening. Then the files are listed again.
        const TIMES: usize = 3;

        let mut shorter = None;
        for _ in 0..TIMES {
            let files = rotated_files(&self.source).into_iter();
            for file in files.filter(|file| self.is_recent(file)) {
                match self.is_whole_copy(&file, read) {
                    Ok(Some(true)) => return Some((file, true)),
                    Ok(Some(false)) => shorter = Some((file, false)),
                    Ok(None) | Err(_) => {}
                }
            }
        }
        shorter
    }

    /// Returns whether a file was written recently enough to be a copy of the file.
    fn is_recent(&self, file: &Source) -> bool {
        let since = self.opened.checked_sub(WRITING_TIME);
        let stamp = file.stamp.zip(since);
        stamp.is_none_or(|(stamp, since)| !stamp.shows_changes_after(since))
    }

    /// Returns whether a copy has all bytes that the truncated file had when it was opened. Returns `None` if the file is no
    /// copy, because its first bytes or the bytes before the position `read` are other bytes.
    fn is_whole_copy(&self, file: &Source, read: &Position) -> io::Result<Option<bool>> {
        let mut reader = open(file, &BytesRead::default())?.reader;
        let mut tracker = PositionTracker::default();
        let mut head = Vec::new();
        let head_bytes = self.head.len() as u64;
        reader.by_ref().take(head_bytes).read_to_end(&mut head)?;
        if head != self.head || head.is_empty() {
            return Ok(None);
        }
        let mut text = io::Cursor::new(head).chain(reader);
        io::copy(&mut text.by_ref().take(read.offset), &mut tracker)?;
        if tracker.offset < read.offset {
            return Ok(Some(false));
        }
        if tracker.position().hash != read.hash {
            return Ok(None);
        }
        let rest = io::copy(&mut text, &mut io::sink())?;
        Ok(Some(read.offset + rest >= self.size))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_change_counts_as_recent_a_few_minutes_before_and_after_now() {
        let file = tempfile::tempfile().unwrap();
        let now = SystemTime::now();
        let day = Duration::from_secs(86_400);
        let minute = Duration::from_secs(60);
        for (time, expected) in [
            (now - day, false),
            (now - minute, true),
            (now + minute, true),
            (now + day, false),
        ] {
            file.set_modified(time).unwrap();
            assert_eq!(is_recent(&file.metadata().unwrap()), expected);
        }
    }
}
