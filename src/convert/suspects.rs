//! The lines of an input that are probably no events, noted to find out why an input has no event.

use std::collections::BTreeMap;

use super::pieces::Pieces;
use super::samples::{FirstLine, Sample, Samples};
use crate::input::{ForeignData, Line, LineContent};
use crate::outcome::{Framing, Outcome};
use crate::tracking::{LineKind, LineWrapper, is_json_sequence, may_hold_event};

/// The lines of an input, or of a part of it, that are probably no events.
#[derive(Clone, Debug, Default)]
pub struct Suspects {
    /// Whether a line is an event with a known name.
    pub has_known_event: bool,
    /// The lines that cannot be read because of their framing.
    pub framed: BTreeMap<Framing, Framed>,
    /// The lines that are pieces of objects.
    pub pieces: Pieces,
    /// Lines that were parsed as events without a known name, as long as no line is known to be an event.
    pub parsed: Samples,
    /// Unparsable lines that may hold an event. Beside them, requests and other lines may be far more frequent.
    pub promising: Samples,
    /// The other unparsable lines of the first batch.
    pub others: Samples,
    /// Data that is no log. The lines from there on are not converted.
    pub foreign: Option<ForeignData>,
}

/// The lines that cannot be read because of one kind of framing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Framed {
    pub lines: u64,
    pub first: FirstLine,
    /// Whether each of the lines is JSON, one value after the other.
    pub are_json: bool,
}

impl Suspects {
    /// Notes a line that is unparsable, or whose event has no name or an unknown name. `is_first` tells whether the line is
    /// in the first batch of its input.
    #[cold]
    pub fn note(
        &mut self,
        line: Line<'_>,
        name: Option<&str>,
        outcome: &Outcome,
        wrapper: &LineWrapper,
        is_first: bool,
    ) {
        let (number, content) = (line.number, line.content);
        let Outcome::Unparsable(fault) = outcome else {
            if self.has_no_event()
                && let LineContent::Whole(text) = content
            {
                self.parsed.note(|| parsed(text, name, number, wrapper));
            }
            return;
        };
        let first_line = || FirstLine {
            number,
            detail: fault.detail.to_string(),
        };
        self.pieces.note(line);
        if let (Some(framing), LineContent::Whole(text)) = (fault.framing, content) {
            let framed = Framed {
                lines: 1,
                first: first_line(),
                are_json: is_json_sequence(text),
            };
            self.add_framed(framing, framed);
        }
        let sample = |kind| Sample {
            kind,
            line: first_line(),
        };
        match content {
            LineContent::Whole(text) if may_hold_event(text) => {
                let promising = &mut self.promising;
                promising.note(|| sample(LineKind::of(text, wrapper)));
            }
            LineContent::Whole(text) if is_first => {
                self.others.note(|| sample(LineKind::of(text, wrapper)));
            }
            LineContent::TooLong { .. } if is_first => {
                self.others.note(|| sample(LineKind::TooLong));
            }
            _ => {}
        }
    }

    /// Adds the lines of a later part of the input.
    pub fn add(&mut self, later: Self) {
        self.has_known_event |= later.has_known_event;
        self.pieces.add(later.pieces);
        for (framing, framed) in later.framed {
            self.add_framed(framing, framed);
        }
        self.parsed.add(later.parsed);
        self.promising.add(later.promising);
        self.others.add(later.others);
        self.foreign = self.foreign.or(later.foreign);
    }

    fn add_framed(&mut self, framing: Framing, later: Framed) {
        let (lines, are_json) = (later.lines, later.are_json);
        let and_modify = |earlier: &mut Framed| {
            earlier.lines += lines;
            earlier.are_json &= are_json;
        };
        let framed = self.framed.entry(framing);
        framed.and_modify(and_modify).or_insert(later);
    }

    /// Returns whether no line is an event, as far as lines without a known name were examined.
    pub fn has_no_event(&self) -> bool {
        let mut parsed = self.parsed.first().iter();
        !self.has_known_event && !parsed.any(|sample| sample.kind == LineKind::Event)
    }

    /// Returns the lines whose kinds were guessed: first those that may hold an event, then the others.
    pub fn samples(&self) -> impl DoubleEndedIterator<Item = &Sample> {
        self.with_keys().chain(self.others.first())
    }

    /// Returns the lines whose kinds were guessed and that may hold an event.
    pub fn with_keys(&self) -> impl DoubleEndedIterator<Item = &Sample> {
        let parsed = self.parsed.first().iter();
        parsed.chain(self.promising.first())
    }
}

/// Examines whether a line that parsed as an event is one. Its fields may show that it is the JSON of another program.
fn parsed(text: &[u8], name: Option<&str>, number: u64, wrapper: &LineWrapper) -> Sample {
    let kind = match LineKind::of(text, wrapper) {
        // Events of other programs may have a name and no other field that all tracking events have.
        kind if name.is_some() && !kind.is_wrapped() => LineKind::Event,
        kind => kind,
    };
    let detail = String::new();
    Sample {
        kind,
        line: FirstLine { number, detail },
    }
}
