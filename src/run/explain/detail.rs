//! One line in detail: its event and its results, with the origin of each field.

use anyhow::Result;
use bumpalo::Bump;

use super::advice::advice_of;
use super::explanation::Explanation;
use super::named_line::NamedLine;
use super::origins::{Origins, Use};
use super::view::{Note, Row, add_rows, write_columns};
use super::{Scratch, each_record};
use crate::console::{Console, one_line};
use crate::convert::LineConverter;
use crate::exit_code::ExitCode;
use crate::input::{Line, LineContent};
use crate::json::Value;
use crate::run::settings::InputSettings;
use crate::style::Palette;
use crate::terminal;

/// Explains lines in detail.
pub struct Details<'a> {
    pub input: &'a InputSettings,
    /// The converter, whose settings are as before after each line.
    pub converter: &'a mut LineConverter,
    pub json: bool,
    pub console: &'a Console,
}

/// A record that is explained, without borrowed parts.
struct Explained {
    head: String,
    /// The event as JSON, or the text of a line that is no event.
    source: Source,
    /// The results, one a line.
    results: String,
}

enum Source {
    Event(String),
    Text(String),
}

impl Details<'_> {
    /// Appends the explanation of a line to a text. Shows an error if the line does not exist.
    pub fn explain(&mut self, named: &NamedLine, text: &mut Vec<u8>) -> ExitCode {
        match self.try_explain(named, text) {
            Ok(()) => ExitCode::Success,
            Err(error) => {
                self.console.error(&format!("{error:#}"));
                ExitCode::Input
            }
        }
    }

    fn try_explain(&mut self, named: &NamedLine, text: &mut Vec<u8>) -> Result<()> {
        let (source, lines) = named.find(self.input, self.console)?;
        let (mut bytes, mut records) = (Vec::new(), Vec::new());
        let (json, converter) = (self.json, &*self.converter);
        let palette = Palette::stdout();
        for line in &lines {
            let mut scratch = Scratch::default();
            each_record(
                converter,
                line.line(),
                &mut scratch,
                |line, conversion, out| {
                    bytes.push(line.byte + 1);
                    if !named.takes(line) {
                        return;
                    }
                    let file = source.name.as_str();
                    let explanation = Explanation {
                        file,
                        line,
                        conversion,
                        out,
                    };
                    if json {
                        explanation.write(true, converter, &palette, text);
                    }
                    records.push(Explained::new(&explanation, converter, &palette));
                },
            );
        }
        if records.is_empty() {
            return Err(named.without_record(&bytes));
        }
        if !json {
            for record in &records {
                text.extend(self.layout(record, &palette).bytes());
            }
        }
        Ok(())
    }

    /// Returns the text that explains a record.
    fn layout(&mut self, record: &Explained, palette: &Palette) -> String {
        let arena = Bump::new();
        let mut out = format!("{}\n", record.head);
        let (mut left, mut right) = (Vec::new(), Vec::new());
        left.push(Row::text("source".to_owned(), palette.strong));
        let event = match &record.source {
            Source::Event(event) => Value::parse(event, &arena).ok(),
            Source::Text(_) => None,
        };
        let has_results = !record.results.is_empty();
        let found = event.filter(|_| has_results);
        let origins = found.map(|event| Origins::find(self.converter, event));
        match (&record.source, event) {
            (_, Some(event)) => {
                let note = |path: &str| note_of_field(path, origins.as_ref(), palette);
                add_rows(event, true, &arena, &note, &mut left);
            }
            (Source::Event(text) | Source::Text(text), None) => {
                left.push(Row::text(one_line(text), palette.faint));
            }
        }
        let count = record.results.lines().count();
        for (nth, line) in record.results.lines().enumerate() {
            let heading = match count {
                1 => "result".to_owned(),
                _ => format!("result {} of {count}", nth + 1),
            };
            right.push(Row::text(heading, palette.strong));
            let note = |path: &str| Note {
                text: (origins.as_ref())
                    .and_then(|origins| origins.of_result(&format!("{nth}.{path}")))
                    .unwrap_or_default(),
                style: palette.position,
                ..Note::default()
            };
            if let Ok(value) = Value::parse(line, &arena) {
                add_rows(value, false, &arena, &note, &mut right);
            }
        }
        write_columns(&left, &right, terminal::known_columns(), palette, &mut out);
        if origins.is_some_and(|origins| origins.is_partial) {
            out.push_str("The event is large, so not every field was followed to the result.\n");
        }
        out
    }
}

/// Returns the note about a field of the event. Fields that are not used are faint.
fn note_of_field(path: &str, origins: Option<&Origins>, palette: &Palette) -> Note {
    let Some(origins) = origins else {
        return Note::default();
    };
    let note = |text: &str| Note {
        text: text.to_owned(),
        style: palette.warning,
        ..Note::default()
    };
    match origins.use_of(path) {
        Use::None => Note {
            field: palette.faint,
            ..Note::default()
        },
        Use::Used => Note::default(),
        Use::Required => note("required"),
        Use::Kind => note("decides the kind of the record"),
    }
}

impl Explained {
    fn new(explanation: &Explanation<'_>, converter: &LineConverter, palette: &Palette) -> Self {
        let mut head = explanation.headline(palette);
        if let Some(advice) = advice_of(explanation.line, explanation.conversion, converter) {
            head += &format!("\n    to do: {}", one_line(&advice));
        }
        let repairs = explanation.repairs();
        if !repairs.is_empty() {
            head += &format!("\n    repaired: {}", repairs.join(", "));
        }
        let arena = Bump::new();
        let line = LineConverter::logged_line(explanation.line, explanation.conversion);
        let event = converter.event_of(explanation.line, explanation.conversion, &arena);
        let event = event.and_then(|event| serde_json::to_string(&event.source()).ok());
        Self {
            head,
            source: match event {
                Some(event) => Source::Event(event),
                None => Source::Text(line.map_or_else(String::new, text_of)),
            },
            results: String::from_utf8_lossy(explanation.out).into_owned(),
        }
    }
}

/// Returns the start of a line as text.
fn text_of(line: Line<'_>) -> String {
    /// The most bytes that are shown of a line that is no event.
    const MOST: usize = 4096;

    match line.content {
        LineContent::Whole(text) | LineContent::Truncated(text) => {
            let start = &text[..text.len().min(MOST)];
            let more = if text.len() > MOST { " …" } else { "" };
            format!("{}{more}", String::from_utf8_lossy(start))
        }
        LineContent::TooLong { length, .. } => format!("{length} bytes"),
    }
}
