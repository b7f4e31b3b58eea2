//! Standard output: the output of all inputs, one after the other.

use std::io::{self, Write};

use anyhow::{Context, Result};

use super::{Destination, Output, Taken, write_or_closed};
use crate::checkpoint::Resumed;
use crate::input::Source;

/// Standard output. When its reader goes away, that is the end and no error.
#[derive(Debug, Default)]
pub struct Stdout;

const FAILED: &str = "failed to write to standard output";

impl Destination for Stdout {
    fn start(&mut self, _: usize, _: &Source, _: Option<&Resumed>) -> Result<()> {
        Ok(())
    }

    fn write(&mut self, _: usize, output: &Output) -> Result<Taken> {
        write_or_closed(|| io::stdout().lock().write_all(&output.bytes)).context(FAILED)
    }

    fn finish(&mut self, _: usize) -> Result<Taken> {
        write_or_closed(|| io::stdout().lock().flush()).context(FAILED)
    }

    fn is_one_for_all(&self) -> bool {
        true
    }
}
