//! The explanation of a line, as text and as JSON.

use std::borrow::Cow;
use std::io::Write;

use anyhow::Result;
use serde::Serialize;
use serde_json::value::RawValue;

use super::advice::advice_of;
use crate::console::one_line;
use crate::convert::{ConvertedLine, LineConverter};
use crate::input::Line;
use crate::outcome::{EventKind, Outcome, Repair, Unsupported};
use crate::style::Palette;
use crate::text::{position_text, shortened};

/// The most characters of the name of an event that are shown to people.
const MOST_CHARS: usize = 120;

/// A converted record with its origin.
pub struct Explanation<'a> {
    /// The name of the input.
    pub file: &'a str,
    pub line: Line<'a>,
    pub conversion: &'a ConvertedLine<'a>,
    /// The records that the record is converted to, one a line.
    pub out: &'a [u8],
}

/// The explanation of a line, as `--json` shows it.
#[derive(Serialize)]
struct Row<'a> {
    file: &'a str,
    line: u64,
    /// The number of the byte, from 1, at which the record begins in its line, unless it begins with the line.
    #[serde(skip_serializing_if = "Option::is_none")]
    byte: Option<u64>,
    name: Option<&'a str>,
    outcome: &'static str,
    reason: Option<&'static str>,
    detail: Option<Cow<'a, str>>,
    /// The names of the repairs that changed the event.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    repairs: Vec<&'static str>,
    /// The records that the line is converted to.
    out: Vec<&'a RawValue>,
}

impl Explanation<'_> {
    /// Appends the explanation to a text: with `json` an object, else lines for people.
    pub fn write(
        &self,
        json: bool,
        converter: &LineConverter,
        palette: &Palette,
        text: &mut Vec<u8>,
    ) {
        let start = text.len();
        let written = match json {
            true => self.write_json(text),
            false => self.write_text(converter, palette, text),
        };
        if let Err(error) = written {
            text.truncate(start);
            text.extend(format!("{}: {error}\n", self.position()).bytes());
        }
    }

    /// Returns the name of the file, the number of the line and the number of the byte. The line of a rejects file is
    /// named as in the log that had the line.
    fn origin(&self) -> (&str, u64, Option<u64>) {
        match self.conversion.row {
            Some(row) => (row.file, row.line, row.byte),
            None => (self.file, self.line.number, self.line.byte_number()),
        }
    }

    fn position(&self) -> String {
        let (file, line, byte) = self.origin();
        position_text(&one_line(file), line, byte)
    }

    /// Returns the first line of the text: the position, the name of the event, and the outcome with its reason.
    pub fn headline(&self, palette: &Palette) -> String {
        let outcome = &self.conversion.outcome;
        let name = shortened(self.conversion.name.unwrap_or("(no name)"), MOST_CHARS);
        let name = one_line(&name);
        let (position, at, word) = (self.position(), palette.position, outcome.word());
        let style = match outcome {
            Outcome::Emitted => palette.note,
            Outcome::Rejected(_) | Outcome::Unparsable(_) => palette.error,
            Outcome::Filtered(_) | Outcome::Unsupported(_) => palette.faint,
        };
        let mut line = format!("{at}{position}{at:#}: {name}: {style}{word}{style:#}");
        if let Some((reason, _)) = outcome.fault() {
            line += ", ";
            line += reason.code();
        }
        let is_request = matches!(
            self.conversion.kind_of_unsupported(),
            EventKind::Implicit | EventKind::ImplicitByType
        );
        let why = match outcome {
            Outcome::Unsupported(_) if is_request => {
                Some("a request of a page, which no format takes".into())
            }
            outcome => why(outcome),
        };
        if let Some(why) = why {
            line += ": ";
            line += &one_line(&why);
        }
        line
    }

    /// Returns the names of the repairs that changed the event.
    pub fn repairs(&self) -> Vec<&'static str> {
        let repairs = self.conversion.applied_repairs();
        repairs.map(Repair::name).collect()
    }

    fn write_text(
        &self,
        converter: &LineConverter,
        palette: &Palette,
        text: &mut Vec<u8>,
    ) -> Result<()> {
        writeln!(text, "{}", self.headline(palette))?;
        if let Some(advice) = advice_of(self.line, self.conversion, converter) {
            writeln!(text, "    to do: {}", one_line(&advice))?;
        }
        let repairs = self.repairs();
        if !repairs.is_empty() {
            writeln!(text, "    repaired: {}", repairs.join(", "))?;
        }
        for record in std::str::from_utf8(self.out)?.lines() {
            writeln!(text, "    {}", one_line(record))?;
        }
        Ok(())
    }

    fn write_json(&self, text: &mut Vec<u8>) -> Result<()> {
        let (file, line, byte) = self.origin();
        let outcome = &self.conversion.outcome;
        let records = std::str::from_utf8(self.out)?.lines();
        let row = Row {
            file,
            line,
            byte,
            name: self.conversion.name,
            outcome: outcome.word(),
            reason: outcome.fault().map(|(reason, _)| reason.code()),
            detail: why(outcome),
            repairs: self.repairs(),
            out: records
                .map(serde_json::from_str)
                .collect::<Result<_, _>>()?,
        };
        serde_json::to_writer(&mut *text, &row)?;
        text.push(b'\n');
        Ok(())
    }
}

/// Returns the reason for an outcome, or `None` if the line was converted.
fn why(outcome: &Outcome) -> Option<Cow<'_, str>> {
    Some(match outcome {
        Outcome::Unparsable(fault) | Outcome::Rejected(fault) => fault.detail.as_ref().into(),
        Outcome::Unsupported(Unsupported::NoName) => "the event has no name".into(),
        Outcome::Unsupported(Unsupported::NoTransformer) => {
            "events with this name cannot be converted to this format".into()
        }
        Outcome::Unsupported(Unsupported::NotByDefault) => {
            "the event is not converted by default; to convert it, use `--events all`".into()
        }
        Outcome::Filtered(by) => format!("excluded by `{}`", by.option()).into(),
        Outcome::Emitted => return None,
    })
}
