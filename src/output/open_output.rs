//! The output file of an input that has started and has not ended.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, anyhow, bail};
use tempfile::{NamedTempFile, PersistError};

use super::part_file::PartFile;
use crate::checkpoint::{DeliveryProgress, InputId, StateDirectory};
use crate::compression::Compression;
use crate::console::Console;
use crate::files::{failed_to_write, parent, sync_directory};
use crate::input::Position;

/// The output of an input that has started and has not ended.
pub struct OpenOutput {
    pub next: NextFile,
    /// The temporary file, once there is something to write.
    pub part: Option<PartFile>,
    pub compression: Option<Compression>,
    /// With a state directory: the input, and the progress to record when the file is complete.
    pub delivery: Option<(InputId, DeliveryProgress)>,
    /// Whether the output fails if it would replace a file that is not empty.
    pub keeps_existing: bool,
    /// Whether the input is a rejects file whose outputs of earlier runs stay.
    pub is_numbered: bool,
}

/// The file of an output.
#[derive(Default)]
pub struct NextFile {
    pub path: PathBuf,
    /// Whether the state directory says that the file is the output of an earlier version of the input. Then a new
    /// file may replace it.
    pub is_own: bool,
    /// A file that has the name of the output without a number, and that the state directory does not know.
    pub unknown: Option<PathBuf>,
}

impl OpenOutput {
    /// Returns whether the output would replace a file that is not empty and not its own.
    pub fn would_replace(&self) -> bool {
        let path = &self.next.path;
        let exists = fs::symlink_metadata(path).is_ok();
        exists && !self.next.is_own && !is_without_records(path)
    }

    /// Checks that no file would be replaced, if existing files are kept.
    pub fn check_existing(&self) -> Result<()> {
        if self.keeps_existing && self.would_replace() {
            bail!(
                "`{}` exists, and `--no-clobber` keeps it: move it, or write to another directory",
                self.next.path.display()
            );
        }
        Ok(())
    }

    /// Returns the temporary file. Creates the file if it does not exist yet.
    pub fn part(&mut self, state: Option<&StateDirectory>) -> Result<&mut PartFile> {
        if self.part.is_none() {
            create_dir(parent(&self.next.path))?;
            let record = |part: &Path| match state {
                Some(state) => state.writing(part).map_err(io::Error::other),
                None => Ok(()),
            };
            let part = PartFile::create(&self.next.path, self.compression, record)
                .with_context(|| failed_to_write(&self.next.path))?;
            self.part = Some(part);
        }
        self.part
            .as_mut()
            .with_context(|| failed_to_write(&self.next.path))
    }

    pub fn complete(mut self) -> Result<()> {
        let Some(part) = self.part.take() else {
            return Ok(());
        };
        let file = part.close()?;
        self.rename(file).map_err(|(error, _)| error)?;
        if self.is_numbered {
            // The lines leave the rejects file after the output is durable.
            sync_directory(&self.next.path)?;
        }
        Ok(())
    }

    /// Renames the temporary file to its final name. Another program may have created a file of this name since the
    /// output started. Returns the temporary file with the error.
    fn rename(&self, file: NamedTempFile) -> Result<(), (anyhow::Error, NamedTempFile)> {
        let keeps_existing = self.keeps_existing && !self.next.is_own;
        if keeps_existing && is_without_records(&self.next.path) {
            // If the file cannot be removed, renaming fails, too.
            let _ = fs::remove_file(&self.next.path);
        }
        let renamed = match keeps_existing {
            true => file.persist_noclobber(&self.next.path),
            false => file.persist(&self.next.path),
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
    pub fn complete_and_record(
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
        state.delivering(input, to, &progress, file.path(), &self.next.path, bytes)?;
        if let Err((error, file)) = self.rename(file) {
            // The next run finds the temporary file, so it knows that the lines are not delivered. Without the temporary
            // file, another program's file of the same length would count as the output.
            let _ = file.keep();
            return Err(error);
        }
        // The file is delivered now. If that cannot be recorded, the next run finds the file under its final name.
        let synced =
            sync_directory(&self.next.path).with_context(|| failed_to_write(&self.next.path));
        if let Err(error) = synced.and_then(|()| state.delivered(input, to, progress)) {
            state.fail(error);
        }
        Ok(())
    }
}

/// Returns whether a file is empty, or is the compressed form of an empty text, which a run without records writes.
fn is_without_records(path: &Path) -> bool {
    const EMPTY_GZIP_BYTES: u64 = 20;
    /// The header with its checksum flag, an empty block, and the checksum.
    const EMPTY_ZSTD_BYTES: u64 = 13;

    let empty = match Compression::of_name(path) {
        None => 0,
        Some(Compression::Gzip) => EMPTY_GZIP_BYTES,
        Some(Compression::Zstd) => EMPTY_ZSTD_BYTES,
    };
    fs::symlink_metadata(path)
        .is_ok_and(|file| file.is_file() && (file.len() == 0 || file.len() == empty))
}

/// Notes, once a run, that an output gets a number because of a file that the state directory does not know.
pub fn note_unknown(console: &Console, has_noted: &mut bool, unknown: &Path, path: &Path) {
    if !std::mem::replace(has_noted, true) {
        console.note(&format!(
            "note: use a new output directory with a new state directory: `{}` is kept, since this state directory does not know it or has forgotten it, so `{}` may repeat its records",
            unknown.display(),
            path.display()
        ));
    }
}

pub fn create_dir(directory: &Path) -> Result<()> {
    fs::create_dir_all(directory).with_context(|| {
        let name = directory.display();
        match fs::metadata(directory).is_ok_and(|existing| !existing.is_dir()) {
            true => format!(
                "failed to create the directory `{name}`: for one output file, give `--output` a name that ends with .jsonl, .jsonl.gz or .jsonl.zst"
            ),
            false => format!("failed to create the directory `{name}`"),
        }
    })
}
