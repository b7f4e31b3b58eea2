//! How inputs are opened.

use std::io;

use crate::input::{self, BytesRead, LineBatch, Opened, Source};

/// Opens the inputs of a run, from several threads.
pub trait InputOpener: Send + Sync + 'static {
    /// The value that is delivered when an input starts.
    type Start: Send + 'static;
    /// The value that is kept until the end of an input is delivered.
    type Guard: InputGuard;

    /// Opens the input with this number.
    ///
    /// # Errors
    /// Returns an error if the input cannot be opened, or not be read up to the position where it resumes.
    fn open(
        &self,
        input: usize,
        source: &Source,
        bytes_read: &BytesRead,
    ) -> io::Result<OpenedInput<Self::Start, Self::Guard>>;
}

/// An open input with the opener's values for it.
pub struct OpenedInput<S, G> {
    pub opened: Opened,
    pub start: S,
    pub guard: G,
}

/// Accompanies an input from its opening until its end is delivered, and is dropped then.
pub trait InputGuard: Send + 'static {
    /// Calls `start`, which sends the start of the input to the delivery, when the earlier inputs have started, if that
    /// matters to the opener.
    fn in_order<T>(&self, start: impl FnOnce() -> T) -> T {
        start()
    }

    /// Notes that a batch of the input was read.
    fn has_read(&self, _batch: &LineBatch) {}
}

/// `None` opens each input at its start.
impl<O: InputOpener> InputOpener for Option<O> {
    type Start = Option<O::Start>;
    type Guard = Option<O::Guard>;

    fn open(
        &self,
        input: usize,
        source: &Source,
        bytes_read: &BytesRead,
    ) -> io::Result<OpenedInput<Self::Start, Self::Guard>> {
        let Some(opener) = self else {
            return Ok(OpenedInput {
                opened: input::open(source, bytes_read)?,
                start: None,
                guard: None,
            });
        };
        let OpenedInput {
            opened,
            start,
            guard,
        } = opener.open(input, source, bytes_read)?;
        Ok(OpenedInput {
            opened,
            start: Some(start),
            guard: Some(guard),
        })
    }
}

impl<G: InputGuard> InputGuard for Option<G> {
    fn in_order<T>(&self, start: impl FnOnce() -> T) -> T {
        match self {
            Some(guard) => guard.in_order(start),
            None => start(),
        }
    }

    fn has_read(&self, batch: &LineBatch) {
        if let Some(guard) = self {
            guard.has_read(batch);
        }
    }
}
