//! The time of an event, as the log has it and as a statement has it.

use crate::json::Value;
use crate::outcome::Fault;
use crate::time::Timestamp;
use crate::tracking::field::truthy;
use crate::tracking::{TrackingEvent, python};

/// Returns the field that holds the time of an event: `timestamp`, else `time`.
pub(super) fn logged_time<'a>(event: &TrackingEvent<'a>) -> Option<Value<'a>> {
    truthy(event.find("timestamp")).or_else(|| event.find("time"))
}

/// Converts the value of that field: ISO 8601 text with an offset, or seconds since 1970.
///
/// # Errors
/// Returns `BadTimestamp` for any other value.
pub(super) fn timestamp(logged: Option<Value<'_>>) -> Result<Option<Timestamp>, Fault> {
    let Some(logged) = logged else {
        return Ok(None);
    };
    let timestamp = match logged {
        Value::Str(text) => Timestamp::parse(text),
        Value::Bool(seconds) => Timestamp::from_unix(i64::from(seconds)),
        Value::Int(seconds) => Timestamp::from_unix(seconds),
        Value::Float(seconds) => Timestamp::from_unix_f64(seconds),
        Value::Null | Value::BigInt(_) | Value::Array(_) | Value::Object(_) => None,
    };
    match timestamp {
        Some(timestamp) => Ok(Some(timestamp)),
        None => Err(Fault::bad_timestamp(
            &python::repr(logged),
            "ISO 8601 with an offset",
        )),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_numbers_and_booleans_are_times_and_other_values_are_not() {
        let at = |seconds| Timestamp::from_unix(seconds);
        for (value, expected) in [
            (Value::Str("1970-01-01T00:00:01Z"), at(1)),
            (Value::Int(1), at(1)),
            (Value::Float(1.0), at(1)),
            (Value::Bool(true), at(1)),
        ] {
            assert_eq!(timestamp(Some(value)).unwrap(), expected, "{value:?}");
        }
        assert_eq!(timestamp(None).unwrap(), None);
        for value in [Value::Null, Value::Str("1"), Value::BigInt("1")] {
            assert!(timestamp(Some(value)).is_err(), "{value:?}");
        }
    }
}
