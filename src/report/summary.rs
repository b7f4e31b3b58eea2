//! The summary that closes a run.

use std::fmt::{self, Display};
use std::time::Duration;

use super::{Tally, grouped};

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
        let collisions = match tally.emitted_collisions() {
            0 => String::new(),
            1 => ", 1 collision".to_owned(),
            count => format!(", {} collisions", grouped(count)),
        };
        let rows = [
            (
                "emitted",
                tally.emitted,
                format!("{} {noun}{collisions}", grouped(tally.written)),
            ),
            ("duplicate", tally.duplicate, String::new()),
            ("unsupported", tally.unsupported, String::new()),
            ("filtered", tally.filtered, String::new()),
            ("rejected", tally.rejected, tally.reasons_of(false)),
            ("unparsable", tally.unparsable, tally.reasons_of(true)),
        ];
        for (outcome, count, detail) in rows {
            let gap = if detail.is_empty() { "" } else { "  " };
            writeln!(formatter, "{:>15} {outcome}{gap}{detail}", grouped(count))?;
        }
        write!(formatter, "{:>15} lines", grouped(tally.lines()))
    }
}
