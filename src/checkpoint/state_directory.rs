//! The state directory: one run at a time, and what earlier ones delivered.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use anyhow::{Context, Result};

use super::entry::{Entry, InputId, Progress};
use super::history::Trail;
use super::journal::{Contents, Journal, KnownInput};
use super::lock::{OpenError, lock};
use crate::files::{is_part, sync_directory};
use crate::input::{Position, Shape};
use crate::output_names::nth_file;

/// What earlier runs delivered, and what this one does.
#[derive(Debug)]
pub struct StateDirectory {
    state: Mutex<State>,
    /// Held as long as the run lasts.
    _lock: File,
}

#[derive(Debug)]
pub(super) struct State {
    pub journal: Journal,
    pub contents: Contents,
    /// How far this run has read inputs, delivered or not: two inputs of a run may hold the same.
    pub read: BTreeMap<(InputId, Shape), Trail>,
    /// Files that hold what was delivered.
    files: BTreeSet<PathBuf>,
    synced: Instant,
    /// What could not be written, and is still to be told.
    pub failure: Option<anyhow::Error>,
}

/// Appended entries become durable at least this often. Those that are lost are delivered again, which a server tells.
const SYNC_EVERY: Duration = Duration::from_secs(1);

impl StateDirectory {
    /// Takes the directory for this run, and creates it when it is missing.
    ///
    /// # Errors
    /// Another run has it, or it cannot be read or written.
    pub fn open(directory: &Path) -> Result<Self, OpenError> {
        let name = directory.display();
        let unusable = |error: anyhow::Error| OpenError::Unusable(error);
        fs::create_dir_all(directory)
            .with_context(|| format!("failed to create the state directory `{name}`"))
            .map_err(unusable)?;
        let lock = lock(directory)?;
        let path = directory.join("journal.jsonl");
        let mut contents = Journal::read(&path).map_err(unusable)?;
        settle(&mut contents);
        let journal = Journal::rewrite(&path, &contents).map_err(unusable)?;
        let files = contents.inputs.values().flat_map(files_of).collect();
        let state = State {
            journal,
            contents,
            read: BTreeMap::new(),
            files,
            synced: Instant::now(),
            failure: None,
        };
        Ok(Self {
            state: Mutex::new(state),
            _lock: lock,
        })
    }

    /// Remembers how far this run has read an input, by the next of its places.
    pub fn has_read(&self, input: InputId, shape: Shape, places: &[Position]) {
        let mut state = self.state();
        let trail = state.read.entry((input, shape)).or_default();
        let Some((last, before)) = places.split_last() else {
            return;
        };
        // Another input may have more behind a line that is open here, so the place before it counts as well.
        if let Some(before) = before.last().filter(|_| last.open) {
            trail.push(*before, true);
        }
        trail.push(*last, false);
    }

    /// What is delivered of an input to a destination.
    pub fn progress(&self, input: InputId, to: &str) -> Option<Progress> {
        let state = self.state();
        state
            .contents
            .inputs
            .get(&input)?
            .delivered
            .get(to)
            .cloned()
    }

    /// Whether a file holds what was delivered, of whatever input.
    pub fn is_delivered(&self, file: &Path) -> bool {
        self.state().files.contains(file)
    }

    /// A temporary file is there, which a later run is to remove if this one cannot.
    ///
    /// # Errors
    /// The state cannot be written.
    pub fn writing(&self, file: &Path) -> Result<()> {
        let file = file.to_owned();
        self.state().journal.append(&Entry::Writing { file })
    }

    /// A file of this length is about to get its name, and is delivered when it has it.
    ///
    /// # Errors
    /// The state cannot be written.
    pub fn delivering(
        &self,
        input: InputId,
        to: &str,
        progress: &Progress,
        part: &Path,
        file: &Path,
        file_bytes: u64,
    ) -> Result<()> {
        let mut state = self.state();
        state.files.insert(file.to_owned());
        state.journal.append(&Entry::Delivering {
            input,
            to: to.to_owned(),
            progress: progress.clone(),
            part: part.to_owned(),
            file: file.to_owned(),
            file_bytes,
        })?;
        state.journal.sync()
    }

    /// All before a place is delivered.
    ///
    /// # Errors
    /// The state cannot be written.
    pub fn delivered(&self, input: InputId, to: &str, progress: Progress) -> Result<()> {
        let mut state = self.state();
        let entry = Entry::Delivered {
            input,
            to: to.to_owned(),
            progress,
        };
        state.journal.append(&entry)?;
        state.contents.apply(entry);
        if state.synced.elapsed() >= SYNC_EVERY {
            state.journal.sync()?;
            state.synced = Instant::now();
        }
        Ok(())
    }

    /// Something that is remembered later on could not be written. That is no failure of what is delivered: it is told at
    /// the end of the run, which is to come soon.
    pub fn fail(&self, error: anyhow::Error) {
        self.state().failure.get_or_insert(error);
    }

    /// Whether nothing more can be remembered.
    pub fn has_failed(&self) -> bool {
        let state = self.state();
        state.journal.is_broken() || state.failure.is_some()
    }

    /// Makes all of it durable.
    ///
    /// # Errors
    /// The state cannot be written, or could not be before.
    pub fn sync(&self) -> Result<()> {
        let mut state = self.state();
        match state.failure.take() {
            Some(error) => Err(error),
            None => state.journal.sync(),
        }
    }

    pub(super) fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Finds out what a run that was killed has done.
fn settle(contents: &mut Contents) {
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
            // Most are long gone.
            let _ = fs::remove_file(file);
        }
    }
}

fn files_of(known: &KnownInput) -> Vec<PathBuf> {
    let progress = known.delivered.values();
    let files = progress.flat_map(
        |Progress {
             first_file, files, ..
         }| {
            let first = first_file.iter();
            first.flat_map(move |first| (1..=*files).map(|nth| nth_file(first, nth)))
        },
    );
    files.collect()
}
