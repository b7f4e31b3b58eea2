//! Tables that lack the user or the course of most events.

use super::reread::Reread;
use crate::convert::LineConverter;
use crate::lms::{IdentityColumn, names_database, remedy_for_missing_rows};
use crate::outcome::{Reason, Tally};
use crate::text::grouped;

/// Returns a warning for each table that is the reason why more than half of the events are rejected, or that has no rows
/// and is the reason for any.
pub fn table_warnings(converter: &LineConverter, tally: &Tally, reread: &Reread) -> Vec<String> {
    let lacks = lacks_of(converter);
    let (wanted, again) = (tally.wanted(), reread.of_rejected());
    let found = lacks.iter().filter_map(|lack| {
        let count = *tally.reasons.get(&lack.reason)?;
        let Lack {
            what,
            table,
            remedy,
            ..
        } = lack;
        let rows = if lack.is_empty {
            ", which has no rows"
        } else {
            ""
        };
        (lack.is_empty || count > wanted / 2).then(|| {
            format!(
                "{} of {} events name {what} `{table}`{rows}: {remedy}{again}",
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
    let together = lacks.iter().filter_map(
        |Lack {
             reason,
             what,
             table,
             ..
         }| {
            let count = tally.reasons.get(reason).filter(|&&count| count > 0)?;
            Some((*count, format!("{what} `{table}` ({})", grouped(*count))))
        },
    );
    let (counts, texts): (Vec<u64>, Vec<String>) = together.unzip();
    let count: u64 = counts.iter().sum();
    let warning = (counts.len() > 1 && count > wanted / 2).then(|| {
        let table = lacks.first().map_or("", |lack| lack.table);
        format!(
            "{} of {} events name {}: {}{again}",
            grouped(count),
            grouped(wanted),
            texts.join(", or "),
            remedy_for_missing_rows(table, "tables")
        )
    });
    warning.into_iter().collect()
}

/// A value that a table may lack.
struct Lack<'a> {
    reason: Reason,
    /// The words before the name of the table.
    what: &'static str,
    table: &'a str,
    /// Whether the table has no rows.
    is_empty: bool,
    remedy: String,
}

/// Returns the values that the tables of users and courses may lack.
fn lacks_of(converter: &LineConverter) -> Vec<Lack<'_>> {
    let lms = converter.lms.get();
    let users = lms.and_then(|lms| lms.users.as_ref());
    let courses = lms.and_then(|lms| lms.courses.as_ref());
    let lack = |reason, what, (table, is_empty), remedy| Lack {
        reason,
        what,
        table,
        is_empty,
        remedy,
    };
    let mut lacks = Vec::new();
    if let Some(users) = users {
        let table = (users.file.as_str(), users.is_empty());
        let rows = remedy_for_missing_rows(table.0, "table");
        let unknown = match converter.format.identity_column() {
            IdentityColumn::ExternalId(_) => format!("{rows}, or use `--unknown-user derive`"),
            IdentityColumn::Email => rows.clone(),
        };
        let import = match names_database(table.0) {
            true => "import ids into the LMS",
            false => "import ids into the LMS and export the table again",
        };
        let import = format!(
            "{import} (see *Users without an external id* in the guide), or use `--missing-external-id derive`"
        );
        let external_id = format!("{rows}, or use `--actor external-id`");
        lacks.extend([
            lack(Reason::UnknownUser, "a user that is not in", table, unknown),
            lack(
                Reason::NoExternalId,
                "a user without an external id in",
                table,
                import,
            ),
            lack(
                Reason::NoEmail,
                "a user without an e-mail address in",
                table,
                external_id,
            ),
        ]);
    }
    if let Some(courses) = courses {
        let table = (courses.file.as_str(), courses.is_empty());
        let rows = remedy_for_missing_rows(table.0, "table");
        let unknown = format!("{rows}, or use `--unknown-course derive`");
        lacks.push(lack(
            Reason::UnknownCourse,
            "a course that is not in",
            table,
            unknown,
        ));
    }
    lacks
}
