//! The tally of a run and the summary that closes it.

use std::collections::BTreeMap;
use std::fmt::{self, Display, Write};
use std::time::Duration;

use crate::conversion::Conversion;
use crate::outcome::{Outcome, Reason};

/// How many lines had which outcome. Each line that is not blank has one, so the outcomes add up to the lines.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    pub emitted: u64,
    pub unsupported: u64,
    pub filtered: u64,
    pub rejected: u64,
    pub unparsable: u64,
    /// Statements, or Caliper events.
    pub written: u64,
    pub reasons: BTreeMap<Reason, u64>,
}

impl Tally {
    /// Counts one line.
    pub fn count(&mut self, conversion: &Conversion<'_>) {
        *match conversion.outcome {
            Outcome::Emitted => &mut self.emitted,
            Outcome::Unsupported(_) => &mut self.unsupported,
            Outcome::Filtered => &mut self.filtered,
            Outcome::Rejected(_) => &mut self.rejected,
            Outcome::Unparsable(_) => &mut self.unparsable,
        } += 1;
        self.written += conversion.written as u64;
        if let Some((reason, _)) = conversion.outcome.fault() {
            *self.reasons.entry(reason).or_default() += 1;
        }
    }

    /// Adds the lines of another tally.
    pub fn add(&mut self, other: &Self) {
        self.emitted += other.emitted;
        self.unsupported += other.unsupported;
        self.filtered += other.filtered;
        self.rejected += other.rejected;
        self.unparsable += other.unparsable;
        self.written += other.written;
        for (&reason, count) in &other.reasons {
            *self.reasons.entry(reason).or_default() += count;
        }
    }

    /// All lines that are not blank.
    pub fn lines(&self) -> u64 {
        self.emitted + self.unsupported + self.filtered + self.rejected + self.unparsable
    }

    /// The reasons of one outcome with their counts, most frequent first.
    fn reasons(&self, unparsable: bool) -> String {
        let of_outcome = self
            .reasons
            .iter()
            .filter(|(reason, _)| reason.is_unparsable() == unparsable);
        let mut reasons: Vec<_> = of_outcome.collect();
        reasons.sort_by_key(|(reason, count)| (std::cmp::Reverse(**count), **reason));
        let texts: Vec<_> = reasons
            .iter()
            .map(|(reason, count)| format!("{} {}", reason.code(), grouped(**count)))
            .collect();
        texts.join(", ")
    }
}

/// What a run did, for a person.
pub struct Summary<'a> {
    pub tally: &'a Tally,
    /// What emitted lines become, in the plural.
    pub noun: &'static str,
    pub inputs: usize,
    /// How many of them could not be read to their end, or their output not be written.
    pub failed_inputs: usize,
    /// Bytes read, as stored.
    pub bytes: u64,
    pub elapsed: Duration,
}

impl Display for Summary<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            tally,
            noun,
            inputs,
            failed_inputs,
            bytes,
            elapsed,
        } = self;
        let seconds = elapsed.as_secs_f64();
        let megabytes = *bytes as f64 / 1e6;
        let plural = if *inputs == 1 { "" } else { "s" };
        let failed = if *failed_inputs == 0 {
            String::new()
        } else {
            format!(" ({failed_inputs} failed)")
        };
        writeln!(
            formatter,
            "{inputs} input{plural}{failed}, {megabytes:.1} MB in {seconds:.1} s ({:.0} MB/s)",
            megabytes / seconds.max(1e-3)
        )?;
        let rows = [
            (
                "emitted",
                tally.emitted,
                format!("{} {noun}", grouped(tally.written)),
            ),
            ("unsupported", tally.unsupported, String::new()),
            ("filtered", tally.filtered, String::new()),
            ("rejected", tally.rejected, tally.reasons(false)),
            ("unparsable", tally.unparsable, tally.reasons(true)),
        ];
        for (outcome, count, detail) in rows {
            let gap = if detail.is_empty() { "" } else { "  " };
            writeln!(formatter, "{:>15} {outcome}{gap}{detail}", grouped(count))?;
        }
        write!(formatter, "{:>15} lines", grouped(tally.lines()))
    }
}

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
