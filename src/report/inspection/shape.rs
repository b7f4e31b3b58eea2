//! The counts of an inspection, without logic. Their JSON is what `inspect --json` writes.

use std::collections::BTreeMap;

use serde::Serialize;

use crate::convert::Support;

/// The contents of logs, by count. Lists are in the order in which they are shown.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Inspection {
    pub files: Files,
    pub lines: Lines,
    /// The UTC times of the first and the last event, such as `2024-03-05T09:14:07Z`.
    pub first_time: Option<String>,
    pub last_time: Option<String>,
    /// The events whose time is absent or cannot be read. They belong to no day.
    pub events_without_time: u64,
    /// The events by name, most frequent first. The counts, and the count of `other_events`, add up to `lines.events`.
    pub events: Vec<EventCount>,
    /// The events whose names are not listed.
    pub other_events: OtherNames,
    /// The days, in UTC, that have an event, in order.
    pub days: Vec<Day>,
    /// The events of days that are not listed, because a log with more days than the limit has no more of them counted.
    pub events_of_other_days: u64,
    /// The days between the first and the last listed day that have no event, in order, without those of `long_gaps`.
    pub missing_days: Vec<MissingDays>,
    /// The gaps of more than a year, in order. The times on one side may be wrong.
    pub long_gaps: Vec<MissingDays>,
    pub courses: Top,
    pub organizations: Top,
    pub users: DistinctCount,
    pub sessions: DistinctCount,
    /// The unparsable lines by reason, most frequent first. The counts add up to `lines.unparsable`.
    pub unparsable: Vec<UnparsableCount>,
    pub form: Form,
    pub tables: Tables,
    pub recommended: Recommended,
}

/// The inputs and their sizes.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Files {
    pub inputs: u64,
    /// The inputs that could not be found, opened, or read to their end.
    pub failed: u64,
    /// The bytes that were read, as they are stored.
    pub stored_bytes: u64,
    /// The bytes after decompression.
    pub unpacked_bytes: u64,
}

/// The lines: `all` is the sum of `events` and `unparsable`.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Lines {
    /// The lines that are not blank. A line that holds several events counts as several lines, and an event over several
    /// lines counts as one.
    pub all: u64,
    pub events: u64,
    pub unparsable: u64,
}

/// The events of one name, or of one kind that has no name.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct EventCount {
    pub kind: NameKind,
    /// The name of the event. For events that are not [`Named`](NameKind::Named), a text such as `(requests)`.
    pub name: String,
    pub count: u64,
    /// The part of all events, from 0 to 1.
    pub share: f64,
    /// The family of an event that is converted, such as `video`.
    pub family: Option<&'static str>,
    pub xapi: Support,
    pub caliper: Support,
}

/// The kind of the events that are counted as one.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum NameKind {
    #[default]
    Named,
    /// Implicit events: the name is the path of a request.
    Requests,
    /// Events without a name.
    Nameless,
}

/// The events whose names are not listed.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct OtherNames {
    /// The number of different names, or the least number that is known.
    pub names: u64,
    /// Whether there may be more names, because not all were kept.
    pub may_be_more: bool,
    pub count: u64,
}

/// A day with events.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Day {
    /// The date, such as `2024-03-05`.
    pub date: String,
    pub events: u64,
    /// The events by family. The events of no family are at the key `other`. The counts add up to `events`.
    pub families: BTreeMap<&'static str, u64>,
}

/// Consecutive days without an event.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct MissingDays {
    pub from: String,
    pub to: String,
    pub days: u64,
}

impl MissingDays {
    /// Returns whether the days are more than a year. A clock with a wrong time makes longer gaps than a lost log.
    pub fn is_long(&self) -> bool {
        self.days > 366
    }
}

/// The most frequent values of a field, such as courses.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Top {
    /// The number of different values.
    pub count: u64,
    /// Whether `count` is estimated, because there are more values than are counted exactly.
    pub is_estimate: bool,
    /// The most frequent values, most frequent first.
    pub top: Vec<TopRow>,
    /// The events with a value that is not listed in `top`.
    pub other_events: u64,
}

/// A value and the number of its events.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct TopRow {
    pub id: String,
    pub count: u64,
}

/// A number of different values.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct DistinctCount {
    pub count: u64,
    /// Whether `count` is estimated, because there are more values than are counted exactly.
    pub is_estimate: bool,
}

/// The unparsable lines of one reason.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct UnparsableCount {
    /// The reason code, as in the report.
    pub reason: &'static str,
    pub count: u64,
    /// The first line, such as `tracking.log:7`.
    pub first: String,
}

/// How the lines look.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Form {
    /// The events that follow the prefix of a logger on their line.
    pub prefixed_events: u64,
    /// The events in a JSON object that a log driver put around the line, which `--unwrap` reads.
    pub unwrapped_events: u64,
    /// The events that share their line with others, or extend over several lines.
    pub events_off_lines: u64,
    /// The events that more repairs would convert, by repair.
    pub repairs: Vec<RepairCount>,
}

/// A repair and the number of events that need it.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct RepairCount {
    pub name: &'static str,
    pub events: u64,
}

/// The tables that were given, compared with the events.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Tables {
    /// `None` without a table of users.
    pub users: Option<Table>,
    /// `None` without a table of courses.
    pub courses: Option<Table>,
}

/// A table, compared with the events.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Table {
    /// The events whose user or course the table lacks.
    pub lacking_events: u64,
    /// The number of users or courses that the table lacks.
    pub lacking: DistinctCount,
    /// The first of these users or courses, in the order of the input.
    pub first: Vec<String>,
}

/// The command that converts the inputs.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Recommended {
    /// The command, in one line, as a shell reads it. Empty if `transform` would convert no line.
    pub command: String,
    /// The parts of the command: each input, and each option with its value.
    #[serde(skip)]
    pub parts: Vec<String>,
    /// Sentences about values in the command that the log cannot tell, such as the root URL.
    pub notes: Vec<String>,
    /// The events and lines that the command would not convert.
    pub leaves_out: Vec<LeftOutRow>,
}

/// Events or lines that a command does not convert.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct LeftOutRow {
    pub what: String,
    pub count: u64,
}
