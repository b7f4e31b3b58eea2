//! The time of an event.

use crate::outcome::Fault;
use crate::time::EventTime;
use crate::tracking::field::required;
use crate::tracking::{TrackingEvent, python};

/// Reads the time of an event.
///
/// # Errors
/// Returns `MissingField` if the event has no time, `BadTimestamp` if it is not a full date and time with an offset.
pub(super) fn event_time(event: &TrackingEvent<'_>) -> Result<EventTime, Fault> {
    let timestamp = required("timestamp", event.find("timestamp"))?;
    timestamp
        .as_str()
        .and_then(EventTime::parse)
        .ok_or_else(|| {
            Fault::bad_timestamp(
                &python::repr(timestamp),
                "a full date and time with an offset",
            )
        })
}
