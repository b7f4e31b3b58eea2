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

    let Timed { timestamp } = serde_json::from_slice(statement).ok()?;
    UnixText::of(Timestamp::parse(&timestamp)?.utc())
}

/// Appends a row and a newline. A row without a time has a text that is no time, so that ClickHouse refuses the row.
pub fn append(id: Uuid, time: Option<UnixText>, statement: &[u8], body: &mut Vec<u8>) {
    let time = time.map_or_else(|| "none".to_owned(), |time| time.to_string());
    let start = format!("{{\"event_id\":\"{id}\",\"emission_time\":\"{time}\",\"event\":");
    body.extend(start.bytes());
    JsonBuffer::at_end_of(body).string(&String::from_utf8_lossy(statement));
    body.extend(b"}\n");
}

/// Returns whether a statement has the verb `evaluated` and no attempt-id. Aspects' model `problem_events` cannot read such
/// a statement: the insert fails, and yet its rows are stored in the table.
pub fn lacks_attempt_id(statement: &[u8]) -> bool {
    static EVALUATED: LazyLock<Finder<'static>> =
        LazyLock::new(|| Finder::new("\"https://w3id.org/xapi/acrossx/verbs/evaluated\""));
    static ATTEMPT_ID: LazyLock<Finder<'static>> =
        LazyLock::new(|| Finder::new("\"http://id.tincanapi.com/extension/attempt-id\""));

    EVALUATED.find(statement).is_some() && ATTEMPT_ID.find(statement).is_none()
}
