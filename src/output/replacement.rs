//! The file that replaces a rejects file, if the rejects file is an input of the run that writes it.

use std::collections::HashSet;
use std::io::BufRead;
use std::mem;
use std::path::Path;

use anyhow::Result;
use xxhash_rust::xxh3::xxh3_128;

use super::AtomicFile;
use super::locked_file::LockedFile;
use crate::files::OWNER_ONLY;

/// The new rejects file of a run. It gets the rows of the old file that stay, and at the end the rows of other inputs.
pub(super) struct Replacement {
    /// The length of the old file when it was opened. Later rows are those of this run.
    old_length: u64,
    file: AtomicFile,
    latest: LatestRows,
}

impl Replacement {
    /// Starts the new file.
    ///
    /// # Errors
    /// Returns an error that names the path if the file cannot be created.
    pub fn new(path: &Path, old: &LockedFile) -> Result<Self> {
        // The last row may have got its newline, or an incomplete row may have been removed.
        let old = old.metadata()?;
        let file = AtomicFile::create(path, OWNER_ONLY)?;
        file.keep_owner(&old);
        Ok(Self {
            old_length: old.len(),
            file,
            latest: LatestRows::default(),
        })
    }

    pub fn old_length(&self) -> u64 {
        self.old_length
    }

    /// Writes whole rows, except those that are among the latest rows of the new file.
    ///
    /// # Errors
    /// Returns an error that names the path if the rows cannot be written.
    pub fn write(&mut self, rows: &[u8]) -> Result<()> {
        let lines = rows.split_inclusive(|&byte| byte == b'\n');
        let new: Vec<&[u8]> = lines.filter(|row| self.latest.add(row)).collect();
        self.file.write(&new.concat())
    }

    /// Writes the rows that a reader has. The last row may lack its newline.
    ///
    /// # Errors
    /// Returns an error if the rows cannot be read or written.
    pub fn copy(&mut self, mut reader: impl BufRead) -> Result<()> {
        const BLOCK_BYTES: usize = 1 << 20;

        let mut rows = Vec::new();
        loop {
            let is_end = reader.read_until(b'\n', &mut rows)? == 0;
            if !is_end && !rows.ends_with(b"\n") {
                rows.push(b'\n');
            }
            if is_end || rows.len() >= BLOCK_BYTES {
                self.write(&rows)?;
                rows.clear();
            }
            if is_end {
                return Ok(());
            }
        }
    }

    /// Removes all rows.
    ///
    /// # Errors
    /// Returns an error that names the path if the file cannot be truncated.
    pub fn restart(&mut self) -> Result<()> {
        self.latest = LatestRows::default();
        self.file.truncate(0)
    }

    /// Replaces the old file.
    ///
    /// # Errors
    /// Returns an error that names the path if the file cannot be synced or renamed.
    pub fn finish(self) -> Result<()> {
        self.file.finish()
    }
}

/// The hashes of the latest rows. A run that was killed may have left rows that the next run writes again, a few
/// thousand rows later.
#[derive(Default)]
struct LatestRows {
    new: HashSet<u128>,
    old: HashSet<u128>,
}

/// The least number of rows among which a repeated row is found. The hashes of twice as many rows are kept, which takes
/// 10 MB.
const LATEST_ROWS: usize = 200_000;

impl LatestRows {
    /// Adds a row. Returns whether the row is not yet among the latest rows.
    fn add(&mut self, row: &[u8]) -> bool {
        let hash = xxh3_128(row);
        if self.old.contains(&hash) || !self.new.insert(hash) {
            return false;
        }
        if self.new.len() >= LATEST_ROWS {
            self.old = mem::take(&mut self.new);
        }
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_row_is_found_again_among_the_latest_rows_and_memory_does_not_grow() {
        let mut latest = LatestRows::default();
        for number in 0..3 * LATEST_ROWS {
            assert!(latest.add(&number.to_ne_bytes()));
            let earlier = number.saturating_sub(LATEST_ROWS - 1);
            assert!(!latest.add(&earlier.to_ne_bytes()), "{number}");
            assert!(latest.new.len() + latest.old.len() <= 2 * LATEST_ROWS);
        }
    }
}
