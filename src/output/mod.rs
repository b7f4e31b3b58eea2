//! Where statements go.

mod check;
mod directory;
mod names;
mod rejects;
mod stdout;

use std::io;

pub use check::Check;
pub use directory::{Compression, Directory};
pub use names::{ClashingNames, OutputNames, is_input};
pub use rejects::{RejectedLine, RejectsFile};
pub use stdout::Stdout;

use crate::input::Source;

/// What a destination did with what it was given.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Taken {
    Yes,
    /// Nobody reads it any more. That is no error.
    Closed,
}

/// Takes the output of one input after the other. It ends explicitly: what [`finish`](Self::finish) says is the truth
/// about an input's output, and without it there is none.
pub trait Destination {
    /// Starts the output of an input.
    ///
    /// # Errors
    /// It cannot be created. The message names the path.
    fn start(&mut self, source: &Source) -> anyhow::Result<()>;

    /// Takes some of the output.
    ///
    /// # Errors
    /// It cannot be written. The message names the path.
    fn write(&mut self, bytes: &[u8]) -> anyhow::Result<Taken>;

    /// Completes the output of the input.
    ///
    /// # Errors
    /// It cannot be written. The message names the path.
    fn finish(&mut self) -> anyhow::Result<Taken>;

    /// How many differences were found, for a destination that compares.
    fn differences(&self) -> u64 {
        0
    }
}

/// Writes to a reader that may go away, as `| head` does.
fn write_or_closed(write: impl FnOnce() -> io::Result<()>) -> io::Result<Taken> {
    match write() {
        Ok(()) => Ok(Taken::Yes),
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(Taken::Closed),
        Err(error) => Err(error),
    }
}
