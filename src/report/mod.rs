//! What a run did: the tally, the summary for a person, the report for a program.

mod inputs;
mod invocation;
mod report_file;
mod run;
mod summary;

use std::fmt::Write;

pub(crate) use inputs::{InputEnd, InputReport, InputReports, ReadTo};
pub(crate) use invocation::Invocation;
pub(crate) use report_file::ReportFile;
pub(crate) use run::Report;
pub(crate) use summary::Summary;

/// A number with its thousands apart.
fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::new();
    for (nth, digit) in digits.chars().enumerate() {
        if nth > 0 && (digits.len() - nth).is_multiple_of(3) {
            text.push(',');
        }
        // Memory takes it.
        let _ = text.write_char(digit);
    }
    text
}
