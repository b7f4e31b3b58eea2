//! Texts and numbers as HTML.

use std::fmt::Write;

use crate::text::{grouped, is_unseen, size_text};

/// The most characters of a text from a log that the page shows.
const MOST_CHARS: usize = 120;

/// Returns a text with the characters escaped that mean something in HTML. Control characters and characters that change
/// the direction of the text, or that cannot be seen, are shown as escapes such as `\u{202e}`.
pub fn escaped(text: &str) -> String {
    let mut html = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => html.push_str("&amp;"),
            '<' => html.push_str("&lt;"),
            '>' => html.push_str("&gt;"),
            '"' => html.push_str("&quot;"),
            '\'' => html.push_str("&#39;"),
            c if is_unseen(c) => html.extend(c.escape_unicode()),
            c => html.push(c),
        }
    }
    html
}

/// Returns a name from a log, isolated from the direction of the text around it. Only the start of a very long name is
/// shown.
pub fn name(text: &str) -> String {
    match text.char_indices().nth(MOST_CHARS) {
        None => format!("<bdi>{}</bdi>", escaped(text)),
        Some((end, _)) => format!("<bdi>{}…</bdi>", escaped(&text[..end])),
    }
}

/// Returns a sentence, with the parts between backquotes as code.
pub fn sentence(text: &str) -> String {
    let mut parts = text.split('`');
    let mut html = escaped(parts.next().unwrap_or_default());
    while let Some(code) = parts.next() {
        match parts.next() {
            Some(after) => html += &format!("<code>{}</code>{}", escaped(code), escaped(after)),
            None => html += &format!("`{}", escaped(code)),
        }
    }
    html
}

/// Returns a number that is also in the JSON, at this pointer (RFC 6901). A script can compare the numbers by it.
pub fn count(pointer: &str, number: u64) -> String {
    let text = grouped(number);
    format!("<data data-at=\"{pointer}\" value=\"{number}\">{text}</data>")
}

/// Returns a number of bytes that is also in the JSON, as in `12.3 MB`.
pub fn bytes(pointer: &str, number: u64) -> String {
    let text = size_text(number as f64).replace(' ', "&nbsp;");
    format!("<data data-at=\"{pointer}\" value=\"{number}\">{text}</data>")
}

/// Returns the share of a number in a whole, as in `12.3 %`.
pub fn share(number: u64, whole: u64) -> String {
    let percent = 100.0 * number as f64 / whole.max(1) as f64;
    match percent {
        _ if number == 0 => "0 %".into(),
        percent if percent < 0.1 => "&lt; 0.1 %".into(),
        percent => format!("{percent:.1} %"),
    }
}

/// Returns a bar whose length is the share of a number in the largest number.
pub fn bar(class: &str, number: u64, largest: u64) -> String {
    let percent = 100.0 * number as f64 / largest.max(1) as f64;
    format!("<i class=\"bar {class}\" style=\"width:{percent:.2}%\"></i>")
}

/// A table in a box of its own, which scrolls if the table is wider than the page.
pub struct Table<'a> {
    pub caption: &'a str,
    /// The headings of the columns. All columns but the first hold numbers or short words.
    pub columns: &'a [&'a str],
}

impl Table<'_> {
    /// Returns the table with these rows, which are HTML.
    pub fn with(&self, rows: impl IntoIterator<Item = String>) -> String {
        let Self { caption, columns } = self;
        let mut html = format!(
            "<div class=\"scroll\" role=\"region\" aria-label=\"{caption}\" tabindex=\"0\"><table><caption>{caption}</caption>\n<thead><tr>"
        );
        for column in *columns {
            // Writing to a string does not fail.
            let _ = write!(html, "<th scope=\"col\">{column}</th>");
        }
        html.push_str("</tr></thead>\n<tbody>\n");
        html.extend(rows);
        html.push_str("</tbody></table></div>\n");
        html
    }
}

/// Returns a row of a table: the heading of the row, and its other cells. All are HTML.
pub fn row<'a>(heading: &str, cells: impl IntoIterator<Item = &'a str>) -> String {
    let mut html = format!("<tr><th scope=\"row\">{heading}</th>");
    for cell in cells {
        let _ = write!(html, "<td>{cell}</td>");
    }
    html.push_str("</tr>\n");
    html
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_from_a_log_cannot_change_the_page() {
        for (text, html) in [
            ("play_video", "<bdi>play_video</bdi>"),
            ("<script>", "<bdi>&lt;script&gt;</bdi>"),
            ("a\"b'c&amp;", "<bdi>a&quot;b&#39;c&amp;amp;</bdi>"),
            ("\0\u{1b}[2J\n", "<bdi>\\u{0}\\u{1b}[2J\\u{a}</bdi>"),
            ("a\u{202e}b\u{200b}", "<bdi>a\\u{202e}b\\u{200b}</bdi>"),
            ("مرحبا 🎓", "<bdi>مرحبا 🎓</bdi>"),
        ] {
            assert_eq!(name(text), html);
        }
    }

    #[test]
    fn only_the_start_of_a_very_long_name_is_shown() {
        let html = name(&"é".repeat(5000));
        assert!(html.ends_with("…</bdi>"));
        assert_eq!(html.matches('é').count(), MOST_CHARS);
    }

    #[test]
    fn texts_between_backquotes_are_code() {
        for (text, html) in [
            ("a < b", "a &lt; b"),
            (
                "need `--repair <x>` and `y`",
                "need <code>--repair &lt;x&gt;</code> and <code>y</code>",
            ),
            ("one ` only", "one ` only"),
            ("", ""),
        ] {
            assert_eq!(sentence(text), html);
        }
    }

    #[test]
    fn a_small_share_is_not_shown_as_none() {
        let shares =
            [(0, 9), (1, 9000), (1, 3), (3, 3), (0, 0)].map(|(part, all)| share(part, all));
        assert_eq!(shares, ["0 %", "&lt; 0.1 %", "33.3 %", "100.0 %", "0 %"]);
    }
}
