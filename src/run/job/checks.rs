//! The checks of the settings that a run makes before it writes anything.

use std::path::Path;

use anyhow::{Result, bail};

use super::Job;
use crate::input::{Shape, Source};
use crate::output::{ObjectStorage, Stdout, replaces_rows};
use crate::run::check_stdout::check_stdout;
use crate::run::fail_on::{FailOn, FailingLines};
use crate::run::rejects_input::RejectsInput;
use crate::run::settings::RecordSettings;

impl Job<'_> {
    /// Checks that the run keeps the rows of earlier runs in its rejects file: that the run appends to the file, or
    /// reads the file as an input.
    ///
    /// # Errors
    /// Returns an error if rows would be replaced.
    pub fn check_rejects_kept(&self) -> Result<()> {
        let Some(rejects) = &self.record.rejects else {
            return Ok(());
        };
        let is_kept = self.record.state.is_some() || RejectsInput::of(&self.sources).exists();
        if !is_kept && replaces_rows(rejects) {
            bail!(
                "the rejects file `{}` has rows, and `--no-clobber` keeps it: move it, name another file, or make it an input, too",
                rejects.display()
            );
        }
        Ok(())
    }

    /// Checks that the records of the inputs can be written to one file: that no input is a document, and that no records
    /// of lines of the rejects file would be replaced.
    ///
    /// # Errors
    /// Returns an error that names the first document, or the file.
    pub fn check_output_file(&self, output: &Path) -> Result<()> {
        let mut sources = self.sources.iter();
        if let Some(document) = sources.find(|source| source.shape == Shape::Document) {
            bail!(
                "`{}` holds a single event, whose output is a file of its own, so `{}` cannot take it: give `--output` a directory, or redirect standard output",
                document.name,
                output.display()
            );
        }
        // The file of an earlier run may have the only records of lines that have left the rejects file.
        if RejectsInput::of(&self.sources).exists() && replaces_rows(output) {
            bail!(
                "`{}` exists, and may have the only records of lines that have left the rejects file: give `--output` another path",
                output.display()
            );
        }
        Ok(())
    }

    /// Lets an output to one object fail if lines leave the rejects file and the object exists, since the object may have the
    /// only records of lines that have left the rejects file.
    pub fn keep_records_of_rejects(&self, storage: &mut ObjectStorage) {
        storage.keeps_existing |= RejectsInput::of(&self.sources).exists();
    }

    /// Checks that standard output is no other file of the run, and that lines can leave the rejects file, if it is an
    /// input and has lines: that standard output is a file which can be made durable. Returns whether lines can leave.
    ///
    /// # Errors
    /// Returns an error if standard output is an input, the rejects file, or for lines that leave, a pipe.
    pub fn check_stdout(&self) -> Result<bool> {
        let others = &self.unread.in_other_shards;
        let sources = self.unread.listed.iter().chain(others);
        check_stdout(sources, self.record.rejects.as_deref())?;
        let has_lines = |source: &&Source| source.is_own_rejects && source.size != Some(0);
        let rejects = self.sources.iter().find(has_lines);
        if let Some(rejects) = rejects.filter(|_| Stdout::stamp().is_none()) {
            bail!(
                "converted lines are removed from `{}`, and a pipe may lose them: give `--output`, or redirect standard output to a file",
                rejects.name
            );
        }
        Ok(rejects.is_some())
    }
}

/// Checks that lines can leave the rejects file, if it is an input.
pub(super) fn check_own_rejects(sources: &[Source], is_dry_run: bool) -> Result<()> {
    match sources.iter().find(|source| source.is_own_rejects) {
        Some(source) if is_dry_run => bail!(
            "remove `--rejects`: a `--dry-run` delivers nothing, so no line can leave the rejects file `{}`",
            source.name
        ),
        _ => Ok(()),
    }
}

/// Checks that the files to write and the results to fail on fit the other settings.
pub(super) fn check_record(record: &RecordSettings, dedupes: bool, is_dry_run: bool) -> Result<()> {
    if is_dry_run && record.state.is_some() && record.rejects.is_some() {
        bail!(
            "remove `--rejects`: a `--dry-run` with `--state` does not write rejected lines, since the later run that delivers writes them"
        );
    }
    let is_collision = |on: &FailOn| matches!(on, FailOn::Lines(FailingLines::Collision, _));
    if record.fail_on.iter().any(is_collision) && !dedupes {
        bail!("`--fail-on collision` needs `--dedupe`, which finds collisions");
    }
    Ok(())
}
