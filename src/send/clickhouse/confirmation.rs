//! The meaning of an answer, by its status, its exception and its headers.

use std::time::SystemTime;

use serde::Deserialize;

use super::super::http::{Answer, Response};
use super::super::verdict::{Retry, Suspect, Verdict, verdict_by_status};
use super::exception::{Meaning, code_of, meaning};

/// Returns the meaning of the answer to an insert of this number of rows.
pub fn verdict(rows: usize, answer: &Answer, now: SystemTime) -> Verdict {
    let by_status = verdict_by_status(answer, now);
    let Answer::Response(response) = answer else {
        return by_status;
    };
    if let Some(code) = code_of(response) {
        return match meaning(code, response.status) {
            Meaning::Row => Verdict::Refused,
            Meaning::Permanent => Verdict::Stop,
            Meaning::Later(suspect) => Verdict::Retry(Retry {
                after: match by_status {
                    Verdict::Retry(Retry { after, .. }) => after,
                    _ => None,
                },
                suspect,
            }),
        };
    }
    match by_status {
        Verdict::Accepted if !is_confirmed(rows, response) => Verdict::Unconfirmed,
        // ClickHouse does not answer 409.
        Verdict::Conflict => Verdict::Unconfirmed,
        verdict => verdict,
    }
}

/// Returns whether a success is one of ClickHouse, and whether it has inserted all rows. Rows of materialized views count
/// as written, too.
fn is_confirmed(rows: usize, response: &Response) -> bool {
    #[derive(Deserialize)]
    struct Summary {
        written_rows: Option<String>,
    }

    let summary = response.header("x-clickhouse-summary");
    let summary = summary.and_then(|summary| serde_json::from_str::<Summary>(summary).ok());
    let written = summary.and_then(|summary| summary.written_rows?.parse::<usize>().ok());
    let is_own = response
        .headers
        .keys()
        .any(|name| name.as_str().starts_with("x-clickhouse-"));
    is_own && response.body.trim_ascii().is_empty() && written.is_none_or(|written| written >= rows)
}

/// Returns the meaning of an answer to a lookup that does not have the form of one.
pub fn verdict_of_lookup(answer: &Answer) -> Verdict {
    let verdict = verdict(0, answer, SystemTime::now());
    match verdict {
        // No row is the reason, since a lookup holds none.
        Verdict::Retry(Retry {
            after,
            suspect: Suspect::Record,
        }) => Verdict::Retry(Retry {
            after,
            suspect: Suspect::Server,
        }),
        Verdict::Retry(_) => verdict,
        _ => match answer {
            Answer::Response(Response { status: 200, .. }) => Verdict::Unconfirmed,
            _ => Verdict::Stop,
        },
    }
}
