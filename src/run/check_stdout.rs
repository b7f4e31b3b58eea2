//! The check that standard output is no file that the run reads or writes in another way.

use std::fs;
use std::path::Path;

use anyhow::{Result, bail};

use crate::input::{FileStamp, Source};
use crate::output::Stdout;

/// Checks that standard output, if it is a file, is neither an input nor the rejects file. A run that reads what it writes
/// has no end, and a rejects file is replaced at the end of the run.
///
/// # Errors
/// Returns an error that names the file.
pub fn check_stdout<'s>(
    sources: impl IntoIterator<Item = &'s Source>,
    rejects: Option<&Path>,
) -> Result<()> {
    let Some(stdout) = Stdout::stamp() else {
        return Ok(());
    };
    let is_stdout = |stamp: FileStamp| stamp.is_same_file(&stdout);
    let stamp_of = |path: &Path| FileStamp::of(&fs::metadata(path).ok()?);
    if let Some(rejects) = rejects.filter(|path| stamp_of(path).is_some_and(is_stdout)) {
        bail!(
            "standard output is the rejects file `{}`: redirect it to another file",
            rejects.display()
        );
    }
    let mut sources = sources.into_iter();
    if let Some(input) = sources.find(|source| source.stamp.is_some_and(is_stdout)) {
        bail!(
            "standard output is the input `{}`, so the run would read what it writes: redirect standard output to another file",
            input.name
        );
    }
    Ok(())
}
