//! Standard output: the output of all inputs, one after the other.

use std::io::{self, Write};

use anyhow::{Context, Result};

use crate::checkpoint::Resumed;
use crate::convert::ConvertedBatch;
use crate::destination::{Destination, WriteStatus};
use crate::input::Source;

/// Standard batch. When its reader goes away, that is the end and no error.
#[derive(Debug, Default)]
pub struct Stdout;

const FAILED: &str = "failed to write to standard output";

impl Destination for Stdout {
    fn start(&mut self, _: usize, _: &Source, _: Option<&Resumed>) -> Result<()> {
        Ok(())
    }

    fn write(&mut self, _: usize, batch: &ConvertedBatch) -> Result<WriteStatus> {
        write_or_closed(|| io::stdout().lock().write_all(&batch.bytes)).context(FAILED)
    }

    fn finish(&mut self, _: usize) -> Result<WriteStatus> {
        write_or_closed(|| io::stdout().lock().flush()).context(FAILED)
    }

    fn is_shared(&self) -> bool {
        true
    }
}

/// Returns `Closed` if the reader is gone, as with `| head`.
fn write_or_closed(write: impl FnOnce() -> io::Result<()>) -> io::Result<WriteStatus> {
    match write() {
        Ok(()) => Ok(WriteStatus::Written),
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(WriteStatus::Closed),
        Err(error) => Err(error),
    }
}
