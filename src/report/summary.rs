//! The summary of the lines of a run.

use std::cmp::Reverse;
use std::fmt::{self, Display};
use std::time::Duration;

use super::inputs::{InputCounts, Repeated};
use super::text::{reasons_text, row, row_of_some};
use super::unsupported::{kinds_text, most_frequent_names};
use crate::format::Format;
use crate::outcome::Tally;
use crate::text::{counted, grouped, noun, plural, size_text};

/// The counts of the inputs and the lines of a run.
pub struct Summary<'a> {
    pub tally: &'a Tally,
    pub format: Format,
    pub inputs: InputCounts,
    /// The number of files in directories that are no inputs because of their names.
    pub skipped_files: usize,
    /// The number of lines that were not read again, because earlier runs read them.
    pub skipped_lines: u64,
    /// The inputs with lines that the run read from other inputs.
    pub repeated: Vec<Repeated<'a>>,
    /// The number of users without an external id in the users table for whom ids were derived.
    pub derived_users: u64,
    /// Whether the most frequent names of unsupported events are listed.
    pub verbose: bool,
    /// The signal that ended the run, if there was one.
    pub stopped_by: Option<&'static str>,
    pub read: ReadBytes,
}

/// How much was read from all inputs, and how long the run took.
#[derive(Clone, Copy)]
pub struct ReadBytes {
    /// The number of bytes, before decompression.
    pub bytes: u64,
    /// The number of bytes after decompression.
    pub unpacked: u64,
    pub elapsed: Duration,
}

impl ReadBytes {
    /// Returns the size, the time and the speed of the unpacked bytes.
    pub fn short_text(&self) -> String {
        let [stored, unpacked] = [self.bytes, self.unpacked].map(|bytes| size_text(bytes as f64));
        // If inputs are resumed, more bytes may be read than unpacked.
        let of_stored = match self.bytes < self.unpacked {
            true => format!(" from {stored} stored"),
            false => String::new(),
        };
        let seconds = self.elapsed.as_secs_f64();
        let speed = size_text(self.unpacked as f64 / seconds.max(1e-3));
        format!("{unpacked}{of_stored} in {seconds:.1} s, {speed}/s")
    }
}

impl Display for Summary<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.rows().join("\n"))
    }
}

impl Summary<'_> {
    /// Returns the rows of counts that are not zero. A verbose summary has the row of all lines even if its count is zero.
    fn rows(&self) -> Vec<String> {
        let (tally, lines) = (self.tally, self.tally.lines());
        let mut rows = Vec::new();
        rows.extend(self.speed_row());
        let outcomes = tally.outcomes().into_iter();
        for (outcome, count) in outcomes.filter(|&(_, count)| count > 0) {
            let detail = match outcome {
                "emitted" => self.emitted_text(),
                "filtered" => filters_text(tally),
                "unsupported" => kinds_text(&tally.details.unsupported, self.format),
                "rejected" => most_frequent_reasons(tally, false),
                "unparsable" => most_frequent_reasons(tally, true),
                _ => String::new(),
            };
            rows.push(row(count, outcome, &detail));
            if outcome == "unsupported" && self.verbose {
                let names = most_frequent_names(&tally.details.unsupported);
                rows.extend(names.lines().map(str::to_owned));
            }
        }
        if lines > 0 || self.verbose {
            rows.push(row(lines, noun(lines, "lines"), ""));
        }
        rows.extend(self.derived_row());
        // Earlier runs recorded positions, which count blank lines, too.
        let skipped = "read by earlier runs, and skipped";
        rows.extend(row_of_some(
            self.skipped_lines,
            skipped,
            "blank lines included",
        ));
        rows.extend(self.repeated_row());
        rows
    }

    /// Returns the sizes, the time and the speeds, if anything was read.
    fn speed_row(&self) -> Option<String> {
        let lines = self.tally.lines();
        let seconds = self.read.elapsed.as_secs_f64().max(1e-3);
        let events = match lines {
            0 => String::new(),
            lines => format!(", {} events/s", grouped((lines as f64 / seconds) as u64)),
        };
        (self.read.bytes > 0 || lines > 0).then(|| self.read.short_text() + &events)
    }

    /// Returns a row about the lines that were not read because another input has them, too.
    fn repeated_row(&self) -> Option<String> {
        let Repeated { input, same } = self.repeated.first()?;
        let more = if self.repeated.len() > 1 { ", …" } else { "" };
        let like = if same.is_whole {
            "is the same as"
        } else {
            "begins like"
        };
        let detail = format!("`{input}` {like} `{}`{more}", same.input);
        let skipped = "same as in another input, and skipped";
        Some(row(self.repeated_lines(), skipped, &detail))
    }

    /// Returns a row about the events with derived ids, if there are such events and a table of users.
    fn derived_row(&self) -> Option<String> {
        let details = &self.tally.details;
        let (listed, unknown) = (details.derived_ids, details.derived_unknown_ids);
        let users = counted(self.derived_users, "user", "users");
        let of_listed = format!("{users} without an external id in the table");
        let of_unknown = "users who are not in the table";
        let detail = match (listed, unknown) {
            (0, 0) => return None,
            (_, 0) => of_listed,
            (0, _) => of_unknown.to_owned(),
            _ => format!(
                "{} of {of_listed}, {} of {of_unknown}",
                grouped(listed),
                grouped(unknown)
            ),
        };
        Some(row(listed + unknown, "emitted with a derived id", &detail))
    }

    /// Returns the number of lines that were not read because other inputs of the run have them, too.
    pub fn repeated_lines(&self) -> u64 {
        let lines = self.repeated.iter().map(|repeated| repeated.same.lines);
        lines.sum()
    }

    /// Returns whether the run ended before all inputs were read.
    pub fn is_stopped(&self) -> bool {
        self.stopped_by.is_some() || self.inputs.is_stopped()
    }

    /// Returns the number of inputs, with the numbers of those that did not end as usual.
    pub fn inputs_text(&self) -> String {
        let InputCounts {
            all,
            done,
            unchanged: _,
            held_back,
            failed,
            replaced,
        } = self.inputs;
        let mut ends = Vec::new();
        if failed > 0 {
            ends.push(format!("{failed} failed"));
        }
        if held_back > 0 {
            ends.push(format!("{held_back} left to the next run"));
        }
        if self.is_stopped() {
            ends.push(format!("{done} done"));
            ends.push(match self.stopped_by {
                Some(signal) => format!("stopped by {signal}"),
                None => "stopped".to_owned(),
            });
        }
        if self.skipped_files > 0 {
            let plural = plural(self.skipped_files as u64);
            ends.push(format!("{} file{plural} skipped", self.skipped_files));
        }
        if replaced > 0 {
            let plural = plural(replaced as u64);
            ends.push(format!("{replaced} file{plural} replaced"));
        }
        let ends = if ends.is_empty() {
            String::new()
        } else {
            format!(" ({})", ends.join(", "))
        };
        let plural = plural(all as u64);
        format!("{all} input{plural}{ends}")
    }

    fn emitted_text(&self) -> String {
        let records = self.tally.records;
        let mut text = format!(
            "{} {}",
            grouped(records),
            noun(records, self.format.nouns())
        );
        let collisions = self.tally.emitted_collisions();
        if collisions > 0 {
            let plural = plural(collisions);
            text.push_str(&format!(", {} collision{plural}", grouped(collisions)));
        }
        let repaired = self.tally.details.repaired.counts();
        let repaired = reasons_text(repaired.map(|(repair, count)| (repair.name(), count)));
        if !repaired.is_empty() {
            text.push_str(&format!(", repaired: {repaired}"));
        }
        text
    }
}

/// Returns the filters that left out events, with the number of events.
fn filters_text(tally: &Tally) -> String {
    let counts = tally.filtered.counts();
    let counts = counts.filter(|&(_, count)| count > 0);
    reasons_text(counts.map(|(by, count)| (by.option(), count)))
}

/// Returns the reasons of unparsable or rejected lines with their counts, the most frequent first.
pub(super) fn most_frequent_reasons(tally: &Tally, unparsable: bool) -> String {
    let reasons = tally.reasons.iter();
    let mut reasons: Vec<_> = reasons
        .filter(|(reason, _)| reason.is_unparsable() == unparsable)
        .collect();
    reasons.sort_by_key(|&(reason, count)| (Reverse(count), reason));
    let reasons = reasons.into_iter();
    reasons_text(reasons.map(|(reason, &count)| (reason.code(), count)))
}
