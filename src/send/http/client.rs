//! One server, over HTTP. With `tls`, the only file that names ureq.
//!
//! Redirects are not followed, certificates are always verified, and a status is never an error here: what an answer
//! means is decided elsewhere.

use std::io::{ErrorKind, Read, Write};
use std::time::Duration;

use anyhow::{Context, Result, anyhow};
use flate2::Compression;
use flate2::write::GzEncoder;
use ureq::http::{HeaderName, HeaderValue, Response, Uri};
use ureq::tls::{RootCerts, TlsConfig};
use ureq::{Agent, Body};
use uuid::Uuid;

use super::tls::proxy_for;
use crate::routing::Endpoint;
use crate::send::verdict::Answer;
use crate::url::Url;

/// How requests are made.
#[derive(Clone, Debug)]
pub struct ClientOptions {
    pub connect_timeout: Duration,
    /// Between the request's end and the answer's start, and again for the answer's body.
    pub read_timeout: Duration,
    /// Of a request with its answer.
    pub request_timeout: Duration,
    /// Send bodies as gzip.
    pub compress: bool,
    /// How many connections are kept.
    pub connections: usize,
    /// Answer that everything is accepted, and send nothing.
    pub dry_run: bool,
}

/// Talks to the server of an endpoint.
pub struct Client {
    agent: Agent,
    post: Uri,
    headers: Vec<(HeaderName, HeaderValue)>,
    /// What no message may show.
    unprintable: Vec<String>,
    compress: bool,
    dry_run: bool,
}

/// Which protocol is spoken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Protocol {
    Xapi,
    Caliper,
}

impl Protocol {
    /// As in options and dead letters.
    pub fn name(self) -> &'static str {
        match self {
            Self::Xapi => "xapi",
            Self::Caliper => "caliper",
        }
    }
}

/// By which of its two parameters a statement is asked for (xAPI 1.0.3, part 3, section 2.1.3).
#[derive(Clone, Copy, Debug)]
pub enum StatementBy {
    Id,
    /// A statement that was voided is found by this alone.
    VoidedId,
}

/// An answer to a request to store is words; one to a request for a statement is the statement.
const MAX_ANSWER_BYTES: u64 = 1 << 20;
const MAX_STATEMENT_BYTES: u64 = 128 << 20;

impl Client {
    /// `roots` are the certificates that are trusted.
    ///
    /// # Errors
    /// The URL or a header is none.
    pub fn new(
        endpoint: &Endpoint,
        protocol: Protocol,
        roots: RootCerts,
        options: &ClientOptions,
    ) -> Result<Self> {
        let post = post_url(&endpoint.url, protocol)?.uri().clone();
        let mut headers = vec![
            header("content-type", "application/json")?,
            header("accept", "application/json")?,
        ];
        if protocol == Protocol::Xapi {
            headers.push(header("x-experience-api-version", "1.0.3")?);
        }
        for (name, value) in &endpoint.headers {
            let given = header(name, value.reveal())?;
            headers.retain(|(name, _)| *name != given.0);
            headers.push(given);
        }
        if let Some(authorization) = endpoint.credentials.authorization() {
            let (name, mut value) = header("authorization", authorization.reveal())
                .map_err(|_| anyhow!("the credentials hold what no header can"))?;
            value.set_sensitive(true);
            headers.retain(|(other, _)| *other != name);
            headers.push((name, value));
        }
        let config = Agent::config_builder()
            .http_status_as_error(false)
            .max_redirects(0)
            .max_redirects_will_error(false)
            .user_agent(concat!("event-router/", env!("CARGO_PKG_VERSION")))
            .tls_config(TlsConfig::builder().root_certs(roots).build())
            .proxy(proxy_for(&post)?)
            .timeout_resolve(Some(options.connect_timeout))
            .timeout_connect(Some(options.connect_timeout))
            .timeout_recv_response(Some(options.read_timeout))
            .timeout_recv_body(Some(options.read_timeout))
            .timeout_global(Some(options.request_timeout))
            .max_idle_connections(options.connections)
            .max_idle_connections_per_host(options.connections);
        Ok(Self {
            agent: config.build().new_agent(),
            post,
            headers,
            unprintable: unprintable(endpoint),
            compress: options.compress,
            dry_run: options.dry_run,
        })
    }

    /// Stores what is in the body. Gives the answer and how many bytes were sent.
    pub fn post(&self, body: &[u8]) -> (Answer, usize) {
        let packed = self.compress.then(|| gzip(body)).flatten();
        let body = packed.as_deref().unwrap_or(body);
        let bytes = body.len();
        if self.dry_run {
            let answer = Answer::Response {
                status: 204,
                retry_after: None,
                body: Vec::new(),
            };
            return (answer, bytes);
        }
        let mut request = self.agent.post(&self.post);
        for (name, value) in &self.headers {
            request = request.header(name, value);
        }
        if packed.is_some() {
            request = request.header("content-encoding", "gzip");
        }
        (self.answer(request.send(body), MAX_ANSWER_BYTES), bytes)
    }

    /// Whether nothing is sent.
    pub fn is_dry_run(&self) -> bool {
        self.dry_run
    }

    /// Asks for a statement.
    pub fn get(&self, by: StatementBy, id: Uuid) -> Answer {
        let parameter = match by {
            StatementBy::Id => "statementId",
            StatementBy::VoidedId => "voidedStatementId",
        };
        let mut request = self.agent.get(&self.post).query(parameter, id.to_string());
        for (name, value) in &self.headers {
            if name != "content-type" {
                request = request.header(name, value);
            }
        }
        let answered = request.call();
        // Half a statement tells nothing; half of the words of an error does.
        let is_statement = answered
            .as_ref()
            .is_ok_and(|response| response.status().is_success());
        match answered {
            Ok(mut response) if is_statement => {
                let mut statement = Vec::new();
                let read = response
                    .body_mut()
                    .as_reader()
                    .take(MAX_STATEMENT_BYTES)
                    .read_to_end(&mut statement);
                match read {
                    Ok(_) => Answer::Response {
                        status: response.status().as_u16(),
                        retry_after: None,
                        body: statement,
                    },
                    Err(error) => Answer::None(error.to_string()),
                }
            }
            answered => self.answer(answered, MAX_ANSWER_BYTES),
        }
    }

    /// The words of an answer, for people, without what is secret and cut to a readable length.
    pub fn words(&self, answer: &Answer) -> String {
        const MAX_CHARS: usize = 2000;
        let mut text = match answer {
            Answer::Response { body, .. } => String::from_utf8_lossy(body).trim().to_owned(),
            Answer::None(error) | Answer::Never(error) => error.clone(),
        };
        for secret in &self.unprintable {
            text = text.replace(secret, "(secret)");
        }
        if let Some((end, _)) = text.char_indices().nth(MAX_CHARS) {
            text.truncate(end);
            text.push('…');
        }
        text
    }

    fn answer(&self, answered: Result<Response<Body>, ureq::Error>, max_bytes: u64) -> Answer {
        let mut response = match answered {
            Ok(response) => response,
            Err(error) => return no_answer(&error),
        };
        let retry_after = response.headers().get("retry-after");
        let retry_after = retry_after.and_then(|value| value.to_str().ok());
        let retry_after = retry_after.map(str::to_owned);
        let mut body = Vec::new();
        // The status says what was done; of the words there may be what there is.
        let _ = response
            .body_mut()
            .as_reader()
            .take(max_bytes)
            .read_to_end(&mut body);
        Answer::Response {
            status: response.status().as_u16(),
            retry_after,
            body,
        }
    }
}

/// What it means that there is no answer.
fn no_answer(error: &ureq::Error) -> Answer {
    let words = error.to_string();
    match error {
        // What TLS does not accept now, it will not accept later, and neither is the URL another.
        ureq::Error::Io(io) if io.kind() == ErrorKind::InvalidData => Answer::Never(format!(
            "{words} (is it the right scheme, and is its certificate trusted?)"
        )),
        ureq::Error::Tls(_)
        | ureq::Error::Rustls(_)
        | ureq::Error::BadUri(_)
        | ureq::Error::Http(_)
        | ureq::Error::InvalidProxyUrl => Answer::Never(words),
        _ => Answer::None(words),
    }
}

/// The address that takes records: for xAPI the resource `statements` of the LRS, for Caliper the URL itself.
fn post_url(url: &Url, protocol: Protocol) -> Result<Url> {
    match protocol {
        Protocol::Caliper => Ok(url.clone()),
        Protocol::Xapi => url.join("statements"),
    }
}

fn header(name: &str, value: &str) -> Result<(HeaderName, HeaderValue)> {
    let parsed = name
        .parse()
        .with_context(|| format!("`{name}` is no name of a header"))?;
    let value = HeaderValue::from_str(value)
        .with_context(|| format!("the value of the header `{name}` holds what no header can"))?;
    Ok((parsed, value))
}

fn gzip(body: &[u8]) -> Option<Vec<u8>> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(body).ok()?;
    encoder.finish().ok()
}

/// What a server may repeat: the secrets, the query of the URL, and both as they stand in JSON or a URL; the longest
/// first, since one may begin with another. What is very short would be found anywhere.
fn unprintable(endpoint: &Endpoint) -> Vec<String> {
    const SHORTEST: usize = 4;
    let mut secrets = endpoint.credentials.secrets();
    secrets.extend(endpoint.headers.iter().map(|(_, value)| value.clone()));
    let mut texts: Vec<String> = secrets
        .iter()
        .map(|secret| secret.reveal().to_owned())
        .collect();
    if let Some(query) = endpoint.url.query() {
        texts.push(query.to_owned());
        let values = form_urlencoded::parse(query.as_bytes());
        texts.extend(values.map(|(_, value)| value.into_owned()));
    }
    for text in texts.clone() {
        texts.push(form_urlencoded::byte_serialize(text.as_bytes()).collect());
        let json = serde_json::Value::from(text).to_string();
        texts.push(json.trim_matches('"').to_owned());
    }
    texts.retain(|text| text.len() >= SHORTEST);
    texts.sort_by_key(|text| std::cmp::Reverse(text.len()));
    texts.dedup();
    texts
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::routing::{Credentials, Secret};

    fn client(credentials: Credentials) -> Result<Client> {
        let options = ClientOptions {
            connect_timeout: Duration::from_secs(1),
            read_timeout: Duration::from_secs(1),
            request_timeout: Duration::from_secs(1),
            compress: false,
            connections: 1,
            dry_run: true,
        };
        let endpoint = Endpoint::at("https://lrs.example/xAPI", credentials)?;
        let roots = RootCerts::new_with_certs(&[]);
        Client::new(&endpoint, Protocol::Xapi, roots, &options)
    }

    #[test]
    fn statements_are_below_the_url_of_the_lrs() {
        for (url, protocol, expected) in [
            (
                "https://a.example/xAPI",
                Protocol::Xapi,
                "https://a.example/xAPI/statements",
            ),
            (
                "https://a.example/xAPI/",
                Protocol::Xapi,
                "https://a.example/xAPI/statements",
            ),
            (
                "https://a.example/x?k=1#f",
                Protocol::Xapi,
                "https://a.example/x/statements?k=1",
            ),
            (
                "https://a.example/caliper/",
                Protocol::Caliper,
                "https://a.example/caliper/",
            ),
        ] {
            let url = Url::parse(url).unwrap();
            assert_eq!(
                post_url(&url, protocol).unwrap().uri().to_string(),
                expected
            );
        }
    }

    #[test]
    fn the_words_of_a_server_are_cut_and_hold_no_secret() {
        let client = client(Credentials::Basic {
            username: Secret::new("ada"),
            password: Secret::new("hunter2"),
        })
        .unwrap();
        let words = |body: &str| {
            client.words(&Answer::Response {
                status: 500,
                retry_after: None,
                body: body.as_bytes().to_vec(),
            })
        };
        let shown = words(" header Authorization: Basic YWRhOmh1bnRlcjI=, password hunter2\n");
        assert_eq!(
            shown,
            "header Authorization: Basic (secret), password (secret)"
        );
        assert_eq!(words(&"é".repeat(9000)).chars().count(), 2001);
    }

    #[test]
    fn credentials_that_no_header_can_hold_are_an_error_that_hides_them() {
        let error = client(Credentials::Bearer(Secret::new("hunter2\n")))
            .err()
            .unwrap();
        assert!(!format!("{error:#}").contains("hunter2"), "{error:#}");
    }
}
