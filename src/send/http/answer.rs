//! The answer to a request.

use ureq::http::HeaderMap;

/// The answer to a request, or why there is no answer.
#[derive(Clone, Debug)]
pub enum Answer {
    Response(Response),
    /// No answer arrived, or none that could be read. The server may have done what was asked.
    Lost(String),
    /// No request to this server can succeed, now or later.
    Impossible(String),
}

#[derive(Clone, Debug, Default)]
pub struct Response {
    pub status: u16,
    pub headers: HeaderMap,
    pub body: Vec<u8>,
}

impl Answer {
    /// Returns a response without headers and body.
    pub fn status(status: u16) -> Self {
        Self::Response(Response {
            status,
            ..Response::default()
        })
    }
}

impl Response {
    /// Returns the text of the first header with this name.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }
}
