//! Events with a `time` and a `timestamp` that differ. The LMS writes only one of them, `time`. A log shipper that adds
//! the time of shipping as `timestamp` thereby changes the times and the ids of the statements.

use jiff::SignedDuration;
use jiff::civil::DateTime;

use super::event::TrackingEvent;
use crate::json::Value;
use crate::outcome::{Repair, RepairSet};
use crate::time::{EventTime, Timestamp};

/// Returns the repairs with which an event has its `time` if its `timestamp` differs by more than a second. Returns no
/// repairs for other events.
pub fn repairs_of_two_times(event: &TrackingEvent<'_>) -> RepairSet {
    let mut repairs = RepairSet::NONE;
    if has_two_times(event)
        && let Some([_, time]) = event.both_times()
    {
        repairs.insert(Repair::ShipperTime);
        if time
            .as_str()
            .is_some_and(|time| Timestamp::parse(time).is_none())
        {
            repairs.insert(Repair::NaiveTime);
        }
    }
    repairs
}

/// Returns whether an event has a `time` and a `timestamp` that differ by more than a second.
fn has_two_times(event: &TrackingEvent<'_>) -> bool {
    delay(event).is_some_and(|delay| delay.abs() > SignedDuration::from_secs(1))
}

/// Returns whether a log shipper has added the time of arrival as `timestamp`: it is more than a second later than
/// `time`, or in a form that the LMS does not write, such as milliseconds.
pub fn arrived_later(event: &TrackingEvent<'_>) -> bool {
    match delay(event) {
        Some(delay) => delay > SignedDuration::from_secs(1),
        None => event.both_times().is_some_and(|[timestamp, time]| {
            timestamp.is_present() && moment(timestamp).is_none() && moment(time).is_some()
        }),
    }
}

/// Returns the duration from the `time` of an event to its `timestamp`, if both can be read and differ.
fn delay(event: &TrackingEvent<'_>) -> Option<SignedDuration> {
    let [timestamp, time] = event.both_times()?;
    if timestamp == time {
        return None;
    }
    Some(moment(timestamp)?.duration_since(moment(time)?))
}

/// Returns the moment of a time in UTC. A time without an offset is taken as UTC, as old logs have it.
fn moment(value: Value<'_>) -> Option<DateTime> {
    match value {
        Value::Str(text) => {
            let parsed = EventTime::parse_any_form(text)
                .or_else(|_| EventTime::parse_any_form(&format!("{text}Z")));
            parsed.ok().map(EventTime::utc)
        }
        Value::Int(seconds) => Timestamp::from_unix(seconds).map(Timestamp::utc),
        Value::Float(seconds) => Timestamp::from_unix_f64(seconds).map(Timestamp::utc),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use bumpalo::Bump;

    use super::*;
    use crate::tracking::parse_line;

    fn differs(timestamp: &str, time: &str) -> bool {
        let line = format!(r#"{{"event":1,"timestamp":{timestamp},"time":{time}}}"#);
        let arena = Bump::new();
        has_two_times(&parse_line(line.as_bytes(), &arena).unwrap().unwrap())
    }

    #[test]
    fn times_differ_if_they_are_more_than_a_second_apart() {
        let time = r#""2024-03-05T09:00:00.5+00:00""#;
        for (timestamp, expected) in [
            (time, false),
            (r#""2024-03-05T09:00:01.500Z""#, false),
            (r#""2024-03-05T09:00:01.501Z""#, true),
            (r#""2024-03-05T08:59:59.400Z""#, true),
            (r#""2024-03-05T10:00:00.5+01:00""#, false),
            (r#""2024-03-05 09:00:00""#, false),
            (r#""2024-03-05T10:00:00""#, true),
            ("1709629200", false),
            ("1709632800.0", true),
            ("null", false),
            (r#""""#, false),
            (r#""soon""#, false),
        ] {
            assert_eq!(differs(timestamp, time), expected, "{timestamp}");
            assert_eq!(differs(time, timestamp), expected, "{timestamp}");
        }
    }

    #[test]
    fn a_time_of_arrival_is_later_or_in_another_form() {
        let arena = Bump::new();
        let time = r#""2013-03-05T09:00:46.812000+00:00""#;
        for (timestamp, time, expected) in [
            (r#""2013-03-05T09:01:46Z""#, time, true),
            (r#""2013-03-05T08:01:46Z""#, time, false),
            ("1362474046812", time, true),
            (r#""1362474046.5""#, time, true),
            (r#""05/Mar/2013:09:00:46 +0000""#, time, true),
            (
                r#""05/Mar/2013:09:00:46 +0000""#,
                r#""2013-03-05 09:00:46""#,
                true,
            ),
            (r#""05/Mar/2013:09:00:46 +0000""#, r#""soon""#, false),
            (r#""2013-03-05 09:00:46""#, time, false),
            ("null", time, false),
            (r#""""#, time, false),
        ] {
            let line = format!(r#"{{"event":1,"timestamp":{timestamp},"time":{time}}}"#);
            let event = parse_line(line.as_bytes(), &arena).unwrap().unwrap();
            assert_eq!(arrived_later(&event), expected, "{line}");
        }
    }

    #[test]
    fn an_event_with_one_time_has_no_other() {
        let arena = Bump::new();
        let event = parse_line(br#"{"event":{"timestamp":1},"time":2000}"#, &arena);
        assert!(!has_two_times(&event.unwrap().unwrap()));
    }
}
