//! Tables that lack the user or the course of most events.

use super::reread::Reread;
use crate::convert::LineConverter;
use crate::lms::{IdentityColumn, names_database, remedy_for_missing_rows};
use crate::outcome::{Reason, Tally};
use crate::text::grouped;

/// Returns a warning for each table that is the reason why more than half of the events are rejected, or that has no rows
/// and is the reason for any.
pub fn table_warnings(converter: &LineConverter, tally: &Tally, reread: &Reread) -> Vec<String> {
    let lms = converter.lms.get();
    let users = lms.and_then(|lms| lms.users.as_ref());
    let courses = lms.and_then(|lms| lms.courses.as_ref());
    let users = users.map(|users| (users.file.as_str(), users.is_empty()));
    let courses = courses.map(|courses| (courses.file.as_str(), courses.is_empty()));
    let [of_users, of_courses] =
        [users, courses].map(|table| remedy_for_missing_rows(table.map_or("", |(name, _)| name)));
    let import = match users {
        Some((name, _)) if names_database(name) => "import ids into the LMS",
        _ => "import ids into the LMS and export the table again",
    };
    let warnings = [
        (
            Reason::UnknownUser,
            users,
            "a user that is not in",
            match converter.format.identity_column() {
                IdentityColumn::ExternalId(_) => {
                    format!("{of_users}, or use `--unknown-user derive`")
                }
                IdentityColumn::Email => of_users.to_owned(),
            },
        ),
        (
            Reason::NoExternalId,
            users,
            "a user without an external id in",
            format!(
                "{import} (see *Users without an external id* in the guide), or use `--missing-external-id derive`"
            ),
        ),
        (
            Reason::NoEmail,
            users,
            "a user without an e-mail address in",
            format!("{of_users}, or use `--actor external-id`"),
        ),
        (
            Reason::UnknownCourse,
            courses,
            "a course that is not in",
            format!("{of_courses}, or use `--unknown-course derive`"),
        ),
    ];
    let (wanted, again) = (tally.wanted(), reread.of_rejected());
    let found = warnings.iter().filter_map(|(reason, table, lack, remedy)| {
        let count = *tally.reasons.get(reason)?;
        let (file, is_empty) = (*table)?;
        let rows = if is_empty { ", which has no rows" } else { "" };
        (is_empty || count > wanted / 2).then(|| {
            format!(
                "{} of {} events name {lack} `{file}`{rows}: {remedy}{again}",
                grouped(count),
                grouped(wanted)
            )
        })
    });
    let found: Vec<String> = found.collect();
    if !found.is_empty() {
        return found;
    }
    // Two tables may together be the reason, although each of them lacks less than half.
    let together = warnings.iter().filter_map(|(reason, table, lack, _)| {
        let count = tally.reasons.get(reason).filter(|&&count| count > 0)?;
        let (file, _) = (*table)?;
        Some((*count, format!("{lack} `{file}` ({})", grouped(*count))))
    });
    let (counts, lacks): (Vec<u64>, Vec<String>) = together.unzip();
    let count: u64 = counts.iter().sum();
    let warning = (counts.len() > 1 && count > wanted / 2).then(|| {
        format!(
            "{} of {} events name {}: {}{again}",
            grouped(count),
            grouped(wanted),
            lacks.join(", or "),
            of_users.replace("the table again", "the tables again")
        )
    });
    warning.into_iter().collect()
}
