//! The lines of an input that are probably no events, noted to find out why an input has no event.

use std::collections::BTreeMap;

use super::pieces::Pieces;
use super::samples::{FirstLine, Sample, Samples};
use crate::input::{ForeignData, Line, LineContent};
use crate::outcome::{Fault, Flaw, Outcome, Reason};
use crate::tracking::{
    LineKind, LineWrapper, Piece, encoding_of, first_piece, has_marker, has_nested_event,
    has_source_and_context, is_json_sequence, may_hold_event, was_event,
};

/// The lines of an input, or of a part of it, that are probably no events.
#[derive(Clone, Debug, Default)]
pub struct Suspects {
    /// Whether a line is an event with a known name.
    pub has_known_event: bool,
    /// The lines that cannot be read because of a flaw.
    pub flawed: BTreeMap<Flaw, Flawed>,
    /// The lines that are pieces of objects.
    pub pieces: Pieces,
    /// Lines that were parsed as events without a known name, as long as no line is known to be an event, and later lines
    /// that have neither a name nor an `event_type`.
    pub parsed: Samples,
    /// Lines that were parsed as events without a known name, and seem to hold an event at one of their keys. Only lines
    /// after an event that is known are noted here.
    pub nested: Samples,
    /// The number of events that have neither a name nor an `event_type`.
    pub nameless: u64,
    /// Unparsable lines that may hold an event. Beside them, requests and other lines may be far more frequent.
    pub promising: Samples,
    /// The other unparsable lines of the first batch.
    pub others: Samples,
    /// Data that is no log. The lines from there on are not converted.
    pub foreign: Option<ForeignData>,
}

/// The lines that cannot be read because of one flaw.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Flawed {
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
            if self.has_no_event() {
                self.note_parsed(line, name, wrapper);
            }
            return;
        };
        let first_line = || FirstLine {
            number,
            byte: line.byte_number(),
            detail: fault.detail.to_string(),
        };
        self.pieces.note(line);
        let is_promising = matches!(content, LineContent::Whole(text) if is_promising(text));
        if let LineContent::Whole(text) = content
            && let Some(flaw) = flaw_of(fault, text)
            && (is_promising || is_framing(flaw))
        {
            let flawed = Flawed {
                lines: 1,
                first: first_line(),
                are_json: flaw == Flaw::RunTogether && is_json_sequence(text),
            };
            self.add_flawed(flaw, flawed);
        }
        let sample = |kind| Sample {
            kind,
            line: first_line(),
        };
        if is_promising
            && let LineContent::Whole(text) = content
            && let Some(flaw) = unnamed_flaw(fault, text)
        {
            let (first, are_json) = (first_line(), false);
            let flawed = Flawed {
                lines: 1,
                first,
                are_json,
            };
            self.add_flawed(flaw, flawed);
        }
        match content {
            LineContent::Whole(text) if is_promising => {
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

    /// Notes a line that was parsed as an event without a known name.
    #[cold]
    pub fn note_parsed(&mut self, line: Line<'_>, name: Option<&str>, wrapper: &LineWrapper) {
        if let LineContent::Whole(text) = line.content {
            self.parsed
                .note(|| parsed(text, name, line.number, wrapper));
        }
    }

    /// Notes a line that was parsed as an event without a known name, if the line may wrap an event. The search for a key of
    /// events is cheap, since healthy logs have many events with other names.
    pub fn note_nested(&mut self, line: Line<'_>, name: Option<&str>, wrapper: &LineWrapper) {
        if let (LineContent::Whole(text), LineWrapper::None) = (line.content, wrapper)
            && has_nested_event(text)
        {
            self.nested
                .note(|| parsed(text, name, line.number, wrapper));
        }
    }

    /// Notes a line that was parsed as an event with neither a name nor an `event_type`.
    #[cold]
    pub fn note_nameless(&mut self, line: Line<'_>, wrapper: &LineWrapper) {
        self.note_parsed(line, None, wrapper);
        if let LineContent::Whole(text) = line.content {
            let is_wrapped = matches!(wrapper, LineWrapper::None) && has_nested_event(text);
            self.nameless += u64::from(!is_wrapped && has_source_and_context(text));
        }
    }

    /// Adds the lines of a later part of the input.
    pub fn add(&mut self, later: Self) {
        self.has_known_event |= later.has_known_event;
        self.pieces.add(later.pieces);
        for (flaw, flawed) in later.flawed {
            self.add_flawed(flaw, flawed);
        }
        self.parsed.add(later.parsed);
        self.nested.add(later.nested);
        self.nameless += later.nameless;
        self.promising.add(later.promising);
        self.others.add(later.others);
        self.foreign = self.foreign.or(later.foreign);
    }

    fn add_flawed(&mut self, flaw: Flaw, later: Flawed) {
        let (lines, are_json) = (later.lines, later.are_json);
        let and_modify = |earlier: &mut Flawed| {
            earlier.lines += lines;
            earlier.are_json &= are_json;
        };
        let flawed = self.flawed.entry(flaw);
        flawed.and_modify(and_modify).or_insert(later);
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
        let of_events = parsed.chain(self.nested.first());
        of_events.chain(self.promising.first())
    }
}

/// Returns whether an unparsable line may hold an event, or may have held one.
fn is_promising(line: &[u8]) -> bool {
    may_hold_event(line) || has_marker(line) || encoding(line).is_some()
}

/// Returns the flaw of an unparsable line, if it is known. A line in base64 may count as a line of another program.
fn flaw_of(fault: &Fault, line: &[u8]) -> Option<Flaw> {
    let is_piece = |line| std::str::from_utf8(line).is_ok_and(|text| Piece::of(text).is_some());
    let flaw = fault.flaw;
    // An object that is laid out over several lines is not cut off.
    let flaw = flaw.filter(|flaw| *flaw != Flaw::CutOff || !is_piece(line));
    first_piece(line).or(flaw).or_else(|| encoding(line))
}

/// Returns the flaw of a line that was most likely an event, if no other flaw is known.
fn unnamed_flaw(fault: &Fault, line: &[u8]) -> Option<Flaw> {
    if fault.reason == Reason::NotTracking || flaw_of(fault, line).is_some() || !was_event(line) {
        return None;
    }
    Some(match fault.reason {
        Reason::NoEvent | Reason::NotWrapped => Flaw::WithoutEvent,
        _ => Flaw::Other,
    })
}

fn encoding(line: &[u8]) -> Option<Flaw> {
    std::str::from_utf8(line).ok().and_then(encoding_of)
}

/// Returns whether lines with this flaw count also if they have no key of events.
fn is_framing(flaw: Flaw) -> bool {
    matches!(
        flaw,
        Flaw::RunTogether | Flaw::Array | Flaw::ArrayBracket | Flaw::DoubledBackslashes
    )
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
        line: FirstLine {
            number,
            byte: None,
            detail,
        },
    }
}
