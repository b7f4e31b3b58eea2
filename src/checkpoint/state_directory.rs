//! The state directory. One run at a time locks it and records the delivered lines in it.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{Read, Write};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, anyhow};

use super::entry::{DeliveryProgress, Entry, InputId, JournalContents, KnownInput};
use super::history::{History, seconds_now};
use super::journal::Journal;
use crate::exit_code::{ExitCode, Fatal, OrExit};
use crate::files::{OWNER_ONLY, is_part, sync_directory};
use crate::input::{Position, Shape};
use crate::output_names::nth_file;

/// A state directory that this run has locked.
#[derive(Debug)]
pub struct StateDirectory {
    memory: Mutex<Memory>,
    /// Locked until the end of the run.
    _lock: File,
}

/// The lines that earlier runs have delivered, and the lines that this run has read or delivered.
#[derive(Debug)]
pub(super) struct Memory {
    journal: Journal,
    pub contents: JournalContents,
    /// The positions up to which this run has read each input, whether the lines are delivered yet or not. If a second
    /// input of the run has the same content, the second input resumes after these positions.
    pub read: BTreeMap<(InputId, Shape), History>,
    /// The output files of all inputs.
    files: BTreeSet<PathBuf>,
    /// The time of the last sync of the journal.
    synced: Instant,
    /// The first failure to record a delivery or an input. It is reported at the end of the run.
    failure: Option<anyhow::Error>,
}

/// The name of the journal, the file in the state directory to which entries are appended.
const JOURNAL: &str = "journal.jsonl";

/// The interval at which appended entries are made durable. If the system crashes before that, the lines of the last
/// entries are sent again. This does no harm, because the server recognizes the ids of their records.
const SYNC_INTERVAL: Duration = Duration::from_secs(1);

impl StateDirectory {
    /// Locks the directory for this run, and creates it if it does not exist.
    ///
    /// # Errors
    /// Returns an error if another run has locked the directory, or if it cannot be read or written.
    pub fn open(directory: &Path) -> Result<Self, Fatal> {
        fs::create_dir_all(directory)
            .with_context(|| {
                let name = directory.display();
                format!("failed to create the state directory `{name}`")
            })
            .or_exit(ExitCode::Output)?;
        let lock = lock(directory)?;
        let path = directory.join(JOURNAL);
        remove_temporary_journals(directory);
        let mut contents = Journal::read(&path).or_exit(ExitCode::Output)?;
        settle(&mut contents);
        let journal = Journal::rewrite(&path, &contents).or_exit(ExitCode::Output)?;
        let files = contents.inputs.values().flat_map(files_of).collect();
        let memory = Memory {
            journal,
            contents,
            read: BTreeMap::new(),
            files,
            synced: Instant::now(),
            failure: None,
        };
        Ok(Self {
            memory: Mutex::new(memory),
            _lock: lock,
        })
    }

    /// Records a new input, and returns its id.
    pub(super) fn add_input(&self, name: &str, head_bytes: u64, head_hash: u128) -> InputId {
        let mut memory = self.memory();
        let last = memory.contents.inputs.keys().next_back();
        let input = last.map_or(1, |last| last + 1);
        let entry = Entry::Input {
            input,
            name: name.to_owned(),
            head_bytes,
            head_hash,
        };
        if let Err(error) = memory.journal.append(&entry) {
            memory.failure.get_or_insert(error);
        }
        memory.contents.apply(entry);
        input
    }

    /// Remembers that this run has read the next lines of an input, given the position after each line. If the input is
    /// a file that `may_grow`, more positions are kept, since a part of it may be copied while it is written.
    pub fn has_read(&self, input: InputId, shape: Shape, positions: &[Position], may_grow: bool) {
        let mut memory = self.memory();
        let history = memory.read.entry((input, shape)).or_default();
        let Some((last, before)) = positions.split_last() else {
            return;
        };
        // The last line has no newline. In a copy of this input, that line may be longer. Then the position after the
        // line is not found in the copy, but the position before it is.
        if let Some(before) = before.last().filter(|_| last.open) {
            history.push_end(*before, seconds_now());
        }
        if may_grow {
            history.push_lines(positions);
        } else {
            history.push_passed(*last);
        }
    }

    /// Returns the progress of an input at a destination.
    pub fn progress(&self, input: InputId, to: &str) -> Option<DeliveryProgress> {
        let memory = self.memory();
        let known = memory.contents.inputs.get(&input)?;
        known.delivered.get(to).cloned()
    }

    /// Returns whether a file is an output file of any input in the journal.
    pub fn is_delivered(&self, file: &Path) -> bool {
        self.memory().files.contains(file)
    }

    /// Records a temporary file before the file is created. If this run is killed, the next run removes the file.
    ///
    /// # Errors
    /// Returns an error that names the journal if it cannot be written.
    pub fn writing(&self, file: &Path) -> Result<()> {
        let file = file.to_owned();
        self.memory().journal.append(&Entry::Writing { file })
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
        memory.files.insert(file.to_owned());
        let mut progress = progress.clone();
        memory.add_read_positions(input, &mut progress);
        memory.journal.append(&Entry::Delivering {
            input,
            to: to.to_owned(),
            progress,
            part: part.to_owned(),
            file: file.to_owned(),
            file_bytes,
        })?;
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
        memory.journal.append(&entry)?;
        memory.contents.apply(entry);
        if memory.synced.elapsed() >= SYNC_INTERVAL {
            memory.journal.sync()?;
            memory.synced = Instant::now();
        }
        Ok(())
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
        match memory.failure.take() {
            Some(error) => Err(error),
            None => memory.journal.sync(),
        }
    }

    pub(super) fn memory(&self) -> MutexGuard<'_, Memory> {
        self.memory.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Memory {
    /// Adds the positions that this run has read before the position of `progress` to its history.
    fn add_read_positions(&self, input: InputId, progress: &mut DeliveryProgress) {
        if let Some(read) = self.read.get(&(input, Shape::Log)) {
            let history = &mut progress.history;
            history.add_before(read, progress.position.offset);
        }
    }
}

/// Settles the entries of files that a killed run may not have completed. A file that has its final name is recorded as
/// delivered. Temporary files are removed.
fn settle(contents: &mut JournalContents) {
    for entry in std::mem::take(&mut contents.delivering) {
        if let Entry::Delivering {
            input,
            to,
            progress,
            part,
            file,
            file_bytes,
        } = entry
            && !part.exists()
            && fs::metadata(&file).is_ok_and(|metadata| metadata.len() == file_bytes)
            && sync_directory(&file).is_ok()
        {
            contents.apply(Entry::Delivered {
                input,
                to,
                progress,
            });
        }
    }
    for file in std::mem::take(&mut contents.writing) {
        if is_part(&file) {
            // In most cases the earlier run has renamed or removed the file, so an error is ignored.
            let _ = fs::remove_file(file);
        }
    }
}

/// Removes the temporary files of earlier runs that were killed while they replaced the journal.
fn remove_temporary_journals(directory: &Path) {
    for entry in fs::read_dir(directory).into_iter().flatten().flatten() {
        let is_of_journal = |name: &str| name.starts_with(&format!(".{JOURNAL}."));
        if entry.file_name().to_str().is_some_and(is_of_journal) && is_part(&entry.path()) {
            let _ = fs::remove_file(entry.path());
        }
    }
}

/// Returns the output files of an input.
fn files_of(known: &KnownInput) -> Vec<PathBuf> {
    let progress = known.delivered.values();
    let files = progress.flat_map(|progress| {
        let first = progress.first_file.iter();
        first.flat_map(|first| (1..=progress.files).map(|nth| nth_file(first, nth)))
    });
    files.collect()
}

/// Locks the directory for this run, and writes the process id into the lock file.
///
/// # Errors
/// Returns an error that names the process that holds the lock, or the lock file if it cannot be opened or locked.
fn lock(directory: &Path) -> Result<File, Fatal> {
    let path = directory.join("lock");
    let mut options = OpenOptions::new();
    options.read(true).write(true).create(true).truncate(false);
    #[cfg(unix)]
    {
        use std::os::unix::fs::OpenOptionsExt;
        options.mode(OWNER_ONLY);
    }
    let opened = options.open(&path);
    let mut file = opened
        .with_context(|| format!("failed to open `{}`", path.display()))
        .or_exit(ExitCode::Output)?;
    match file.try_lock() {
        Ok(()) => {}
        Err(TryLockError::WouldBlock) => {
            let mut holder = String::new();
            let _ = file.read_to_string(&mut holder);
            let holder = match holder.trim() {
                "" => "another run",
                holder => holder,
            };
            let name = directory.display();
            return Err(anyhow!(
                "the state directory `{name}` is in use by {holder}; run again when that run has ended"
            ))
            .or_exit(ExitCode::Locked);
        }
        Err(TryLockError::Error(error)) => {
            return Err(error)
                .with_context(|| format!("failed to lock `{}`", path.display()))
                .or_exit(ExitCode::Output);
        }
    }
    // Another run shows this text if it finds the directory locked. The run works without it, so an error is ignored.
    let _ = file.set_len(0);
    let _ = writeln!(
        file,
        "process {}, started at {}",
        std::process::id(),
        jiff::Timestamp::now().strftime("%FT%TZ")
    );
    Ok(file)
}
