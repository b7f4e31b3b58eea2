//! A directory with one file for each input.
//!
//! A file is written under a temporary, hidden name beside its final one and renamed when it is complete, so that no
//! reader ever sees half of one under its name.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::{Context, Result, bail};

use super::part_file::PartFile;

use crate::checkpoint::{DeliveryProgress, Destinations, InputId, Resumed, StateDirectory};
use crate::convert::ConvertedBatch;
use crate::destination::{Destination, WriteStatus};
use crate::files::{persist, sync_directory};
use crate::input::{Position, Shape, Source};
use crate::output_names::{Compression, OutputNames, nth_file};

/// Writes each input's output to a file of its own.
pub struct Directory {
    names: OutputNames,
    /// Where it is remembered what is delivered, and what this destination is called there.
    state: Option<(Arc<StateDirectory>, String)>,
    /// By the number of the input.
    unfinished: BTreeMap<usize, Unfinished>,
    /// With a state, the files that logs of this run were to have, whether they came to be or not.
    given: BTreeSet<PathBuf>,
    last_file: Option<PathBuf>,
}

/// A file on its way.
struct Unfinished {
    path: PathBuf,
    /// A document that comes to nothing is not written.
    may_be_absent: bool,
    part: Option<PartFile>,
    compression: Compression,
    /// The input, and how far it will be delivered, where that is remembered.
    delivery: Option<(InputId, DeliveryProgress)>,
}

impl Directory {
    /// Creates the directory when it is missing. With a state, what is delivered is remembered there, and files that
    /// earlier runs delivered are left as they are.
    ///
    /// # Errors
    /// It cannot be created.
    pub fn create(mut names: OutputNames, state: Option<Arc<StateDirectory>>) -> Result<Self> {
        create_dir(&names.directory)?;
        let state = match state {
            None => None,
            Some(state) => {
                // A later run may be started elsewhere.
                names.directory = names.real_directory()?;
                Some((state, names.destination()))
            }
        };
        Ok(Self {
            names,
            state,
            unfinished: BTreeMap::new(),
            given: BTreeSet::new(),
            last_file: None,
        })
    }

    /// As what a state knows it.
    pub fn in_state(&self) -> Destinations {
        Destinations {
            names: vec![self.names.destination()],
            files: Some(self.names.clone()),
        }
    }

    /// Makes sure that what an input is continued from is delivered: another input of this run may hold the same, and its
    /// output may have failed.
    fn check_beginning(&self, resumed: &Resumed) -> Result<()> {
        let from = resumed.start().offset;
        let progress = self
            .state
            .as_ref()
            .and_then(|(state, to)| state.progress(resumed.recorded_as, to));
        if progress.map_or(0, |progress| progress.position.offset) < from {
            bail!(
                "an input that begins with the same lines could not be delivered, so this one is left to the next run"
            );
        }
        Ok(())
    }

    /// The path of the next output of an input, and what is known when it is delivered.
    fn next_file(&self, source: &Source, resumed: &Resumed) -> (PathBuf, DeliveryProgress) {
        let natural = self.names.path(source);
        let earlier = self
            .state
            .as_ref()
            .and_then(|(state, to)| state.progress(resumed.input, to));
        let position = resumed.start();
        let is_free = |file: &Path| match &self.state {
            // A document is replaced when it has changed.
            Some((state, _)) => {
                source.shape == Shape::Document
                    || !(state.is_delivered(file) || self.given.contains(file))
            }
            None => true,
        };
        let (first, mut files) = match earlier {
            Some(DeliveryProgress {
                first_file: Some(first),
                files,
                ..
            }) => (first, files + 1),
            _ => (natural, 1),
        };
        while !is_free(&nth_file(&first, files)) {
            files += 1;
        }
        let progress = DeliveryProgress {
            first_file: Some(first.clone()),
            files,
            ..DeliveryProgress::to(position)
        };
        (nth_file(&first, files), progress)
    }

    /// Completes the file of an input that has ended, or was broken off.
    fn complete(&mut self, input: usize, ended: bool) -> Result<()> {
        let Some(unfinished) = self.unfinished.remove(&input) else {
            return Ok(());
        };
        let (path, is_file) = (unfinished.path.clone(), unfinished.part.is_some());
        let finished = match (&self.state, &unfinished.delivery) {
            (Some((state, to)), Some((input, progress))) => {
                let (input, mut progress) = (*input, progress.clone());
                progress.ended = ended;
                unfinished.complete_and_record(state, input, to, progress)
            }
            _ => unfinished.complete(),
        };
        finished.with_context(|| failed_to_write(&path))?;
        self.last_file = is_file.then_some(path);
        Ok(())
    }
}

impl Destination for Directory {
    fn start(&mut self, input: usize, source: &Source, resumed: Option<&Resumed>) -> Result<()> {
        let is_log = source.shape == Shape::Log;
        let (path, delivery) = match resumed {
            None => (self.names.path(source), None),
            Some(resumed) => {
                self.check_beginning(resumed)?;
                let (path, progress) = self.next_file(source, resumed);
                if is_log {
                    self.given.insert(path.clone());
                }
                (path, Some((resumed.input, progress)))
            }
        };
        // A later file is like the first, whose name it has.
        let compression = match path.extension() {
            Some(extension) if is_log && extension == "gz" => Compression::Gzip,
            _ => Compression::None,
        };
        let mut unfinished = Unfinished {
            path,
            // Where it is remembered what is delivered, an empty file would only be in the way.
            may_be_absent: !is_log || resumed.is_some(),
            part: None,
            compression,
            delivery,
        };
        if !unfinished.may_be_absent {
            unfinished.open(self.state.as_ref())?;
        }
        self.unfinished.insert(input, unfinished);
        Ok(())
    }

    fn write(&mut self, input: usize, batch: &ConvertedBatch) -> Result<WriteStatus> {
        let Some(unfinished) = self.unfinished.get_mut(&input) else {
            return Ok(WriteStatus::Written);
        };
        if !batch.bytes.is_empty() {
            let written = unfinished
                .open(self.state.as_ref())
                .and_then(|part| Ok(part.write(batch)?));
            if let Err(error) = written {
                let path = failed_to_write(&unfinished.path);
                // What there is of it goes with its temporary file.
                self.unfinished.remove(&input);
                return Err(error.context(path));
            }
        }
        if let (Some((_, progress)), Some(end)) = (&mut unfinished.delivery, batch.positions.last())
        {
            if end.open {
                // Should it go on when the input is read again, what is behind this place is another line.
                let before = batch.positions.iter().rev().nth(1);
                progress
                    .history
                    .push(*before.unwrap_or(&progress.position), true);
            }
            // A copy may break off earlier.
            progress.history.push(progress.position, false);
            progress.position = *end;
        }
        Ok(WriteStatus::Written)
    }

    fn finish(&mut self, input: usize) -> Result<WriteStatus> {
        self.complete(input, true).map(|()| WriteStatus::Written)
    }

    fn last_file(&mut self) -> Option<PathBuf> {
        self.last_file.take()
    }

    fn abort(&mut self, input: usize) -> Result<bool> {
        if self.state.is_some() {
            // The next run goes on from here, in another file.
            self.complete(input, false)?;
            return Ok(true);
        }
        self.unfinished.remove(&input);
        Ok(false)
    }

    fn takes_compressed(&self) -> bool {
        self.names.compression == Compression::Gzip
    }

    fn takes_several(&self) -> bool {
        true
    }
}

impl Unfinished {
    fn open(&mut self, state: Option<&(Arc<StateDirectory>, String)>) -> Result<&mut PartFile> {
        if self.part.is_none() {
            let directory = self.path.parent().unwrap_or(Path::new("."));
            create_dir(directory)?;
            let part = PartFile::create(&self.path, directory, self.compression)
                .with_context(|| failed_to_write(&self.path))?;
            if let Some((state, _)) = state {
                state.writing(part.path())?;
            }
            self.part = Some(part);
        }
        self.part.as_mut().context("no file is open")
    }

    fn complete(self) -> Result<()> {
        if let Some(part) = self.part {
            persist(part.close()?, &self.path)?;
        }
        Ok(())
    }

    /// Completes the file, in such an order that a run which is killed at any moment leaves it either without its name and
    /// not recorded, or with it and recorded.
    fn complete_and_record(
        self,
        state: &StateDirectory,
        input: InputId,
        to: &str,
        mut progress: DeliveryProgress,
    ) -> Result<()> {
        match self.part {
            Some(part) => {
                let file = part.close()?;
                let bytes = file.as_file().metadata()?.len();
                state.delivering(input, to, &progress, file.path(), &self.path, bytes)?;
                persist(file, &self.path)?;
                // From here on it is delivered: if that cannot be remembered now, the next run finds it out.
                let synced =
                    sync_directory(&self.path).with_context(|| failed_to_write(&self.path));
                let recorded = synced.and_then(|()| state.delivered(input, to, progress));
                if let Err(error) = recorded {
                    state.fail(error);
                }
                Ok(())
            }
            None => {
                // No file came of it, so that there is none more than before.
                let earlier = state.progress(input, to);
                let reached = earlier.as_ref().map(|earlier| earlier.position);
                if reached.unwrap_or(Position::START) == progress.position {
                    return Ok(());
                }
                (progress.first_file, progress.files) =
                    earlier.map_or((None, 0), |earlier| (earlier.first_file, earlier.files));
                state.delivered(input, to, progress)
            }
        }
    }
}

fn create_dir(directory: &Path) -> Result<()> {
    fs::create_dir_all(directory)
        .with_context(|| format!("failed to create the directory `{}`", directory.display()))
}

fn failed_to_write(path: &Path) -> String {
    format!("failed to write `{}`", path.display())
}
