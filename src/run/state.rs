//! Opens the state directory.

use std::path::Path;
use std::sync::Arc;

use anyhow::anyhow;

use crate::checkpoint::{OpenError, StateDirectory};
use crate::exit_code::{ExitCode, Fatal, OrExit};
use crate::input::{Origin, Source};

/// Opens and locks the state directory, if there is one.
///
/// # Errors
/// Returns an error if another run holds the lock, the directory cannot be used, or an input is not a regular file.
pub fn open(
    directory: Option<&Path>,
    sources: &[Source],
) -> Result<Option<Arc<StateDirectory>>, Fatal> {
    let Some(directory) = directory else {
        return Ok(None);
    };
    // A path that does not exist is reported when it is opened.
    let can_resume = |source: &&Source| match &source.origin {
        Origin::Stdin => false,
        Origin::File(path) => {
            std::fs::metadata(path).is_ok_and(|metadata| metadata.is_file()) || !path.exists()
        }
    };
    if let Some(other) = sources.iter().find(|source| !can_resume(source)) {
        return Err(anyhow!(
            "`--state` resumes files, and `{}` is not a file: remove one of the two",
            other.name
        ))
        .or_exit(ExitCode::Usage);
    }
    match StateDirectory::open(directory) {
        Ok(state) => Ok(Some(Arc::new(state))),
        Err(OpenError::Locked(error)) => Err(error).or_exit(ExitCode::Locked),
        Err(OpenError::Unusable(error)) => Err(error).or_exit(ExitCode::Output),
    }
}
