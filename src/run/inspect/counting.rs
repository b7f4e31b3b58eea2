//! The destination of an inspection, which adds up the counts of batches.

use std::cell::RefCell;
use std::rc::Rc;

use anyhow::Result;

use crate::checkpoint::Resumed;
use crate::contents::Contents;
use crate::convert::ConvertedBatch;
use crate::destination::{Destination, WriteStatus};
use crate::input::Source;

/// Adds up the counts of batches. All clones share the sum.
#[derive(Clone, Default)]
pub struct Counting(Rc<RefCell<Contents>>);

impl Counting {
    /// Returns the sum.
    pub fn contents(&self) -> Contents {
        self.0.take()
    }
}

impl Destination for Counting {
    fn start(&mut self, _: usize, _: &Source, _: Option<&Resumed>) -> Result<()> {
        Ok(())
    }

    fn write(&mut self, _: usize, batch: &ConvertedBatch) -> Result<WriteStatus> {
        if let Some(contents) = &batch.contents {
            self.0.borrow_mut().add(contents);
        }
        Ok(WriteStatus::Written)
    }

    fn finish(&mut self, _: usize) -> Result<WriteStatus> {
        Ok(WriteStatus::Written)
    }
}
