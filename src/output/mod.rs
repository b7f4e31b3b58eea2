//! Where statements go.

mod check;
mod directory;
mod names;
mod rejects;
mod stdout;

use std::io;

pub use check::Check;
pub use directory::{Compression, Directory};
pub use names::{OutputNames, check_outputs};
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

/// Takes the output of one input after the other. An output ends explicitly: what [`finish`](Self::finish) says is the
/// truth about it, and without it there is none.
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

    /// Whether all inputs go to one place, so that none can when one cannot.
    fn is_one_for_all(&self) -> bool {
        false
    }

    /// Ends the run. Gives the number of differences that were found, of a destination that compares.
    fn close(self: Box<Self>) -> u64 {
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
