//! The trait of the destinations of converted batches: files, standard output, servers.

use std::collections::BTreeSet;
use std::path::PathBuf;

use crate::checkpoint::Resumed;
use crate::compression::Compression;
use crate::convert::ConvertedBatch;
use crate::exit_code::ExitCode;
use crate::input::Source;

/// The result of a successful write.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WriteStatus {
    Written,
    /// Nothing more can be written, because the reader of standard output has closed it, or because sending to every
    /// server was stopped. This is not an error.
    Closed,
}

/// An output file that is complete.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WrittenFile {
    pub path: PathBuf,
    /// Whether the file replaced another that was not empty.
    pub replaced: bool,
}

/// An output that is complete, or that failed, after its input had ended.
#[derive(Debug)]
pub struct Completed {
    pub input: usize,
    pub output: anyhow::Result<WrittenFile>,
}

/// A destination of the records of inputs. Inputs are identified by their number in the run, from 0.
///
/// The caller ends the output of each input with [`finish`](Self::finish) or [`abort`](Self::abort). An output that is
/// dropped without either call is not delivered.
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

    /// Returns the output file that was completed last. Returns `None` if the destination does not write a
    /// file for each input.
    fn last_file(&mut self) -> Option<WrittenFile> {
        None
    }

    /// Returns whether the output of an input that has just ended is completed in the background.
    fn is_completing(&self, _input: usize) -> bool {
        false
    }

    /// Returns the outputs that were completed in the background since the last call. If `waits`, waits for all.
    fn completed(&mut self, _waits: bool) -> Vec<Completed> {
        Vec::new()
    }

    /// Returns the word and the name for the output, such as "written to `out`".
    fn written(&self) -> String {
        "written to standard output".to_owned()
    }

    /// Returns the compression of the outputs. The converting threads compress the batches.
    fn compression(&self) -> Option<Compression> {
        None
    }

    /// Returns whether several outputs can be open at a time.
    fn takes_several(&self) -> bool {
        false
    }

    /// Returns whether all inputs share one output. If they do, an output error of one input ends the run, because the
    /// other inputs would fail too.
    fn is_shared(&self) -> bool {
        false
    }

    /// Returns the counter of records, if their number is needed before the first batch is written. The inputs are then
    /// read twice.
    fn counter(&mut self) -> Option<&mut dyn RecordCounter> {
        None
    }

    /// Closes the destination at the end of the run, after the outputs of all inputs have ended.
    fn close(self: Box<Self>) -> Closed {
        Closed::default()
    }
}

/// Counts the records of a run before they are written.
pub trait RecordCounter {
    /// Counts the records of a batch.
    fn count(&mut self, batch: &ConvertedBatch);

    /// Prints the number of records, after the last batch.
    fn print(&mut self);
}

/// The result of closing a destination.
#[derive(Debug, Default)]
pub struct Closed {
    /// The exit code: `Success`, unless `--check` found differences or records could not be delivered.
    pub code: ExitCode,
    /// The number of differences that `--check` found. `None` without `--check`.
    pub differences: Option<u64>,
    /// The numbers of the inputs with records that were passed to [`write`](Destination::write) and were not delivered
    /// to a server, because sending was stopped.
    pub stopped: BTreeSet<usize>,
    /// Whether the output of all inputs was discarded, so no line counts as delivered.
    pub is_discarded: bool,
}
