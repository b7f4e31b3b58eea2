//! The destination of an inspection, which adds up the counts of batches.

use std::cell::RefCell;
use std::collections::HashMap;
use std::rc::Rc;

use anyhow::Result;

use crate::checkpoint::Resumed;
use crate::contents::Contents;
use crate::convert::ConvertedBatch;
use crate::destination::{Closed, Destination, WriteStatus};
use crate::input::Source;
use crate::run::ordered_sum::OrderedSum;

/// Adds up the counts of batches, and then those of inputs in the order of the inputs.
pub struct Counting {
    /// The counts of the inputs that have not ended.
    open: HashMap<usize, Contents>,
    ended: OrderedSum<Contents>,
    /// The sum of all inputs, once the destination is closed.
    sum: Rc<RefCell<Contents>>,
}

impl Counting {
    /// Returns a destination that leaves its sum in `sum` when it is closed.
    pub fn new(sum: Rc<RefCell<Contents>>) -> Self {
        Self {
            open: HashMap::new(),
            ended: OrderedSum::new(Contents::add),
            sum,
        }
    }

    fn end(&mut self, input: usize) {
        let contents = self.open.remove(&input).unwrap_or_default();
        self.ended.put(input, contents);
    }
}

impl Destination for Counting {
    fn start(&mut self, _: usize, _: &Source, _: Option<&Resumed>) -> Result<()> {
        Ok(())
    }

    fn write(&mut self, input: usize, batch: &ConvertedBatch) -> Result<WriteStatus> {
        if let Some(contents) = &batch.contents {
            self.open.entry(input).or_default().add(contents);
        }
        Ok(WriteStatus::Written)
    }

    fn finish(&mut self, input: usize) -> Result<WriteStatus> {
        self.end(input);
        Ok(WriteStatus::Written)
    }

    fn abort(&mut self, input: usize) -> Result<bool> {
        self.end(input);
        Ok(true)
    }

    fn close(self: Box<Self>) -> Closed {
        self.sum.replace(self.ended.total());
        Closed::default()
    }
}
