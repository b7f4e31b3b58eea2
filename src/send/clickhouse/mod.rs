//! ClickHouse: statements are inserted as rows over its HTTP interface. Before rows are inserted, the server is asked
//! which of them it holds, since the tables behind materialized views may count a row twice that is inserted twice.

mod exception;
mod probe;
mod queries;
mod row;
mod table;

use std::collections::HashSet;
use std::sync::OnceLock;
use std::time::SystemTime;

use anyhow::Result;
use serde::Deserialize;
use uuid::Uuid;

use self::exception::{Meaning, code_of, meaning, name_of, with_status_of_exception};
use self::queries::{BASIC_TIMES, COLUMNS, MAX_IDS, SETTINGS};
pub use self::table::TableName;
use super::body_frame::BodyFrame;
use super::http::{Answer, Client, Resource, Response};
use super::send_batch::{BatchEnvelope, BatchSlice};
use super::server::{LookupFailure, Probe, Server};
use super::verdict::{Retry, Suspect, Verdict, verdict_by_status};
use crate::url::Url;

/// A table of ClickHouse.
#[derive(Debug)]
pub struct ClickHouse {
    table: TableName,
    /// Set once the columns of the table were read.
    columns: OnceLock<()>,
}

/// A complete answer in the format JSONCompact. An answer that breaks off cannot be parsed.
#[derive(Deserialize)]
struct Table {
    data: Vec<Vec<String>>,
    rows: usize,
    /// The text of an exception that occurred after the answer had begun.
    exception: Option<String>,
}

impl ClickHouse {
    pub fn new(table: TableName) -> Self {
        Self {
            table,
            columns: OnceLock::new(),
        }
    }

    /// Posts a query that reads. Returns the rows of its answer.
    fn read(&self, client: &Client, query: &str) -> Result<Vec<Vec<String>>, LookupFailure> {
        let (answer, _) = client.post_with(&[], query.as_bytes(), false);
        let answer = with_status_of_exception(answer);
        if let Answer::Response(response) = &answer
            && response.status == 200
            && let Ok(Table {
                data,
                rows,
                exception: None,
            }) = serde_json::from_slice(&response.body)
            && data.len() == rows
        {
            return Ok(data);
        }
        let verdict = verdict_of_lookup(&answer);
        Err(LookupFailure::Answer(answer, verdict))
    }

    /// Reads the columns of the table, unless they were read before.
    fn check_columns(&self, client: &Client) -> Result<(), LookupFailure> {
        if self.columns.get().is_some() {
            return Ok(());
        }
        let columns = self.read(client, &queries::describe(&self.table))?;
        let has = |name: &&str| {
            columns
                .iter()
                .any(|column| column.first().is_some_and(|first| first == name))
        };
        if let Some(missing) = COLUMNS.iter().find(|name| !has(name)) {
            return Err(LookupFailure::Unusable(format!(
                "the table `{}` has no column `{missing}`: check `--clickhouse-table`; rows have the columns {}",
                self.table,
                COLUMNS.join(", ")
            )));
        }
        let _ = self.columns.set(());
        Ok(())
    }
}

impl Server for ClickHouse {
    fn resource(&self, url: &Url) -> Result<Resource> {
        Ok(Resource {
            url: url.clone(),
            headers: &[],
            user_headers: Some(["x-clickhouse-user", "x-clickhouse-key"]),
        })
    }

    /// The frame is a little larger than the text around a statement in a row usually is. The quotes in the statement are
    /// escaped, which adds a tenth.
    fn frame<'e>(&self, _: Option<&'e BatchEnvelope>) -> BodyFrame<'e> {
        BodyFrame {
            start: "",
            before_each: r#"{"event_id":"00000000-0000-0000-0000-000000000000","emission_time":"0000000000.000000","event":""#,
            after_each: "\"}",
            end: "",
        }
    }

    fn body(&self, records: BatchSlice<'_>) -> Vec<u8> {
        let size = self.frame(None).overhead().size_with(records);
        let mut body = Vec::with_capacity(size + size / 4);
        for (record, text) in records.iter() {
            row::append(record.id, row::time_of(text), text, &mut body);
        }
        body
    }

    fn post(
        &self,
        client: &Client,
        records: BatchSlice<'_>,
        body: &[u8],
        compress: bool,
    ) -> (Answer, usize) {
        let insert = queries::insert(&self.table);
        let mut parameters = vec![("query", insert.as_str())];
        parameters.extend(SETTINGS);
        let needs_basic = |(_, text)| row::time_of(text).is_some_and(|time| time.needs_basic());
        if records.iter().any(needs_basic) {
            parameters.retain(|(name, _)| *name != BASIC_TIMES.0);
            parameters.push(BASIC_TIMES);
        }
        let (answer, bytes) = client.post_with(&parameters, body, compress);
        (with_status_of_exception(answer), bytes)
    }

    fn verdict(&self, records: BatchSlice<'_>, answer: &Answer, now: SystemTime) -> Verdict {
        verdict(records.len(), answer, now)
    }

    fn is_asked_first(&self) -> bool {
        true
    }

    fn stored(
        &self,
        records: BatchSlice<'_>,
        client: &Client,
    ) -> Result<HashSet<Uuid>, LookupFailure> {
        self.check_columns(client)?;
        let ids = records.iter();
        let mut ids: Vec<_> = ids
            .filter_map(|(record, text)| Some((row::time_of(text)?, record.id)))
            .collect();
        ids.sort_unstable();
        let mut stored = HashSet::new();
        for ids in ids.chunks(MAX_IDS) {
            let rows = self.read(client, &queries::lookup(&self.table, ids))?;
            let found = rows
                .iter()
                .flatten()
                .filter_map(|id| id.parse::<Uuid>().ok());
            stored.extend(found);
        }
        Ok(stored)
    }

    fn takes_again(&self, client: &Client, _: &[u8]) -> (Answer, usize) {
        let query = queries::empty_insert(&self.table);
        let (answer, bytes) = client.post_with(&SETTINGS, query.as_bytes(), false);
        (with_status_of_exception(answer), bytes)
    }

    fn check(&self, client: &Client) -> Answer {
        let query = queries::describe(&self.table);
        with_status_of_exception(client.post_with(&[], query.as_bytes(), false).0)
    }

    fn is_own(&self, answer: &Answer) -> bool {
        matches!(answer, Answer::Response(response) if code_of(response).is_some())
    }

    fn is_outage(&self, answer: &Answer) -> bool {
        match verdict(0, answer, SystemTime::UNIX_EPOCH) {
            Verdict::Retry(Retry { suspect, .. }) => suspect == Suspect::Server,
            _ => false,
        }
    }

    fn advice(&self, answer: &Answer) -> Option<String> {
        probe::advice(&self.table, answer)
    }

    fn probe(&self, client: &Client) -> Probe {
        probe::probe(self, client)
    }
}

/// Returns the meaning of the answer to an insert of this number of rows.
fn verdict(rows: usize, answer: &Answer, now: SystemTime) -> Verdict {
    let by_status = verdict_by_status(answer, now);
    let Answer::Response(response) = answer else {
        return by_status;
    };
    if let Some(code) = code_of(response) {
        return match meaning(code, response.status) {
            Meaning::Row => Verdict::Refused,
            Meaning::Always => Verdict::Stop,
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
fn verdict_of_lookup(answer: &Answer) -> Verdict {
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
        Verdict::Retry(_) | Verdict::TooLarge => verdict,
        _ => match answer {
            Answer::Response(Response { status: 200, .. }) => Verdict::Unconfirmed,
            _ => Verdict::Stop,
        },
    }
}
