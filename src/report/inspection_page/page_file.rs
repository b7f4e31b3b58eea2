//! The file for the page of an inspection.

use std::fs::{self, File};
use std::io::Read;
use std::path::Path;

use anyhow::{Result, anyhow, bail};

use super::document::{START, page};
use crate::exit_code::{ExitCode, Fatal, OrExit};
use crate::files::is_of_system;
use crate::output::AtomicFile;
use crate::report::inspection::Inspection;

/// The file for the page, if the user wants one. The file is created before the run, so that a wrong path is an error
/// before any work is done.
#[derive(Default)]
pub struct PageFile {
    file: Option<AtomicFile>,
    /// Whether the page is written to an existing empty file, which may be a log that has just been rotated.
    is_in_place: bool,
}

impl PageFile {
    /// Creates the file with this mode, if a path is given.
    ///
    /// # Errors
    /// Returns an error that names the path if the file cannot be created, or if an existing file is no page.
    pub fn create(path: Option<&Path>, mode: u32) -> Result<Self, Fatal> {
        let Some(path) = path else {
            return Ok(Self::default());
        };
        let existing = fs::metadata(path).ok();
        let existing = existing.filter(|file| file.is_file() && !is_of_system(path));
        let is_in_place = existing.as_ref().is_some_and(|file| file.len() == 0);
        if existing.is_some() && !is_in_place && !is_page(path) {
            return Err(anyhow!(
                "`{}` is no page of an earlier run, so it is not replaced: give `--html` another path",
                path.display()
            ))
            .or_exit(ExitCode::Usage);
        }
        let file = match is_in_place {
            true => AtomicFile::append(path, mode),
            false => AtomicFile::create(path, mode),
        };
        Ok(Self {
            file: Some(file.or_exit(ExitCode::Output)?),
            is_in_place,
        })
    }

    /// Writes the page and completes the file.
    ///
    /// # Errors
    /// Returns an error that names the path if the file cannot be written.
    pub fn write(self, inspection: &Inspection) -> Result<()> {
        let Some(mut file) = self.file else {
            return Ok(());
        };
        if self.is_in_place && file.length()? > 0 {
            bail!(
                "the page is not written, since another program has written to its file meanwhile: give `--html` another path"
            );
        }
        file.write(page(inspection).as_bytes())?;
        file.finish()
    }
}

/// Returns whether a file begins as a page does.
fn is_page(path: &Path) -> bool {
    let start = |file: File| {
        let mut start = Vec::new();
        file.take(START.len() as u64).read_to_end(&mut start)?;
        Ok(start == START.as_bytes())
    };
    File::open(path).and_then(start).unwrap_or(false)
}
