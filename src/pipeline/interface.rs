//! The interface of the pipeline: its settings, how inputs are opened, and the events that are delivered.

use std::io;

use crate::input::{BytesRead, LineBatch, Opened, ReadEnd, Source};
use crate::interrupt::Interrupted;

/// Settings that change how a run proceeds but not its output.
#[derive(Clone, Debug)]
pub struct PipelineOptions {
    /// The number of threads that convert, and the largest number of inputs that are read at a time.
    pub threads: usize,
    /// Whether several inputs may be delivered at a time.
    pub side_by_side: bool,
    /// The maximum length of a line. Longer lines are skipped.
    pub max_line_bytes: usize,
    /// The counter of the bytes that were read.
    pub bytes_read: BytesRead,
    /// A flag that is set when the run should end.
    pub interrupted: Interrupted,
}

/// Opens the inputs of a run, from several threads.
pub trait InputOpener: Send + Sync + 'static {
    /// The value in [`InputEvent::Start`]: what the opener tells the delivery about an input.
    type Start: Send + 'static;
    /// A value that is dropped after the delivery has handled the end of the input.
    type Guard: InputGuard;

    /// Opens the input with this number. Returns also the values for it.
    ///
    /// # Errors
    /// Returns an error if the input cannot be opened, or not be read up to the position where it resumes.
    fn open(
        &self,
        input: usize,
        source: &Source,
        bytes_read: &BytesRead,
    ) -> io::Result<(Opened, Self::Start, Self::Guard)>;
}

/// Accompanies an input from its opening until its end is delivered, and is dropped then.
pub trait InputGuard: Send + 'static {
    /// Waits until all earlier inputs have started, and then calls `start`, which sends the start of the input to the
    /// delivery.
    fn start<T>(&self, start: impl FnOnce() -> T) -> T;

    /// Notes that a batch of the input was read.
    fn has_read(&self, batch: &LineBatch);
}

/// An event of one input. An input that was opened has a start, batches in order, and an end. An input that could not
/// be opened has a single event.
pub struct Delivery<'s, S, T> {
    /// The number of the input in the run, from 0.
    pub input: usize,
    pub source: &'s Source,
    pub event: InputEvent<S, T>,
}

/// The kinds of events.
pub enum InputEvent<S, T> {
    Unopened(io::Error),
    /// The input was opened. The value is what the [`InputOpener`] returned, or `None` without an opener.
    Start(Option<S>),
    /// A converted batch.
    Batch(T),
    /// The result of reading the input, and the number of stored bytes that were read.
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
