//! The state directory. One run at a time locks it and records the delivered lines in it.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::{self, File};
use std::mem::ManuallyDrop;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, SystemTime};

use anyhow::{Context, Result};

use super::contents::day_of;
use super::entry::{Day, DeliveryProgress, Entry, InputId};
use super::fingerprint::Head;
use super::journal::Journal;
use super::line_hashes::{LineHashes, ReadLines};
use super::lock::lock;
use super::memory::{Memory, SeenInputs};
use super::read_files::{ReadFile, ReadFiles};
use super::settle::{remove_temporary_files, settle};
use crate::exit_code::{ExitCode, Fatal, OrExit};

/// A state directory that this run has locked.
#[derive(Debug)]
pub struct StateDirectory {
    pub directory: PathBuf,
    /// Whether earlier runs have recorded inputs.
    pub knew_inputs: bool,
    memory: Mutex<Memory>,
    /// Locked until the end of the run.
    _lock: File,
}

/// The name of the journal, the file in the state directory to which entries are appended.
const JOURNAL: &str = "journal.jsonl";

/// The name of the file with the hashes of lines.
const LINES: &str = "journal.lines";

/// The interval at which appended entries are made durable. If the system crashes before that, the lines of the last
/// entries are sent again. This does no harm, because the server recognizes the ids of their records.
const SYNC_INTERVAL: Duration = Duration::from_secs(1);

impl StateDirectory {
    /// Locks the directory for this run, and creates it if it does not exist. Inputs that no run has found for
    /// `forget_after` days are forgotten. `remembers` says whether the files that this run finds are recorded.
    ///
    /// # Errors
    /// Returns an error if another run has locked the directory, or if it cannot be read or written.
    pub fn open(directory: &Path, forget_after: Day, remembers: bool) -> Result<Self, Fatal> {
        fs::create_dir_all(directory)
            .with_context(|| {
                let name = directory.display();
                format!("failed to create the state directory `{name}`")
            })
            .or_exit(ExitCode::Output)?;
        let lock = lock(directory)?;
        let path = directory.join(JOURNAL);
        remove_temporary_files(directory, &[JOURNAL, LINES]);
        let (mut contents, text) = Journal::read(&path).or_exit(ExitCode::Output)?;
        let is_changed = settle(&mut contents);
        let today = day_of(SystemTime::now());
        contents.forget_unseen(forget_after, today);
        let journal = Journal::open(&path, &contents, &text, is_changed);
        let journal = journal.or_exit(ExitCode::Output)?;
        let mut lines = LineHashes::new(directory.join(LINES));
        if journal.is_rewritten {
            lines
                .remove_unknown(|input| contents.inputs.contains_key(&input))
                .with_context(|| lines.failed())
                .or_exit(ExitCode::Output)?;
        }
        let knew_inputs = !contents.inputs.is_empty();
        let memory = Memory {
            journal,
            contents: ManuallyDrop::new(contents),
            lines,
            read: BTreeMap::new(),
            unwritten: BTreeSet::new(),
            remembers,
            read_files: ReadFiles::default(),
            seen: SeenInputs {
                inputs: BTreeSet::new(),
                today,
            },
            files: None,
            failure: None,
        };
        Ok(Self {
            directory: directory.to_owned(),
            knew_inputs,
            memory: Mutex::new(memory),
            _lock: lock,
        })
    }

    /// Adds a new input, and returns its id. The input is recorded with the first entry that names it.
    pub(super) fn add_input(&self, name: &str, head: &Head) -> InputId {
        let (head_bytes, head_hash) = head.fingerprint();
        let mut memory = self.memory();
        let input = memory.contents.next_input();
        let entry = Entry::Input {
            input,
            name: name.to_owned(),
            head_bytes,
            head_hash,
            head_lines: head.lines(),
        };
        memory.unwritten.insert(input);
        memory.contents.apply(entry, 0);
        input
    }

    /// Remembers that this run has read the next lines of an input. If the input is a file that `may_grow`, more positions
    /// are kept, since a part of it may be copied while it is written.
    pub(super) fn has_read(&self, input: InputId, lines: ReadLines<'_>, may_grow: bool) {
        self.memory().has_read(input, lines, may_grow);
    }

    /// Returns the progress of an input at a destination.
    pub fn progress(&self, input: InputId, to: &str) -> Option<DeliveryProgress> {
        let memory = self.memory();
        let known = memory.contents.inputs.get(&input)?;
        known.delivered.get(to).cloned()
    }

    /// Returns the number in the name of the output file of a document whose first output file has this path.
    pub fn files_of_document(&self, to: &str, first: &Path) -> Option<u64> {
        let memory = self.memory();
        let progress = memory.contents.document(to, first)?;
        Some(progress.files)
    }

    /// Returns whether a file is an output file of any input in the journal.
    pub fn is_output_file(&self, file: &Path) -> bool {
        self.memory().files().contains(file)
    }

    /// Records a temporary file before the file is created. If this run is killed, the next run removes the file.
    ///
    /// # Errors
    /// Returns an error that names the journal if it cannot be written.
    pub fn writing(&self, file: &Path) -> Result<()> {
        let file = file.to_owned();
        self.memory().journal.append(&[&Entry::Writing { file }])
    }

    /// Records that the temporary file `part`, of this length, is about to be renamed to `file`. After the rename, the
    /// lines count as delivered.
    ///
    /// # Errors
    /// Returns an error that names the journal if it cannot be written.
    pub fn delivering(
        &self,
        input: InputId,
        to: &str,
        progress: &DeliveryProgress,
        part: &Path,
        file: &Path,
        file_bytes: u64,
    ) -> Result<()> {
        let mut memory = self.memory();
        memory.files().insert(file.to_owned());
        let mut progress = progress.clone();
        memory.add_read_positions(input, &mut progress);
        let entry = Entry::Delivering {
            input,
            to: to.to_owned(),
            progress,
            part: part.to_owned(),
            file: file.to_owned(),
            file_bytes,
        };
        memory.append(input, &[&entry])?;
        memory.journal.sync()
    }

    /// Records that all lines before a position are delivered.
    ///
    /// # Errors
    /// Returns an error that names the journal if it cannot be written.
    pub fn delivered(
        &self,
        input: InputId,
        to: &str,
        mut progress: DeliveryProgress,
    ) -> Result<()> {
        let mut memory = self.memory();
        // A server acknowledges a few records at a time, so the earlier positions are recorded only at the end.
        if progress.ended || progress.first_file.is_some() {
            memory.add_read_positions(input, &mut progress);
        }
        let entry = Entry::Delivered {
            input,
            to: to.to_owned(),
            progress,
        };
        memory.append(input, &[&entry])?;
        memory.contents.apply(entry, 0);
        memory.record_files(input)?;
        memory.journal.sync_after(SYNC_INTERVAL)
    }

    /// Notes that this run has read a file to its end. The file is recorded when all its lines are delivered.
    pub(super) fn has_read_file(&self, file: ReadFile) {
        let mut memory = self.memory();
        if !memory.remembers {
            return;
        }
        let input = memory.read_files.add(file);
        if let Err(error) = memory.record_files(input) {
            memory.failure.get_or_insert(error);
        }
    }

    /// Keeps the error of a delivery that succeeded but could not be recorded. The run then ends, because
    /// [`has_failed`](Self::has_failed) returns true, and [`sync`](Self::sync) returns the error at the end.
    pub fn fail(&self, error: anyhow::Error) {
        self.memory().failure.get_or_insert(error);
    }

    /// Returns whether the run should end, because a delivery or an input could not be recorded.
    pub fn has_failed(&self) -> bool {
        let memory = self.memory();
        memory.journal.is_broken() || memory.failure.is_some()
    }

    /// Makes all entries durable.
    ///
    /// # Errors
    /// Returns an error that names the journal if it cannot be synced, or the earlier error that was kept by
    /// [`fail`](Self::fail).
    pub fn sync(&self) -> Result<()> {
        let mut memory = self.memory();
        let synced = memory.sync();
        memory.failure.take().map_or(synced, Err)
    }

    pub(super) fn memory(&self) -> MutexGuard<'_, Memory> {
        self.memory.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::input::{Position, Shape};

    #[test]
    fn a_sync_after_a_failure_still_records_the_inputs_that_were_found() {
        let directory = tempfile::tempdir().unwrap();
        let state = StateDirectory::open(directory.path(), 400, true)
            .map_err(|_| "not opened")
            .unwrap();
        let (head, _) = Head::read(&mut &b"a line\n"[..], Shape::Log).unwrap();
        let input = state.add_input("a", &head);
        let progress = DeliveryProgress::to(Position::START);
        state.delivered(input, "out", progress).unwrap();
        state.memory().has_seen(input);
        state.fail(anyhow::anyhow!("failed before"));
        assert_eq!(state.sync().unwrap_err().to_string(), "failed before");
        let journal = fs::read_to_string(directory.path().join(JOURNAL)).unwrap();
        assert!(journal.contains(r#"{"seen":"#), "{journal}");
    }
}
