//! The interface of the pipeline: its settings, how inputs are opened, and the events that are delivered.

use std::io;

use crate::input::{BytesRead, Framing, HeldBack, LineBatch, Opened, ReadEnd, Source};
use crate::interrupt::Interrupted;

/// Settings that change how a run proceeds but not its output.
#[derive(Clone, Debug)]
pub struct PipelineOptions {
    /// The number of converting threads. It is also the largest number of inputs that are read at a time.
    pub threads: usize,
    /// Whether several inputs may be delivered at a time. If not, they are delivered in order.
    pub side_by_side: bool,
    /// How the inputs are cut into records.
    pub framing: Framing,
    /// How the pieces of lines that log drivers have cut are joined: with `true`, also those of Docker. `None` if lines are
    /// not unwrapped.
    pub joins_pieces: Option<bool>,
    /// The maximum length of a line. Longer lines are skipped.
    pub max_line_bytes: usize,
    /// The counter of the bytes that were read from all inputs.
    pub bytes_read: BytesRead,
    /// A flag that is set when the run should end.
    pub interrupted: Interrupted,
}

/// The result of opening an input.
pub enum Opening<S, G> {
    Open(Opened, S, G),
    /// Nothing of the input is read, because it is left to the next run.
    HeldBack(HeldBack),
}

/// Opens the inputs of a run. Several reading threads share an opener.
pub trait InputOpener: Send + Sync + 'static {
    /// The information about an opened input that is delivered with [`InputEvent::Start`].
    type Start: Send + 'static;
    /// A value that lives until the end of the input is delivered.
    type Guard: InputGuard;

    /// Opens the input with this number.
    ///
    /// # Errors
    /// Returns an error if the input cannot be opened, or cannot be read up to the position where it resumes.
    fn open(
        &self,
        input: usize,
        source: &Source,
        bytes_read: &BytesRead,
    ) -> io::Result<Opening<Self::Start, Self::Guard>>;
}

/// A value that belongs to an input. It is created when the input is opened, and dropped when the end of the input is
/// delivered.
pub trait InputGuard: Send + 'static {
    /// Waits until all earlier inputs have started, and then calls `start`, which sends the event
    /// [`InputEvent::Start`].
    fn start<T>(&self, start: impl FnOnce() -> T) -> T;

    /// Notes that a batch of the input was read.
    fn has_read(&self, batch: &LineBatch);

    /// Returns how the input ended, given the result of reading it. Not called if the remaining lines were skipped.
    fn end(&self, end: ReadEnd) -> ReadEnd;
}

/// An event of one input. An input that was opened has a start, batches in order, and an end. An input that could not
/// be opened has only the event [`InputEvent::Unopened`], and an input that is left to the next run has only the event
/// [`InputEvent::HeldBack`].
pub struct Delivery<'s, S, T> {
    /// The number of the input in the run, from 0.
    pub input: usize,
    pub source: &'s Source,
    pub event: InputEvent<S, T>,
}

/// The kinds of events.
pub enum InputEvent<S, T> {
    /// The input could not be opened.
    Unopened(io::Error),
    /// The input is left to the next run.
    HeldBack(HeldBack),
    /// The input was opened. The value is what the [`InputOpener`] returned, or `None` without an opener.
    Start(Option<S>),
    /// A converted batch.
    Batch(T),
    /// The end of the input: the result of reading it, and the number of bytes read, before decompression.
    End(ReadEnd, u64),
}

impl<S, T> InputEvent<S, T> {
    /// Applies a function to a converted batch.
    pub fn map<U>(self, convert: impl FnOnce(T) -> U) -> InputEvent<S, U> {
        match self {
            Self::Unopened(error) => InputEvent::Unopened(error),
            Self::HeldBack(reason) => InputEvent::HeldBack(reason),
            Self::Start(start) => InputEvent::Start(start),
            Self::Batch(batch) => InputEvent::Batch(convert(batch)),
            Self::End(end, bytes) => InputEvent::End(end, bytes),
        }
    }
}

impl<S, T, E> InputEvent<S, Result<T, E>> {
    /// Returns the event with the converted batch.
    ///
    /// # Errors
    /// Returns the error, if the batch could not be converted.
    pub fn transpose(self) -> Result<InputEvent<S, T>, E> {
        Ok(match self {
            Self::Unopened(error) => InputEvent::Unopened(error),
            Self::HeldBack(reason) => InputEvent::HeldBack(reason),
            Self::Start(start) => InputEvent::Start(start),
            Self::Batch(batch) => InputEvent::Batch(batch?),
            Self::End(end, bytes) => InputEvent::End(end, bytes),
        })
    }
}

/// The answer of the caller to a delivered event: how the run proceeds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ControlFlow {
    Continue,
    /// Skip the rest of this input.
    EndInput,
    /// End the run.
    Stop,
}
