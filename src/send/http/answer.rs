//! The answer to a request, or why there is no answer.

use std::io::{ErrorKind, Read};

use ureq::http::{HeaderMap, Response as HttpResponse};
use ureq::{Body, Timeout};

use super::proxies::refusal;

/// The answer to a request, or why there is no answer.
#[derive(Clone, Debug)]
pub enum Answer {
    Response(Response),
    /// No answer arrived or could be read. The server may still have processed the request.
    Lost(Loss),
    /// The reason why no request to this server can succeed, now or later.
    Impossible(String),
}

/// The reason why there is no answer.
#[derive(Clone, Debug)]
pub struct Loss {
    pub kind: LossKind,
    pub reason: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LossKind {
    /// The server did not take the request or did not answer in time.
    TimedOut,
    /// The connection was reset: the server closed it before it had read the whole request, and did not answer.
    Reset,
    /// The server closed the connection after it had read the request, before its answer was complete.
    Closed,
    /// The server was not reached, or gave an answer that cannot be read.
    Other,
}

#[derive(Clone, Debug, Default)]
pub struct Response {
    pub status: u16,
    /// The status as it was sent, if this is a success and the rest of the answer reports a failure. `status` is then that
    /// of the failure.
    pub sent_status: Option<u16>,
    pub headers: HeaderMap,
    pub body: Vec<u8>,
}

/// The most bytes that are read of a successful answer. The answer to a lookup holds a whole record.
const MAX_SUCCESS_BYTES: u64 = 128 << 20;

/// The most bytes that are read of an answer that is not successful. Such an answer is usually a short text.
const MAX_ERROR_BYTES: u64 = 1 << 20;

impl Response {
    /// Returns the status as messages show it.
    pub fn shown_status(&self) -> String {
        match self.sent_status {
            Some(sent) => format!("{sent} with an exception"),
            None => self.status.to_string(),
        }
    }

    /// Returns the text of the first header with this name.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }
}

/// Returns the reason why a proxy does not let requests through, if the proxy itself wrote the response. The proxy
/// Squid marks its own responses with a header, and others with an error in `Proxy-Status` (RFC 9209). A gateway of the
/// server may set `Proxy-Status` too, so the header counts only if the request was given to a proxy.
fn refusal_of_proxy(response: &HttpResponse<Body>, is_forwarded: bool) -> Option<&'static str> {
    let (status, headers) = (response.status().as_u16(), response.headers());
    let proxy_status = headers.get_all("proxy-status");
    let has_error = || {
        proxy_status
            .iter()
            .any(|value| value.to_str().is_ok_and(is_error))
    };
    let is_own =
        headers.contains_key("x-squid-error") || is_forwarded && (status == 407 || has_error());
    refusal(status).filter(|_| is_own)
}

/// Returns whether a value of `Proxy-Status` has the parameter of responses that the proxy itself wrote.
fn is_error(proxy_status: &str) -> bool {
    let parameters = proxy_status.split([';', ',']);
    parameters
        .map(str::trim_start)
        .any(|parameter| parameter.starts_with("error="))
}

/// Reads the answer to a request. `is_forwarded` says whether the request was given to a proxy as plain HTTP.
pub fn read_answer(
    answered: Result<HttpResponse<Body>, ureq::Error>,
    is_forwarded: bool,
) -> Answer {
    let refusal = answered.as_ref().ok();
    let refusal = refusal.and_then(|response| refusal_of_proxy(response, is_forwarded));
    if let Some(refusal) = refusal {
        // The body is not read, so that the connection is closed: Squid may not answer a second request on it.
        return Answer::Impossible(refusal.to_owned());
    }
    match answered {
        // The body of a success is needed whole, because it says which records are stored. The text of an error may
        // break off, because the status is enough.
        Ok(mut response) if response.status().is_success() => {
            match read_body(&mut response, MAX_SUCCESS_BYTES) {
                (body, Ok(_)) => to_answer(response, body),
                (_, Err(error)) => {
                    let error = ureq::Error::from(error);
                    lost(&error, format!("the answer breaks off: {error}"))
                }
            }
        }
        Ok(mut response) => {
            let (body, _) = read_body(&mut response, MAX_ERROR_BYTES);
            to_answer(response, body)
        }
        Err(error) => no_answer(&error),
    }
}

fn read_body(
    response: &mut HttpResponse<Body>,
    max_bytes: u64,
) -> (Vec<u8>, std::io::Result<usize>) {
    let mut body = Vec::new();
    let reader = response.body_mut().as_reader();
    let read = reader.take(max_bytes).read_to_end(&mut body);
    (body, read)
}

fn to_answer(response: HttpResponse<Body>, body: Vec<u8>) -> Answer {
    let (parts, _) = response.into_parts();
    Answer::Response(Response {
        status: parts.status.as_u16(),
        sent_status: None,
        headers: parts.headers,
        body,
    })
}

fn no_answer(error: &ureq::Error) -> Answer {
    let text = error.to_string();
    match error {
        ureq::Error::ConnectProxyFailed(reason) => {
            // ureq gives the status in the text only, as "proxy server responded 407/407".
            let status = reason
                .rsplit('/')
                .next()
                .and_then(|status| status.parse().ok());
            match status.and_then(refusal) {
                Some(refusal) => Answer::Impossible(refusal.to_owned()),
                None => lost(error, text),
            }
        }
        // A retry cannot succeed after these errors: it would meet the same certificate and use the same URL.
        ureq::Error::Io(io) if io.kind() == ErrorKind::InvalidData => Answer::Impossible(text),
        ureq::Error::Tls(_)
        | ureq::Error::Rustls(_)
        | ureq::Error::BadUri(_)
        | ureq::Error::Http(_)
        | ureq::Error::InvalidProxyUrl => Answer::Impossible(text),
        _ => lost(error, text),
    }
}

fn lost(error: &ureq::Error, reason: String) -> Answer {
    let kind = match error {
        ureq::Error::Timeout(Timeout::Resolve | Timeout::Connect) => LossKind::Other,
        ureq::Error::Timeout(_) => LossKind::TimedOut,
        ureq::Error::Io(io) => match io.kind() {
            ErrorKind::BrokenPipe | ErrorKind::ConnectionAborted | ErrorKind::ConnectionReset => {
                LossKind::Reset
            }
            ErrorKind::UnexpectedEof => LossKind::Closed,
            _ => LossKind::Other,
        },
        _ => LossKind::Other,
    };
    Answer::Lost(Loss { kind, reason })
}
