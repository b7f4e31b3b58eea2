//! Standard output: the output of all inputs, one after the other.

use std::io::{self, Write};

use anyhow::{Context, Result};

use crate::checkpoint::Resumed;
use crate::convert::ConvertedBatch;
use crate::destination::{Destination, WriteStatus};
use crate::input::Source;

/// Standard output. If the program that reads it closes it early, as `head` does, the run ends without an error.
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

/// Returns `Closed` if the program that reads standard output has closed it.
fn status_of(written: io::Result<()>) -> Result<WriteStatus> {
    match written {
        Ok(()) => Ok(WriteStatus::Written),
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(WriteStatus::Closed),
        Err(error) => Err(error).context("failed to write to standard output"),
    }
}
