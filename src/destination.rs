//! The trait of the destinations of converted batches: files, standard output, servers.

use std::collections::BTreeSet;
use std::path::PathBuf;

use crate::checkpoint::Resumed;
use crate::convert::ConvertedBatch;
use crate::exit_code::ExitCode;
use crate::input::Source;

/// The result of a successful write.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WriteStatus {
    Written,
    /// Nothing more can be written, because the reader is gone or all servers are stopped. This is not an error.
    Closed,
}

/// A destination of the records of inputs. Inputs are identified by their number in the run, from 0.
///
/// An output ends explicitly, with [`finish`](Self::finish) or [`abort`](Self::abort); an output that is only dropped
/// is not delivered.
pub trait Destination {
    /// Starts the output of an input. `resumed` says how much of the input earlier runs delivered.
    ///
    /// # Errors
    /// Returns an error that names the path if the output cannot be created.
    fn start(
        &mut self,
        input: usize,
        source: &Source,
        resumed: Option<&Resumed>,
    ) -> anyhow::Result<()>;

    /// Writes the records of consecutive lines.
    ///
    /// # Errors
    /// Returns an error that names the path if the output cannot be written.
    fn write(&mut self, input: usize, batch: &ConvertedBatch) -> anyhow::Result<WriteStatus>;

    /// Completes the output of an input that was read to its end.
    ///
    /// # Errors
    /// Returns an error that names the path if the output cannot be written.
    fn finish(&mut self, input: usize) -> anyhow::Result<WriteStatus>;

    /// Ends the output of an input that was not read to its end. Returns whether the lines that were written count as
    /// delivered.
    ///
    /// # Errors
    /// Returns an error that names the path if the output cannot be written.
    fn abort(&mut self, _input: usize) -> anyhow::Result<bool> {
        Ok(true)
    }

    /// Returns the file of the output that ended last, if each input has an output file of its own.
    fn last_file(&mut self) -> Option<PathBuf> {
        None
    }

    /// Returns whether the outputs are gzip files. The converting threads then compress the batches.
    fn takes_compressed(&self) -> bool {
        false
    }

    /// Returns whether several outputs can be open at a time.
    fn takes_several(&self) -> bool {
        false
    }

    /// Returns whether all inputs share one output, so that an error ends the run.
    fn is_shared(&self) -> bool {
        false
    }

    /// Ends the run, after the output of the last input has ended.
    fn close(self: Box<Self>) -> Closed {
        Closed::default()
    }
}

/// The result of a destination at the end of the run.
#[derive(Debug, Default)]
pub struct Closed {
    /// The exit code, for differences or for records that could not be delivered.
    pub code: ExitCode,
    /// The numbers of the inputs with records that were written to the destination but, because the run was stopped,
    /// not delivered.
    pub stopped: BTreeSet<usize>,
}
