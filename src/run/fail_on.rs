//! The results that make a run fail (`--fail-on`).

use std::fmt::{self, Display};

use crate::console::Console;
use crate::exit_code::ExitCode;
use crate::outcome::Tally;

/// A result that makes a run fail.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FailOn {
    /// No input was found, or lines were read and nothing was emitted.
    Empty,
    /// More lines than the limit have an outcome.
    Lines(FailingLines, Limit),
}

/// An outcome of lines.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FailingLines {
    Rejected,
    /// The line is unparsable and was not written by another program.
    Unparsable,
    /// The event has the id of an earlier event and different content. Only `--dedupe` finds such events.
    Collision,
}

/// The largest number of lines with an outcome that does not make a run fail.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Limit {
    Lines(u64),
    /// A share, in millionths of a per cent.
    Share(u32),
}

impl Limit {
    /// One per cent, as a share.
    pub const PER_CENT: u32 = 1_000_000;

    fn is_exceeded(self, count: u64, all: u64) -> bool {
        match self {
            Self::Lines(limit) => count > limit,
            Self::Share(share) => {
                let whole = 100 * u128::from(Self::PER_CENT);
                u128::from(count) * whole > u128::from(all) * u128::from(share)
            }
        }
    }
}

impl Display for Limit {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Lines(limit) => limit.fmt(formatter),
            Self::Share(share) => {
                let (whole, rest) = (share / Self::PER_CENT, share % Self::PER_CENT);
                let text = format!("{whole}.{rest:06}");
                let text = text.trim_end_matches('0').trim_end_matches('.');
                write!(formatter, "{text}%")
            }
        }
    }
}

/// Reports each result in `fail_on` that the run has. Returns `Failure` if there is one. `found_none` tells whether no
/// input was found, in any shard.
pub fn report_failures(
    fail_on: &[FailOn],
    tally: &Tally,
    found_none: bool,
    console: &Console,
) -> ExitCode {
    let failures = fail_on.iter().filter_map(|fail_on| match *fail_on {
        FailOn::Empty => empty(tally, found_none),
        FailOn::Lines(lines, limit) => too_many(lines, limit, tally),
    });
    failures.fold(ExitCode::Success, |_, message| {
        console.error(&message);
        ExitCode::Failure
    })
}

fn empty(tally: &Tally, found_none: bool) -> Option<String> {
    let lines = tally.lines();
    let what = match lines {
        0 if found_none => "no input was found".to_owned(),
        0 => return None,
        _ if tally.emitted > 0 || lines == tally.details.retried => return None,
        1 => "1 line was read and nothing was converted".to_owned(),
        _ => format!("{lines} lines were read and nothing was converted"),
    };
    Some(format!(
        "{what}, so the run fails as `--fail-on empty` demands"
    ))
}

fn too_many(lines: FailingLines, limit: Limit, tally: &Tally) -> Option<String> {
    let wanted = tally.wanted();
    let (count, all, option, one, several) = match lines {
        FailingLines::Rejected => (
            tally.rejected,
            wanted,
            "rejected",
            "line was rejected",
            "lines were rejected",
        ),
        FailingLines::Unparsable => (
            tally.damaged(),
            tally.lines(),
            "unparsable",
            "line is unparsable",
            "lines are unparsable",
        ),
        FailingLines::Collision => (
            tally.collisions,
            wanted,
            "collision",
            "event has the id of an earlier event but different content",
            "events have the id of an earlier event but different content",
        ),
    };
    if !limit.is_exceeded(count, all) {
        return None;
    }
    let what = if count == 1 { one } else { several };
    let (more, value) = match limit {
        Limit::Lines(0) => (String::new(), String::new()),
        Limit::Lines(_) => (format!(", more than {limit}"), format!("={limit}")),
        Limit::Share(_) => (format!(", more than {limit} of {all}"), format!("={limit}")),
    };
    Some(format!(
        "{count} {what}{more}, so the run fails as `--fail-on {option}{value}` demands"
    ))
}
