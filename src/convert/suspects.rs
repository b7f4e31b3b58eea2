//! The lines of an input that are probably no events, noted to find out why an input has no event.

use std::collections::BTreeMap;

use crate::input::{Line, LineContent};
use crate::outcome::{Framing, Outcome};
use crate::tracking::LineKind;

/// The number of lines whose kinds are guessed, among the first lines of an input.
const SAMPLES: usize = 100;

/// The lines of an input, or of a part of it, that are probably no events.
#[derive(Clone, Debug, Default)]
pub struct Suspects {
    /// Whether at least one line is an event with a name, or an event of an old log.
    pub has_event: bool,
    /// The number of lines that have the form of an event but no name.
    pub nameless: u64,
    /// The lines that cannot be read because of their framing.
    pub framed: BTreeMap<Framing, Framed>,
    /// The guessed kinds of the first lines that are unparsable or have no name.
    pub kinds: Vec<LineKind>,
    /// Whether a line without a name is among `kinds`.
    pub knows_nameless: bool,
}

/// The lines that cannot be read because of one kind of framing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Framed {
    pub lines: u64,
    /// The number of the first of these lines in the input, from 1.
    pub first_line: u64,
    /// The detail of the first of these lines.
    pub detail: String,
}

impl Suspects {
    /// Notes a line that is unparsable or has no name. Guesses the kind of the line only if `is_first`, which means that
    /// the line is in the first batch of its input.
    #[cold]
    pub fn note(&mut self, line: Line<'_>, outcome: &Outcome, is_first: bool) {
        let is_nameless = !matches!(outcome, Outcome::Unparsable(_));
        self.nameless += u64::from(is_nameless);
        if let Outcome::Unparsable(fault) = outcome
            && let Some(framing) = fault.framing
        {
            let framed = self.framed.entry(framing).or_insert_with(|| Framed {
                lines: 0,
                first_line: line.number,
                detail: fault.detail.to_string(),
            });
            framed.lines += 1;
        }
        if is_first && self.kinds.len() < SAMPLES {
            let kind = match line.content {
                LineContent::Whole(text) => LineKind::of(text),
                LineContent::TooLong { .. } => LineKind::TooLong,
                LineContent::Truncated(_) => return,
            };
            self.has_event |= is_nameless && kind == LineKind::Event;
            self.knows_nameless |= is_nameless;
            self.kinds.push(kind);
        }
    }

    /// Adds the lines of a later part of the input.
    pub fn add(&mut self, later: Self) {
        self.has_event |= later.has_event;
        self.nameless += later.nameless;
        self.knows_nameless |= later.knows_nameless;
        for (framing, framed) in later.framed {
            let lines = framed.lines;
            self.framed
                .entry(framing)
                .and_modify(|earlier| earlier.lines += lines)
                .or_insert(framed);
        }
        let missing = SAMPLES.saturating_sub(self.kinds.len());
        self.kinds.extend(later.kinds.into_iter().take(missing));
    }

    /// Returns whether no line is an event. Lines without a name count as events unless one of them was examined and is
    /// none, since all events of old logs lack a name.
    pub fn has_no_event(&self) -> bool {
        !self.has_event && (self.nameless == 0 || self.knows_nameless)
    }
}
