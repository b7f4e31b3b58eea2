//! Where statements go.

mod check;
mod directory;
mod early_sync;
mod names;
mod part_file;
mod rejects;
mod stdout;
mod whole_file;

use std::collections::BTreeSet;
use std::io;
use std::path::PathBuf;

pub use check::Check;
pub use directory::{Compression, Directory};
pub(crate) use names::nth_file;
pub use names::{OutputNames, check_outputs};
pub(crate) use part_file::gzip_member;
pub use rejects::{RejectedLine, RejectsFile};
pub use stdout::Stdout;
pub use whole_file::WholeFile;

use uuid::Uuid;

use crate::buffers::Buffer;
use crate::checkpoint::Resumed;
use crate::conversion::{Conversion, Written};
use crate::exit_code::ExitCode;
use crate::input::{Position, Source};
use crate::routing::RouterSet;

/// What a destination did with what it was given.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Taken {
    Yes,
    /// Nobody reads it any more. That is no error.
    Closed,
}

/// Takes the outputs of inputs, each called by the input's number in the run. An output ends explicitly: what [`finish`](Self::finish) says is the
/// truth about it, and without it there is none.
pub trait Destination {
    /// Starts the output of an input, which may have been gone on with.
    ///
    /// # Errors
    /// It cannot be created. The message names the path.
    fn start(
        &mut self,
        input: usize,
        source: &Source,
        resumed: Option<&Resumed>,
    ) -> anyhow::Result<()>;

    /// Takes what came of some consecutive lines.
    ///
    /// # Errors
    /// It cannot be written. The message names the path.
    fn write(&mut self, input: usize, output: &Output) -> anyhow::Result<Taken>;

    /// Completes the output of the input.
    ///
    /// # Errors
    /// It cannot be written. The message names the path.
    fn finish(&mut self, input: usize) -> anyhow::Result<Taken>;

    /// Ends the output of an input that was not read to its end. Says whether what was taken of it counts.
    ///
    /// # Errors
    /// It cannot be written. The message names the path.
    fn break_off(&mut self, _input: usize) -> anyhow::Result<bool> {
        Ok(true)
    }

    /// The file that the last output became, if it became one of its own.
    fn last_file(&mut self) -> Option<PathBuf> {
        None
    }

    /// Whether it writes what is packed already.
    fn takes_packed(&self) -> bool {
        false
    }

    /// Whether it takes the outputs of several inputs at a time, and not only one after the other.
    fn takes_several(&self) -> bool {
        false
    }

    /// Whether all inputs go to one place, so that none can when one cannot.
    fn is_one_for_all(&self) -> bool {
        false
    }

    /// Ends the run, when no input follows.
    fn close(self: Box<Self>) -> Closed {
        Closed::default()
    }
}

/// How a destination ended.
#[derive(Debug, Default)]
pub struct Closed {
    /// What is told to the shell: differences that were found, or what could not be delivered.
    pub code: ExitCode,
    /// The numbers of the inputs of which it took what it then did not deliver, since it was stopped.
    pub stopped: BTreeSet<usize>,
}

/// What some consecutive lines of an input became.
#[derive(Debug, Default)]
pub struct Output {
    /// Statements, envelopes or events, one after the other.
    pub bytes: Buffer,
    pub values: Vec<OutputValue>,
    /// The number of the first line in the input.
    pub first_line: u64,
    /// Where each of the lines ends in the input, when places are to be known.
    pub places: Vec<Position>,
    /// `bytes` as a gzip member, where they are packed already: that takes more time than any other part of a run which
    /// packs. Whoever changes `bytes` later takes it away.
    pub member: Option<Vec<u8>>,
}

/// One statement, envelope or event of an [`Output`].
#[derive(Clone, Copy, Debug)]
pub struct OutputValue {
    pub id: Uuid,
    /// Where it ends.
    pub end: usize,
    /// The number of its line in the input.
    pub line: u64,
    /// Where it goes.
    pub routers: RouterSet,
}

impl Output {
    /// Takes over what was written for a line.
    pub fn push(&mut self, line: u64, conversion: &Conversion<'_>) {
        let routers = conversion.routers;
        let values = conversion
            .written
            .iter()
            .map(|&Written { id, end }| OutputValue {
                id,
                end,
                line,
                routers,
            });
        self.values.extend(values);
    }

    /// The place behind a line, when places are known.
    pub fn end_of(&self, line: u64) -> Option<&Position> {
        let nth = line.checked_sub(self.first_line)?;
        self.places.get(usize::try_from(nth).ok()?)
    }

    /// The place before a line, when places are known and it is not the first.
    pub fn start_of(&self, line: u64) -> Option<&Position> {
        self.end_of(line.checked_sub(1)?)
    }

    /// The values with their texts, without newlines.
    pub fn values(&self) -> impl Iterator<Item = (OutputValue, &[u8])> {
        let mut start = 0;
        self.values.iter().map(move |&value| {
            let text = &self.bytes[start..value.end];
            start = value.end;
            (value, text.trim_ascii_end())
        })
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
