//! A connection to the LMS database, in a read-only transaction with a consistent snapshot.

use anyhow::{Context, Result, bail, ensure};
use mysql::prelude::Queryable;
use mysql::{Conn, Params, Row, Value};

use super::failure::{Step, explained};

/// The most rows of one query. The time of a query is then small beside the time of its rows.
pub(super) const PAGE: usize = 20_000;

/// A connection. All rows are those that were committed when the session began.
pub struct Session {
    connection: Conn,
    /// The URL of the database, for messages.
    pub(super) name: String,
    /// The ids of the types of external ids, once they were read. See [`types`](Self::types).
    pub(super) types: Option<[Option<i64>; 2]>,
}

/// The statements before the first query. `lock_wait_timeout` is the wait for a migration that holds a table; it is less
/// than the time after which the connection is given up, so that the server's message is shown.
const START: [&str; 5] = [
    "SET NAMES utf8mb4",
    "SET SESSION lock_wait_timeout = 50",
    "SET SESSION TRANSACTION ISOLATION LEVEL REPEATABLE READ",
    "SET SESSION TRANSACTION READ ONLY",
    "START TRANSACTION WITH CONSISTENT SNAPSHOT, READ ONLY",
];

/// The settings that these statements must have changed. Each has an old name, and a name since MySQL 5.7.20 and
/// MariaDB 11.1.
const SETTINGS: &str = "SHOW SESSION VARIABLES WHERE Variable_name IN \
    ('tx_read_only', 'transaction_read_only', 'tx_isolation', 'transaction_isolation')";

impl Session {
    /// Starts the transaction.
    ///
    /// # Errors
    /// Returns an error if the server cannot read in a consistent snapshot without writing.
    pub(super) fn start(connection: Conn, name: String) -> Result<Self> {
        let mut session = Self {
            connection,
            name,
            types: None,
        };
        for statement in START {
            let done = session.connection.query_drop(statement);
            done.map_err(|error| explained(error, &session.name, Step::Statement(statement)))?;
        }
        session.check()?;
        Ok(session)
    }

    /// Returns the URL of the database, for messages.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Checks that the server has not ignored the settings, as a proxy in front of it may do.
    fn check(&mut self) -> Result<()> {
        let settings: Vec<(String, String)> = self
            .connection
            .query(SETTINGS)
            .map_err(|error| explained(error, &self.name, Step::Statement(SETTINGS)))?;
        let are_set = |ending: &str, wanted: &str| {
            let mut values = settings.iter().filter(|(name, _)| name.ends_with(ending));
            values.next().is_some() && values.all(|(_, value)| value == wanted)
        };
        ensure!(
            are_set("_read_only", "ON") && are_set("_isolation", "REPEATABLE-READ"),
            "the LMS database `{}` has not made the session read-only with one snapshot: connect to the database itself, not to a proxy",
            self.name
        );
        Ok(())
    }

    /// Runs a query of a table and passes each row to `take`. The query is prepared, so that numbers arrive as numbers,
    /// which takes less time than text at both ends.
    ///
    /// # Errors
    /// Returns an error that names the table if the query fails, the connection breaks, or `take` fails.
    pub(super) fn each_row(
        &mut self,
        table: &'static str,
        query: &str,
        parameters: impl Into<Params>,
        mut take: impl FnMut(&Row) -> Result<()>,
    ) -> Result<usize> {
        let failed = |error, name: &str| explained(error, name, Step::Table(table));
        let mut count = 0;
        let rows = self.connection.exec_iter(query, parameters);
        for row in rows.map_err(|error| failed(error, &self.name))? {
            let row = row.map_err(|error| failed(error, &self.name))?;
            count += 1;
            take(&row).with_context(|| {
                format!(
                    "failed to read a row of `{table}` in the LMS database `{}`",
                    self.name
                )
            })?;
        }
        Ok(count)
    }
}

/// Returns the text in a column, or `None` if it is NULL.
pub(super) fn text(row: &Row, column: usize) -> Result<Option<&str>> {
    match row.as_ref(column) {
        Some(Value::NULL) => Ok(None),
        Some(Value::Bytes(bytes)) => {
            let text = std::str::from_utf8(bytes);
            Ok(Some(text.with_context(|| {
                format!("column {} is not UTF-8", column + 1)
            })?))
        }
        _ => bail!("column {} has an unknown type", column + 1),
    }
}

/// Returns the integer in a column that is never NULL.
pub(super) fn integer(row: &Row, column: usize) -> Result<i64> {
    let number = match row.as_ref(column) {
        Some(Value::Int(number)) => Some(*number),
        Some(Value::UInt(number)) => i64::try_from(*number).ok(),
        _ => None,
    };
    number.with_context(|| format!("column {} is not an integer", column + 1))
}
