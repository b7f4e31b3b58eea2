//! The results of a run.

use std::sync::Arc;

use super::inputs::InputReports;
use super::{Invocation, Summary};
use crate::exit_code::ExitCode;
use crate::send::Target;

/// The results of a run.
pub struct Report<'a> {
    pub command: &'static str,
    pub invocation: &'a Invocation,
    /// Whether requests were prepared and not sent.
    pub dry_run: bool,
    /// Whether the counts are shown although all is well.
    pub verbose: bool,
    /// The summary of the lines, if the command reads logs. `recover` reads none, because it sends dead letters.
    pub summary: Option<&'a Summary<'a>>,
    /// The inputs that the run reached, and those that were not found.
    pub inputs: &'a InputReports,
    /// The names of the events that have a transformer.
    pub known_events: &'a [&'static str],
    /// The word and the name for the output, such as "written to `out`", if there are no targets.
    pub written: &'a str,
    /// The number of differences that `--check` found. `None` without `--check`.
    pub differences: Option<u64>,
    /// The targets that records were sent to: routers, or a single server.
    pub targets: &'a [Arc<Target>],
    pub exit_code: ExitCode,
}
