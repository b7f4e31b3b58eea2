//! The identity, size and times of a file, by which an unchanged file is recognized without opening it.

use std::fs::{File, Metadata};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use serde::{Deserialize, Serialize};
use xxhash_rust::xxh3::{xxh3_64, xxh3_128};

use crate::cloud::{Address, ObjectVersion};

/// The identity of a file, with its size and times. Only Unix has these values.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FileStamp {
    pub device: u64,
    pub inode: u64,
    pub size: u64,
    /// The time of the last change of the contents, in nanoseconds since 1970.
    pub modified: i64,
    /// The time of the last change of the contents, the name, the owner or the mode. Programs cannot set this time.
    pub changed: i64,
}

impl FileStamp {
    #[cfg(unix)]
    pub fn of(metadata: &Metadata) -> Option<Self> {
        use std::os::unix::fs::MetadataExt;

        let nanoseconds = |seconds: i64, rest: i64| {
            let whole = seconds.saturating_mul(1_000_000_000);
            whole.saturating_add(rest)
        };
        metadata.is_file().then(|| Self {
            device: metadata.dev(),
            inode: metadata.ino(),
            size: metadata.size(),
            modified: nanoseconds(metadata.mtime(), metadata.mtime_nsec()),
            changed: nanoseconds(metadata.ctime(), metadata.ctime_nsec()),
        })
    }

    #[cfg(not(unix))]
    pub fn of(_: &Metadata) -> Option<Self> {
        None
    }

    /// Returns the stamp of an object in object storage: its address counts as the identity of the file, and its ETag as the
    /// time of the last change.
    pub fn of_object(address: &Address, size: u64, e_tag: &str) -> Self {
        let address = xxh3_128(address.to_string().as_bytes());
        Self {
            device: (address >> 64) as u64,
            inode: address as u64,
            size,
            modified: 0,
            changed: xxh3_64(e_tag.as_bytes()) as i64,
        }
    }

    /// Returns the device and the inode of the file. The stamps of a file have the same device and inode before and
    /// after a change of the file.
    pub fn file(&self) -> (u64, u64) {
        (self.device, self.inode)
    }

    /// Returns whether the contents were changed before those of another file. Compares whole seconds, because some
    /// programs that pack files drop the fraction.
    pub fn is_older_than(&self, other: &Self) -> bool {
        self.modified_second() < other.modified_second()
    }

    /// Returns the time of the last change of the contents in whole seconds since 1970.
    pub(super) fn modified_second(&self) -> i64 {
        self.modified.div_euclid(1_000_000_000)
    }

    /// Returns whether two stamps are of the same file, changed or not.
    pub fn is_same_file(&self, other: &Self) -> bool {
        self.file() == other.file()
    }

    /// Returns whether any change of the file after `time` gives it another stamp. A file system may give two changes
    /// the same time if they are close together, so a file that was changed shortly before `time` may be changed again
    /// without a new stamp.
    pub fn shows_changes_after(&self, time: SystemTime) -> bool {
        /// The coarsest times of common file systems are those of FAT: two seconds.
        const GRANULARITY: Duration = Duration::from_secs(2);

        let until = time.duration_since(UNIX_EPOCH).ok();
        let until = until.and_then(|since| since.checked_sub(GRANULARITY));
        let until = until.and_then(|until| i64::try_from(until.as_nanos()).ok());
        until.is_some_and(|until| self.modified.max(self.changed) < until)
    }

    /// Returns whether the file may have been changed after `time`. A change may have a somewhat earlier time, because
    /// kernels take the times of files from a clock that ticks, and some file systems store whole seconds.
    pub fn may_be_changed_since(&self, time: SystemTime) -> bool {
        const TICK: Duration = Duration::from_millis(10);
        const WHOLE_SECONDS: Duration = Duration::from_secs(2);

        let granularity = match self.changed % 1_000_000_000 {
            0 => WHOLE_SECONDS,
            _ => TICK,
        };
        let since = time.duration_since(UNIX_EPOCH).ok();
        let since = since.and_then(|since| since.checked_sub(granularity));
        let since = since.and_then(|since| i64::try_from(since.as_nanos()).ok());
        since.is_none_or(|since| self.changed >= since)
    }
}

/// An open file, with the stamp that it had when it was opened.
pub struct StampedFile {
    /// The file, or `None` for an object, since only one version of an object is read.
    file: Option<File>,
    stamp: FileStamp,
}

impl StampedFile {
    /// Returns the file of which no byte is read yet, or `None` if later changes of the file may not show in its stamp.
    pub fn new(file: &File) -> Option<Self> {
        let now = SystemTime::now();
        let stamp = FileStamp::of(&file.metadata().ok()?)?;
        let file = stamp.shows_changes_after(now).then(|| file.try_clone())?;
        Some(Self {
            file: Some(file.ok()?),
            stamp,
        })
    }

    /// Returns the version of an object, or `None` if it has no ETag.
    pub fn of_object(version: &ObjectVersion) -> Option<Self> {
        let stamp = FileStamp::of_object(&version.address(), version.size(), version.e_tag()?);
        Some(Self { file: None, stamp })
    }

    /// Returns the stamp, if the file has not changed since it was opened.
    pub fn unchanged_stamp(&self) -> Option<FileStamp> {
        let Some(file) = &self.file else {
            return Some(self.stamp);
        };
        let now = FileStamp::of(&file.metadata().ok()?)?;
        (now == self.stamp).then_some(now)
    }
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;

    #[test]
    fn a_file_that_was_changed_earlier_is_told_from_one_that_was_changed_since() {
        let file = tempfile::tempfile().unwrap();
        let stamp = FileStamp::of(&file.metadata().unwrap()).unwrap();
        let changed = UNIX_EPOCH + Duration::from_nanos(stamp.changed.unsigned_abs());
        let whole = FileStamp {
            changed: stamp.changed / 1_000_000_000 * 1_000_000_000,
            ..stamp
        };
        for (later, is_new, is_new_if_whole) in
            [(0, true, true), (500, false, true), (4000, false, false)]
        {
            let time = changed + Duration::from_millis(later);
            assert_eq!(stamp.may_be_changed_since(time), is_new, "{later}");
            assert_eq!(whole.may_be_changed_since(time), is_new_if_whole, "{later}");
        }
    }

    #[test]
    fn changes_close_to_an_earlier_change_may_not_show() {
        let file = tempfile::tempfile().unwrap();
        let now = SystemTime::now();
        let stamp = || FileStamp::of(&file.metadata().unwrap()).unwrap();
        let second = Duration::from_secs(1);
        assert!(!stamp().shows_changes_after(now + second));
        assert!(stamp().shows_changes_after(now + 3 * second));
        // A time that was set does not hide when the file was changed.
        file.set_modified(UNIX_EPOCH + second).unwrap();
        assert!(!stamp().shows_changes_after(now + second));
        file.set_modified(now + 60 * second).unwrap();
        assert!(!stamp().shows_changes_after(now + 3 * second));
    }
}
