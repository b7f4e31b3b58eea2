//! The unsupported events of a run, as text and as JSON.

use serde::Serialize;

use crate::convert::is_converted;
use crate::format::Format;
use crate::outcome::{MAX_TEXTS, UnsupportedEvents};
use crate::text::{counted, grouped, noun};

/// The number of names that a verbose summary lists.
const LISTED_NAMES: usize = 5;

/// Returns the number of unsupported events of each kind, such as `33 that xAPI does not take (7 kinds), 120 requests`. The
/// number of different names is left out if the names are not counted.
pub fn kinds_text(events: &UnsupportedEvents, format: Format) -> String {
    let kinds = match events.kinds() {
        0 => String::new(),
        kinds if kinds > MAX_TEXTS => format!(" (more than {} kinds)", grouped(MAX_TEXTS as u64)),
        kinds => {
            let names = events.most_frequent(kinds).into_iter();
            let others = names
                .filter(|(name, _)| !is_converted(name, format))
                .count();
            format!(" ({})", counted(others as u64, "kind", "kinds"))
        }
    };
    let others = format!("that {} does not take{kinds}", format.title());
    let unnamed = match events.named_by_type {
        0 => "without a name".to_owned(),
        count => format!(
            "without a name (`--name-from-event-type` would name {})",
            grouped(count)
        ),
    };
    let parts = [
        (events.named - events.known, others),
        (events.known, "only with `--events all`".to_owned()),
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
