//! ClickHouse: statements are inserted as rows over its HTTP interface. Before rows are inserted, the server is asked
//! which of them it holds, since the tables behind materialized views may count a row twice that is inserted twice.

mod confirmation;
mod exception;
mod insert_ids;
mod probe;
mod queries;
mod row;
mod table;
mod table_reader;

use std::collections::HashSet;
use std::path::Path;
use std::sync::atomic::Ordering;
use std::time::SystemTime;

use anyhow::Result;
use uuid::Uuid;

use self::confirmation::verdict;
use self::exception::{code_of, with_status_of_exception};
use self::insert_ids::InsertIds;
use self::queries::{BASIC_TIMES, MAX_IDS, SETTINGS};
pub use self::table::TableName;
use self::table_reader::TableReader;
use super::body_frame::BodyFrame;
use super::http::{Answer, Client, Resource, Response};
use super::send_batch::{BatchEnvelope, BatchSlice};
use super::server::{LookupFailure, Probe, Server};
use super::verdict::{Retry, Suspect, Verdict};
use crate::url::Url;

/// A table of ClickHouse.
#[derive(Debug)]
pub struct ClickHouse {
    reader: TableReader,
    insert_ids: InsertIds,
}

impl ClickHouse {
    /// Creates a target for a table of the server with this name. If there is a state directory, the ids of inserts are
    /// kept in it.
    ///
    /// # Errors
    /// Returns an error if the ids of the inserts of earlier runs cannot be read.
    pub fn new(table: TableName, target: &str, state: Option<&Path>) -> Result<Self> {
        Ok(Self {
            reader: TableReader::new(table),
            insert_ids: InsertIds::open(state, target)?,
        })
    }
}

impl Server for ClickHouse {
    fn resource(&self, url: &Url) -> Result<Resource> {
        Ok(Resource {
            url: url.clone(),
            headers: &[("content-type", "text/plain; charset=utf-8")],
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
        if client.dry_run {
            let lookups = records.len().div_ceil(MAX_IDS);
            let lookups = u32::try_from(lookups).unwrap_or(u32::MAX);
            client.requests.fetch_add(lookups, Ordering::Relaxed);
            return client.post(body, compress);
        }
        let id = match self.insert_ids.take() {
            Ok(id) => id,
            Err(error) => return (Answer::Impossible(format!("{error:#}")), 0),
        };
        let insert = queries::insert(&self.reader.table);
        let query_id = id.to_string();
        let mut parameters = vec![("query", insert.as_str()), ("query_id", &query_id)];
        parameters.extend(SETTINGS);
        let needs_basic = |(_, text)| row::time_of(text).is_some_and(|time| time.needs_basic());
        if records.iter().any(needs_basic) {
            parameters.retain(|(name, _)| *name != BASIC_TIMES.0);
            parameters.push(BASIC_TIMES);
        }
        let (answer, bytes) = client.post_with(&parameters, body, compress);
        let answer = with_status_of_exception(answer);
        let is_accepted =
            || verdict(records.len(), &answer, SystemTime::now()) == Verdict::Accepted;
        if self.is_own(&answer) || is_accepted() {
            self.insert_ids.note_ended(id);
        } else {
            self.insert_ids.note_unanswered(id, records);
        }
        (answer, bytes)
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
        self.reader.check_columns(client)?;
        let ask = |id| self.reader.check_ended(client, id);
        self.insert_ids.ask_if_ended(records, ask)?;
        self.reader.stored(records, client)
    }

    fn takes_again(&self, client: &Client, _: &[u8]) -> (Answer, usize) {
        (self.reader.insert_nothing(client), 0)
    }

    /// Reads the columns of the table. Before the first insert, a table without the columns stops the run.
    fn check(&self, client: &Client) -> Answer {
        match self.reader.check_columns(client) {
            Err(LookupFailure::Answer(failure)) => failure.0,
            Ok(()) | Err(LookupFailure::Unusable(_)) => Answer::Response(Response::default()),
        }
    }

    fn noun(&self) -> &'static str {
        "ClickHouse"
    }

    fn is_risky(&self, record: &[u8]) -> bool {
        row::lacks_attempt_id(record)
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

    fn advice(&self, answer: &Answer, has_credentials: bool) -> Option<String> {
        probe::advice(&self.reader.table, answer, has_credentials)
    }

    fn probe(&self, client: &Client) -> Probe {
        probe::probe(&self.reader, client)
    }
}
