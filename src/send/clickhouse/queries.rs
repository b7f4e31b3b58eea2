//! The queries and their settings.

use std::fmt::Write;

use uuid::Uuid;

use super::table::TableName;
use crate::time::UnixText;

/// The columns of a row.
pub const COLUMNS: [&str; 3] = ["event_id", "emission_time", "event"];

/// The types that each column may have. A part of the name suffices, as in `Nullable(String)`.
pub const TYPES: [&[&str]; 3] = [
    &["UUID", "String"],
    &["DateTime"],
    &["String", "JSON", "Object"],
];

/// The settings of each insert. They replace those of the user's profile, with which an insert may lose rows in silence
/// or fail.
pub const SETTINGS: [(&str, &str); 10] = [
    // The answer comes after the rows are stored.
    ("async_insert", "0"),
    ("distributed_foreground_insert", "1"),
    ("wait_end_of_query", "1"),
    ("date_time_input_format", "best_effort"),
    // No field and no row is skipped.
    ("input_format_skip_unknown_fields", "0"),
    ("input_format_allow_errors_num", "0"),
    ("input_format_allow_errors_ratio", "0"),
    ("materialized_views_ignore_errors", "0"),
    // Rows that were removed from the table can be inserted again. Lookups keep rows from being inserted twice.
    ("insert_deduplicate", "0"),
    // The rows of a batch may be of very many months.
    ("max_partitions_per_insert_block", "0"),
];

/// The setting with which ClickHouse reads times before 1970 and after 2286. See [`UnixText`].
pub const BASIC_TIMES: (&str, &str) = ("date_time_input_format", "basic");

/// The most ids in one lookup. A query with more of them would exceed 256 KiB, the default of `max_query_size`. Users who
/// may only read cannot change this setting.
pub const MAX_IDS: usize = 5000;

/// The settings with which a lookup ends in silence at a limit of the user's profile, unless they are [`THROW`]. A lookup asks
/// for them, since users who may only read cannot change them.
pub const OVERFLOW_MODES: [&str; 3] = [
    "read_overflow_mode",
    "timeout_overflow_mode",
    "set_overflow_mode",
];

/// The overflow mode that makes a query fail at a limit.
pub const THROW: &str = "throw";

/// Returns the start of an insert, which the rows follow.
pub fn insert(table: &TableName) -> String {
    format!(
        "INSERT INTO {} ({}) FORMAT JSONEachRow",
        table.quoted(),
        COLUMNS.join(", ")
    )
}

/// Returns an insert of no row, which succeeds only if other inserts would.
pub fn empty_insert(table: &TableName) -> String {
    let (table, columns) = (table.quoted(), COLUMNS.join(", "));
    format!("INSERT INTO {table} ({columns}) SELECT {columns} FROM {table} WHERE 0")
}

/// A query that reads no table.
pub const NOTHING: &str = "SELECT 1 FORMAT JSONCompact";

/// Returns the query for the names and types of the columns.
pub fn describe(table: &TableName) -> String {
    format!("DESCRIBE TABLE {} FORMAT JSONCompact", table.quoted())
}

/// Returns the query for those of these ids that the table has, and for the [`OVERFLOW_MODES`]. The times of their rows
/// limit the parts of the table that the server reads. The ids must be sorted by their times. The answer is one row, which
/// the settings `limit` and `max_result_rows` of the user's profile do not cut.
pub fn lookup(table: &TableName, ids: &[(UnixText, Uuid)]) -> String {
    let modes = OVERFLOW_MODES.map(|mode| format!("getSetting('{mode}')"));
    let mut query = format!(
        "SELECT groupUniqArray(toString(event_id)), [{}] FROM {} WHERE (",
        modes.join(", "),
        table.quoted()
    );
    for (nth, (first, last)) in ranges(ids).into_iter().enumerate() {
        let or = if nth > 0 { " OR " } else { "" };
        // Writing to a string does not fail.
        let _ = write!(
            query,
            "{or}emission_time BETWEEN fromUnixTimestamp64Micro({first}) AND fromUnixTimestamp64Micro({last})"
        );
    }
    query.push_str(") AND event_id IN (");
    for (nth, (_, id)) in ids.iter().enumerate() {
        let comma = if nth > 0 { "," } else { "" };
        let _ = write!(query, "{comma}'{id}'");
    }
    query.push_str(") FORMAT JSONCompact");
    query
}

/// The most ranges of times in one lookup.
const MAX_RANGES: usize = 50;

/// Two times that are further apart than this are in different ranges.
const GAP: i64 = 3600 * SECOND;

const SECOND: i64 = 1_000_000;

/// Returns ranges, in microseconds, that hold the times. Each range is a second longer at both ends, since the column may
/// hold whole seconds only.
fn ranges(ids: &[(UnixText, Uuid)]) -> Vec<(i64, i64)> {
    let mut ranges: Vec<(i64, i64)> = Vec::new();
    for (time, _) in ids {
        let time = time.microseconds();
        let is_full = ranges.len() >= MAX_RANGES;
        match ranges.last_mut() {
            Some((_, last)) if time - *last <= GAP || is_full => *last = time + SECOND,
            _ => ranges.push((time - SECOND, time + SECOND)),
        }
    }
    ranges
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::time::Timestamp;

    fn at(time: &str) -> (UnixText, Uuid) {
        let time = UnixText::of(Timestamp::parse(time).unwrap().utc());
        (time.unwrap(), Uuid::nil())
    }

    #[test]
    fn times_that_are_far_apart_are_in_different_ranges() {
        let ids = [
            at("1970-01-01T00:00:10Z"),
            at("1970-01-01T00:30:00Z"),
            at("1970-01-02T00:00:00.5Z"),
        ];
        let expected = [(9_000_000, 1_801_000_000), (86_399_500_000, 86_401_500_000)];
        assert_eq!(ranges(&ids), expected);
    }

    #[test]
    fn there_are_few_ranges_however_far_apart_the_times_are() {
        let years = (1971..2200).map(|year| at(&format!("{year}-01-01T00:00:00Z")));
        let ranges = ranges(&years.collect::<Vec<_>>());
        assert_eq!(ranges.len(), MAX_RANGES);
        assert!(ranges.is_sorted());
    }

    #[test]
    fn a_lookup_fits_into_the_usual_size_of_a_query() {
        let years = (1900..2299).map(|year| at(&format!("{year}-01-01T00:00:00Z")));
        let ids: Vec<_> = years.cycle().take(MAX_IDS).collect();
        let table = TableName::parse("openedx.xapi_events_all").unwrap();
        assert!(lookup(&table, &ids).len() < 262_144);
    }
}
