//! The table of events, for `event-router events`: what each event becomes.

use std::fmt::Write;

use serde::Serialize;

use crate::convert::{KnownEvent, Support};
use crate::family::Family;
use crate::format::Format;
use crate::text::wrapped;
use crate::{caliper, xapi};

/// The table of the events that some formats convert.
pub struct EventTable {
    formats: Vec<Format>,
    events: Vec<KnownEvent<'static>>,
}

/// An event, in the JSON of the table. A format that the table leaves out has no key; a format that does not convert the
/// event is null.
#[derive(Serialize)]
struct EventJson {
    name: &'static str,
    family: Family,
    #[serde(skip_serializing_if = "Option::is_none")]
    xapi: Option<Option<XapiJson>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    caliper: Option<Option<CaliperJson>>,
}

#[derive(Serialize)]
struct XapiJson {
    default: bool,
    statements: Vec<StatementJson>,
}

#[derive(Serialize)]
struct StatementJson {
    verb: &'static str,
    object_type: &'static str,
}

#[derive(Serialize)]
struct CaliperJson {
    default: bool,
    events: Vec<CaliperEventJson>,
}

#[derive(Serialize)]
struct CaliperEventJson {
    r#type: &'static str,
    action: &'static str,
    object_type: &'static str,
}

impl EventTable {
    /// Returns the table of the events that a format converts, or both formats if `format` is `None`.
    pub fn new(format: Option<Format>) -> Self {
        let formats = format.map_or_else(|| Format::ALL.to_vec(), |format| vec![format]);
        let is_converted = |event: &KnownEvent<'_>| {
            let mut support = formats.iter().map(|&format| event.support(format));
            support.any(|support| support != Support::No)
        };
        let mut events = KnownEvent::all();
        events.retain(is_converted);
        Self { formats, events }
    }

    /// Returns the names of the events that the default list of a format has, and the names of the others.
    pub fn default_and_other_names(&self) -> (Vec<&'static str>, Vec<&'static str>) {
        let is_default = |event: &KnownEvent<'_>| {
            let mut support = self.formats.iter().map(|&format| event.support(format));
            support.any(|support| support == Support::Default)
        };
        let (default, others): (Vec<KnownEvent<'_>>, Vec<KnownEvent<'_>>) =
            self.events.iter().copied().partition(is_default);
        let names =
            |events: Vec<KnownEvent<'static>>| events.iter().map(|event| event.name).collect();
        (names(default), names(others))
    }

    /// Keeps only the events whose names fulfil a condition.
    pub fn retain(&mut self, is_kept: impl Fn(&str) -> bool) {
        self.events.retain(|event| is_kept(event.name));
    }

    /// Returns the table as JSON: an array with an object for each event.
    ///
    /// # Errors
    /// Returns an error if the JSON cannot be made.
    pub fn to_json(&self) -> serde_json::Result<String> {
        let events = self.events.iter().map(|event| EventJson {
            name: event.name,
            family: event.family,
            xapi: (self.formats.contains(&Format::Xapi)).then(|| event.xapi.map(XapiJson::new)),
            caliper: (self.formats.contains(&Format::Caliper))
                .then(|| event.caliper.map(CaliperJson::new)),
        });
        serde_json::to_string_pretty(&events.collect::<Vec<_>>())
    }

    /// Returns the table for people, in lines of at most `columns`: a row for each event, or a paragraph for each event if
    /// the rows are longer.
    pub fn to_text(&self, columns: usize) -> String {
        let mut text = String::new();
        let support_of =
            |&format: &Format| self.events.iter().map(move |event| event.support(format));
        let mut support = self.formats.iter().flat_map(support_of);
        let has_marks = support.any(|support| support == Support::OnRequest);
        let legend = self.formats.iter().map(|&format| legend(format));
        for sentence in legend.chain(has_marks.then_some(MARK_LEGEND)) {
            text += &wrapped(sentence.split_inclusive(' '), "", 2, columns);
        }
        text.push('\n');
        let rows = self.rows();
        text += &match rows.lines().all(|row| row.len() <= columns) {
            true => rows,
            false => self.paragraphs(columns),
        };
        text.truncate(text.trim_end().len());
        text
    }

    /// Returns a table for each family, with a row for each event, and more rows for an event that becomes several kinds of
    /// records.
    fn rows(&self) -> String {
        let families = self.events.chunk_by(|a, b| a.family == b.family);
        let tables = families.map(|events| self.rows_of(events));
        tables.collect::<Vec<_>>().join("\n")
    }

    /// Returns the table of the events of a family.
    fn rows_of(&self, events: &[KnownEvent<'_>]) -> String {
        let name_width = events.iter().map(|event| event.name.len()).max();
        let name_width = 2 + name_width.unwrap_or(0);
        let of_format = |&format: &Format| {
            let kinds = events.iter().map(|event| kinds(event, format));
            let kinds: Vec<Vec<String>> = kinds.collect();
            let width = kinds.iter().flatten().map(String::len).max();
            (kinds, width.unwrap_or(0).max(format.title().len()))
        };
        let cells: Vec<(Vec<Vec<String>>, usize)> = self.formats.iter().map(of_format).collect();
        let row = |name: &str, texts: &[&str]| {
            let mut row = format!("{name:name_width$}");
            for (text, (_, width)) in texts.iter().zip(&cells) {
                let _ = write!(row, "  {text:width$}");
            }
            row.truncate(row.trim_end().len());
            row + "\n"
        };

        let family = events.first().map_or("", |event| event.family.name());
        let titles: Vec<&str> = self.formats.iter().map(|format| format.title()).collect();
        let mut text = row(family, &titles);
        for (at, event) in events.iter().enumerate() {
            let height = cells.iter().map(|(kinds, _)| kinds[at].len()).max();
            for line in 0..height.unwrap_or(0) {
                let name = match line {
                    0 => format!("  {}", event.name),
                    _ => String::new(),
                };
                let texts = cells.iter().map(|(kinds, _)| kinds[at].get(line));
                let texts: Vec<&str> = texts.map(|text| text.map_or("", String::as_str)).collect();
                text += &row(&name, &texts);
            }
        }
        text
    }

    /// Returns a paragraph for each event, in lines of at most `columns`. Names are divided after dots.
    fn paragraphs(&self, columns: usize) -> String {
        let families = self.events.chunk_by(|a, b| a.family == b.family);
        let of_family = |events: &[KnownEvent<'_>]| {
            let family = events.first().map_or("", |event| event.family.name());
            let mut text = format!("{family}\n");
            for event in events {
                self.add_paragraph(&mut text, event, columns);
            }
            text
        };
        families.map(of_family).collect::<Vec<_>>().join("\n")
    }

    fn add_paragraph(&self, text: &mut String, event: &KnownEvent<'_>, columns: usize) {
        *text += &wrapped(event.name.split_inclusive('.'), "  ", 4, columns);
        for &format in &self.formats {
            for kind in kinds(event, format) {
                let label = format!("    {:7}  ", format.title());
                *text += &wrapped(kind.split_inclusive(' '), &label, 13, columns);
            }
        }
    }
}

impl XapiJson {
    fn new(mapping: xapi::Mapping) -> Self {
        let statements = mapping.kinds().iter().map(|kind| StatementJson {
            verb: kind.verb(),
            object_type: kind.object_type(),
        });
        Self {
            default: mapping.is_default,
            statements: statements.collect(),
        }
    }
}

impl CaliperJson {
    fn new(mapping: caliper::Mapping) -> Self {
        let events = mapping.kinds().iter().map(|kind| CaliperEventJson {
            r#type: kind.event_type,
            action: kind.action,
            object_type: kind.object_type,
        });
        Self {
            default: mapping.is_default,
            events: events.collect(),
        }
    }
}

/// Returns a text for each kind of record that a format has for an event. The text ends with a mark if the event is not
/// in the default list.
fn kinds(event: &KnownEvent<'_>, format: Format) -> Vec<String> {
    let mark = match event.support(format) {
        Support::OnRequest => " *",
        _ => "",
    };
    let of_xapi = event.xapi.iter().flat_map(xapi::Mapping::kinds);
    let of_caliper = event.caliper.iter().flat_map(caliper::Mapping::kinds);
    match format {
        Format::Xapi => of_xapi
            .map(|kind| {
                let (verb, object) = (last_word(kind.verb()), last_word(kind.object_type()));
                format!("{verb} {object}{mark}")
            })
            .collect(),
        Format::Caliper => of_caliper
            .map(|kind| {
                let (action, object) = (kind.action, kind.object_type);
                format!("{action} {object} ({}){mark}", kind.event_type)
            })
            .collect(),
    }
}

/// Returns the part of an IRI after the last slash.
fn last_word(iri: &str) -> &str {
    iri.rsplit('/').next().unwrap_or(iri)
}

fn legend(format: Format) -> &'static str {
    match format {
        Format::Xapi => "xAPI: verb and object type; `--json` has their IRIs",
        Format::Caliper => "Caliper: action, object type (event type)",
    }
}

const MARK_LEGEND: &str = "*: not in the default list, so converted only if `--events` selects it";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_table_fits_the_width_and_has_a_row_for_each_event_if_it_can() {
        for format in [None, Some(Format::Xapi), Some(Format::Caliper)] {
            let table = EventTable::new(format);
            for columns in [40, 80, 120, 200] {
                let text = table.to_text(columns);
                let longest = text.lines().map(str::len).max().unwrap();
                assert!(longest <= columns, "{format:?}, {columns}: {longest}");
            }
            let has_rows = |columns| table.to_text(columns).contains("\nvideo  ");
            assert!(has_rows(120), "{format:?}");
            assert_eq!(has_rows(80), format == Some(Format::Xapi), "{format:?}");
            assert!(!has_rows(40), "{format:?}");
        }
    }
}
