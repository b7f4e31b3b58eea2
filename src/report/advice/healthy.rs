//! Runs that read what is new in known logs. In a quiet minute, a log has page views, events of anonymous users, and
//! events that the filters leave out, but no event that is converted.

use super::filters::has_mistyped_value;
use super::reread::Reread;
use super::tables::table_warnings;
use crate::convert::LineConverter;
use crate::outcome::{FilteredBy, Reason, Tally};
use crate::report::{InputReport, InputReports};

/// The number of events that are rejected for usual reasons in a healthy log, in the longest time without any event that
/// is converted.
const MOST_USUAL: u64 = 100;

/// The number of lines with other faults, such as lines that two programs wrote at the same time.
const MOST_ODD: u64 = 10;

/// Returns whether a run that emitted nothing may have read a healthy log. The log is not healthy if the tables or the
/// times leave out the events, if a value of a filter seems to be mistyped, if the filters leave out events of a new
/// input, if events have no name, or if most lines have faults that are rare in healthy logs.
pub fn may_emit_nothing(
    converter: &LineConverter,
    tally: &Tally,
    inputs: &InputReports,
    reread: &Reread,
) -> bool {
    let is_filtered_new =
        |report: &InputReport| report.skipped_lines == 0 && report.tally.filtered.total() > 0;
    let mut by_time = tally.filtered.counts();
    let is_time = |by| matches!(by, FilteredBy::Since | FilteredBy::Until);
    let (mut usual, mut odd) = (0, 0);
    for (&reason, &count) in &tally.reasons {
        match reason {
            // The end of a gzip file that was cut off has an error of its own.
            Reason::NotTracking | Reason::Truncated => {}
            Reason::NoUser
            | Reason::NoObjectId
            | Reason::MissingField
            | Reason::BadCourseId
            | Reason::Collision
            | Reason::UnknownUser
            | Reason::NoExternalId
            | Reason::NoEmail
            | Reason::UnknownCourse => usual += count,
            _ => odd += count,
        }
    }
    tally.details.unsupported.unnamed == 0
        && !by_time.any(|(by, count)| count > 0 && is_time(by))
        && usual < MOST_USUAL
        && odd < MOST_ODD
        && 2 * odd <= tally.lines()
        && table_warnings(converter, tally, reread).is_empty()
        && !inputs.reports().any(is_filtered_new)
        && !has_mistyped_value(converter, tally)
}
