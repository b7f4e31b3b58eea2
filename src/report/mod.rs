//! The results of a run, as a summary for people and as a JSON report for programs.

mod advice;
mod event_table;
mod inputs;
mod inspection;
mod inspection_page;
mod invocation;
mod letter_groups;
mod report_file;
mod run;
mod run_text;
mod summary;
mod text;
mod unsupported;
mod verdict;
mod verification;

pub(crate) use advice::{
    Reread, are_many, are_most_rejected, are_most_repairable, emptied_files, is_worth_repairing,
    nameless_events, nothing_converted, nothing_emitted, rejected_events, repairable_events,
    table_warnings, unmatched_values,
};
pub(crate) use event_table::EventTable;
pub(crate) use inputs::{
    InputCounts, InputEnd, InputReport, InputReports, ReadTo, UnchangedInputs,
};
pub(crate) use inspection::{Archive, Inspection, LeftOutRow, Recommended, inspection_text};
pub(crate) use inspection_page::{PageFile, page as inspection_page};
pub(crate) use invocation::{Invocation, MORE};
pub(crate) use letter_groups::LettersReport;
pub(crate) use report_file::ReportFile;
pub(crate) use run::Report;
pub(crate) use summary::{ReadBytes, Summary};
pub(crate) use unsupported::kinds_text;
