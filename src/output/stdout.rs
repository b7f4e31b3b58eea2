//! Standard output: the output of all inputs, one after the other.

use std::fs::File;
use std::io::{self, Write};

use anyhow::{Context, Result};

use crate::checkpoint::Resumed;
use crate::convert::ConvertedBatch;
use crate::destination::{Destination, WriteStatus};
use crate::input::{FileStamp, Source};

/// Standard output. If the program that reads it closes it early, as `head` does, the run ends without an error.
#[derive(Debug, Default)]
pub struct Stdout {
    /// Whether standard output is a file, and the records of each input must be durable when the input has ended.
    pub is_synced: bool,
}

impl Stdout {
    /// Returns the stamp of standard output if it is a regular file, so that its records can be made durable.
    pub fn stamp() -> Option<FileStamp> {
        FileStamp::of(&file()?.metadata().ok()?)
    }
}

impl Destination for Stdout {
    fn start(&mut self, _: usize, _: &Source, _: Option<&Resumed>) -> Result<()> {
        Ok(())
    }

    fn write(&mut self, _: usize, batch: &ConvertedBatch) -> Result<WriteStatus> {
        status_of(io::stdout().lock().write_all(&batch.bytes))
    }

    fn finish(&mut self, _: usize) -> Result<WriteStatus> {
        let flushed = io::stdout().lock().flush();
        let file = file().filter(|_| self.is_synced);
        status_of(flushed.and_then(|()| file.map_or(Ok(()), |file| file.sync_data())))
    }

    fn is_shared(&self) -> bool {
        true
    }
}

/// Returns standard output if it is a regular file. Only Unix tells.
fn file() -> Option<File> {
    #[cfg(unix)]
    {
        use std::os::fd::AsFd;
        let stdout = io::stdout().as_fd().try_clone_to_owned();
        let file = stdout.ok().map(File::from)?;
        file.metadata()
            .is_ok_and(|file| file.is_file())
            .then_some(file)
    }
    #[cfg(not(unix))]
    None
}

/// Returns `Closed` if the program that reads standard output has closed it.
fn status_of(written: io::Result<()>) -> Result<WriteStatus> {
    match written {
        Ok(()) => Ok(WriteStatus::Written),
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(WriteStatus::Closed),
        Err(error) => Err(error).context("failed to write to standard output"),
    }
}
