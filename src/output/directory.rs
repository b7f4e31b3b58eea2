//! A directory with one output file for each input.
//!
//! A file has a temporary, hidden name until it is complete, so that other programs never read an incomplete file.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::{Context, Result, anyhow, bail};
use tempfile::{NamedTempFile, PersistError};

use super::part_file::PartFile;
use crate::checkpoint::{
    DeliveryProgress, Destinations, InputId, Resumed, StateDirectory, seconds_now,
};
use crate::convert::ConvertedBatch;
use crate::destination::{Destination, WriteStatus, WrittenFile};
use crate::files::{failed_to_write, parent, sync_directory};
use crate::input::{Position, Shape, Source};
use crate::output_names::{Compression, OutputNames, nth_file};

/// Writes the output of each input to a file of its own.
pub struct Directory {
    names: OutputNames,
    /// The state directory, if there is one, and the name of this destination in the state directory.
    state: Option<(Arc<StateDirectory>, String)>,
    /// The outputs that have started and not ended, by the numbers of their inputs.
    open: BTreeMap<usize, OpenOutput>,
    /// The file names that outputs of logs have taken in this run, including outputs that have no records and so no
    /// file. Only used with a state directory.
    used_names: BTreeSet<PathBuf>,
    last_file: Option<WrittenFile>,
    /// Whether an output fails if it would replace a file.
    pub keeps_existing: bool,
}

/// The size of a gzip file without records. A file with records is larger, whether it is compressed or not.
const EMPTY_GZIP_BYTES: u64 = 20;

/// The output of an input that has started and has not ended.
struct OpenOutput {
    path: PathBuf,
    /// The temporary file, once there is something to write.
    part: Option<PartFile>,
    is_gzip: bool,
    /// With a state directory: the input, and the progress to record when the file is complete.
    delivery: Option<(InputId, DeliveryProgress)>,
    /// Whether the state directory says that the file is the output of an earlier version of the input. Then a new
    /// file may replace it.
    is_own: bool,
    /// Whether the output fails if it would replace a file.
    keeps_existing: bool,
    /// Whether the input is a rejects file whose outputs of earlier runs stay.
    is_numbered: bool,
}

impl Directory {
    /// Creates the directory if it does not exist. With a state directory, the progress of each input is recorded, and
    /// files of earlier runs are not replaced.
    ///
    /// # Errors
    /// Returns an error that names the path if the directory cannot be created.
    pub fn create(mut names: OutputNames, state: Option<Arc<StateDirectory>>) -> Result<Self> {
        create_dir(&names.directory)?;
        if state.is_some() {
            // The state directory records absolute paths, because a later run may have another working directory.
            names.directory = names.real_directory()?;
        }
        let state = state.map(|state| (state, names.destination()));
        Ok(Self {
            names,
            state,
            open: BTreeMap::new(),
            used_names: BTreeSet::new(),
            last_file: None,
            keeps_existing: false,
        })
    }

    /// Returns the name of this destination in a state directory, and the names of its output files.
    pub fn in_state(&self) -> Destinations {
        Destinations {
            names: vec![self.names.destination()],
            files: Some(self.names.clone()),
        }
    }

    fn progress(&self, input: InputId) -> Option<DeliveryProgress> {
        let (state, to) = self.state.as_ref()?;
        state.progress(input, to)
    }

    /// Checks that the lines before the position where an input resumes are delivered. Another input of this run may
    /// begin with the same lines, and its output may have failed.
    fn check_beginning(&self, name: &str, resumed: &Resumed) -> Result<()> {
        let progress = self.progress(resumed.recorded_as);
        let delivered = progress.map_or(0, |progress| progress.position.offset);
        if delivered < resumed.start().offset {
            bail!(
                "`{name}` begins with the same lines as another input, whose output failed; the next run will convert `{name}`"
            );
        }
        Ok(())
    }

    /// Returns the first path of an output that no file and no other output of the run has.
    fn unused_path(&mut self, source: &Source) -> PathBuf {
        let (first, mut nth) = (self.names.path(source), 1);
        loop {
            let path = nth_file(&first, nth);
            if fs::symlink_metadata(&path).is_err() && self.used_names.insert(path.clone()) {
                return path;
            }
            nth += 1;
        }
    }

    /// Returns the path of the next output of an input, and the progress to record when it is delivered.
    fn next_file(&self, source: &Source, resumed: &Resumed) -> (PathBuf, DeliveryProgress) {
        let (mut first, mut files) = (self.names.path(source), 1);
        if let Some(earlier) = self.progress(resumed.input)
            && let Some(earlier_first) = earlier.first_file
        {
            (first, files) = (earlier_first, earlier.files + 1);
        }
        let state = self.state.as_ref().map(|(state, _)| state);
        // Only the output of a log needs a name that is not taken. The output of a changed document replaces the output
        // of the earlier version. A file that the state directory does not know may be the output of an input that is
        // forgotten, so the file stays. `--no-clobber` fails because of the file instead.
        let is_file = |file: &Path| fs::symlink_metadata(file).is_ok_and(|found| !found.is_dir());
        let is_taken = |file: &Path| {
            source.shape == Shape::Log
                && (self.used_names.contains(file)
                    || state.is_some_and(|state| state.is_delivered(file))
                    || !self.keeps_existing && is_file(file))
        };
        while is_taken(&nth_file(&first, files)) {
            files += 1;
        }
        let path = nth_file(&first, files);
        let progress = DeliveryProgress {
            first_file: Some(first),
            files,
            ..DeliveryProgress::to(resumed.start())
        };
        (path, progress)
    }

    /// Completes the output of an input. `ended` says whether the input was read to its end.
    fn complete(&mut self, input: usize, ended: bool) -> Result<()> {
        let Some(mut open) = self.open.remove(&input) else {
            return Ok(());
        };
        let (path, is_file) = (open.path.clone(), open.part.is_some());
        let replaced = open.replaced_bytes();
        let completed = match (&self.state, open.delivery.take()) {
            (Some((state, to)), Some((input, progress))) => {
                open.complete_and_record(state, input, to, progress.ending(ended))
            }
            _ => open.complete(),
        };
        completed.with_context(|| failed_to_write(&path))?;
        self.last_file = is_file.then_some(WrittenFile {
            path,
            replaced: replaced.is_some(),
            replaced_records: replaced > Some(EMPTY_GZIP_BYTES),
        });
        Ok(())
    }
}

impl Destination for Directory {
    fn start(&mut self, input: usize, source: &Source, resumed: Option<&Resumed>) -> Result<()> {
        let is_log = source.shape == Shape::Log;
        // Each run writes other lines of a rejects file that shrinks, so its earlier output must stay.
        let is_numbered = source.is_own_rejects || self.state.is_some() && resumed.is_none();
        let (path, delivery) = match resumed {
            None if is_numbered => (self.unused_path(source), None),
            None => (self.names.path(source), None),
            Some(resumed) => {
                self.check_beginning(&source.name, resumed)?;
                let (path, progress) = self.next_file(source, resumed);
                if is_log {
                    self.used_names.insert(path.clone());
                }
                (path, Some((resumed.input, progress)))
            }
        };
        // Later output files of an input have the extension of its first output file, even if this run has another
        // compression. So the extension of the path says whether to compress.
        let is_gzip = is_log && path.extension().is_some_and(|extension| extension == "gz");
        let state = self.state.as_ref();
        let mut open = OpenOutput {
            is_own: state.is_some_and(|(state, _)| state.is_delivered(&path)),
            path,
            part: None,
            is_gzip,
            delivery,
            keeps_existing: self.keeps_existing || is_numbered,
            is_numbered,
        };
        // Without a state directory, a log without records gets an empty file.
        if is_log && resumed.is_none() && !is_numbered {
            open.check_existing()?;
            open.part(None)?;
        }
        self.open.insert(input, open);
        Ok(())
    }

    fn write(&mut self, input: usize, batch: &ConvertedBatch) -> Result<WriteStatus> {
        let Some(open) = self.open.get_mut(&input) else {
            return Ok(WriteStatus::Written);
        };
        if !batch.bytes.is_empty() {
            if open.part.is_none()
                && let Err(error) = open.check_existing()
            {
                self.open.remove(&input);
                return Err(error);
            }
            let part = open.part(self.state.as_ref().map(|(state, _)| &**state));
            if let Err(error) = part.and_then(|part| Ok(part.write(batch)?)) {
                let message = failed_to_write(&open.path);
                // Dropping the output removes its temporary file.
                self.open.remove(&input);
                return Err(error.context(message));
            }
        }
        if let (Some((_, progress)), Some(end)) = (&mut open.delivery, batch.positions.last()) {
            if end.open {
                // The last line has no newline. It may be longer when the input is read again. Then the position after
                // the line is not found, but the position before it is.
                let before = batch.positions.iter().rev().nth(1);
                progress
                    .history
                    .push_end(*before.unwrap_or(&progress.position), seconds_now());
            }
            progress.position = *end;
        }
        Ok(WriteStatus::Written)
    }

    fn finish(&mut self, input: usize) -> Result<WriteStatus> {
        self.complete(input, true).map(|()| WriteStatus::Written)
    }

    fn last_file(&mut self) -> Option<WrittenFile> {
        self.last_file.take()
    }

    fn abort(&mut self, input: usize) -> Result<bool> {
        let open = self.open.get(&input);
        if self.state.is_some() && open.is_some_and(|open| !open.is_numbered) {
            // The lines that were written are delivered. The next run resumes after them, and writes another file.
            self.complete(input, false)?;
            return Ok(true);
        }
        self.open.remove(&input);
        Ok(false)
    }

    fn takes_compressed(&self) -> bool {
        self.names.compression == Compression::Gzip
    }

    fn takes_several(&self) -> bool {
        true
    }
}

impl OpenOutput {
    /// Returns the size of the file that the output would replace, if there is one that is not its own.
    fn replaced_bytes(&self) -> Option<u64> {
        let existing = fs::symlink_metadata(&self.path).ok();
        existing.filter(|_| !self.is_own).map(|file| file.len())
    }

    /// Checks that no file would be replaced, if existing files are kept.
    fn check_existing(&self) -> Result<()> {
        if self.keeps_existing && self.replaced_bytes().is_some() {
            bail!(
                "`{}` exists, and `--no-clobber` keeps it: move it, or write to another directory",
                self.path.display()
            );
        }
        Ok(())
    }

    /// Returns the temporary file. Creates the file if it does not exist yet.
    fn part(&mut self, state: Option<&StateDirectory>) -> Result<&mut PartFile> {
        if self.part.is_none() {
            create_dir(parent(&self.path))?;
            let record = |part: &Path| match state {
                Some(state) => state.writing(part).map_err(io::Error::other),
                None => Ok(()),
            };
            let part = PartFile::create(&self.path, self.is_gzip, record)
                .with_context(|| failed_to_write(&self.path))?;
            self.part = Some(part);
        }
        self.part
            .as_mut()
            .with_context(|| failed_to_write(&self.path))
    }

    fn complete(mut self) -> Result<()> {
        let Some(part) = self.part.take() else {
            return Ok(());
        };
        let file = part.close()?;
        self.rename(file).map_err(|(error, _)| error)?;
        if self.is_numbered {
            // The lines leave the rejects file after the output is durable.
            sync_directory(&self.path)?;
        }
        Ok(())
    }

    /// Renames the temporary file to its final name. Another program may have created a file of this name since the
    /// output started. Returns the temporary file with the error.
    fn rename(&self, file: NamedTempFile) -> Result<(), (anyhow::Error, NamedTempFile)> {
        let keeps_existing = self.keeps_existing && !self.is_own;
        let renamed = match keeps_existing {
            true => file.persist_noclobber(&self.path),
            false => file.persist(&self.path),
        };
        let Err(PersistError { error, file }) = renamed else {
            return Ok(());
        };
        let error = if keeps_existing && error.kind() == io::ErrorKind::AlreadyExists {
            anyhow!(
                "a file of this name appeared during the run, and `--no-clobber` keeps it: move it and run again, or write to another directory"
            )
        } else {
            error.into()
        };
        Err((error, file))
    }

    /// Completes the file and records the progress. If the run is killed before the progress is recorded, the next run
    /// looks for the file. A file with its final name counts as delivered. A file with its temporary name is removed.
    fn complete_and_record(
        mut self,
        state: &StateDirectory,
        input: InputId,
        to: &str,
        mut progress: DeliveryProgress,
    ) -> Result<()> {
        let Some(part) = self.part.take() else {
            // This run has no file for the input, so the journal keeps the names of the files of earlier runs.
            let earlier = state
                .progress(input, to)
                .unwrap_or_else(|| DeliveryProgress::to(Position::START));
            if earlier.position == progress.position {
                return Ok(());
            }
            (progress.first_file, progress.files) = (earlier.first_file, earlier.files);
            return state.delivered(input, to, progress);
        };
        let file = part.close()?;
        let bytes = file.as_file().metadata()?.len();
        state.delivering(input, to, &progress, file.path(), &self.path, bytes)?;
        if let Err((error, file)) = self.rename(file) {
            // The next run finds the temporary file, so it knows that the lines are not delivered. Without the temporary
            // file, another program's file of the same length would count as the output.
            let _ = file.keep();
            return Err(error);
        }
        // The file is delivered now. If that cannot be recorded, the next run finds the file under its final name.
        let synced = sync_directory(&self.path).with_context(|| failed_to_write(&self.path));
        if let Err(error) = synced.and_then(|()| state.delivered(input, to, progress)) {
            state.fail(error);
        }
        Ok(())
    }
}

fn create_dir(directory: &Path) -> Result<()> {
    fs::create_dir_all(directory)
        .with_context(|| format!("failed to create the directory `{}`", directory.display()))
}
