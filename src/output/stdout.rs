//! Standard output: the output of all inputs, one after the other.

use std::io::{self, Write};

use anyhow::{Context, Result};

use crate::checkpoint::Resumed;
use crate::convert::ConvertedBatch;
use crate::destination::{Destination, WriteStatus};
use crate::input::Source;

/// Standard output. A reader that closes it early, as `head` does, ends the run without an error.
#[derive(Debug, Default)]
pub struct Stdout;

impl Destination for Stdout {
    fn start(&mut self, _: usize, _: &Source, _: Option<&Resumed>) -> Result<()> {
        Ok(())
    }

    fn write(&mut self, _: usize, batch: &ConvertedBatch) -> Result<WriteStatus> {
        status_of(io::stdout().lock().write_all(&batch.bytes))
    }

    fn finish(&mut self, _: usize) -> Result<WriteStatus> {
        status_of(io::stdout().lock().flush())
    }

    fn is_shared(&self) -> bool {
        true
    }
}

/// Returns `Closed` if the reader is gone.
fn status_of(written: io::Result<()>) -> Result<WriteStatus> {
    match written {
        Ok(()) => Ok(WriteStatus::Written),
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(WriteStatus::Closed),
        Err(error) => Err(error).context("failed to write to standard output"),
    }
}
