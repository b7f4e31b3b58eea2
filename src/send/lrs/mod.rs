//! Learning record stores (xAPI 1.0.3, part 3): statements are posted in an array, and can be looked up by id.

mod confirmation;
mod probe;
mod same_statement;

use std::time::SystemTime;

use anyhow::Result;
use serde::Deserialize;
use serde_json::Value;
use uuid::Uuid;

use self::confirmation::verdict_by_body;
use self::same_statement::is_same_statement;
use super::http::{Answer, Client, Resource, Response};
use super::rate_limiter::Stopped;
use super::send_batch::{BatchItem, BatchSlice};
use super::server::{Lookup, LookupRequests, Probe, Server};
use super::verdict::{Verdict, verdict_by_status};
use crate::url::Url;

/// The query parameter that names a statement (xAPI 1.0.3, part 3, section 2.1.3).
const STATEMENT_ID: &str = "statementId";
/// The query parameter that names a voided statement.
const VOIDED_STATEMENT_ID: &str = "voidedStatementId";

/// The header that names the version of xAPI.
const VERSION: &str = "x-experience-api-version";

/// A learning record store.
#[derive(Clone, Copy, Debug)]
pub struct Lrs;

impl Server for Lrs {
    fn resource(&self, url: &Url) -> Result<Resource> {
        Ok(Resource {
            url: url.join("statements")?,
            headers: &[(VERSION, "1.0.3")],
            user_headers: None,
        })
    }

    fn verdict(&self, records: BatchSlice<'_>, answer: &Answer, now: SystemTime) -> Verdict {
        let by_body = match answer {
            Answer::Response(response) => verdict_by_body(records, response),
            Answer::Lost(_) | Answer::Impossible(_) => None,
        };
        by_body.unwrap_or_else(|| verdict_by_status(answer, now))
    }

    /// Asks the LRS for the statement with this id, and compares it with the statement that was sent.
    fn look_up(
        &self,
        statement: &BatchItem,
        sent: &[u8],
        requests: &dyn LookupRequests,
    ) -> Result<Lookup, Stopped> {
        let lookup = self.look_up_unvoided(statement, sent, requests)?;
        if !matches!(lookup, Lookup::Missing) {
            return Ok(lookup);
        }
        let id = statement.id;
        let voided = requests.get(VOIDED_STATEMENT_ID, &id.to_string())?;
        // A server that does not know this parameter may answer anything, so only the statement itself counts.
        Ok(match &voided.answer {
            Answer::Response(response) => {
                compare(sent, &response.body, id).unwrap_or(Lookup::Missing)
            }
            Answer::Lost(_) | Answer::Impossible(_) => Lookup::Missing,
        })
    }

    /// Does not find voided statements.
    fn look_up_unvoided(
        &self,
        statement: &BatchItem,
        sent: &[u8],
        requests: &dyn LookupRequests,
    ) -> Result<Lookup, Stopped> {
        let id = statement.id;
        let last = requests.get(STATEMENT_ID, &id.to_string())?;
        if is_missing(&last.answer, id) {
            return Ok(Lookup::Missing);
        }
        let lookup = match &last.answer {
            // The credentials may not allow reading, or the server does not support the request.
            Answer::Response(Response {
                status: 401 | 403 | 405 | 501,
                ..
            }) if !requests.has_succeeded() => return Ok(Lookup::Unverified(Some(last))),
            Answer::Response(response) => compare(sent, &response.body, id),
            Answer::Lost(_) | Answer::Impossible(_) => None,
        };
        Ok(lookup.unwrap_or(Lookup::Unavailable(last)))
    }

    fn noun(&self) -> &'static str {
        "the LRS"
    }

    fn check(&self, client: &Client) -> Answer {
        // Cheap for the LRS, and needs credentials as a delivery does.
        client.get(STATEMENT_ID, probe::NO_STATEMENT)
    }

    /// An LRS names its version in a header of each answer (part 3, section 1.4), or at least answers with JSON. Load
    /// balancers answer 404 with a text or a web page.
    fn is_of_load_balancer(&self, lookup: &Answer) -> bool {
        match lookup {
            Answer::Response(response) if response.status == 404 => {
                response.header(VERSION).is_none() && !is_json(&response.body)
            }
            _ => false,
        }
    }

    fn probe(&self, client: &Client) -> Probe {
        probe::probe(client)
    }
}

/// Returns whether the answer says that the LRS has no statement with this id.
fn is_missing(answer: &Answer, id: Uuid) -> bool {
    match answer {
        Answer::Response(Response { status: 404, .. }) => !Lrs.is_of_load_balancer(answer),
        Answer::Response(Response {
            status: 200, body, ..
        }) => matches!(
            serde_json::from_slice::<Stored>(body),
            Ok(Stored::List { statements }) if !statements.iter().any(|each| has_id(each, id))
        ),
        Answer::Response(_) | Answer::Lost(_) | Answer::Impossible(_) => false,
    }
}

/// Returns whether a body is a JSON object or array. Some load balancers answer with a number and a text.
fn is_json(body: &[u8]) -> bool {
    let value: Option<Value> = serde_json::from_slice(body).ok();
    value.is_some_and(|value| value.is_object() || value.is_array())
}

/// The answer to a request for one statement.
#[derive(Deserialize)]
#[serde(untagged)]
enum Stored {
    /// A list of statements, although the specification asks for a single statement. The LRS Ralph returns a list with
    /// the statement, or an empty list. If Ralph does not know the query parameter, the list holds other statements.
    List {
        statements: Vec<Value>,
    },
    One(Value),
}

/// Compares the statement that was sent with the statement in an answer. Returns `None` if the answer holds no
/// statement with this id.
fn compare(sent: &[u8], stored: &[u8], id: Uuid) -> Option<Lookup> {
    let stored = match serde_json::from_slice(stored) {
        Ok(Stored::List { statements }) => statements.into_iter().find(|each| has_id(each, id)),
        Ok(Stored::One(statement)) => Some(statement).filter(|each| has_id(each, id)),
        Err(_) => None,
    }?;
    Some(match serde_json::from_slice(sent) {
        Ok(sent) if is_same_statement(&sent, &stored) => Lookup::Same,
        Ok(_) => Lookup::Different,
        // The sent statement cannot be compared, because it is nested more deeply than serde_json can read.
        Err(_) => Lookup::Unverified(None),
    })
}

fn has_id(statement: &Value, id: Uuid) -> bool {
    let text = statement.get("id").and_then(Value::as_str);
    text.and_then(|text| text.parse().ok()) == Some(id)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn statements_are_below_the_url_of_the_lrs() {
        for (url, expected) in [
            (
                "https://a.example/xAPI",
                "https://a.example/xAPI/statements",
            ),
            (
                "https://a.example/xAPI/",
                "https://a.example/xAPI/statements",
            ),
            (
                "https://a.example/x?k=1#f",
                "https://a.example/x/statements?k=1",
            ),
        ] {
            let resource = Lrs.resource(&Url::parse(url).unwrap()).unwrap();
            assert_eq!(resource.url.uri().to_string(), expected);
        }
    }
}
