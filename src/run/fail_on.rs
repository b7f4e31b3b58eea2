//! The results that make a run fail (`--fail-on`).

use std::fmt::{self, Display};
use std::str::FromStr;

use crate::console::Console;
use crate::exit_code::ExitCode;
use crate::outcome::Tally;
use crate::report::nothing_converted;
use crate::text::{counted, grouped};

/// The number of decimals that a share in per cent may have.
const DECIMALS: usize = 6;

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

impl FailingLines {
    const ALL: [Self; 3] = [Self::Rejected, Self::Unparsable, Self::Collision];

    /// Returns the name in `--fail-on`.
    fn name(self) -> &'static str {
        match self {
            Self::Rejected => "rejected",
            Self::Unparsable => "unparsable",
            Self::Collision => "collision",
        }
    }
}

impl Display for FailOn {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Empty => formatter.write_str("empty"),
            Self::Lines(lines, Limit::Lines(0)) => formatter.write_str(lines.name()),
            Self::Lines(lines, limit) => write!(formatter, "{}={limit}", lines.name()),
        }
    }
}

impl FromStr for FailOn {
    type Err = String;

    /// Parses a value of `--fail-on`, such as `empty`, `rejected`, `rejected=100` or `unparsable=0.1%`. Returns a
    /// message that says how to write the value if it does not parse.
    fn from_str(text: &str) -> Result<Self, String> {
        let (name, limit) = match text.split_once('=') {
            Some((name, limit)) => (name, Some(limit)),
            None => (text, None),
        };
        if name == "empty" {
            return match limit {
                None => Ok(Self::Empty),
                Some(_) => Err("`empty` takes no limit".to_owned()),
            };
        }
        let mut all = FailingLines::ALL.into_iter();
        let lines = all
            .find(|lines| lines.name() == name)
            .ok_or("give rejected, unparsable, collision or empty")?;
        let limit = limit.map_or(Some(Limit::Lines(0)), Limit::parse);
        let limit = limit.ok_or_else(|| {
            format!("write the limit as a number of lines, `{name}=100`, or as a share of at most 100%, `{name}=0.5%`")
        })?;
        Ok(Self::Lines(lines, limit))
    }
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
    const PER_CENT: u32 = 10_u32.pow(DECIMALS as u32);

    fn parse(text: &str) -> Option<Self> {
        match text.strip_suffix('%') {
            Some(share) => Self::parse_share(share),
            None => digits(text)?.parse().ok().map(Self::Lines),
        }
    }

    fn parse_share(text: &str) -> Option<Self> {
        let (whole, decimals) = text.split_once('.').unwrap_or((text, "0"));
        let whole: u32 = digits(whole)?.parse().ok()?;
        if digits(decimals)?.len() > DECIMALS {
            return None;
        }
        let decimals: u32 = format!("{decimals:0<DECIMALS$}").parse().ok()?;
        let share = whole.checked_mul(Self::PER_CENT)?.checked_add(decimals)?;
        (share <= 100 * Self::PER_CENT).then_some(Self::Share(share))
    }

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
                let text = format!("{whole}.{rest:0DECIMALS$}");
                let text = text.trim_end_matches('0').trim_end_matches('.');
                write!(formatter, "{text}%")
            }
        }
    }
}

/// Returns the text if it has only digits, at least one.
fn digits(text: &str) -> Option<&str> {
    let are_digits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    are_digits.then_some(text)
}

/// Reports each result in `fail_on` that the run has. Returns `Failure` if there is one. `found_none` tells whether no
/// input was found, in any shard. A run that was stopped is not empty, because it did not read all lines.
pub fn report_failures(
    fail_on: &[FailOn],
    tally: &Tally,
    found_none: bool,
    is_stopped: bool,
    console: &Console,
) -> ExitCode {
    let failures = fail_on.iter().filter_map(|fail_on| {
        let what = match *fail_on {
            FailOn::Empty if is_stopped => None,
            FailOn::Empty if found_none && tally.lines() == 0 => {
                Some("no input was found".to_owned())
            }
            FailOn::Empty => tally.is_empty_run().then(|| nothing_converted(tally)),
            FailOn::Lines(lines, limit) => too_many(lines, limit, tally),
        };
        what.map(|what| format!("{what}, so the run fails as `--fail-on {fail_on}` demands"))
    });
    failures.fold(ExitCode::Success, |_, message| {
        console.error(&message);
        ExitCode::Failure
    })
}

fn too_many(lines: FailingLines, limit: Limit, tally: &Tally) -> Option<String> {
    let wanted = tally.wanted();
    let (count, all, one, several) = match lines {
        FailingLines::Rejected => (
            tally.rejected,
            wanted,
            "line was rejected",
            "lines were rejected",
        ),
        FailingLines::Unparsable => (
            tally.damaged(),
            tally.lines(),
            "line is unparsable",
            "lines are unparsable",
        ),
        FailingLines::Collision => (
            tally.collisions,
            wanted,
            "event has the id of an earlier event but different content",
            "events have the id of an earlier event but different content",
        ),
    };
    if !limit.is_exceeded(count, all) {
        return None;
    }
    let more = match limit {
        Limit::Lines(0) => String::new(),
        Limit::Lines(most) => format!(", more than {}", grouped(most)),
        Limit::Share(_) => format!(", more than {limit} of {}", grouped(all)),
    };
    Some(counted(count, one, several) + &more)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn limits_are_numbers_of_lines_or_exact_shares() {
        for (text, limit) in [
            ("rejected", Some(Limit::Lines(0))),
            ("rejected=0", Some(Limit::Lines(0))),
            ("rejected=100", Some(Limit::Lines(100))),
            ("rejected=5%", Some(Limit::Share(5_000_000))),
            ("rejected=0.1%", Some(Limit::Share(100_000))),
            ("rejected=0.000001%", Some(Limit::Share(1))),
            ("rejected=100%", Some(Limit::Share(100_000_000))),
            ("rejected=", None),
            ("rejected=%", None),
            ("rejected=.5%", None),
            ("rejected=5.%", None),
            ("rejected=5 %", None),
            ("rejected=+5", None),
            ("rejected=-1", None),
            ("rejected=1.5", None),
            ("rejected=100.1%", None),
            ("rejected=4294967296%", None),
            ("rejected=0.0000001%", None),
            ("rejected=99999999999999999999", None),
            ("rejected=5%=5%", None),
            ("Rejected", None),
            ("emitted", None),
            ("", None),
        ] {
            let parsed: Result<FailOn, _> = text.parse();
            let expected = limit.map(|limit| FailOn::Lines(FailingLines::Rejected, limit));
            assert_eq!(parsed.ok(), expected, "{text}");
            let shown = expected.map(|fail_on| fail_on.to_string());
            let shortest = text.strip_suffix("=0").unwrap_or(text);
            assert_eq!(shown.as_deref(), expected.map(|_| shortest));
        }
        assert_eq!("empty".parse(), Ok(FailOn::Empty));
        assert!("empty=1".parse::<FailOn>().is_err());
    }
}
