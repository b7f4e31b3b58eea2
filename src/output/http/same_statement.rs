//! Whether the statement that a server holds is the one that was sent.
//!
//! A server adds `stored`, `authority`, `version` and a missing `timestamp` (xAPI 1.0.3, part 2, section 2.3.1 and
//! part 3, section 2.1.1), writes times and numbers in its own way, adds the `objectType` that is understood, makes lists
//! of single context activities, and may leave out what is empty. All else is content.

use jiff::Timestamp;
use serde_json::{Map, Value};

/// What a server may add to a statement.
const ADDED: [&str; 4] = ["stored", "authority", "version", "timestamp"];

/// What is understood where it is absent, and may be added anywhere.
const UNDERSTOOD: &str = "objectType";

/// Whether the content is the same.
pub fn is_same_statement(sent: &Value, stored: &Value) -> bool {
    match (sent, stored) {
        (Value::Object(sent), Value::Object(stored)) => {
            same_entries(sent, stored) && nothing_added(sent, stored, &ADDED)
        }
        _ => false,
    }
}

fn same_entries(sent: &Map<String, Value>, stored: &Map<String, Value>) -> bool {
    sent.iter().all(|(key, sent)| match stored.get(key) {
        None => is_empty(sent),
        Some(stored) => match key.as_str() {
            "timestamp" => same_time(sent, stored),
            "duration" => same_text(sent, stored, normal_duration),
            // Of what is made by the sender a server keeps its own account.
            "authority" | "stored" | "version" => true,
            "parent" | "grouping" | "category" | "other" => same_list(sent, stored),
            _ => same_value(sent, stored),
        },
    })
}

fn nothing_added(
    sent: &Map<String, Value>,
    stored: &Map<String, Value>,
    may_be_added: &[&str],
) -> bool {
    stored.iter().all(|(key, value)| {
        sent.contains_key(key)
            || may_be_added.contains(&key.as_str())
            || key == UNDERSTOOD
            || is_empty(value)
    })
}

fn same_value(sent: &Value, stored: &Value) -> bool {
    match (sent, stored) {
        (Value::Object(sent), Value::Object(stored)) => {
            same_entries(sent, stored) && nothing_added(sent, stored, &[])
        }
        (Value::Array(sent), Value::Array(stored)) => {
            sent.len() == stored.len()
                && sent
                    .iter()
                    .zip(stored)
                    .all(|(sent, stored)| same_value(sent, stored))
        }
        (Value::Number(sent), Value::Number(stored)) => {
            sent == stored || sent.as_f64() == stored.as_f64()
        }
        _ => sent == stored,
    }
}

/// A list of activities, where one activity stands for a list of one.
fn same_list(sent: &Value, stored: &Value) -> bool {
    match (sent, stored) {
        (Value::Object(_), Value::Array(list)) => {
            matches!(list.as_slice(), [one] if same_value(sent, one))
        }
        (Value::Array(list), Value::Object(_)) => {
            matches!(list.as_slice(), [one] if same_value(one, stored))
        }
        _ => same_value(sent, stored),
    }
}

fn same_time(sent: &Value, stored: &Value) -> bool {
    same_text(sent, stored, |text| text.parse::<Timestamp>().ok())
}

/// Equal, or equal in a normal form that both have.
fn same_text<T: PartialEq>(
    sent: &Value,
    stored: &Value,
    normal: impl Fn(&str) -> Option<T>,
) -> bool {
    let of = |value: &Value| value.as_str().and_then(&normal);
    sent == stored || of(sent).is_some_and(|sent| Some(sent) == of(stored))
}

/// An ISO 8601 duration to the hundredth of a second, beyond which a server need not keep it (section 4.6).
fn normal_duration(text: &str) -> Option<i64> {
    let span: jiff::SignedDuration = text.parse().ok()?;
    i64::try_from(span.as_millis() / 10).ok()
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
    fn what_a_server_adds_or_normalizes_is_no_difference() {
        for stored in [
            sent(),
            with("/stored", json!("2024-03-05T09:14:08Z")),
            with("/authority", json!({"mbox": "mailto:a@b.c"})),
            with("/version", json!("1.0.0")),
            with("/actor/objectType", json!("Agent")),
            with("/timestamp", json!("2024-03-05T10:14:07.25+01:00")),
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
    fn all_else_is() {
        for stored in [
            with("/object/id", json!("p")),
            with("/object/definition/extensions/x", json!(2)),
            with("/object/definition/extensions/y", json!(2)),
            with("/result/success", json!(true)),
            with("/result/duration", json!("PT196S")),
            with("/result/score/raw", json!("1")),
            with("/timestamp", json!("2024-03-05T09:14:08.25Z")),
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
