//! One line → its outcome and its output: a function of the line, the options and the lookup tables, and of nothing
//! else.

use bumpalo::Bump;
use serde::Serialize;

use crate::input::LineContent;
use crate::lms::Lms;
use crate::outcome::{Fault, Outcome, Reason};
use crate::selection::{EventSelection, Selected};
use crate::tracking::{TrackingEvent, parse_line};
use crate::xapi::{self, Statement, XapiSettings};

/// Everything that a conversion depends on beside the line.
pub struct Converter {
    pub xapi: XapiSettings,
    pub selection: EventSelection,
    pub lms: Lms,
    /// Take `event_type` for a name where there is none.
    pub name_from_event_type: bool,
}

/// How statements are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Layout {
    /// One a line.
    Lines,
    /// One indented document: the statement, or an array when there are several.
    Document,
}

/// What became of a line that is not blank.
pub struct Conversion<'a> {
    /// The event's name, where the line could be parsed and has one.
    pub name: Option<&'a str>,
    pub outcome: Outcome,
    /// How many statements were written.
    pub statements: usize,
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
        let parsed = match line {
            LineContent::Whole(line) => parse_line(line, arena),
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
            Err(fault) => {
                return Some(Conversion {
                    name: None,
                    outcome: Outcome::Unparsable(fault),
                    statements: 0,
                });
            }
        };
        let name = self.name_of(&event);
        let (outcome, statements) = match name
            .map_or(Selected::Unsupported, |name| self.selection.select(name))
        {
            Selected::Unsupported => (Outcome::Unsupported, 0),
            Selected::Filtered => (Outcome::Filtered, 0),
            Selected::Taken => {
                match self.write_statements(name.unwrap_or_default(), event, layout, arena, out) {
                    Ok(0) => (Outcome::Unsupported, 0),
                    Ok(statements) => (Outcome::Emitted, statements),
                    Err(fault) => (Outcome::Rejected(fault), 0),
                }
            }
        };
        Some(Conversion {
            name,
            outcome,
            statements,
        })
    }

    fn name_of<'a>(&self, event: &TrackingEvent<'a>) -> Option<&'a str> {
        if self.name_from_event_type && !event.has_name() {
            event.event_type()
        } else {
            event.name()
        }
    }

    /// Writes all statements of an event or none; gives their number.
    fn write_statements<'a>(
        &'a self,
        name: &'a str,
        event: TrackingEvent<'a>,
        layout: Layout,
        arena: &'a Bump,
        out: &mut Vec<u8>,
    ) -> Result<usize, Fault> {
        let statements = xapi::transform(name, event, &self.xapi, &self.lms, arena)?;
        let start = out.len();
        write(statements, layout, out).map_err(|error| {
            out.truncate(start);
            Fault::new(Reason::NotRepresentable, error.to_string())
        })?;
        Ok(statements.len())
    }
}

fn write(
    statements: &[Statement<'_>],
    layout: Layout,
    out: &mut Vec<u8>,
) -> serde_json::Result<()> {
    match (layout, statements) {
        (_, []) => {}
        (Layout::Lines, _) => {
            for statement in statements {
                serde_json::to_writer(&mut *out, statement)?;
                out.push(b'\n');
            }
        }
        (Layout::Document, [statement]) => write_document(statement, out)?,
        (Layout::Document, _) => write_document(&statements, out)?,
    }
    Ok(())
}

fn write_document(document: &impl Serialize, out: &mut Vec<u8>) -> serde_json::Result<()> {
    serde_json::to_writer_pretty(&mut *out, document)?;
    out.push(b'\n');
    Ok(())
}
