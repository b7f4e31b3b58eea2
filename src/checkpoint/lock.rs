//! The lock of the state directory, which one run at a time holds.

use std::fs::{File, OpenOptions, TryLockError};
use std::io::{Read, Write};
use std::path::Path;

use anyhow::{Context, Result, anyhow};

use crate::exit_code::{ExitCode, Fatal, OrExit};
use crate::files::OWNER_ONLY;

/// Locks the directory for this run, and writes the process id into the lock file.
///
/// # Errors
/// Returns an error that names the process that holds the lock, or the lock file if it cannot be opened or locked.
pub fn lock(directory: &Path) -> Result<File, Fatal> {
    let path = directory.join("lock");
    let mut options = OpenOptions::new();
    options.read(true).write(true).create(true).truncate(false);
    #[cfg(unix)]
    {
        use std::os::unix::fs::OpenOptionsExt;
        options.mode(OWNER_ONLY);
    }
    let opened = options.open(&path);
    let mut file = opened
        .with_context(|| format!("failed to open `{}`", path.display()))
        .or_exit(ExitCode::Output)?;
    match file.try_lock() {
        Ok(()) => {}
        Err(TryLockError::WouldBlock) => {
            let mut holder = String::new();
            let _ = file.read_to_string(&mut holder);
            let holder = match holder.trim() {
                "" => "another run",
                holder => holder,
            };
            let name = directory.display();
            return Err(anyhow!(
                "the state directory `{name}` is in use by {holder}; run again when that run has ended"
            ))
            .or_exit(ExitCode::Locked);
        }
        Err(TryLockError::Error(error)) => {
            return Err(error)
                .with_context(|| format!("failed to lock `{}`", path.display()))
                .or_exit(ExitCode::Output);
        }
    }
    // Another run shows this text if it finds the directory locked. The run works without it, so an error is ignored.
    let _ = file.set_len(0);
    let _ = writeln!(
        file,
        "process {}, started at {}",
        std::process::id(),
        jiff::Timestamp::now().strftime("%FT%TZ")
    );
    Ok(file)
}
