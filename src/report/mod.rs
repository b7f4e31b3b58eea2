//! What a run did: the tally, the summary for a person, the report for a program.

mod grouped;
mod inputs;
mod invocation;
mod report_file;
mod run;
mod summary;

pub(crate) use inputs::{InputEnd, InputReport, InputReports, ReadTo};
pub(crate) use invocation::Invocation;
pub(crate) use report_file::ReportFile;
pub(crate) use run::Report;
pub(crate) use summary::Summary;
