//! The summary that closes a run.

use std::fmt::{self, Display};
use std::time::Duration;

use super::grouped::grouped;
use super::inputs::InputCounts;
use crate::outcome::{Reason, Tally};

/// What a run did, for a person.
pub struct Summary<'a> {
    pub tally: &'a Tally,
    /// What emitted lines become, in the plural.
    pub noun: &'static str,
    pub inputs: InputCounts,
    /// Lines that were not read again, since earlier runs delivered them.
    pub skipped_lines: u64,
    /// The signal that ended the run, if one did.
    pub stopped_by: Option<&'static str>,
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
            skipped_lines,
            stopped_by,
            bytes,
            elapsed,
        } = self;
        let seconds = elapsed.as_secs_f64();
        let megabytes = *bytes as f64 / 1e6;
        let mut ends = Vec::new();
        if inputs.failed > 0 {
            ends.push(format!("{} failed", inputs.failed));
        }
        if stopped_by.is_some() || inputs.is_stopped() {
            ends.push(format!("{} done", inputs.done));
            ends.push(match stopped_by {
                Some(signal) => format!("stopped by {signal}"),
                None => "stopped".to_owned(),
            });
        }
        let ends = if ends.is_empty() {
            String::new()
        } else {
            format!(" ({})", ends.join(", "))
        };
        let (all, plural) = (inputs.all, if inputs.all == 1 { "" } else { "s" });
        writeln!(
            formatter,
            "{all} input{plural}{ends}, {megabytes:.1} MB as stored in {seconds:.1} s ({:.0} MB/s)",
            megabytes / seconds.max(1e-3)
        )?;
        let collisions = match tally.emitted_collisions() {
            0 => String::new(),
            1 => ", 1 collision".to_owned(),
            count => format!(", {} collisions", grouped(count)),
        };
        let rows = [
            (
                "emitted",
                tally.emitted,
                format!("{} {noun}{collisions}", grouped(tally.records)),
            ),
            ("duplicate", tally.duplicate, String::new()),
            ("unsupported", tally.unsupported, String::new()),
            ("filtered", tally.filtered, String::new()),
            ("rejected", tally.rejected, reasons_text(tally, false)),
            ("unparsable", tally.unparsable, reasons_text(tally, true)),
        ];
        for (outcome, count, detail) in rows {
            let gap = if detail.is_empty() { "" } else { "  " };
            writeln!(formatter, "{:>15} {outcome}{gap}{detail}", grouped(count))?;
        }
        write!(formatter, "{:>15} lines", grouped(tally.lines()))?;
        if *skipped_lines > 0 {
            let count = grouped(*skipped_lines);
            write!(
                formatter,
                "\n{count:>15} delivered by earlier runs, and passed over"
            )?;
        }
        Ok(())
    }
}

/// Returns the reasons of unparsable or of rejected lines with their counts, the most frequent first.
fn reasons_text(tally: &Tally, unparsable: bool) -> String {
    let mut reasons: Vec<(Reason, u64)> = tally
        .reasons
        .iter()
        .filter(|(reason, _)| reason.is_unparsable() == unparsable)
        .map(|(reason, count)| (*reason, *count))
        .collect();
    reasons.sort_by_key(|(reason, count)| (std::cmp::Reverse(*count), *reason));
    let texts: Vec<String> = reasons
        .iter()
        .map(|(reason, count)| format!("{} {}", reason.code(), grouped(*count)))
        .collect();
    texts.join(", ")
}
