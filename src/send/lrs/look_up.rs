//! Whether a statement that the server says it has is there, and is the one that it was sent.

use serde::Deserialize;
use serde_json::Value;
use uuid::Uuid;

use super::same_statement::is_same_statement;
use crate::send::http::{Protocol, StatementBy};
use crate::send::rate_limiter::Stopped;
use crate::send::retry::{Answered, Requests};
use crate::send::send_batch::Item;
use crate::send::verdict::Answer;

/// What the server holds under the id of a statement.
pub enum Found {
    /// The same.
    Same,
    /// Something else, or nothing, and it does not take the statement either.
    Other,
    /// It may not be asked.
    Unverified,
    /// There was no useful answer.
    Unavailable(Answered),
}

/// How often a statement that is not found is asked for again: some servers show late what they took.
const REPETITIONS: u32 = 2;

/// Asks the server for a statement.
///
/// # Errors
/// Nothing more is to be sent.
pub fn look_up(requests: Requests<'_>, item: &Item, sent: &[u8]) -> Result<Found, Stopped> {
    if requests.route.protocol == Protocol::Caliper {
        // Events cannot be asked for.
        return Ok(Found::Unverified);
    }
    let backoff = requests.route.backoff;
    let ask = |by| {
        requests.make(backoff.max_retries, || {
            (requests.route.client.get(by, item.id), 0)
        })
    };
    for nth in 0..=REPETITIONS {
        if nth > 0 {
            let wait = backoff.wait(nth - 1, fastrand::f64());
            requests.route.pace.sleep(wait)?;
        }
        let mut answered = ask(StatementBy::Id)?;
        if is_missing(&answered.answer, item.id) {
            // It may be there and voided. Servers that do not know this parameter say anything.
            answered = ask(StatementBy::VoidedId)?;
            match &answered.answer {
                Answer::Response { body, .. } if compare(sent, body, item.id).is_some() => {}
                _ => continue,
            }
        }
        let found = match &answered.answer {
            // It is not allowed, or not known.
            Answer::Response { status, .. } if [401, 403, 405, 501].contains(status) => {
                Some(Found::Unverified)
            }
            Answer::Response { body, .. } => compare(sent, body, item.id),
            Answer::None(_) | Answer::Never(_) => None,
        };
        return Ok(found.unwrap_or(Found::Unavailable(answered)));
    }
    Ok(Found::Other)
}

/// Whether the answer says that there is no such statement.
fn is_missing(answer: &Answer, id: Uuid) -> bool {
    match answer {
        Answer::Response { status: 404, .. } => true,
        Answer::Response {
            status: 200, body, ..
        } => matches!(
            serde_json::from_slice::<Stored>(body),
            Ok(Stored::List { statements }) if !statements.iter().any(|it| has_id(it, id))
        ),
        Answer::Response { .. } | Answer::None(_) | Answer::Never(_) => false,
    }
}

/// What a server gives for the id of a statement.
#[derive(Deserialize)]
#[serde(untagged)]
enum Stored {
    /// Not as the specification has it, but some do: Ralph gives a list of one or none, and a list of others where it
    /// does not know the parameter.
    List {
        statements: Vec<Value>,
    },
    One(Value),
}

/// Compares with what a server gave. Nothing when that is no such statement.
fn compare(sent: &[u8], stored: &[u8], id: Uuid) -> Option<Found> {
    let stored = match serde_json::from_slice(stored) {
        Ok(Stored::List { statements }) => statements.into_iter().find(|it| has_id(it, id)),
        Ok(Stored::One(statement)) => Some(statement).filter(|it| has_id(it, id)),
        Err(_) => None,
    };
    let is_same = is_same_statement(&serde_json::from_slice(sent).ok()?, &stored?);
    Some(if is_same { Found::Same } else { Found::Other })
}

fn has_id(statement: &Value, id: Uuid) -> bool {
    let text = statement.get("id").and_then(Value::as_str);
    text.and_then(|text| text.parse().ok()) == Some(id)
}
