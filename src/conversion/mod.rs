//! One line → its outcome and its output: a function of the line, the options and the lookup tables, and of nothing
//! else.
//!
//! | file | what it knows |
//! |---|---|
//! | `batch` | what comes of a batch of lines |

mod batch;

use std::io::{self, Write};

use bumpalo::Bump;
use jiff::civil::DateTime;
use serde::Serialize;
use uuid::Uuid;

pub(crate) use batch::{BatchConverter, Converted};

use crate::caliper::{self, CaliperSettings, Envelope, Event};
use crate::filter::EventFilter;
use crate::input::LineContent;
use crate::json;
use crate::lms::Lms;
use crate::outcome::{Fault, FilteredBy, Outcome, Reason, Unsupported};
use crate::routing::{RouterSet, Routers};
use crate::selection::{EventSelection, Selected};
use crate::tracking::{LineWrapper, TrackingEvent};
use crate::xapi::{self, Statement, XapiSettings};

/// Everything that a conversion depends on beside the line.
pub struct Converter {
    /// What is around each line.
    pub wrapping: LineWrapper,
    /// What events become.
    pub format: Format,
    /// Which events are taken.
    pub selection: EventSelection,
    /// Which of them are left out again.
    pub filter: EventFilter,
    /// The routers of which one must accept an event, if there are any.
    pub routers: Option<Routers>,
    /// The lookup tables.
    pub lms: Lms,
    /// Take `event_type` for a name where there is none.
    pub name_from_event_type: bool,
}

/// A format, with all that is particular to it.
pub enum Format {
    /// xAPI statements.
    Xapi(XapiSettings),
    /// Caliper events, each in an envelope unless there is none.
    Caliper(CaliperSettings, Option<EnvelopeSettings>),
}

/// What is on the envelopes of a run.
#[derive(Clone, Debug)]
pub struct EnvelopeSettings {
    /// Who sends them.
    pub sensor: String,
    /// When: in UTC, to the millisecond. The same for all, so that a run is a function of its options.
    pub send_time: String,
}

/// What one event may come to at the most: far more than any does, and little enough to hold one for each batch in flight.
const MAX_OUTPUT_BYTES: usize = 64 << 20;

/// How output is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Layout {
    /// One value a line.
    Lines,
    /// One indented document: the value, or an array when there are several.
    Document,
}

/// What became of a line that is not blank.
pub struct Conversion<'a> {
    /// The event's name, where the line could be parsed and has one.
    pub name: Option<&'a str>,
    /// The name's place among those that have a transformer, see [`EventSelection::known`].
    pub known: Option<usize>,
    /// The one outcome.
    pub outcome: Outcome,
    /// When the event happened, in UTC, where something was emitted that says so.
    pub time: Option<DateTime>,
    /// The values that were written: statements, or envelopes, or bare events.
    pub written: &'a [Written],
    /// The routers that accept the event; all of them when none are given.
    pub routers: RouterSet,
}

impl<'a> Conversion<'a> {
    /// A line that comes to nothing.
    fn nothing(outcome: Outcome) -> Self {
        Self {
            name: None,
            known: None,
            outcome,
            time: None,
            written: &[],
            routers: RouterSet::NONE,
        }
    }

    fn named(self, name: &'a str, known: Option<usize>) -> Self {
        Self {
            name: Some(name),
            known,
            ..self
        }
    }
}

/// A value that was written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Written {
    /// The id of the statement, or of the event in the envelope.
    pub id: Uuid,
    /// Where the value ends in the output, its newline included. The values of a document all end with it.
    pub end: usize,
}

impl Converter {
    /// Converts one line and appends what comes of it to `out`. A blank line is nothing.
    pub fn convert<'a>(
        &'a self,
        line: LineContent<'a>,
        layout: Layout,
        arena: &'a Bump,
        out: &mut Vec<u8>,
    ) -> Option<Conversion<'a>> {
        if let LineContent::Whole(line) = line
            && let Some(conversion) = self.convert_unwanted(line)
        {
            return Some(conversion);
        }
        let parsed = match line {
            LineContent::Whole(line) => self.wrapping.parse_line(line, arena),
            LineContent::Truncated(_) => Err(Fault::new(
                Reason::Truncated,
                "the input breaks off within the line",
            )),
            LineContent::TooLong { length, .. } => Err(Fault::new(
                Reason::TooLong,
                format!("the line is {length} bytes long"),
            )),
        };
        let event = match parsed {
            Ok(event) => event?,
            Err(fault) => return Some(Conversion::nothing(Outcome::Unparsable(fault))),
        };
        let Some(name) = self.name_of(&event) else {
            let outcome = Outcome::Unsupported(Unsupported::NoName);
            return Some(Conversion::nothing(outcome));
        };
        let (left_out, known) = self.left_out(name);
        let conversion = match left_out {
            Some(outcome) => Conversion::nothing(outcome),
            None => self.convert_event(name, event, layout, arena, out),
        };
        Some(conversion.named(name, known))
    }

    /// Converts an event that is not left out for its name.
    fn convert_event<'a>(
        &'a self,
        name: &'a str,
        event: TrackingEvent<'a>,
        layout: Layout,
        arena: &'a Bump,
        out: &mut Vec<u8>,
    ) -> Conversion<'a> {
        let routers = match self.accepting(&event) {
            Ok(routers) => routers,
            Err(by) => return Conversion::nothing(Outcome::Filtered(by)),
        };
        match self.transform(name, event, layout, arena, out) {
            Ok(([], _)) => Conversion::nothing(Outcome::Unsupported(Unsupported::NoTransformer)),
            Ok((written, time)) => Conversion {
                written,
                time,
                routers,
                ..Conversion::nothing(Outcome::Emitted)
            },
            Err(fault) => Conversion::nothing(Outcome::Rejected(fault)),
        }
    }

    /// What comes of a line, if its event is one that is left out for its name and that can be told without parsing.
    fn convert_unwanted<'a>(&self, line: &'a [u8]) -> Option<Conversion<'a>> {
        let name = self
            .wrapping
            .unwanted_name(line, |name| self.left_out(name).0.is_none())?;
        let (outcome, known) = self.left_out(name);
        outcome.map(|outcome| Conversion::nothing(outcome).named(name, known))
    }

    /// What becomes of an event with this name whatever else it holds, if that is nothing, and the name's place among the
    /// known ones.
    fn left_out(&self, name: &str) -> (Option<Outcome>, Option<usize>) {
        let (selected, known) = self.selection.look_up(name);
        let outcome = match selected {
            Selected::Taken => None,
            Selected::Filtered => Some(Outcome::Filtered(FilteredBy::Events)),
            Selected::NotByDefault => Some(Outcome::Unsupported(Unsupported::NotByDefault)),
            Selected::Unknown => Some(Outcome::Unsupported(Unsupported::NoTransformer)),
        };
        (outcome, known)
    }

    /// The routers that accept an event which no filter leaves out.
    fn accepting(&self, event: &TrackingEvent<'_>) -> Result<RouterSet, FilteredBy> {
        let time_of = || match self.format {
            Format::Xapi(_) => xapi::time_of(event),
            Format::Caliper(..) => caliper::time_of(event).map(Some),
        };
        if let Some(by) = self.filter.leaves_out(event, time_of) {
            return Err(by);
        }
        let routers = self.routers.as_ref();
        let accepting = routers.map_or(RouterSet::ALL, |routers| routers.accepting(event));
        if accepting.is_empty() {
            Err(FilteredBy::Routers)
        } else {
            Ok(accepting)
        }
    }

    fn name_of<'a>(&self, event: &TrackingEvent<'a>) -> Option<&'a str> {
        if self.name_from_event_type && !event.has_name() {
            event.event_type()
        } else {
            event.name()
        }
    }

    /// Writes all that an event becomes or nothing, and says when it happened.
    fn transform<'a>(
        &'a self,
        name: &'a str,
        event: TrackingEvent<'a>,
        layout: Layout,
        arena: &'a Bump,
        out: &mut Vec<u8>,
    ) -> Result<(&'a [Written], Option<DateTime>), Fault> {
        match &self.format {
            Format::Xapi(settings) => {
                let statements = xapi::transform(name, event, settings, &self.lms, arena)?;
                let time = statements.first().and_then(Statement::time);
                Ok((write(statements, Statement::id, layout, arena, out)?, time))
            }
            Format::Caliper(settings, envelope) => {
                let Some(event) = caliper::transform(name, event, settings, &self.lms, arena)?
                else {
                    return Ok((&[], None));
                };
                let written = match envelope {
                    None => write(&[event], Event::id, layout, arena, out)?,
                    Some(EnvelopeSettings { sensor, send_time }) => {
                        let envelope = Envelope::new(sensor, send_time, event);
                        write(&[envelope], |_| event.id(), layout, arena, out)?
                    }
                };
                Ok((written, Some(event.time())))
            }
        }
    }
}

fn write<'a, T: Serialize>(
    values: &[T],
    id: impl Fn(&T) -> Uuid,
    layout: Layout,
    arena: &'a Bump,
    out: &mut Vec<u8>,
) -> Result<&'a [Written], Fault> {
    let start = out.len();
    let mut ends = bumpalo::collections::Vec::with_capacity_in(values.len(), arena);
    let mut limited = Limited {
        full: start.saturating_add(MAX_OUTPUT_BYTES),
        layout,
        out,
    };
    let written = match (layout, values) {
        (Layout::Lines, _) => values.iter().try_for_each(|value| {
            let start = limited.out.len();
            if !json::append(value, limited.out, limited.full) {
                limited.out.truncate(start);
                serde_json::to_writer(&mut limited, value)?;
            }
            limited.end_line();
            ends.push(limited.out.len());
            Ok(())
        }),
        (Layout::Document, [value]) => write_document(value, &mut limited),
        (Layout::Document, _) => write_document(&values, &mut limited),
    };
    if let Err(error) = written {
        out.truncate(start);
        return Err(Fault::new(Reason::NotRepresentable, error.to_string()));
    }
    ends.resize(values.len(), out.len());
    let written = values
        .iter()
        .zip(&ends)
        .map(|(value, &end)| Written { id: id(value), end });
    Ok(arena.alloc_slice_fill_iter(written))
}

fn write_document(document: &impl Serialize, out: &mut Limited<'_>) -> serde_json::Result<()> {
    serde_json::to_writer_pretty(&mut *out, document)?;
    out.end_line();
    Ok(())
}

/// Takes so many bytes and no more. What only lays a document out does not count, so that the layout decides nothing.
struct Limited<'o> {
    /// How long `out` may get.
    full: usize,
    layout: Layout,
    out: &'o mut Vec<u8>,
}

impl Limited<'_> {
    fn end_line(&mut self) {
        self.out.push(b'\n');
        self.full = self.full.saturating_add(1);
    }
}

impl Write for Limited<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.write_all(bytes).map(|()| bytes.len())
    }

    /// serde_json writes a value in very many pieces, and only this.
    fn write_all(&mut self, bytes: &[u8]) -> io::Result<()> {
        if self.layout == Layout::Document && bytes.iter().all(u8::is_ascii_whitespace) {
            self.full = self.full.saturating_add(bytes.len());
        }
        if bytes.len() > self.full.saturating_sub(self.out.len()) {
            return Err(io::Error::other("the event would come to more than 64 MiB"));
        }
        self.out.extend_from_slice(bytes);
        Ok(())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
