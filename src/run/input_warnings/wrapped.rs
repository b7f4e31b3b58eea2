//! Events that are not at the top of the JSON of their lines, and the options or the command that reads all of them.

use std::borrow::Cow;
use std::cmp::Reverse;

use super::remedy::Remedy::{self, Options, Other, Pipe};
use super::remedy::{options, pipe};
use crate::convert::Suspects;
use crate::text::shell_word;
use crate::tracking::{LineKind, TEXT_OF_BYTES, WITHOUT_PREFIX, jq_filter_of};

/// The ways to the events of an input that the run did not read.
pub struct Wrapped<'a> {
    /// The different kinds of lines with such events, the most frequent first.
    kinds: Vec<&'a LineKind>,
    /// The key of `--unwrap`, if lines with an event at this key were read, too.
    also_at: Option<&'a str>,
    /// Whether lines are events, and not wrapped.
    has_plain: bool,
    /// Whether lines are not JSON, and would stop jq.
    is_mixed: bool,
    /// About how many lines have such events.
    pub lines: u64,
}

impl<'a> Wrapped<'a> {
    /// Finds such events. `unwraps` is the key of `--unwrap`. Returns `None` if the first lines have none.
    pub fn find(suspects: &'a Suspects, unwraps: Option<&'a str>) -> Option<Self> {
        let samples = || suspects.samples().map(|sample| &sample.kind);
        let is_unread =
            |kind: &LineKind| kind.is_wrapped() || unwraps.is_some() && *kind == LineKind::Event;
        let mut kinds: Vec<(&LineKind, usize)> = Vec::new();
        for kind in samples().filter(|kind| kind.is_wrapped()) {
            match kinds.iter_mut().find(|(other, _)| *other == kind) {
                Some((_, count)) => *count += 1,
                None => kinds.push((kind, 1)),
            }
        }
        kinds.sort_by_key(|&(_, count)| Reverse(count));
        let promising = || suspects.promising.first().iter();
        let has_event = !suspects.has_no_event();
        let has_plain = match unwraps {
            Some(_) => promising().any(|sample| sample.kind == LineKind::Event),
            None => has_event,
        };
        let groups = [&suspects.parsed, &suspects.promising, &suspects.others];
        let lines = groups
            .iter()
            .map(|group| group.count(is_unread))
            .sum::<u64>()
            + suspects.nested.count(LineKind::is_wrapped);
        let is_found = !kinds.is_empty() || unwraps.is_some() && has_plain;
        is_found.then(|| Self {
            kinds: kinds.into_iter().map(|(kind, _)| kind).collect(),
            also_at: unwraps.filter(|_| has_event),
            has_plain,
            is_mixed: samples().any(|kind| !kind.is_json()),
            lines,
        })
    }

    /// Returns a statement that says where the events are, with "the" or "their" before them; and the remedy.
    /// `is_log` tells whether the input has lines.
    pub fn cause(&self, article: &str, is_log: bool) -> (Cow<'static, str>, Remedy) {
        let at = |kind: &LineKind| match kind {
            LineKind::WrappedAt(key) => format!("the key `{key}`"),
            LineKind::FoundByJq(filter) => format!("`{filter}`"),
            _ => String::new(),
        };
        let (cause, remedy) = match (self.kinds.as_slice(), self.also_at) {
            ([], None) => {
                let remedy = options("remove `--unwrap`");
                return ("its lines are not wrapped".into(), remedy);
            }
            ([], Some(_)) => ("they are not wrapped".to_owned(), self.by_jq(is_log)),
            ([LineKind::WrappedAt(key)], None) if !self.has_plain => {
                let option = format!("read them with `--unwrap {}`", shell_word(key));
                (
                    format!("{article} events are at {}", at(self.kinds[0])),
                    Options(option),
                )
            }
            ([LineKind::FoundByJq(filter)], None) if filter == "." && !self.has_plain => {
                return ("its lines are events as JSON texts".into(), pipe("jq -r ."));
            }
            (kinds, _) => {
                let places: Vec<String> = kinds.iter().map(|kind| at(kind)).collect();
                let cause = format!("{article} events are at {}", places.join(" and at "));
                (cause, self.by_jq(is_log))
            }
        };
        (cause.into(), remedy)
    }

    /// Returns whether the remedy replaces `--unwrap`.
    pub fn needs_jq(&self) -> bool {
        let is_option = |kind: &&LineKind| matches!(kind, LineKind::WrappedAt(_));
        let one_option = self.kinds.len() == 1 && self.kinds.iter().all(is_option);
        !self.kinds.is_empty() && !one_option || self.has_plain && self.also_at.is_some()
    }

    /// Returns the command of jq that reads the events at all of their keys.
    fn by_jq(&self, is_log: bool) -> Remedy {
        let ways = self.kinds.iter().filter_map(|kind| way_to(kind));
        let ways = ways.map(|way| match self.has_plain && is_payload(&way) {
            true => format!("{} | {way}", selection_of(&way)),
            false => way,
        });
        let mut ways: Vec<String> = ways.collect();
        ways.extend(self.also_at.map(jq_filter_of));
        let with_prefix = format!("{WITHOUT_PREFIX} | fromjson | ");
        let has_prefix = ways.iter().any(|way| way.starts_with(&with_prefix));
        let ways = ways
            .iter()
            .map(|way| way.strip_prefix(&with_prefix).unwrap_or(way));
        let ways: Vec<&str> = without_covered(ways.collect());
        let found = match ways.as_slice() {
            [way] if !self.has_plain => (*way).to_owned(),
            ways if self.has_plain => any_of(ways),
            ways => format!("({}) // empty", any_of(ways)),
        };
        if found.contains(TEXT_OF_BYTES) {
            return Other(
                "convert them first, as *Lines in other forms* in the guide shows for arrays of bytes",
            );
        }
        // By itself, jq stops at the first line that is not JSON, and containers log such lines, too.
        let decoded = match has_prefix {
            true => format!("{WITHOUT_PREFIX} | fromjson?"),
            false => "fromjson?".to_owned(),
        };
        let (options, filter) = if self.has_plain {
            ("-cRr", format!("({decoded} | {found}) // ."))
        } else if has_prefix || self.is_mixed && is_log {
            ("-cRr", format!("{decoded} | {found}"))
        } else {
            ("-cr", found)
        };
        Pipe(format!("jq {options} {}", shell_word(&filter)))
    }
}

/// Returns the filter of jq that takes lines with an event at the first key of this filter, and no events with data of
/// their own at the key. The object around an event may have other keys of events, too.
fn selection_of(way: &str) -> String {
    let key = way.split([' ', '[']).next().unwrap_or(way);
    format!(
        r#"select((.event_type // .event_source // .context) == null or ({key} | tostring | contains("event_source")))"#
    )
}

/// Returns whether a filter of jq begins with a key at which events have their own data.
fn is_payload(way: &str) -> bool {
    let key = way.split(['.', ' ', '[']).nth(1);
    matches!(key, Some("event" | "data"))
}

/// Returns the filter of jq that finds the event in a line of this kind.
fn way_to(kind: &LineKind) -> Option<String> {
    match kind {
        LineKind::WrappedAt(key) => Some(jq_filter_of(key)),
        LineKind::FoundByJq(filter) => Some(filter.clone()),
        _ => None,
    }
}

/// Removes the ways to a text if another way also takes this text, or an array of its bytes.
fn without_covered(mut ways: Vec<&str>) -> Vec<&str> {
    ways.dedup();
    let covering: Vec<&str> = ways
        .iter()
        .filter_map(|way| way.strip_suffix(TEXT_OF_BYTES)?.strip_suffix(" | "))
        .collect();
    ways.retain(|way| !covering.contains(way));
    ways
}

/// Returns a filter of jq that takes each value at these ways. If one way goes on where another ends, the shorter way is
/// taken only where the longer one finds nothing.
fn any_of(ways: &[&str]) -> String {
    let mut ways: Vec<&str> = ways.to_vec();
    ways.sort_by_key(|way| Reverse(way.len()));
    let mut groups: Vec<Vec<&str>> = Vec::new();
    for way in ways {
        let goes_on = |longer: &&str| {
            let rest = longer.strip_prefix(way);
            rest.is_some_and(|rest| rest.starts_with(['.', ' ', '[']))
        };
        match groups.iter_mut().find(|group| group.iter().any(goes_on)) {
            Some(group) => group.push(way),
            None => groups.push(vec![way]),
        }
    }
    let quiet = |way: &&str| match *way {
        "." => "strings".to_owned(),
        way if way[1..].contains(['.', ' ', '[']) || !way.starts_with('.') => format!("({way})?"),
        way => format!("{way}?"),
    };
    let groups = groups.iter().map(|group| {
        let group: Vec<String> = group.iter().map(quiet).collect();
        group.join(" // ")
    });
    groups.collect::<Vec<_>>().join(", ")
}
