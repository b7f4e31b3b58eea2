//! Advice about records that are not converted: each reason with the remedy for the value that it concerns.

use bumpalo::Bump;

use crate::convert::{ConvertedLine, LineConverter};
use crate::format::Format;
use crate::input::{Line, LineContent};
use crate::lms::{IdentityColumn, Lms, names_database, remedy_for_missing_rows};
use crate::outcome::{EventKind, Fault, Flaw, Outcome, Reason, RepairSet, Unsupported};
use crate::run::input_warnings::remedy_of_flaw;
use crate::text::counted;
use crate::tracking::LineWrapper;

/// The part of remedies that concerns tables in files.
const AGAIN: &str = "export the table again";

/// The remedy for each reason, which the table of reasons in the README has, too.
const REMEDIES: [(Reason, &str); 19] = [
    (Reason::NotJson, "nothing, if the line is no tracking event"),
    (Reason::NotUtf8, "repair the line"),
    (Reason::TooLong, "raise the limit"),
    (Reason::Truncated, "get the whole file"),
    (Reason::NotWrapped, "check the key"),
    (Reason::NoEvent, "nothing; it is no tracking event"),
    (Reason::NotTracking, "nothing"),
    (Reason::NoUser, "nothing; the visitor was anonymous"),
    (
        Reason::UnknownUser,
        "export the table again, or `--unknown-user derive`",
    ),
    (
        Reason::NoExternalId,
        "import ids that `event-router lms external-ids` writes, export the table again",
    ),
    (Reason::NoEmail, "`--actor external-id`"),
    (
        Reason::BadCourseId,
        "nothing, the reference fails on the course id, too",
    ),
    (
        Reason::UnknownCourse,
        "export the table again, or `--unknown-course derive`",
    ),
    (
        Reason::MissingField,
        "nothing, the log does not have the field",
    ),
    (
        Reason::WrongType,
        "correct the field, if a tool has changed the log",
    ),
    (Reason::BadTimestamp, "correct the times in the log"),
    (
        Reason::NotRepresentable,
        "nothing; JSON does not have the value",
    ),
    (
        Reason::NoObjectId,
        "nothing, the reference drops the event, too",
    ),
    (Reason::Collision, "decide which of the events to keep"),
];

/// Returns what to do about a record that is not converted. Returns `None` if nothing is wrong.
pub fn advice_of(
    line: Line<'_>,
    conversion: &ConvertedLine<'_>,
    converter: &LineConverter,
) -> Option<String> {
    let repairs = conversion.repairs;
    if matches!(conversion.outcome, Outcome::Unparsable(_)) && is_wrapped(line, conversion) {
        return Some("`--unwrap auto` reads the event that this object holds".to_owned());
    }
    match &conversion.outcome {
        Outcome::Emitted => None,
        Outcome::Unparsable(fault) | Outcome::Rejected(fault) => Some(match repairs.is_empty() {
            true => of_fault(fault, converter),
            false => of_repairs(repairs),
        }),
        Outcome::Unsupported(Unsupported::NoName)
            if conversion.kind_of_unsupported() == EventKind::NamedByType =>
        {
            Some("`--repair name` takes `event_type` as the name".to_owned())
        }
        Outcome::Unsupported(_) | Outcome::Filtered(_) => {
            (!repairs.is_empty()).then(|| of_repairs(repairs))
        }
    }
}

/// Returns whether a line that is no event holds one, as the lines of log drivers do.
fn is_wrapped(line: Line<'_>, conversion: &ConvertedLine<'_>) -> bool {
    let content = LineConverter::logged_line(line, conversion).map(|line| line.content);
    let Some(LineContent::Whole(text)) = content else {
        return false;
    };
    let arena = Bump::new();
    let parsed = LineWrapper::Auto.parse_line(text, &arena, false);
    matches!(parsed, Ok(Some(_)))
}

fn of_repairs(repairs: RepairSet) -> String {
    format!("`--repair {}` converts the event", repairs.names())
}

/// Returns the remedy for a reason, with the value that the detail names.
fn of_fault(fault: &Fault, converter: &LineConverter) -> String {
    let remedy = remedy(fault.reason);
    let value = quoted(&fault.detail);
    let lms = converter.lms.get();
    match fault.reason {
        Reason::NotJson => match fault.flaw.and_then(remedy_of_flaw) {
            Some(remedy) => remedy,
            None if fault.detail.contains("surrogate") => {
                "nothing; no JSON reader can read half a character".to_owned()
            }
            None => format!("{remedy}; else get the line again from the program that wrote it"),
        },
        Reason::NoEvent if fault.flaw == Some(Flaw::WithoutEvent) => {
            "find out what removed `event` from the log".to_owned()
        }
        Reason::NoEvent => remedy.to_owned(),
        Reason::NotUtf8 => {
            format!(
                "{remedy}, such as with `iconv -f WINDOWS-1252 -t UTF-8`, or read the log again from its source"
            )
        }
        Reason::TooLong => format!("{remedy}{}", enough_for(&fault.detail)),
        Reason::Truncated if fault.detail.contains("piece") => {
            "name the file with the missing piece as an input, too, before or after this file"
                .to_owned()
        }
        Reason::Truncated => format!("{remedy}: the input ends within this line"),
        Reason::NotWrapped => match converter.wrapper.key() {
            Some(key) => format!("{remedy} of `--unwrap {key}`, or use `--unwrap auto`"),
            None => format!("{remedy} at which the object has the line: `--unwrap KEY`"),
        },
        Reason::NotTracking => format!("{remedy}; another program wrote the line"),
        Reason::NoUser => match not_an_object(&fault.detail) {
            Some(correction) => correction,
            None => remedy.to_owned(),
        },
        Reason::UnknownUser | Reason::NoExternalId | Reason::NoEmail => {
            of_user(fault.reason, value, lms)
        }
        Reason::UnknownCourse => {
            let table = lms.and_then(|lms| lms.courses.as_ref());
            let table = table.map(|courses| (courses.file.as_str(), courses.len()));
            let remedy = with_table(remedy, table);
            let table = table_text(table, ("course", "courses"));
            format!("course {value} is not in {table}: {remedy} (the id as the name)")
        }
        Reason::NoObjectId if is_demanded(fault) => {
            "nothing, the log does not say it; with `--conformance reference` the event is converted as the reference does".to_owned()
        }
        Reason::BadCourseId | Reason::NoObjectId | Reason::Collision => remedy.to_owned(),
        Reason::MissingField => match not_an_object(&fault.detail) {
            Some(correction) => correction,
            None => format!("{remedy} `{value}`"),
        },
        Reason::WrongType if value.is_empty() => remedy.to_owned(),
        Reason::WrongType => {
            format!("{remedy}: `{value}`")
        }
        Reason::BadTimestamp => of_time(&fault.detail, converter),
        Reason::NotRepresentable => remedy.to_owned(),
    }
}

/// Returns whether only the specifications demand the id that an event lacks.
fn is_demanded(fault: &Fault) -> bool {
    let of_specification = ["the link target", "the object of the event"];
    of_specification
        .iter()
        .any(|start| fault.detail.starts_with(start))
}

fn remedy(reason: Reason) -> &'static str {
    REMEDIES[reason as usize].1
}

/// Returns the first text in backquotes, or an empty text.
fn quoted(detail: &str) -> &str {
    let parts = detail
        .split_once('`')
        .and_then(|(_, rest)| rest.split_once('`'));
    parts.map_or("", |(value, _)| value)
}

/// Returns the correction of a field that is not an object, if that is what the detail says.
fn not_an_object(detail: &str) -> Option<String> {
    let field = quoted(detail);
    detail
        .ends_with("not an object")
        .then(|| format!("correct the log: `{field}` must be a JSON object"))
}

/// Returns the option with a limit that a line of the length in `detail` does not exceed.
fn enough_for(detail: &str) -> String {
    const MIB: u64 = 1 << 20;
    /// The largest limit that the option takes.
    const LARGEST: u64 = 1024;

    let numbers = detail.split(|c: char| !c.is_ascii_digit());
    let length = numbers
        .filter_map(|digits| digits.parse::<u64>().ok())
        .max();
    match length.map(|length| length.div_ceil(MIB)) {
        Some(mib) if mib <= LARGEST => format!(": `--max-line-bytes {mib}M`"),
        Some(_) => " is not enough: the line is longer than any limit".to_owned(),
        None => ": `--max-line-bytes`".to_owned(),
    }
}

/// Returns the remedy for a user who is not in the table, or lacks a value there.
fn of_user(reason: Reason, user: &str, lms: Option<&Lms>) -> String {
    let table = lms.and_then(|lms| lms.users.as_ref());
    let table = table.map(|users| (users.file.as_str(), users.len()));
    let has_emails = lms.is_some_and(|lms| lms.identity == IdentityColumn::Email);
    let remedy = match reason {
        Reason::UnknownUser if has_emails => with_table(AGAIN, table),
        reason => with_table(remedy(reason), table),
    };
    let table = table_text(table, ("user", "users"));
    match reason {
        Reason::UnknownUser if has_emails => format!("user {user} is not in {table}: {remedy}"),
        Reason::UnknownUser => format!(
            "user {user} is not in {table}: {remedy} (a permanent id that the LMS does not share)"
        ),
        Reason::NoEmail => format!("user {user} has no e-mail address in {table}: {remedy}"),
        _ => format!(
            "user {user} has no external id in {table}: {remedy}, or use such ids without an import: `--missing-external-id derive`"
        ),
    }
}

/// Returns a remedy for a table. The database of the LMS needs no export.
fn with_table(remedy: &str, table: Option<(&str, usize)>) -> String {
    match table {
        Some((name, _)) if names_database(name) => remedy
            .replace(&format!(", {AGAIN}"), "")
            .replace(AGAIN, &remedy_for_missing_rows(name, "table")),
        _ => remedy.to_owned(),
    }
}

/// Returns the name of a table with the number of its rows.
fn table_text(table: Option<(&str, usize)>, (one, several): (&str, &str)) -> String {
    match table {
        Some((file, rows)) => format!("{file} ({})", counted(rows as u64, one, several)),
        None => format!("the table of {several}"),
    }
}

fn of_time(detail: &str, converter: &LineConverter) -> String {
    let shown = detail.rsplit_once(": ").map_or("", |(_, shown)| shown);
    let form = match converter.format.format() {
        Format::Xapi => "ISO 8601 with an offset",
        Format::Caliper => "a full date and time with an offset",
    };
    let remedy = remedy(Reason::BadTimestamp);
    format!("{remedy}: {shown} must be {form}, such as 2024-03-05T09:14:07+00:00")
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Returns a text without the addresses of its links.
    fn without_links(text: &str) -> String {
        let mut parts = text.split("](");
        let first = parts.next().unwrap_or_default().to_owned();
        let rest = parts.map(|part| part.split_once(')').map_or("", |(_, rest)| rest));
        let text = rest.fold(first, |text, rest| text + rest);
        text.replace('[', "")
    }

    #[test]
    fn the_readme_has_the_remedy_of_each_reason() {
        let readme = include_str!("../../../README.md");
        for (nth, (reason, remedy)) in REMEDIES.into_iter().enumerate() {
            assert_eq!(reason as usize, nth);
            let cell = format!("| `{}` |", reason.code());
            let row = readme.lines().find(|line| line.contains(&cell)).unwrap();
            let row = without_links(row);
            assert!(row.contains(remedy), "{remedy}: {row}");
        }
    }

    #[test]
    fn a_limit_is_enough_for_the_line() {
        let detail = "the line has 33554433 bytes, more than `--max-line-bytes` allows";
        assert_eq!(enough_for(detail), ": `--max-line-bytes 33M`");
    }
}
