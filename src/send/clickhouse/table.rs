//! The name of a table.

use std::fmt::{self, Display};

use anyhow::{Result, bail};

/// A table, given as `DATABASE.TABLE`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TableName {
    database: String,
    table: String,
}

impl TableName {
    /// Parses `DATABASE.TABLE`. The name of the table may contain dots.
    ///
    /// # Errors
    /// Returns an error if the name of the database or of the table is missing.
    pub fn parse(text: &str) -> Result<Self> {
        match text.split_once('.') {
            Some((database, table)) if !database.is_empty() && !table.is_empty() => Ok(Self {
                database: database.to_owned(),
                table: table.to_owned(),
            }),
            _ => bail!(
                "`--clickhouse-table {text}` does not name a database and a table: give both, as in `openedx.xapi_events_all`"
            ),
        }
    }

    /// Returns the name as it is written in a query.
    pub fn quoted(&self) -> String {
        format!("{}.{}", quoted(&self.database), quoted(&self.table))
    }
}

impl Display for TableName {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}.{}", self.database, self.table)
    }
}

/// Returns an identifier between backquotes, with an escape before each backquote and backslash in it.
fn quoted(identifier: &str) -> String {
    let escaped = identifier.replace('\\', "\\\\").replace('`', "\\`");
    format!("`{escaped}`")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_table_is_quoted_as_one_identifier_whatever_its_name() {
        for (text, expected) in [
            ("openedx.xapi_events_all", "`openedx`.`xapi_events_all`"),
            ("a.b.c", "`a`.`b.c`"),
            ("a.b` (x) FORMAT", "`a`.`b\\` (x) FORMAT`"),
            ("a.b\\`;", "`a`.`b\\\\\\`;`"),
        ] {
            assert_eq!(TableName::parse(text).unwrap().quoted(), expected);
        }
        for text in ["", "xapi_events_all", ".t", "d."] {
            assert!(TableName::parse(text).is_err(), "{text}");
        }
    }
}
