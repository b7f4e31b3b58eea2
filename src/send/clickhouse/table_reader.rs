//! The queries that read a table, and their answers.

use std::collections::HashSet;
use std::sync::atomic::{AtomicBool, Ordering};

use serde::Deserialize;
use serde::de::DeserializeOwned;
use uuid::Uuid;

use super::super::http::{Answer, Client};
use super::super::send_batch::BatchSlice;
use super::super::server::LookupFailure;
use super::confirmation::verdict_of_lookup;
use super::exception::with_status_of_exception;
use super::insert_ids::InsertId;
use super::queries::{self, COLUMNS, MAX_IDS, OVERFLOW_MODES, SETTINGS, THROW, TYPES};
use super::row;
use super::table::TableName;

/// Asks the server about a table.
#[derive(Debug)]
pub struct TableReader {
    pub table: TableName,
    /// Whether the columns of the table were read and are those of a row.
    has_columns: AtomicBool,
}

/// A complete answer in the format JSONCompact. An answer that breaks off cannot be parsed.
#[derive(Deserialize)]
struct JsonCompact<R> {
    data: Vec<R>,
    rows: usize,
    /// The text of an exception that occurred after the answer had begun.
    exception: Option<String>,
}

impl TableReader {
    pub fn new(table: TableName) -> Self {
        Self {
            table,
            has_columns: AtomicBool::new(false),
        }
    }

    /// Posts a query that reads. Returns the rows of its answer.
    pub fn read<R: DeserializeOwned>(
        &self,
        client: &Client,
        query: &str,
    ) -> Result<Vec<R>, LookupFailure> {
        self.read_with(client, &[], query)
    }

    /// Posts a query that reads, with these parameters.
    fn read_with<R: DeserializeOwned>(
        &self,
        client: &Client,
        parameters: &[(&str, &str)],
        query: &str,
    ) -> Result<Vec<R>, LookupFailure> {
        let (answer, _) = client.post_with(parameters, query.as_bytes(), false);
        let answer = with_status_of_exception(answer);
        if let Answer::Response(response) = &answer
            && response.status == 200
            && let Ok(JsonCompact {
                data,
                rows,
                exception: None,
            }) = serde_json::from_slice(&response.body)
            && data.len() == rows
        {
            return Ok(data);
        }
        let verdict = verdict_of_lookup(&answer);
        Err(LookupFailure::Answer(Box::new((answer, verdict))))
    }

    /// Reads the columns of the table, unless they were read before. The table must have the columns of a row, of types that
    /// can hold the values of a row.
    pub fn check_columns(&self, client: &Client) -> Result<(), LookupFailure> {
        if self.has_columns.load(Ordering::Relaxed) {
            return Ok(());
        }
        let columns: Vec<Vec<String>> = self.read(client, &queries::describe(&self.table))?;
        let table = &self.table;
        for (name, types) in COLUMNS.into_iter().zip(TYPES) {
            let mut found = columns.iter().filter_map(|column| match &column[..] {
                [found, kind, ..] if found == name => Some(kind),
                _ => None,
            });
            let problem = match found.next() {
                None => format!("has no column `{name}`"),
                Some(kind) if !types.iter().any(|part| kind.contains(part)) => {
                    format!(
                        "has a column `{name}` of the type `{kind}`, not `{}`",
                        types[0]
                    )
                }
                Some(_) => continue,
            };
            return Err(LookupFailure::Unusable(format!(
                "the table `{table}` {problem}: check `--clickhouse-table`; rows have the columns {}",
                COLUMNS.join(", ")
            )));
        }
        self.has_columns.store(true, Ordering::Relaxed);
        Ok(())
    }

    /// Makes a query with the id of an insert, which the server refuses while the insert runs.
    pub fn check_ended(&self, client: &Client, id: InsertId) -> Result<(), LookupFailure> {
        let parameters = [("query_id", &*id.to_string())];
        let answered = self.read_with::<Vec<u8>>(client, &parameters, queries::NOTHING);
        answered.map(drop)
    }

    /// Returns the ids of those records that the table has.
    pub fn stored(
        &self,
        records: BatchSlice<'_>,
        client: &Client,
    ) -> Result<HashSet<Uuid>, LookupFailure> {
        let ids = records.iter();
        let mut ids: Vec<_> = ids
            .filter_map(|(record, text)| Some((row::time_of(text)?, record.id)))
            .collect();
        ids.sort_unstable();
        let mut stored = HashSet::new();
        for ids in ids.chunks(MAX_IDS) {
            let rows = self.read(client, &queries::lookup(&self.table, ids))?;
            let [(found, modes)]: [(Vec<Uuid>, [String; 3]); 1] =
                rows.try_into().map_err(|_| {
                    LookupFailure::Unusable(
                        "ClickHouse answers a lookup without its only row: remove the settings `limit` and `offset` from the profile of the user".to_owned(),
                    )
                })?;
            if let Some((name, _)) = OVERFLOW_MODES
                .iter()
                .zip(modes)
                .find(|(_, mode)| mode != THROW)
            {
                return Err(LookupFailure::Unusable(format!(
                    "the user has the setting `{name}=break`, with which a lookup may miss rows: set it to `{THROW}` in the profile of the user"
                )));
            }
            stored.extend(found);
        }
        Ok(stored)
    }

    /// Inserts no row, which succeeds only if other inserts would.
    pub fn insert_nothing(&self, client: &Client) -> Answer {
        let query = queries::empty_insert(&self.table);
        let (answer, _) = client.post_with(&SETTINGS, query.as_bytes(), false);
        with_status_of_exception(answer)
    }
}
