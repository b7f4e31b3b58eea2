//! The layout of one line in detail: the source and the results side by side, or below each other.

use bumpalo::Bump;
use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

use super::fields::{Step, decoded, path_text};
use crate::console::one_line;
use crate::json::Value;
use crate::style::{Palette, Style};

/// The width of a terminal from which the two columns are side by side.
const SIDE_BY_SIDE: usize = 100;

const SEPARATOR: &str = " │ ";

/// A row of a JSON text, with a note about the field.
#[derive(Default)]
pub struct Row {
    depth: usize,
    text: String,
    style: Style,
    note: Note,
}

/// A note about a field.
#[derive(Clone, Debug, Default)]
pub struct Note {
    pub text: String,
    pub style: Style,
    /// The style of the field itself.
    pub field: Style,
}

/// A line of a column.
struct ColumnLine {
    /// The text with its styles.
    text: String,
    /// The number of columns of the terminal that the text takes.
    width: usize,
}

impl Row {
    /// Returns a row that is no field, such as a heading.
    pub fn text(text: String, style: Style) -> Self {
        Self {
            text,
            style,
            ..Self::default()
        }
    }
}

/// Adds a JSON value, with a note for each field. `note` is called with the path of the field. With `decodes`, the JSON
/// in texts is shown like other JSON.
pub fn add_rows<'a>(
    value: Value<'a>,
    decodes: bool,
    arena: &'a Bump,
    note: &dyn Fn(&str) -> Note,
    rows: &mut Vec<Row>,
) {
    let mut writer = RowWriter {
        decodes,
        arena,
        note,
        path: Vec::new(),
        rows,
    };
    writer.add(value, String::new(), "", 0);
}

struct RowWriter<'a, 'r> {
    decodes: bool,
    arena: &'a Bump,
    note: &'r dyn Fn(&str) -> Note,
    path: Vec<Step<'a>>,
    rows: &'r mut Vec<Row>,
}

impl<'a> RowWriter<'a, '_> {
    /// Adds a value after its key, followed by a comma unless the value is the last.
    fn add(&mut self, value: Value<'a>, key: String, comma: &str, depth: usize) {
        let inner = decoded(value, self.arena).filter(|_| self.decodes);
        let nested = inner.unwrap_or(value);
        match nested {
            Value::Object(object) if nested.is_truthy() => {
                let members = object.members().iter();
                let parts = members.map(|&(key, value)| (Step::Key(key), value));
                self.add_all(parts.collect(), (&key, comma), ("{", "}"), depth, inner);
            }
            Value::Array(items) if nested.is_truthy() => {
                let items = items.iter().enumerate();
                let parts = items.map(|(nth, &value)| (Step::Item(nth), value));
                self.add_all(parts.collect(), (&key, comma), ("[", "]"), depth, inner);
            }
            _ => {
                let note = (self.note)(&path_text(&self.path));
                self.rows.push(Row {
                    depth,
                    text: format!("{key}{}{comma}", scalar(value)),
                    style: note.field,
                    note,
                });
            }
        }
    }

    /// Adds the parts of an object or an array. `decoded` is present if a text holds them.
    fn add_all(
        &mut self,
        parts: Vec<(Step<'a>, Value<'a>)>,
        (key, comma): (&str, &str),
        (open, close): (&str, &str),
        depth: usize,
        decoded: Option<Value<'_>>,
    ) {
        let mut start = Row {
            depth,
            text: format!("{key}{open}"),
            ..Row::default()
        };
        if decoded.is_some() {
            start.note.text = "a text of JSON".to_owned();
            self.path.push(Step::Decoded);
        }
        self.rows.push(start);
        let last = parts.len() - 1;
        for (nth, (step, value)) in parts.into_iter().enumerate() {
            let key = match step {
                Step::Key(key) => format!("{}: ", scalar(Value::Str(key))),
                _ => String::new(),
            };
            self.path.push(step);
            self.add(value, key, if nth == last { "" } else { "," }, depth + 1);
            self.path.pop();
        }
        if decoded.is_some() {
            self.path.pop();
        }
        self.rows.push(Row {
            depth,
            text: format!("{close}{comma}"),
            ..Row::default()
        });
    }
}

/// Returns a value as JSON, without characters that control a terminal.
fn scalar(value: Value<'_>) -> String {
    let text = serde_json::to_string(&value);
    // JSON has no NaN and no infinities.
    one_line(&text.unwrap_or_else(|_| format!("{value:?}")))
}

/// Appends two columns to a text: side by side if the terminal is wide enough, else below each other. `width` is the width
/// of the terminal, if standard output is one.
pub fn write_columns(
    left: &[Row],
    right: &[Row],
    width: Option<usize>,
    palette: &Palette,
    out: &mut String,
) {
    let column = match width {
        Some(width) if width >= SIDE_BY_SIDE && !right.is_empty() => (width - 3) / 2,
        _ => {
            for line in lines_of(left, width).iter().chain(&lines_of(right, width)) {
                out.push_str(&line.text);
                out.push('\n');
            }
            return;
        }
    };
    let (left, right) = (lines_of(left, Some(column)), lines_of(right, Some(column)));
    let (bar, faint) = (SEPARATOR, palette.faint);
    for nth in 0..left.len().max(right.len()) {
        let (text, taken) = left
            .get(nth)
            .map_or(("", 0), |line| (&line.text, line.width));
        let padding = " ".repeat(column.saturating_sub(taken));
        let other = right.get(nth).map_or("", |line| &line.text);
        let line = format!("{text}{padding}{faint}{bar}{faint:#}{other}");
        out.push_str(line.trim_end());
        out.push('\n');
    }
}

fn lines_of(rows: &[Row], width: Option<usize>) -> Vec<ColumnLine> {
    rows.iter().flat_map(|row| row.lines(width)).collect()
}

impl Row {
    /// Returns the lines of the row. Lines after the first are indented more.
    fn lines(&self, width: Option<usize>) -> Vec<ColumnLine> {
        let width = width.unwrap_or(usize::MAX);
        let indent = (2 * self.depth).min(width / 3);
        let mut lines = wrapped(&self.text, self.style, indent, width);
        if self.note.text.is_empty() {
            return lines;
        }
        let note = &self.note;
        let text = format!("← {}", note.text);
        match lines.last_mut() {
            Some(last) if width.saturating_sub(last.width) >= text.width() + 2 => {
                let style = note.style;
                last.text += &format!("  {style}{text}{style:#}");
                last.width += text.width() + 2;
            }
            _ => lines.extend(wrapped(&text, note.style, indent + 4, width)),
        }
        lines
    }
}

/// Cuts a text into lines of a width.
fn wrapped(text: &str, style: Style, indent: usize, width: usize) -> Vec<ColumnLine> {
    /// The least columns of a line that hold text.
    const LEAST: usize = 8;

    let mut lines = Vec::new();
    let mut rest = text;
    while !rest.is_empty() || lines.is_empty() {
        let indent = if lines.is_empty() { indent } else { indent + 2 };
        let available = width.saturating_sub(indent).max(LEAST);
        let part = &rest[..end_within(rest, available)];
        lines.push(ColumnLine {
            text: format!("{}{style}{part}{style:#}", " ".repeat(indent)),
            width: indent + part.width(),
        });
        rest = &rest[part.len()..];
    }
    lines
}

/// Returns the length of the start of a text that fits a width: up to the last blank, or within a word that is too long.
fn end_within(text: &str, width: usize) -> usize {
    let mut taken = 0;
    let over = text.char_indices().find(|(_, c)| {
        taken += c.width().unwrap_or(0);
        taken > width
    });
    let Some((end, first)) = over else {
        return text.len();
    };
    let end = end.max(text.chars().next().map_or(0, char::len_utf8));
    if first == ' ' {
        return end;
    }
    match text[..end].rfind(' ') {
        Some(blank) if blank > end / 2 => blank + 1,
        _ => end,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_texts_are_wrapped_at_blanks_and_within_long_words() {
        let lines = |text| {
            let lines = wrapped(text, Style::new(), 2, 14);
            let lines = lines.into_iter().map(|line| line.text);
            lines.collect::<Vec<_>>()
        };
        assert_eq!(lines("one two three"), ["  one two ", "    three"]);
        assert_eq!(lines("abcdefghijklmnop"), ["  abcdefghijkl", "    mnop"]);
        assert_eq!(lines(""), ["  "]);
        assert_eq!(
            lines("日本語日本語日本語"),
            ["  日本語日本語", "    日本語"]
        );
    }
}
