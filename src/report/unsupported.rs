//! The unsupported events of a run, as text and as JSON.

use serde::Serialize;

use crate::outcome::{MAX_TEXTS, UnsupportedEvents};
use crate::text::{grouped, noun, plural};

/// The number of names that a verbose summary lists.
const LISTED_NAMES: usize = 5;

/// Returns the number of unsupported events of each kind, such as `33 with other names (7 kinds), 120 requests`.
pub fn kinds_text(events: &UnsupportedEvents) -> String {
    let kinds = match events.kinds() {
        kinds if kinds > MAX_TEXTS => format!("more than {} kinds", grouped(MAX_TEXTS as u64)),
        kinds => format!("{kinds} kind{}", plural(kinds as u64)),
    };
    let unnamed = match events.named_by_type {
        0 => "without a name".to_owned(),
        count => format!(
            "without a name (`--name-from-event-type` would name {})",
            grouped(count)
        ),
    };
    let parts = [
        (events.named, format!("with other names ({kinds})")),
        (
            events.implicit,
            noun(events.implicit, "requests").to_owned(),
        ),
        (events.unnamed, unnamed),
    ];
    let parts = parts.into_iter().filter(|(count, _)| *count > 0);
    let parts: Vec<String> = parts
        .map(|(count, what)| format!("{} {what}", grouped(count)))
        .collect();
    parts.join(", ")
}

/// Returns a line for each of the most frequent names. Only names that are counted are compared.
pub fn most_frequent_names(events: &UnsupportedEvents) -> String {
    let names = events.most_frequent(LISTED_NAMES).into_iter();
    names
        .map(|(name, count)| format!("{:>19} × {}\n", grouped(count), name.replace('\n', "\\n")))
        .collect()
}

/// The unsupported events of a run or an input, for the JSON report.
#[derive(Serialize)]
pub struct UnsupportedJson {
    named: u64,
    implicit: u64,
    without_name: u64,
    named_by_type: u64,
}

impl UnsupportedJson {
    pub fn new(events: &UnsupportedEvents) -> Self {
        Self {
            named: events.named,
            implicit: events.implicit,
            without_name: events.unnamed,
            named_by_type: events.named_by_type,
        }
    }
}
