//! Requests that show whether a learning record store answers, and that store nothing.

use serde::Deserialize;
use serde_json::Value;

use super::super::http::{Answer, Client, Response};
use super::super::server::{Finding, Probe, is_final};

/// The id of no statement.
pub const NO_STATEMENT: &str = "5bd1f9c4-6d07-4b0b-9d4e-1f1ad3c7a2e6";

/// Usual ends of the URLs of LRSs. `data/xAPI` is that of Learning Locker.
const USUAL_PATHS: [&str; 3] = ["xAPI", "xapi", "data/xAPI"];

/// Finds out whether an LRS answers at the URL of the client, or else at a similar URL.
pub fn probe(client: &Client) -> Probe {
    let requested = &client.requested;
    let base = requested.base();
    let base = base.strip_suffix("/statements").unwrap_or(base);
    let found = Found::at(client, base);
    let finding = match &found.statements {
        Answer::Response(response) if !is_final(&found.statements) => {
            match found.finding(response, client.has_credentials) {
                Finding::Unusable => match elsewhere(client, base) {
                    Some(url) => Finding::Elsewhere(url),
                    None => Finding::Unusable,
                },
                usable => usable,
            }
        }
        _ => Finding::Unusable,
    };
    Probe {
        answer: found.statements,
        finding,
    }
}

/// Returns the URL at which an LRS answers, if it is similar to the URL that was given.
fn elsewhere(client: &Client, base: &str) -> Option<String> {
    let base = base.trim_end_matches('/');
    let without_statements = base.strip_suffix("/statements").map(str::to_owned);
    let longer = USUAL_PATHS.map(|path| format!("{base}/{path}"));
    let mut urls = without_statements.into_iter().chain(longer);
    urls.find(|url| Found::at(client, url).can_be_used())
}

/// The answers at a URL.
struct Found {
    /// The answer to a request for any statement.
    statements: Answer,
    /// The versions of xAPI that the LRS names at `about` (xAPI 1.0.3, part 3, section 2.8). Not all LRSs do.
    versions: Option<Vec<String>>,
}

impl Found {
    fn at(client: &Client, base: &str) -> Self {
        let get = |segment: &str, parameter| {
            let url = client.requested.with_base(&format!("{base}/{segment}"));
            match url {
                Ok(url) => client.get_at(&url, parameter),
                Err(error) => Answer::Impossible(error.to_string()),
            }
        };
        let statements = get("statements", Some(("limit", "1")));
        let versions = match statements {
            Answer::Response(_) => versions(&get("about", None)),
            Answer::Lost(_) | Answer::Impossible(_) => None,
        };
        Self {
            statements,
            versions,
        }
    }

    /// Returns whether an answer is one that only an LRS gives.
    fn is_lrs(&self) -> bool {
        let Answer::Response(response) = &self.statements else {
            return false;
        };
        self.versions.is_some()
            || response.header("x-experience-api-version").is_some()
            || holds_statements(response)
    }

    /// Returns whether an LRS answers and does not refuse the request.
    fn can_be_used(&self) -> bool {
        match &self.statements {
            Answer::Response(response) => {
                let is_allowed = matches!(response.status, 200..=299 | 401 | 403 | 405 | 501);
                is_allowed && self.is_lrs()
            }
            Answer::Lost(_) | Answer::Impossible(_) => false,
        }
    }

    fn finding(&self, response: &Response, has_credentials: bool) -> Finding {
        let named = match &self.versions {
            Some(versions) => format!("an LRS for xAPI {}", versions.join(", ")),
            None => "an LRS".to_owned(),
        };
        Finding::Usable(match response.status {
            200 if holds_statements(response) => {
                format!("{named} answers, and its statements can be read")
            }
            403 if !has_credentials => return Finding::Unusable,
            status @ (403 | 405 | 501) => {
                let answers = match self.is_lrs() {
                    true => format!("{named} answers"),
                    false => "a server answers, which may be an LRS".to_owned(),
                };
                format!(
                    "{answers}; reading is not allowed ({status}), so `send` cannot look up what the LRS already holds"
                )
            }
            _ => return Finding::Unusable,
        })
    }
}

fn versions(about: &Answer) -> Option<Vec<String>> {
    #[derive(Deserialize)]
    struct About {
        version: Vec<String>,
    }

    match about {
        Answer::Response(Response {
            status: 200, body, ..
        }) => {
            let about: About = serde_json::from_slice(body).ok()?;
            Some(about.version)
        }
        _ => None,
    }
}

/// Returns whether the answer is a list of statements, which may be empty.
fn holds_statements(response: &Response) -> bool {
    let body: Option<Value> = serde_json::from_slice(&response.body).ok();
    response.status == 200 && body.is_some_and(|body| body["statements"].is_array())
}
