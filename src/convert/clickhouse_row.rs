//! Rows of ClickHouse that hold statements, as in the table `xapi_events_all` of Open edX Aspects.

use jiff::civil::DateTime;
use serde::Serialize;
use uuid::Uuid;

use crate::json::Value;
use crate::outcome::{Fault, Reason};
use crate::time::UnixText;
use crate::tracking::TrackingEvent;
use crate::xapi;

/// A row, which serializes to an object of ClickHouse's format JSONEachRow.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct ClickHouseRow {
    /// The id of the statement.
    pub event_id: Uuid,
    emission_time: String,
    /// The statement as JSON text.
    event: String,
}

impl ClickHouseRow {
    /// Makes the row of a statement from its JSON text.
    pub fn new(event_id: Uuid, time: UnixText, statement: Vec<u8>) -> Self {
        Self {
            event_id,
            emission_time: time.to_string(),
            event: String::from_utf8(statement)
                .unwrap_or_else(|error| String::from_utf8_lossy(error.as_bytes()).into_owned()),
        }
    }
}

/// Checks that the time of an event is no boolean, which a statement has as a moment of 1970, as in the reference.
///
/// # Errors
/// Returns `BadTimestamp` if the time is a boolean.
pub(crate) fn check_time(event: &TrackingEvent<'_>) -> Result<(), Fault> {
    match xapi::logged_time(event) {
        Some(Value::Bool(time)) => {
            let problem = "is a boolean: ClickHouse would store a time in 1970";
            Err(Fault::bad_timestamp(problem, &time.to_string()))
        }
        _ => Ok(()),
    }
}

/// Returns the time of a row, given the time of its statement in UTC.
///
/// # Errors
/// Returns `MissingField` if the statement has no time, and `BadTimestamp` if ClickHouse would change the time.
pub(crate) fn emission_time(time: Option<DateTime>) -> Result<UnixText, Fault> {
    let Some(time) = time else {
        let detail = "`time` is missing: ClickHouse would store a time in 1970";
        return Err(Fault::new(Reason::MissingField, detail));
    };
    UnixText::of(time).ok_or_else(|| {
        let problem = "cannot be stored by ClickHouse, which takes 1900 to 2299 except the last second of 1969";
        Fault::bad_timestamp(problem, &time.to_string())
    })
}
