//! The comparison of a statement that was sent with the statement that an LRS returns.
//!
//! An LRS adds `stored`, `authority`, `version` and a missing `timestamp` (xAPI 1.0.3, part 2, section 2.3.1 and part
//! 3, section 2.1.1), writes times and numbers in its own way, adds a default `objectType`, puts a single context
//! activity into a list, and may leave out empty values. These differences are ignored. With any other difference, the
//! LRS holds another statement.

use jiff::{SignedDuration, Timestamp};
use serde_json::{Map, Number, Value};

/// The keys that the LRS sets.
const SET_BY_LRS: [&str; 3] = ["stored", "authority", "version"];

/// The kind of the object that holds a key. Some keys have their own rules of comparison, but only in some kinds of
/// objects.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Parent {
    Statement,
    Result,
    Context,
    ContextActivities,
    Other,
}

/// Returns whether the LRS holds the statement that was sent.
pub fn is_same_statement(sent: &Value, stored: &Value) -> bool {
    same_value(sent, stored, Parent::Statement)
}

fn same_entries(sent: &Map<String, Value>, stored: &Map<String, Value>, parent: Parent) -> bool {
    let is_kept = sent.iter().all(|(key, sent)| match (parent, key.as_str()) {
        (Parent::Statement, key) if SET_BY_LRS.contains(&key) => true,
        (_, "objectType") if !stored.contains_key(key) => is_default(sent),
        (_, key) => match stored.get(key) {
            None => is_empty(sent),
            Some(stored) => same_member(sent, stored, parent, key),
        },
    });
    let nothing_added = stored.iter().all(|(key, stored)| {
        sent.contains_key(key)
            || is_empty(stored)
            || match (parent, key.as_str()) {
                (Parent::Statement, "timestamp") => true,
                (Parent::Statement, key) => SET_BY_LRS.contains(&key),
                (_, "objectType") => is_default(stored),
                _ => false,
            }
    });
    is_kept && nothing_added
}

fn same_member(sent: &Value, stored: &Value, parent: Parent, key: &str) -> bool {
    match (parent, key) {
        (Parent::Statement, "timestamp") => same_time(sent, stored),
        (Parent::Result, "duration") => same_duration(sent, stored),
        (Parent::ContextActivities, _) => same_list(sent, stored),
        (Parent::Statement, "result") => same_value(sent, stored, Parent::Result),
        (Parent::Statement, "context") => same_value(sent, stored, Parent::Context),
        (Parent::Context, "contextActivities") => {
            same_value(sent, stored, Parent::ContextActivities)
        }
        _ => same_value(sent, stored, Parent::Other),
    }
}

fn same_value(sent: &Value, stored: &Value, parent: Parent) -> bool {
    match (sent, stored) {
        (Value::Object(sent), Value::Object(stored)) => same_entries(sent, stored, parent),
        (Value::Array(sent), Value::Array(stored)) => {
            sent.len() == stored.len()
                && sent
                    .iter()
                    .zip(stored)
                    .all(|(sent, stored)| same_value(sent, stored, Parent::Other))
        }
        (Value::Number(sent), Value::Number(stored)) => same_number(sent, stored),
        _ => sent == stored,
    }
}

/// Compares numbers. Two integers are compared exactly. 1 and 1.0 are equal, because many servers turn one into the
/// other.
fn same_number(sent: &Number, stored: &Number) -> bool {
    sent == stored || (sent.is_f64() || stored.is_f64()) && sent.as_f64() == stored.as_f64()
}

/// Returns whether this `objectType` is a default: an actor without an `objectType` is an agent, an object an activity.
fn is_default(object_type: &Value) -> bool {
    object_type == "Agent" || object_type == "Activity"
}

/// Compares lists of activities. An activity outside a list is equal to a list with only this activity.
fn same_list(sent: &Value, stored: &Value) -> bool {
    let list = |value: &Value| match value {
        Value::Object(_) => Some(vec![value.clone()]),
        Value::Array(list) => Some(list.clone()),
        _ => None,
    };
    match (list(sent), list(stored)) {
        (Some(sent), Some(stored)) => same_value(&sent.into(), &stored.into(), Parent::Other),
        _ => false,
    }
}

/// Returns whether two times are less than a millisecond apart: a server may cut or round to milliseconds (xAPI 1.0.3,
/// part 2, section 4.5).
fn same_time(sent: &Value, stored: &Value) -> bool {
    let of = |value: &Value| value.as_str()?.parse::<Timestamp>().ok();
    let is_near = |(sent, stored): (Timestamp, Timestamp)| {
        let apart = sent.as_nanosecond().abs_diff(stored.as_nanosecond());
        apart < 1_000_000
    };
    sent == stored || of(sent).zip(of(stored)).is_some_and(is_near)
}

/// Returns whether two durations differ by 10 ms at most: a server may cut them to hundredths of a second (part 2,
/// section 4.6).
fn same_duration(sent: &Value, stored: &Value) -> bool {
    let of = |value: &Value| value.as_str()?.parse::<SignedDuration>().ok();
    let is_near = |(sent, stored): (SignedDuration, SignedDuration)| {
        sent.as_millis().abs_diff(stored.as_millis()) <= 10
    };
    sent == stored || of(sent).zip(of(stored)).is_some_and(is_near)
}

fn is_empty(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::Object(object) => object.is_empty(),
        Value::Array(array) => array.is_empty(),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn sent() -> Value {
        json!({
            "id": "1", "actor": {"account": {"name": "a", "homePage": "h"}}, "verb": {"id": "v"},
            "object": {"id": "o", "definition": {"extensions": {"x": 1}}},
            "result": {"duration": "PT03M15S", "score": {"raw": 1.0}, "extensions": {}},
            "context": {"contextActivities": {"parent": [{"id": "c"}]}},
            "timestamp": "2024-03-05T09:14:07.250000+00:00", "version": "1.0.3",
        })
    }

    fn with(pointer: &str, value: Value) -> Value {
        let mut statement = sent();
        let (parent, key) = pointer.rsplit_once('/').unwrap();
        let parent = statement.pointer_mut(parent).unwrap();
        parent
            .as_object_mut()
            .unwrap()
            .insert(key.to_owned(), value);
        statement
    }

    #[test]
    fn values_that_an_lrs_adds_or_normalizes_are_no_difference() {
        for stored in [
            sent(),
            with("/stored", json!("2024-03-05T09:14:08Z")),
            with("/authority", json!({"mbox": "mailto:a@b.c"})),
            with("/version", json!("1.0.0")),
            with("/actor/objectType", json!("Agent")),
            with("/timestamp", json!("2024-03-05T10:14:07.25+01:00")),
            with("/timestamp", json!("2024-03-05T09:14:07.2509Z")),
            with("/result/score/raw", json!(1)),
            with("/result/duration", json!("PT195.001S")),
            with(
                "/context/contextActivities/parent",
                json!({"id": "c", "objectType": "Activity"}),
            ),
        ] {
            assert!(is_same_statement(&sent(), &stored), "{stored}");
        }
        let mut without_empty = sent();
        without_empty["result"]
            .as_object_mut()
            .unwrap()
            .remove("extensions");
        assert!(is_same_statement(&sent(), &without_empty));
    }

    #[test]
    fn any_other_difference_makes_another_statement() {
        for stored in [
            with("/object/id", json!("p")),
            with("/object/definition/extensions/x", json!(2)),
            with("/object/definition/extensions/y", json!(2)),
            with("/result/success", json!(true)),
            with("/object/definition/extensions/version", json!("1")),
            with("/actor/objectType", json!("Group")),
            with("/result/score/min", json!(0)),
            with("/result/duration", json!("PT196S")),
            with("/result/score/raw", json!("1")),
            with("/timestamp", json!("2024-03-05T09:14:07.251Z")),
            with(
                "/context/contextActivities/parent",
                json!([{"id": "c"}, {"id": "d"}]),
            ),
            with("/context/registration", json!("r")),
            json!([sent()]),
        ] {
            assert!(!is_same_statement(&sent(), &stored), "{stored}");
        }
        let mut missing = sent();
        missing.as_object_mut().unwrap().remove("result");
        assert!(!is_same_statement(&sent(), &missing));
    }
}
