//! The lookups after a server reports that it holds some records of a request already (409).
//!
//! Some servers name a record in the answer, or all of them; others name nothing. Records that were stored by an earlier
//! run follow each other, so the lookups begin at the records that the answer names, or else at the first, and continue
//! as long as the server holds the next record. Only records that a lookup finds count as held, so an answer that names
//! the wrong records does no harm.

use std::collections::{BTreeSet, HashMap};
use std::sync::LazyLock;

use regex::Regex;
use uuid::Uuid;

use super::http::Answer;
use super::parts::KnownOfPart;
use super::rate_limiter::Stopped;
use super::retry::Requester;
use super::send_batch::BatchSlice;
use super::server::Lookup;

/// The result of the lookups in a part.
pub struct Conflicts<'b> {
    /// The records that the server holds, each with whether it is the record that was sent.
    pub held: Vec<(BatchSlice<'b>, bool)>,
    /// The state of the part without these records.
    pub known: KnownOfPart,
    /// The last answer to a lookup, if it does not say whether the server holds the record.
    pub failure: Option<Answer>,
}

/// The number of records for each conflict in a batch up to which all records of a part are looked up. Many conflicts mean
/// that stored and new records are mixed, so that more requests would be refused than lookups are saved.
const LOOKUPS_PER_CONFLICT: usize = 8;

/// The number of conflicts in a batch from which all records may be looked up even if the answers name records.
const CONFLICTS_WITH_NAMES: usize = 3;

impl Requester<'_> {
    /// Looks up records of a part, given the answer that reports a conflict, and the number of such answers for the batch.
    ///
    /// # Errors
    /// Returns `Stopped` if the target is stopped meanwhile.
    pub fn look_up_conflicts<'b>(
        self,
        part: BatchSlice<'b>,
        known: KnownOfPart,
        (answer, count): (&Answer, usize),
    ) -> Result<Conflicts<'b>, Stopped> {
        let mut conflicts = Conflicts {
            held: Vec::new(),
            known,
            failure: None,
        };
        if known == KnownOfPart::LookupsFail {
            return Ok(conflicts);
        }
        let records: Vec<BatchSlice<'_>> = part.singles().collect();
        let mut starts = named_records(part, answer);
        // An answer that names several records probably names all that the server holds.
        let follows = starts.len() < 2;
        let asks_all = records.len() <= count * LOOKUPS_PER_CONFLICT
            && (starts.is_empty() || count >= CONFLICTS_WITH_NAMES);
        if asks_all {
            starts.extend(0..records.len());
        } else if starts.is_empty() && known == KnownOfPart::Nothing {
            starts.insert(0);
        }
        if starts.is_empty() {
            return Ok(conflicts);
        }
        // Whether the server holds each record, as far as the lookups say.
        let mut is_held: Vec<Option<bool>> = vec![None; records.len()];
        if known == KnownOfPart::FirstIsMissing {
            is_held[0] = Some(false);
        }
        for start in starts {
            let end = if follows { records.len() } else { start + 1 };
            for nth in start..end {
                if is_held[nth].is_some() {
                    break;
                }
                let Some((record, text)) = records[nth].iter().next() else {
                    break;
                };
                // A voided statement counts as missing here. If it is sent alone, a full lookup finds it.
                let lookup = self.target.server.look_up_unvoided(record, text, &self)?;
                is_held[nth] = Some(!matches!(lookup, Lookup::Missing));
                match lookup {
                    Lookup::Same => conflicts.held.push((records[nth], true)),
                    Lookup::Different => conflicts.held.push((records[nth], false)),
                    Lookup::Missing => break,
                    Lookup::Unverified(_) => {
                        conflicts.known = KnownOfPart::LookupsFail;
                        return Ok(conflicts);
                    }
                    Lookup::Unavailable(last) => {
                        conflicts.known = KnownOfPart::LookupsFail;
                        conflicts.failure = Some(last.answer);
                        return Ok(conflicts);
                    }
                }
            }
        }
        let first = is_held.into_iter().find(|is_held| *is_held != Some(true));
        conflicts.known = match first {
            // The server reports a conflict, but lookups find nothing.
            _ if conflicts.held.is_empty() && asks_all => KnownOfPart::LookupsFail,
            Some(Some(false)) => KnownOfPart::FirstIsMissing,
            _ => KnownOfPart::Nothing,
        };
        Ok(conflicts)
    }
}

/// Ids of statements, and indices such as `statements.1.id`, `statements[1]` and `"index": 1`.
static NAMES: LazyLock<Option<Regex>> = LazyLock::new(|| {
    let pattern = r#"(?xi)
        (?<id> \b [0-9a-f]{8} -? [0-9a-f]{4} -? [0-9a-f]{4} -? [0-9a-f]{4} -? [0-9a-f]{12} \b )
      | \b statements? (?: \. | \[ | / ) (?<nth> [0-9]+ ) \b
      | " index " \s* : \s* (?<index> [0-9]+ ) \b
    "#;
    Regex::new(pattern).ok()
});

/// Returns the indices of the records of a request that an answer names.
fn named_records(part: BatchSlice<'_>, answer: &Answer) -> BTreeSet<usize> {
    let (Answer::Response(response), Some(names)) = (answer, &*NAMES) else {
        return BTreeSet::new();
    };
    let text = String::from_utf8_lossy(&response.body);
    let ids = part.iter().map(|(record, _)| record.id);
    let ids: HashMap<Uuid, usize> = ids.zip(0..).collect();
    let found = names.captures_iter(&text).filter_map(|found| {
        let text = |name| found.name(name).map(|text| text.as_str());
        match text("id") {
            Some(id) => ids.get(&id.parse().ok()?).copied(),
            None => text("nth").or(text("index"))?.parse().ok(),
        }
    });
    found.filter(|nth| *nth < ids.len()).collect()
}

#[cfg(test)]
mod tests {
    use super::super::http::Response;
    use super::super::send_batch::tests::batch_of;
    use super::*;

    #[test]
    fn answers_name_records_by_id_or_by_index() {
        let batch = batch_of(None, &["1", "2", "3"]);
        for (body, expected) in [
            ("", &[][..]),
            ("conflict", &[]),
            (
                "Statement 00000000-0000-0000-0000-000000000002 exists",
                &[1],
            ),
            (
                r#"["00000000000000000000000000000003", "00000000-0000-0000-0000-000000000001"]"#,
                &[0, 2],
            ),
            ("00000000-0000-0000-0000-000000000009", &[]),
            (
                "statements.1.id and statements[2].id, Statement/0",
                &[0, 1, 2],
            ),
            (r#"{"errors": [{"index": 1}, {"index": 3}]}"#, &[1]),
            ("409 conflicts, 1 of 3 statements, substatements.1", &[]),
        ] {
            let response = Response {
                status: 409,
                body: body.into(),
                ..Response::default()
            };
            let named = named_records(batch.items(), &Answer::Response(response));
            assert_eq!(named.into_iter().collect::<Vec<_>>(), expected, "{body}");
        }
    }

    #[test]
    fn indices_count_the_records_that_were_sent() {
        let batch = batch_of(None, &["1", "2", "3"]);
        batch.items().range(0..1).settle();
        let response = Response {
            status: 409,
            body: b"statements.0.id 00000000-0000-0000-0000-000000000003".to_vec(),
            ..Response::default()
        };
        let named = named_records(batch.items(), &Answer::Response(response));
        assert_eq!(named.into_iter().collect::<Vec<_>>(), [0, 1]);
    }
}
