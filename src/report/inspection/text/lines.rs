//! Lines of a given width: rows with a bar, and texts that are wrapped at spaces.

use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

use crate::text::{self, grouped};

/// The indentation of rows.
const INDENT: usize = 2;

/// The least width of a bar. A narrower bar is left out.
const LEAST_BAR: usize = 8;

/// The most columns of a bar.
const MOST_BAR: usize = 30;

/// A label with a count, and a bar.
pub struct Row {
    pub label: String,
    pub count: u64,
    /// The part of all events, from 0 to 1.
    pub share: Option<f64>,
    /// The length of the bar, from 0 to 1.
    pub part: f64,
}

/// Returns a line for each row, in columns, at most `width` columns wide. Labels that are too long are cut.
pub fn row_lines(rows: &[Row], width: usize) -> Vec<String> {
    let counts = rows.iter().map(|row| grouped(row.count).len());
    let count_width = counts.max().unwrap_or(0);
    let share_width = if rows.iter().any(|row| row.share.is_some()) {
        7
    } else {
        0
    };
    let rest = width.saturating_sub(INDENT + 1 + count_width + share_width);
    let longest = rows.iter().map(|row| row.label.width()).max();
    let longest = longest.unwrap_or(0);
    let bar_width = rest.saturating_sub(longest + 1);
    let (label_width, bar_width) = match rest {
        _ if bar_width >= LEAST_BAR => (longest, bar_width.min(MOST_BAR)),
        60.. => (rest - 1 - LEAST_BAR, LEAST_BAR),
        _ => (rest.min(longest), 0),
    };
    let texts = rows.iter().map(|row| {
        let label = cut(&row.label, label_width);
        let padding = label_width.saturating_sub(label.width());
        let share = row
            .share
            .map_or(String::new(), |share| format!("{:>6.1}%", share * 100.0));
        let count = grouped(row.count);
        let bar = bar(row.part, bar_width);
        let line = format!(
            "{:INDENT$}{label}{:padding$} {count:>count_width$}{share} {bar}",
            "", ""
        );
        line.trim_end().to_owned() + "\n"
    });
    texts.collect()
}

/// Returns a text wrapped at spaces, each line after an indentation. A word that is wider than a line is not broken.
pub fn wrapped(text: &str, indent: &str, width: usize) -> String {
    text::wrapped(text.split_inclusive(' '), indent, indent.len() + 2, width)
}

/// Returns a bar of blocks. A part above 0 has at least an eighth of a block.
fn bar(part: f64, width: usize) -> String {
    const EIGHTHS: [&str; 8] = ["", "▏", "▎", "▍", "▌", "▋", "▊", "▉"];

    let eighths = (part * width as f64 * 8.0).ceil() as usize;
    let eighths = eighths.min(width * 8);
    "█".repeat(eighths / 8) + EIGHTHS[eighths % 8]
}

/// Returns a text that has at most `width` columns. A text that is cut ends with an ellipsis.
fn cut(text: &str, width: usize) -> String {
    if text.width() <= width {
        return text.to_owned();
    }
    let mut taken = 1;
    let start = text.chars().take_while(|c| {
        taken += c.width().unwrap_or(0);
        taken <= width
    });
    start.collect::<String>() + "…"
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_small_part_has_a_visible_bar_and_the_largest_fills_the_width() {
        assert_eq!(bar(1.0, 3), "███");
        assert_eq!(bar(0.0001, 3), "▏");
        assert_eq!(bar(0.5, 3), "█▌");
        assert_eq!(bar(0.0, 3), "");
    }
}
