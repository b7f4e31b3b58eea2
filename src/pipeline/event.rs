//! Events of inputs, from the pipeline to the delivery.

use std::io;

use crate::input::{ReadEnd, Source};

/// An event of one input. An input that was opened has a start, batches in order, and an end. An input that could not be
/// opened has a single event.
pub struct Delivery<'s, S, T> {
    /// The number of the input in the run, from 0.
    pub input: usize,
    pub source: &'s Source,
    pub event: InputEvent<S, T>,
}

/// The kinds of events.
pub enum InputEvent<S, T> {
    Unopened(io::Error),
    /// The input was opened. The value is the opener's.
    Start(S),
    /// A converted batch.
    Batch(T),
    /// How reading ended, and the number of stored bytes that were read.
    End(ReadEnd, u64),
}

/// The answer of the delivery to an event.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ControlFlow {
    Continue,
    /// Skip the rest of this input.
    EndInput,
    /// End the run.
    Stop,
}
