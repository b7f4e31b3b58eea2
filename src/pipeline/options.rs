//! The settings of a run.

use crate::input::BytesRead;
use crate::interrupt::Interrupted;

/// Settings that change how a run proceeds but not its output.
#[derive(Clone, Debug)]
pub struct PipelineOptions {
    /// The number of threads that convert, and the largest number of inputs that are read at a time.
    pub threads: usize,
    /// Whether several inputs may be delivered at a time.
    pub side_by_side: bool,
    /// The length from which lines are skipped.
    pub max_line_bytes: usize,
    /// The counter of the bytes that were read.
    pub bytes_read: BytesRead,
    /// Set when the run should end.
    pub interrupted: Interrupted,
}
