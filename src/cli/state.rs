//! What `--state` asks for.

use std::path::Path;
use std::sync::Arc;

use anyhow::anyhow;

use crate::checkpoint::{OpenError, StateDirectory};
use crate::exit_code::{ExitCode, Fatal};
use crate::input::{Origin, Source};

/// Takes the state directory, if there is to be one.
pub fn open(
    directory: Option<&Path>,
    sources: &[Source],
) -> Result<Option<Arc<StateDirectory>>, Fatal> {
    let Some(directory) = directory else {
        return Ok(None);
    };
    if sources.iter().any(|source| source.origin == Origin::Stdin) {
        return Err(Fatal {
            code: ExitCode::Usage,
            error: anyhow!("`--state` goes on with files; standard input cannot be gone on with"),
        });
    }
    match StateDirectory::open(directory) {
        Ok(state) => Ok(Some(Arc::new(state))),
        Err(OpenError::Locked(error)) => Err(Fatal {
            code: ExitCode::Locked,
            error,
        }),
        Err(OpenError::Unusable(error)) => Err(Fatal {
            code: ExitCode::Output,
            error,
        }),
    }
}
