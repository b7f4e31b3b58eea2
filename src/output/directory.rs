//! A directory with one output file for each input.
//!
//! A file has a temporary, hidden name until it is complete, so that other programs never read an incomplete file.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::{Context, Result, bail};

use super::open_output::{NextFile, OpenOutput, create_dir, note_unknown};
use crate::checkpoint::{
    DeliveryProgress, Destinations, InputId, Resumed, StateDirectory, seconds_now,
};
use crate::compression::Compression;
use crate::console::Console;
use crate::convert::ConvertedBatch;
use crate::destination::{Destination, WriteStatus, WrittenFile};
use crate::files::failed_to_write;
use crate::input::{Shape, Source};
use crate::output_names::{OutputNames, nth_file};

/// Writes the output of each input to a file of its own.
pub struct Directory {
    names: OutputNames,
    /// The path of the directory as the user has given it.
    shown: PathBuf,
    /// The state directory, if there is one, and the name of this destination in the state directory.
    state: Option<(Arc<StateDirectory>, String)>,
    /// The outputs that have started and not ended, by the numbers of their inputs.
    open: BTreeMap<usize, OpenOutput>,
    /// The file names that outputs have taken in this run, including outputs that have no records and so no
    /// file. Only used with a state directory.
    used_names: BTreeSet<PathBuf>,
    last_file: Option<WrittenFile>,
    /// Whether an output fails if it would replace a file that is not empty.
    pub keeps_existing: bool,
    console: Arc<Console>,
    /// Whether the user knows of a file that the state directory does not know.
    has_noted_unknown: bool,
}

impl Directory {
    /// Creates the directory if it does not exist. With a state directory, the progress of each input is recorded, and
    /// files of earlier runs are not replaced.
    ///
    /// # Errors
    /// Returns an error that names the path if the directory cannot be created.
    pub fn create(
        mut names: OutputNames,
        state: Option<Arc<StateDirectory>>,
        console: Arc<Console>,
    ) -> Result<Self> {
        create_dir(&names.directory)?;
        let shown = names.directory.clone();
        if state.is_some() {
            // The state directory records absolute paths, because a later run may have another working directory.
            names.directory = names.real_directory()?;
        }
        let state = state.map(|state| (state, names.destination()));
        Ok(Self {
            names,
            shown,
            state,
            open: BTreeMap::new(),
            used_names: BTreeSet::new(),
            last_file: None,
            keeps_existing: false,
            console,
            has_noted_unknown: false,
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
    fn next_file(&self, source: &Source, resumed: &Resumed) -> (NextFile, DeliveryProgress) {
        let (mut first, mut files) = (self.names.path(source), 1);
        let mut next = NextFile::default();
        if let Some(earlier) = self.progress(resumed.input)
            && let Some(earlier_first) = earlier.first_file
        {
            (first, files) = (earlier_first, earlier.files + 1);
        }
        let state = self.state.as_ref();
        let replaced = state
            .filter(|_| source.shape == Shape::Document)
            .and_then(|(state, to)| state.files_of_document(to, &first));
        if let Some(replaced) = replaced {
            // The output of a changed document replaces the output of the earlier version.
            (files, next.is_own) = (replaced, true);
        } else {
            // A file that the state directory does not know may be the output of an input that is forgotten, so the file
            // stays. `--no-clobber` fails because of the file instead.
            let is_known = |file: &Path| {
                self.used_names.contains(file)
                    || state.is_some_and(|(state, _)| state.is_output_file(file))
            };
            let is_file =
                |file: &Path| fs::symlink_metadata(file).is_ok_and(|found| !found.is_dir());
            loop {
                let file = nth_file(&first, files);
                let is_known = is_known(&file);
                if !is_known && (self.keeps_existing || !is_file(&file)) {
                    break;
                }
                if !is_known {
                    next.unknown.get_or_insert(file);
                }
                files += 1;
            }
        }
        next.path = nth_file(&first, files);
        let progress = DeliveryProgress {
            first_file: Some(first),
            files,
            ..DeliveryProgress::to(resumed.start())
        };
        (next, progress)
    }

    /// Completes the output of an input. `ended` says whether the input was read to its end.
    fn complete(&mut self, input: usize, ended: bool) -> Result<()> {
        let Some(mut open) = self.open.remove(&input) else {
            return Ok(());
        };
        let (path, is_file) = (open.next.path.clone(), open.part.is_some());
        let replaced = open.would_replace();
        let completed = match (&self.state, open.delivery.take()) {
            (Some((state, to)), Some((input, progress))) => {
                open.complete_and_record(state, input, to, progress.ending(ended))
            }
            _ => open.complete(),
        };
        completed.with_context(|| failed_to_write(&path))?;
        self.last_file = is_file.then_some(WrittenFile { path, replaced });
        Ok(())
    }
}

impl Destination for Directory {
    fn start(&mut self, input: usize, source: &Source, resumed: Option<&Resumed>) -> Result<()> {
        let is_log = source.shape == Shape::Log;
        // Each run writes other lines of a rejects file that shrinks, so its earlier output must stay.
        let is_numbered = source.is_own_rejects || self.state.is_some() && resumed.is_none();
        let mut next = NextFile::default();
        let delivery = match resumed {
            None => {
                next.path = match is_numbered {
                    true => self.unused_path(source),
                    false => self.names.path(source),
                };
                None
            }
            Some(resumed) => {
                self.check_beginning(&source.name, resumed)?;
                let (found, progress) = self.next_file(source, resumed);
                self.used_names.insert(found.path.clone());
                next = found;
                Some((resumed.input, progress))
            }
        };
        // Later output files of an input have the extension of its first output file, even if this run has another
        // compression. So the extension of the path says whether to compress.
        let compression = Compression::of_name(&next.path).filter(|_| is_log);
        let mut open = OpenOutput {
            next,
            part: None,
            compression,
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
            if open.part.is_none() {
                if let Err(error) = open.check_existing() {
                    self.open.remove(&input);
                    return Err(error);
                }
                if let Some(unknown) = open.next.unknown.take() {
                    note_unknown(
                        &self.console,
                        &mut self.has_noted_unknown,
                        &unknown,
                        &open.next.path,
                    );
                }
            }
            let part = open.part(self.state.as_ref().map(|(state, _)| &**state));
            if let Err(error) = part.and_then(|part| Ok(part.write(batch)?)) {
                let message = failed_to_write(&open.next.path);
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

    fn written(&self) -> String {
        format!("written to `{}`", self.shown.display())
    }

    fn compression(&self) -> Option<Compression> {
        self.names.compression
    }

    fn takes_several(&self) -> bool {
        true
    }
}
