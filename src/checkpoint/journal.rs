//! The journal, a file of JSON Lines to which entries are appended.
//!
//! A crash may leave an incomplete last line, which the next run removes. When more than half of the journal are entries
//! that later entries have made obsolete, a run first replaces the journal by a shorter one.

use std::fs::{File, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant, SystemTime};

use anyhow::{Context, Result, bail};

use super::contents::JournalContents;
use super::entry::Entry;
use super::entry_text::{self, UnsettledLines};
use crate::files::{OWNER_ONLY, persist, sync_directory, temporary_file};

/// The version of the journal's format. A change that older programs would misread increases the version.
const VERSION: u32 = 2;

/// The oldest version that this program reads. Version 1 has other texts of histories, and no files.
const OLDEST_VERSION: u32 = 1;

/// The least length of a journal that is replaced because of obsolete entries.
const LEAST_REPLACED: u64 = 1 << 16;

/// The journal file, open for appending.
#[derive(Debug)]
pub struct Journal {
    path: PathBuf,
    file: File,
    /// The length of the file in bytes, or `None` if an entry could not be written.
    length: Option<u64>,
    /// Whether the run has replaced the journal.
    pub is_rewritten: bool,
    /// Whether entries were appended since the last sync.
    is_dirty: bool,
    /// The time of the last sync.
    synced: Instant,
}

/// The text of a journal that was read.
#[derive(Debug, Default)]
pub struct JournalText {
    version: u32,
    /// The length of all lines. The text after them is an incomplete line.
    lines: u64,
}

impl Journal {
    /// Reads the journal. A missing file counts as an empty journal.
    ///
    /// # Errors
    /// Returns an error that names the file if it cannot be read, is not a journal, has another version, or has a
    /// damaged line.
    pub fn read(path: &Path) -> Result<(JournalContents, JournalText)> {
        let bytes = match std::fs::read(path) {
            Ok(bytes) => bytes,
            Err(error) if error.kind() == io::ErrorKind::NotFound => Vec::new(),
            Err(error) => {
                return Err(error).with_context(|| format!("failed to read `{}`", path.display()));
            }
        };
        let mut contents = JournalContents::default();
        let mut text = JournalText::default();
        let mut unsettled = UnsettledLines::new();
        let mut start = 0;
        for (nth, newline) in memchr::memchr_iter(b'\n', &bytes).enumerate() {
            let line = &bytes[start..=newline];
            start = newline + 1;
            if nth == 0 {
                text.version = read_version(line, path)?;
            } else if unsettled.add((nth + 1, line)) {
                contents.add_dead_bytes(line.len() as u64);
            } else {
                unsettled.settle(line);
                contents.apply(read_entry(line, path, nth + 1)?, line.len() as u64);
            }
        }
        for (number, line) in unsettled.rest() {
            contents.apply(read_entry(line, path, number)?, 0);
        }
        text.lines = start as u64;
        Ok((contents, text))
    }

    /// Opens the journal for appending, after its contents were read. Replaces the journal by a new journal with the same
    /// contents if it is missing or has an earlier version, if most of its entries are obsolete, or if `is_changed` says
    /// that the contents have changed since they were read.
    ///
    /// # Errors
    /// Returns an error that names the file if it cannot be written.
    pub fn open(
        path: &Path,
        contents: &JournalContents,
        text: &JournalText,
        is_changed: bool,
    ) -> Result<Self> {
        let dead = contents.dead_bytes();
        let is_mostly_dead = text.lines > LEAST_REPLACED && dead > text.lines.saturating_sub(dead);
        if is_changed || is_mostly_dead || text.version != VERSION {
            return Self::rewrite(path, contents);
        }
        let open = || -> io::Result<File> {
            let file = OpenOptions::new().append(true).open(path)?;
            if file.metadata()?.len() > text.lines {
                file.set_len(text.lines)?;
            }
            Ok(file)
        };
        let file =
            open().with_context(|| format!("failed to write the state `{}`", path.display()))?;
        Ok(Self::opened(path, file, Some(text.lines)))
    }

    /// Replaces the journal by a new journal with these contents, and opens the new journal for appending.
    ///
    /// # Errors
    /// Returns an error that names the file if it cannot be written.
    fn rewrite(path: &Path, contents: &JournalContents) -> Result<Self> {
        let write = || -> Result<File> {
            let mut file = temporary_file(path, OWNER_ONLY)?;
            let mut text = line(&Entry::EventRouterState { version: VERSION })?;
            for entry in contents.entries(SystemTime::now()) {
                text.extend(line(&entry)?);
            }
            file.write_all(&text)?;
            file.as_file().sync_all()?;
            persist(file, path)?;
            sync_directory(path)?;
            Ok(OpenOptions::new().append(true).open(path)?)
        };
        let file =
            write().with_context(|| format!("failed to write the state `{}`", path.display()))?;
        let length = file.metadata().map(|metadata| metadata.len());
        Ok(Self {
            is_rewritten: true,
            ..Self::opened(path, file, length.ok())
        })
    }

    fn opened(path: &Path, file: File, length: Option<u64>) -> Self {
        Self {
            path: path.to_owned(),
            file,
            length,
            is_rewritten: false,
            is_dirty: false,
            synced: Instant::now(),
        }
    }

    /// Appends entries.
    ///
    /// # Errors
    /// Returns an error that names the file if these entries or earlier entries could not be written.
    pub fn append(&mut self, entries: &[&Entry]) -> Result<()> {
        let Some(length) = self.length else {
            bail!("{} earlier in this run", self.failed());
        };
        let mut lines = Vec::new();
        for entry in entries {
            lines.extend(line(entry).with_context(|| self.failed())?);
        }
        self.is_dirty = true;
        if let Err(error) = self.file.write_all(&lines) {
            // The last line may be incomplete. The journal is readable only if no other line follows an incomplete line.
            // So the lines are removed, and no further entry is accepted, in case the removal fails.
            let _ = self.file.set_len(length);
            self.length = None;
            return Err(error).with_context(|| self.failed());
        }
        self.length = Some(length + lines.len() as u64);
        Ok(())
    }

    /// Returns whether an entry could not be written. No further entry can be appended then.
    pub fn is_broken(&self) -> bool {
        self.length.is_none()
    }

    /// Makes the appended entries durable.
    ///
    /// # Errors
    /// Returns an error that names the file if the system fails to write.
    pub fn sync(&mut self) -> Result<()> {
        if self.is_dirty {
            self.file.sync_data().with_context(|| self.failed())?;
            self.is_dirty = false;
        }
        self.synced = Instant::now();
        Ok(())
    }

    /// Makes the appended entries durable if the last sync was at least so long ago.
    ///
    /// # Errors
    /// Returns an error that names the file if the system fails to write.
    pub fn sync_after(&mut self, interval: Duration) -> Result<()> {
        if self.synced.elapsed() >= interval {
            self.sync()?;
        }
        Ok(())
    }

    fn failed(&self) -> String {
        format!("failed to write the state `{}`", self.path.display())
    }
}

/// Reads the version in the first line of a journal.
fn read_version(line: &[u8], path: &Path) -> Result<u32> {
    let name = path.display();
    let Ok(Entry::EventRouterState { version }) = serde_json::from_slice(line) else {
        bail!("`{name}` is not a journal of event-router; choose another directory for `--state`");
    };
    if !(OLDEST_VERSION..=VERSION).contains(&version) {
        bail!(
            "the state `{name}` has version {version}, but this program reads version {VERSION}; update the program"
        );
    }
    Ok(version)
}

/// Reads an entry. `number` is the number of its line.
fn read_entry(line: &[u8], path: &Path, number: usize) -> Result<Entry> {
    if let Some(entry) = entry_text::read(line) {
        return Ok(entry);
    }
    serde_json::from_slice(line).with_context(|| {
        format!(
            "line {number} of the state `{}` is damaged; to deliver all inputs again, choose another state directory, \
             and for `--output` another output directory",
            path.display()
        )
    })
}

/// Returns the text of an entry with its newline. The caller writes the text with one call, so that a crash leaves at
/// most one entry incomplete.
fn line(entry: &Entry) -> Result<Vec<u8>> {
    let mut line = serde_json::to_vec(entry)?;
    line.push(b'\n');
    Ok(line)
}

#[cfg(test)]
mod tests;
