//! Whether a statement that the server says it has is there, and is the one that it was sent.

use super::batch::Item;
use super::client::{Protocol, StatementBy};
use super::pace::Stopped;
use super::retry::{Answered, Requests};
use super::same_statement::is_same_statement;
use super::verdict::{Answer, Verdict};

/// What the server holds under the id of a statement.
pub enum Found {
    /// The same.
    Same,
    /// Something else, or nothing, and it does not take the statement either.
    Other,
    /// It does not say.
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
        if is_missing(&answered.answer) {
            answered = ask(StatementBy::VoidedId)?;
        }
        return Ok(match (answered.verdict, &answered.answer) {
            (Verdict::Accepted, Answer::Response { body, .. }) => compare(sent, body),
            (Verdict::Wait(_), _) => Found::Unavailable(answered),
            (_, answer) if is_missing(answer) => continue,
            // It is not allowed, or not known.
            _ => Found::Unverified,
        });
    }
    Ok(Found::Other)
}

fn is_missing(answer: &Answer) -> bool {
    matches!(answer, Answer::Response { status: 404, .. })
}

fn compare(sent: &[u8], stored: &[u8]) -> Found {
    let stored = serde_json::from_slice::<serde_json::Value>(stored);
    match (serde_json::from_slice(sent), stored) {
        (Ok(sent), Ok(stored)) if stored.get("id").is_some() => {
            if is_same_statement(&sent, &stored) {
                Found::Same
            } else {
                Found::Other
            }
        }
        // It is no statement.
        _ => Found::Unverified,
    }
}
