//! Dead letters by reason and answer, as text and as JSON.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::{self, Display};
use std::path::Path;

use anyhow::Result;
use serde::Serialize;

use super::text::row;
use crate::send::{LetterGroup, LetterGroups, LetterKind, Undeliverable, discarded_file};
use crate::text::{grouped, plural, position_text, shell_argument, shell_word};

/// The number of groups of a router that summaries and reports show.
const SHOWN_GROUPS: usize = 10;

#[derive(Serialize)]
pub struct LetterGroupJson {
    #[serde(flatten)]
    kind: LetterKind,
    #[serde(flatten)]
    group: LetterGroup,
}

/// Returns the largest groups of a router, and the number of all other groups.
pub fn first_groups_json(groups: &LetterGroups) -> (Vec<LetterGroupJson>, usize) {
    let all = groups.largest_first();
    let more = all.len().saturating_sub(SHOWN_GROUPS);
    let first = all.into_iter().take(SHOWN_GROUPS);
    let first = first.map(|(kind, group)| LetterGroupJson {
        kind: kind.clone(),
        group: group.clone(),
    });
    (first.collect(), more)
}

/// Returns a row of the summary for each of the largest groups of a router, and a row that counts the other groups.
pub fn group_rows(groups: &LetterGroups) -> Vec<String> {
    let all = groups.largest_first();
    let first = all.iter().take(SHOWN_GROUPS);
    let mut rows: Vec<String> = first
        .map(|(kind, group)| group_row(group, &format!("{}, {}", kind.reason, answer_text(kind))))
        .collect();
    let rest = all.get(SHOWN_GROUPS..).unwrap_or_default();
    if !rest.is_empty() {
        let records = rest.iter().map(|(_, group)| group.records).sum();
        let others = format!("in {} more groups", grouped(rest.len() as u64));
        rows.push(format!("{:>19} {others}", grouped(records)));
    }
    rows
}

fn group_row(group: &LetterGroup, text: &str) -> String {
    let first = group.first.iter();
    let first: Vec<String> = first
        .map(|at| position_text(&at.file, at.line, at.byte))
        .collect();
    let more = if group.records > first.len() as u64 {
        ", …"
    } else {
        ""
    };
    format!(
        "{:>19} × {text}; from {}{more}",
        grouped(group.records),
        first.join(", ")
    )
}

/// Returns the status of an answer and its text, or why there was no answer.
fn answer_text(kind: &LetterKind) -> String {
    let status = kind
        .status
        .map_or("no answer".to_owned(), |status| status.to_string());
    match kind.answer.as_str() {
        "" => status,
        answer => format!("{status}: {answer}"),
    }
}

/// The dead letters of a directory, for `event-router dead-letters`.
pub struct LettersReport<'a> {
    pub directory: &'a Path,
    /// The dead letters by the name of their router.
    pub routers: &'a BTreeMap<String, LetterGroups>,
}

#[derive(Serialize)]
struct LettersJson<'a> {
    letters: u64,
    records: u64,
    groups: Vec<RouterGroupJson<'a>>,
}

#[derive(Serialize)]
struct RouterGroupJson<'a> {
    router: &'a str,
    #[serde(flatten)]
    kind: &'a LetterKind,
    #[serde(flatten)]
    group: &'a LetterGroup,
}

impl LettersReport<'_> {
    /// Returns the report as one JSON object.
    ///
    /// # Errors
    /// Returns an error if the report cannot be made JSON.
    pub fn to_json(&self) -> Result<String> {
        let groups = self.routers.iter().flat_map(|(router, groups)| {
            let groups = groups.largest_first().into_iter();
            groups.map(move |(kind, group)| RouterGroupJson {
                router,
                kind,
                group,
            })
        });
        let json = LettersJson {
            letters: self.routers.values().map(LetterGroups::letters).sum(),
            records: self.routers.values().map(LetterGroups::records).sum(),
            groups: groups.collect(),
        };
        Ok(serde_json::to_string_pretty(&json)?)
    }

    /// Returns the groups of a router that have a reason, and the commands for their dead letters.
    fn reason_text(&self, router: &str, groups: &LetterGroups, reason: &str) -> String {
        let mut groups = groups.largest_first();
        let server = server_options(router, &groups);
        groups.retain(|(kind, _)| kind.reason == reason);
        let count = |of: fn(&LetterGroup) -> u64| groups.iter().map(|(_, group)| of(group)).sum();
        let letters: u64 = count(|group| group.letters);
        let detail = format!("in {} dead letter{}", grouped(letters), plural(letters));
        let mut rows = vec![row(count(|group| group.records), reason, &detail)];
        let of_groups = groups.iter();
        rows.extend(of_groups.map(|(kind, group)| group_row(group, &answer_text(kind))));

        let directory = shell_argument(self.directory.as_os_str());
        let recover = format!("  event-router recover --dead-letters {directory}");
        let only = match self.routers.len() {
            1 => String::new(),
            _ => format!(" --router-url {}", shell_word(router)),
        };
        let again = format!(
            "{recover} {server} --reason {reason}  # sends them again; add the `--auth-file` of the send, if it had one"
        );
        let file = discarded_file(self.directory);
        let file = file.display();
        let discard = format!("{recover} --discard {reason}{only}  # moves them to `{file}`");
        // The server still holds another record under the id, so sending again fails.
        rows.extend(match reason == Undeliverable::Conflict.code() {
            true => [discard, again],
            false => [again, discard],
        });
        rows.join("\n")
    }
}

/// Returns the options of `recover` that name the server of a router. A table of ClickHouse is named after the server's URL,
/// and is known from the answers.
fn server_options(router: &str, groups: &[(&LetterKind, &LetterGroup)]) -> String {
    // Routers with equal names are numbered, as in `URL (2)`. Only routers.json tells them apart.
    if router.contains(' ') {
        return "--routers ROUTERS.JSON".to_owned();
    }
    let is_clickhouse = |(kind, _): &(&LetterKind, _)| kind.answer.contains("DB::Exception");
    match router.rsplit_once('/') {
        Some((url, table)) if groups.iter().any(is_clickhouse) => format!(
            "--clickhouse-url {} --clickhouse-table {}",
            shell_word(url),
            shell_word(table)
        ),
        _ => format!("--url {}", shell_word(router)),
    }
}

impl Display for LettersReport<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut parts = Vec::new();
        for (router, groups) in self.routers {
            parts.push(router.clone());
            let all = groups.largest_first();
            let reasons: BTreeSet<_> = all.iter().map(|(kind, _)| kind.reason).collect();
            let reasons = reasons.into_iter();
            parts.extend(reasons.map(|reason| self.reason_text(router, groups, reason)));
        }
        if parts.is_empty() {
            parts.push(format!(
                "`{}` holds no dead letters",
                self.directory.display()
            ));
        }
        formatter.write_str(&parts.join("\n"))
    }
}
