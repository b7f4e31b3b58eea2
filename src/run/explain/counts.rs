//! The lines that were read, by outcome and reason.

use std::collections::BTreeMap;

use super::chosen::OUTCOMES;
use crate::console::Console;
use crate::convert::{ConvertedBatch, ConvertedLine};
use crate::format::Format;
use crate::outcome::{EventKind, Outcome, UnsupportedEvents};
use crate::report::kinds_text;
use crate::text::{counted, grouped};

/// The explanations of a batch of lines.
#[derive(Default)]
pub struct Explained {
    /// The explanations that are shown.
    pub text: Vec<u8>,
    records: Vec<Record>,
}

/// A record whose outcome is known.
struct Record {
    group: Group,
    /// The kind of an unsupported event, without its name.
    kind: Option<EventKind<'static>>,
    /// The length of the text after the explanation of the record.
    end: usize,
    is_shown: bool,
}

/// The word of an outcome, and the reason: a code or an option.
type Group = (&'static str, Option<&'static str>);

/// The counts of a run, and the number of records that are still to be shown.
pub struct Counts {
    format: Format,
    groups: BTreeMap<Group, u64>,
    unsupported: UnsupportedEvents,
    shown: u64,
    limit: Option<u64>,
}

impl Explained {
    /// Ends a record, whose explanation is the last of the text if it is shown.
    pub fn end_record(&mut self, conversion: &ConvertedLine<'_>, is_shown: bool) {
        self.records.push(Record {
            group: group_of(&conversion.outcome),
            kind: kind_of(conversion),
            end: self.text.len(),
            is_shown,
        });
    }
}

fn group_of(outcome: &Outcome) -> Group {
    let reason = match outcome {
        Outcome::Unparsable(fault) | Outcome::Rejected(fault) => Some(fault.reason.code()),
        Outcome::Filtered(by) => Some(by.option()),
        Outcome::Unsupported(_) | Outcome::Emitted => None,
    };
    (outcome.word(), reason)
}

fn kind_of(conversion: &ConvertedLine<'_>) -> Option<EventKind<'static>> {
    if !matches!(conversion.outcome, Outcome::Unsupported(_)) {
        return None;
    }
    Some(match conversion.kind_of_unsupported() {
        EventKind::Known(_) => EventKind::Known(""),
        EventKind::Named(_) => EventKind::Named(""),
        EventKind::Implicit => EventKind::Implicit,
        EventKind::ImplicitByType => EventKind::ImplicitByType,
        EventKind::Unnamed => EventKind::Unnamed,
        EventKind::NamedByType => EventKind::NamedByType,
    })
}

impl Counts {
    /// Returns the counts of no record. At most `limit` records will be shown.
    pub fn new(limit: Option<u64>, format: Format) -> Self {
        Self {
            format,
            groups: BTreeMap::new(),
            unsupported: UnsupportedEvents::default(),
            shown: 0,
            limit,
        }
    }

    /// Returns whether as many records were shown as the limit allows.
    pub fn has_all(&self) -> bool {
        self.limit.is_some_and(|limit| self.shown >= limit)
    }

    /// Counts the records of a batch up to the last one that is shown, and returns their text.
    pub fn add(&mut self, mut explained: Explained) -> ConvertedBatch {
        let mut end = 0;
        for record in &explained.records {
            if self.has_all() {
                break;
            }
            *self.groups.entry(record.group).or_default() += 1;
            if let Some(kind) = record.kind {
                self.unsupported.count_kind(kind);
            }
            self.shown += u64::from(record.is_shown);
            end = record.end;
        }
        explained.text.truncate(end);
        ConvertedBatch {
            bytes: explained.text.into(),
            ..ConvertedBatch::default()
        }
    }

    /// Shows the counts, unless no line was read.
    pub fn show(&self, console: &Console) {
        if self.groups.is_empty() {
            return;
        }
        for line in self.lines() {
            console.note(&line);
        }
        if self.has_all() {
            console.note(&format!(
                "note: stopped after {} (`--limit`)",
                counted(self.shown, "line", "lines")
            ));
        }
    }

    /// Returns a row for each outcome that occurred, with its reasons, and a row for all lines.
    fn lines(&self) -> Vec<String> {
        let mut lines = Vec::new();
        let row = |count: u64, words: String| format!("{:>15} {words}", grouped(count));
        for outcome in OUTCOMES {
            let groups = self.groups.iter();
            let groups = groups.filter(|((word, _), _)| *word == outcome);
            let mut reasons: Vec<_> = groups.map(|((_, why), &count)| (*why, count)).collect();
            let count = reasons.iter().map(|(_, count)| count).sum();
            if count == 0 {
                continue;
            }
            // The sort is stable, so equal counts stay in alphabetical order.
            reasons.sort_by_key(|(_, count)| std::cmp::Reverse(*count));
            let reasons = reasons.into_iter().filter_map(|(why, count)| {
                let code = why?;
                Some(format!("{code} {}", grouped(count)))
            });
            let mut reasons: Vec<String> = reasons.collect();
            if outcome == "unsupported" {
                reasons.push(kinds_text(&self.unsupported, self.format));
            }
            let words = format!("{outcome}  {}", reasons.join(", "));
            lines.push(row(count, words.trim_end().to_owned()));
        }
        let all: u64 = self.groups.values().sum();
        let shown = match self.shown == all {
            true => String::new(),
            false => format!("  {} shown", grouped(self.shown)),
        };
        let noun = if all == 1 { "line" } else { "lines" };
        lines.push(row(all, format!("{noun}{shown}")));
        lines
    }
}
