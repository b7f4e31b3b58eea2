//! The lines of an input that are probably no events, noted to find out why an input has no event.

use std::collections::BTreeMap;

use super::pieces::Pieces;
use crate::input::{ForeignData, Line, LineContent};
use crate::outcome::{Framing, Outcome};
use crate::tracking::{LineKind, LineWrapper};

/// The number of lines whose kinds are guessed, among the first lines of an input.
const SAMPLES: usize = 100;

/// The lines of an input, or of a part of it, that are probably no events.
#[derive(Clone, Debug, Default)]
pub struct Suspects {
    /// Whether at least one line is an event.
    pub has_event: bool,
    /// Whether lines have the form of an event without a known name, and were not examined.
    has_unexamined: bool,
    /// Whether lines have the form of an event without a known name, and are none.
    has_lookalike: bool,
    /// The lines that cannot be read because of their framing.
    pub framed: BTreeMap<Framing, Framed>,
    /// The lines that are pieces of objects.
    pub pieces: Pieces,
    /// The guessed kinds of the first lines that are no events.
    pub kinds: Vec<LineKind>,
    /// The first line among `kinds` that is a damaged event.
    pub damaged: Option<FirstLine>,
    /// Data that is no log. The lines from there on are not converted.
    pub foreign: Option<ForeignData>,
}

/// The lines that cannot be read because of one kind of framing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Framed {
    pub lines: u64,
    pub first: FirstLine,
}

/// The first of several lines with the same fault.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FirstLine {
    /// The number of the line in the input, from 1.
    pub number: u64,
    /// The detail of the fault.
    pub detail: String,
}

impl Suspects {
    /// Notes a line that is unparsable, or whose event has no name or an unknown name. Guesses the kind of the line only
    /// if `is_first`, which means that the line is in the first batch of its input.
    #[cold]
    pub fn note(
        &mut self,
        line: Line<'_>,
        name: Option<&str>,
        outcome: &Outcome,
        wrapper: &LineWrapper,
        is_first: bool,
    ) {
        let fault = match outcome {
            Outcome::Unparsable(fault) => Some(fault),
            _ => None,
        };
        let first_line = || FirstLine {
            number: line.number,
            detail: fault.map_or_else(String::new, |fault| fault.detail.to_string()),
        };
        if fault.is_some() {
            self.pieces.note(line);
        }
        if let Some(framing) = fault.and_then(|fault| fault.framing) {
            let framed = self.framed.entry(framing).or_insert_with(|| Framed {
                lines: 0,
                first: first_line(),
            });
            framed.lines += 1;
        }
        if !is_first || self.kinds.len() >= SAMPLES {
            self.has_unexamined |= fault.is_none();
            return;
        }
        let kind = match line.content {
            LineContent::Whole(text) => LineKind::of(text, wrapper),
            LineContent::TooLong { .. } => LineKind::TooLong,
            LineContent::Truncated(_) => return,
        };
        if fault.is_none() {
            // Events of other programs may have a name and no other field that all tracking events have.
            let is_event = kind == LineKind::Event || name.is_some() && !kind.is_wrapped();
            self.has_event |= is_event;
            self.has_lookalike |= !is_event;
        } else if kind == LineKind::Damaged {
            self.damaged.get_or_insert_with(first_line);
        }
        self.kinds.push(kind);
    }

    /// Adds the lines of a later part of the input.
    pub fn add(&mut self, later: Self) {
        self.has_event |= later.has_event;
        self.pieces.add(later.pieces);
        self.has_unexamined |= later.has_unexamined;
        self.has_lookalike |= later.has_lookalike;
        for (framing, framed) in later.framed {
            let lines = framed.lines;
            self.framed
                .entry(framing)
                .and_modify(|earlier| earlier.lines += lines)
                .or_insert(framed);
        }
        let missing = SAMPLES.saturating_sub(self.kinds.len());
        self.kinds.extend(later.kinds.into_iter().take(missing));
        self.damaged = self.damaged.take().or(later.damaged);
        self.foreign = self.foreign.or(later.foreign);
    }

    /// Returns whether no line is an event. Lines that were not examined count as events, unless all examined lines of
    /// their form are none.
    pub fn has_no_event(&self) -> bool {
        !self.has_event && (!self.has_unexamined || self.has_lookalike)
    }
}
