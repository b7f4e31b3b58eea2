//! The sections of the page that are texts: the headline numbers, the form of the log, the tables, the command.

use std::fmt::Write;

use super::html::{Table, bytes, count, escaped, name, row, sentence};
use crate::report::inspection::{DistinctCount, Inspection, Table as Lookup, Top};
use crate::text::{counted, grouped, noun};

/// A headline number. All but the term are HTML.
struct Card {
    term: &'static str,
    number: String,
    detail: String,
    is_alert: bool,
}

impl Card {
    fn new(term: &'static str, number: String) -> Self {
        Self {
            term,
            number,
            detail: String::new(),
            is_alert: false,
        }
    }

    fn detail(self, detail: String) -> Self {
        Self { detail, ..self }
    }

    /// Makes a number stand out if it tells of a loss.
    fn alert(self, losses: u64) -> Self {
        Self {
            is_alert: losses > 0,
            ..self
        }
    }
}

/// Returns the time range and the numbers at the top of the page.
pub fn headline(inspection: &Inspection) -> String {
    let Inspection { files, lines, .. } = inspection;
    let missing: u64 = inspection.missing_days.iter().map(|span| span.days).sum();
    let missing_number = format!(
        "<data data-missing-days value=\"{missing}\">{}</data>",
        grouped(missing)
    );
    let failed = match files.failed {
        0 => String::new(),
        failed => format!("{} not read to the end", count("/files/failed", failed)),
    };
    let unpacked = format!(
        "{} unpacked",
        bytes("/files/unpacked_bytes", files.unpacked_bytes)
    );
    let of = |top: &Top| DistinctCount {
        count: top.count,
        is_estimate: top.is_estimate,
    };
    let cards = [
        Card::new("Events", count("/lines/events", lines.events)),
        Card::new("Lines", count("/lines/all", lines.all)),
        Card::new("Files", count("/files/inputs", files.inputs))
            .detail(failed)
            .alert(files.failed),
        Card::new("Size", bytes("/files/stored_bytes", files.stored_bytes)).detail(unpacked),
        Card::new("Missing days", missing_number).alert(missing),
        Card::new(
            "Unparsable lines",
            count("/lines/unparsable", lines.unparsable),
        )
        .alert(lines.unparsable),
        distinct("Users", "/users", inspection.users),
        distinct("Sessions", "/sessions", inspection.sessions),
        distinct("Courses", "/courses", of(&inspection.courses)),
        distinct(
            "Organizations",
            "/organizations",
            of(&inspection.organizations),
        ),
    ];
    time_range(inspection) + &cards_html(&cards)
}

/// Returns the HTML of cards.
fn cards_html(cards: &[Card]) -> String {
    let mut html = "<dl class=\"cards\">\n".to_owned();
    for card in cards {
        let class = if card.is_alert {
            " class=\"alert\""
        } else {
            ""
        };
        // Writing to a string does not fail.
        let _ = write!(
            html,
            "<div{class}><dt>{}</dt><dd>{}</dd>",
            card.term, card.number
        );
        if !card.detail.is_empty() {
            let _ = write!(html, "<dd class=\"detail\">{}</dd>", card.detail);
        }
        html.push_str("</div>\n");
    }
    html.push_str("</dl>\n");
    html
}

fn distinct(term: &'static str, pointer: &str, number: DistinctCount) -> Card {
    let card = Card::new(term, count(&format!("{pointer}/count"), number.count));
    match number.is_estimate {
        true => card.detail("estimated".into()),
        false => card,
    }
}

fn time_range(inspection: &Inspection) -> String {
    let time = |key: &str, time: &Option<String>| {
        let time = escaped(time.as_deref()?);
        let text = time.replace('T', " ").replace('Z', "");
        Some(format!(
            "<time data-at=\"/{key}\" datetime=\"{time}\">{text}</time>"
        ))
    };
    let first = time("first_time", &inspection.first_time);
    let last = time("last_time", &inspection.last_time);
    let range = match (first, last) {
        (Some(first), Some(last)) => format!("<p class=\"range\">{first} to {last} UTC</p>\n"),
        _ => String::new(),
    };
    let without_day = [
        (
            "events_without_time",
            inspection.events_without_time,
            "without a time that can be read",
        ),
        (
            "events_of_other_days",
            inspection.events_of_other_days,
            "of other days, because the number of days is limited",
        ),
    ];
    let notes = without_day.into_iter().filter(|(_, events, _)| *events > 0);
    let notes = notes.map(|(key, events, why)| {
        format!(
            "<p class=\"quiet\">Not among the days below: {} {} {why}.</p>\n",
            count(&format!("/{key}"), events),
            noun(events, "events"),
        )
    });
    range + &notes.collect::<String>()
}

/// Returns the form of the log, and the events that repairs would convert.
pub fn form(inspection: &Inspection) -> String {
    let form = &inspection.form;
    let of_all = |key: &str, events: u64| {
        let all = grouped(inspection.lines.events);
        format!("{} of {all} events", count(&format!("/form/{key}"), events))
    };
    let facts = [
        (
            "After the prefix of a logger",
            of_all("prefixed_events", form.prefixed_events),
        ),
        (
            "In a JSON object that a log driver put around the line (read with <code>--unwrap</code>)",
            of_all("unwrapped_events", form.unwrapped_events),
        ),
        (
            "Several on one line, or one over several lines",
            of_all("events_off_lines", form.events_off_lines),
        ),
    ];
    let facts = facts.map(|(term, text)| format!("<dt>{term}</dt><dd>{text}</dd>"));
    let mut html = format!("<dl class=\"facts\">{}</dl>\n", facts.concat());
    if form.repairs.is_empty() {
        html.push_str("<p>No event needs a repair.</p>\n");
        return html;
    }
    let rows = form.repairs.iter().enumerate().map(|(nth, repair)| {
        let events = count(&format!("/form/repairs/{nth}/events"), repair.events);
        row(
            &format!("<code>{}</code>", escaped(repair.name)),
            [events.as_str()],
        )
    });
    let table = Table {
        caption: "Events that a repair would convert",
        columns: &["Repair", "Events"],
    };
    html.push_str(&table.with(rows));
    html
}

/// Returns the section about the lookup tables, if any were given.
pub fn lookup_tables(inspection: &Inspection) -> Option<String> {
    let tables = &inspection.tables;
    let parts = [("users", &tables.users), ("courses", &tables.courses)];
    let parts = parts
        .into_iter()
        .filter_map(|(nouns, table)| Some(lookup(nouns, table.as_ref()?)));
    let html: String = parts.collect();
    (!html.is_empty()).then_some(html)
}

fn lookup(nouns: &str, table: &Lookup) -> String {
    let pointer = format!("/tables/{nouns}");
    if table.lacking_events == 0 {
        return format!("<p>The table of {nouns} lacks nothing that the events name.</p>\n");
    }
    let about = if table.lacking.is_estimate {
        "about "
    } else {
        ""
    };
    let mut html = format!(
        "<p>The table of {nouns} lacks {about}{} {} of {} {}. The first:</p>\n<ul class=\"names\">",
        count(&format!("{pointer}/lacking/count"), table.lacking.count),
        noun(table.lacking.count, nouns),
        count(&format!("{pointer}/lacking_events"), table.lacking_events),
        noun(table.lacking_events, "events"),
    );
    for item in &table.first {
        let _ = write!(html, "<li>{}</li>", name(item));
    }
    html.push_str("</ul>\n");
    html
}

/// Returns the recommended command and what it leaves out.
pub fn command(inspection: &Inspection) -> String {
    if inspection.lines.all == 0 {
        return "<p>There is no line to convert.</p>\n".into();
    }
    let recommended = &inspection.recommended;
    let mut html = match recommended.command.as_str() {
        "" => "<p>No command is recommended, since no line would be converted.</p>\n".to_owned(),
        command => format!(
            "<pre class=\"command\" tabindex=\"0\" role=\"region\" aria-label=\"Command\"><code data-command>{}</code></pre>\n\
         <p class=\"quiet\">A click selects the whole command.</p>\n",
            escaped(command)
        ),
    };
    if !recommended.notes.is_empty() {
        html.push_str("<ul>");
        for note in &recommended.notes {
            let _ = write!(html, "<li>{}</li>", sentence(note));
        }
        html.push_str("</ul>\n");
    }
    if recommended.leaves_out.is_empty() && !recommended.command.is_empty() {
        html.push_str("<p>The command converts all lines.</p>\n");
        return html;
    }
    let left_out: u64 = recommended.leaves_out.iter().map(|left| left.count).sum();
    let rows = recommended
        .leaves_out
        .iter()
        .enumerate()
        .map(|(nth, left)| {
            let number = count(&format!("/recommended/leaves_out/{nth}/count"), left.count);
            row(&sentence(&left.what), [number.as_str()])
        });
    let caption = format!("Not converted: {}", counted(left_out, "line", "lines"));
    let table = Table {
        caption: &caption,
        columns: &["Not converted", "Count"],
    };
    html.push_str(&table.with(rows));
    html
}
