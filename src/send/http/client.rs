//! The client for one server.
//!
//! Redirects are not followed, and certificates are always verified. No HTTP status is an error in this module, because
//! each kind of server decides what an answer means.

use std::io::Write;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use anyhow::{Context, Result, anyhow, bail};
use flate2::Compression;
use flate2::write::GzEncoder;
use ureq::http::{HeaderMap, HeaderName, HeaderValue, Uri};
use ureq::tls::{RootCerts, TlsConfig};
use ureq::typestate::WithoutBody;
use ureq::unversioned::resolver::DefaultResolver;
use ureq::{Agent, RequestBuilder};

use super::answer::{Answer, Loss, Response, read_answer};
use super::early_answer::connector;
use super::forward::forward;
use super::proxies::{name_of, proxy_for};
use super::redaction::Redaction;
use crate::routing::{Credentials, Endpoint, Secret};
use crate::url::Url;

/// The settings of all requests.
#[derive(Clone, Debug)]
pub struct ClientOptions {
    pub connect_timeout: Duration,
    /// The longest wait for an answer to start after its request is sent. The body of the answer may take the same time
    /// again.
    pub read_timeout: Duration,
    /// The limit for a request together with its answer.
    pub request_timeout: Duration,
    /// Whether bodies are compressed with gzip.
    pub compress: bool,
    /// The most idle connections that are kept open for later requests.
    pub connections: usize,
    /// Whether no request is sent, and each counts as accepted by the server.
    pub dry_run: bool,
}

/// The URL and headers that a kind of server needs.
#[derive(Clone, Debug)]
pub struct Resource {
    pub url: Url,
    pub headers: &'static [(&'static str, &'static str)],
    /// The headers for a username and a password, if they are not in the header `authorization`.
    pub user_headers: Option<[&'static str; 2]>,
}

/// A client for the server of an endpoint.
pub struct Client {
    agent: Agent,
    url: Uri,
    headers: HeaderMap,
    redaction: Redaction,
    /// The URL of the server, even if requests are made to a proxy.
    pub requested: Url,
    pub has_credentials: bool,
    /// The URL of the proxy, without credentials.
    proxy: Option<String>,
    /// Whether bodies are compressed with gzip.
    pub compress: bool,
    pub dry_run: bool,
    /// The number of requests that were made, or would have been made without `dry_run`.
    pub requests: Arc<AtomicU32>,
}

impl Client {
    /// Creates a client that trusts the certificates in `roots`.
    ///
    /// # Errors
    /// Returns an error if the URL, a header, the credentials or a proxy variable is not valid.
    pub fn new(
        endpoint: &Endpoint,
        resource: &Resource,
        roots: RootCerts,
        options: &ClientOptions,
    ) -> Result<Self> {
        let url = resource.url.uri().clone();
        let proxy = proxy_for(&url)?;
        let is_plain = url.scheme_str() == Some("http");
        let tunnel = proxy.clone().filter(|_| !is_plain);
        let config = Agent::config_builder()
            .http_status_as_error(false)
            .max_redirects(0)
            .max_redirects_will_error(false)
            .user_agent(concat!("event-router/", env!("CARGO_PKG_VERSION")))
            .tls_config(TlsConfig::builder().root_certs(roots).build())
            .proxy(tunnel)
            .timeout_resolve(Some(options.connect_timeout))
            .timeout_connect(Some(options.connect_timeout))
            .timeout_per_write(Some(options.read_timeout))
            .timeout_recv_response(Some(options.read_timeout))
            .timeout_recv_body(Some(options.read_timeout))
            .timeout_global(Some(options.request_timeout))
            .max_idle_connections(options.connections)
            .max_idle_connections_per_host(options.connections);
        let (config, mut headers) = (config.build(), headers(endpoint, resource)?);
        let (agent, url) = match &proxy {
            Some(proxy) if is_plain => forward(proxy, config, &url, &mut headers)?,
            _ => (
                Agent::with_parts(config, connector(), DefaultResolver::default()),
                url,
            ),
        };
        Ok(Self {
            agent,
            url,
            headers,
            redaction: Redaction::new(endpoint),
            requested: resource.url.clone(),
            has_credentials: endpoint.may_have_credentials(),
            proxy: proxy.as_ref().map(name_of),
            compress: options.compress,
            dry_run: options.dry_run,
            requests: Arc::default(),
        })
    }

    /// Posts a body, compressed with gzip if `compress` is set. Returns the answer and the number of bytes that were sent.
    pub fn post(&self, body: &[u8], compress: bool) -> (Answer, usize) {
        self.post_with(&[], body, compress)
    }

    /// Posts a body as [`post`](Self::post) does, to the URL of the server with more query parameters.
    pub fn post_with(
        &self,
        parameters: &[(&str, &str)],
        body: &[u8],
        compress: bool,
    ) -> (Answer, usize) {
        let gzipped = compress.then(|| gzip(body)).flatten();
        let body = gzipped.as_deref().unwrap_or(body);
        let bytes = body.len();
        self.requests.fetch_add(1, Ordering::Relaxed);
        if self.dry_run {
            let accepted = Response {
                status: 204,
                ..Response::default()
            };
            return (Answer::Response(accepted), bytes);
        }
        let parameters = parameters.iter().copied();
        let mut request = self.agent.post(&self.url).query_pairs(parameters);
        for (name, value) in &self.headers {
            request = request.header(name, value);
        }
        if gzipped.is_some() {
            request = request.header("content-encoding", "gzip");
        }
        (read_answer(request.send(body), self.is_forwarded()), bytes)
    }

    /// Makes a GET request to the URL of the server with one more query parameter.
    pub fn get(&self, parameter: &str, value: &str) -> Answer {
        self.get_at(&self.requested, Some((parameter, value)))
    }

    /// Makes a GET request to another URL of the server, perhaps with one more query parameter.
    pub fn get_at(&self, url: &Url, parameter: Option<(&str, &str)>) -> Answer {
        let mut parts = self.url.clone().into_parts();
        parts.path_and_query = url.uri().path_and_query().cloned();
        let request = match Uri::from_parts(parts) {
            Ok(url) => self.agent.get(url),
            Err(error) => return Answer::Impossible(error.to_string()),
        };
        self.call(match parameter {
            Some((name, value)) => request.query(name, value),
            None => request,
        })
    }

    /// Makes an OPTIONS request to the URL of the server, which changes nothing (RFC 9110, section 9.2.1).
    pub fn options(&self) -> Answer {
        self.call(self.agent.options(&self.url))
    }

    fn call(&self, mut request: RequestBuilder<WithoutBody>) -> Answer {
        for (name, value) in &self.headers {
            if name != "content-type" {
                request = request.header(name, value);
            }
        }
        self.requests.fetch_add(1, Ordering::Relaxed);
        read_answer(request.call(), self.is_forwarded())
    }

    /// Returns whether requests are given to a proxy as plain HTTP.
    fn is_forwarded(&self) -> bool {
        self.proxy.is_some() && !self.requested.is_encrypted()
    }

    /// Returns the proxy that may have given an answer in place of the server.
    pub fn proxy_behind(&self, answer: &Answer) -> Option<&str> {
        let may_be_of_proxy = |status| matches!(status, 403 | 502..=504);
        match answer {
            Answer::Response(response)
                if self.is_forwarded() && may_be_of_proxy(response.status) =>
            {
                self.proxy.as_deref()
            }
            _ => None,
        }
    }

    /// Returns the text of an answer for people: without secrets, and cut to a readable length.
    pub fn text_of(&self, answer: &Answer) -> String {
        const MAX_CHARS: usize = 2000;
        let mut text = self.redaction.redact(match answer {
            Answer::Response(Response { body, .. }) => {
                String::from_utf8_lossy(body).trim().to_owned()
            }
            Answer::Lost(Loss { reason, .. }) | Answer::Impossible(reason) => match &self.proxy {
                Some(proxy) => format!("{reason} (proxy `{proxy}`)"),
                None => reason.clone(),
            },
        });
        if let Some((end, _)) = text.char_indices().nth(MAX_CHARS) {
            text.truncate(end);
            text.push('…');
        }
        text
    }
}

/// Returns the headers of all requests. The user's headers replace other headers with the same name.
fn headers(endpoint: &Endpoint, resource: &Resource) -> Result<HeaderMap> {
    let usual = [
        ("content-type", "application/json"),
        ("accept", "application/json"),
    ];
    let given = endpoint.headers.iter();
    let given = given.map(|(name, value)| (name.as_str(), value.reveal()));
    let mut headers = HeaderMap::new();
    for (name, value) in usual
        .into_iter()
        .chain(resource.headers.iter().copied())
        .chain(given)
    {
        let (name, value) = header(name, value)?;
        headers.insert(name, value);
    }
    if let Some(names) = resource.user_headers
        && let Some(values) = user_and_password(&endpoint.credentials)
    {
        headers.extend(names.map(HeaderName::from_static).into_iter().zip(values));
    } else if let Some(authorization) = endpoint.credentials.authorization() {
        let (name, mut value) = header("authorization", authorization.reveal())
            .map_err(|_| anyhow!("the token contains a character that HTTP headers cannot contain: correct it where it is set"))?;
        value.set_sensitive(true);
        headers.insert(name, value);
    }
    // ureq sends no request with another text.
    let authorization = headers.get("authorization");
    if authorization.is_some_and(|value| value.to_str().is_err()) {
        bail!(
            "the token, or the header `authorization`, contains a character that is not ASCII: correct it where it is set"
        );
    }
    Ok(headers)
}

/// Returns the values of headers with a username and a password. Returns `None` if they are not ASCII, or have a space at an
/// end, which only the header `authorization` can hold, or if there is a token.
fn user_and_password(credentials: &Credentials) -> Option<[HeaderValue; 2]> {
    let Credentials::Basic { username, password } = credentials else {
        return None;
    };
    let value = |secret: &Secret| {
        let text = secret.reveal();
        // Servers remove spaces at the ends of a header's value.
        let text = Some(text).filter(|text| text.is_ascii() && text.trim() == *text)?;
        let mut value = HeaderValue::from_str(text).ok()?;
        value.set_sensitive(true);
        Some(value)
    };
    Some([value(username)?, value(password)?])
}

fn header(name: &str, value: &str) -> Result<(HeaderName, HeaderValue)> {
    let parsed = name.parse().with_context(|| {
        format!("`{name}` is not the name of an HTTP header: correct it in routers.json")
    })?;
    let value = HeaderValue::from_str(value).with_context(|| {
        format!("the value of the header `{name}` contains a character that HTTP headers cannot contain: correct it in routers.json")
    })?;
    Ok((parsed, value))
}

fn gzip(body: &[u8]) -> Option<Vec<u8>> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(body).ok()?;
    encoder.finish().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn client(credentials: Credentials) -> Result<Client> {
        let options = ClientOptions {
            connect_timeout: Duration::from_secs(1),
            read_timeout: Duration::from_secs(1),
            request_timeout: Duration::from_secs(1),
            compress: false,
            connections: 1,
            dry_run: true,
        };
        let endpoint = Endpoint::at(Url::parse("https://lrs.example/xAPI")?, credentials)?;
        let resource = Resource {
            url: endpoint.url.clone(),
            headers: &[],
            user_headers: None,
        };
        let roots = RootCerts::new_with_certs(&[]);
        Client::new(&endpoint, &resource, roots, &options)
    }

    #[test]
    fn the_text_of_an_answer_is_cut_and_holds_no_secret() {
        let client = client(Credentials::Basic {
            username: Secret::new("ada"),
            password: Secret::new("hunter2"),
        })
        .unwrap();
        let text = |body: &str| {
            client.text_of(&Answer::Response(Response {
                status: 500,
                body: body.as_bytes().to_vec(),
                ..Response::default()
            }))
        };
        let shown = text(" header Authorization: Basic YWRhOmh1bnRlcjI=, password hunter2\n");
        assert_eq!(
            shown,
            "header Authorization: Basic (secret), password (secret)"
        );
        assert_eq!(text(&"é".repeat(9000)).chars().count(), 2001);
    }

    #[test]
    fn a_password_with_a_space_at_an_end_is_not_in_a_header_of_its_own() {
        for (password, is_alone) in [("a b", true), (" a", false), ("a ", false), ("ü", false)] {
            let credentials = Credentials::Basic {
                username: Secret::new("ada"),
                password: Secret::new(password),
            };
            assert_eq!(user_and_password(&credentials).is_some(), is_alone);
        }
    }

    #[test]
    fn the_error_about_credentials_that_no_header_can_hold_hides_them() {
        for token in ["hunter2\n2", "hunter2é"] {
            let error = client(Credentials::Bearer(Secret::new(token)))
                .err()
                .unwrap();
            assert!(!format!("{error:#}").contains("hunter2"), "{error:#}");
        }
        let utf8 = Credentials::Basic {
            username: Secret::new("é"),
            password: Secret::new("ü"),
        };
        assert!(client(utf8).is_ok());
    }
}
