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
    let is_file = |source: &&Source| match &source.origin {
        Origin::Stdin => false,
        // One that is not there is told of later.
        Origin::File(path) => {
            std::fs::metadata(path).is_ok_and(|it| it.is_file()) || !path.exists()
        }
    };
    if let Some(other) = sources.iter().find(|source| !is_file(source)) {
        let name = &other.name;
        return Err(Fatal {
            code: ExitCode::Usage,
            error: anyhow!("`--state` goes on with files, and `{name}` is none"),
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
