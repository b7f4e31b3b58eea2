//! The rows of a request, made of statements.

use std::borrow::Cow;
use std::sync::LazyLock;

use memchr::memmem::Finder;
use serde::Deserialize;
use uuid::Uuid;

use crate::json::JsonBuffer;
use crate::time::{Timestamp, UnixText};

/// Returns the time of the row of a statement. Returns `None` if no row can hold the time. The program sends no such
/// statement, but a dead letter may hold one.
pub fn time_of(statement: &[u8]) -> Option<UnixText> {
    #[derive(Deserialize)]
    struct Timed<'a> {
        #[serde(borrow)]
        timestamp: Cow<'a, str>,
    }

    let parse = |text: &str| UnixText::of(Timestamp::parse(text)?.utc());
    if let Some(text) = last_timestamp(statement) {
        return parse(text);
    }
    let Timed { timestamp } = serde_json::from_slice(statement).ok()?;
    parse(&timestamp)
}

/// Returns the timestamp of a statement that ends as statements of this program do. The whole text need not be parsed then,
/// since its last brace ends the statement, and no string contains a quote that is not escaped.
fn last_timestamp(statement: &[u8]) -> Option<&str> {
    const KEY: &[u8] = b",\"timestamp\":";

    let rest = statement.strip_suffix(b"\",\"version\":\"1.0.3\"}")?;
    let quote = memchr::memrchr(b'"', rest)?;
    let is_timestamp = rest[..quote].ends_with(KEY);
    let text = rest.get(quote + 1..).filter(|_| is_timestamp)?;
    str::from_utf8(text)
        .ok()
        .filter(|text| !text.contains('\\'))
}

/// Appends a row and a newline. A row without a time has a text that is no time, so that ClickHouse refuses the row.
pub fn append(id: Uuid, time: Option<UnixText>, statement: &[u8], body: &mut Vec<u8>) {
    let time = time.map_or_else(|| "none".to_owned(), |time| time.to_string());
    let start = format!("{{\"event_id\":\"{id}\",\"emission_time\":\"{time}\",\"event\":");
    body.extend(start.bytes());
    JsonBuffer::at_end_of(body).string(&String::from_utf8_lossy(statement));
    body.extend(b"}\n");
}

/// Returns whether a statement has the verb `evaluated` and no attempt-id that is an integer. Aspects' model `problem_events`
/// cannot read such a statement: the insert fails, and yet its rows are stored in the table.
pub fn lacks_attempt_id(statement: &[u8]) -> bool {
    static EVALUATED: LazyLock<Finder<'static>> =
        LazyLock::new(|| Finder::new("\"https://w3id.org/xapi/acrossx/verbs/evaluated\""));
    static ATTEMPT_ID: LazyLock<Finder<'static>> =
        LazyLock::new(|| Finder::new("\"http://id.tincanapi.com/extension/attempt-id\""));

    let mut after = ATTEMPT_ID
        .find_iter(statement)
        .map(|at| &statement[at + ATTEMPT_ID.needle().len()..]);
    EVALUATED.find(statement).is_some() && !after.any(starts_with_integer)
}

/// Returns whether a colon and an integer, perhaps in a string, start this text.
fn starts_with_integer(text: &[u8]) -> bool {
    let Some(value) = text.trim_ascii_start().strip_prefix(b":") else {
        return false;
    };
    let value = value.trim_ascii_start();
    let (value, end) = match value.strip_prefix(b"\"") {
        Some(value) => (value, &b"\""[..]),
        None => (value, &b",} \t\r\n"[..]),
    };
    let length = value.iter().position(|byte| end.contains(byte));
    let digits = length.and_then(|length| str::from_utf8(&value[..length]).ok());
    digits.is_some_and(|digits| digits.parse::<i64>().is_ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_time_of_a_row_is_the_timestamp_of_the_statement_wherever_it_stands() {
        let time = |statement: &str| time_of(statement.as_bytes()).map(|time| time.to_string());
        for (statement, expected) in [
            (
                r#"{"id":"1","timestamp":"2024-03-05T09:14:07.123456+00:00","version":"1.0.3"}"#,
                Some("1709630047.123456"),
            ),
            (
                r#"{"timestamp": "2024-03-05T10:14:07+01:00", "id": "1"}"#,
                Some("1709630047.000000"),
            ),
            (
                r#"{"a":{"timestamp":"2020-01-01T00:00:00Z"},"timestamp":"2024-03-05T09:14:07Z"}"#,
                Some("1709630047.000000"),
            ),
            (
                r#"{"a":{"timestamp":"2020-01-01T00:00:00Z","version":"1.0.3"}}"#,
                None,
            ),
            (r#"{"id":"1","version":"1.0.3"}"#, None),
            (r#"{"timestamp":"","version":"1.0.3"}"#, None),
            (
                r#"{"timestamp":"1850-01-01T00:00:00Z","version":"1.0.3"}"#,
                None,
            ),
            (r#"{"timestamp":7}"#, None),
        ] {
            assert_eq!(time(statement).as_deref(), expected, "{statement}");
        }
    }

    #[test]
    fn an_attempt_id_is_an_integer_after_its_iri() {
        for (value, lacks) in [
            (r#":3,"#, false),
            (r#": -3 }"#, false),
            (r#":"3"}"#, false),
            (r#":"x"}"#, true),
            (r#":1.5}"#, true),
            (r#":"1.5"}"#, true),
            (r#":"3 "}"#, true),
            (r#":null}"#, true),
            (r#":true}"#, true),
            (r#":[3]}"#, true),
            (r#",3"#, true),
            ("", true),
        ] {
            let verb = r#"{"verb":{"id":"https://w3id.org/xapi/acrossx/verbs/evaluated"},"#;
            let iri = r#""http://id.tincanapi.com/extension/attempt-id""#;
            let statement = format!("{verb}{iri}{value}");
            assert_eq!(lacks_attempt_id(statement.as_bytes()), lacks, "{value}");
            assert!(!lacks_attempt_id(format!("{iri}{value}").as_bytes()));
        }
        let other = br#"{"id":"https://w3id.org/xapi/acrossx/verbs/evaluated"}"#;
        assert!(lacks_attempt_id(other));
    }

    #[test]
    fn a_row_without_a_time_has_a_text_that_is_no_time() {
        let mut body = Vec::new();
        append(Uuid::nil(), None, b"{\"a\":\"\\n\"}", &mut body);
        let row: serde_json::Value = serde_json::from_slice(&body).unwrap();
        assert_eq!(row["emission_time"], "none");
        assert_eq!(row["event"], "{\"a\":\"\\n\"}");
    }
}
