//! The statements that the answer of an LRS confirms by listing their ids (xAPI 1.0.3, part 3, section 2.1.2).

use std::collections::HashMap;

use serde::Deserialize;
use serde_json::Value;
use uuid::Uuid;

use super::super::http::Response;
use super::super::send_batch::BatchSlice;
use super::super::verdict::{RecordVerdict, RecordVerdicts, Trust, Verdict};

/// The answer of an LRS that stores the valid statements of a request and refuses the other statements. The LRS Ralph
/// does so if `RALPH_LRS_PARTIAL_SUCCESS_DEFAULT` is set. The status is 400 if Ralph stores no new statement, even if
/// it already has all statements.
#[derive(Deserialize)]
struct PartialSuccess {
    ids: Option<Vec<Uuid>>,
    /// Objects with the `index` of a statement in the request.
    errors: Vec<Value>,
}

/// Returns the meaning of an answer by its body, or `None` if the status alone decides.
pub fn verdict_by_body(statements: BatchSlice<'_>, response: &Response) -> Option<Verdict> {
    let (status, body) = (response.status, response.body.trim_ascii());
    let has_header = response.header("x-experience-api-version").is_some();
    let records = match status {
        200..=299 if body.is_empty() => {
            return Some(match has_header && matches!(status, 200 | 204) {
                true => Verdict::Accepted,
                false => Verdict::ByRecord(RecordVerdicts {
                    records: vec![RecordVerdict::Unlisted; statements.len()],
                    trust: Trust::Nothing,
                }),
            });
        }
        207 => None,
        200..=299 => match serde_json::from_slice::<Vec<Uuid>>(body) {
            Ok(ids) => by_statement(statements, &ids, &[]),
            Err(_) => {
                serde_json::from_slice(body)
                    .ok()
                    .and_then(|PartialSuccess { ids, errors }| {
                        by_statement(statements, &ids.unwrap_or_default(), &errors)
                    })
            }
        },
        400 => {
            let partial: PartialSuccess = serde_json::from_slice(body).ok()?;
            // An answer without ids comes from another LRS, which stores nothing if one statement is not valid.
            Some(by_statement(statements, &partial.ids?, &partial.errors)?)
        }
        _ => return None,
    };
    let Some(records) = records else {
        return Some(Verdict::Unconfirmed);
    };
    let is_listed = |record: &RecordVerdict| *record == RecordVerdict::Accepted;
    if records.iter().all(is_listed) {
        return Some(Verdict::Accepted);
    }
    let trust = match has_header || records.iter().any(is_listed) {
        true => Trust::Proof,
        false => Trust::Form,
    };
    Some(Verdict::ByRecord(RecordVerdicts { records, trust }))
}

/// Returns the meaning of an answer for each statement. Returns `None` if the answer names a statement that was not sent,
/// or if one of its errors does not say which statement it is about.
fn by_statement(
    statements: BatchSlice<'_>,
    ids: &[Uuid],
    errors: &[Value],
) -> Option<Vec<RecordVerdict>> {
    let sent = statements.iter().map(|(statement, _)| statement.id);
    let sent: HashMap<Uuid, usize> = sent.zip(0..).collect();
    let mut verdicts = vec![RecordVerdict::Unlisted; statements.len()];
    for id in ids {
        verdicts[*sent.get(id)?] = RecordVerdict::Accepted;
    }
    for error in errors {
        let index = error.get("index")?.as_u64()?;
        *verdicts.get_mut(usize::try_from(index).ok()?)? =
            RecordVerdict::Refused(error.to_string());
    }
    Some(verdicts)
}

#[cfg(test)]
mod tests {
    use RecordVerdict::{Accepted, Unlisted};
    use Trust::{Form, Nothing, Proof};

    use super::super::super::send_batch::tests::batch_of;
    use super::*;

    const ONE: &str = "00000000-0000-0000-0000-000000000001";
    const TWO: &str = "00000000-0000-0000-0000-000000000002";

    fn of(status: u16, has_header: bool, body: &str) -> Option<Verdict> {
        let mut response = Response {
            status,
            body: body.into(),
            ..Response::default()
        };
        if has_header {
            let version = "1.0.3".parse().unwrap();
            response.headers.insert("x-experience-api-version", version);
        }
        verdict_by_body(batch_of(None, &["1", "2"]).items(), &response)
    }

    fn by_record(trust: Trust, records: [RecordVerdict; 2]) -> Option<Verdict> {
        Some(Verdict::ByRecord(RecordVerdicts {
            records: records.into(),
            trust,
        }))
    }

    #[test]
    fn a_list_confirms_the_statements_whose_ids_it_holds() {
        for two in [TWO, &TWO.to_uppercase(), &TWO.replace('-', "")] {
            let body = format!("[\"{two}\",\"{ONE}\"]\n");
            assert_eq!(of(200, false, &body), Some(Verdict::Accepted), "{body}");
        }
        let body = format!("[\"{TWO}\"]");
        assert_eq!(of(200, true, &body), by_record(Proof, [Unlisted, Accepted]));
        assert_eq!(
            of(200, false, &body),
            by_record(Proof, [Unlisted, Accepted])
        );
        for body in ["[]", r#"{"errors": []}"#] {
            assert_eq!(of(200, true, body), by_record(Proof, [Unlisted, Unlisted]));
            assert_eq!(of(200, false, body), by_record(Form, [Unlisted, Unlisted]));
        }
    }

    #[test]
    fn an_empty_body_is_trusted_if_the_header_names_the_version() {
        for status in [200, 204] {
            assert_eq!(of(status, true, ""), Some(Verdict::Accepted));
            assert_eq!(
                of(status, false, " \n"),
                by_record(Nothing, [Unlisted, Unlisted])
            );
        }
        assert_eq!(of(202, true, ""), by_record(Nothing, [Unlisted, Unlisted]));
    }

    #[test]
    fn any_other_success_confirms_nothing() {
        let foreign = format!("[\"{ONE}\",\"00000000-0000-0000-0000-000000000003\"]");
        let beyond = r#"{"errors": [{"index": 2}]}"#;
        for body in [
            "OK",
            "<html>",
            "{}",
            "[1]",
            "[\"a\"]",
            "null",
            "true",
            &foreign,
            beyond,
            r#"{"errors": ["a"]}"#,
            &format!("\"{ONE}\""),
            &format!("[\"{ONE}\""),
        ] {
            assert_eq!(of(200, true, body), Some(Verdict::Unconfirmed), "{body}");
        }
        assert_eq!(
            of(207, true, &format!("[\"{ONE}\",\"{TWO}\"]")),
            Some(Verdict::Unconfirmed)
        );
    }

    #[test]
    fn errors_by_index_refuse_their_statements() {
        let refused = || RecordVerdict::Refused(r#"{"index":0,"reason":"r"}"#.to_owned());
        let errors = r#""errors": [{"index": 0, "reason": "r"}]"#;
        let with_ids = |ids: &str| format!("{{\"ids\": [{ids}], {errors}}}");
        let two = with_ids(&format!("\"{TWO}\""));
        assert_eq!(
            of(200, false, &two),
            by_record(Proof, [refused(), Accepted])
        );
        let without_ids = format!("{{{errors}}}");
        assert_eq!(
            of(200, false, &without_ids),
            by_record(Form, [refused(), Unlisted])
        );
        assert_eq!(
            of(400, false, &with_ids("")),
            by_record(Form, [refused(), Unlisted])
        );
        for body in [&without_ids, "", "no", r#"{"ids": []}"#] {
            assert_eq!(of(400, false, body), None, "{body}");
        }
    }
}
