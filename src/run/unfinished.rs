//! The files of a command that reads the LMS database. A signal may arrive while the database gives no answer, so the
//! process then removes the files and ends at once.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use anyhow::Result;

use crate::files::OWNER_ONLY;
use crate::interrupt::Interrupted;
use crate::output::AtomicFile;

/// The temporary names of files that are being written, or `None` once the files have their final names.
type Paths = Mutex<Option<Vec<PathBuf>>>;

/// The files that are being written.
pub struct Unfinished(Arc<Paths>);

impl Unfinished {
    /// Returns no files. From now on, a signal removes the files and ends the process, unless they are finished.
    ///
    /// # Errors
    /// Returns an error if signals cannot be watched.
    pub fn watch() -> Result<Self> {
        let unfinished = Arc::new(Mutex::new(Some(Vec::new())));
        let interrupted = Interrupted::default();
        let (paths, signal) = (Arc::clone(&unfinished), interrupted.clone());
        let end = move || {
            // The lock is kept, so that no file is created or renamed meanwhile.
            let paths = lock(&paths);
            if let (Some(paths), Some(code)) = (&*paths, signal.code()) {
                for path in paths {
                    let _ = fs::remove_file(path);
                }
                std::process::exit(code as i32);
            }
        };
        interrupted.watch(end)?;
        Ok(Self(unfinished))
    }

    /// Starts a file that only its owner can read.
    ///
    /// # Errors
    /// Returns an error that names the path if the file cannot be created.
    pub fn create(&self, path: &Path) -> Result<AtomicFile> {
        let mut paths = lock(&self.0);
        let file = AtomicFile::create(path, OWNER_ONLY)?;
        if let (Some(paths), Some(path)) = (&mut *paths, file.temporary_path()) {
            paths.push(path.to_owned());
        }
        Ok(file)
    }

    /// Gives the files their final names, when all of them are durable. Otherwise a full disk could leave a new file beside
    /// an old one.
    ///
    /// # Errors
    /// Returns an error that names the path if a file cannot be synced or renamed.
    pub fn finish(self, files: Vec<AtomicFile>) -> Result<()> {
        files.iter().try_for_each(AtomicFile::sync)?;
        let mut paths = lock(&self.0);
        files.into_iter().try_for_each(AtomicFile::finish)?;
        *paths = None;
        Ok(())
    }
}

fn lock(paths: &Paths) -> MutexGuard<'_, Option<Vec<PathBuf>>> {
    paths.lock().unwrap_or_else(PoisonError::into_inner)
}
