//! An inspection as text for people, as wide as the terminal.

use std::fmt::Write;

use self::days::days_section;
use self::lines::{Row, row_lines, wrapped};
use super::shape::{DistinctCount, EventCount, Inspection, Recommended, Table, Top};
use crate::console::one_line;
use crate::convert::Support;
use crate::style::{Palette, Style};
use crate::terminal;
use crate::text::{counted, grouped, size_text};

mod days;
mod lines;

/// The least and the greatest width. Beyond, counts stand too far from their names.
const WIDTHS: (usize, usize) = (40, 120);

/// The names of events that are shown, and the courses and organizations.
const SHOWN_NAMES: usize = 25;
const SHOWN_VALUES: usize = 10;

/// Returns the text of an inspection for standard output.
pub fn inspection_text(inspection: &Inspection) -> String {
    let width = terminal::columns().clamp(WIDTHS.0, WIDTHS.1);
    coloured(&text(inspection, width), Palette::stdout())
}

/// Colours headings, which follow an empty line, and lines about missing days.
fn coloured(text: &str, palette: Palette) -> String {
    let mut is_heading = false;
    let mut coloured = String::new();
    for line in text.lines() {
        let is_warning = line.starts_with("MISSING") || line.starts_with("  ! ");
        let style = match is_heading {
            _ if is_warning => palette.warning,
            true => palette.strong,
            false => Style::new(),
        };
        let _ = writeln!(coloured, "{style}{line}{style:#}");
        is_heading = line.is_empty();
    }
    coloured
}

/// Returns the text of an inspection. Only a command and names of files may have longer lines than `width`.
fn text(inspection: &Inspection, width: usize) -> String {
    let sections = [
        overview(inspection, width),
        events_section(inspection, width),
        days_section(inspection, width),
        values_section("Courses", &inspection.courses, width),
        values_section("Organizations", &inspection.organizations, width),
        unparsable_section(inspection, width),
        form_section(inspection, width),
        tables_section(inspection, width),
        recommended_section(&inspection.recommended, inspection.lines.all, width),
    ];
    let sections: Vec<String> = sections
        .into_iter()
        .filter(|text| !text.is_empty())
        .collect();
    sections.join("\n")
}

fn overview(inspection: &Inspection, width: usize) -> String {
    let Inspection { files, lines, .. } = inspection;
    let failed = match files.failed {
        0 => String::new(),
        failed => format!(" ({} failed)", grouped(failed)),
    };
    let mut texts = vec![
        format!(
            "{}{failed}: {} stored, {} unpacked",
            counted(files.inputs, "input", "inputs"),
            size_text(files.stored_bytes as f64),
            size_text(files.unpacked_bytes as f64)
        ),
        format!(
            "{}: {}, {} unparsable",
            counted(lines.all, "line", "lines"),
            counted(lines.events, "event", "events"),
            grouped(lines.unparsable)
        ),
    ];
    if let (Some(first), Some(last)) = (&inspection.first_time, &inspection.last_time) {
        texts.push(format!(
            "from {} to {} UTC",
            date_and_time(first),
            date_and_time(last)
        ));
    }
    if inspection.events_without_time > 0 {
        let count = inspection.events_without_time;
        texts.push(counted(
            count,
            "event without a readable time",
            "events without a readable time",
        ));
    }
    if lines.events > 0 {
        texts.push(format!(
            "{}, {}",
            distinct_text(inspection.users, "user"),
            distinct_text(inspection.sessions, "session")
        ));
    }
    texts.iter().map(|text| wrapped(text, "", width)).collect()
}

fn events_section(inspection: &Inspection, width: usize) -> String {
    let events = &inspection.events;
    if events.is_empty() {
        return String::new();
    }
    let most = events.first().map_or(1, |event| event.count);
    let rows = events.iter().take(SHOWN_NAMES).map(|event| Row {
        label: format!("{} {}", marks(event), one_line(&event.name)),
        count: event.count,
        share: Some(event.share),
        part: event.count as f64 / most as f64,
    });
    let mut text = "Events\n".to_owned() + &row_lines(&rows.collect::<Vec<_>>(), width).concat();
    let hidden = events.get(SHOWN_NAMES..).unwrap_or_default();
    let other = &inspection.other_events;
    let names = hidden.len() as u64 + other.names;
    if names > 0 {
        let count: u64 = other.count + hidden.iter().map(|event| event.count).sum::<u64>();
        let more = if other.may_be_more { "more than " } else { "" };
        let names = counted(names, "other name", "other names");
        let events = counted(count, "event", "events");
        text += &wrapped(&format!("and {more}{names} with {events}"), "  ", width);
    }
    let legend = "X, C: taken by xAPI, Caliper; x, c: only with `--events`; -: not taken";
    text + &wrapped(legend, "  ", width)
}

/// Returns two letters that tell which formats take an event.
fn marks(event: &EventCount) -> String {
    let mark = |support, letter: char| match support {
        Support::Default => letter,
        Support::OnRequest => letter.to_ascii_lowercase(),
        Support::No => '-',
    };
    [mark(event.xapi, 'X'), mark(event.caliper, 'C')]
        .iter()
        .collect()
}

fn values_section(title: &str, values: &Top, width: usize) -> String {
    if values.count == 0 {
        return String::new();
    }
    let about = if values.is_estimate { "about " } else { "" };
    let most = values.top.first().map_or(1, |row| row.count);
    let rows = values.top.iter().take(SHOWN_VALUES).map(|row| Row {
        label: one_line(&row.id),
        count: row.count,
        share: None,
        part: row.count as f64 / most as f64,
    });
    let rows: Vec<Row> = rows.collect();
    let mut text = format!("{title} ({about}{})\n", grouped(values.count));
    text += &row_lines(&rows, width).concat();
    let more = values.count.saturating_sub(rows.len() as u64);
    if more > 0 {
        text += &wrapped(&format!("and {about}{} more", grouped(more)), "  ", width);
    }
    text
}

fn unparsable_section(inspection: &Inspection, width: usize) -> String {
    if inspection.unparsable.is_empty() {
        return String::new();
    }
    let rows = inspection.unparsable.iter().map(|row| {
        let (count, first) = (grouped(row.count), one_line(&row.first));
        wrapped(
            &format!("{count} {}, first at {first}", row.reason),
            "  ",
            width,
        )
    });
    "Unparsable lines\n".to_owned() + &rows.collect::<String>()
}

fn form_section(inspection: &Inspection, width: usize) -> String {
    let (form, events) = (&inspection.form, inspection.lines.events);
    let of_events = [
        (form.prefixed_events, "after the prefix of a logger"),
        (
            form.unwrapped_events,
            "in lines that `--unwrap` reads, as log drivers write them",
        ),
        (form.events_off_lines, "not on a line of their own"),
    ];
    let of_events = of_events.into_iter().filter(|(count, _)| *count > 0);
    let share = |count: u64| match count == events {
        true => "all".to_owned(),
        false => counted(count, "event", "events"),
    };
    let mut texts: Vec<String> = of_events
        .map(|(count, what)| format!("{} {what}", share(count)))
        .collect();
    texts.extend(form.repairs.iter().map(|repair| {
        let needs = counted(repair.events, "event needs", "events need");
        format!("{needs} `--repair {}`", repair.name)
    }));
    if texts.is_empty() {
        return String::new();
    }
    let texts = texts.iter().map(|text| wrapped(text, "  ", width));
    "Form of the events\n".to_owned() + &texts.collect::<String>()
}

fn tables_section(inspection: &Inspection, width: usize) -> String {
    let tables = &inspection.tables;
    let row = |table: &Option<Table>, option: &str, what: &str| {
        let table = table.as_ref()?;
        let text = match table.lacking_events {
            0 => format!("{option}: has all {what}s of the events"),
            events => {
                let lacking = distinct_text(table.lacking, what);
                let first = one_line(&table.first.join(", "));
                let more = if table.lacking.count > table.first.len() as u64 {
                    ", …"
                } else {
                    ""
                };
                let events = counted(events, "event", "events");
                format!("{option}: lacks {lacking} of {events}: {first}{more}")
            }
        };
        Some(wrapped(&text, "  ", width))
    };
    let rows = [
        row(&tables.users, "--users", "user"),
        row(&tables.courses, "--courses", "course"),
    ];
    let rows: String = rows.into_iter().flatten().collect();
    match rows.is_empty() {
        true => rows,
        false => format!("Tables\n{rows}"),
    }
}

fn recommended_section(recommended: &Recommended, lines: u64, width: usize) -> String {
    if lines == 0 {
        return "There is no line to convert.\n".to_owned();
    }
    let notes = recommended.notes.iter();
    let notes: String = notes
        .map(|note| wrapped(&one_line(note), "  ", width))
        .collect();
    let rows = recommended.leaves_out.iter();
    let rows: String = rows
        .map(|row| wrapped(&format!("{} {}", grouped(row.count), row.what), "  ", width))
        .collect();
    if recommended.command.is_empty() {
        let text = format!(
            "No command is recommended: none of {} would be converted:",
            counted(lines, "line", "lines")
        );
        return wrapped(&text, "", width) + &rows + &notes;
    }
    let mut text = "Recommended command\n  event-router transform".to_owned();
    // Each option stands on a line of its own, so that a narrow terminal breaks no word.
    for part in &recommended.parts {
        text += if part.starts_with("--") {
            " \\\n    "
        } else {
            " "
        };
        text += &one_line(part);
    }
    text.push('\n');
    text += &notes;
    let left_out: u64 = recommended.leaves_out.iter().map(|row| row.count).sum();
    text += &match left_out {
        0 => "\nThe command converts all lines.\n".to_owned(),
        left_out => {
            let text = format!(
                "The command leaves out {} of {}:",
                grouped(left_out),
                counted(lines, "line", "lines")
            );
            format!("\n{}", wrapped(&text, "", width))
        }
    };
    text + &rows
}

fn distinct_text(distinct: DistinctCount, noun: &str) -> String {
    let about = if distinct.is_estimate { "about " } else { "" };
    format!(
        "{about}{}",
        counted(distinct.count, noun, &format!("{noun}s"))
    )
}

/// Returns a UTC time with a space between date and time.
fn date_and_time(time: &str) -> String {
    time.replace('T', " ").replace('Z', "")
}

#[cfg(test)]
mod tests {
    use unicode_width::UnicodeWidthStr;

    use super::super::sample::sample;
    use super::*;

    #[test]
    fn each_line_fits_the_width_except_the_command() {
        for width in 40..=120 {
            let mut sample = sample();
            sample.events[0].name = "動画を再生した".repeat(8);
            sample.courses.top[0].id = "course-v1:東京大学+データ科学入門+二〇二四年度".to_owned();
            let text = text(&sample, width);
            let (shown, rest) = text.split_once("Recommended").unwrap();
            let (_, left_out) = rest.split_once("leaves out").unwrap();
            for line in shown.lines().chain(left_out.lines()) {
                assert!(line.width() <= width, "{width}: {line}");
            }
        }
    }

    #[test]
    fn the_layout_of_the_command_changes_no_word() {
        let mut sample = sample();
        let parts = ["'my logs/x --y.log'", "--to xapi", "--output out"];
        sample.recommended.parts = parts.map(str::to_owned).into();
        let text = text(&sample, 80);
        let command =
            "  event-router transform 'my logs/x --y.log' \\\n    --to xapi \\\n    --output out\n";
        assert!(text.contains(command), "{text}");
    }

    #[test]
    fn control_characters_are_escaped() {
        let mut sample = sample();
        sample.events[0].name = "\u{1b}[31mred\nname".to_owned();
        let text = text(&sample, 80);
        assert!(text.contains(r"\u{1b}[31mred\nname"), "{text}");
        assert!(!text.contains('\u{1b}'));
    }
}
