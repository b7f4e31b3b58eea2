//! The lock of a state directory, which admits one run at a time.

use std::fs::{File, OpenOptions, TryLockError};
use std::io::{Read, Write};
use std::path::Path;

use anyhow::{Context, Result, anyhow};

use crate::files::OWNER_ONLY;

/// A reason why a state directory cannot be used.
#[derive(Debug)]
pub enum OpenError {
    /// Another run uses the directory.
    Locked(anyhow::Error),
    /// The directory cannot be read or written.
    Unusable(anyhow::Error),
}

/// Locks the directory, and records this process in the lock file.
///
/// # Errors
/// Returns an error that names the process with the lock, or the file that cannot be opened.
pub fn lock(directory: &Path) -> Result<File, OpenError> {
    let path = directory.join("lock");
    let mut options = OpenOptions::new();
    options.read(true).write(true).create(true).truncate(false);
    #[cfg(unix)]
    {
        use std::os::unix::fs::OpenOptionsExt;
        options.mode(OWNER_ONLY);
    }
    let open = |path: &Path| -> Result<File> {
        options
            .open(path)
            .with_context(|| format!("failed to open `{}`", path.display()))
    };
    let mut file = open(&path).map_err(OpenError::Unusable)?;
    match file.try_lock() {
        Ok(()) => {}
        Err(TryLockError::WouldBlock) => {
            let mut holder = String::new();
            let _ = file.read_to_string(&mut holder);
            let holder = holder.trim();
            let holder = if holder.is_empty() {
                "another run"
            } else {
                holder
            };
            return Err(OpenError::Locked(anyhow!(
                "the state directory `{}` is in use by {holder}",
                directory.display()
            )));
        }
        Err(TryLockError::Error(error)) => {
            let error = anyhow::Error::from(error);
            return Err(OpenError::Unusable(
                error.context(format!("failed to lock `{}`", path.display())),
            ));
        }
    }
    // The text is only for error messages.
    let _ = file.set_len(0);
    let _ = writeln!(
        file,
        "process {}, started at {}",
        std::process::id(),
        jiff::Timestamp::now().strftime("%FT%TZ")
    );
    Ok(file)
}
